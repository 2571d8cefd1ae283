// REQUIRES: cpu-avx2, cpu-fma, cpu-f16c
// The float kernel against the reference: every decoder, tiles of 4, 2 and 1
// rows and of decoded panels, a panel that is not whole, K with a rest of a step
// and of a part that is decoded.

// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nibbles --input=random:1x331 --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nibbles --input=random:7x331 --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nibbles --input=random:24x331 --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nibbles --input=random:140x331 --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nibbles --input=random:0x331 --input=random --input=random --input=random
func.func @nibbles(%a: tensor<?x331xf32>, %b: tensor<21x331xui4> {lowbit.weight}, %s: tensor<21x11xf16> {lowbit.weight}, %z: tensor<21x11xui4> {lowbit.weight}) -> tensor<?x21xf32> {
  %c = lowbit.matmul %a, %b scale(%s) zero_point(%z) block [1, 32] transpose_b : (tensor<?x331xf32>, tensor<21x331xui4>, tensor<21x11xf16>, tensor<21x11xui4>) -> tensor<?x21xf32>
  return %c : tensor<?x21xf32>
}

// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nf4 --threads=2
func.func @nf4(%a: tensor<2x33x40xbf16>, %b: tensor<2x40x17x!lowbit.codebook<4, nf4>>, %d: tensor<17xf32>) -> tensor<2x33x17xbf16> {
  %c = lowbit.matmul %a, %b bias(%d) : (tensor<2x33x40xbf16>, tensor<2x40x17x!lowbit.codebook<4, nf4>>, tensor<17xf32>) -> tensor<2x33x17xbf16>
  return %c : tensor<2x33x17xbf16>
}

// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=two_bits
func.func @two_bits(%a: tensor<3x20xf32>, %b: tensor<16x20xi2>) -> tensor<3x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<3x20xf32>, tensor<16x20xi2>) -> tensor<3x16xf32>
  return %c : tensor<3x16xf32>
}

// NVFP4: two levels of scales.
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nvfp4
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=nvfp4_rows
func.func @nvfp4(%a: tensor<6x64xf32>, %b: tensor<16x64xf4E2M1FN>, %s: tensor<16x4xf8E4M3FN>, %t: tensor<f32>) -> tensor<6x16xf32> {
  %f = lowbit.dequantize %s scale(%t) : (tensor<16x4xf8E4M3FN>, tensor<f32>) -> tensor<16x4xf32>
  %c = lowbit.matmul %a, %b scale(%f) transpose_b : (tensor<6x64xf32>, tensor<16x64xf4E2M1FN>, tensor<16x4xf32>) -> tensor<6x16xf32>
  return %c : tensor<6x16xf32>
}
func.func @nvfp4_rows(%a: tensor<26x64xf32>, %b: tensor<16x64xf4E2M1FN>, %s: tensor<16x4xf8E4M3FN>, %t: tensor<f32>) -> tensor<26x16xf16> {
  %f = lowbit.dequantize %s scale(%t) : (tensor<16x4xf8E4M3FN>, tensor<f32>) -> tensor<16x4xf32>
  %c = lowbit.matmul %a, %b scale(%f) transpose_b : (tensor<26x64xf32>, tensor<16x64xf4E2M1FN>, tensor<16x4xf32>) -> tensor<26x16xf16>
  return %c : tensor<26x16xf16>
}

// All codes of FP8, infinities and NaN too: a column of the result is one code.
// RUN: %python -c "import struct; f = open('%t.npy', 'wb'); h = str(dict(descr='|u1', fortran_order=False, shape=(256, 8))).ljust(117) + chr(10); f.write(b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(h)) + h.encode() + bytes(c for c in range(256) for k in range(8)))"
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e4m3fn --input=random:1x8 --input=%t.npy
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e4m3fn --input=random:3x8 --input=%t.npy
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e4m3fn --input=random:25x8 --input=%t.npy
func.func @e4m3fn(%a: tensor<?x8xf32>, %b: tensor<256x8xf8E4M3FN>) -> tensor<?x256xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<?x8xf32>, tensor<256x8xf8E4M3FN>) -> tensor<?x256xf32>
  return %c : tensor<?x256xf32>
}
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e5m2 --input=random --input=%t.npy
func.func @e5m2(%a: tensor<1x8xf32>, %b: tensor<256x8xf8E5M2>) -> tensor<1x256xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x8xf32>, tensor<256x8xf8E5M2>) -> tensor<1x256xf32>
  return %c : tensor<1x256xf32>
}
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e4m3 --input=random --input=%t.npy
func.func @e4m3(%a: tensor<1x8xf32>, %b: tensor<256x8xf8E4M3>) -> tensor<1x256xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x8xf32>, tensor<256x8xf8E4M3>) -> tensor<1x256xf32>
  return %c : tensor<1x256xf32>
}
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e4m3fnuz --input=random --input=%t.npy
func.func @e4m3fnuz(%a: tensor<1x8xf32>, %b: tensor<256x8xf8E4M3FNUZ>) -> tensor<1x256xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x8xf32>, tensor<256x8xf8E4M3FNUZ>) -> tensor<1x256xf32>
  return %c : tensor<1x256xf32>
}
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e3m4 --input=random --input=%t.npy
func.func @e3m4(%a: tensor<1x8xf32>, %b: tensor<256x8xf8E3M4>) -> tensor<1x256xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x8xf32>, tensor<256x8xf8E3M4>) -> tensor<1x256xf32>
  return %c : tensor<1x256xf32>
}

