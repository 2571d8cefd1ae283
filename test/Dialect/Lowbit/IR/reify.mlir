// The shape of every result in terms of the operands.

// RUN: lowbit-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @same_shape(
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>, %[[S:.*]]: f32
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-NOT: lowbit
// CHECK-DAG: %[[D0:.*]] = tensor.dim %[[X]], %[[C0]] : tensor<?x?xf32>
// CHECK-DAG: %[[D1:.*]] = tensor.dim %[[X]], %[[C1]] : tensor<?x?xf32>
// CHECK: return %[[D0]], %[[D1]], %[[D1]], %[[D0]]
func.func @same_shape(%x: tensor<?x?xf32>, %s: f32) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = lowbit.convert %x : tensor<?x?xf32> to tensor<?x?xf16>
  %1 = lowbit.quantize %0 scale(%s) : (tensor<?x?xf16>, f32) -> tensor<?x?x!lowbit.log<4>>
  %2 = lowbit.bitcast %1 : tensor<?x?x!lowbit.log<4>> to tensor<?x?xi4>
  %3 = lowbit.dequantize %2 scale(%s) : (tensor<?x?xi4>, f32) -> tensor<?x?xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x?xf16>
  %d1 = tensor.dim %1, %c1 : tensor<?x?x!lowbit.log<4>>
  %d2 = tensor.dim %2, %c1 : tensor<?x?xi4>
  %d3 = tensor.dim %3, %c0 : tensor<?x?xf32>
  return %d0, %d1, %d2, %d3 : index, index, index, index
}

// -----

// CHECK-DAG: #[[$CEIL:.*]] = affine_map<()[s0] -> (s0 ceildiv 32)>
// CHECK-LABEL: func.func @choose_scale(
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[D:.*]] = tensor.dim %[[X]], %[[C1]] : tensor<?x?xf32>
// CHECK-DAG: %[[BLOCKS:.*]] = affine.apply #[[$CEIL]]()[%[[D]]]
// CHECK: return %[[C1]], %[[BLOCKS]], %[[C1]], %[[BLOCKS]]
func.func @choose_scale(%x: tensor<?x?xf32>) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s, %z = lowbit.choose_scale %x for ui4 block [0, 32] {method = #lowbit.scale_method<minmax>}
      : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xui4>)
  %d0 = tensor.dim %s, %c0 : tensor<?x?xf32>
  %d1 = tensor.dim %s, %c1 : tensor<?x?xf32>
  %d2 = tensor.dim %z, %c0 : tensor<?x?xui4>
  %d3 = tensor.dim %z, %c1 : tensor<?x?xui4>
  return %d0, %d1, %d2, %d3 : index, index, index, index
}

// -----

// Static sizes: ceil(70 / 32), ceil(70 / 2^63 - 1); rank 0; without `block`;
// nothing is left of the dynamic dimension under a scale of 1.
// CHECK-LABEL: func.func @choose_scale_static(
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: return %[[C3]], %[[C1]], %[[C1]]
func.func @choose_scale_static(%x: tensor<4x70xf32>, %y: tensor<?x70xf32>, %x0: tensor<f32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = lowbit.choose_scale %x for i4 block [1, 32] : (tensor<4x70xf32>) -> tensor<?x?xf32>
  %1 = lowbit.choose_scale %x for i4 block [1, 9223372036854775807] : (tensor<4x70xf32>) -> tensor<?x?xf32>
  %2 = lowbit.choose_scale %y for i4 : (tensor<?x70xf32>) -> tensor<1x10xf32>
  %3 = lowbit.choose_scale %x0 for i4 : (tensor<f32>) -> tensor<f32>
  %d0 = tensor.dim %0, %c1 : tensor<?x?xf32>
  %d1 = tensor.dim %1, %c1 : tensor<?x?xf32>
  %d2 = tensor.dim %2, %c0 : tensor<1x10xf32>
  return %d0, %d1, %d2 : index, index, index
}

// -----

// M and the batch come from A, N from B.
// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[A:.*]]: tensor<?x?x64xf32>, %[[B:.*]]: tensor<?x64xi4>, %[[S:.*]]: f32, %[[BT:.*]]: tensor<?x64x?xi4>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-NOT: lowbit
// CHECK-DAG: %[[BATCH:.*]] = tensor.dim %[[A]], %[[C0]]
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[A]], %[[C1]]
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[B]], %[[C0]]
// CHECK-DAG: %[[N2:.*]] = tensor.dim %[[BT]], %[[C2]]
// CHECK: return %[[BATCH]], %[[M]], %[[N]], %[[N2]]
func.func @matmul(%a: tensor<?x?x64xf32>, %b: tensor<?x64xi4>, %s: f32, %bt: tensor<?x64x?xi4>) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0 = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<?x?x64xf32>, tensor<?x64xi4>, f32) -> tensor<?x?x?xf32>
  %1 = lowbit.matmul %a, %bt : (tensor<?x?x64xf32>, tensor<?x64x?xi4>) -> tensor<?x?x?xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x?x?xf32>
  %d1 = tensor.dim %0, %c1 : tensor<?x?x?xf32>
  %d2 = tensor.dim %0, %c2 : tensor<?x?x?xf32>
  %d3 = tensor.dim %1, %c2 : tensor<?x?x?xf32>
  return %d0, %d1, %d2, %d3 : index, index, index, index
}

// -----

// Scalars, vectors and memrefs have no shape to ask for.
// CHECK-LABEL: func.func @no_shape(
// CHECK: lowbit.convert {{.*}} : f32 to i4
// CHECK: lowbit.convert {{.*}} : vector<4xf32> to vector<4xi4>
// CHECK: lowbit.bitcast {{.*}} : memref<?xi8> to memref<?xf8E4M3FN>
func.func @no_shape(%x: f32, %v: vector<4xf32>, %m: memref<?xi8>) -> (i4, vector<4xi4>, index) {
  %c0 = arith.constant 0 : index
  %0 = lowbit.convert %x : f32 to i4
  %1 = lowbit.convert %v : vector<4xf32> to vector<4xi4>
  %2 = lowbit.bitcast %m : memref<?xi8> to memref<?xf8E4M3FN>
  %d = memref.dim %2, %c0 : memref<?xf8E4M3FN>
  return %0, %1, %d : i4, vector<4xi4>, index
}
