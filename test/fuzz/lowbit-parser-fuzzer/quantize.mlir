func.func @f(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: tensor<4x2xi4>, %r: tensor<4x64xi32>) -> (tensor<4x64xi4>, tensor<4x64xf16>) {
  %q = lowbit.quantize %x scale(%s) zero_point(%z) block [1, 32] random(%r) {rounding = #lowbit.rounding<stochastic>, overflow = #lowbit.overflow<ieee>} : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<4x2xi4>, tensor<4x64xi32>) -> tensor<4x64xi4>
  %d = lowbit.dequantize %q scale(%s) zero_point(%z) block [1, 32] {rounding = #lowbit.rounding<toward_zero>} : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<4x2xi4>) -> tensor<4x64xf16>
  return %q, %d : tensor<4x64xi4>, tensor<4x64xf16>
}
