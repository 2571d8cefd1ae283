// Rewrites that are exact, and the ones that would not be, which must not
// happen.

// RUN: lowbit-opt %s --canonicalize --split-input-file | FileCheck %s

//===----------------------------------------------------------------------===//
// convert of convert
//===----------------------------------------------------------------------===//

// The first conversion rounds nothing: one is enough.
// CHECK-LABEL: func.func @compose(
// CHECK-SAME: %[[A:.*]]: vector<4xf8E4M3FN>, %[[B:.*]]: vector<4xi4>, %[[C:.*]]: vector<4xbf16>, %[[D:.*]]: vector<4x!lowbit.log<4>>
// CHECK-NEXT: lowbit.convert %[[A]] : vector<4xf8E4M3FN> to vector<4xf4E2M1FN>
// CHECK-NEXT: lowbit.convert %[[B]] {overflow = #lowbit.overflow<ieee>} : vector<4xi4> to vector<4xf8E5M2>
// CHECK-NEXT: lowbit.convert %[[C]] : vector<4xbf16> to vector<4xf16>
// CHECK-NEXT: lowbit.convert %[[D]] {rounding = #lowbit.rounding<toward_zero>} : vector<4x!lowbit.log<4>> to vector<4xi8>
// CHECK-NEXT: return
func.func @compose(%a: vector<4xf8E4M3FN>, %b: vector<4xi4>, %c: vector<4xbf16>, %d: vector<4x!lowbit.log<4>>)
    -> (vector<4xf4E2M1FN>, vector<4xf8E5M2>, vector<4xf16>, vector<4xi8>) {
  %0 = lowbit.convert %a : vector<4xf8E4M3FN> to vector<4xf32>
  %1 = lowbit.convert %0 : vector<4xf32> to vector<4xf4E2M1FN>
  %2 = lowbit.convert %b : vector<4xi4> to vector<4xbf16>
  %3 = lowbit.convert %2 {overflow = #lowbit.overflow<ieee>} : vector<4xbf16> to vector<4xf8E5M2>
  %4 = lowbit.convert %c {overflow = #lowbit.overflow<ieee>} : vector<4xbf16> to vector<4xf32>
  %5 = lowbit.convert %4 : vector<4xf32> to vector<4xf16>
  %6 = lowbit.convert %d {rounding = #lowbit.rounding<toward_zero>} : vector<4x!lowbit.log<4>> to vector<4xf8E4M3FN>
  %7 = lowbit.convert %6 {rounding = #lowbit.rounding<toward_zero>} : vector<4xf8E4M3FN> to vector<4xi8>
  return %1, %3, %5, %7 : vector<4xf4E2M1FN>, vector<4xf8E5M2>, vector<4xf16>, vector<4xi8>
}

// -----

// There and back is nothing.
// CHECK-LABEL: func.func @round_trip(
// CHECK-SAME: %[[A:.*]]: tensor<?xf8E4M3FN>, %[[R:.*]]: tensor<?xi32>
// CHECK-NEXT: return %[[A]]
func.func @round_trip(%a: tensor<?xf8E4M3FN>, %r: tensor<?xi32>) -> tensor<?xf8E4M3FN> {
  %0 = lowbit.convert %a : tensor<?xf8E4M3FN> to tensor<?xf16>
  %1 = lowbit.convert %0 : tensor<?xf16> to tensor<?xf8E4M3FN>
  return %1 : tensor<?xf8E4M3FN>
}

// -----

// The random words of the second conversion stay with it.
// CHECK-LABEL: func.func @compose_stochastic(
// CHECK-SAME: %[[A:.*]]: tensor<4xf16>, %[[R:.*]]: tensor<4xi32>
// CHECK-NEXT: lowbit.convert %[[A]] random(%[[R]] : tensor<4xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<4xf16> to tensor<4xf8E5M2>
// CHECK-NEXT: return
func.func @compose_stochastic(%a: tensor<4xf16>, %r: tensor<4xi32>) -> tensor<4xf8E5M2> {
  %0 = lowbit.convert %a {overflow = #lowbit.overflow<ieee>} : tensor<4xf16> to tensor<4xf32>
  %1 = lowbit.convert %0 random(%r : tensor<4xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<4xf32> to tensor<4xf8E5M2>
  return %1 : tensor<4xf8E5M2>
}

// -----

// f32 -> f16 -> f8 rounds twice: 1.0625 + 2^-12 is above the tie between 1 and
// 1.125, in f16 it is the tie.
// CHECK-LABEL: func.func @double_rounding(
// CHECK-COUNT-2: lowbit.convert
func.func @double_rounding(%a: tensor<4xf32>) -> tensor<4xf8E4M3FN> {
  %0 = lowbit.convert %a : tensor<4xf32> to tensor<4xf16>
  %1 = lowbit.convert %0 : tensor<4xf16> to tensor<4xf8E4M3FN>
  return %1 : tensor<4xf8E4M3FN>
}

// -----

// Not lossless: infinity saturates on the way; bf16 has values beyond f16; E4M3
// has a NaN that E2M1 lacks; -0 is lost in FNUZ and in integers.
// CHECK-LABEL: func.func @lossy_first(
// CHECK-COUNT-10: lowbit.convert
func.func @lossy_first(%a: tensor<4xf8E5M2>, %b: tensor<4xbf16>, %c: tensor<4xf8E4M3FN>, %d: tensor<4xf4E2M1FN>)
    -> (tensor<4xf16>, tensor<4xf8E4M3FN>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>) {
  %0 = lowbit.convert %a : tensor<4xf8E5M2> to tensor<4xf32>
  %1 = lowbit.convert %0 {overflow = #lowbit.overflow<ieee>} : tensor<4xf32> to tensor<4xf16>
  %2 = lowbit.convert %b {overflow = #lowbit.overflow<ieee>} : tensor<4xbf16> to tensor<4xf16>
  %3 = lowbit.convert %2 : tensor<4xf16> to tensor<4xf8E4M3FN>
  %4 = lowbit.convert %c : tensor<4xf8E4M3FN> to tensor<4xf6E3M2FN>
  %5 = lowbit.convert %4 : tensor<4xf6E3M2FN> to tensor<4xf16>
  %6 = lowbit.convert %d : tensor<4xf4E2M1FN> to tensor<4xf8E4M3FNUZ>
  %7 = lowbit.convert %6 : tensor<4xf8E4M3FNUZ> to tensor<4xf16>
  %8 = lowbit.convert %d : tensor<4xf4E2M1FN> to tensor<4xi8>
  %9 = lowbit.convert %8 : tensor<4xi8> to tensor<4xf16>
  return %1, %3, %5, %7, %9 : tensor<4xf16>, tensor<4xf8E4M3FN>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>
}

// -----

//===----------------------------------------------------------------------===//
// bitcast of bitcast
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @bitcasts(
// CHECK-SAME: %[[A:.*]]: memref<4xf8E4M3FN>
// CHECK-NEXT: lowbit.bitcast %[[A]] : memref<4xf8E4M3FN> to memref<4x!lowbit.minifloat<ue5m3fn>>
// CHECK-NEXT: return
func.func @bitcasts(%a: memref<4xf8E4M3FN>) -> memref<4x!lowbit.minifloat<ue5m3fn>> {
  %0 = lowbit.bitcast %a : memref<4xf8E4M3FN> to memref<4xi8>
  %1 = lowbit.bitcast %0 : memref<4xi8> to memref<4xui8>
  %2 = lowbit.bitcast %1 : memref<4xui8> to memref<4x!lowbit.minifloat<ue5m3fn>>
  return %2 : memref<4x!lowbit.minifloat<ue5m3fn>>
}

// -----

//===----------------------------------------------------------------------===//
// quantize of dequantize
//===----------------------------------------------------------------------===//

// Every code returns under each of the constant scales and zero points.
// CHECK-LABEL: func.func @requantize(
// CHECK-SAME: %[[A:.*]]: tensor<4x64xi4>, %[[B:.*]]: tensor<?xf4E2M1FN>, %[[C:.*]]: tensor<4xi8>, %[[D:.*]]: tensor<4x!lowbit.codebook<4, nf4>>
// CHECK-NOT: lowbit.quantize
// CHECK-NOT: lowbit.dequantize
// CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
func.func @requantize(%a: tensor<4x64xi4>, %b: tensor<?xf4E2M1FN>, %c: tensor<4xi8>, %d: tensor<4x!lowbit.codebook<4, nf4>>)
    -> (tensor<4x64xi4>, tensor<?xf4E2M1FN>, tensor<4xi8>, tensor<4x!lowbit.codebook<4, nf4>>) {
  %s = arith.constant dense<[[0.1], [3.0], [1.0e-30], [1.0e30]]> : tensor<4x1xf32>
  %0 = lowbit.dequantize %a scale(%s) : (tensor<4x64xi4>, tensor<4x1xf32>) -> tensor<4x64xf32>
  // An equal granularity, written otherwise.
  %1 = lowbit.quantize %0 scale(%s) block [1, 0] : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xi4>

  %t = arith.constant 0.37 : f32
  %2 = lowbit.dequantize %b scale(%t) : (tensor<?xf4E2M1FN>, f32) -> tensor<?xf32>
  %3 = lowbit.quantize %2 scale(%t) {rounding = #lowbit.rounding<toward_zero>} : (tensor<?xf32>, f32) -> tensor<?xf4E2M1FN>

  // Zero points of the element's type and of a wider one.
  %z = arith.constant dense<[3, 3, 3, -128]> : tensor<4xi32>
  %u = arith.constant dense<0.5> : tensor<4xf32>
  %4 = lowbit.dequantize %c scale(%u) zero_point(%z) : (tensor<4xi8>, tensor<4xf32>, tensor<4xi32>) -> tensor<4xf16>
  %5 = lowbit.quantize %4 scale(%u) zero_point(%z) : (tensor<4xf16>, tensor<4xf32>, tensor<4xi32>) -> tensor<4xi8>

  %6 = lowbit.dequantize %d scale(%t) : (tensor<4x!lowbit.codebook<4, nf4>>, f32) -> tensor<4xbf16>
  %7 = lowbit.quantize %6 scale(%t) : (tensor<4xbf16>, f32) -> tensor<4x!lowbit.codebook<4, nf4>>
  return %1, %3, %5, %7 : tensor<4x64xi4>, tensor<?xf4E2M1FN>, tensor<4xi8>, tensor<4x!lowbit.codebook<4, nf4>>
}

// -----

// Scales under which codes do not return: 0, infinity, NaN, and ones so small
// or large that products underflow or overflow.
// CHECK-LABEL: func.func @bad_scales(
// CHECK-COUNT-12: lowbit.{{(de)?}}quantize
func.func @bad_scales(%a: tensor<4xi4>) -> (tensor<4xi4>, tensor<4xi4>, tensor<4xi4>, tensor<4xi4>, tensor<4xi4>, tensor<4xi4>) {
  %zero = arith.constant 0.0 : f32
  %0 = lowbit.dequantize %a scale(%zero) : (tensor<4xi4>, f32) -> tensor<4xf32>
  %1 = lowbit.quantize %0 scale(%zero) : (tensor<4xf32>, f32) -> tensor<4xi4>
  %inf = arith.constant 0x7F800000 : f32
  %2 = lowbit.dequantize %a scale(%inf) : (tensor<4xi4>, f32) -> tensor<4xf32>
  %3 = lowbit.quantize %2 scale(%inf) : (tensor<4xf32>, f32) -> tensor<4xi4>
  %nan = arith.constant 0x7FC00000 : f32
  %4 = lowbit.dequantize %a scale(%nan) : (tensor<4xi4>, f32) -> tensor<4xf32>
  %5 = lowbit.quantize %4 scale(%nan) : (tensor<4xf32>, f32) -> tensor<4xi4>
  // In f16 the products of 2^-26 underflow, those of 30000 overflow.
  %small = arith.constant 1.4901161193847656e-08 : f32
  %6 = lowbit.dequantize %a scale(%small) : (tensor<4xi4>, f32) -> tensor<4xf16>
  %7 = lowbit.quantize %6 scale(%small) : (tensor<4xf16>, f32) -> tensor<4xi4>
  %large = arith.constant 30000.0 : f32
  %8 = lowbit.dequantize %a scale(%large) : (tensor<4xi4>, f32) -> tensor<4xf16>
  %9 = lowbit.quantize %8 scale(%large) : (tensor<4xf16>, f32) -> tensor<4xi4>
  // One bad scale among good ones.
  %mixed = arith.constant dense<[1.0, 1.0, 0.0, 1.0]> : tensor<4xf32>
  %10 = lowbit.dequantize %a scale(%mixed) : (tensor<4xi4>, tensor<4xf32>) -> tensor<4xf32>
  %11 = lowbit.quantize %10 scale(%mixed) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi4>
  return %1, %3, %5, %7, %9, %11 : tensor<4xi4>, tensor<4xi4>, tensor<4xi4>, tensor<4xi4>, tensor<4xi4>, tensor<4xi4>
}

// -----

// A subnormal scale still has exact products with codes, and returns them; but
// not where FP8 codes are fractions: 2^-149 * 2^-9 is 0.
// CHECK-LABEL: func.func @subnormal_scale(
// CHECK-SAME: %[[A:.*]]: tensor<4xi4>
// CHECK: lowbit.dequantize
// CHECK: %[[B:.*]] = lowbit.quantize
// CHECK: return %[[A]], %[[B]]
func.func @subnormal_scale(%a: tensor<4xi4>, %b: tensor<4xf8E4M3FN>) -> (tensor<4xi4>, tensor<4xf8E4M3FN>) {
  %s = arith.constant 1.401298464e-45 : f32
  %0 = lowbit.dequantize %a scale(%s) : (tensor<4xi4>, f32) -> tensor<4xf32>
  %1 = lowbit.quantize %0 scale(%s) : (tensor<4xf32>, f32) -> tensor<4xi4>
  %2 = lowbit.dequantize %b scale(%s) : (tensor<4xf8E4M3FN>, f32) -> tensor<4xf32>
  %3 = lowbit.quantize %2 scale(%s) : (tensor<4xf32>, f32) -> tensor<4xf8E4M3FN>
  return %1, %3 : tensor<4xi4>, tensor<4xf8E4M3FN>
}

// -----

// Several codes for NaN become one; infinities saturate; duplicates of a
// codebook become the lower code.
// CHECK-LABEL: func.func @ambiguous_codes(
// CHECK-COUNT-6: lowbit.{{(de)?}}quantize
func.func @ambiguous_codes(%a: tensor<4xf8E5M2>, %b: tensor<4x!lowbit.codebook<2, [1.0, 1.0, 0.0, -1.0]>>)
    -> (tensor<4xf8E5M2>, tensor<4xf8E5M2>, tensor<4x!lowbit.codebook<2, [1.0, 1.0, 0.0, -1.0]>>) {
  %s = arith.constant 1.0 : f32
  %0 = lowbit.dequantize %a scale(%s) {overflow = #lowbit.overflow<ieee>} : (tensor<4xf8E5M2>, f32) -> tensor<4xf32>
  %1 = lowbit.quantize %0 scale(%s) {overflow = #lowbit.overflow<ieee>} : (tensor<4xf32>, f32) -> tensor<4xf8E5M2>
  %2 = lowbit.dequantize %a scale(%s) : (tensor<4xf8E5M2>, f32) -> tensor<4xf32>
  %3 = lowbit.quantize %2 scale(%s) : (tensor<4xf32>, f32) -> tensor<4xf8E5M2>
  %4 = lowbit.dequantize %b scale(%s) : (tensor<4x!lowbit.codebook<2, [1.0, 1.0, 0.0, -1.0]>>, f32) -> tensor<4xf32>
  %5 = lowbit.quantize %4 scale(%s) : (tensor<4xf32>, f32) -> tensor<4x!lowbit.codebook<2, [1.0, 1.0, 0.0, -1.0]>>
  return %1, %3, %5 : tensor<4xf8E5M2>, tensor<4xf8E5M2>, tensor<4x!lowbit.codebook<2, [1.0, 1.0, 0.0, -1.0]>>
}

// -----

// Too few bits in between, another scale, another block, another zero point,
// another type, a scale that is no constant, stochastic rounding.
// CHECK-LABEL: func.func @other_parameters(
// CHECK-COUNT-14: lowbit.{{(de)?}}quantize
func.func @other_parameters(%a: tensor<2x2xi8>, %x: f32, %r: tensor<2x2xi32>)
    -> (tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xui8>, tensor<2x2xi8>, tensor<2x2xi8>) {
  %s = arith.constant 1.0 : f32
  %t = arith.constant 2.0 : f32
  %0 = lowbit.dequantize %a scale(%s) : (tensor<2x2xi8>, f32) -> tensor<2x2xf8E4M3FN>
  %1 = lowbit.quantize %0 scale(%s) : (tensor<2x2xf8E4M3FN>, f32) -> tensor<2x2xi8>
  %2 = lowbit.dequantize %a scale(%s) : (tensor<2x2xi8>, f32) -> tensor<2x2xf32>
  %3 = lowbit.quantize %2 scale(%t) : (tensor<2x2xf32>, f32) -> tensor<2x2xi8>
  // One scale tensor, read by rows and by columns.
  %v = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %w = tensor.cast %v : tensor<1x2xf32> to tensor<?x?xf32>
  %4 = lowbit.dequantize %a scale(%w) block [0, 1] : (tensor<2x2xi8>, tensor<?x?xf32>) -> tensor<2x2xf32>
  %5 = lowbit.quantize %4 scale(%w) block [1, 0] : (tensor<2x2xf32>, tensor<?x?xf32>) -> tensor<2x2xi8>
  %z = arith.constant 1 : i8
  %6 = lowbit.dequantize %a scale(%s) zero_point(%z) : (tensor<2x2xi8>, f32, i8) -> tensor<2x2xf32>
  %7 = lowbit.quantize %6 scale(%s) : (tensor<2x2xf32>, f32) -> tensor<2x2xi8>
  %8 = lowbit.dequantize %a scale(%s) : (tensor<2x2xi8>, f32) -> tensor<2x2xf32>
  %9 = lowbit.quantize %8 scale(%s) : (tensor<2x2xf32>, f32) -> tensor<2x2xui8>
  %10 = lowbit.dequantize %a scale(%x) : (tensor<2x2xi8>, f32) -> tensor<2x2xf32>
  %11 = lowbit.quantize %10 scale(%x) : (tensor<2x2xf32>, f32) -> tensor<2x2xi8>
  %12 = lowbit.dequantize %a scale(%s) : (tensor<2x2xi8>, f32) -> tensor<2x2xf32>
  %13 = lowbit.quantize %12 scale(%s) random(%r) {rounding = #lowbit.rounding<stochastic>} : (tensor<2x2xf32>, f32, tensor<2x2xi32>) -> tensor<2x2xi8>
  return %1, %3, %5, %7, %9, %11, %13 : tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xui8>, tensor<2x2xi8>, tensor<2x2xi8>
}
