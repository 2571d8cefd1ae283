// RUN: lowbit-opt %s --lowbit-lower-kernels --canonicalize --cse | FileCheck %s --implicit-check-not=lowbit.pack --implicit-check-not=lowbit.unpack
// Without a fused operation: a product, then a sum.
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v2 triple=x86_64-linux-gnu" --lowbit-lower-kernels | FileCheck %s --check-prefix=SSE
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-lower-kernels | FileCheck %s --check-prefix=FMA

// A loop for each digit, panels in parallel; what is beyond the source is 0.

// CHECK-LABEL: @pack
// CHECK-SAME: %[[W:.*]]: tensor<20x6xi8>
// CHECK: scf.forall (%[[PANEL:.*]]) in (2)
// CHECK: scf.for %[[K:.*]] = %c0 to %c8 step %c1
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c16 step %c1
// CHECK: %[[IN:.*]] = scf.if %{{.*}} -> (i8)
// CHECK: tensor.extract %[[W]][%{{.*}}, %[[K]]]
// CHECK: scf.yield %c0_i8
// CHECK: tensor.insert %[[IN]]
// CHECK: tensor.parallel_insert_slice %{{.*}} into %{{.*}}[%[[PANEL]], 0] [1, 128]
func.func @pack(%w: tensor<20x6xi8>) -> tensor<2x128xi8> {
  %0 = lowbit.pack %w extents [20, 8] layout <i8, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)> : tensor<20x6xi8> -> tensor<2x128xi8>
  return %0 : tensor<2x128xi8>
}

// Whole panels need no bounds; two nibbles share a byte; a table gives the
// stored integer.

// CHECK-LABEL: @pack_nibbles
// CHECK-NOT: scf.if
// CHECK: %[[TABLE:.*]] = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
// CHECK-COUNT-2: tensor.extract %[[TABLE]]
// CHECK-NOT: tensor.extract
// CHECK: %[[HIGH:.*]] = arith.shli %{{.*}}, %c4_i8
// CHECK: arith.ori %{{.*}}, %[[HIGH]]
func.func @pack_nibbles(%w: tensor<16x2xi2>) -> tensor<1x16xi8> {
  %0 = lowbit.pack %w extents [16, 2] table [0, 1, 2, 3] layout <i4, (d0, d1) -> (d0 floordiv 16, d0 mod 16, d1 floordiv 2, d1 mod 2)> : tensor<16x2xi2> -> tensor<1x16xi8>
  return %0 : tensor<1x16xi8>
}

// Repeats: an entry for 32 columns, and one for all groups. Scales are
// converted, byte by byte.

// CHECK-LABEL: @pack_scales
// CHECK: scf.forall (%[[PANEL:.*]]) in (2)
// CHECK: %[[BLOCK:.*]] = arith.divui %{{.*}}, %c32
// CHECK: %[[S:.*]] = tensor.extract %{{.*}}[%[[BLOCK]], %c0]
// CHECK: %[[F:.*]] = lowbit.convert %[[S]] {overflow = #lowbit.overflow<ieee>} : f8E8M0FNU to bf16
// CHECK: %[[BITS:.*]] = arith.bitcast %[[F]] : bf16 to i16
// CHECK: arith.shrui %[[BITS]], %c8_i16
func.func @pack_scales(%s: tensor<1x1xf8E8M0FNU>) -> tensor<2x96xi8> {
  %0 = lowbit.pack %s extents [32, 3] repeat [32, 0] layout <bf16, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)> : tensor<1x1xf8E8M0FNU> -> tensor<2x96xi8>
  return %0 : tensor<2x96xi8>
}

// CHECK-LABEL: @unpack
// CHECK-SAME: %[[B:.*]]: tensor<12xi8>
// CHECK: linalg.generic
// CHECK: tensor.extract %[[B]]
// CHECK: %[[CODE:.*]] = arith.ori
// CHECK: %[[NINE:.*]] = arith.trunci %[[CODE]] : i16 to i9
// CHECK: lowbit.bitcast %[[NINE]] : i9 to !lowbit.minifloat<e5m3fn>
func.func @unpack(%b: tensor<12xi8>) -> tensor<2x3x!lowbit.minifloat<e5m3fn>> {
  %0 = lowbit.unpack %b : tensor<12xi8> -> tensor<2x3x!lowbit.minifloat<e5m3fn>>
  return %0 : tensor<2x3x!lowbit.minifloat<e5m3fn>>
}

// A tile: a loop over groups, in it the steps; scales once a group.

// CHECK-LABEL: @tile
// CHECK-SAME: %[[A:.*]]: tensor<1x64xf32>, %[[B:.*]]: tensor<1x512xi8>, %[[S:.*]]: tensor<1x64xi8>
// CHECK: scf.for %{{.*}} = %c0 to %c2 step %c1
// CHECK: scf.for
// CHECK: vector.transfer_read %[[B]]
// CHECK: scf.yield
// CHECK: vector.transfer_read %[[S]]
// CHECK: arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK: vector.transfer_write
// SSE-LABEL: @tile
// SSE-NOT: vector.fma
// SSE: arith.mulf
// SSE: return
// FMA-LABEL: @tile
// FMA: vector.fma
func.func @tile(%a: tensor<1x64xf32>, %b: tensor<1x512xi8>, %s: tensor<1x64xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"portable.f32" for i4, rows = [4, 2, 1], columns = 16, row_block = 64, unit = 32, group = 32, shift = 0, scale = bf16>
      a(%a) b(%b scale %s) outs(%init) : (tensor<1x64xf32>, tensor<1x512xi8>, tensor<1x64xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}
