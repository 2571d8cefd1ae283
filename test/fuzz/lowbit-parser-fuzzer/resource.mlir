func.func @f() -> tensor<4x!lowbit.codebook<4, nf4>> {
  %c = arith.constant dense_resource<w> : tensor<4x!lowbit.codebook<4, nf4>>
  return %c : tensor<4x!lowbit.codebook<4, nf4>>
}
{-#
  dialect_resources: {
    builtin: {
      w: "0x400000001032"
    }
  }
#-}
