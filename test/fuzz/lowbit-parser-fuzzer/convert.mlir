func.func @f(%a: f32, %v: vector<5xf16>, %t: tensor<3x?xf8E5M2>, %r: tensor<3x?xi32>) -> (f8E5M2, vector<5xf6E2M3FN>, tensor<3x?x!lowbit.minifloat<ue5m3fn>>) {
  %0 = lowbit.convert %a {overflow = #lowbit.overflow<ieee>} : f32 to f8E5M2
  %1 = lowbit.convert %v {rounding = #lowbit.rounding<toward_zero>} : vector<5xf16> to vector<5xf6E2M3FN>
  %2 = lowbit.convert %t random(%r : tensor<3x?xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<3x?xf8E5M2> to tensor<3x?x!lowbit.minifloat<ue5m3fn>>
  return %0, %1, %2 : f8E5M2, vector<5xf6E2M3FN>, tensor<3x?x!lowbit.minifloat<ue5m3fn>>
}
