// RUN: lowbit-opt %s --lowbit-expand-conversions --lowbit-to-bytes --canonicalize | FileCheck %s --check-prefix=FOLDED
// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// llvm/llvm-project#185351: MLIR 22's folder of arith.truncf turns -infinity
// into the f4E2M1FN code 8, which is -0 (with assertions it aborts). The format
// has no infinity: the answer is its lowest value, -6, code 15.

// FOLDED-LABEL: func.func @constant
// FOLDED: %[[C:.*]] = arith.constant {{-1|15}} : i8
// FOLDED: return %[[C]]
func.func @constant() -> f4E2M1FN {
  %x = arith.constant 0xFF800000 : f32
  %q = arith.truncf %x : f32 to f4E2M1FN
  return %q : f4E2M1FN
}

func.func @round_trip(%x: vector<4xf32>) -> vector<4xf32> {
  %q = arith.truncf %x : vector<4xf32> to vector<4xf4E2M1FN>
  %y = arith.extf %q : vector<4xf4E2M1FN> to vector<4xf32>
  return %y : vector<4xf32>
}

func.func @main() {
  %x = arith.constant dense<[0xFF800000, 0x7F800000, -1.0e30, -7.0]> : vector<4xf32>
  %y = call @round_trip(%x) : (vector<4xf32>) -> vector<4xf32>
  // CHECK: ( -6, 6, -6, -6 )
  vector.print %y : vector<4xf32>
  return
}
