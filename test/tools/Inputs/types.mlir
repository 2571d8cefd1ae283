// One argument and result of every kind of array.

func.func @all(%i4: tensor<2x3xi4>, %f8: tensor<2xf8E4M3FN>,
    %bf: tensor<2xbf16>, %f16: tensor<2xf16>, %m9: tensor<2x!lowbit.minifloat<e5m3fn>>,
    %i8: tensor<2xi8>, %ui8: tensor<2xui8>, %r0: tensor<f4E2M1FN>, %i1: tensor<2xi1>,
    %scalar: f32, %low: i4)
    -> (tensor<2x3xi4>, tensor<2xf8E4M3FN>, tensor<2xbf16>, tensor<2xf16>,
        tensor<2x!lowbit.minifloat<e5m3fn>>, tensor<2xi8>, tensor<2xui8>,
        tensor<f4E2M1FN>, tensor<2xi1>, f32, i4) {
  return %i4, %f8, %bf, %f16, %m9, %i8, %ui8, %r0, %i1, %scalar, %low
      : tensor<2x3xi4>, tensor<2xf8E4M3FN>, tensor<2xbf16>, tensor<2xf16>,
        tensor<2x!lowbit.minifloat<e5m3fn>>, tensor<2xi8>, tensor<2xui8>,
        tensor<f4E2M1FN>, tensor<2xi1>, f32, i4
}
