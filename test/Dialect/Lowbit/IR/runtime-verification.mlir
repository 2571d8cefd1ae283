// RUN: lowbit-opt %s --generate-runtime-verification --canonicalize --cse | FileCheck %s

// What types leave open is checked before the op, and nothing else.

// CHECK-DAG: #[[$BLOCKS:map[0-9]*]] = affine_map<()[s0] -> (s0 ceildiv 32)>

// CHECK-LABEL: func.func @static
// CHECK-NOT: cf.assert
// CHECK: return
func.func @static(%a: tensor<4x64xi8>, %as: tensor<4x1xf32>, %b: tensor<8x64xi4>,
                  %bs: tensor<8x2xf32>, %d: tensor<8xf32>) -> tensor<4x8xf32> {
  %c = lowbit.matmul %a scale(%as) block [1, 0], %b scale(%bs) block [1, 32] bias(%d) transpose_b {acc = i32}
      : (tensor<4x64xi8>, tensor<4x1xf32>, tensor<8x64xi4>, tensor<8x2xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %c : tensor<4x8xf32>
}

// Sizes that are open, but cannot be wrong.
// CHECK-LABEL: func.func @dynamic_but_right
// CHECK-NOT: cf.assert
// CHECK: return
func.func @dynamic_but_right(%q: tensor<?x64xi8>, %s: tensor<1x2xf32>, %t: f32) -> (tensor<?x64xf32>, tensor<?x2xf32>) {
  %x = lowbit.dequantize %q scale(%s) block [0, 32] : (tensor<?x64xi8>, tensor<1x2xf32>) -> tensor<?x64xf32>
  %y = lowbit.quantize %x scale(%t) : (tensor<?x64xf32>, f32) -> tensor<?x64xi8>
  %z = lowbit.dequantize %y scale(%t) : (tensor<?x64xi8>, f32) -> tensor<?x64xf32>
  %u = lowbit.choose_scale %x for i4 block [1, 32] : (tensor<?x64xf32>) -> tensor<?x2xf32>
  return %z, %u : tensor<?x64xf32>, tensor<?x2xf32>
}

// CHECK-LABEL: func.func @scale
// CHECK-SAME: (%[[Q:.*]]: tensor<?x?xi8>, %[[S:.*]]: tensor<?x?xf32>, %[[Z:.*]]: tensor<?x?xi8>)
// CHECK-DAG: %[[S0:.*]] = tensor.dim %[[S]], %c0
// CHECK-DAG: %[[Q0:.*]] = tensor.dim %[[Q]], %c0
// CHECK: %[[ROWS:.*]] = arith.cmpi eq, %[[S0]], %[[Q0]]
// CHECK: cf.assert %[[ROWS]], "ERROR: Runtime op verification failed\0A{{.*}}lowbit.dequantize{{.*}}\0A^ S5: expected ceil(d / 1) scales in dimension 0 of the scale (d is the data's size there); found another number\0ALocation: loc({{.*}})"
// CHECK: %[[Z0:.*]] = tensor.dim %[[Z]], %c0
// CHECK: arith.cmpi eq, %[[Z0]], %[[S0]]
// CHECK: cf.assert {{.*}}Z1: expected the zero point to have the scale's size in dimension 0
// CHECK-DAG: %[[S1:.*]] = tensor.dim %[[S]], %c1
// CHECK-DAG: %[[Q1:.*]] = tensor.dim %[[Q]], %c1
// CHECK: %[[N:.*]] = affine.apply #[[$BLOCKS]]()[%[[Q1]]]
// CHECK: arith.cmpi eq, %[[S1]], %[[N]]
// CHECK: cf.assert {{.*}}S5: expected ceil(d / 32) scales in dimension 1 of the scale
// CHECK: cf.assert {{.*}}Z1: {{.*}}in dimension 1
// CHECK: lowbit.dequantize
// CHECK-NOT: cf.assert
// CHECK: return
func.func @scale(%q: tensor<?x?xi8>, %s: tensor<?x?xf32>, %z: tensor<?x?xi8>) -> tensor<?x?xf32> {
  %x = lowbit.dequantize %q scale(%s) zero_point(%z) block [1, 32] : (tensor<?x?xi8>, tensor<?x?xf32>, tensor<?x?xi8>) -> tensor<?x?xf32>
  return %x : tensor<?x?xf32>
}

// The scale's type has a size and the data's has none, or the other way round.
// CHECK-LABEL: func.func @half_known
// CHECK: cf.assert {{.*}}S5: expected 1 scale in dimension 0 of the scale (block 0 is the whole dimension); found another number
// CHECK: cf.assert {{.*}}S5: expected ceil(d / 32) scales in dimension 1
// CHECK-NOT: cf.assert
// CHECK: return
func.func @half_known(%x: tensor<4x?xf32>, %s: tensor<?x2xf32>) -> tensor<4x?xi8> {
  %q = lowbit.quantize %x scale(%s) block [0, 32] : (tensor<4x?xf32>, tensor<?x2xf32>) -> tensor<4x?xi8>
  return %q : tensor<4x?xi8>
}

// CHECK-LABEL: func.func @random
// CHECK-SAME: (%[[X:.*]]: tensor<4x?xf32>, %[[S:.*]]: f32, %[[R:.*]]: tensor<4x?xi32>)
// CHECK-DAG: %[[R1:.*]] = tensor.dim %[[R]], %c1
// CHECK-DAG: %[[X1:.*]] = tensor.dim %[[X]], %c1
// CHECK: arith.cmpi eq, %[[R1]], %[[X1]]
// CHECK: cf.assert {{.*}}lowbit.quantize{{.*}}R2: expected `random` to have the input's size in dimension 1
// CHECK: cf.assert {{.*}}lowbit.convert{{.*}}R2: expected `random` to have the input's size in dimension 1
// CHECK-NOT: cf.assert
// CHECK: return
func.func @random(%x: tensor<4x?xf32>, %s: f32, %r: tensor<4x?xi32>) -> (tensor<4x?xi8>, tensor<4x?xf8E5M2>) {
  %q = lowbit.quantize %x scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<4x?xf32>, f32, tensor<4x?xi32>) -> tensor<4x?xi8>
  %y = lowbit.convert %x random(%r : tensor<4x?xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<4x?xf32> to tensor<4x?xf8E5M2>
  return %q, %y : tensor<4x?xi8>, tensor<4x?xf8E5M2>
}

// Vectors and scalars have no size to check.
// CHECK-LABEL: func.func @scalars
// CHECK-NOT: cf.assert
// CHECK: return
func.func @scalars(%x: vector<4xf32>, %r: vector<4xi32>, %y: f32, %s: i32) -> (vector<4xi8>, i8) {
  %q = lowbit.convert %x random(%r : vector<4xi32>) {rounding = #lowbit.rounding<stochastic>} : vector<4xf32> to vector<4xi8>
  %p = lowbit.convert %y random(%s : i32) {rounding = #lowbit.rounding<stochastic>} : f32 to i8
  return %q, %p : vector<4xi8>, i8
}

// Only a result's type can be wrong.
// CHECK-LABEL: func.func @choose_scale
// CHECK: cf.assert {{.*}}S5: expected ceil(d / 32) scales in dimension 1 of the result (d is the data's size there); its type has 2
// CHECK-NOT: cf.assert
// CHECK: return
func.func @choose_scale(%x: tensor<?x?xf32>) -> (tensor<?x2xf32>, tensor<?x2xui4>) {
  %s, %z = lowbit.choose_scale %x for ui4 block [1, 32] {method = #lowbit.scale_method<minmax>} : (tensor<?x?xf32>) -> (tensor<?x2xf32>, tensor<?x2xui4>)
  return %s, %z : tensor<?x2xf32>, tensor<?x2xui4>
}

// CHECK-LABEL: func.func @matmul
// CHECK: cf.assert {{.*}}M2: expected equal batch dimensions, found others in dimension 0
// CHECK: cf.assert {{.*}}M3: expected B's dimension 2 to be K, the size of A's last dimension
// CHECK: cf.assert {{.*}}M4: expected the result to have the size of A's dimension 1 in dimension 1; its type has 4
// CHECK: cf.assert {{.*}}M5: expected a bias of N values, N the size of B's dimension 1
// CHECK: cf.assert {{.*}}S5: expected ceil(d / 32) scales in dimension 2 of the scale of B
// CHECK-NOT: cf.assert
// CHECK: lowbit.matmul
func.func @matmul(%a: tensor<?x?x?xf32>, %b: tensor<2x8x64xi4>, %s: tensor<2x8x?xf32>, %d: tensor<?xf32>) -> tensor<?x4x8xf32> {
  %c = lowbit.matmul %a, %b scale(%s) block [1, 1, 32] bias(%d) transpose_b
      : (tensor<?x?x?xf32>, tensor<2x8x64xi4>, tensor<2x8x?xf32>, tensor<?xf32>) -> tensor<?x4x8xf32>
  return %c : tensor<?x4x8xf32>
}

// A block bounds the partial sums of acc = i32, so K may be anything.
// CHECK-LABEL: func.func @integer_sums
// CHECK: cf.assert {{.*}}M3:
// CHECK: cf.assert {{.*}}S5: {{.*}} of the scale of B
// CHECK-NOT: cf.assert
// CHECK: return
func.func @integer_sums(%a: tensor<4x?xi8>, %b: tensor<8x?xi8>, %s: tensor<8x?xf32>) -> tensor<4x8xf32> {
  %c = lowbit.matmul %a, %b scale(%s) block [1, 32] transpose_b {acc = i32}
      : (tensor<4x?xi8>, tensor<8x?xi8>, tensor<8x?xf32>) -> tensor<4x8xf32>
  return %c : tensor<4x8xf32>
}
