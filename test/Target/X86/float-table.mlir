// RUN: lowbit-opt %s --lowbit-lower-kernels --canonicalize --cse | FileCheck %s
// RUN: lowbit-opt %s --lowbit-to-cpu="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" \
// RUN:   | mlir-translate --mlir-to-llvmir | opt -O3 | llc -O3 | FileCheck %s --check-prefix=ASM

// Every number of E2M1 is a bf16: two tables, one unpacking; the even words are
// shifted, the odd ones masked. Four chains of two sums hide the latency.
// CHECK-LABEL: @e2m1
// CHECK-DAG: %[[LOW:.*]] = arith.constant dense<[0, 0, -128, -64, 0, 64, -128, -64, 0, 0, -128, -64,
// CHECK-DAG: %[[HIGH:.*]] = arith.constant dense<[0, 63, 63, 63, 64, 64, 64, 64, -128, -65, -65, -65,
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>) {
// CHECK: %[[CODES:.*]] = arith.andi
// CHECK: %[[A:.*]] = lowbit.intrinsic "llvm.x86.avx2.pshuf.b"(%[[LOW]], %[[CODES]])
// CHECK: %[[B:.*]] = lowbit.intrinsic "llvm.x86.avx2.pshuf.b"(%[[HIGH]], %[[CODES]])
// CHECK: %[[WORDS:.*]] = vector.shuffle %[[A]], %[[B]] [0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 16, 48,
// CHECK: %[[PAIRS:.*]] = vector.bitcast %[[WORDS]] : vector<32xi8> to vector<8xi32>
// CHECK: arith.shli %[[PAIRS]]
// CHECK: arith.andi %[[PAIRS]]
// CHECK-COUNT-2: lowbit.intrinsic "llvm.x86.avx2.pshuf.b"
// CHECK-NOT: lowbit.intrinsic

// ASM-LABEL: e2m1:
// ASM-COUNT-4: vpshufb
// ASM-NOT: vpshufb
// ASM: retq
func.func @e2m1(%a: tensor<1x400xf32>, %b: tensor<1x3200xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for f4E2M1FN, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x3200xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// NF4 takes all four bytes. Two chains are enough for as long a step.
// CHECK-LABEL: @nf4
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>) {
// CHECK-COUNT-4: lowbit.intrinsic "llvm.x86.avx2.pshuf.b"
// CHECK: vector.shuffle {{.*}} : vector<16xi16>, vector<16xi16>
// CHECK-COUNT-4: lowbit.intrinsic "llvm.x86.avx2.pshuf.b"
// CHECK-NOT: lowbit.intrinsic

// ASM-LABEL: nf4:
// ASM: vpshufb
// ASM: vpunpcklbw
// ASM: vpunpcklwd
// ASM: vfmadd
// ASM: retq
func.func @nf4(%a: tensor<1x400xf32>, %b: tensor<1x3200xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for !lowbit.codebook<4, nf4>, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x3200xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// A zero point is taken off the number, before it is multiplied.
// CHECK-LABEL: @zero_points
// CHECK: %[[ZERO:.*]] = arith.sitofp
// CHECK: %[[W:.*]] = arith.subf %{{.*}}, %[[ZERO]]
// CHECK: vector.fma %{{.*}}, %[[W]],
func.func @zero_points(%a: tensor<4x16xf32>, %b: tensor<1x128xi8>, %s: tensor<1x32xi8>, %z: tensor<1x16xi8>, %out: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for ui4, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 16, group = 16, shift = 0, scale = f16, zero_point = i8>
      a(%a) b(%b scale %s zero_point %z) outs(%out) : (tensor<4x16xf32>, tensor<1x128xi8>, tensor<1x32xi8>, tensor<1x16xi8>, tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}
