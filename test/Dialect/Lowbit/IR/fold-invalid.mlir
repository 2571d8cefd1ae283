// What constants show to be wrong is reported while folding.

// RUN: lowbit-opt %s --canonicalize --split-input-file --verify-diagnostics
// A folder cannot fail the pass; lowbit-opt fails all the same.
// RUN: not lowbit-opt %s --canonicalize --split-input-file 2>&1 | FileCheck %s
// CHECK: error: 'lowbit.choose_scale' op C9

func.func @c9() -> tensor<2xf4E2M1FN> {
  %x = arith.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  // expected-error@+1 {{C9: a block of the constant input holds a NaN or an infinity, and the scale type 'f4E2M1FN' has no NaN}}
  %0 = lowbit.choose_scale %x for i8 block [1] : (tensor<2xf32>) -> tensor<2xf4E2M1FN>
  return %0 : tensor<2xf4E2M1FN>
}

// -----

func.func @c9_minmax() -> (tensor<1x!lowbit.minifloat<e3m3finite>>, tensor<1xui4>) {
  %x = arith.constant dense<[1.0, 0xFF800000]> : tensor<2xf32>
  // expected-error@+1 {{C9: a block of the constant input holds a NaN or an infinity, and the scale type '!lowbit.minifloat<e3m3finite>' has no NaN}}
  %0, %1 = lowbit.choose_scale %x for ui4 {method = #lowbit.scale_method<minmax>} : (tensor<2xf32>) -> (tensor<1x!lowbit.minifloat<e3m3finite>>, tensor<1xui4>)
  return %0, %1 : tensor<1x!lowbit.minifloat<e3m3finite>>, tensor<1xui4>
}
