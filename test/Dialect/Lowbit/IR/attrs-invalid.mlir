// Attributes that are not.

// RUN: lowbit-opt %s --split-input-file --verify-diagnostics

// expected-error@+2 {{expected one of [nearest_even, toward_zero, stochastic] for how a value between two representable ones is rounded, got: nearest}}
// expected-error@+1 {{failed to parse Lowbit_RoundingAttr}}
func.func private @rounding_word() attributes {test.a = #lowbit.rounding<nearest>}

// -----

// expected-error@+2 {{expected keyword for how a value between two representable ones is rounded}}
// expected-error@+1 {{failed to parse Lowbit_RoundingAttr}}
func.func private @rounding_empty() attributes {test.a = #lowbit.rounding<>}

// -----

// expected-error@+2 {{expected keyword for how a value between two representable ones is rounded}}
// expected-error@+1 {{failed to parse Lowbit_RoundingAttr}}
func.func private @rounding_number() attributes {test.a = #lowbit.rounding<0>}

// -----

// expected-error@+1 {{expected '<'}}
func.func private @rounding_no_body() attributes {test.a = #lowbit.rounding}

// -----

// expected-error@+2 {{expected one of [saturate, ieee] for what a value outside the range of a format becomes, got: wrap}}
// expected-error@+1 {{failed to parse Lowbit_OverflowAttr}}
func.func private @overflow_word() attributes {test.a = #lowbit.overflow<wrap>}

// -----

// expected-error@+2 {{expected one of [absmax, minmax, mse, mx_floor, mx_ceil, mx_even, mx_rceil] for how the scale of a block is chosen from its values, got: mx}}
// expected-error@+1 {{failed to parse Lowbit_ScaleMethodAttr}}
func.func private @method_word() attributes {test.a = #lowbit.scale_method<mx>}

// -----

// expected-error@+1 {{expected '>'}}
func.func private @method_two() attributes {test.a = #lowbit.scale_method<mse, mse>}

// -----

// expected-error@+1 {{unknown attribute `scale` in dialect `lowbit`}}
func.func private @unknown_attribute() attributes {test.a = #lowbit.scale<mse>}

// -----

func.func @rounding_is_overflow(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{attribute 'rounding' failed to satisfy constraint: how a value between two representable ones is rounded}}
  %0 = lowbit.quantize %x scale(%s) {rounding = #lowbit.overflow<ieee>} : (tensor<4xf32>, f32) -> tensor<4xi4>
  return
}

// -----

func.func @rounding_is_string(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{attribute 'rounding' failed to satisfy constraint}}
  %0 = lowbit.convert %x {rounding = "toward_zero"} : tensor<4xf32> to tensor<4xi4>
  return
}

// -----

func.func @method_is_number(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{attribute 'method' failed to satisfy constraint: how the scale of a block is chosen from its values}}
  %0 = lowbit.choose_scale %x for i4 {method = 2} : (tensor<4xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @block_is_vector(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{Invalid attribute `block` in property conversion: dense<0> : vector<1xi64>}}
  %0 = "lowbit.dequantize"(%x, %s) <{block = dense<0> : vector<1xi64>}> : (tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @block_is_i32(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{Invalid attribute `block` in property conversion: array<i32: 0>}}
  %0 = "lowbit.dequantize"(%x, %s) <{block = array<i32: 0>}> : (tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

func.func @element_type_missing(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{requires attribute 'element_type'}}
  %0 = "lowbit.choose_scale"(%x) : (tensor<4xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @element_type_is_number(%x: tensor<4xf32>, %s: f32) {
  // expected-error@+1 {{integer literal not valid for specified type}}
  %0 = lowbit.choose_scale %x for 4 : (tensor<4xf32>) -> tensor<1xf32>
  return
}
