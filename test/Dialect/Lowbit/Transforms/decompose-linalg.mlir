// RUN: lowbit-opt %s --lowbit-decompose-linalg | FileCheck %s

// CHECK-LABEL: func @softmax
// CHECK-NOT: linalg.softmax
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: arith.divf
func.func @softmax(%a: tensor<4x8xf32>, %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.softmax dimension(1) ins(%a : tensor<4x8xf32>) outs(%o : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func @pack
// CHECK-NOT: linalg.pack
// CHECK: tensor.expand_shape
// CHECK: linalg.transpose
func.func @pack(%a: tensor<16x8xf32>, %o: tensor<2x2x8x4xf32>) -> tensor<2x2x8x4xf32> {
  %0 = linalg.pack %a inner_dims_pos = [0, 1] inner_tiles = [8, 4] into %o : tensor<16x8xf32> -> tensor<2x2x8x4xf32>
  return %0 : tensor<2x2x8x4xf32>
}

// CHECK-LABEL: func @unpack
// CHECK-NOT: linalg.unpack
// CHECK: linalg.transpose
func.func @unpack(%a: tensor<2x2x8x4xf32>, %o: tensor<16x8xf32>) -> tensor<16x8xf32> {
  %0 = linalg.unpack %a inner_dims_pos = [0, 1] inner_tiles = [8, 4] into %o : tensor<2x2x8x4xf32> -> tensor<16x8xf32>
  return %0 : tensor<16x8xf32>
}

// CHECK-LABEL: func @loops
// CHECK: linalg.matmul
func.func @loops(%a: tensor<4x4xf32>, %o: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%o : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
