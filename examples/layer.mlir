// A linear layer with int4 weights in groups of 32, run the way language models
// are: each token (row of %x) is quantized to int8 on the way in, the product
// is formed in integers, scales and bias are applied to the sums.
//
//   lowbit-run examples/layer.mlir --check             compare with the reference
//   lowbit-run examples/layer.mlir --benchmark=200     how fast?
//
// The weights are marked as the same in every call: @layer.pack brings them into
// the order in which the kernel reads them, once.
func.func @layer(%x: tensor<8x1024xf32>,
                 %w: tensor<1024x1024xi4> {lowbit.weight},
                 %s: tensor<1024x32xf32> {lowbit.weight},
                 %bias: tensor<1024xf32>) -> tensor<8x1024xf32> {
  %xs = lowbit.choose_scale %x for i8 block [1, 0]
      : (tensor<8x1024xf32>) -> tensor<8x1xf32>
  %q = lowbit.quantize %x scale(%xs) block [1, 0]
      : (tensor<8x1024xf32>, tensor<8x1xf32>) -> tensor<8x1024xi8>
  %y = lowbit.matmul %q scale(%xs) block [1, 0], %w scale(%s) block [1, 32]
      bias(%bias) transpose_b
      : (tensor<8x1024xi8>, tensor<8x1xf32>, tensor<1024x1024xi4>,
         tensor<1024x32xf32>, tensor<1024xf32>) -> tensor<8x1024xf32>
  return %y : tensor<8x1024xf32>
}
