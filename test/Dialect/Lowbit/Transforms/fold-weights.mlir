// RUN: lowbit-opt %s --lowbit-fold-weights --split-input-file | FileCheck %s
// Running it twice changes nothing more.
// RUN: lowbit-opt %s --lowbit-fold-weights --split-input-file > %t.once
// RUN: lowbit-opt %t.once --lowbit-fold-weights --split-input-file > %t.twice
// RUN: cmp %t.once %t.twice

// Small results are as the folders make them.

// CHECK-LABEL: @small
// CHECK-NEXT: %[[Q:.*]] = arith.constant dense<{{\[}}[1, -7, 4, 3, 7, 2, -4, 0]]> : tensor<1x8xi4>
// CHECK-NEXT: return %[[Q]]
func.func @small() -> tensor<1x8xi4> {
  %w = arith.constant dense<[[0.1, -0.7, 0.35, 0.3, 3.5, 1.2, -2.0, 0.0]]> : tensor<1x8xf32>
  %s = lowbit.choose_scale %w for i4 block [1, 4] : (tensor<1x8xf32>) -> tensor<1x2xf32>
  %q = lowbit.quantize %w scale(%s) block [1, 4] : (tensor<1x8xf32>, tensor<1x2xf32>) -> tensor<1x8xi4>
  return %q : tensor<1x8xi4>
}

// CHECK-LABEL: @scalar_scale_and_rank_0
// CHECK-DAG: dense<[2, -4]> : tensor<2xi4>
// CHECK-DAG: dense<5> : tensor<i4>
// CHECK-NOT: lowbit
func.func @scalar_scale_and_rank_0() -> (tensor<2xi4>, tensor<i4>) {
  %w = arith.constant dense<[1.0, -2.0]> : tensor<2xf32>
  %s = arith.constant 0.5 : f32
  %q = lowbit.quantize %w scale(%s) : (tensor<2xf32>, f32) -> tensor<2xi4>
  %x = arith.constant dense<2.5> : tensor<f32>
  %p = lowbit.quantize %x scale(%s) : (tensor<f32>, f32) -> tensor<i4>
  return %q, %p : tensor<2xi4>, tensor<i4>
}

