// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// llvm/llvm-project#152966: MLIR 22 rejects !quant.uniform<f8E4M3FN:f32, ..>
// ("illegal storage type size" and an uninitialized number), and so there is
// no quantized FP8 tensor. In lowbit any format is quantized under scales.

func.func @quantize(%x: tensor<2x4xf32>, %s: tensor<2x1xf32>) -> tensor<2x4xf8E4M3FN> {
  %q = lowbit.quantize %x scale(%s) : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf8E4M3FN>
  return %q : tensor<2x4xf8E4M3FN>
}

func.func @main() {
  %x = arith.constant dense<[[1.0, 1.1, 1000.0, -0.5], [1.0, 1.1, 1000.0, 0x7FC00000]]> : tensor<2x4xf32>
  %s = arith.constant dense<[[1.0], [4.0]]> : tensor<2x1xf32>
  %q = call @quantize(%x, %s) : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf8E4M3FN>
  %y = lowbit.dequantize %q scale(%s) : (tensor<2x4xf8E4M3FN>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %v = vector.transfer_read %y[%c0, %c0], %pad {in_bounds = [true, true]} : tensor<2x4xf32>, vector<2x4xf32>
  // CHECK: ( ( 1, 1.125, 448, -0.5 ), ( 1, 1.125, 1024, nan ) )
  vector.print %v : vector<2x4xf32>
  return
}
