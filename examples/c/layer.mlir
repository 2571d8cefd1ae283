// A layer with int4 weights in groups of 32 along K, each with its scale, for
// any number of rows of activations. The weights are marked: the object then
// exports linear.pack, too, which brings them once into the order that the
// kernel reads.
func.func @linear(%x: tensor<?x64xf32>,
                  %w: tensor<32x64xi4> {lowbit.weight},
                  %scale: tensor<32x2xf32> {lowbit.weight})
    -> tensor<?x32xf32> {
  %y = lowbit.matmul %x, %w scale(%scale) block [1, 32] transpose_b
      : (tensor<?x64xf32>, tensor<32x64xi4>, tensor<32x2xf32>)
      -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}
