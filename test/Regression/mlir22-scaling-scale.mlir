// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// llvm/llvm-project#217892, #215295: MLIR 22 cuts the scale of
// arith.scaling_extf to a power of two, so that 2.0 by 3.0 gives 4.0;
// #141965: a scale of f8E4M3FN, as NVFP4 has it, does not lower at all.

func.func @f32_scale(%x: vector<4xf4E2M1FN>, %s: vector<4xf32>) -> vector<4xf32> {
  %y = arith.scaling_extf %x, %s : vector<4xf4E2M1FN>, vector<4xf32> to vector<4xf32>
  return %y : vector<4xf32>
}

func.func @e4m3_scale(%x: vector<4xf4E2M1FN>, %s: vector<4xf8E4M3FN>) -> vector<4xf32> {
  %y = arith.scaling_extf %x, %s : vector<4xf4E2M1FN>, vector<4xf8E4M3FN> to vector<4xf32>
  return %y : vector<4xf32>
}

func.func @truncf(%x: vector<4xf32>, %s: vector<4xf32>) -> vector<4xf4E2M1FN> {
  %y = arith.scaling_truncf %x, %s : vector<4xf32>, vector<4xf32> to vector<4xf4E2M1FN>
  return %y : vector<4xf4E2M1FN>
}

func.func @main() {
  // 2.0, 2.0, -0.5, 6.0.
  %codes = arith.constant dense<[4, 4, 9, 7]> : vector<4xi8>
  %narrow = arith.trunci %codes : vector<4xi8> to vector<4xi4>
  %x = lowbit.bitcast %narrow : vector<4xi4> to vector<4xf4E2M1FN>
  %s = arith.constant dense<[3.0, 1.5, 0.75, 0.1]> : vector<4xf32>
  %y = call @f32_scale(%x, %s) : (vector<4xf4E2M1FN>, vector<4xf32>) -> vector<4xf32>
  // CHECK: ( 6, 3, -0.375, 0.6 )
  vector.print %y : vector<4xf32>

  // 3.0, 1.5, 448.0, 2^-9.
  %scales = arith.constant dense<[68, 60, 126, 1]> : vector<4xi8>
  %t = lowbit.bitcast %scales : vector<4xi8> to vector<4xf8E4M3FN>
  %z = call @e4m3_scale(%x, %t) : (vector<4xf4E2M1FN>, vector<4xf8E4M3FN>) -> vector<4xf32>
  // CHECK: ( 6, 3, -224, 0.0117188 )
  vector.print %z : vector<4xf32>

  %n = arith.constant dense<[6.0, 3.0, -0.375, 1.0]> : vector<4xf32>
  %q = call @truncf(%n, %s) : (vector<4xf32>, vector<4xf32>) -> vector<4xf4E2M1FN>
  %w = arith.extf %q : vector<4xf4E2M1FN> to vector<4xf32>
  // CHECK: ( 2, 2, -0.5, 6 )
  vector.print %w : vector<4xf32>
  return
}
