// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" --lowbit-pack --split-input-file | FileCheck %s

// Which kernel takes which product of integers. The layouts are those of
// byte-kernel.mlir and word-kernel.mlir.

// CHECK-LABEL: @signed_nibbles
// CHECK: lowbit.packed_matmul <"x86.avx2.byte" for i4, {{.*}} unit = 32, group = 32, shift = 0, scale = f32>
func.func @signed_nibbles(%a: tensor<4x64xi8>, %b: tensor<32x64xi4>, %s: tensor<32x2xf32>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x64xi8>, tensor<32x64xi4>, tensor<32x2xf32>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// Two bits are stored as nibbles, like four.
// CHECK-LABEL: @two_bits
// CHECK: "x86.avx2.byte" for ui2
func.func @two_bits(%a: tensor<4x64xi8>, %b: tensor<32x64xui2>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xi8>, tensor<32x64xui2>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// E2M1 times 2, on both sides: the sum is four times too large.
// CHECK-LABEL: @e2m1
// CHECK: "x86.avx2.byte" for f4E2M1FN, {{.*}} shift = 2
func.func @e2m1(%a: tensor<4x64xf4E2M1FN>, %b: tensor<32x64xf4E2M1FN>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xf4E2M1FN>, tensor<32x64xf4E2M1FN>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// Values of log<4> times 64 are up to 64: two pairs of products fit 16 bits, so
// that a group of 8 does.
// CHECK-LABEL: @log4
// CHECK: "x86.avx2.byte" for !lowbit.log<4>, {{.*}} unit = 8, group = 8, shift = 6
func.func @log4(%a: tensor<4x64xi8>, %b: tensor<32x64x!lowbit.log<4>>, %s: tensor<32x8xf32>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x64xi8>, tensor<32x64x!lowbit.log<4>>, tensor<32x8xf32>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// -127 to 113 fit signed bytes, one pair at a time.
// CHECK-LABEL: @iq4nl
// CHECK: "x86.avx2.byte" for !lowbit.codebook<4, iq4nl>, {{.*}} unit = 32, group = 32, shift = 0, scale = f16
func.func @iq4nl(%a: tensor<4x64xi8>, %b: tensor<32x64x!lowbit.codebook<4, iq4nl>>, %s: tensor<32x2xf16>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x64xi8>, tensor<32x64x!lowbit.codebook<4, iq4nl>>, tensor<32x2xf16>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// CHECK-LABEL: @bytes
// CHECK: "x86.avx2.word" for i8, {{.*}} unit = 8, group = 0, shift = 0
func.func @bytes(%a: tensor<4x64xi8>, %b: tensor<32x64xi8>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xi8>, tensor<32x64xi8>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// CHECK-LABEL: @unsigned_activations
// CHECK: "x86.avx2.word" for ui4
func.func @unsigned_activations(%a: tensor<4x64xui8>, %b: tensor<32x64xui4>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xui8>, tensor<32x64xui4>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// Zero points on both sides; that of A is subtracted while A is widened.
// CHECK-LABEL: @zero_points
// CHECK: arith.subi {{.*}} : i16
// CHECK: "x86.avx2.word" for ui4, {{.*}} scale = f32, zero_point = i8> a(%{{.*}} sums %{{.*}}) b(%{{.*}} zero_point %{{.*}})
func.func @zero_points(%a: tensor<4x64xui8>, %as: tensor<4x1xf32>, %az: tensor<4x1xui8>, %b: tensor<32x64xui4>, %s: tensor<32x2xf32>, %z: tensor<32x2xui4>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a scale(%as) zero_point(%az), %b scale(%s) zero_point(%z) transpose_b : (tensor<4x64xui8>, tensor<4x1xf32>, tensor<4x1xui8>, tensor<32x64xui4>, tensor<32x2xf32>, tensor<32x2xui4>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// E2M3 times 8 is an integer of 6 bits.
// CHECK-LABEL: @e2m3
// CHECK: "x86.avx2.word" for f6E2M3FN, {{.*}} shift = 3
func.func @e2m3(%a: tensor<4x64xi8>, %b: tensor<32x64xf6E2M3FN>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xi8>, tensor<32x64xf6E2M3FN>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// Products of bytes are up to 128 * 128: 2^31 / 2^14 of them, in whole steps,
// are a group where the scales set none.
// CHECK-LABEL: @long
// CHECK: "x86.avx2.word" for i8, {{.*}} unit = 8, group = 131064,
func.func @long(%a: tensor<1x200000xi8>, %b: tensor<16x200000xi8>) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x200000xi8>, tensor<16x200000xi8>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// -----

// A block of 16 is half a step of 32.
// CHECK-LABEL: @blocks_of_16
// CHECK: "x86.avx2.byte" for i4, {{.*}} unit = 16, group = 16, shift = 0, scale = f32>
func.func @blocks_of_16(%a: tensor<4x64xi8>, %b: tensor<32x64xi4>, %s: tensor<32x4xf32>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x64xi8>, tensor<32x64xi4>, tensor<32x4xf32>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// -128 has no positive counterpart among signed bytes.
// CHECK-LABEL: @codebook
// CHECK: "x86.avx2.word" for !lowbit.codebook<2,
func.func @codebook(%a: tensor<4x64xi8>, %b: tensor<32x64x!lowbit.codebook<2, [-128.0, 0.0, 1.0, 100.0]>>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xi8>, tensor<32x64x!lowbit.codebook<2, [-128.0, 0.0, 1.0, 100.0]>>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// Blocks that no step divides, and floats that are no small integers, are left
// to the kernels on f32.
// CHECK-LABEL: @blocks_of_5
// CHECK-NOT: "x86.avx2.{{byte|word}}"
// CHECK: return
func.func @blocks_of_5(%a: tensor<4x65xi8>, %b: tensor<32x65xi8>, %s: tensor<32x13xf32>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x65xi8>, tensor<32x65xi8>, tensor<32x13xf32>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}

// -----

// CHECK-LABEL: @nf4
// CHECK-NOT: "x86.avx2.{{byte|word}}"
// CHECK: return
func.func @nf4(%a: tensor<4x64xi8>, %b: tensor<32x64x!lowbit.codebook<4, nf4>>) -> tensor<4x32xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xi8>, tensor<32x64x!lowbit.codebook<4, nf4>>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}
