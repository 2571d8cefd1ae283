func.func @weights() -> tensor<3x3x!lowbit.log<4>> {
  %0 = arith.constant dense_resource<w> : tensor<3x3x!lowbit.log<4>>
  return %0 : tensor<3x3x!lowbit.log<4>>
}
{-# dialect_resources: { builtin: { w: "0x40000000010203040506" } } #-}
