// Ops on constants are evaluated by the Numerics library, and what must not be
// evaluated stays. Results were worked out by hand from docs/Formats.md.

// RUN: lowbit-opt %s --canonicalize --split-input-file | FileCheck %s

//===----------------------------------------------------------------------===//
// convert
//===----------------------------------------------------------------------===//

// Ties of E2M1 go to the even significand (0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5).
// CHECK-LABEL: func.func @ties(
// CHECK: arith.constant dense<[0.000000e+00, 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00, 4.000000e+00, 4.000000e+00]> : tensor<7xf4E2M1FN>
// CHECK-NOT: lowbit
func.func @ties() -> tensor<7xf4E2M1FN> {
  %c = arith.constant dense<[0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0]> : tensor<7xf32>
  %0 = lowbit.convert %c : tensor<7xf32> to tensor<7xf4E2M1FN>
  return %0 : tensor<7xf4E2M1FN>
}

// -----

// CHECK-LABEL: func.func @toward_zero(
// CHECK: arith.constant dense<[0.000000e+00, -5.000000e-01, 4.000000e+00, -6.000000e+00]> : vector<4xf4E2M1FN>
// CHECK-NOT: lowbit
func.func @toward_zero() -> vector<4xf4E2M1FN> {
  %c = arith.constant dense<[0.49, -0.99, 5.99, -1.0e30]> : vector<4xf32>
  %0 = lowbit.convert %c {rounding = #lowbit.rounding<toward_zero>} : vector<4xf32> to vector<4xf4E2M1FN>
  return %0 : vector<4xf4E2M1FN>
}

// -----

// f = 0.25 of the gap between 1 and 1.125 (E4M3): away iff r < 2^30.
// CHECK-LABEL: func.func @stochastic(
// CHECK: arith.constant dense<[1.125000e+00, 1.000000e+00, 1.000000e+00]> : tensor<3xf8E4M3FN>
// CHECK-NOT: lowbit
func.func @stochastic() -> tensor<3xf8E4M3FN> {
  %c = arith.constant dense<1.03125> : tensor<3xf32>
  %r = arith.constant dense<[1073741823, 1073741824, -1]> : tensor<3xi32>
  %0 = lowbit.convert %c random(%r : tensor<3xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<3xf32> to tensor<3xf8E4M3FN>
  return %0 : tensor<3xf8E4M3FN>
}

// -----

// Overflow: 464 is the tie between 448 and what would be 480.
// CHECK-LABEL: func.func @overflow(
// CHECK-DAG: %[[SAT:.*]] = arith.constant dense<[4.480000e+02, 4.480000e+02, -4.480000e+02]> : tensor<3xf8E4M3FN>
// CHECK-DAG: %[[IEEE:.*]] = arith.constant dense<[4.480000e+02, 0x7F, 0xFF]> : tensor<3xf8E4M3FN>
// CHECK-DAG: %[[INF:.*]] = arith.constant dense<[0x7C, 5.734400e+04, 0xFC]> : tensor<3xf8E5M2>
// CHECK: return %[[SAT]], %[[IEEE]], %[[INF]]
func.func @overflow() -> (tensor<3xf8E4M3FN>, tensor<3xf8E4M3FN>, tensor<3xf8E5M2>) {
  %c = arith.constant dense<[464.0, 464.1, 0xFF800000]> : tensor<3xf32>
  %0 = lowbit.convert %c : tensor<3xf32> to tensor<3xf8E4M3FN>
  %1 = lowbit.convert %c {overflow = #lowbit.overflow<ieee>} : tensor<3xf32> to tensor<3xf8E4M3FN>
  %d = arith.constant dense<[61440.0, 61439.0, -1.0e6]> : tensor<3xf32>
  %2 = lowbit.convert %d {overflow = #lowbit.overflow<ieee>} : tensor<3xf32> to tensor<3xf8E5M2>
  return %0, %1, %2 : tensor<3xf8E4M3FN>, tensor<3xf8E4M3FN>, tensor<3xf8E5M2>
}

// -----

// NaN: kept; +0 where there is none, whatever its sign; 0 in integers.
// -0: kept where the format has it.
// CHECK-LABEL: func.func @nan_and_zero(
// CHECK-DAG: %[[E4M3:.*]] = arith.constant dense<[0x7F, 0xFF, -0.000000e+00]> : tensor<3xf8E4M3FN>
// CHECK-DAG: %[[FNUZ:.*]] = arith.constant dense<[0x80, 0x80, 0.000000e+00]> : tensor<3xf8E4M3FNUZ>
// CHECK-DAG: %[[E2M1:.*]] = arith.constant dense<[0.000000e+00, 0.000000e+00, -0.000000e+00]> : tensor<3xf4E2M1FN>
// CHECK-DAG: %[[I4:.*]] = arith.constant dense<0> : tensor<3xi4>
// CHECK-DAG: %[[E8M0:.*]] = arith.constant dense<[0xFF, 0xFF, 5.877470e-39]> : tensor<3xf8E8M0FNU>
// CHECK: return %[[E4M3]], %[[FNUZ]], %[[E2M1]], %[[I4]], %[[E8M0]]
func.func @nan_and_zero() -> (tensor<3xf8E4M3FN>, tensor<3xf8E4M3FNUZ>, tensor<3xf4E2M1FN>, tensor<3xi4>, tensor<3xf8E8M0FNU>) {
  %c = arith.constant dense<[0x7FC00000, 0xFFC00000, -0.0]> : tensor<3xf32>
  %0 = lowbit.convert %c : tensor<3xf32> to tensor<3xf8E4M3FN>
  %1 = lowbit.convert %c : tensor<3xf32> to tensor<3xf8E4M3FNUZ>
  %2 = lowbit.convert %c : tensor<3xf32> to tensor<3xf4E2M1FN>
  %3 = lowbit.convert %c : tensor<3xf32> to tensor<3xi4>
  %4 = lowbit.convert %c : tensor<3xf32> to tensor<3xf8E8M0FNU>
  return %0, %1, %2, %3, %4 : tensor<3xf8E4M3FN>, tensor<3xf8E4M3FNUZ>, tensor<3xf4E2M1FN>, tensor<3xi4>, tensor<3xf8E8M0FNU>
}

// -----

// Integers: round half to even, saturate, unsigned from negative.
// CHECK-LABEL: func.func @integers(
// CHECK-DAG: %[[I4:.*]] = arith.constant dense<[2, 4, -8, 7, 7]> : tensor<5xi4>
// CHECK-DAG: %[[UI4:.*]] = arith.constant dense<[2, 4, 0, 15, 15]> : tensor<5xui4>
// CHECK: return %[[I4]], %[[UI4]]
func.func @integers() -> (tensor<5xi4>, tensor<5xui4>) {
  %c = arith.constant dense<[2.5, 3.5, -100.0, 15.4, 0x7F800000]> : tensor<5xf32>
  %0 = lowbit.convert %c : tensor<5xf32> to tensor<5xi4>
  %1 = lowbit.convert %c : tensor<5xf32> to tensor<5xui4>
  return %0, %1 : tensor<5xi4>, tensor<5xui4>
}

// -----

// Scalars of uiN and !lowbit types are integer constants behind a bitcast, as
// arith.constant has no such type; they are read through it too.
// CHECK-LABEL: func.func @bitcast_constants(
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : i4
// CHECK-DAG: %[[C2:.*]] = arith.constant dense<[7, -1]> : tensor<2xi4>
// CHECK-DAG: %[[F:.*]] = arith.constant dense<[1.000000e+00, -1.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[UI4:.*]] = lowbit.bitcast %[[C3]] : i4 to ui4
// CHECK-DAG: %[[LOG:.*]] = lowbit.bitcast %[[C2]] : tensor<2xi4> to tensor<2x!lowbit.log<4>>
// CHECK: return %[[UI4]], %[[LOG]], %[[F]]
func.func @bitcast_constants() -> (ui4, tensor<2x!lowbit.log<4>>, tensor<2xf32>) {
  %c = arith.constant 3.2 : f32
  %0 = lowbit.convert %c : f32 to ui4
  %d = arith.constant dense<[0.9, -5.0]> : tensor<2xf32>
  %1 = lowbit.convert %d : tensor<2xf32> to tensor<2x!lowbit.log<4>>
  %2 = lowbit.convert %1 : tensor<2x!lowbit.log<4>> to tensor<2xf32>
  return %0, %1, %2 : ui4, tensor<2x!lowbit.log<4>>, tensor<2xf32>
}

// -----

// A splat is one value, however large its tensor.
// CHECK-LABEL: func.func @large_splat(
// CHECK: arith.constant dense<1.500000e+00> : tensor<1048576x1048576xf8E5M2>
// CHECK-NOT: lowbit
func.func @large_splat() -> tensor<1048576x1048576xf8E5M2> {
  %c = arith.constant dense<1.6> : tensor<1048576x1048576xf32>
  %0 = lowbit.convert %c : tensor<1048576x1048576xf32> to tensor<1048576x1048576xf8E5M2>
  return %0 : tensor<1048576x1048576xf8E5M2>
}

// -----

// Empty, rank 0, scalable.
// CHECK-LABEL: func.func @shapes(
// CHECK-DAG: arith.constant dense<> : tensor<0x4xf16>
// CHECK-DAG: arith.constant dense<2.000000e+00> : tensor<f16>
// CHECK-DAG: arith.constant dense<2.000000e+00> : vector<f16>
// CHECK-DAG: arith.constant dense<2.000000e+00> : vector<[4]xf16>
// CHECK-NOT: lowbit
func.func @shapes() -> (tensor<0x4xf16>, tensor<f16>, vector<f16>, vector<[4]xf16>) {
  %a = arith.constant dense<> : tensor<0x4xf32>
  %b = arith.constant dense<2.0> : tensor<f32>
  %c = arith.constant dense<2.0> : vector<f32>
  %d = arith.constant dense<2.0> : vector<[4]xf32>
  %0 = lowbit.convert %a : tensor<0x4xf32> to tensor<0x4xf16>
  %1 = lowbit.convert %b : tensor<f32> to tensor<f16>
  %2 = lowbit.convert %c : vector<f32> to vector<f16>
  %3 = lowbit.convert %d : vector<[4]xf32> to vector<[4]xf16>
  return %0, %1, %2, %3 : tensor<0x4xf16>, tensor<f16>, vector<f16>, vector<[4]xf16>
}

// -----

// A convert to its own type is nothing where every code returns to itself; not
// with several NaN codes, nor where infinities saturate.
// CHECK-LABEL: func.func @own_type(
// CHECK-SAME: %[[A:.*]]: vector<4xf4E2M1FN>, %[[B:.*]]: vector<4xf8E4M3FN>, %[[C:.*]]: vector<4xf8E5M2>, %[[D:.*]]: vector<4xf32>
// CHECK: %[[C2:.*]] = lowbit.convert %[[C]] : vector<4xf8E5M2> to vector<4xf8E5M2>
// CHECK: %[[C3:.*]] = lowbit.convert %[[C]] {overflow = #lowbit.overflow<ieee>} : vector<4xf8E5M2> to vector<4xf8E5M2>
// CHECK: %[[D2:.*]] = lowbit.convert %[[D]] : vector<4xf32> to vector<4xf32>
// CHECK: return %[[A]], %[[B]], %[[C2]], %[[C3]], %[[D2]]
func.func @own_type(%a: vector<4xf4E2M1FN>, %b: vector<4xf8E4M3FN>, %c: vector<4xf8E5M2>, %d: vector<4xf32>)
    -> (vector<4xf4E2M1FN>, vector<4xf8E4M3FN>, vector<4xf8E5M2>, vector<4xf8E5M2>, vector<4xf32>) {
  %0 = lowbit.convert %a : vector<4xf4E2M1FN> to vector<4xf4E2M1FN>
  %1 = lowbit.convert %b : vector<4xf8E4M3FN> to vector<4xf8E4M3FN>
  %2 = lowbit.convert %c : vector<4xf8E5M2> to vector<4xf8E5M2>
  %3 = lowbit.convert %c {overflow = #lowbit.overflow<ieee>} : vector<4xf8E5M2> to vector<4xf8E5M2>
  %4 = lowbit.convert %d : vector<4xf32> to vector<4xf32>
  return %0, %1, %2, %3, %4 : vector<4xf4E2M1FN>, vector<4xf8E4M3FN>, vector<4xf8E5M2>, vector<4xf8E5M2>, vector<4xf32>
}

// -----

//===----------------------------------------------------------------------===//
// quantize, dequantize
//===----------------------------------------------------------------------===//

// A true division: 37.5 / 15 is the tie 2.5, 37.5 * (1 / 15) in f32 is above
// it; 91.5 / 61 is 1.5, 91.5 * (1 / 61) below it. A scale for each row.
// CHECK-LABEL: func.func @quantize(
// CHECK: arith.constant dense<{{\[\[}}2, 1, 7, -8], [2, 0, -1, 0]]> : tensor<2x4xi4>
// CHECK-NOT: lowbit
func.func @quantize() -> tensor<2x4xi4> {
  %x = arith.constant dense<[[37.5, 15.0, 1000.0, -1000.0], [91.5, 30.5, -61.0, 0.0]]> : tensor<2x4xf32>
  %s = arith.constant dense<[[15.0], [61.0]]> : tensor<2x1xf32>
  %0 = lowbit.quantize %x scale(%s) : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xi4>
  return %0 : tensor<2x4xi4>
}

// -----

// Integer zero point: sat(round(t) + z), the sum not wrapping. Float zero
// point: encode(t + z). 2.5 shows the order: round first gives 2 + 1 = 3, add
// first 3.5 -> 4.
// CHECK-LABEL: func.func @zero_points(
// CHECK-DAG: %[[INT:.*]] = arith.constant dense<[3, 1, 7, -8]> : tensor<4xi4>
// CHECK-DAG: %[[FLOAT:.*]] = arith.constant dense<[4, 2, 7, -8]> : tensor<4xi4>
// CHECK-DAG: %[[WIDE:.*]] = arith.constant dense<[7, 7, 7, -8]> : tensor<4xi4>
// CHECK: return %[[INT]], %[[FLOAT]], %[[WIDE]]
func.func @zero_points() -> (tensor<4xi4>, tensor<4xi4>, tensor<4xi4>) {
  %x = arith.constant dense<[2.5, 0.5, 1.0e30, -1.0e30]> : tensor<4xf32>
  %s = arith.constant 1.0 : f32
  %zi = arith.constant 1 : i4
  %zf = arith.constant 1.0 : f32
  %zw = arith.constant 2147483647 : i32
  %0 = lowbit.quantize %x scale(%s) zero_point(%zi) : (tensor<4xf32>, f32, i4) -> tensor<4xi4>
  %1 = lowbit.quantize %x scale(%s) zero_point(%zf) : (tensor<4xf32>, f32, f32) -> tensor<4xi4>
  %2 = lowbit.quantize %x scale(%s) zero_point(%zw) : (tensor<4xf32>, f32, i32) -> tensor<4xi4>
  return %0, %1, %2 : tensor<4xi4>, tensor<4xi4>, tensor<4xi4>
}

// -----

// s = 0 encodes every element as 0 (+ z); NaN with an integer z gives z.
// CHECK-LABEL: func.func @zero_scale(
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0> : tensor<3xi4>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<5> : tensor<3xi4>
// CHECK-DAG: %[[NAN:.*]] = arith.constant dense<[6, 5, 7]> : tensor<3xi4>
// CHECK-DAG: %[[F:.*]] = arith.constant dense<0.000000e+00> : tensor<3xf8E4M3FN>
// CHECK: return %[[ZERO]], %[[Z]], %[[NAN]], %[[F]]
func.func @zero_scale() -> (tensor<3xi4>, tensor<3xi4>, tensor<3xi4>, tensor<3xf8E4M3FN>) {
  %x = arith.constant dense<[1.0, 0x7FC00000, 0x7F800000]> : tensor<3xf32>
  %s = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %z = arith.constant 5 : i4
  %0 = lowbit.quantize %x scale(%s) : (tensor<3xf32>, f32) -> tensor<3xi4>
  %1 = lowbit.quantize %x scale(%s) zero_point(%z) : (tensor<3xf32>, f32, i4) -> tensor<3xi4>
  %2 = lowbit.quantize %x scale(%one) zero_point(%z) : (tensor<3xf32>, f32, i4) -> tensor<3xi4>
  %3 = lowbit.quantize %x scale(%s) : (tensor<3xf32>, f32) -> tensor<3xf8E4M3FN>
  return %0, %1, %2, %3 : tensor<3xi4>, tensor<3xi4>, tensor<3xi4>, tensor<3xf8E4M3FN>
}

// -----

// A ragged block: the last one has a single element.
// CHECK-LABEL: func.func @ragged(
// CHECK: arith.constant dense<[1, 2, 3, 4, 0]> : tensor<5xi4>
// CHECK-NOT: lowbit
func.func @ragged() -> tensor<5xi4> {
  %x = arith.constant dense<[1.0, 2.0, 6.0, 8.0, 1.0]> : tensor<5xf32>
  %s = arith.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32>
  %0 = lowbit.quantize %x scale(%s) block [2] : (tensor<5xf32>, tensor<3xf32>) -> tensor<5xi4>
  return %0 : tensor<5xi4>
}

// -----

// (decode(q) - z) * s, then the result type's own rounding and overflow.
// CHECK-LABEL: func.func @dequantize(
// CHECK-DAG: %[[F32:.*]] = arith.constant dense<[-2.000000e+00, 0.000000e+00, 4.000000e+00]> : tensor<3xf32>
// CHECK-DAG: %[[F8:.*]] = arith.constant dense<[-4.480000e+02, 0.000000e+00, 4.480000e+02]> : tensor<3xf8E4M3FN>
// CHECK-DAG: %[[NF4:.*]] = arith.constant dense<[-2.000000e+00, 0.000000e+00, 2.000000e+00]> : tensor<3xbf16>
// CHECK: return %[[F32]], %[[F8]], %[[NF4]]
func.func @dequantize() -> (tensor<3xf32>, tensor<3xf8E4M3FN>, tensor<3xbf16>) {
  %q = arith.constant dense<[0, 1, 3]> : tensor<3xi4>
  %z = arith.constant 1 : i4
  %s = arith.constant 2.0 : f32
  %0 = lowbit.dequantize %q scale(%s) zero_point(%z) : (tensor<3xi4>, f32, i4) -> tensor<3xf32>
  %t = arith.constant 1000.0 : f32
  %1 = lowbit.dequantize %q scale(%t) zero_point(%z) : (tensor<3xi4>, f32, i4) -> tensor<3xf8E4M3FN>
  %c = arith.constant dense<[0, 7, 15]> : tensor<3xi4>
  %n = lowbit.bitcast %c : tensor<3xi4> to tensor<3x!lowbit.codebook<4, nf4>>
  %2 = lowbit.dequantize %n scale(%s) : (tensor<3x!lowbit.codebook<4, nf4>>, f32) -> tensor<3xbf16>
  return %0, %1, %2 : tensor<3xf32>, tensor<3xf8E4M3FN>, tensor<3xbf16>
}

// -----

//===----------------------------------------------------------------------===//
// choose_scale
//===----------------------------------------------------------------------===//

// amax 12: absmax 12 / 6, mx_floor 2^(3 - 2) = 2. amax 21: absmax 21 / 6.
// amax 14: mx_floor 2, mx_ceil 4, mx_even: 1.75 rounds up to 2: 4, mx_rceil
// 14 / 6 -> 4. Empty: 1.
// CHECK-LABEL: func.func @choose_scale(
// CHECK-DAG: %[[ABSMAX:.*]] = arith.constant dense<[2.000000e+00, 3.500000e+00, 1.000000e+00]> : tensor<3xf32>
// CHECK-DAG: %[[FLOOR:.*]] = arith.constant dense<[2.000000e+00, 2.000000e+00, 1.000000e+00]> : tensor<3xf8E8M0FNU>
// CHECK-DAG: %[[CEIL:.*]] = arith.constant dense<[4.000000e+00, 4.000000e+00, 1.000000e+00]> : tensor<3xf8E8M0FNU>
// CHECK-DAG: %[[EVEN:.*]] = arith.constant dense<[2.000000e+00, 4.000000e+00, 1.000000e+00]> : tensor<3xf8E8M0FNU>
// CHECK: return %[[ABSMAX]], %[[FLOOR]], %[[CEIL]], %[[EVEN]], %[[EVEN]]
func.func @choose_scale() -> (tensor<3xf32>, tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>) {
  %x = arith.constant dense<[1.0, -12.0, 14.0, 3.0, 0.0, 0.0]> : tensor<6xf32>
  %y = arith.constant dense<[1.0, -12.0, 21.0, 3.0, 0.0, 0.0]> : tensor<6xf32>
  %0 = lowbit.choose_scale %y for f4E2M1FN block [2] : (tensor<6xf32>) -> tensor<3xf32>
  %1 = lowbit.choose_scale %x for f4E2M1FN block [2] {method = #lowbit.scale_method<mx_floor>} : (tensor<6xf32>) -> tensor<3xf8E8M0FNU>
  %2 = lowbit.choose_scale %x for f4E2M1FN block [2] {method = #lowbit.scale_method<mx_ceil>} : (tensor<6xf32>) -> tensor<3xf8E8M0FNU>
  %3 = lowbit.choose_scale %x for f4E2M1FN block [2] {method = #lowbit.scale_method<mx_even>} : (tensor<6xf32>) -> tensor<3xf8E8M0FNU>
  %4 = lowbit.choose_scale %x for f4E2M1FN block [2] {method = #lowbit.scale_method<mx_rceil>} : (tensor<6xf32>) -> tensor<3xf8E8M0FNU>
  return %0, %1, %2, %3, %4 : tensor<3xf32>, tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>
}

// -----

// minmax: (30 - (-15)) / 15 = 3, z = 0 - (-15) / 3 = 5; of 3..18 the range is
// 0..18; of zeros 1 and qmin.
// CHECK-LABEL: func.func @minmax(
// CHECK-DAG: %[[S:.*]] = arith.constant dense<[3.000000e+00, 1.200000e+00, 1.000000e+00]> : tensor<3xf32>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<[5, 0, 0]> : tensor<3xui4>
// CHECK-DAG: %[[ZI:.*]] = arith.constant dense<[-3, -8, -8]> : tensor<3xi32>
// CHECK: return %[[S]], %[[Z]], %[[ZI]]
func.func @minmax() -> (tensor<3xf32>, tensor<3xui4>, tensor<3xi32>) {
  %x = arith.constant dense<[30.0, -15.0, 3.0, 18.0, 0.0, -0.0]> : tensor<6xf32>
  %s, %z = lowbit.choose_scale %x for ui4 block [2] {method = #lowbit.scale_method<minmax>} : (tensor<6xf32>) -> (tensor<3xf32>, tensor<3xui4>)
  %s2, %z2 = lowbit.choose_scale %x for i4 block [2] {method = #lowbit.scale_method<minmax>} : (tensor<6xf32>) -> (tensor<3xf32>, tensor<3xi32>)
  return %s, %z, %z2 : tensor<3xf32>, tensor<3xui4>, tensor<3xi32>
}

// -----

// NaN or infinity in a block: NaN in the scale.
// CHECK-LABEL: func.func @choose_scale_nan(
// CHECK: arith.constant dense<[0x7FC00000, 0x7FC00000, 1.000000e+00]> : tensor<3xf32>
// CHECK-NOT: lowbit
func.func @choose_scale_nan() -> tensor<3xf32> {
  %x = arith.constant dense<[0x7FC00000, 0.0, 0xFF800000, 3.0, 127.0, -1.0]> : tensor<6xf32>
  %0 = lowbit.choose_scale %x for i8 block [2] : (tensor<6xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// A scale of a !lowbit type is an integer constant behind a bitcast: 1.0 in
// UE5M3 is the code 15 << 3.
// CHECK-LABEL: func.func @choose_scale_ue5m3(
// CHECK-DAG: %[[C:.*]] = arith.constant dense<120> : tensor<1xi8>
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<0> : tensor<1xui8>
// CHECK-DAG: %[[S:.*]] = lowbit.bitcast %[[C]] : tensor<1xi8> to tensor<1x!lowbit.minifloat<ue5m3fn>>
// CHECK-DAG: %[[T:.*]] = lowbit.bitcast %[[C]] : tensor<1xi8> to tensor<1x!lowbit.minifloat<ue5m3fn>>
// CHECK: return %[[S]], %[[T]], %[[Z]]
func.func @choose_scale_ue5m3() -> (tensor<1x!lowbit.minifloat<ue5m3fn>>, tensor<1x!lowbit.minifloat<ue5m3fn>>, tensor<1xui8>) {
  %x = arith.constant dense<[6.0, -1.0]> : tensor<2xf32>
  %y = arith.constant dense<[255.0, 1.0]> : tensor<2xf32>
  %0 = lowbit.choose_scale %x for f4E2M1FN : (tensor<2xf32>) -> tensor<1x!lowbit.minifloat<ue5m3fn>>
  %1, %2 = lowbit.choose_scale %y for ui8 {method = #lowbit.scale_method<minmax>} : (tensor<2xf32>) -> (tensor<1x!lowbit.minifloat<ue5m3fn>>, tensor<1xui8>)
  return %0, %1, %2 : tensor<1x!lowbit.minifloat<ue5m3fn>>, tensor<1x!lowbit.minifloat<ue5m3fn>>, tensor<1xui8>
}

// -----

//===----------------------------------------------------------------------===//
// bitcast, matmul
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @bitcast(
// CHECK-SAME: %[[X:.*]]: tensor<2xi4>
// CHECK-DAG: %[[I:.*]] = arith.constant dense<[56, 127]> : tensor<2xi8>
// CHECK-DAG: %[[F:.*]] = arith.constant dense<[1.000000e+00, 0x7F]> : tensor<2xf8E4M3FN>
// CHECK: return %[[I]], %[[F]], %[[X]], %[[X]]
func.func @bitcast(%x: tensor<2xi4>) -> (tensor<2xi8>, tensor<2xf8E4M3FN>, tensor<2xi4>, tensor<2xi4>) {
  %f = arith.constant dense<[1.0, 0x7F]> : tensor<2xf8E4M3FN>
  %0 = lowbit.bitcast %f : tensor<2xf8E4M3FN> to tensor<2xi8>
  %1 = lowbit.bitcast %0 : tensor<2xi8> to tensor<2xf8E4M3FN>
  %2 = lowbit.bitcast %x : tensor<2xi4> to tensor<2xi4>
  %3 = lowbit.bitcast %x : tensor<2xi4> to tensor<2x!lowbit.log<4>>
  %4 = lowbit.bitcast %3 : tensor<2x!lowbit.log<4>> to tensor<2xi4>
  return %0, %1, %2, %4 : tensor<2xi8>, tensor<2xf8E4M3FN>, tensor<2xi4>, tensor<2xi4>
}

// -----

// [1 2; 3 4] times [5 6; 7 8] (stored as N x K) with scales 2 and [1, 0.5] and
// a bias.
// CHECK-LABEL: func.func @matmul(
// CHECK-DAG: %[[P:.*]] = arith.constant dense<{{\[\[}}3.500000e+01, 2.100000e+01], [7.900000e+01, 5.100000e+01]]> : tensor<2x2xf32>
// CHECK-DAG: %[[I:.*]] = arith.constant dense<{{\[\[}}1.700000e+01, 2.300000e+01], [3.900000e+01, 5.300000e+01]]> : tensor<2x2xbf16>
// CHECK-DAG: %[[E:.*]] = arith.constant dense<1.000000e+00> : tensor<2x2xf32>
// CHECK: return %[[P]], %[[I]], %[[E]]
func.func @matmul() -> (tensor<2x2xf32>, tensor<2x2xbf16>, tensor<2x2xf32>) {
  %a = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi4>
  %b = arith.constant dense<[[5, 6], [7, 8]]> : tensor<2x2xi8>
  %as = arith.constant 2.0 : f32
  %bs = arith.constant dense<[[1.0], [0.5]]> : tensor<2x1xf32>
  %d = arith.constant dense<[1.0, -2.0]> : tensor<2xf32>
  %0 = lowbit.matmul %a scale(%as), %b scale(%bs) bias(%d) transpose_b : (tensor<2x2xi4>, f32, tensor<2x2xi8>, tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = lowbit.matmul %a, %b transpose_b {acc = i32} : (tensor<2x2xi4>, tensor<2x2xi8>) -> tensor<2x2xbf16>
  // Empty K: only the bias.
  %ea = arith.constant dense<> : tensor<2x0xf32>
  %eb = arith.constant dense<> : tensor<0x2xf32>
  %one = arith.constant dense<1.0> : tensor<2xf32>
  %2 = lowbit.matmul %ea, %eb bias(%one) : (tensor<2x0xf32>, tensor<0x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xbf16>, tensor<2x2xf32>
}

// -----

//===----------------------------------------------------------------------===//
// What stays
//===----------------------------------------------------------------------===//

// More than 1024 elements wait for lowbit-fold-weights; 1024 do not. Sizes
// whose product overflows are many, not few.
// CHECK-LABEL: func.func @large(
// CHECK: lowbit.quantize {{.*}} -> tensor<1025xi8>
// CHECK: lowbit.quantize {{.*}} -> tensor<4294967296x4294967296xi8>
// CHECK: lowbit.bitcast {{.*}} to tensor<4294967296x4294967296xi32>
// CHECK-NOT: lowbit
func.func @large() -> (tensor<1025xi8>, tensor<1024xi8>, tensor<4294967296x4294967296xi8>, tensor<4294967296x4294967296xi32>) {
  %s = arith.constant 1.0 : f32
  %x = arith.constant dense<1.0> : tensor<1025xf32>
  %y = arith.constant dense<1.0> : tensor<1024xf32>
  %z = arith.constant dense<1.0> : tensor<4294967296x4294967296xf32>
  %0 = lowbit.quantize %x scale(%s) : (tensor<1025xf32>, f32) -> tensor<1025xi8>
  %1 = lowbit.quantize %y scale(%s) : (tensor<1024xf32>, f32) -> tensor<1024xi8>
  %2 = lowbit.quantize %z scale(%s) : (tensor<4294967296x4294967296xf32>, f32) -> tensor<4294967296x4294967296xi8>
  %3 = lowbit.bitcast %z : tensor<4294967296x4294967296xf32> to tensor<4294967296x4294967296xi32>
  return %0, %1, %2, %3 : tensor<1025xi8>, tensor<1024xi8>, tensor<4294967296x4294967296xi8>, tensor<4294967296x4294967296xi32>
}

// -----

// An empty input with 10^12 empty blocks.
// CHECK-LABEL: func.func @many_empty_blocks(
// CHECK: lowbit.choose_scale
func.func @many_empty_blocks() -> tensor<1x1000000000000xf32> {
  %x = arith.constant dense<> : tensor<0x1000000000000xf32>
  %0 = lowbit.choose_scale %x for i8 block [0, 1] : (tensor<0x1000000000000xf32>) -> tensor<1x1000000000000xf32>
  return %0 : tensor<1x1000000000000xf32>
}

// -----

// A blob, an operand that is not constant, random words that are not.
// CHECK-LABEL: func.func @not_constant(
// CHECK: lowbit.dequantize
// CHECK: lowbit.quantize
// CHECK: lowbit.convert
// CHECK: lowbit.matmul
func.func @not_constant(%s: f32, %r: tensor<2xi32>, %b: tensor<2x2xf32>) -> (tensor<2xf32>, tensor<2xi4>, tensor<2xi4>, tensor<1x2xf32>) {
  %q = arith.constant dense_resource<blob> : tensor<2xi4>
  %one = arith.constant 1.0 : f32
  %0 = lowbit.dequantize %q scale(%one) : (tensor<2xi4>, f32) -> tensor<2xf32>
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = lowbit.quantize %x scale(%s) : (tensor<2xf32>, f32) -> tensor<2xi4>
  %2 = lowbit.convert %x random(%r : tensor<2xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<2xf32> to tensor<2xi4>
  %a = arith.constant dense<1.0> : tensor<1x2xf32>
  %3 = lowbit.matmul %a, %b : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %0, %1, %2, %3 : tensor<2xf32>, tensor<2xi4>, tensor<2xi4>, tensor<1x2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      blob: "0x1000000021"
    }
  }
#-}
