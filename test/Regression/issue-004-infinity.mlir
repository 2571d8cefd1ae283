// Infinite operands stay infinite: an operand is not saturated to f32's largest
// number on its way to the product, as lowbit.dequantize alone would do.
//
// RUN: lowbit-run %s --entry=weights --check | FileCheck %s
// RUN: lowbit-run %s --entry=weights --cpu=x86-64-v2 --check | FileCheck %s
// RUN: lowbit-run %s --entry=zero_points --check | FileCheck %s
// RUN: lowbit-run %s --entry=zero_points --cpu=x86-64-v2 --check | FileCheck %s
// RUN: lowbit-run %s --entry=activations --check | FileCheck %s
// RUN: lowbit-run %s --entry=activations --cpu=x86-64-v2 --check | FileCheck %s
// RUN: lowbit-run %s --entry=scaled_activations --check | FileCheck %s
// RUN: lowbit-run %s --entry=half --check | FileCheck %s
// CHECK: as expected
// REQUIRES: x86_64

func.func @weights(%a: tensor<2x2xf32>, %s: tensor<2x1xf32>) -> tensor<2x2xf32> {
  %b = arith.constant dense<[[0x7C, 0x3C], [0xFC, 0x3C]]> : tensor<2x2xf8E5M2>
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<2x2xf32>, tensor<2x2xf8E5M2>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %c : tensor<2x2xf32>
}

func.func @zero_points(%a: tensor<2x2xf32>, %s: tensor<2x1xf32>, %z: tensor<2x1xf32>) -> tensor<2x2xf32> {
  %b = arith.constant dense<[[0x7C, 0x3C], [0xFC, 0x3C]]> : tensor<2x2xf8E5M2>
  %c = lowbit.matmul %a, %b scale(%s) zero_point(%z) transpose_b : (tensor<2x2xf32>, tensor<2x2xf8E5M2>, tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %c : tensor<2x2xf32>
}

func.func @activations(%b: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %a = arith.constant dense<[[0x7C, 0x3C], [0xFC, 0x3C]]> : tensor<2x2xf8E5M2>
  %c = lowbit.matmul %a, %b transpose_b : (tensor<2x2xf8E5M2>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %c : tensor<2x2xf32>
}

func.func @scaled_activations(%b: tensor<2x2xf32>, %s: tensor<2x1xf32>) -> tensor<2x2xf32> {
  %a = arith.constant dense<[[0x7C, 0x3C], [0xFC, 0x3C]]> : tensor<2x2xf8E5M2>
  %c = lowbit.matmul %a scale(%s), %b transpose_b : (tensor<2x2xf8E5M2>, tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %c : tensor<2x2xf32>
}

func.func @half(%b: tensor<2x2xi4>) -> tensor<2x2xf32> {
  %a = arith.constant dense<[[0x7C00, 0x3C00], [0xFC00, 0x3C00]]> : tensor<2x2xf16>
  %c = lowbit.matmul %a, %b transpose_b : (tensor<2x2xf16>, tensor<2x2xi4>) -> tensor<2x2xf32>
  return %c : tensor<2x2xf32>
}
