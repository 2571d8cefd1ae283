// REQUIRES: cpu-avx2, cpu-fma, cpu-f16c
// Every form of the two integer kernels against the reference: rows for each
// of the tiles 4, 2 and 1, a panel that is not whole, K with a rest of a step
// and of a group. A file for each, since lowbit-run compiles all of a module.

// RUN: rm -rf %t && split-file %s %t

//--- nibbles.mlir
// RUN: lowbit-run %t/nibbles.mlir --check --cpu=x86-64-v3 --input=random:1x76 --input=random --input=random --input=random:1x1
// RUN: lowbit-run %t/nibbles.mlir --check --cpu=x86-64-v3 --input=random:7x76 --input=random --input=random --input=random:7x1
// RUN: lowbit-run %t/nibbles.mlir --check --cpu=x86-64-v3 --input=random:0x76 --input=random --input=random --input=random:0x1
func.func @nibbles(%a: tensor<?x76xi8>, %b: tensor<21x76xi4> {lowbit.weight}, %s: tensor<21x3xf16> {lowbit.weight}, %as: tensor<?x1xf32>) -> tensor<?x21xf32> {
  %c = lowbit.matmul %a scale(%as) block [1, 0], %b scale(%s) block [1, 32] transpose_b : (tensor<?x76xi8>, tensor<?x1xf32>, tensor<21x76xi4>, tensor<21x3xf16>) -> tensor<?x21xf32>
  return %c : tensor<?x21xf32>
}

//--- half_steps.mlir
// A step of 16, and groups of A too.
// RUN: lowbit-run %t/half_steps.mlir --check --cpu=x86-64-v3
func.func @half_steps(%a: tensor<5x80xi8>, %as: tensor<5x2xf32>, %b: tensor<80x17xui4>, %s: tensor<5x17xbf16>, %z: tensor<5x17xui4>, %d: tensor<17xf32>) -> tensor<5x17xbf16> {
  %c = lowbit.matmul %a scale(%as) block [1, 48], %b scale(%s) zero_point(%z) block [16, 1] bias(%d) : (tensor<5x80xi8>, tensor<5x2xf32>, tensor<80x17xui4>, tensor<5x17xbf16>, tensor<5x17xui4>, tensor<17xf32>) -> tensor<5x17xbf16>
  return %c : tensor<5x17xbf16>
}

//--- nvfp4.mlir
// NVFP4: two levels of scales.
// RUN: lowbit-run %t/nvfp4.mlir --check --cpu=x86-64-v3
func.func @nvfp4(%a: tensor<6x64xi8>, %b: tensor<16x64xf4E2M1FN>, %s: tensor<16x4xf8E4M3FN>, %t: tensor<f32>) -> tensor<6x16xf32> {
  %f = lowbit.dequantize %s scale(%t) : (tensor<16x4xf8E4M3FN>, tensor<f32>) -> tensor<16x4xf32>
  %c = lowbit.matmul %a, %b scale(%f) transpose_b : (tensor<6x64xi8>, tensor<16x64xf4E2M1FN>, tensor<16x4xf32>) -> tensor<6x16xf32>
  return %c : tensor<6x16xf32>
}

//--- mxfp4.mlir
// MXFP4, on both sides.
// RUN: lowbit-run %t/mxfp4.mlir --check --cpu=x86-64-v3
func.func @mxfp4(%a: tensor<5x96xf4E2M1FN>, %as: tensor<5x3xf8E8M0FNU>, %b: tensor<40x96xf4E2M1FN>, %s: tensor<40x3xf8E8M0FNU>) -> tensor<5x40xf32> {
  %c = lowbit.matmul %a scale(%as), %b scale(%s) transpose_b : (tensor<5x96xf4E2M1FN>, tensor<5x3xf8E8M0FNU>, tensor<40x96xf4E2M1FN>, tensor<40x3xf8E8M0FNU>) -> tensor<5x40xf32>
  return %c : tensor<5x40xf32>
}

//--- log4.mlir
// RUN: lowbit-run %t/log4.mlir --check --cpu=x86-64-v3
func.func @log4(%a: tensor<2x5x33xi8>, %b: tensor<9x33x!lowbit.log<4>>) -> tensor<2x5x9xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<2x5x33xi8>, tensor<9x33x!lowbit.log<4>>) -> tensor<2x5x9xf32>
  return %c : tensor<2x5x9xf32>
}

