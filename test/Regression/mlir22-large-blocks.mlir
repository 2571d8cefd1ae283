// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// microsoft/onnxruntime#28551: MatMulNBits with blocks of 512 gave zeros and no
// error. A block is as large as it is written, ragged at the end or not.

func.func @dequantize(%q: tensor<1x1030xi4>, %s: tensor<1x3xf32>) -> tensor<1x1030xf32> {
  %x = lowbit.dequantize %q scale(%s) block [1, 512] : (tensor<1x1030xi4>, tensor<1x3xf32>) -> tensor<1x1030xf32>
  return %x : tensor<1x1030xf32>
}

func.func @main() {
  %q = arith.constant dense<3> : tensor<1x1030xi4>
  %s = arith.constant dense<[[1.0, 10.0, 100.0]]> : tensor<1x3xf32>
  %x = call @dequantize(%q, %s) : (tensor<1x1030xi4>, tensor<1x3xf32>) -> tensor<1x1030xf32>
  %c0 = arith.constant 0 : index
  %c511 = arith.constant 511 : index
  %c512 = arith.constant 512 : index
  %c1023 = arith.constant 1023 : index
  %c1029 = arith.constant 1029 : index
  // CHECK: 3
  %a = tensor.extract %x[%c0, %c511] : tensor<1x1030xf32>
  vector.print %a : f32
  // CHECK-NEXT: 30
  %b = tensor.extract %x[%c0, %c512] : tensor<1x1030xf32>
  vector.print %b : f32
  // CHECK-NEXT: 30
  %c = tensor.extract %x[%c0, %c1023] : tensor<1x1030xf32>
  vector.print %c : f32
  // CHECK-NEXT: 300
  %d = tensor.extract %x[%c0, %c1029] : tensor<1x1030xf32>
  vector.print %d : f32
  return
}
