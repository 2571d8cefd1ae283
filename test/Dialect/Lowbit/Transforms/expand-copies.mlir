// RUN: lowbit-opt %s --lowbit-expand-copies | FileCheck %s

// CHECK-LABEL: func @contiguous
// CHECK-COUNT-2: memref.copy
// CHECK-NOT: linalg
func.func @contiguous(%a: memref<?x4xf32>, %b: memref<?x4xf32>, %c: memref<2x4xf32, strided<[4, 1], offset: 8>>, %d: memref<2x4xf32>) {
  memref.copy %a, %b : memref<?x4xf32> to memref<?x4xf32>
  memref.copy %c, %d : memref<2x4xf32, strided<[4, 1], offset: 8>> to memref<2x4xf32>
  return
}

// CHECK-LABEL: func @strided
// CHECK-NOT: memref.copy
// CHECK-COUNT-3: linalg.generic
func.func @strided(%a: memref<2x4xf32, strided<[8, 1]>>, %b: memref<2x4xf32>, %c: memref<?xf32, strided<[1], offset: ?>>, %d: memref<?xf32>, %e: memref<0x4xf32, strided<[4, 1], offset: 4>>, %f: memref<0x4xf32>) {
  memref.copy %a, %b : memref<2x4xf32, strided<[8, 1]>> to memref<2x4xf32>
  memref.copy %c, %d : memref<?xf32, strided<[1], offset: ?>> to memref<?xf32>
  memref.copy %e, %f : memref<0x4xf32, strided<[4, 1], offset: 4>> to memref<0x4xf32>
  return
}
