func.func @matmul(%a: tensor<?x64xf32>, %b: tensor<32x64xi4>, %s: tensor<32x2xf32>, %d: tensor<32xf32>) -> tensor<?x32xbf16> {
  %c = lowbit.matmul %a, %b scale(%s) block [1, 32] bias(%d) transpose_b : (tensor<?x64xf32>, tensor<32x64xi4>, tensor<32x2xf32>, tensor<32xf32>) -> tensor<?x32xbf16>
  return %c : tensor<?x32xbf16>
}
