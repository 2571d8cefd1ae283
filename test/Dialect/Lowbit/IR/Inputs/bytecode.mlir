// A little of everything, for bytecode-invalid.test.
func.func @f(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %r: tensor<4x64xi32>)
    -> tensor<4x64x!lowbit.minifloat<e3m2fnuz, bias = 5>> {
  %0 = lowbit.quantize %x scale(%s) block [1, 32] random(%r) {rounding = #lowbit.rounding<stochastic>}
      : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<4x64xi32>) -> tensor<4x64x!lowbit.minifloat<e3m2fnuz, bias = 5>>
  %1 = lowbit.convert %0 : tensor<4x64x!lowbit.minifloat<e3m2fnuz, bias = 5>> to tensor<4x64x!lowbit.codebook<2, [-1.0, 0.0, 0.5, 1.0]>>
  %2 = lowbit.choose_scale %x for !lowbit.log<4, frac = 1> {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<f16>
  return %0 : tensor<4x64x!lowbit.minifloat<e3m2fnuz, bias = 5>>
}
