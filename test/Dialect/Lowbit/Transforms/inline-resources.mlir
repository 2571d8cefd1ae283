// RUN: split-file %s %t
// RUN: lowbit-opt %t/good.mlir --lowbit-inline-resources | FileCheck %s
// RUN: not lowbit-opt %t/bad.mlir --lowbit-inline-resources 2>&1 | FileCheck %s --check-prefix=BAD

//--- good.mlir
// Rows start on a byte: 1, 2, 3 and -1, -2, -3 in two bytes each.
// CHECK-LABEL: func @packed
// CHECK: arith.constant dense<{{\[}}[1, 2, 3], [-1, -2, -3]]> : tensor<2x3xi4>
func.func @packed() -> tensor<2x3xi4> {
  %0 = arith.constant dense_resource<packed> : tensor<2x3xi4>
  return %0 : tensor<2x3xi4>
}

// 3 bits: elements cross the bytes.
// CHECK-LABEL: func @crossing
// CHECK: arith.constant dense<[1, 2, 3, 4, 5]> : tensor<5xui3>
func.func @crossing() -> tensor<5xui3> {
  %0 = arith.constant dense_resource<crossing> : tensor<5xui3>
  return %0 : tensor<5xui3>
}

// CHECK-LABEL: func @containers
// CHECK: arith.constant dense<[5, -1]> : tensor<2xi9>
func.func @containers() -> tensor<2xi9> {
  %0 = arith.constant dense_resource<containers> : tensor<2xi9>
  return %0 : tensor<2xi9>
}

// CHECK-LABEL: func @scalar
// CHECK: %[[C:.*]] = arith.constant dense<1.500000e+00> : tensor<f32>
// CHECK: tensor.extract
func.func @scalar() -> f32 {
  %0 = arith.constant dense_resource<scalar> : tensor<f32>
  %1 = tensor.extract %0[] : tensor<f32>
  return %1 : f32
}

// No attribute holds a !lowbit type.
// CHECK-LABEL: func @lowbit
// CHECK: %[[C:.*]] = arith.constant dense<[1, 2]> : tensor<2xi4>
// CHECK: lowbit.bitcast %[[C]] : tensor<2xi4> to tensor<2x!lowbit.log<4>>
func.func @lowbit() -> tensor<2x!lowbit.log<4>> {
  %0 = arith.constant dense_resource<lowbit> : tensor<2x!lowbit.log<4>>
  return %0 : tensor<2x!lowbit.log<4>>
}

// CHECK-LABEL: func @empty
// CHECK: arith.constant dense<> : tensor<3x0xi4>
func.func @empty() -> tensor<3x0xi4> {
  %0 = arith.constant dense_resource<empty> : tensor<3x0xi4>
  return %0 : tensor<3x0xi4>
}

// Large ones stay (its data does not matter).
// CHECK-LABEL: func @large
// CHECK: dense_resource<empty> : tensor<1025xi8>
func.func @large() -> tensor<1025xi8> {
  %0 = arith.constant dense_resource<empty> : tensor<1025xi8>
  return %0 : tensor<1025xi8>
}

{-# dialect_resources: { builtin: {
  packed: "0x400000002103EF0D",
  crossing: "0x40000000D158",
  containers: "0x400000000500FF01",
  scalar: "0x400000000000C03F",
  lowbit: "0x4000000021",
  empty: "0x40000000"
}} #-}

//--- bad.mlir
// BAD: error: 'arith.constant' op expected the blob 'short' of 'tensor<2xf32>' to have 8 bytes
func.func @short() -> tensor<2xf32> {
  %0 = arith.constant dense_resource<short> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

{-# dialect_resources: { builtin: { short: "0x400000000000C03F" }} #-}
