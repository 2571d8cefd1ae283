// RUN: lowbit-opt %s --lowbit-tile --canonicalize --cse | FileCheck %s

#decoded = #lowbit.kernel<"k" for f32, rows = [6, 1], columns = 16, row_block = 32, unit = 4, group = 0, shift = 0>
#kernel = #lowbit.kernel<"k" for i4, rows = [4, 1], columns = 16, row_block = 32, unit = 32, group = 32, shift = 0, scale = f32,
                         decoding = <min_rows = 8, depth = 64, kernel = #decoded>>

// Few rows decode on their way.
// CHECK-LABEL: @few
// CHECK-NOT: lowbit.decode_panel
// CHECK: lowbit.packed_matmul <"k" for i4
func.func @few(%a: tensor<7x128xf32>, %b: tensor<2x1024xi8>, %s: tensor<2x256xi8>, %out: tensor<7x32xf32>) -> tensor<7x32xf32> {
  %0 = lowbit.packed_matmul #kernel a(%a) b(%b scale %s) outs(%out) : (tensor<7x128xf32>, tensor<2x1024xi8>, tensor<2x256xi8>, tensor<7x32xf32>) -> tensor<7x32xf32>
  return %0 : tensor<7x32xf32>
}

// Many rows: a part of K is decoded, and multiplied with all of them.
// CHECK-LABEL: @many
// CHECK: scf.forall
// CHECK:   %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<20x16xf32>
// CHECK:   %[[SUMS:.*]] = scf.for %[[K:.*]] = %c0 to %c128 step %c64 iter_args(%{{.*}} = %[[ZERO]])
// CHECK:     %[[PANEL:.*]] = lowbit.decode_panel <"k" for i4, {{.*}} b(%{{.*}} scale %{{.*}}) from(%[[K]]) {{.*}} -> tensor<1x4096xi8>
// CHECK:     scf.for
// CHECK:       lowbit.packed_matmul <"k" for f32, {{.*}} a(%{{.*}}) b(%[[PANEL]]) outs(%{{.*}}) accumulate : (tensor<6x64xf32>, tensor<1x4096xi8>, tensor<6x16xf32>)
// CHECK:     scf.for
// CHECK:       lowbit.packed_matmul <"k" for f32, {{.*}} accumulate : (tensor<1x64xf32>
// CHECK-NOT: lowbit.packed_matmul
// CHECK:   linalg.generic {{.*}} ins(%[[SUMS]], %{{.*}}, %{{.*}} : tensor<20x16xf32>, tensor<20x1xf32>, tensor<16xf32>)
// CHECK:     arith.mulf
// CHECK:     arith.addf
// CHECK:     arith.truncf %{{.*}} : f32 to bf16
func.func @many(%a: tensor<20x128xf32>, %t: tensor<20x1xf32>, %b: tensor<2x1024xi8>, %s: tensor<2x256xi8>, %d: tensor<32xf32>, %out: tensor<20x32xbf16>) -> tensor<20x32xbf16> {
  %0 = lowbit.packed_matmul #kernel a(%a scale %t) b(%b scale %s) bias(%d) outs(%out) : (tensor<20x128xf32>, tensor<20x1xf32>, tensor<2x1024xi8>, tensor<2x256xi8>, tensor<32xf32>, tensor<20x32xbf16>) -> tensor<20x32xbf16>
  return %0 : tensor<20x32xbf16>
}

// The last part of K and the last panel may be short.
// CHECK-LABEL: @ragged
// CHECK: %[[WIDTH:.*]] = affine.min
// CHECK: scf.for %[[K:.*]] = %c0 to %c96 step %c64
// CHECK:   %[[DEPTH:.*]] = affine.min #{{.*}}(%[[K]])
// CHECK:   %[[BYTES:.*]] = affine.apply #{{.*}}(%[[DEPTH]])
// CHECK:   tensor.empty(%[[BYTES]]) : tensor<1x?xi8>
// CHECK:   lowbit.decode_panel
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [9, %[[WIDTH]]] [1, 1] : tensor<9x16xf32> to tensor<9x?xf32>
func.func @ragged(%a: tensor<9x96xf32>, %b: tensor<2x768xi8>, %s: tensor<2x192xi8>, %out: tensor<9x17xf32>) -> tensor<9x17xf32> {
  %0 = lowbit.packed_matmul #kernel a(%a) b(%b scale %s) outs(%out) : (tensor<9x96xf32>, tensor<2x768xi8>, tensor<2x192xi8>, tensor<9x17xf32>) -> tensor<9x17xf32>
  return %0 : tensor<9x17xf32>
}

// A number of rows that is known at run time decides there.
// CHECK-LABEL: @dynamic
// CHECK: %[[MANY:.*]] = arith.cmpi uge, %{{.*}}, %c8
// CHECK: scf.if %[[MANY]]
// CHECK:   lowbit.decode_panel
// CHECK: } else {
// CHECK-NOT: lowbit.decode_panel
// CHECK:   lowbit.packed_matmul <"k" for i4
func.func @dynamic(%a: tensor<?x128xf32>, %b: tensor<2x1024xi8>, %s: tensor<2x256xi8>, %out: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %0 = lowbit.packed_matmul #kernel a(%a) b(%b scale %s) outs(%out) : (tensor<?x128xf32>, tensor<2x1024xi8>, tensor<2x256xi8>, tensor<?x32xf32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}
