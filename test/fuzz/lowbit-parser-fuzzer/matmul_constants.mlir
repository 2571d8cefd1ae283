func.func @f() -> tensor<1x2xf32> {
  %a = arith.constant dense<[[1, -2, 3]]> : tensor<1x3xi8>
  %b = arith.constant dense<[[1.0, 0.5], [-1.0, 6.0], [0.0, 3.0]]> : tensor<3x2xf4E2M1FN>
  %s = arith.constant dense<0.5> : tensor<f32>
  %c = lowbit.matmul %a scale(%s), %b scale(%s) : (tensor<1x3xi8>, tensor<f32>, tensor<3x2xf4E2M1FN>, tensor<f32>) -> tensor<1x2xf32>
  return %c : tensor<1x2xf32>
}
