// RUN: lowbit-opt %s --lowbit-tile --canonicalize --cse | FileCheck %s
// Running it twice changes nothing more.
// RUN: lowbit-opt %s --lowbit-tile > %t.once
// RUN: lowbit-opt %t.once --lowbit-tile | cmp %t.once -

// Blocks of 8 rows; in them rows by 4, 2 and 1. Panels of 16 columns, the last
// one of 4.

// CHECK-DAG: #[[$WIDTH:.*]] = affine_map<(d0) -> ({{.*}}d0 * -16 + 20{{.*}})>
// CHECK-DAG: #[[$ROWS:.*]] = affine_map<(d0) -> ({{.*}}d0 * -8 + 15{{.*}})>

// CHECK-LABEL: @tiles
// CHECK-SAME: %[[A:.*]]: tensor<15x64xf32>, %[[B:.*]]: tensor<2x1024xi8>, %[[S:.*]]: tensor<2x128xi8>, %[[D:.*]]: tensor<20xf32>
// CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) in (2, 2) shared_outs(%{{.*}} = %{{.*}}) -> (tensor<15x20xf32>)
// CHECK-DAG: affine.min #[[$ROWS]](%[[I]])
// CHECK-DAG: %[[N:.*]] = affine.min #[[$WIDTH]](%[[J]])
// CHECK-DAG: %[[BJ:.*]] = tensor.extract_slice %[[B]][%[[J]], 0] [1, 1024]
// CHECK-DAG: %[[SJ:.*]] = tensor.extract_slice %[[S]][%[[J]], 0] [1, 128]
// CHECK-DAG: %[[DJ:.*]] = tensor.extract_slice %[[D]][%{{.*}}] [%[[N]]]
// CHECK: scf.for %{{.*}} step %c4
// CHECK: lowbit.packed_matmul {{.*}} a(%{{.*}}) b(%[[BJ]] scale %[[SJ]]) bias(%[[DJ]]) {{.*}} -> tensor<4x?xf32>
// CHECK: scf.for %{{.*}} step %c2
// CHECK: lowbit.packed_matmul {{.*}} -> tensor<2x?xf32>
// CHECK: scf.for %{{.*}} step %c1
// CHECK: lowbit.packed_matmul {{.*}} -> tensor<1x?xf32>
// CHECK: tensor.parallel_insert_slice
func.func @tiles(%a: tensor<15x64xf32>, %b: tensor<2x1024xi8>, %s: tensor<2x128xi8>, %d: tensor<20xf32>, %init: tensor<15x20xf32>) -> tensor<15x20xf32> {
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [4, 2, 1], columns = 16, row_block = 8, unit = 32, group = 32, shift = 0, scale = f32>
      a(%a) b(%b scale %s) bias(%d) outs(%init)
      : (tensor<15x64xf32>, tensor<2x1024xi8>, tensor<2x128xi8>, tensor<20xf32>, tensor<15x20xf32>) -> tensor<15x20xf32>
  return %0 : tensor<15x20xf32>
}

// One row and whole panels: nothing is asked at run time.

// CHECK-LABEL: @row
// CHECK: scf.forall (%{{.*}}) in (2)
// CHECK-NOT: scf.for
// CHECK-NOT: affine.min
// CHECK: lowbit.packed_matmul {{.*}} -> tensor<1x16xf32>
// CHECK-NOT: lowbit.packed_matmul
// CHECK: return
func.func @row(%a: tensor<1x64xf32>, %b: tensor<2x1024xi8>, %init: tensor<1x32xf32>) -> tensor<1x32xf32> {
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [4, 2, 1], columns = 16, row_block = 8, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<2x1024xi8>, tensor<1x32xf32>) -> tensor<1x32xf32>
  return %0 : tensor<1x32xf32>
}

// The sums and the scales of A go with its rows.

// CHECK-LABEL: @dynamic
// CHECK-SAME: %[[A:[^:]*]]: tensor<?x?xi8>, %[[SUMS:[^:]*]]: tensor<?x?xi32>, %[[SA:[^:]*]]: tensor<?x1xf32>
// CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) in (%{{.*}}, %{{.*}})
// CHECK-DAG: tensor.extract_slice %[[A]][%{{.*}}, 0]
// CHECK-DAG: tensor.extract_slice %[[SUMS]][%{{.*}}, 0]
// CHECK-DAG: tensor.extract_slice %[[SA]][%{{.*}}, 0]
// CHECK: lowbit.packed_matmul {{.*}} a(%{{.*}} sums %{{.*}} scale %{{.*}}) {{.*}} (tensor<2x?xi8>, tensor<2x?xi32>, tensor<2x1xf32>, tensor<1x?xi8>, tensor<1x?xi8>, tensor<2x?xf16>)
func.func @dynamic(%a: tensor<?x?xi8>, %sums: tensor<?x?xi32>, %sa: tensor<?x1xf32>, %b: tensor<?x?xi8>, %zb: tensor<?x?xi8>, %init: tensor<?x?xf16>) -> tensor<?x?xf16> {
  %0 = lowbit.packed_matmul <"x86.avx2.byte" for ui4, rows = [2, 1], columns = 16, row_block = 8, unit = 32, group = 32, shift = 0, zero_point = i8>
      a(%a sums %sums scale %sa) b(%b zero_point %zb) outs(%init)
      : (tensor<?x?xi8>, tensor<?x?xi32>, tensor<?x1xf32>, tensor<?x?xi8>, tensor<?x?xi8>, tensor<?x?xf16>) -> tensor<?x?xf16>
  return %0 : tensor<?x?xf16>
}

// Many rows of a kernel with a decoding: part of a panel is decoded for all of
// them.

// CHECK-LABEL: @decoding
// CHECK: scf.for %[[K:.*]] = %c0 to %c64 step %c32
// CHECK: %[[PANEL:.*]] = lowbit.decode_panel <"x86.avx2.f32" for i4, {{.*}} from(%[[K]])
// CHECK: lowbit.packed_matmul <"portable.f32" for f32, {{.*}} b(%[[PANEL]]) {{.*}} accumulate
func.func @decoding(%a: tensor<8x64xf32>, %b: tensor<1x512xi8>, %init: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for i4, rows = [4, 1], columns = 16, row_block = 8, unit = 2, group = 0, shift = 0,
          decoding = <min_rows = 8, depth = 32, kernel = <"portable.f32" for f32, rows = [4, 1], columns = 16, row_block = 8, unit = 1, group = 0, shift = 0>>>
      a(%a) b(%b) outs(%init)
      : (tensor<8x64xf32>, tensor<1x512xi8>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %0 : tensor<8x16xf32>
}

// Without a column there is no panel.
// CHECK-LABEL: @no_columns
// CHECK-NEXT: return %{{.*}} : tensor<4x0xf32>
func.func @no_columns(%a: tensor<4x64xf32>, %b: tensor<0x512xi8>, %init: tensor<4x0xf32>) -> tensor<4x0xf32> {
  %0 = lowbit.packed_matmul <"portable.f32" for i4, rows = [4, 1], columns = 16, row_block = 8, unit = 2, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<4x64xf32>, tensor<0x512xi8>, tensor<4x0xf32>) -> tensor<4x0xf32>
  return %0 : tensor<4x0xf32>
}
