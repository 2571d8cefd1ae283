// Ops that are not. The function is named after the rule of docs/Formats.md
// that the op in it breaks, if it is not the syntax that is wrong.

// RUN: lowbit-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// Q: quantize. R: random words
//===----------------------------------------------------------------------===//

func.func @q1_f64(%x: tensor<4xf64>, %s: f32) {
  // expected-error@+1 {{Q1: expected input elements of a float type that f32 holds, found 'f64'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf64>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @q1_integer(%x: tensor<4xi8>, %s: f32) {
  // expected-error@+1 {{found 'i8'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xi8>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @q1_index(%x: tensor<4xindex>, %s: f32) {
  // expected-error@+1 {{found 'index'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xindex>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @q1_tf32(%x: tensor<4xtf32>, %s: f32) {
  // expected-error@+1 {{found 'tf32'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xtf32>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @q1_codebook(%x: tensor<4x!lowbit.codebook<4, nf4>>, %s: f32) {
  // expected-error@+1 {{found '!lowbit.codebook<4, nf4>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x!lowbit.codebook<4, nf4>>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @q2_f32(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{Q2: expected result elements of a number format of at most 16 bits (an integer of 2 to 8 bits, a small float, !lowbit.*), found 'f32'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @q2_i1(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{found 'i1'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xi1>
  return
}

// -----

