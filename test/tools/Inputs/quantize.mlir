// Rows of any number of elements, in groups of two.

func.func @quantize(%x: tensor<?x4xf32>, %s: tensor<?x2xf32>) -> (tensor<?x4xi4>, tensor<?x4xf32>) {
  %q = lowbit.quantize %x scale(%s) block [1, 2] : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x4xi4>
  %y = lowbit.dequantize %q scale(%s) block [1, 2] : (tensor<?x4xi4>, tensor<?x2xf32>) -> tensor<?x4xf32>
  return %q, %y : tensor<?x4xi4>, tensor<?x4xf32>
}