//--- extremes.mlir
// -128 has no positive counterpart in a signed byte: every element of the result
// is 64 * -128 * -127, and no pair of products may wrap or saturate. (A comes
// from the quantization of 0, so that nothing is folded.)
// RUN: lowbit-run %t/extremes.mlir --check --cpu=x86-64-v3 --input=zeros
func.func @extremes(%x: tensor<4x64xf32>) -> tensor<4x16xf32> {
  %one = arith.constant 1.0 : f32
  %lowest = arith.constant -128 : i8
  %a = lowbit.quantize %x scale(%one) zero_point(%lowest) : (tensor<4x64xf32>, f32, i8) -> tensor<4x64xi8>
  %codes = arith.constant dense<0> : tensor<16x64xi4>
  %b = lowbit.bitcast %codes : tensor<16x64xi4> to tensor<16x64x!lowbit.codebook<4, iq4nl>>
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xi8>, tensor<16x64x!lowbit.codebook<4, iq4nl>>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}

//--- iq4nl.mlir
// RUN: lowbit-run %t/iq4nl.mlir --check --cpu=x86-64-v3
func.func @iq4nl(%a: tensor<7x96xi8>, %b: tensor<16x96x!lowbit.codebook<4, iq4nl>>, %s: tensor<16x3xf16>) -> tensor<7x16xf16> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<7x96xi8>, tensor<16x96x!lowbit.codebook<4, iq4nl>>, tensor<16x3xf16>) -> tensor<7x16xf16>
  return %c : tensor<7x16xf16>
}

//--- bytes.mlir
// RUN: lowbit-run %t/bytes.mlir --check --cpu=x86-64-v3
func.func @bytes(%a: tensor<7x37xi8>, %as: tensor<7x1xf32>, %az: tensor<7x1xi8>, %b: tensor<37x18xi8>, %s: tensor<1x18xf32>, %z: tensor<1x18xi8>) -> tensor<7x18xf32> {
  %c = lowbit.matmul %a scale(%as) zero_point(%az), %b scale(%s) zero_point(%z) : (tensor<7x37xi8>, tensor<7x1xf32>, tensor<7x1xi8>, tensor<37x18xi8>, tensor<1x18xf32>, tensor<1x18xi8>) -> tensor<7x18xf32>
  return %c : tensor<7x18xf32>
}

//--- exact_bytes.mlir
// RUN: lowbit-run %t/exact_bytes.mlir --check --cpu=x86-64-v3
func.func @exact_bytes(%a: tensor<3x50xui8>, %b: tensor<16x50xui8>) -> tensor<3x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b {acc = i32} : (tensor<3x50xui8>, tensor<16x50xui8>) -> tensor<3x16xf32>
  return %c : tensor<3x16xf32>
}

//--- word_nibbles.mlir
// RUN: lowbit-run %t/word_nibbles.mlir --check --cpu=x86-64-v3
func.func @word_nibbles(%a: tensor<7x41xui8>, %as: tensor<7x1xf32>, %az: tensor<7x1xui8>, %b: tensor<19x41xui4>, %s: tensor<19x6xf32>, %z: tensor<19x6xui4>) -> tensor<7x19xf32> {
  %c = lowbit.matmul %a scale(%as) zero_point(%az), %b scale(%s) zero_point(%z) block [1, 8] transpose_b : (tensor<7x41xui8>, tensor<7x1xf32>, tensor<7x1xui8>, tensor<19x41xui4>, tensor<19x6xf32>, tensor<19x6xui4>) -> tensor<7x19xf32>
  return %c : tensor<7x19xf32>
}

//--- word_codes.mlir
// RUN: lowbit-run %t/word_codes.mlir --check --cpu=x86-64-v3
func.func @word_codes(%a: tensor<7x64xui8>, %b: tensor<19x64x!lowbit.codebook<4, iq4nl>>, %s: tensor<19x2xf32>) -> tensor<7x19xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<7x64xui8>, tensor<19x64x!lowbit.codebook<4, iq4nl>>, tensor<19x2xf32>) -> tensor<7x19xf32>
  return %c : tensor<7x19xf32>
}

//--- e2m3.mlir
// RUN: lowbit-run %t/e2m3.mlir --check --cpu=x86-64-v3
func.func @e2m3(%a: tensor<5x64xf6E2M3FN>, %b: tensor<2x64xf6E2M3FN>, %s: tensor<2x2xf8E8M0FNU>) -> tensor<5x2xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<5x64xf6E2M3FN>, tensor<2x64xf6E2M3FN>, tensor<2x2xf8E8M0FNU>) -> tensor<5x2xf32>
  return %c : tensor<5x2xf32>
}

//--- zeros.mlir
// RUN: lowbit-run %t/zeros.mlir --check --cpu=x86-64-v3
func.func @zeros(%a: tensor<5x40xi8>, %b: tensor<2x40x!lowbit.codebook<2, [0.0, 0.0, 0.0, 0.0]>>) -> tensor<5x2xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<5x40xi8>, tensor<2x40x!lowbit.codebook<2, [0.0, 0.0, 0.0, 0.0]>>) -> tensor<5x2xf32>
  return %c : tensor<5x2xf32>
}
