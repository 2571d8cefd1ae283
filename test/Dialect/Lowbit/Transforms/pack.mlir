// Without a machine the kernels are the portable ones, of 16 columns.

// RUN: lowbit-opt %s --lowbit-pack --canonicalize --cse | FileCheck %s
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-pack --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// Running it twice changes nothing more.
// RUN: lowbit-opt %s --lowbit-pack > %t.once
// RUN: lowbit-opt %t.once --lowbit-pack | cmp %t.once -

// CHECK-LABEL: @transposed
// CHECK-SAME: %[[X:.*]]: tensor<3x64xf32>, %[[W:.*]]: tensor<20x64xi4>, %[[S:.*]]: tensor<20x2xf32>, %[[D:.*]]: tensor<20xf32>
// CHECK-DAG: %[[PW:.*]] = lowbit.pack %[[W]] extents [20, 64] layout <i4, (d0, d1) -> (d0 floordiv 16, d1 floordiv 2, d0 mod 16, d1 mod 2)> : tensor<20x64xi4> -> tensor<2x512xi8>
// CHECK-DAG: %[[PS:.*]] = lowbit.pack %[[S]] extents [20, 2] repeat [1, 1] layout <f32, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)> : tensor<20x2xf32> -> tensor<2x128xi8>
// CHECK-DAG: %[[INIT:.*]] = tensor.empty() : tensor<3x20xf32>
// CHECK: lowbit.packed_matmul <"portable.f32" for i4, {{.*}}group = 32, shift = 0, scale = f32> a(%[[X]]) b(%[[PW]] scale %[[PS]]) bias(%[[D]]) outs(%[[INIT]])
// CHECK-NEXT: return
func.func @transposed(%x: tensor<3x64xf32>, %w: tensor<20x64xi4>, %s: tensor<20x2xf32>, %d: tensor<20xf32>) -> tensor<3x20xf32> {
  %0 = lowbit.matmul %x, %w scale(%s) block [1, 32] bias(%d) transpose_b
      : (tensor<3x64xf32>, tensor<20x64xi4>, tensor<20x2xf32>, tensor<20xf32>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// The other order of B is another layout.

// CHECK-LABEL: @as_written
// CHECK: lowbit.pack %{{.*}} extents [64, 20] layout <i4, (d0, d1) -> (d1 floordiv 16, d0 floordiv 2, d1 mod 16, d0 mod 2)> : tensor<64x20xi4> -> tensor<2x512xi8>
// CHECK: lowbit.packed_matmul {{.*}}group = 0, shift = 0> {{.*}} -> tensor<3x20xbf16>
func.func @as_written(%x: tensor<3x64xf32>, %w: tensor<64x20xi4>) -> tensor<3x20xbf16> {
  %0 = lowbit.matmul %x, %w : (tensor<3x64xf32>, tensor<64x20xi4>) -> tensor<3x20xbf16>
  return %0 : tensor<3x20xbf16>
}

// K is padded with zeros, in A and in B; the scales keep their own number.

// CHECK-LABEL: @ragged
// CHECK: %[[A:.*]] = tensor.pad %{{.*}} low[0, 0] high[0, 3]
// CHECK: lowbit.pack %{{.*}} extents [20, 8] {{.*}} : tensor<20x5xi4> -> tensor<2x64xi8>
// CHECK: lowbit.pack %{{.*}} extents [20, 2] repeat [1, 1] layout <f16, {{.*}} : tensor<20x2xf16> -> tensor<2x64xi8>
// CHECK: lowbit.packed_matmul {{.*}}group = 4, shift = 0, scale = f16> a(%[[A]])
func.func @ragged(%x: tensor<3x5xbf16>, %w: tensor<20x5xi4>, %s: tensor<20x2xf16>) -> tensor<3x20xf32> {
  %0 = lowbit.matmul %x, %w scale(%s) block [1, 4] transpose_b
      : (tensor<3x5xbf16>, tensor<20x5xi4>, tensor<20x2xf16>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// Where B has no batches they are rows.

// CHECK-LABEL: @batch_of_rows
// CHECK-SAME: %[[X:.*]]: tensor<2x3x64xf32>
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]]
// CHECK: %[[C:.*]] = lowbit.packed_matmul {{.*}} a(%[[ROWS]]) {{.*}} -> tensor<6x20xf32>
// CHECK: tensor.expand_shape %[[C]] {{\[}}[0, 1], [2]] output_shape [2, 3, 20]
func.func @batch_of_rows(%x: tensor<2x3x64xf32>, %w: tensor<20x64xi8>) -> tensor<2x3x20xf32> {
  %0 = lowbit.matmul %x, %w transpose_b : (tensor<2x3x64xf32>, tensor<20x64xi8>) -> tensor<2x3x20xf32>
  return %0 : tensor<2x3x20xf32>
}

// Where it has, all are packed at once and multiplied one by one.

// CHECK-LABEL: @batch_of_weights
// CHECK: lowbit.pack %{{.*}} extents [2, 20, 64] layout <i8, (d0, d1, d2) -> (d0, d1 floordiv 16, d2, d1 mod 16)> : tensor<2x20x64xi8> -> tensor<2x2x1024xi8>
// CHECK: scf.forall (%[[I:.*]]) in (2)
// CHECK: tensor.extract_slice %{{.*}}[%[[I]], 0, 0] [1, 2, 1024]
// CHECK: lowbit.packed_matmul {{.*}} -> tensor<?x20xf32>
// CHECK: tensor.parallel_insert_slice
func.func @batch_of_weights(%x: tensor<2x?x64xf32>, %w: tensor<2x20x64xi8>) -> tensor<2x?x20xf32> {
  %0 = lowbit.matmul %x, %w transpose_b : (tensor<2x?x64xf32>, tensor<2x20x64xi8>) -> tensor<2x?x20xf32>
  return %0 : tensor<2x?x20xf32>
}

// The kernel reads the block scales; the second level scales the rows of A.

// CHECK-LABEL: @two_levels
// CHECK-SAME: %[[BS:[^:]*]]: tensor<20x4xf8E4M3FN>, %[[S:.*]]: f32
// CHECK-NOT: lowbit.dequantize
// CHECK: %[[ROW:.*]] = linalg.generic
// CHECK: linalg.yield %[[S]]
// CHECK: %[[PS:.*]] = lowbit.pack %[[BS]] extents [20, 4] repeat [1, 1] layout <bf16,
// CHECK: lowbit.packed_matmul {{.*}}scale = bf16> a(%{{.*}} scale %[[ROW]]) b(%{{.*}} scale %[[PS]])

// AVX2-LABEL: @two_levels
// AVX2: lowbit.packed_matmul <"x86.avx2.
func.func @two_levels(%x: tensor<3x64xf32>, %w: tensor<20x64xf4E2M1FN>, %bs: tensor<20x4xf8E4M3FN>, %s: f32) -> tensor<3x20xf32> {
  %ws = lowbit.dequantize %bs scale(%s) : (tensor<20x4xf8E4M3FN>, f32) -> tensor<20x4xf32>
  %0 = lowbit.matmul %x, %w scale(%ws) block [1, 16] transpose_b
      : (tensor<3x64xf32>, tensor<20x64xf4E2M1FN>, tensor<20x4xf32>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// Blocks that fit no kernel are multiplied out before.

// CHECK-LABEL: @odd_blocks
// CHECK: %[[W:.*]] = lowbit.dequantize
// CHECK: lowbit.pack %[[W]] extents [20, 64] layout <f32,
// CHECK: lowbit.packed_matmul <"portable.dequantize" for f32,

// AVX2-LABEL: @odd_blocks
// AVX2: lowbit.packed_matmul <"portable.dequantize" for f32,
func.func @odd_blocks(%x: tensor<3x64xf32>, %w: tensor<20x64xi4>, %s: tensor<20x13xf32>) -> tensor<3x20xf32> {
  %0 = lowbit.matmul %x, %w scale(%s) block [1, 5] transpose_b
      : (tensor<3x64xf32>, tensor<20x64xi4>, tensor<20x13xf32>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// Nothing to multiply: the bias.

// CHECK-LABEL: @no_k
// CHECK-SAME: %[[D:[^:]*]]: tensor<20xf32>
// CHECK-NOT: lowbit.
// CHECK: linalg.generic {{.*}} ins(%[[D]] : tensor<20xf32>)
// CHECK-NOT: lowbit.
func.func @no_k(%x: tensor<3x0xf32>, %w: tensor<20x0xi4>, %d: tensor<20xf32>) -> tensor<3x20xf32> {
  %0 = lowbit.matmul %x, %w bias(%d) transpose_b : (tensor<3x0xf32>, tensor<20x0xi4>, tensor<20xf32>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// Activations are quantized row by row, where they are prepared.

// CHECK-LABEL: @quantized
// CHECK-SAME: %[[X:.*]]: tensor<3x64xf32>
// CHECK-NOT: lowbit.
// CHECK: %[[A:.*]]:2 = scf.forall (%[[I:.*]]) in (3)
// CHECK: %[[ROW:.*]] = tensor.extract_slice %[[X]][%[[I]], 0] [1, 64]
// CHECK: lowbit.choose_scale %[[ROW]]
// CHECK: lowbit.quantize %[[ROW]]
// CHECK: scf.forall.in_parallel
// CHECK: lowbit.packed_matmul <"portable.i32" {{.*}} a(%[[A]]#0 scale %[[A]]#1)

// Unsigned weights: what their offset adds is taken off by the sums of A.

// AVX2-LABEL: @quantized
// AVX2: %[[A:.*]]:3 = scf.forall
// AVX2: lowbit.pack %{{.*}} table [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7] layout <i4,
// AVX2: lowbit.packed_matmul <"x86.avx2.byte" {{.*}} a(%[[A]]#0 sums %[[A]]#1 scale %[[A]]#2)
func.func @quantized(%x: tensor<3x64xf32>, %w: tensor<20x64xi4>) -> tensor<3x20xf32> {
  %xs = lowbit.choose_scale %x for i8 block [1, 0] : (tensor<3x64xf32>) -> tensor<3x1xf32>
  %q = lowbit.quantize %x scale(%xs) block [1, 0] : (tensor<3x64xf32>, tensor<3x1xf32>) -> tensor<3x64xi8>
  %c = lowbit.matmul %q scale(%xs) block [1, 0], %w transpose_b {acc = i32}
      : (tensor<3x64xi8>, tensor<3x1xf32>, tensor<20x64xi4>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}
