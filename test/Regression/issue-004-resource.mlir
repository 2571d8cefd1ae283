// A scale in a resource: upstream's folder of tensor.extract crashed on it. And
// zero points of 9 bits, which LLVM takes from no resource.
//
// RUN: lowbit-run %s --check | FileCheck %s
// CHECK: as expected

func.func @main(%a: tensor<3x8xf32>, %b: tensor<5x8xi8>) -> tensor<3x5xf32> {
  %low = arith.constant dense_resource<low> : tensor<1x1xf8E4M3FN>
  %outer = arith.constant dense_resource<outer> : tensor<f32>
  %z = arith.constant dense_resource<zero> : tensor<1x1xi9>
  %s = lowbit.dequantize %low scale(%outer) : (tensor<1x1xf8E4M3FN>, tensor<f32>) -> tensor<1x1xf32>
  %c = lowbit.matmul %a, %b scale(%s) zero_point(%z) transpose_b : (tensor<3x8xf32>, tensor<5x8xi8>, tensor<1x1xf32>, tensor<1x1xi9>) -> tensor<3x5xf32>
  return %c : tensor<3x5xf32>
}

{-# dialect_resources: { builtin: {
  low: "0x4000000039",
  outer: "0x400000000000C03F",
  zero: "0x400000000500"
}} #-}
