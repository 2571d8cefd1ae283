// RUN: lowbit-opt %s --lowbit-expand-reshapes | FileCheck %s
// RUN: lowbit-opt %s --lowbit-expand-reshapes --expand-strided-metadata | FileCheck %s --check-prefix=LOWERED

// Two extents of a group are dynamic: all of them are operands.
// CHECK-LABEL: func @two
// CHECK-SAME: %[[A:.*]]: memref<?x17xf32>, %[[I:.*]]: index, %[[J:.*]]: index
// CHECK: %[[BASE:.*]], %[[OFFSET:.*]], %[[SIZES:.*]]:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %[[A]]
// CHECK: %[[OUTER:.*]] = arith.muli %[[STRIDES]]#0, %[[J]]
// CHECK: memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[I]], %[[J]], 17], strides: [%[[OUTER]], 17, 1] : memref<f32> to memref<?x?x17xf32>
// LOWERED-LABEL: func @two
// LOWERED-NOT: expand_shape
func.func @two(%a: memref<?x17xf32>, %i: index, %j: index) -> memref<?x?x17xf32> {
  %0 = memref.expand_shape %a [[0, 1], [2]] output_shape [%i, %j, 17] : memref<?x17xf32> into memref<?x?x17xf32>
  return %0 : memref<?x?x17xf32>
}

// CHECK-LABEL: func @strided
// CHECK-SAME: %[[A:.*]]: memref<{{.*}}>, %[[I:.*]]: index
// CHECK: %[[BASE:.*]], %[[OFFSET:.*]], %[[SIZES:.*]], %[[STRIDE:.*]] = memref.extract_strided_metadata %[[A]]
// CHECK: %[[OUTER:.*]] = arith.muli %[[STRIDE]], %[[I]]
// CHECK: memref.reinterpret_cast %[[BASE]] to offset: [%[[OFFSET]]], sizes: [%[[I]], %[[I]]], strides: [%[[OUTER]], %[[STRIDE]]]
func.func @strided(%a: memref<?xf32, strided<[?], offset: ?>>, %i: index) -> memref<?x?xf32, strided<[?, ?], offset: ?>> {
  %0 = memref.expand_shape %a [[0, 1]] output_shape [%i, %i] : memref<?xf32, strided<[?], offset: ?>> into memref<?x?xf32, strided<[?, ?], offset: ?>>
  return %0 : memref<?x?xf32, strided<[?, ?], offset: ?>>
}

// Upstream works out one.
// CHECK-LABEL: func @one
// CHECK: memref.expand_shape
// CHECK-NOT: reinterpret_cast
func.func @one(%a: memref<?x17xf32>, %i: index) -> memref<3x?x17xf32> {
  %0 = memref.expand_shape %a [[0, 1], [2]] output_shape [3, %i, 17] : memref<?x17xf32> into memref<3x?x17xf32>
  return %0 : memref<3x?x17xf32>
}
