// The sums of a block of rows stay where they are, whatever part of K is added:
// no copy of a tile, which is there by the thousand.

// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" \
// RUN:   --lowbit-pack --lowbit-tile --lowbit-lower-kernels --canonicalize --cse \
// RUN:   --lowbit-expand-conversions --lowbit-to-bytes --lowbit-bufferize \
// RUN:   | FileCheck %s --implicit-check-not=memref.copy

// CHECK-LABEL: func.func @layer
// CHECK: scf.forall
// CHECK: scf.for %{{.*}} = %c0 to %c1024 step %c256
// CHECK: scf.for %{{.*}} = %c0 to %c36 step %c6
// CHECK: %[[OLD:.*]] = vector.transfer_read %[[TILE:[a-z0-9_]*]][%c0, %c0], {{.*}} : memref<6x16xf32
// CHECK: %[[NEW:.*]] = arith.addf %{{.*}}, %[[OLD]]
// CHECK: vector.transfer_write %[[NEW]], %[[TILE]][%c0, %c0]
func.func @layer(%x: tensor<40x1024xf32>, %w: tensor<64x1024xi4> {lowbit.weight}, %s: tensor<64x32xf16> {lowbit.weight}) -> tensor<40x64xf32> {
  %c = lowbit.matmul %x, %w scale(%s) block [1, 32] transpose_b : (tensor<40x1024xf32>, tensor<64x1024xi4>, tensor<64x32xf16>) -> tensor<40x64xf32>
  return %c : tensor<40x64xf32>
}
