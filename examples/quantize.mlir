// Two ways to make a small tensor out of a large one.
//
//   lowbit-opt examples/quantize.mlir --lowbit-expand-conversions --canonicalize --cse

// FP8 E4M3, one scale for each row. The block [1, 0] says: one row, all of its
// elements.
func.func @to_fp8(%x: tensor<4x64xf32>, %scale: tensor<4x1xf32>)
    -> tensor<4x64xf8E4M3FN> {
  %q = lowbit.quantize %x scale(%scale) block [1, 0]
      : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xf8E4M3FN>
  return %q : tensor<4x64xf8E4M3FN>
}

// int4 in groups of 32 along each row, as weights are stored.
func.func @to_int4(%x: tensor<4x64xf32>, %scale: tensor<4x2xf32>)
    -> tensor<4x64xi4> {
  %q = lowbit.quantize %x scale(%scale) block [1, 32]
      : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return %q : tensor<4x64xi4>
}

// And back.
func.func @from_int4(%q: tensor<4x64xi4>, %scale: tensor<4x2xf32>)
    -> tensor<4x64xf32> {
  %x = lowbit.dequantize %q scale(%scale) block [1, 32]
      : (tensor<4x64xi4>, tensor<4x2xf32>) -> tensor<4x64xf32>
  return %x : tensor<4x64xf32>
}
