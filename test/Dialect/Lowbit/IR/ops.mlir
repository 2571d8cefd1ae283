// The syntax of every op, in every form: parsed, printed and parsed again,
// through text, generic text and bytecode.

// RUN: lowbit-opt %s | FileCheck %s
// RUN: lowbit-opt %s | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --emit-bytecode | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --mlir-print-op-generic | lowbit-opt | FileCheck %s

//===----------------------------------------------------------------------===//
// quantize, dequantize
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @quantize(
// CHECK-SAME: %[[X:.*]]: tensor<4x64xf32>, %[[S:.*]]: tensor<4x2xf32>, %[[Z:.*]]: tensor<4x2xi4>, %[[R:.*]]: tensor<4x64xi32>
func.func @quantize(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>, %z: tensor<4x2xi4>, %r: tensor<4x64xi32>) {
  // CHECK-NEXT: lowbit.quantize %[[X]] scale(%[[S]]) : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  %0 = lowbit.quantize %x scale(%s) : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  // CHECK-NEXT: lowbit.quantize %[[X]] scale(%[[S]]) block [1, 32] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  %1 = lowbit.quantize %x scale(%s) block [1, 32] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  // CHECK-NEXT: lowbit.quantize %[[X]] scale(%[[S]]) zero_point(%[[Z]]) block [1, 32] random(%[[R]]) {overflow = #lowbit.overflow<ieee>, rounding = #lowbit.rounding<stochastic>} : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<4x2xi4>, tensor<4x64xi32>) -> tensor<4x64xi4>
  %2 = lowbit.quantize %x scale(%s) zero_point(%z) block [1, 32] random(%r)
      {rounding = #lowbit.rounding<stochastic>, overflow = #lowbit.overflow<ieee>}
      : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<4x2xi4>, tensor<4x64xi32>) -> tensor<4x64xi4>
  return
}

// CHECK-LABEL: func.func @dequantize(
// CHECK-SAME: %[[Q:.*]]: tensor<4x64xi4>, %[[S:.*]]: tensor<4x2xf32>, %[[Z:.*]]: tensor<4x2xi8>
func.func @dequantize(%q: tensor<4x64xi4>, %s: tensor<4x2xf32>, %z: tensor<4x2xi8>) {
  // CHECK-NEXT: lowbit.dequantize %[[Q]] scale(%[[S]]) : (tensor<4x64xi4>, tensor<4x2xf32>) -> tensor<4x64xf32>
  %0 = lowbit.dequantize %q scale(%s) : (tensor<4x64xi4>, tensor<4x2xf32>) -> tensor<4x64xf32>
  // CHECK-NEXT: lowbit.dequantize %[[Q]] scale(%[[S]]) zero_point(%[[Z]]) block [1, 32] {rounding = #lowbit.rounding<toward_zero>} : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<4x2xi8>) -> tensor<4x64xbf16>
  %1 = lowbit.dequantize %q scale(%s) zero_point(%z) block [1, 32] {rounding = #lowbit.rounding<toward_zero>}
      : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<4x2xi8>) -> tensor<4x64xbf16>
  return
}

// The table of granularities, with and without `block`.
// CHECK-LABEL: func.func @granularities(
func.func @granularities(%x: tensor<4096x4096xf32>, %scalar: f32, %s0: tensor<f32>, %s11: tensor<1x1xf32>,
                         %rows: tensor<4096x1xf32>, %groups: tensor<4096x32xf32>, %tiles: tensor<32x32xf32>,
                         %token: tensor<?x4096xf32>, %st: tensor<?x1xf32>) {
  // CHECK-COUNT-9: lowbit.quantize
  %0 = lowbit.quantize %x scale(%scalar) : (tensor<4096x4096xf32>, f32) -> tensor<4096x4096xi8>
  %1 = lowbit.quantize %x scale(%scalar) block [0, 0] : (tensor<4096x4096xf32>, f32) -> tensor<4096x4096xi8>
  %2 = lowbit.quantize %x scale(%s0) : (tensor<4096x4096xf32>, tensor<f32>) -> tensor<4096x4096xi8>
  %3 = lowbit.quantize %x scale(%s11) block [0, 0] : (tensor<4096x4096xf32>, tensor<1x1xf32>) -> tensor<4096x4096xi8>
  %4 = lowbit.quantize %x scale(%rows) block [1, 0] : (tensor<4096x4096xf32>, tensor<4096x1xf32>) -> tensor<4096x4096xi8>
  %5 = lowbit.quantize %x scale(%groups) : (tensor<4096x4096xf32>, tensor<4096x32xf32>) -> tensor<4096x4096xi8>
  %6 = lowbit.quantize %x scale(%tiles) block [128, 128] : (tensor<4096x4096xf32>, tensor<32x32xf32>) -> tensor<4096x4096xi8>
  %7 = lowbit.quantize %token scale(%st) block [1, 0] : (tensor<?x4096xf32>, tensor<?x1xf32>) -> tensor<?x4096xi8>
  // A block of the size of the dimension has one scale too.
  %8 = lowbit.quantize %x scale(%s11) block [4096, 9223372036854775807] : (tensor<4096x4096xf32>, tensor<1x1xf32>) -> tensor<4096x4096xi8>
  return
}

// Ragged blocks, dynamic sizes under a scale of 1, empty and rank 0 tensors.
// CHECK-LABEL: func.func @edges(
func.func @edges(%x: tensor<5x?xf32>, %s: tensor<3x1xf32>, %d: tensor<3x?xf32>, %e: tensor<0x4xf32>, %se: tensor<1x4xf32>,
                 %se0: tensor<0x1xf32>, %x0: tensor<f32>, %s0: tensor<f32>, %z0: tensor<ui8>) {
  // CHECK-COUNT-5: lowbit.quantize
  %0 = lowbit.quantize %x scale(%s) block [2, 0] : (tensor<5x?xf32>, tensor<3x1xf32>) -> tensor<5x?xi4>
  %1 = lowbit.quantize %x scale(%d) block [2, 32] : (tensor<5x?xf32>, tensor<3x?xf32>) -> tensor<5x?xi4>
  // The whole of an empty dimension has one scale; its blocks have none.
  %2 = lowbit.quantize %e scale(%se) block [0, 1] : (tensor<0x4xf32>, tensor<1x4xf32>) -> tensor<0x4xi4>
  %3 = lowbit.quantize %e scale(%se0) block [32, 0] : (tensor<0x4xf32>, tensor<0x1xf32>) -> tensor<0x4xi4>
  %4 = lowbit.quantize %e scale(%se0) : (tensor<0x4xf32>, tensor<0x1xf32>) -> tensor<0x4xi4>
  // CHECK-NEXT: lowbit.quantize %{{.*}} scale(%{{.*}}) block [] : (tensor<f32>, tensor<f32>) -> tensor<i4>
  %5 = lowbit.quantize %x0 scale(%s0) block [] : (tensor<f32>, tensor<f32>) -> tensor<i4>
  // CHECK-NEXT: lowbit.quantize %{{.*}} scale(%{{.*}}) zero_point(%{{.*}}) : (tensor<f32>, tensor<f32>, tensor<ui8>) -> tensor<ui8>
  %6 = lowbit.quantize %x0 scale(%s0) zero_point(%z0) : (tensor<f32>, tensor<f32>, tensor<ui8>) -> tensor<ui8>
  return
}

// Scale formats; zero points: the element's type, a wider one, a float.
// CHECK-LABEL: func.func @scale_types(
func.func @scale_types(%x: tensor<8xf16>, %y: tensor<8xbf16>, %s0: f8E8M0FNU, %s1: f8E4M3FN, %s2: !lowbit.minifloat<ue5m3fn>,
                       %s3: f16, %s4: bf16, %s5: f32, %zi4: i4, %zsi4: si4, %zi8: i8, %zi32: i32, %zui4: ui4, %zf: f32) {
  // CHECK-COUNT-13: lowbit.quantize
  %0 = lowbit.quantize %x scale(%s0) : (tensor<8xf16>, f8E8M0FNU) -> tensor<8xf4E2M1FN>
  %1 = lowbit.quantize %y scale(%s1) : (tensor<8xbf16>, f8E4M3FN) -> tensor<8xf4E2M1FN>
  %2 = lowbit.quantize %x scale(%s2) : (tensor<8xf16>, !lowbit.minifloat<ue5m3fn>) -> tensor<8xf4E2M1FN>
  %3 = lowbit.quantize %x scale(%s3) : (tensor<8xf16>, f16) -> tensor<8x!lowbit.codebook<4, iq4nl>>
  %4 = lowbit.quantize %x scale(%s4) : (tensor<8xf16>, bf16) -> tensor<8x!lowbit.log<4>>
  %5 = lowbit.quantize %x scale(%s5) zero_point(%zi4) : (tensor<8xf16>, f32, i4) -> tensor<8xi4>
  %6 = lowbit.quantize %x scale(%s5) zero_point(%zsi4) : (tensor<8xf16>, f32, si4) -> tensor<8xi4>
  %7 = lowbit.quantize %x scale(%s5) zero_point(%zi4) : (tensor<8xf16>, f32, i4) -> tensor<8xsi4>
  %8 = lowbit.quantize %x scale(%s5) zero_point(%zi32) : (tensor<8xf16>, f32, i32) -> tensor<8xsi4>
  %9 = lowbit.quantize %x scale(%s5) zero_point(%zui4) : (tensor<8xf16>, f32, ui4) -> tensor<8xui4>
  %10 = lowbit.quantize %x scale(%s5) zero_point(%zi8) : (tensor<8xf16>, f32, i8) -> tensor<8xui4>
  %11 = lowbit.quantize %x scale(%s5) zero_point(%zf) : (tensor<8xf16>, f32, f32) -> tensor<8xi4>
  %12 = lowbit.quantize %x scale(%s5) zero_point(%zf) : (tensor<8xf16>, f32, f32) -> tensor<8xf4E2M1FN>
  return
}

// Two levels: the scale of one dequantize is the result of another.
// CHECK-LABEL: func.func @nvfp4(
func.func @nvfp4(%q: tensor<4x64xf4E2M1FN>, %bs: tensor<4x4xf8E4M3FN>, %ts: f32) -> tensor<4x64xf32> {
  // CHECK: %[[S:.*]] = lowbit.dequantize %{{.*}} scale(%{{.*}}) : (tensor<4x4xf8E4M3FN>, f32) -> tensor<4x4xf32>
  %s = lowbit.dequantize %bs scale(%ts) : (tensor<4x4xf8E4M3FN>, f32) -> tensor<4x4xf32>
  // CHECK: lowbit.dequantize %{{.*}} scale(%[[S]]) block [1, 16] : (tensor<4x64xf4E2M1FN>, tensor<4x4xf32>) -> tensor<4x64xf32>
  %x = lowbit.dequantize %q scale(%s) block [1, 16] : (tensor<4x64xf4E2M1FN>, tensor<4x4xf32>) -> tensor<4x64xf32>
  return %x : tensor<4x64xf32>
}

//===----------------------------------------------------------------------===//
// choose_scale
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @choose_scale(
// CHECK-SAME: %[[X:.*]]: tensor<4x64xf32>, %[[D:.*]]: tensor<?x?xf16>
func.func @choose_scale(%x: tensor<4x64xf32>, %d: tensor<?x?xf16>) {
  // CHECK-NEXT: lowbit.choose_scale %[[X]] for f8E4M3FN block [1, 32] {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  %0 = lowbit.choose_scale %x for f8E4M3FN block [1, 32] {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  // CHECK-NEXT: lowbit.choose_scale %[[X]] for ui4 {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> (tensor<4x2xf32>, tensor<4x2xui4>)
  %1, %2 = lowbit.choose_scale %x for ui4 {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> (tensor<4x2xf32>, tensor<4x2xui4>)
  // CHECK-NEXT: lowbit.choose_scale %[[X]] for f4E2M1FN block [1, 32] {method = #lowbit.scale_method<mx_floor>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  %3 = lowbit.choose_scale %x for f4E2M1FN block [1, 32] {method = #lowbit.scale_method<mx_floor>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  // CHECK-NEXT: lowbit.choose_scale %[[X]] for !lowbit.codebook<4, nf4> : (tensor<4x64xf32>) -> tensor<f16>
  %4 = lowbit.choose_scale %x for !lowbit.codebook<4, nf4> : (tensor<4x64xf32>) -> tensor<f16>
  // CHECK-NEXT: lowbit.choose_scale %[[D]] for i8 block [0, 32] {method = #lowbit.scale_method<minmax>} : (tensor<?x?xf16>) -> (tensor<1x?x!lowbit.minifloat<ue5m3fn>>, tensor<1x?xf32>)
  %5, %6 = lowbit.choose_scale %d for i8 block [0, 32] {method = #lowbit.scale_method<minmax>} : (tensor<?x?xf16>) -> (tensor<1x?x!lowbit.minifloat<ue5m3fn>>, tensor<1x?xf32>)
  return
}

//===----------------------------------------------------------------------===//
// convert
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @convert(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[R:.*]]: tensor<4xi32>
func.func @convert(%x: tensor<4xf32>, %r: tensor<4xi32>, %v: vector<7xf8E4M3FN>, %f: f64, %rs: i32,
                   %d: tensor<?x4x!lowbit.codebook<4, nf4>>, %sv: vector<[4]xbf16>, %e: tensor<8xi8, "enc">) {
  // CHECK-NEXT: lowbit.convert %[[X]] {overflow = #lowbit.overflow<ieee>, rounding = #lowbit.rounding<toward_zero>} : tensor<4xf32> to tensor<4xf8E5M2>
  %0 = lowbit.convert %x {rounding = #lowbit.rounding<toward_zero>, overflow = #lowbit.overflow<ieee>} : tensor<4xf32> to tensor<4xf8E5M2>
  // CHECK-NEXT: lowbit.convert %[[X]] random(%[[R]] : tensor<4xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<4xf32> to tensor<4xf8E5M2>
  %1 = lowbit.convert %x random(%r : tensor<4xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<4xf32> to tensor<4xf8E5M2>
  // CHECK-NEXT: lowbit.convert %{{.*}} : vector<7xf8E4M3FN> to vector<7x!lowbit.minifloat<e5m3fn>>
  %2 = lowbit.convert %v : vector<7xf8E4M3FN> to vector<7x!lowbit.minifloat<e5m3fn>>
  // CHECK-NEXT: lowbit.convert %{{.*}} : f64 to !lowbit.log<4>
  %3 = lowbit.convert %f : f64 to !lowbit.log<4>
  // CHECK-NEXT: lowbit.convert %{{.*}} random(%{{.*}} : i32) {rounding = #lowbit.rounding<stochastic>} : f64 to ui3
  %4 = lowbit.convert %f random(%rs : i32) {rounding = #lowbit.rounding<stochastic>} : f64 to ui3
  // CHECK-NEXT: lowbit.convert %{{.*}} : tensor<?x4x!lowbit.codebook<4, nf4>> to tensor<?x4xf64>
  %5 = lowbit.convert %d : tensor<?x4x!lowbit.codebook<4, nf4>> to tensor<?x4xf64>
  // CHECK-NEXT: lowbit.convert %{{.*}} : vector<[4]xbf16> to vector<[4]xf8E5M2>
  %6 = lowbit.convert %sv : vector<[4]xbf16> to vector<[4]xf8E5M2>
  // CHECK-NEXT: lowbit.convert %{{.*}} : tensor<8xi8, "enc"> to tensor<8xf16, "enc">
  %7 = lowbit.convert %e : tensor<8xi8, "enc"> to tensor<8xf16, "enc">
  return
}

//===----------------------------------------------------------------------===//
// bitcast
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @bitcast(
func.func @bitcast(%q: tensor<4x!lowbit.log<4>>, %v: vector<3xf6E3M2FN>, %f: f128, %m: memref<?x4xf8E4M3FN, strided<[?, 1]>, 3>,
                   %c: !lowbit.minifloat<e5m3fn>, %b: tensor<2xi1>) {
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : tensor<4x!lowbit.log<4>> to tensor<4xi4>
  %0 = lowbit.bitcast %q : tensor<4x!lowbit.log<4>> to tensor<4xi4>
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : tensor<4xi4> to tensor<4xui4>
  %1 = lowbit.bitcast %0 : tensor<4xi4> to tensor<4xui4>
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : vector<3xf6E3M2FN> to vector<3xi6>
  %2 = lowbit.bitcast %v : vector<3xf6E3M2FN> to vector<3xi6>
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : f128 to i128
  %3 = lowbit.bitcast %f : f128 to i128
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : memref<?x4xf8E4M3FN, strided<[?, 1]>, 3> to memref<?x4xi8, strided<[?, 1]>, 3>
  %4 = lowbit.bitcast %m : memref<?x4xf8E4M3FN, strided<[?, 1]>, 3> to memref<?x4xi8, strided<[?, 1]>, 3>
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : !lowbit.minifloat<e5m3fn> to i9
  %5 = lowbit.bitcast %c : !lowbit.minifloat<e5m3fn> to i9
  // CHECK-NEXT: lowbit.bitcast %{{.*}} : tensor<2xi1> to tensor<2xui1>
  %6 = lowbit.bitcast %b : tensor<2xi1> to tensor<2xui1>
  return
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[A:.*]]: tensor<4x64xi8>, %[[AS:.*]]: tensor<4x2xf32>, %[[AZ:.*]]: tensor<4x2xi8>, %[[B:.*]]: tensor<32x64xi4>, %[[BS:.*]]: tensor<32x2xf32>, %[[BZ:.*]]: tensor<32x2xi4>, %[[BIAS:.*]]: tensor<32xf32>
func.func @matmul(%a: tensor<4x64xi8>, %as: tensor<4x2xf32>, %az: tensor<4x2xi8>, %b: tensor<32x64xi4>, %bs: tensor<32x2xf32>,
                  %bz: tensor<32x2xi4>, %bias: tensor<32xf32>, %bt: tensor<64x32xi4>, %s: f32) {
  // CHECK-NEXT: lowbit.matmul %[[A]] scale(%[[AS]]) zero_point(%[[AZ]]) block [1, 32], %[[B]] scale(%[[BS]]) zero_point(%[[BZ]]) block [1, 32] bias(%[[BIAS]]) transpose_b {acc = i32, promote_every = 128 : i64} : (tensor<4x64xi8>, tensor<4x2xf32>, tensor<4x2xi8>, tensor<32x64xi4>, tensor<32x2xf32>, tensor<32x2xi4>, tensor<32xf32>) -> tensor<4x32xf32>
  %0 = lowbit.matmul %a scale(%as) zero_point(%az) block [1, 32], %b scale(%bs) zero_point(%bz) block [1, 32] bias(%bias) transpose_b
      {acc = i32, promote_every = 128}
      : (tensor<4x64xi8>, tensor<4x2xf32>, tensor<4x2xi8>, tensor<32x64xi4>, tensor<32x2xf32>, tensor<32x2xi4>, tensor<32xf32>) -> tensor<4x32xf32>
  // CHECK-NEXT: lowbit.matmul %[[A]], %{{.*}} scale(%{{.*}}) : (tensor<4x64xi8>, tensor<64x32xi4>, f32) -> tensor<4x32xbf16>
  %1 = lowbit.matmul %a, %bt scale(%s) : (tensor<4x64xi8>, tensor<64x32xi4>, f32) -> tensor<4x32xbf16>
  // CHECK-NEXT: lowbit.matmul %[[A]] scale(%{{.*}}), %[[B]] transpose_b {acc = f16} : (tensor<4x64xi8>, f32, tensor<32x64xi4>) -> tensor<4x32xf16>
  %2 = lowbit.matmul %a scale(%s), %b transpose_b {acc = f16} : (tensor<4x64xi8>, f32, tensor<32x64xi4>) -> tensor<4x32xf16>
  // CHECK-NEXT: lowbit.matmul %[[A]], %[[B]] bias(%[[BIAS]]) transpose_b : (tensor<4x64xi8>, tensor<32x64xi4>, tensor<32xf32>) -> tensor<4x32xf32>
  %3 = lowbit.matmul %a, %b bias(%bias) transpose_b : (tensor<4x64xi8>, tensor<32x64xi4>, tensor<32xf32>) -> tensor<4x32xf32>
  return
}

// Batches, shared weights, dynamic and empty sizes, every pair of kinds.
// CHECK-LABEL: func.func @matmul_shapes(
func.func @matmul_shapes(%a: tensor<2x3x4x64xf32>, %b: tensor<2x3x64x8xbf16>, %w: tensor<8x64xf4E2M1FN>, %ws: tensor<8x2xf8E8M0FNU>,
                         %d: tensor<?x?xf16>, %c: tensor<16x?x!lowbit.codebook<4, nf4>>, %cs: tensor<16x?xf32>,
                         %e: tensor<0x0xf8E4M3FN>, %f: tensor<0x5xf8E5M2>) {
  // CHECK-COUNT-4: lowbit.matmul
  %0 = lowbit.matmul %a, %b : (tensor<2x3x4x64xf32>, tensor<2x3x64x8xbf16>) -> tensor<2x3x4x8xf32>
  %1 = lowbit.matmul %a, %w scale(%ws) block [1, 32] transpose_b : (tensor<2x3x4x64xf32>, tensor<8x64xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) -> tensor<2x3x4x8xf32>
  %2 = lowbit.matmul %d, %c scale(%cs) block [1, 64] transpose_b : (tensor<?x?xf16>, tensor<16x?x!lowbit.codebook<4, nf4>>, tensor<16x?xf32>) -> tensor<?x16xf32>
  %3 = lowbit.matmul %e, %f : (tensor<0x0xf8E4M3FN>, tensor<0x5xf8E5M2>) -> tensor<0x5xf32>
  return
}

// The longest sum of int8 products that int32 surely holds: 131071 * 128 * 128
// is below 2^31. A block bounds it too, also where K is dynamic.
// CHECK-LABEL: func.func @acc_i32(
func.func @acc_i32(%a: tensor<1x131071xi8>, %b: tensor<131071x1xi8>, %c: tensor<1x?xi8>, %d: tensor<?x1xi8>, %s: tensor<1x?xf32>) {
  // CHECK-COUNT-2: lowbit.matmul
  %0 = lowbit.matmul %a, %b {acc = i32} : (tensor<1x131071xi8>, tensor<131071x1xi8>) -> tensor<1x1xf32>
  %1 = lowbit.matmul %c scale(%s) block [1, 131071], %d {acc = i32} : (tensor<1x?xi8>, tensor<1x?xf32>, tensor<?x1xi8>) -> tensor<1x1xf32>
  return
}
