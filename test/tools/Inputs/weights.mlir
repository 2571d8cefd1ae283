// A product with weights, then the larger of it and 0, quantized.

func.func @relu(%a: tensor<4x64xf32>, %b: tensor<32x64xi4> {lowbit.weight}, %s: tensor<32x2xf32> {lowbit.weight}) -> (tensor<4x32xf32>, tensor<4x32xi8>) {
  %c = lowbit.matmul %a, %b scale(%s) block [1, 32] transpose_b : (tensor<4x64xf32>, tensor<32x64xi4>, tensor<32x2xf32>) -> tensor<4x32xf32>
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x32xf32>
  %r = linalg.map ins(%c : tensor<4x32xf32>) outs(%init : tensor<4x32xf32>)
    (%x: f32, %old: f32) {
      %m = arith.maximumf %x, %zero : f32
      linalg.yield %m : f32
    }
  %one = arith.constant 1.0 : f32
  %q = lowbit.quantize %r scale(%one) : (tensor<4x32xf32>, f32) -> tensor<4x32xi8>
  return %r, %q : tensor<4x32xf32>, tensor<4x32xi8>
}
