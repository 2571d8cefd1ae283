// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// MLIR 22's --lower-quant-ops converts by arith.fptosi and clamps afterwards:
// 1.7 gives 1, and 300.0 wraps to 44. StableHLO, ONNX and TensorRT clamp and
// round to nearest even (openxla/stablehlo#2234).

!q = !quant.uniform<i8:f32, 1.0>
!u = !quant.uniform<u8:f32, 0.5:10>

func.func @quantize(%x: tensor<8xf32>) -> tensor<8xi8> {
  %q = quant.qcast %x : tensor<8xf32> to tensor<8x!q>
  %c = quant.scast %q : tensor<8x!q> to tensor<8xi8>
  return %c : tensor<8xi8>
}

func.func @quantize_unsigned(%x: tensor<8xf32>) -> tensor<8xi8> {
  %q = quant.qcast %x : tensor<8xf32> to tensor<8x!u>
  %c = quant.scast %q : tensor<8x!u> to tensor<8xi8>
  return %c : tensor<8xi8>
}

func.func @main() {
  %x = arith.constant dense<[1.7, -1.7, 2.5, -3.5, 300.0, -300.0, 0x7F800000, 0.4]> : tensor<8xf32>
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0 : i8
  %y = call @quantize(%x) : (tensor<8xf32>) -> tensor<8xi8>
  %v = vector.transfer_read %y[%c0], %pad {in_bounds = [true]} : tensor<8xi8>, vector<8xi8>
  // CHECK: ( 2, -2, 2, -4, 127, -128, 127, 0 )
  vector.print %v : vector<8xi8>

  // 3.4 + 10, -3.4 + 10, 15, 3, 610, -590, infinity, 10.8.
  %z = call @quantize_unsigned(%x) : (tensor<8xf32>) -> tensor<8xi8>
  %w = vector.transfer_read %z[%c0], %pad {in_bounds = [true]} : tensor<8xi8>, vector<8xi8>
  %e = arith.extui %w : vector<8xi8> to vector<8xi32>
  // CHECK: ( 13, 7, 15, 3, 255, 0, 255, 11 )
  vector.print %e : vector<8xi32>
  return
}