// Six bits, bytes, floats.
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=e2m3
func.func @e2m3(%a: tensor<5x68xf8E4M3FN>, %b: tensor<68x18xf6E2M3FN>, %s: tensor<1x18xf8E8M0FNU>) -> tensor<5x18xf32> {
  %c = lowbit.matmul %a, %b scale(%s) : (tensor<5x68xf8E4M3FN>, tensor<68x18xf6E2M3FN>, tensor<1x18xf8E8M0FNU>) -> tensor<5x18xf32>
  return %c : tensor<5x18xf32>
}
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=bytes
func.func @bytes(%a: tensor<28x700xf32>, %b: tensor<16x700xi8>, %s: tensor<16x2xf32>) -> tensor<28x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<28x700xf32>, tensor<16x700xi8>, tensor<16x2xf32>) -> tensor<28x16xf32>
  return %c : tensor<28x16xf32>
}
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=floats
func.func @floats(%a: tensor<28x300xf16>, %b: tensor<300x33xbf16>) -> tensor<28x33xf16> {
  %c = lowbit.matmul %a, %b : (tensor<28x300xf16>, tensor<300x33xbf16>) -> tensor<28x33xf16>
  return %c : tensor<28x33xf16>
}

// Zero points that are floats, read in each tile and of decoded panels.
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=float_zero_points --input=random:3x64 --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=float_zero_points --input=random:33x64 --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v2 --entry=float_zero_points --input=random:5x64 --input=random --input=random --input=random
func.func @float_zero_points(%a: tensor<?x64xf32>, %b: tensor<21x64xui4> {lowbit.weight}, %s: tensor<21x2xf16> {lowbit.weight}, %z: tensor<21x2xf16> {lowbit.weight}) -> tensor<?x21xf32> {
  %c = lowbit.matmul %a, %b scale(%s) zero_point(%z) block [1, 32] transpose_b : (tensor<?x64xf32>, tensor<21x64xui4>, tensor<21x2xf16>, tensor<21x2xf16>) -> tensor<?x21xf32>
  return %c : tensor<?x21xf32>
}

// Without K there is no group, whose scale may be infinite.
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=no_k --input=zeros:2x0 --input=zeros:16x0
func.func @no_k(%a: tensor<2x?xf32>, %b: tensor<16x?xi8>) -> tensor<2x16xf32> {
  %s = arith.constant dense<0x7F800000> : tensor<16x1xf32>
  %c = lowbit.matmul %a, %b scale(%s) block [1, 0] transpose_b : (tensor<2x?xf32>, tensor<16x?xi8>, tensor<16x1xf32>) -> tensor<2x16xf32>
  return %c : tensor<2x16xf32>
}

// Second levels on both sides, whose product f32 does not hold.
// RUN: lowbit-run %s --check --cpu=x86-64-v3 --entry=two_levels --input=random --input=random --input=random
// RUN: lowbit-run %s --check --cpu=x86-64-v2 --entry=two_levels --input=random --input=random --input=random
func.func @two_levels(%a: tensor<4x64xi8>, %sb: tensor<16x4xf8E4M3FN>, %b: tensor<16x64xf4E2M1FN>) -> tensor<4x16xf32> {
  %small = arith.constant 1.0e-25 : f32
  %large = arith.constant 1.0e25 : f32
  %sa = arith.constant dense<1.0> : tensor<4x1xf8E4M3FN>
  %0 = lowbit.dequantize %sa scale(%small) : (tensor<4x1xf8E4M3FN>, f32) -> tensor<4x1xf32>
  %1 = lowbit.dequantize %sb scale(%large) : (tensor<16x4xf8E4M3FN>, f32) -> tensor<16x4xf32>
  %c = lowbit.matmul %a scale(%0) block [1, 0], %b scale(%1) block [1, 16] transpose_b : (tensor<4x64xi8>, tensor<4x1xf32>, tensor<16x64xf4E2M1FN>, tensor<16x4xf32>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}
