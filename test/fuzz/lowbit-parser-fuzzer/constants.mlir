func.func @f() -> (tensor<1x8xi4>, tensor<1x2xf32>, tensor<1x8xf32>, f8E4M3FN, tensor<2x!lowbit.log<4>>) {
  %w = arith.constant dense<[[0.1, -0.7, 0.35, 0.3, 3.5, 1.2, -2.0, 0.0]]> : tensor<1x8xf32>
  %s = lowbit.choose_scale %w for i4 block [1, 4] : (tensor<1x8xf32>) -> tensor<1x2xf32>
  %q = lowbit.quantize %w scale(%s) block [1, 4] : (tensor<1x8xf32>, tensor<1x2xf32>) -> tensor<1x8xi4>
  %x = lowbit.dequantize %q scale(%s) block [1, 4] : (tensor<1x8xi4>, tensor<1x2xf32>) -> tensor<1x8xf32>
  %c = arith.constant 1.7 : f32
  %n = lowbit.convert %c : f32 to f8E4M3FN
  %v = arith.constant dense<[1.0, 0xFF800000]> : tensor<2xf32>
  %l = lowbit.convert %v : tensor<2xf32> to tensor<2x!lowbit.log<4>>
  return %q, %s, %x, %n, %l : tensor<1x8xi4>, tensor<1x2xf32>, tensor<1x8xf32>, f8E4M3FN, tensor<2x!lowbit.log<4>>
}