func.func @q2_i9(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{found 'i9'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xi9>
  return
}

// -----

func.func @q2_ui16(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{found 'ui16'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xui16>
  return
}

// -----

func.func @q2_f128(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{found 'f128'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xf128>
  return
}

// -----

func.func @q2_complex_f32(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{found 'complex<f32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @q2_index(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{found 'index'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<4xindex>
  return
}

// -----

func.func @q3(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{Q3: expected the result to have the shape and encoding of the input 'tensor<4xf32>', found 'tensor<5xi4>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> tensor<5xi4>
  return
}

// -----

func.func @q3_dynamic(%x: tensor<?xf32>, %s: f32) {
  // expected-error@+1 {{found 'tensor<4xi4>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<?xf32>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @q3_encoding(%x: tensor<4xf32, "enc">, %s: f32) {
  // expected-error@+1 {{Q3: expected the result to have the shape and encoding of the input 'tensor<4xf32, "enc">', found 'tensor<4xi4>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32, "enc">, f32) -> tensor<4xi4>
  return
}

// -----

func.func @quantize_vector(%x: vector<4xf32>, %s: f32) {
  // expected-error@+1 {{operand #0 must be ranked tensor of any type values, but got 'vector<4xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (vector<4xf32>, f32) -> vector<4xi4>
  return
}

// -----

func.func @quantize_unranked(%x: tensor<*xf32>, %s: f32) {
  // expected-error@+1 {{operand #0 must be ranked tensor of any type values, but got 'tensor<*xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<*xf32>, f32) -> tensor<*xi4>
  return
}

// -----

func.func @quantize_to_scalar(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{result #0 must be ranked tensor of any type values, but got 'i4'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4xf32>, f32) -> i4
  return
}

// -----

func.func @r1_missing(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{R1: expected a `random` operand: rounding is stochastic}}
  %0 = lowbit.quantize %x scale(%s) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @r1_extra(%x: tensor<4xf32>, %s: f32, %r: tensor<4xi32>) {
  // expected-error@+1 {{R1: expected no `random` operand: rounding is nearest_even}}
  %0 = lowbit.quantize %x scale(%s) random(%r) : (tensor<4xf32>, f32, tensor<4xi32>) -> tensor<4xi4>
  return
}

// -----

func.func @r2_type(%x: tensor<4xf32>, %s: f32, %r: tensor<4xi16>) {
  // expected-error@+1 {{R2: expected `random` to be i32 of the shape of 'tensor<4xf32>', found 'tensor<4xi16>'}}
  %0 = lowbit.quantize %x scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32, tensor<4xi16>) -> tensor<4xi4>
  return
}

// -----

func.func @r2_signed(%x: tensor<4xf32>, %s: f32, %r: tensor<4xui32>) {
  // expected-error@+1 {{found 'tensor<4xui32>'}}
  %0 = lowbit.quantize %x scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32, tensor<4xui32>) -> tensor<4xi4>
  return
}

// -----

func.func @r2_shape(%x: tensor<4xf32>, %s: f32, %r: tensor<1xi32>) {
  // expected-error@+1 {{found 'tensor<1xi32>'}}
  %0 = lowbit.quantize %x scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32, tensor<1xi32>) -> tensor<4xi4>
  return
}

// -----

func.func @random_scalar(%x: tensor<4xf32>, %s: f32, %r: i32) {
  // expected-error@+1 {{operand #2 must be ranked tensor of any type values, but got 'i32'}}
  %0 = lowbit.quantize %x scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32, i32) -> tensor<4xi4>
  return
}

// -----

func.func @random_before_block(%x: tensor<4xf32>, %s: f32, %r: tensor<4xi32>) {
  // expected-error@+1 {{expected ':'}}
  %0 = lowbit.quantize %x scale(%s) random(%r) block [0] {rounding = #lowbit.rounding<stochastic>} : (tensor<4xf32>, f32, tensor<4xi32>) -> tensor<4xi4>
  return
}

// -----

//===----------------------------------------------------------------------===//
// D: dequantize
//===----------------------------------------------------------------------===//

func.func @d1_f64(%q: tensor<4xf64>, %s: f32) {
  // expected-error@+1 {{D1: expected input elements of a number format that f32 holds, found 'f64'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4xf64>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @d1_i16(%q: tensor<4xi16>, %s: f32) {
  // expected-error@+1 {{found 'i16'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4xi16>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @d1_i1(%q: tensor<4xi1>, %s: f32) {
  // expected-error@+1 {{found 'i1'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4xi1>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @d2_f64(%q: tensor<4xi4>, %s: f32) {
  // expected-error@+1 {{D2: expected result elements of a float type that f32 holds, found 'f64'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4xi4>, f32) -> tensor<4xf64>
  return
}

// -----

func.func @d2_integer(%q: tensor<4xi4>, %s: f32) {
  // expected-error@+1 {{found 'i8'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4xi4>, f32) -> tensor<4xi8>
  return
}

// -----

func.func @d2_log(%q: tensor<4xi4>, %s: f32) {
  // expected-error@+1 {{found '!lowbit.log<4>'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4xi4>, f32) -> tensor<4x!lowbit.log<4>>
  return
}

// -----

func.func @d3(%q: tensor<4x1xi4>, %s: f32) {
  // expected-error@+1 {{D3: expected the result to have the shape and encoding of the input 'tensor<4x1xi4>', found 'tensor<4xf32>'}}
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4x1xi4>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @d4(%q: tensor<4xi4>, %s: f32) {
  // expected-error@+1 {{D4: expected rounding nearest_even or toward_zero, found stochastic; dequantize to f32 and use lowbit.convert}}
  %0 = lowbit.dequantize %q scale(%s) {rounding = #lowbit.rounding<stochastic>} : (tensor<4xi4>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @dequantize_block(%q: tensor<4xi4>, %s: f32) {
  // expected-error@+1 {{S6: expected only zeros}}
  %0 = lowbit.dequantize %q scale(%s) block [2] : (tensor<4xi4>, f32) -> tensor<4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// C: choose_scale
//===----------------------------------------------------------------------===//

func.func @c1(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C1: 'minmax' needs an integer element, but f8E4M3FN was given}}
  %0, %1 = lowbit.choose_scale %x for f8E4M3FN {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>)
  return
}

// -----

func.func @c2(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C2: 'absmax' needs a signed element, but ui4 was given}}
  %0 = lowbit.choose_scale %x for ui4 : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c2_mse(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C2: 'mse' needs a signed element, but f8E8M0FNU was given}}
  %0 = lowbit.choose_scale %x for f8E8M0FNU {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c2_mx(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C2: 'mx_ceil' needs a signed element, but minifloat<ue5m3fn> was given}}
  %0 = lowbit.choose_scale %x for !lowbit.minifloat<ue5m3fn> {method = #lowbit.scale_method<mx_ceil>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  return
}

// -----

func.func @c3_scale(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C3: 'mx_floor' needs a scale of f8E8M0FNU, but f32 was given}}
  %0 = lowbit.choose_scale %x for f4E2M1FN {method = #lowbit.scale_method<mx_floor>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c3_element(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C3: 'mx_even' needs a float element, but i8 was given}}
  %0 = lowbit.choose_scale %x for i8 {method = #lowbit.scale_method<mx_even>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  return
}

// -----

func.func @c3_codebook(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C3: 'mx_rceil' needs a float element}}
  %0 = lowbit.choose_scale %x for !lowbit.codebook<4, nf4> {method = #lowbit.scale_method<mx_rceil>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  return
}

// -----

func.func @c4(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C4: 'absmax' needs a codebook with values of both signs}}
  %0 = lowbit.choose_scale %x for !lowbit.codebook<2, [0, 1, 2, 3]> : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c4_negative(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C4: 'mse' needs a codebook with values of both signs}}
  %0 = lowbit.choose_scale %x for !lowbit.codebook<2, [0, -1, -2, -3]> {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c5_f64(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C5: a scale has a float format of at most 32 bits, but f64 was given}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> tensor<4x2xf64>
  return
}

