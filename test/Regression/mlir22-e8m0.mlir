// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// truncf to f8E8M0FNU in MLIR 22: --arith-expand cuts 1.6 to 1 and reads 0.0
// back as 0, --convert-arith-to-apfloat reads it back as 2^-127, and both turn
// -2.0 into 2.0 without a word (llvm/llvm-project#216056). What the format
// cannot hold is NaN, as ml_dtypes has it.

func.func @encode(%x: vector<8xf32>) -> vector<8xi8> {
  %q = arith.truncf %x : vector<8xf32> to vector<8xf8E8M0FNU>
  %c = lowbit.bitcast %q : vector<8xf8E8M0FNU> to vector<8xi8>
  return %c : vector<8xi8>
}

func.func @decode(%x: vector<4xi8>) -> vector<4xf32> {
  %q = lowbit.bitcast %x : vector<4xi8> to vector<4xf8E8M0FNU>
  %y = arith.extf %q : vector<4xf8E8M0FNU> to vector<4xf32>
  return %y : vector<4xf32>
}

func.func @main() {
  %x = arith.constant dense<[1.0, 1.4, 1.6, 3.0, 0.0, -2.0, 0x7F800000, 1.0e-38]> : vector<8xf32>
  %c = call @encode(%x) : (vector<8xf32>) -> vector<8xi8>
  %e = arith.extui %c : vector<8xi8> to vector<8xi32>
  // CHECK: ( 127, 127, 128, 129, 255, 255, 255, 1 )
  vector.print %e : vector<8xi32>

  %codes = arith.constant dense<[0, 127, -2, -1]> : vector<4xi8>
  %y = call @decode(%codes) : (vector<4xi8>) -> vector<4xf32>
  // CHECK: ( 5.87747e-39, 1, 1.70141e+38, nan )
  vector.print %y : vector<4xf32>
  return
}
