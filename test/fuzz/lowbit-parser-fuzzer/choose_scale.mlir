func.func @f(%x: tensor<4x64xbf16>) -> (tensor<4x2xf8E8M0FNU>, tensor<4x1xf32>, tensor<4x1xui4>) {
  %m = lowbit.choose_scale %x for f8E4M3FN block [1, 32] {method = #lowbit.scale_method<mx_rceil>} : (tensor<4x64xbf16>) -> tensor<4x2xf8E8M0FNU>
  %s, %z = lowbit.choose_scale %x for ui4 block [1, 0] {method = #lowbit.scale_method<minmax>} : (tensor<4x64xbf16>) -> (tensor<4x1xf32>, tensor<4x1xui4>)
  return %m, %s, %z : tensor<4x2xf8E8M0FNU>, tensor<4x1xf32>, tensor<4x1xui4>
}