// -----

func.func @c5_integer(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C5: a scale has a float format of at most 32 bits, but i8 was given}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> tensor<4x2xi8>
  return
}

// -----

func.func @c5_index(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C5: expected a scale of a float type, found 'index'}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> tensor<4x2xindex>
  return
}

// -----

func.func @c6(%x: tensor<4x64xf64>) {
  // expected-error@+1 {{C6: expected input elements of a float type that f32 holds, found 'f64'}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf64>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c6_integer(%x: tensor<4x64xi8>) {
  // expected-error@+1 {{C6: expected input elements of a float type that f32 holds, found 'i8'}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xi8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c7(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C7: expected the type after `for` to be a number format of at most 16 bits, found 'f32'}}
  %0 = lowbit.choose_scale %x for f32 : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c7_tensor(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{found 'tensor<4xi4>'}}
  %0 = lowbit.choose_scale %x for tensor<4xi4> : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c7_i1(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{found 'i1'}}
  %0 = lowbit.choose_scale %x for i1 : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c7_i9(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{found 'i9'}}
  %0 = lowbit.choose_scale %x for i9 : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c8_missing(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C8: expected two results, scale and zero point: the method is minmax}}
  %0 = lowbit.choose_scale %x for i4 {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @c8_extra(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{C8: expected one result: the method is absmax}}
  %0, %1 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> (tensor<4x2xf32>, tensor<4x2xi4>)
  return
}

// -----

