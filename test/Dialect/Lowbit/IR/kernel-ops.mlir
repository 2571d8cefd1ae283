// What exists only between passes: parsed, printed and parsed again, through
// text, generic text and bytecode.

// RUN: lowbit-opt %s | FileCheck %s
// RUN: lowbit-opt %s | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --emit-bytecode | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --mlir-print-op-generic | lowbit-opt | FileCheck %s

// CHECK-LABEL: func.func @attributes
// CHECK-SAME: #lowbit.layout<f32, (d0, d1) -> (d0 floordiv 8, d1, d0 mod 8)>
// CHECK-SAME: #lowbit.layout<i4, (d0) -> (d0 floordiv 8, d0 mod 4, (d0 floordiv 4) mod 2)>
func.func @attributes() attributes {
    a = #lowbit.layout<f32, (d0, d1) -> (d0 floordiv 8, d1, d0 mod 8)>,
    b = #lowbit.layout<i4, (d0) -> (d0 floordiv 8, d0 mod 4, d0 floordiv 4 mod 2)>} {
  return
}

// CHECK-LABEL: func.func @pack(
// CHECK-SAME: %[[B:.*]]: tensor<20x64x!lowbit.log<4>>, %[[N:.*]]: index, %[[S:.*]]: tensor<?x1xf8E8M0FNU>
func.func @pack(%b: tensor<20x64x!lowbit.log<4>>, %n: index, %s: tensor<?x1xf8E8M0FNU>) {
  // CHECK-NEXT: lowbit.pack %[[B]] extents [20, 64] layout <i8, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)> : tensor<20x64x!lowbit.log<4>> -> tensor<2x1024xi8>
  %0 = lowbit.pack %b extents [20, 64] layout <i8, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)>
      : tensor<20x64x!lowbit.log<4>> -> tensor<2x1024xi8>
  // CHECK-NEXT: lowbit.pack %[[B]] extents [20, 64] table [0, 1, 2, 3, 4, 5, 6, 7, 0, -1, -2, -3, -4, -5, -6, -7] layout
  %1 = lowbit.pack %b extents [20, 64] table [0, 1, 2, 3, 4, 5, 6, 7, 0, -1, -2, -3, -4, -5, -6, -7]
      layout <i8, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)>
      : tensor<20x64x!lowbit.log<4>> -> tensor<2x64x16xi8>
  // CHECK-NEXT: lowbit.pack %[[S]] extents [%[[N]], 2] repeat [32, 0] layout <f32, {{.*}}> : tensor<?x1xf8E8M0FNU> -> tensor<?x128xi8>
  %2 = lowbit.pack %s extents [%n, 2] repeat [32, 0]
      layout <f32, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)>
      : tensor<?x1xf8E8M0FNU> -> tensor<?x128xi8>
  return
}

// CHECK-LABEL: func.func @unpack(
// CHECK-SAME: %[[A:.*]]: tensor<32xi8>, %[[B:.*]]: tensor<4xi8>
func.func @unpack(%a: tensor<32xi8>, %b: tensor<4xi8>) {
  // CHECK-NEXT: lowbit.unpack %[[A]] : tensor<32xi8> -> tensor<4x8xui4>
  %0 = lowbit.unpack %a : tensor<32xi8> -> tensor<4x8xui4>
  // CHECK-NEXT: lowbit.unpack %[[A]] : tensor<32xi8> -> tensor<16x!lowbit.minifloat<e5m3fn>>
  %1 = lowbit.unpack %a : tensor<32xi8> -> tensor<16x!lowbit.minifloat<e5m3fn>>
  // CHECK-NEXT: lowbit.unpack %[[B]] : tensor<4xi8> -> tensor<f32>
  %2 = lowbit.unpack %b : tensor<4xi8> -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @packed_matmul(
func.func @packed_matmul(%a: tensor<?x64xi8>, %sums: tensor<?x2xi32>, %sa: tensor<?x2xf32>,
                         %b: tensor<2x512xi8>, %sb: tensor<2x64xi8>, %zb: tensor<2x32xi8>,
                         %bias: tensor<20xf32>, %init: tensor<?x20xbf16>) -> tensor<?x20xbf16> {
  // CHECK-NEXT: lowbit.packed_matmul <"x86.avx2.byte" for ui4, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 32, group = 32, shift = 3, scale = bf16, zero_point = i8>
  // CHECK-SAME: a(%arg0 sums %arg1 scale %arg2) b(%arg3 scale %arg4 zero_point %arg5) bias(%arg6) outs(%arg7)
  // CHECK-SAME: : (tensor<?x64xi8>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<2x512xi8>, tensor<2x64xi8>, tensor<2x32xi8>, tensor<20xf32>, tensor<?x20xbf16>) -> tensor<?x20xbf16>
  %0 = lowbit.packed_matmul <"x86.avx2.byte" for ui4, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 32, group = 32, shift = 3, scale = bf16, zero_point = i8>
      a(%a sums %sums scale %sa) b(%b scale %sb zero_point %zb) bias(%bias) outs(%init)
      : (tensor<?x64xi8>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<2x512xi8>, tensor<2x64xi8>, tensor<2x32xi8>, tensor<20xf32>, tensor<?x20xbf16>) -> tensor<?x20xbf16>
  return %0 : tensor<?x20xbf16>
}

// CHECK-LABEL: func.func @accumulate(
func.func @accumulate(%a: tensor<4x64xf32>, %b: tensor<1x4096xi8>, %init: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK-NEXT: lowbit.packed_matmul <"portable.f32" for i4, {{.*}}, shift = 0, decoding = <min_rows = 32, depth = 64, kernel = <"portable.f32" for f32,
  // CHECK-SAME: a(%arg0) b(%arg1) outs(%arg2) accumulate : (
  %0 = lowbit.packed_matmul <"portable.f32" for i4, rows = [4, 1], columns = 16, row_block = 64, unit = 2, group = 0, shift = 0,
          decoding = <min_rows = 32, depth = 64, kernel = <"portable.f32" for f32, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>>>
      a(%a) b(%b) outs(%init) accumulate
      : (tensor<4x64xf32>, tensor<1x4096xi8>, tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// CHECK-LABEL: func.func @intrinsic(
func.func @intrinsic(%w: vector<32xi8>, %a: vector<32xi8>) -> vector<16xi16> {
  // CHECK-NEXT: lowbit.intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%arg0, %arg1) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
  %0 = lowbit.intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%w, %a) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
  return %0 : vector<16xi16>
}
