func.func @f(%a: tensor<2x4x64xf8E4M3FN>, %as: tensor<2x4x1xf32>, %b: tensor<32x64xi4>, %bs: tensor<32x2xf16>, %bz: tensor<32x2xi8>, %d: tensor<32xf32>) -> tensor<2x4x32xf16> {
  %c = lowbit.matmul %a scale(%as) block [1, 1, 0], %b scale(%bs) zero_point(%bz) block [1, 32] bias(%d) transpose_b {acc = f16, promote_every = 128 : i64} : (tensor<2x4x64xf8E4M3FN>, tensor<2x4x1xf32>, tensor<32x64xi4>, tensor<32x2xf16>, tensor<32x2xi8>, tensor<32xf32>) -> tensor<2x4x32xf16>
  return %c : tensor<2x4x32xf16>
}