func.func @choose_scale_s2(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{S2: expected a scale that is a scalar, a tensor of rank 0 or a tensor of rank 2 like the data 'tensor<4x64xi4>', found 'tensor<2xf32>'}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @choose_scale_s3(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{S3: the scale 'tensor<4x5xf32>' does not say the granularity of dimension 1}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> tensor<4x5xf32>
  return
}

// -----

func.func @choose_scale_s4(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{S4: expected block entries >= 0}}
  %0 = lowbit.choose_scale %x for i4 block [1, -32] : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @choose_scale_s5(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{S5: expected 3 scales in dimension 1 (ceil(64 / 30)), found 2}}
  %0 = lowbit.choose_scale %x for i4 block [1, 30] : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @choose_scale_z1(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{Z1: expected a zero point of the scale's shape}}
  %0, %1 = lowbit.choose_scale %x for i4 {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> (tensor<4x2xf32>, tensor<4x1xi4>)
  return
}

// -----

func.func @choose_scale_z4(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{Z4: expected a zero point type that holds every value of 'ui4', found 'i4'}}
  %0, %1 = lowbit.choose_scale %x for ui4 {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> (tensor<4x2xf32>, tensor<4x2xi4>)
  return
}

// -----

func.func @choose_scale_scalar(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{result #0 must be ranked tensor of any type values, but got 'f32'}}
  %0 = lowbit.choose_scale %x for i4 : (tensor<4x64xf32>) -> f32
  return
}

// -----

func.func @choose_scale_value(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{expected attribute value}}
  %0 = lowbit.choose_scale %x for %x : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// V: convert
//===----------------------------------------------------------------------===//

func.func @v1_i1(%x: i1) {
  // expected-error@+1 {{V1: expected a number format (a float of at most 64 bits, an integer of 2 to 8 bits, !lowbit.*), found 'i1'}}
  %0 = lowbit.convert %x : i1 to f32
  return
}

// -----

func.func @v1_i9(%x: f32) {
  // expected-error@+1 {{found 'i9'}}
  %0 = lowbit.convert %x : f32 to i9
  return
}

// -----

func.func @v1_i32(%x: i32) {
  // expected-error@+1 {{found 'i32'}}
  %0 = lowbit.convert %x : i32 to f32
  return
}

// -----

func.func @v1_f80(%x: f80) {
  // expected-error@+1 {{found 'f80'}}
  %0 = lowbit.convert %x : f80 to f32
  return
}

// -----

func.func @v1_f128(%x: vector<4xf32>) {
  // expected-error@+1 {{found 'f128'}}
  %0 = lowbit.convert %x : vector<4xf32> to vector<4xf128>
  return
}

// -----

func.func @v1_tf32(%x: vector<4xtf32>) {
  // expected-error@+1 {{found 'tf32'}}
  %0 = lowbit.convert %x : vector<4xtf32> to vector<4xf32>
  return
}

// -----

func.func @v1_index(%x: tensor<4xindex>) {
  // expected-error@+1 {{found 'index'}}
  %0 = lowbit.convert %x : tensor<4xindex> to tensor<4xi8>
  return
}

// -----

func.func @v1_complex(%x: complex<f32>) {
  // expected-error@+1 {{found 'complex<f32>'}}
  %0 = lowbit.convert %x : complex<f32> to f8E4M3FN
  return
}

// -----

func.func @v1_tuple(%x: tuple<f32>) {
  // expected-error@+1 {{found 'tuple<f32>'}}
  %0 = lowbit.convert %x : tuple<f32> to tuple<f16>
  return
}

// -----

func.func @v1_memref(%x: memref<4xf32>) {
  // expected-error@+1 {{V1: expected a scalar, a vector or a ranked tensor, found 'memref<4xf32>'}}
  %0 = lowbit.convert %x : memref<4xf32> to memref<4xf16>
  return
}

// -----

func.func @v1_unranked(%x: tensor<*xf32>) {
  // expected-error@+1 {{V1: expected a scalar, a vector or a ranked tensor, found 'tensor<*xf32>'}}
  %0 = lowbit.convert %x : tensor<*xf32> to tensor<*xf16>
  return
}

// -----

func.func @v2(%x: tensor<4xf32>) {
  // expected-error@+1 {{V2: expected the result to have the shape and encoding of the input 'tensor<4xf32>', found 'tensor<2x2xf16>'}}
  %0 = lowbit.convert %x : tensor<4xf32> to tensor<2x2xf16>
  return
}

// -----

func.func @v2_kind(%x: tensor<4xf32>) {
  // expected-error@+1 {{found 'vector<4xf16>'}}
  %0 = lowbit.convert %x : tensor<4xf32> to vector<4xf16>
  return
}

// -----

func.func @v2_scalar(%x: vector<1xf32>) {
  // expected-error@+1 {{found 'f16'}}
  %0 = lowbit.convert %x : vector<1xf32> to f16
  return
}

// -----

func.func @v2_scalable(%x: vector<[4]xf32>) {
  // expected-error@+1 {{V2: expected the result to have the shape and encoding of the input 'vector<[4]xf32>', found 'vector<4xf16>'}}
  %0 = lowbit.convert %x : vector<[4]xf32> to vector<4xf16>
  return
}

// -----

func.func @v2_dynamic(%x: tensor<?xf32>) {
  // expected-error@+1 {{found 'tensor<4xf16>'}}
  %0 = lowbit.convert %x : tensor<?xf32> to tensor<4xf16>
  return
}

// -----

func.func @v2_encoding(%x: tensor<4xf32>) {
  // expected-error@+1 {{found 'tensor<4xf16, "enc">'}}
  %0 = lowbit.convert %x : tensor<4xf32> to tensor<4xf16, "enc">
  return
}

// -----

func.func @convert_r1(%x: f32, %r: i32) {
  // expected-error@+1 {{R1: expected no `random` operand: rounding is toward_zero}}
  %0 = lowbit.convert %x random(%r : i32) {rounding = #lowbit.rounding<toward_zero>} : f32 to i4
  return
}

// -----

func.func @convert_r1_missing(%x: f32) {
  // expected-error@+1 {{R1: expected a `random` operand: rounding is stochastic}}
  %0 = lowbit.convert %x {rounding = #lowbit.rounding<stochastic>} : f32 to i4
  return
}

// -----

func.func @convert_r2(%x: vector<4xf32>, %r: tensor<4xi32>) {
  // expected-error@+1 {{R2: expected `random` to be i32 of the shape of 'vector<4xf32>', found 'tensor<4xi32>'}}
  %0 = lowbit.convert %x random(%r : tensor<4xi32>) {rounding = #lowbit.rounding<stochastic>} : vector<4xf32> to vector<4xi4>
  return
}

// -----

//===----------------------------------------------------------------------===//
// B: bitcast
//===----------------------------------------------------------------------===//

func.func @b1_index(%x: index) {
  // expected-error@+1 {{B1: expected an integer, a float or a !lowbit type, or a vector, ranked tensor or ranked memref of such, found 'index'}}
  %0 = lowbit.bitcast %x : index to i64
  return
}

// -----

func.func @b1_complex(%x: complex<f32>) {
  // expected-error@+1 {{found 'complex<f32>'}}
  %0 = lowbit.bitcast %x : complex<f32> to i64
  return
}

// -----

func.func @b1_unranked_tensor(%x: tensor<*xf32>) {
  // expected-error@+1 {{found 'tensor<*xf32>'}}
  %0 = lowbit.bitcast %x : tensor<*xf32> to tensor<*xi32>
  return
}

// -----

func.func @b1_unranked_memref(%x: memref<*xf32>) {
  // expected-error@+1 {{found 'memref<*xf32>'}}
  %0 = lowbit.bitcast %x : memref<*xf32> to memref<*xi32>
  return
}

// -----

func.func @b1_memref_of_vector(%x: memref<4xvector<4xf32>>) {
  // expected-error@+1 {{found 'memref<4xvector<4xf32>>'}}
  %0 = lowbit.bitcast %x : memref<4xvector<4xf32>> to memref<4xvector<4xi32>>
  return
}

// -----

// Codes are not regrouped.
func.func @b2(%x: tensor<4xi4>) {
  // expected-error@+1 {{B2: expected the result to have the shape, encoding, layout and memory space of the input 'tensor<4xi4>', found 'tensor<2xi8>'}}
  %0 = lowbit.bitcast %x : tensor<4xi4> to tensor<2xi8>
  return
}

// -----

func.func @b2_kind(%x: tensor<4xi4>) {
  // expected-error@+1 {{found 'memref<4xi4>'}}
  %0 = lowbit.bitcast %x : tensor<4xi4> to memref<4xi4>
  return
}

// -----

func.func @b2_layout(%x: memref<4xi8, strided<[2]>>) {
  // expected-error@+1 {{B2: expected the result to have the shape, encoding, layout and memory space of the input 'memref<4xi8, strided<[2]>>', found 'memref<4xf8E4M3FN>'}}
  %0 = lowbit.bitcast %x : memref<4xi8, strided<[2]>> to memref<4xf8E4M3FN>
  return
}

// -----

func.func @b2_space(%x: memref<4xi8, 1>) {
  // expected-error@+1 {{found 'memref<4xf8E4M3FN, 2>'}}
  %0 = lowbit.bitcast %x : memref<4xi8, 1> to memref<4xf8E4M3FN, 2>
  return
}

// -----

func.func @b2_scalable(%x: vector<[4]xi8>) {
  // expected-error@+1 {{found 'vector<4xf8E4M3FN>'}}
  %0 = lowbit.bitcast %x : vector<[4]xi8> to vector<4xf8E4M3FN>
  return
}

// -----

func.func @b3(%x: tensor<4xi8>) {
  // expected-error@+1 {{B3: expected elements of one width, found 8 bits ('i8') and 4 bits ('i4')}}
  %0 = lowbit.bitcast %x : tensor<4xi8> to tensor<4xi4>
  return
}

// -----

// Its container has 16 bits, its codes have 9.
func.func @b3_minifloat(%x: !lowbit.minifloat<e5m3fn>) {
  // expected-error@+1 {{B3: expected elements of one width, found 9 bits ('!lowbit.minifloat<e5m3fn>') and 16 bits ('i16')}}
  %0 = lowbit.bitcast %x : !lowbit.minifloat<e5m3fn> to i16
  return
}

// -----

func.func @b3_log(%x: !lowbit.log<4>) {
  // expected-error@+1 {{found 4 bits ('!lowbit.log<4>') and 8 bits ('i8')}}
  %0 = lowbit.bitcast %x : !lowbit.log<4> to i8
  return
}

// -----

//===----------------------------------------------------------------------===//
// M: matmul
//===----------------------------------------------------------------------===//

func.func @m1_vector(%a: tensor<4xf32>, %b: tensor<4x2xf32>) {
  // expected-error@+1 {{M1: expected A of rank 2 or more, found 'tensor<4xf32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<4xf32>, tensor<4x2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @m1_rank_0(%a: tensor<f32>, %b: tensor<f32>) {
  // expected-error@+1 {{M1: expected A of rank 2 or more, found 'tensor<f32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @m1_b_rank(%a: tensor<2x2x4x8xf32>, %b: tensor<2x8x4xf32>) {
  // expected-error@+1 {{M1: expected B of rank 2 or of A's rank 4, found 'tensor<2x8x4xf32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<2x2x4x8xf32>, tensor<2x8x4xf32>) -> tensor<2x2x4x4xf32>
  return
}

// -----

func.func @m1_b_rank_1(%a: tensor<4x8xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{M1: expected B of rank 2 or of A's rank 2, found 'tensor<8xf32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @m2(%a: tensor<2x4x8xf32>, %b: tensor<3x8x4xf32>) {
  // expected-error@+1 {{M2: expected equal batch dimensions, found 2 and 3 in dimension 0}}
  %0 = lowbit.matmul %a, %b : (tensor<2x4x8xf32>, tensor<3x8x4xf32>) -> tensor<2x4x4xf32>
  return
}

// -----

func.func @m2_no_broadcast(%a: tensor<2x4x8xf32>, %b: tensor<1x8x4xf32>) {
  // expected-error@+1 {{M2: expected equal batch dimensions, found 2 and 1 in dimension 0}}
  %0 = lowbit.matmul %a, %b : (tensor<2x4x8xf32>, tensor<1x8x4xf32>) -> tensor<2x4x4xf32>
  return
}

// -----

func.func @m3(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) {
  // expected-error@+1 {{M3: expected B's dimension 0 to be K = 8, found 4 (B is K x N without transpose_b)}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @m3_transposed(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>) {
  // expected-error@+1 {{M3: expected B's dimension 1 to be K = 8, found 4 (B is N x K under transpose_b)}}
  %0 = lowbit.matmul %a, %b transpose_b : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @m4(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M4: expected a result of shape 'tensor<4x2xf32>', found 'tensor<4x3xf32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @m4_rank(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M4: expected a result of shape 'tensor<4x2xf32>', found 'tensor<8xf32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @m4_batch(%a: tensor<?x4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M4: expected a result of shape 'tensor<?x4x2xf32>', found 'tensor<4x2xf32>'}}
  %0 = lowbit.matmul %a, %b : (tensor<?x4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m5(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %d: tensor<4xf32>) {
  // expected-error@+1 {{M5: expected a bias 'tensor<2xf32>', found 'tensor<4xf32>'}}
  %0 = lowbit.matmul %a, %b bias(%d) : (tensor<4x8xf32>, tensor<8x2xf32>, tensor<4xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m5_type(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %d: tensor<2xf16>) {
  // expected-error@+1 {{M5: expected a bias 'tensor<2xf32>', found 'tensor<2xf16>'}}
  %0 = lowbit.matmul %a, %b bias(%d) : (tensor<4x8xf32>, tensor<8x2xf32>, tensor<2xf16>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m5_rank(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %d: tensor<1x2xf32>) {
  // expected-error@+1 {{M5: expected a bias 'tensor<2xf32>', found 'tensor<1x2xf32>'}}
  %0 = lowbit.matmul %a, %b bias(%d) : (tensor<4x8xf32>, tensor<8x2xf32>, tensor<1x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m6(%a: tensor<4x8xf64>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M6: expected operands of a number format that f32 holds, found 'f64'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf64>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m6_i32(%a: tensor<4x8xf32>, %b: tensor<8x2xi32>) {
  // expected-error@+1 {{M6: expected operands of a number format that f32 holds, found 'i32'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<8x2xi32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m6_index(%a: tensor<4x8xindex>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{found 'index'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xindex>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m7(%a: tensor<4x8xi8>, %b: tensor<8x2xi8>) {
  // expected-error@+1 {{M7: expected a result of f32, f16 or bf16, found 'i32'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xi8>, tensor<8x2xi8>) -> tensor<4x2xi32>
  return
}

// -----

func.func @m7_f64(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M7: expected a result of f32, f16 or bf16, found 'f64'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf64>
  return
}

// -----

func.func @m7_fp8(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M7: expected a result of f32, f16 or bf16, found 'f8E4M3FN'}}
  %0 = lowbit.matmul %a, %b : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf8E4M3FN>
  return
}

// -----

func.func @m8(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M8: expected acc to be f16, f32 or i32, found 'bf16'}}
  %0 = lowbit.matmul %a, %b {acc = bf16} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m8_signed(%a: tensor<4x8xi8>, %b: tensor<8x2xi8>) {
  // expected-error@+1 {{M8: expected acc to be f16, f32 or i32, found 'si32'}}
  %0 = lowbit.matmul %a, %b {acc = si32} : (tensor<4x8xi8>, tensor<8x2xi8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m8_tensor(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M8: expected acc to be f16, f32 or i32, found 'tensor<f32>'}}
  %0 = lowbit.matmul %a, %b {acc = tensor<f32>} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @acc_number(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{attribute 'acc' failed to satisfy constraint: any type attribute}}
  %0 = lowbit.matmul %a, %b {acc = 32} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m9_float(%a: tensor<4x8xf32>, %b: tensor<8x2xi8>) {
  // expected-error@+1 {{M9: acc = i32 needs integer operands and integer zero points, found 'tensor<4x8xf32>' and 'tensor<8x2xi8>'}}
  %0 = lowbit.matmul %a, %b {acc = i32} : (tensor<4x8xf32>, tensor<8x2xi8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m9_codebook(%a: tensor<4x8xi8>, %b: tensor<8x2x!lowbit.codebook<4, iq4nl>>) {
  // expected-error@+1 {{M9: acc = i32 needs integer operands}}
  %0 = lowbit.matmul %a, %b {acc = i32} : (tensor<4x8xi8>, tensor<8x2x!lowbit.codebook<4, iq4nl>>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m9_zero_point(%a: tensor<4x8xi8>, %b: tensor<8x2xi8>, %s: f32) {
  // expected-error@+1 {{M9: acc = i32 needs integer operands and integer zero points}}
  %0 = lowbit.matmul %a, %b scale(%s) zero_point(%s) {acc = i32} : (tensor<4x8xi8>, tensor<8x2xi8>, f32, f32) -> tensor<4x2xf32>
  return
}

// -----

func.func @m10(%a: tensor<1x131072xi8>, %b: tensor<131072x1xi8>) {
  // expected-error@+1 {{M10: acc = i32 may overflow: a partial sum of 131072 products of up to 128 x 128 does not fit}}
  %0 = lowbit.matmul %a, %b {acc = i32} : (tensor<1x131072xi8>, tensor<131072x1xi8>) -> tensor<1x1xf32>
  return
}

// -----

func.func @m10_dynamic(%a: tensor<1x?xi8>, %b: tensor<?x1xi8>) {
  // expected-error@+1 {{M10: acc = i32 needs a bound on K: it is dynamic and no block divides it}}
  %0 = lowbit.matmul %a, %b {acc = i32} : (tensor<1x?xi8>, tensor<?x1xi8>) -> tensor<1x1xf32>
  return
}

// -----

func.func @m10_huge(%a: tensor<1x9223372036854775807xi2>, %b: tensor<9223372036854775807x1xi2>) {
  // expected-error@+1 {{a partial sum of 9223372036854775807 products of up to 2 x 2 does not fit}}
  %0 = lowbit.matmul %a, %b {acc = i32} : (tensor<1x9223372036854775807xi2>, tensor<9223372036854775807x1xi2>) -> tensor<1x1xf32>
  return
}

// -----

func.func @m10_block(%a: tensor<1x?xi8>, %b: tensor<?x1xi8>, %s: tensor<1x?xf32>) {
  // expected-error@+1 {{a partial sum of 9223372036854775807 products of up to 128 x 128 does not fit}}
  %0 = lowbit.matmul %a scale(%s) block [1, 9223372036854775807], %b {acc = i32} : (tensor<1x?xi8>, tensor<1x?xf32>, tensor<?x1xi8>) -> tensor<1x1xf32>
  return
}

// -----

// A zero point of 32 bits may alone fill the accumulator.
func.func @m10_zero_point(%a: tensor<1x8xi8>, %b: tensor<8x1xi8>, %s: f32, %z: i32) {
  // expected-error@+1 {{a partial sum of 8 products of up to 2147483775 x 128 does not fit}}
  %0 = lowbit.matmul %a scale(%s) zero_point(%z), %b {acc = i32} : (tensor<1x8xi8>, f32, i32, tensor<8x1xi8>) -> tensor<1x1xf32>
  return
}

// -----

func.func @m11_zero(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M11: expected promote_every > 0, found 0}}
  %0 = lowbit.matmul %a, %b {promote_every = 0} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @m11_negative(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{M11: expected promote_every > 0, found -9223372036854775808}}
  %0 = lowbit.matmul %a, %b {promote_every = -9223372036854775808} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @promote_every_type(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{attribute 'promote_every' failed to satisfy constraint: 64-bit signless integer attribute}}
  %0 = lowbit.matmul %a, %b {promote_every = 128 : i32} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @promote_every_overflow(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{integer constant out of range for attribute}}
  %0 = lowbit.matmul %a, %b {promote_every = 18446744073709551616} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_vector(%a: vector<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of any type values, but got 'vector<4x8xf32>'}}
  %0 = lowbit.matmul %a, %b : (vector<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @zero_point_without_scale(%a: tensor<4x8xi8>, %b: tensor<8x2xi8>, %z: i8) {
  // expected-error@+1 {{expected ':'}}
  %0 = lowbit.matmul %a, %b zero_point(%z) : (tensor<4x8xi8>, tensor<8x2xi8>, i8) -> tensor<4x2xf32>
  return
}

// -----

func.func @operand_missing(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expected ','}}
  %0 = lowbit.matmul %a : (tensor<4x8xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @segments_wrong(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expected 2 or more operands, but found 1}}
  %0 = "lowbit.matmul"(%a) <{operandSegmentSizes = array<i32: 1, 0, 0, 1, 0, 0, 0>}> : (tensor<4x8xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @segments_too_many(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{operand count (2) does not match with the total size (3) specified in attribute 'operandSegmentSizes'}}
  %0 = "lowbit.matmul"(%a, %a) <{operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 0>}> : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @segments_negative(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{'operandSegmentSizes' attribute cannot have negative elements}}
  %0 = "lowbit.matmul"(%a, %a) <{operandSegmentSizes = array<i32: 2, -1, 0, 1, 0, 0, 0>}> : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @operands_none() {
  // expected-error@+1 {{'lowbit.convert' op expected 1 or more operands}}
  %0 = "lowbit.convert"() : () -> f32
  return
}

// -----

// What a hostile generic form can say and the short form cannot.

func.func @quantize_two_inputs(%x: tensor<4xf32>) {
  // expected-error@+1 {{'lowbit.quantize' op failed to verify that exactly one input and scale is given}}
  %0 = "lowbit.quantize"(%x, %x) <{operandSegmentSizes = array<i32: 2, 0, 0, 0>}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi4>
  return
}

// -----

func.func @quantize_two_scales(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{'lowbit.quantize' op failed to verify that exactly one input and scale is given}}
  %0 = "lowbit.quantize"(%x, %s, %s) <{operandSegmentSizes = array<i32: 1, 2, 0, 0>}> : (tensor<4xf32>, f32, f32) -> tensor<4xi4>
  return
}

// -----

func.func @matmul_without_b(%x: tensor<4x4xf32>) {
  // expected-error@+1 {{'lowbit.matmul' op failed to verify that exactly one a and b is given}}
  %0 = "lowbit.matmul"(%x, %x) <{operandSegmentSizes = array<i32: 1, 0, 1, 0, 0, 0, 0>}> : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @results_two(%a: f32) {
  // expected-error@+1 {{op requires one result}}
  %0:2 = "lowbit.bitcast"(%a) : (f32) -> (i32, i32)
  return
}

// -----

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

func.func @unknown_op(%a: f32) {
  // expected-error@+1 {{unregistered operation 'lowbit.nothing' found in dialect ('lowbit') that does not allow unknown operations}}
  %0 = "lowbit.nothing"(%a) : (f32) -> f32
  return
}
