// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// Of MLIR 22's two lowerings of truncf to f4E2M1FN, --arith-expand rounds ties
// up (1.25 to 1.5, 2.5 to 3, 5.0 to 6) and --convert-arith-to-apfloat to even.

func.func @round_trip(%x: vector<8xf32>) -> vector<8xf32> {
  %q = arith.truncf %x : vector<8xf32> to vector<8xf4E2M1FN>
  %y = arith.extf %q : vector<8xf4E2M1FN> to vector<8xf32>
  return %y : vector<8xf32>
}

func.func @main() {
  %x = arith.constant dense<[0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, -5.0]> : vector<8xf32>
  %y = call @round_trip(%x) : (vector<8xf32>) -> vector<8xf32>
  // CHECK: ( 0, 1, 1, 2, 2, 4, 4, -4 )
  vector.print %y : vector<8xf32>
  return
}
