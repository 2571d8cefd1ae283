// Scales, blocks and zero points that are not. The function is named after the
// rule of docs/Formats.md that the op in it breaks, if it is not the syntax
// that is wrong.

// RUN: lowbit-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// S: scales
//===----------------------------------------------------------------------===//

func.func @s1_integer(%x: tensor<4x64xf32>, %s: i8) {
  // expected-error@+1 {{S1: expected a scale of a float type that f32 holds (such as f32, f16, bf16, f8E8M0FNU, f8E4M3FN), found 'i8'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, i8) -> tensor<4x64xi4>
  return
}

// -----

func.func @s1_f64(%x: tensor<4x64xf32>, %s: f64) {
  // expected-error@+1 {{found 'f64'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, f64) -> tensor<4x64xi4>
  return
}

// -----

func.func @s1_f80(%x: tensor<4x64xf32>, %s: f80) {
  // expected-error@+1 {{found 'f80'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, f80) -> tensor<4x64xi4>
  return
}

// -----

func.func @s1_tf32(%x: tensor<4x64xf32>, %s: tensor<tf32>) {
  // expected-error@+1 {{found 'tf32'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<tf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s1_index(%x: tensor<4x64xf32>, %s: tensor<4x2xindex>) {
  // expected-error@+1 {{found 'index'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<4x2xindex>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s1_complex(%x: tensor<4x64xf32>, %s: complex<f32>) {
  // expected-error@+1 {{found 'complex<f32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, complex<f32>) -> tensor<4x64xi4>
  return
}

// -----

// A logarithmic number is no scale: its formats end at 1.
func.func @s1_log(%x: tensor<4x64xf32>, %s: !lowbit.log<4>) {
  // expected-error@+1 {{found '!lowbit.log<4>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, !lowbit.log<4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s1_codebook(%x: tensor<4x64xf32>, %s: !lowbit.codebook<4, nf4>) {
  // expected-error@+1 {{found '!lowbit.codebook<4, nf4>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, !lowbit.codebook<4, nf4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s2(%x: tensor<4x64xf32>, %s: tensor<2xf32>) {
  // expected-error@+1 {{S2: expected a scale that is a scalar, a tensor of rank 0 or a tensor of rank 2 like the data 'tensor<4x64xi4>', found 'tensor<2xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s2_high_rank(%x: tensor<4x64xf32>, %s: tensor<1x1x1xf32>) {
  // expected-error@+1 {{S2: expected a scale that is a scalar}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<1x1x1xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s2_unranked(%x: tensor<4x64xf32>, %s: tensor<*xf32>) {
  // expected-error@+1 {{found 'tensor<*xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<*xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s2_vector(%x: tensor<4x64xf32>, %s: vector<4x2xf32>) {
  // expected-error@+1 {{found 'vector<4x2xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, vector<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s2_memref(%x: tensor<4x64xf32>, %s: memref<4x2xf32>) {
  // expected-error@+1 {{found 'memref<4x2xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, memref<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s2_rank_0_data(%x: tensor<f32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{or a tensor of rank 0 like the data 'tensor<i4>', found 'tensor<1xf32>'}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<f32>, tensor<1xf32>) -> tensor<i4>
  return
}

// -----

func.func @s3(%x: tensor<4x64xf32>, %s: tensor<4x3xf32>) {
  // expected-error@+1 {{S3: the scale 'tensor<4x3xf32>' does not say the granularity of dimension 1 of 'tensor<4x64xi4>' (3 does not divide 64); add `block` with one entry per dimension}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<4x3xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s3_larger(%x: tensor<4x64xf32>, %s: tensor<8x1xf32>) {
  // expected-error@+1 {{dimension 0 of 'tensor<4x64xi4>' (8 does not divide 4)}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<8x1xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s3_zero(%x: tensor<4x64xf32>, %s: tensor<0x1xf32>) {
  // expected-error@+1 {{(0 does not divide 4)}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<0x1xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s3_empty_data(%x: tensor<0x64xf32>, %s: tensor<5x1xf32>) {
  // expected-error@+1 {{(5 does not divide 0)}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<0x64xf32>, tensor<5x1xf32>) -> tensor<0x64xi4>
  return
}

// -----

