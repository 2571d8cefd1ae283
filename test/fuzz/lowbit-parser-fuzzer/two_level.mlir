func.func @f(%q: tensor<?x32xf4E2M1FN>, %b: tensor<?x2xf8E4M3FN>, %t: f32) -> tensor<?x32xf32> {
  %s = lowbit.dequantize %b scale(%t) : (tensor<?x2xf8E4M3FN>, f32) -> tensor<?x2xf32>
  %x = lowbit.dequantize %q scale(%s) block [1, 16] : (tensor<?x32xf4E2M1FN>, tensor<?x2xf32>) -> tensor<?x32xf32>
  return %x : tensor<?x32xf32>
}
