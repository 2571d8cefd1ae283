// Eight weights in two groups of four: the scale of a group is its largest
// magnitude over 7, the largest int4. Everything here is constant, so
// canonicalization evaluates it.
//
//   lowbit-opt examples/constant.mlir --canonicalize

func.func @weights() -> (tensor<1x8xi4>, tensor<1x2xf32>) {
  %w = arith.constant dense<[[0.1, -0.7, 0.35, 0.3, 3.5, 1.2, -2.0, 0.0]]>
      : tensor<1x8xf32>
  %s = lowbit.choose_scale %w for i4 block [1, 4]
      : (tensor<1x8xf32>) -> tensor<1x2xf32>
  %q = lowbit.quantize %w scale(%s) block [1, 4]
      : (tensor<1x8xf32>, tensor<1x2xf32>) -> tensor<1x8xi4>
  return %q, %s : tensor<1x8xi4>, tensor<1x2xf32>
}