func.func @s3_dynamic_data(%x: tensor<?x64xf32>, %s: tensor<4x1xf32>) {
  // expected-error@+1 {{S3: the scale 'tensor<4x1xf32>' does not say the granularity of dimension 0 of 'tensor<?x64xi4>'; add `block`}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<?x64xf32>, tensor<4x1xf32>) -> tensor<?x64xi4>
  return
}

// -----

func.func @s3_dynamic_scale(%x: tensor<4x64xf32>, %s: tensor<?x1xf32>) {
  // expected-error@+1 {{S3: the scale 'tensor<?x1xf32>' does not say the granularity of dimension 0}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<?x1xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s4_few(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{S4: expected block to have 2 entries, one per dimension of 'tensor<4x64xi4>', found 1}}
  %0 = lowbit.quantize %x scale(%s) block [32] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s4_many(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{S4: expected block to have 2 entries}}
  %0 = lowbit.quantize %x scale(%s) block [1, 32, 0] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s4_none(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{found 0}}
  %0 = lowbit.quantize %x scale(%s) block [] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s4_rank_0(%x: tensor<f32>, %s: tensor<f32>) {
  // expected-error@+1 {{S4: expected block to have 0 entries}}
  %0 = lowbit.quantize %x scale(%s) block [1] : (tensor<f32>, tensor<f32>) -> tensor<i4>
  return
}

// -----

func.func @s4_scalar(%x: tensor<4x64xf32>, %s: f32) {
  // expected-error@+1 {{S4: expected block to have 2 entries}}
  %0 = lowbit.quantize %x scale(%s) block [0] : (tensor<4x64xf32>, f32) -> tensor<4x64xi4>
  return
}

// -----

func.func @s4_negative(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{S4: expected block entries >= 0 (0 is the whole dimension), found -1 in dimension 1}}
  %0 = lowbit.quantize %x scale(%s) block [1, -1] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s4_min(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{found -9223372036854775808 in dimension 0}}
  %0 = lowbit.quantize %x scale(%s) block [-9223372036854775808, 1] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @block_overflow(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{integer value too large}}
  %0 = lowbit.quantize %x scale(%s) block [1, 9223372036854775808] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @block_float(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+2 {{expected ']'}}
  // expected-error@+1 {{expected integer value}}
  %0 = lowbit.quantize %x scale(%s) block [1, 32.0] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s5(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{S5: expected 4 scales in dimension 1 (ceil(64 / 16)), found 2}}
  %0 = lowbit.quantize %x scale(%s) block [1, 16] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s5_ragged(%x: tensor<5x64xf32>, %s: tensor<2x1xf32>) {
  // expected-error@+1 {{S5: expected 3 scales in dimension 0 (ceil(5 / 2)), found 2}}
  %0 = lowbit.quantize %x scale(%s) block [2, 0] : (tensor<5x64xf32>, tensor<2x1xf32>) -> tensor<5x64xi4>
  return
}

// -----

func.func @s5_whole(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{S5: expected 1 scales in dimension 1 (block 0 is the whole dimension), found 2}}
  %0 = lowbit.quantize %x scale(%s) block [1, 0] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s5_whole_dynamic(%x: tensor<?x64xf32>, %s: tensor<2x1xf32>) {
  // expected-error@+1 {{S5: expected 1 scales in dimension 0 (block 0 is the whole dimension), found 2}}
  %0 = lowbit.quantize %x scale(%s) block [0, 0] : (tensor<?x64xf32>, tensor<2x1xf32>) -> tensor<?x64xi4>
  return
}

// -----

func.func @s5_huge_block(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) {
  // expected-error@+1 {{S5: expected 1 scales in dimension 1 (ceil(64 / 9223372036854775807)), found 2}}
  %0 = lowbit.quantize %x scale(%s) block [1, 9223372036854775807] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @s5_huge_data(%x: tensor<4x9223372036854775807xf32>, %s: tensor<4x1xf32>) {
  // expected-error@+1 {{S5: expected 9223372036854775807 scales in dimension 1}}
  %0 = lowbit.quantize %x scale(%s) block [1, 1] : (tensor<4x9223372036854775807xf32>, tensor<4x1xf32>) -> tensor<4x9223372036854775807xi4>
  return
}

// -----

func.func @s5_huge_both(%x: tensor<9223372036854775807xf32>, %s: tensor<2xf32>) {
  // expected-error@+1 {{S5: expected 1 scales in dimension 0 (ceil(9223372036854775807 / 9223372036854775807)), found 2}}
  %0 = lowbit.quantize %x scale(%s) block [9223372036854775807] : (tensor<9223372036854775807xf32>, tensor<2xf32>) -> tensor<9223372036854775807xi4>
  return
}

// -----

func.func @s5_empty_blocks(%x: tensor<0x64xf32>, %s: tensor<1x1xf32>) {
  // expected-error@+1 {{S5: expected 0 scales in dimension 0 (ceil(0 / 32)), found 1}}
  %0 = lowbit.quantize %x scale(%s) block [32, 0] : (tensor<0x64xf32>, tensor<1x1xf32>) -> tensor<0x64xi4>
  return
}

// -----

func.func @s5_empty_whole(%x: tensor<0x64xf32>, %s: tensor<0x1xf32>) {
  // expected-error@+1 {{S5: expected 1 scales in dimension 0 (block 0 is the whole dimension), found 0}}
  %0 = lowbit.quantize %x scale(%s) block [0, 0] : (tensor<0x64xf32>, tensor<0x1xf32>) -> tensor<0x64xi4>
  return
}

// -----

func.func @s6(%x: tensor<4x64xf32>, %s: f32) {
  // expected-error@+1 {{S6: expected only zeros in the block of a single scale, found [1, 32]}}
  %0 = lowbit.quantize %x scale(%s) block [1, 32] : (tensor<4x64xf32>, f32) -> tensor<4x64xi4>
  return
}

// -----

func.func @s6_rank_0(%x: tensor<4x64xf32>, %s: tensor<f32>) {
  // expected-error@+1 {{S6: expected only zeros in the block of a single scale, found [0, 64]}}
  %0 = lowbit.quantize %x scale(%s) block [0, 64] : (tensor<4x64xf32>, tensor<f32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @scale_missing(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{expected 'scale'}}
  %0 = lowbit.quantize %x : (tensor<4x64xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @scale_type_missing(%x: tensor<4x64xf32>, %s: f32) {
  // expected-error@+1 {{number of operands and types do not match: got 2 operands and 1 types}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>) -> tensor<4x64xi4>
  return
}

// -----

func.func @types_too_many(%x: tensor<4x64xf32>, %s: f32) {
  // expected-error@+1 {{number of operands and types do not match: got 2 operands and 3 types}}
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, f32, f32) -> tensor<4x64xi4>
  return
}

// -----

func.func @data_on_matmul(%a: tensor<4x64xi8>, %b: tensor<64x8xi8>, %s: tensor<3xf32>) {
  // expected-error@+1 {{S2: expected a scale that is a scalar, a tensor of rank 0 or a tensor of rank 2 like the data 'tensor<64x8xi8>', found 'tensor<3xf32>'}}
  %0 = lowbit.matmul %a, %b scale(%s) : (tensor<4x64xi8>, tensor<64x8xi8>, tensor<3xf32>) -> tensor<4x8xf32>
  return
}

// -----

// The syntax has no place for this; the generic form has.
func.func @s4_no_scale(%a: tensor<4x64xi8>, %b: tensor<64x8xi8>) {
  // expected-error@+1 {{S4: expected a scale beside the block of 'tensor<4x64xi8>', found none}}
  %0 = "lowbit.matmul"(%a, %b) <{a_block = array<i64: 1, 64>, operandSegmentSizes = array<i32: 1, 0, 0, 1, 0, 0, 0>}> : (tensor<4x64xi8>, tensor<64x8xi8>) -> tensor<4x8xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Z: zero points
//===----------------------------------------------------------------------===//

func.func @z1(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: tensor<4x1xi4>) {
  // expected-error@+1 {{Z1: expected a zero point of the scale's shape 'tensor<4x2xf32>', found 'tensor<4x1xi4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<4x1xi4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @z1_scalar(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: i4) {
  // expected-error@+1 {{found 'i4'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, tensor<4x2xf32>, i4) -> tensor<4x64xi4>
  return
}

// -----

func.func @z1_rank_0(%x: tensor<4x64xf32>, %s: f32, %z: tensor<i4>) {
  // expected-error@+1 {{Z1: expected a zero point of the scale's shape 'f32', found 'tensor<i4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, tensor<i4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @z1_dynamic(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: tensor<?x2xi4>) {
  // expected-error@+1 {{found 'tensor<?x2xi4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<?x2xi4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @z1_unranked(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: tensor<*xi4>) {
  // expected-error@+1 {{found 'tensor<*xi4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<*xi4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @z1_vector(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: vector<4x2xi4>) {
  // expected-error@+1 {{found 'vector<4x2xi4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, tensor<4x2xf32>, vector<4x2xi4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @z1_no_scale(%a: tensor<4x64xi8>, %b: tensor<64x8xi8>, %z: i8) {
  // expected-error@+1 {{Z1: expected a scale beside the zero point of 'tensor<4x64xi8>', found none}}
  %0 = "lowbit.matmul"(%a, %z, %b) <{operandSegmentSizes = array<i32: 1, 0, 1, 1, 0, 0, 0>}> : (tensor<4x64xi8>, i8, tensor<64x8xi8>) -> tensor<4x8xf32>
  return
}

// -----

func.func @z2_index(%x: tensor<4x64xf32>, %s: f32, %z: index) {
  // expected-error@+1 {{Z2: expected a zero point of an integer type or of a float type that f32 holds, found 'index'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, index) -> tensor<4x64xi4>
  return
}

// -----

func.func @z2_f64(%x: tensor<4x64xf32>, %s: f32, %z: f64) {
  // expected-error@+1 {{found 'f64'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, f64) -> tensor<4x64xi4>
  return
}

// -----

func.func @z2_log(%x: tensor<4x64xf32>, %s: f32, %z: !lowbit.log<4>) {
  // expected-error@+1 {{found '!lowbit.log<4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, !lowbit.log<4>) -> tensor<4x64xi4>
  return
}

// -----

func.func @z2_i1(%x: tensor<4x64xf32>, %s: f32, %z: i1) {
  // expected-error@+1 {{Z2: expected an integer zero point of 2 to 32 bits, found 'i1'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, i1) -> tensor<4x64xi4>
  return
}

// -----

func.func @z2_i33(%x: tensor<4x64xf32>, %s: f32, %z: i33) {
  // expected-error@+1 {{Z2: expected an integer zero point of 2 to 32 bits, found 'i33'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, i33) -> tensor<4x64xi4>
  return
}

// -----

func.func @z3_float(%x: tensor<4x64xf32>, %s: f32, %z: i8) {
  // expected-error@+1 {{Z3: an integer zero point needs integer elements, found elements of type 'f4E2M1FN'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, i8) -> tensor<4x64xf4E2M1FN>
  return
}

// -----

func.func @z3_codebook(%x: tensor<4x64xf32>, %s: f32, %z: i4) {
  // expected-error@+1 {{found elements of type '!lowbit.codebook<4, nf4>'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, i4) -> tensor<4x64x!lowbit.codebook<4, nf4>>
  return
}

// -----

func.func @z4_narrow(%x: tensor<4x64xf32>, %s: f32, %z: i4) {
  // expected-error@+1 {{Z4: expected a zero point type that holds every value of 'i8', found 'i4'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, i4) -> tensor<4x64xi8>
  return
}

// -----

func.func @z4_unsigned_for_signed(%x: tensor<4x64xf32>, %s: f32, %z: ui32) {
  // expected-error@+1 {{Z4: expected a zero point type that holds every value of 'i4', found 'ui32'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, ui32) -> tensor<4x64xi4>
  return
}

// -----

// Signless counts as signed: i4 does not hold 15.
func.func @z4_signed_for_unsigned(%x: tensor<4x64xf32>, %s: f32, %z: i4) {
  // expected-error@+1 {{Z4: expected a zero point type that holds every value of 'ui4', found 'i4'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, i4) -> tensor<4x64xui4>
  return
}

// -----

func.func @z4_si8_for_ui8(%x: tensor<4x64xf32>, %s: f32, %z: si8) {
  // expected-error@+1 {{Z4: expected a zero point type that holds every value of 'ui8', found 'si8'}}
  %0 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<4x64xf32>, f32, si8) -> tensor<4x64xui8>
  return
}
