// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" --lowbit-pack --canonicalize --split-input-file | FileCheck %s

// Nibbles: column 8 j + 4 l + d lies in half l, quarter j of 32 bytes. Many rows
// multiply with panels of f32.
// CHECK-LABEL: @nibbles
// CHECK: lowbit.pack %{{.*}} extents [16, 64] layout <i4, (d0, d1) -> (d0 floordiv 16, d1 floordiv 4, (d0 floordiv 4) mod 2, (d0 floordiv 8) mod 2, d0 mod 4, d1 mod 2, (d1 floordiv 2) mod 2)>
// CHECK: lowbit.packed_matmul <"x86.avx2.f32" for i4, rows = [4, 2, 1], columns = 16, row_block = 132, unit = 32, group = 32, shift = 0, scale = f16,
// CHECK-SAME: decoding = <min_rows = 12, depth = 256, kernel = <"x86.avx2.f32" for f32, rows = [6, 4, 2, 1], columns = 16, row_block = 132, unit = 4, group = 0, shift = 0>>>
func.func @nibbles(%a: tensor<4x64xf32>, %b: tensor<16x64xi4>, %s: tensor<16x2xf16>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x64xf32>, tensor<16x64xi4>, tensor<16x2xf16>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}

// -----

// Numbers that are no bf16 are unpacked twice: another order.
// CHECK-LABEL: @nf4
// CHECK: layout <i4, (d0, d1) -> (d0 floordiv 16, d1 floordiv 4, (d0 floordiv 4) mod 2, (d0 floordiv 8) mod 2, d1 mod 2, d0 mod 4, (d1 floordiv 2) mod 2)>
// CHECK: "x86.avx2.f32" for !lowbit.codebook<4, nf4>
func.func @nf4(%a: tensor<4x64xf16>, %b: tensor<16x64x!lowbit.codebook<4, nf4>>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xf16>, tensor<16x64x!lowbit.codebook<4, nf4>>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}

// -----

// An E4M3 as f16 is 2^-8 times its number. The last bit of the mantissa is
// stored next to the sign.
// CHECK-LABEL: @e4m3
// CHECK: lowbit.pack %{{.*}} table [0, 64, 1, 65, 2, 66,
// CHECK-SAME: 62, 126, 63, 127, 128, 192, 129,
// CHECK-SAME: layout <i8,
// CHECK: "x86.avx2.f32" for f8E4M3FN, {{.*}} unit = 4, group = 0, shift = -8,
func.func @e4m3(%a: tensor<4x64xf32>, %b: tensor<16x64xf8E4M3FN>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xf32>, tensor<16x64xf8E4M3FN>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}

// -----

// E5M2 is the upper byte of an f16.
// CHECK-LABEL: @e5m2
// CHECK: lowbit.pack
// CHECK-NOT: table
// CHECK: "x86.avx2.f32" for f8E5M2, {{.*}} shift = 0,
func.func @e5m2(%a: tensor<4x64xf32>, %b: tensor<16x64xf8E5M2>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x64xf32>, tensor<16x64xf8E5M2>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}

// -----

// The part that is decoded at a time has whole groups, or divides one.
// CHECK-LABEL: @groups_of_96
// CHECK: group = 96, {{.*}} decoding = <min_rows = 12, depth = 192,
// CHECK-LABEL: @groups_of_320
// CHECK: group = 320, {{.*}} decoding = <min_rows = 12, depth = 160,
func.func @groups_of_96(%a: tensor<4x960xf32>, %b: tensor<16x960xi8>, %s: tensor<16x10xf32>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x960xf32>, tensor<16x960xi8>, tensor<16x10xf32>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}
func.func @groups_of_320(%a: tensor<4x960xf32>, %b: tensor<16x960xi8>, %s: tensor<16x3xf32>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x960xf32>, tensor<16x960xi8>, tensor<16x3xf32>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}

// -----

// A group is a multiple of a step of 4. Zero points may be floats, where numbers
// are not decoded to multiples of what they are.
// CHECK-LABEL: @short_groups
// CHECK: "portable.f32" for i4
// CHECK-LABEL: @float_zero_points
// CHECK: "x86.avx2.f32" for i4, {{.*}} zero_point = f16
// CHECK-LABEL: @float_zero_points_of_floats
// CHECK: "portable.f32" for f8E4M3FN, {{.*}} zero_point = bf16
func.func @short_groups(%a: tensor<4x60xf32>, %b: tensor<16x60xi4>, %s: tensor<16x10xf32>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x60xf32>, tensor<16x60xi4>, tensor<16x10xf32>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}
func.func @float_zero_points(%a: tensor<4x64xf32>, %b: tensor<16x64xi4>, %s: tensor<16x2xf32>, %z: tensor<16x2xf16>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) zero_point(%z) transpose_b : (tensor<4x64xf32>, tensor<16x64xi4>, tensor<16x2xf32>, tensor<16x2xf16>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}
func.func @float_zero_points_of_floats(%a: tensor<4x64xf32>, %b: tensor<16x64xf8E4M3FN>, %s: tensor<16x2xf32>, %z: tensor<16x2xf8E5M2>) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) zero_point(%z) transpose_b : (tensor<4x64xf32>, tensor<16x64xf8E4M3FN>, tensor<16x2xf32>, tensor<16x2xf8E5M2>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}