// CHECK-LABEL: @zero_point_and_random
// CHECK-DAG: dense<[6, 5, 7]> : tensor<3xui4>
// CHECK-DAG: dense<[1, 2]> : tensor<2xi8>
// CHECK-NOT: lowbit
func.func @zero_point_and_random() -> (tensor<3xui4>, tensor<2xi8>) {
  %w = arith.constant dense<[1.0, 0.4, 1.5]> : tensor<3xf32>
  %s = arith.constant dense<1.0> : tensor<1xf32>
  %z = arith.constant dense<5> : tensor<1xui4>
  %q = lowbit.quantize %w scale(%s) zero_point(%z) : (tensor<3xf32>, tensor<1xf32>, tensor<1xui4>) -> tensor<3xui4>
  %x = arith.constant dense<1.5> : tensor<2xf32>
  %r = arith.constant dense<[2147483648, 2147483647]> : tensor<2xi32>
  %c = lowbit.convert %x random(%r : tensor<2xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<2xf32> to tensor<2xi8>
  return %q, %c : tensor<3xui4>, tensor<2xi8>
}

// A type that no dense has: the codes behind a bitcast.

// CHECK-LABEL: @codes_behind_a_bitcast
// CHECK: %[[C:.*]] = arith.constant dense<[7, -1, 0]> : tensor<3xi4>
// CHECK: lowbit.bitcast %[[C]] : tensor<3xi4> to tensor<3x!lowbit.log<4>>
func.func @codes_behind_a_bitcast() -> tensor<3x!lowbit.log<4>> {
  %w = arith.constant dense<[1.0, -1.0, 0.0]> : tensor<3xf32>
  %q = lowbit.convert %w : tensor<3xf32> to tensor<3x!lowbit.log<4>>
  return %q : tensor<3x!lowbit.log<4>>
}

// CHECK-LABEL: @empty
// CHECK-DAG: dense<> : tensor<0x4xi4>
// CHECK-DAG: dense<1.000000e+00> : tensor<1x1xf32>
// CHECK-NOT: lowbit
func.func @empty() -> (tensor<0x4xi4>, tensor<1x1xf32>) {
  %w = arith.constant dense<> : tensor<0x4xf32>
  %s = lowbit.choose_scale %w for i4 : (tensor<0x4xf32>) -> tensor<1x1xf32>
  %q = lowbit.quantize %w scale(%s) : (tensor<0x4xf32>, tensor<1x1xf32>) -> tensor<0x4xi4>
  return %q, %s : tensor<0x4xi4>, tensor<1x1xf32>
}

// Elements that are all equal stay one, however many they are.

// CHECK-LABEL: @splat
// CHECK-DAG: dense<3> : tensor<1048576x1048576xi4>
// CHECK-DAG: %[[C:.*]] = arith.constant dense<7> : tensor<1048576x1048576xi4>
// CHECK-DAG: lowbit.bitcast %[[C]] : tensor<1048576x1048576xi4> to tensor<1048576x1048576x!lowbit.log<4>>
func.func @splat() -> (tensor<1048576x1048576xi4>, tensor<1048576x1048576x!lowbit.log<4>>) {
  %w = arith.constant dense<1.5> : tensor<1048576x1048576xf32>
  %s = arith.constant dense<0.5> : tensor<1048576x1xf32>
  %q = lowbit.quantize %w scale(%s) : (tensor<1048576x1048576xf32>, tensor<1048576x1xf32>) -> tensor<1048576x1048576xi4>
  %l = lowbit.convert %w : tensor<1048576x1048576xf32> to tensor<1048576x1048576x!lowbit.log<4>>
  return %q, %l : tensor<1048576x1048576xi4>, tensor<1048576x1048576x!lowbit.log<4>>
}

// -----

// Large results become blobs, of the packed layout: 1.0 in f32 is 2 in f4E2M1FN.
// The names come from the input's, or from the function.

// CHECK-LABEL: @large
// CHECK-DAG: %[[Q:.*]] = arith.constant dense_resource<large_f4E2M1FN> : tensor<4x512xf4E2M1FN>
// CHECK-DAG: %[[L:.*]] = arith.constant dense_resource<large_log_4> : tensor<4x512x!lowbit.log<4>>
// CHECK-NOT: lowbit.
// CHECK: return %[[Q]], %[[L]]
func.func @large() -> (tensor<4x512xf4E2M1FN>, tensor<4x512x!lowbit.log<4>>) {
  %w = arith.constant dense<1.0> : tensor<4x512xf32>
  %s = arith.constant dense<[[1.0], [2.0], [0.5], [1.0]]> : tensor<4x1xf32>
  %q = lowbit.quantize %w scale(%s) block [1, 0] : (tensor<4x512xf32>, tensor<4x1xf32>) -> tensor<4x512xf4E2M1FN>
  %l = lowbit.quantize %w scale(%s) block [1, 0] : (tensor<4x512xf32>, tensor<4x1xf32>) -> tensor<4x512x!lowbit.log<4>>
  return %q, %l : tensor<4x512xf4E2M1FN>, tensor<4x512x!lowbit.log<4>>
}
// CHECK: large_f4E2M1FN: "0x4000000022222222
// CHECK-SAME: 2222111111
// CHECK-SAME: 1111444444
// CHECK-SAME: 4444222222
// CHECK: large_log_4: "0x4000000077777777

// -----

// CHECK-LABEL: @from_blob
// CHECK-DAG: %[[Q:.*]] = arith.constant dense<{{\[}}[1, -2, 7], [-7, 0, 1]]> : tensor<2x3xi4>
// CHECK-DAG: %[[T:.*]] = arith.constant dense<{{\[}}[2.500000e-01, -1.750000e+00], [-5.000000e-01, 0.000000e+00], [1.750000e+00, 2.500000e-01]]> : tensor<3x2xbf16>
// CHECK-NEXT: return
func.func @from_blob() -> (tensor<2x3xi4>, tensor<3x2xbf16>) {
  // 0.25, -0.5, 1.75, -1.75, 0, 0.25
  %w = arith.constant dense_resource<w> : tensor<2x3xbf16>
  %x = arith.extf %w : tensor<2x3xbf16> to tensor<2x3xf32>
  %s = lowbit.choose_scale %x for i4 block [0, 0] : (tensor<2x3xf32>) -> tensor<1x1xf16>
  %q = lowbit.quantize %x scale(%s) : (tensor<2x3xf32>, tensor<1x1xf16>) -> tensor<2x3xi4>
  %e = tensor.empty() : tensor<3x2xbf16>
  %t = linalg.transpose ins(%w : tensor<2x3xbf16>) outs(%e : tensor<3x2xbf16>) permutation = [1, 0]
  %c = lowbit.bitcast %t : tensor<3x2xbf16> to tensor<3x2xbf16>
  return %q, %c : tensor<2x3xi4>, tensor<3x2xbf16>
}
{-# dialect_resources: { builtin: { w: "0x40000000803E00BFE03FE0BF0000803E" } } #-}

// -----

// Only the type changes: the blob is the same. Rows that end within a byte
// are packed again.

// CHECK-LABEL: @same_blob
// CHECK-DAG: %[[B:.*]] = arith.constant dense_resource<w> : tensor<2x4x!lowbit.log<4>>
// CHECK-DAG: %[[C:.*]] = arith.constant dense_resource<w> : tensor<8xi4>
// CHECK-DAG: %[[P:.*]] = arith.constant dense<{{\[}}[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi4>
// CHECK: return %[[B]], %[[C]], %[[P]]
func.func @same_blob() -> (tensor<2x4x!lowbit.log<4>>, tensor<8xi4>, tensor<2x3xi4>) {
  %w = arith.constant dense_resource<w> : tensor<2x4xi4>
  %b = lowbit.bitcast %w : tensor<2x4xi4> to tensor<2x4x!lowbit.log<4>>
  %c = tensor.collapse_shape %w [[0, 1]] : tensor<2x4xi4> into tensor<8xi4>
  %r = arith.constant dense_resource<ragged> : tensor<6xi4>
  %p = tensor.expand_shape %r [[0, 1]] output_shape [2, 3] : tensor<6xi4> into tensor<2x3xi4>
  return %b, %c, %p : tensor<2x4x!lowbit.log<4>>, tensor<8xi4>, tensor<2x3xi4>
}
{-# dialect_resources: { builtin: {
  w: "0x4000000021436507",
  ragged: "0x40000000214365"
} } #-}

// -----

// Slices: of whole rows, within rows, with strides, without a dimension.

// CHECK-LABEL: @slices
// CHECK-DAG: %[[A:.*]] = arith.constant dense<{{\[}}[1, 2, 3]]> : tensor<1x3xi4>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<{{\[}}[2, 3], [5, 6]]> : tensor<2x2xi4>
// CHECK-DAG: %[[C:.*]] = arith.constant dense<[4, 6]> : tensor<2xi4>
// CHECK-DAG: %[[D:.*]] = arith.constant dense<[3, 6]> : tensor<2xi4>
// CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
func.func @slices() -> (tensor<1x3xi4>, tensor<2x2xi4>, tensor<2xi4>, tensor<2xi4>) {
  %w = arith.constant dense_resource<w> : tensor<2x3xi4>
  %a = tensor.extract_slice %w[0, 0] [1, 3] [1, 1] : tensor<2x3xi4> to tensor<1x3xi4>
  %b = tensor.extract_slice %w[0, 1] [2, 2] [1, 1] : tensor<2x3xi4> to tensor<2x2xi4>
  %c = tensor.extract_slice %w[1, 0] [1, 2] [1, 2] : tensor<2x3xi4> to tensor<2xi4>
  %d = tensor.extract_slice %w[0, 2] [2, 1] [1, 1] : tensor<2x3xi4> to tensor<2xi4>
  return %a, %b, %c, %d : tensor<1x3xi4>, tensor<2x2xi4>, tensor<2xi4>, tensor<2xi4>
}
{-# dialect_resources: { builtin: { w: "0x4000000021035406" } } #-}

// -----

// NVFP4: the weights are quantized under the numbers of the two-level scale,
// and the matmul still reads its two levels.

// CHECK-LABEL: @two_levels
// CHECK-DAG: %[[BLOCKS:.*]] = arith.constant dense<{{.*}}> : tensor<2x2xf8E4M3FN>
// CHECK-DAG: %[[ONE:.*]] = arith.constant dense<{{.*}}> : tensor<1x1xf32>
// CHECK-DAG: %[[S:.*]] = lowbit.dequantize %[[BLOCKS]] scale(%[[ONE]])
// CHECK-DAG: %[[Q:.*]] = arith.constant dense<{{.*}}> : tensor<2x32xf4E2M1FN>
// CHECK: %[[Y:.*]] = lowbit.matmul %{{.*}}, %[[Q]] scale(%[[S]])
// CHECK-NEXT: return %[[Y]]
func.func @two_levels(%x: tensor<4x32xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0,
                              4.0, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0],
                             [5.0, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0,
                              3.0, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0, 0.5, 0.25, 1.0, -1.0]]> : tensor<2x32xf32>
  %s = lowbit.choose_scale %w for f4E2M1FN block [1, 16] : (tensor<2x32xf32>) -> tensor<2x2xf32>
  %one = lowbit.choose_scale %s for f8E4M3FN block [0, 0] : (tensor<2x2xf32>) -> tensor<1x1xf32>
  %blocks = lowbit.quantize %s scale(%one) : (tensor<2x2xf32>, tensor<1x1xf32>) -> tensor<2x2xf8E4M3FN>
  %d = lowbit.dequantize %blocks scale(%one) : (tensor<2x2xf8E4M3FN>, tensor<1x1xf32>) -> tensor<2x2xf32>
  %q = lowbit.quantize %w scale(%d) block [1, 16] : (tensor<2x32xf32>, tensor<2x2xf32>) -> tensor<2x32xf4E2M1FN>
  %y = lowbit.matmul %x, %q scale(%d) block [1, 16] transpose_b : (tensor<4x32xf32>, tensor<2x32xf4E2M1FN>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// A dequantize stays for the matmul, and is folded for others; what it reads is
// stored for it.

// CHECK-LABEL: @other_users_of_dequantize
// CHECK-DAG: %[[N:.*]] = arith.constant dense<{{\[}}[2.000000e+00, -1.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG: %[[Q:.*]] = arith.constant dense<{{\[}}[4, -2]]> : tensor<1x2xi4>
// CHECK-DAG: %[[D:.*]] = lowbit.dequantize %[[Q]]
// CHECK: %[[Y:.*]] = lowbit.matmul %{{.*}}, %[[D]]
// CHECK-NEXT: return %[[Y]], %[[N]]
func.func @other_users_of_dequantize(%x: tensor<3x2xf32>) -> (tensor<3x1xf32>, tensor<1x2xf32>) {
  %w = arith.constant dense<[[2.0, -1.0]]> : tensor<1x2xf32>
  %s = arith.constant 0.5 : f32
  %q = lowbit.quantize %w scale(%s) : (tensor<1x2xf32>, f32) -> tensor<1x2xi4>
  %d = lowbit.dequantize %q scale(%s) : (tensor<1x2xi4>, f32) -> tensor<1x2xf32>
  %y = lowbit.matmul %x, %d transpose_b : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32>
  return %y, %d : tensor<3x1xf32>, tensor<1x2xf32>
}

// Longer chains than are computed in one go.

// CHECK-LABEL: @long_chain
// CHECK-NEXT: %[[R:.*]] = arith.constant dense<[1.000000e+00, -5.000000e-01]> : tensor<2xf16>
// CHECK-NEXT: return %[[R]]
func.func @long_chain() -> tensor<2xf16> {
  %0 = arith.constant dense<[1.0, -0.5]> : tensor<2xf32>
  %1 = lowbit.convert %0 : tensor<2xf32> to tensor<2xbf16>
  %2 = lowbit.convert %1 : tensor<2xbf16> to tensor<2xf8E4M3FN>
  %3 = lowbit.convert %2 : tensor<2xf8E4M3FN> to tensor<2xf32>
  %4 = lowbit.convert %3 : tensor<2xf32> to tensor<2xf8E5M2>
  %5 = lowbit.convert %4 : tensor<2xf8E5M2> to tensor<2xbf16>
  %6 = lowbit.convert %5 : tensor<2xbf16> to tensor<2xf4E2M1FN>
  %7 = lowbit.convert %6 : tensor<2xf4E2M1FN> to tensor<2xf16>
  return %7 : tensor<2xf16>
}

// E8M0 as lowbit reads arith.truncf: 1.6 gives 2, 0 gives NaN.

// CHECK-LABEL: @upstream_casts
// CHECK-DAG: dense<[2.000000e+00, 0xFF]> : tensor<2xf8E8M0FNU>
// CHECK-DAG: dense<[1.500000e+00, -3.500000e+00]> : tensor<2xf8E5M2>
// CHECK-NOT: arith.truncf
func.func @upstream_casts() -> (tensor<2xf8E8M0FNU>, tensor<2xf8E5M2>) {
  %w = arith.constant dense<[1.6, 0.0]> : tensor<2xf32>
  %0 = arith.truncf %w : tensor<2xf32> to tensor<2xf8E8M0FNU>
  %v = arith.constant dense<[1.74, -3.9]> : tensor<2xf32>
  %1 = arith.truncf %v to_nearest_even : tensor<2xf32> to tensor<2xf8E5M2>
  %2 = arith.truncf %v toward_zero : tensor<2xf32> to tensor<2xf8E5M2>
  return %0, %2 : tensor<2xf8E8M0FNU>, tensor<2xf8E5M2>
}

// -----

// What stays.

// CHECK-LABEL: @not_constant
// CHECK: lowbit.choose_scale
// CHECK: lowbit.quantize
func.func @not_constant(%x: tensor<1x8xf32>) -> tensor<1x8xi4> {
  %s = lowbit.choose_scale %x for i4 : (tensor<1x8xf32>) -> tensor<1x1xf32>
  %q = lowbit.quantize %x scale(%s) : (tensor<1x8xf32>, tensor<1x1xf32>) -> tensor<1x8xi4>
  return %q : tensor<1x8xi4>
}

// Scalars and vectors are for the folders; f64 and upstream's other roundings
// for later passes; casts and slices that no lowbit op reads are not ours.

// CHECK-LABEL: @not_ours
// CHECK: lowbit.convert %{{.*}} : f32 to f8E5M2
// CHECK: lowbit.convert %{{.*}} : tensor<2xf64> to tensor<2xf8E5M2>
// CHECK: arith.truncf %{{.*}} upward : tensor<2xf32> to tensor<2xf8E5M2>
// CHECK: arith.truncf %{{.*}} : tensor<2xf32> to tensor<2xf16>
// CHECK: tensor.extract_slice
func.func @not_ours() -> (f8E5M2, tensor<2xf8E5M2>, tensor<2xf8E5M2>, tensor<2xf16>, tensor<1xf32>) {
  %c = arith.constant 1.0 : f32
  %0 = lowbit.convert %c : f32 to f8E5M2
  %d = arith.constant dense<[1.0, 2.0]> : tensor<2xf64>
  %1 = lowbit.convert %d : tensor<2xf64> to tensor<2xf8E5M2>
  %w = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %2 = arith.truncf %w upward : tensor<2xf32> to tensor<2xf8E5M2>
  %3 = arith.truncf %w : tensor<2xf32> to tensor<2xf16>
  %4 = tensor.extract_slice %w[1] [1] [1] : tensor<2xf32> to tensor<1xf32>
  return %0, %1, %2, %3, %4 : f8E5M2, tensor<2xf8E5M2>, tensor<2xf8E5M2>, tensor<2xf16>, tensor<1xf32>
}

// Terabytes of a few numbers.

// CHECK-LABEL: @expansion
// CHECK: lowbit.quantize
func.func @expansion() -> tensor<2x1099511627776xi4> {
  %w = arith.constant dense<1.0> : tensor<2x1099511627776xf32>
  %s = arith.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %q = lowbit.quantize %w scale(%s) : (tensor<2x1099511627776xf32>, tensor<2x1xf32>) -> tensor<2x1099511627776xi4>
  return %q : tensor<2x1099511627776xi4>
}

// -----

// A dynamic slice stays, and so does what reads it.

// CHECK-LABEL: @dynamic_slice
// CHECK: tensor.extract_slice
// CHECK: lowbit.convert
func.func @dynamic_slice(%i: index) -> tensor<1x4xf8E4M3FN> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %0 = tensor.extract_slice %w[%i, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<1x4xf32>
  %1 = lowbit.convert %0 : tensor<1x4xf32> to tensor<1x4xf8E4M3FN>
  return %1 : tensor<1x4xf8E4M3FN>
}

// In a loop body, too.

// CHECK-LABEL: @in_a_region
// CHECK: scf.for
// CHECK: arith.constant dense<[4, -2]> : tensor<2xi4>
// CHECK-NOT: lowbit.quantize
func.func @in_a_region(%n: index, %t: tensor<2xi4>) -> tensor<2xi4> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %w = arith.constant dense<[2.0, -1.0]> : tensor<2xf32>
  %s = arith.constant 0.5 : f32
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %t) -> tensor<2xi4> {
    %q = lowbit.quantize %w scale(%s) : (tensor<2xf32>, f32) -> tensor<2xi4>
    scf.yield %q : tensor<2xi4>
  }
  return %r : tensor<2xi4>
}
