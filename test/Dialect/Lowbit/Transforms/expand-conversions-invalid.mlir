// RUN: lowbit-opt %s --lowbit-expand-conversions --split-input-file --verify-diagnostics

// Values from 2^-44 to 2^46: one binary digit more than 128-bit products take.
func.func @wide_codebook(%x: f32, %r: i32) -> !lowbit.codebook<2, [70368744177664.0, 0.0, 5.684341886080802e-14, -1.0]> {
  // expected-error @+1 {{cannot be expanded: stochastic rounding to a codebook needs values that span at most 90 binary digits, found 91}}
  %q = lowbit.convert %x random(%r : i32) {rounding = #lowbit.rounding<stochastic>} : f32 to !lowbit.codebook<2, [70368744177664.0, 0.0, 5.684341886080802e-14, -1.0]>
  return %q : !lowbit.codebook<2, [70368744177664.0, 0.0, 5.684341886080802e-14, -1.0]>
}

// -----

func.func @quantize(%x: tensor<4xf32>, %s: f32, %r: tensor<4xi32>) -> tensor<4x!lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>> {
  // expected-error @+1 {{span at most 90 binary digits, found 218}}
  %q = lowbit.quantize %x scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32, tensor<4xi32>) -> tensor<4x!lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>>
  return %q : tensor<4x!lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>>
}

// -----

// One op that cannot be expanded does not keep the others from it, and every
// one is reported.
func.func @several(%x: f32, %r: i32) -> (!lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>, !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, 1.0]>) {
  // expected-error @+1 {{cannot be expanded}}
  %p = lowbit.convert %x random(%r : i32) {rounding = #lowbit.rounding<stochastic>} : f32 to !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>
  // expected-error @+1 {{cannot be expanded}}
  %q = lowbit.convert %x random(%r : i32) {rounding = #lowbit.rounding<stochastic>} : f32 to !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, 1.0]>
  return %p, %q : !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>, !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, 1.0]>
}

// -----

// The other roundings have no such limit, nor have logarithms of whole octaves.
func.func @fine(%x: f32, %r: i32) -> (!lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>, !lowbit.log<8>) {
  %p = lowbit.convert %x : f32 to !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>
  %q = lowbit.convert %x random(%r : i32) {rounding = #lowbit.rounding<stochastic>} : f32 to !lowbit.log<8>
  return %p, %q : !lowbit.codebook<2, [1.0e30, 0.0, 1.0e-30, -1.0]>, !lowbit.log<8>
}
