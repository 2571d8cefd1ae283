// RUN: lowbit-opt %s --pass-pipeline='builtin.module(func.func(lowbit-own-results))' | FileCheck %s

memref.global "private" constant @constant : memref<4xf32> = dense<1.0>
func.func private @callee() -> memref<4xf32>

// CHECK-LABEL: func @own
// CHECK-NOT: memref.copy
func.func @own(%n: index) -> (memref<?xf32>, memref<2x2xf32>, memref<4xf32>) {
  %0 = memref.alloc(%n) : memref<?xf32>
  %1 = memref.alloc() : memref<4xf32>
  %2 = memref.expand_shape %1 [[0, 1]] output_shape [2, 2] : memref<4xf32> into memref<2x2xf32>
  %3 = call @callee() : () -> memref<4xf32>
  return %0, %2, %3 : memref<?xf32>, memref<2x2xf32>, memref<4xf32>
}

// CHECK-LABEL: func @argument
// CHECK-SAME: %[[A:.*]]: memref<?x4xf32>
// CHECK: %[[N:.*]] = memref.dim %[[A]]
// CHECK: %[[COPY:.*]] = memref.alloc(%[[N]]) {alignment = 64 : i64}
// CHECK: memref.copy %[[A]], %[[COPY]]
// CHECK: return %[[COPY]]
func.func @argument(%a: memref<?x4xf32>) -> memref<?x4xf32> {
  return %a : memref<?x4xf32>
}

// CHECK-LABEL: func @global
// CHECK: memref.copy
func.func @global() -> memref<4xf32> {
  %0 = memref.get_global @constant : memref<4xf32>
  return %0 : memref<4xf32>
}

// The first of two that share a buffer keeps it.
// CHECK-LABEL: func @twice
// CHECK: %[[OWN:.*]] = memref.alloc()
// CHECK: %[[COPY:.*]] = memref.alloc()
// CHECK: memref.copy %[[OWN]], %[[COPY]]
// CHECK: return %[[OWN]], %[[COPY]]
func.func @twice() -> (memref<4xf32>, memref<4xf32>) {
  %0 = memref.alloc() : memref<4xf32>
  return %0, %0 : memref<4xf32>, memref<4xf32>
}

// A cast that forgets an offset is not the whole buffer.
// CHECK-LABEL: func @view
// CHECK: memref.copy
func.func @view(%n: index) -> memref<?xf32> {
  %0 = memref.alloc() : memref<8xf32>
  %1 = memref.subview %0[0] [%n] [1] : memref<8xf32> to memref<?xf32, strided<[1]>>
  %2 = memref.cast %1 : memref<?xf32, strided<[1]>> to memref<?xf32>
  return %2 : memref<?xf32>
}

// CHECK-LABEL: func @branches
// CHECK-COUNT-1: memref.copy
// CHECK-NOT: memref.copy
func.func @branches(%p: i1, %a: memref<4xf32>) -> (memref<4xf32>, memref<4xf32>) {
  %0 = scf.if %p -> memref<4xf32> {
    %2 = memref.alloc() : memref<4xf32>
    scf.yield %2 : memref<4xf32>
  } else {
    %2 = func.call @callee() : () -> memref<4xf32>
    scf.yield %2 : memref<4xf32>
  }
  %1 = scf.if %p -> memref<4xf32> {
    %2 = memref.alloc() : memref<4xf32>
    scf.yield %2 : memref<4xf32>
  } else {
    scf.yield %a : memref<4xf32>
  }
  return %0, %1 : memref<4xf32>, memref<4xf32>
}

// A loop may give back what it was given.
// CHECK-LABEL: func @loop
// CHECK: memref.copy
func.func @loop(%a: memref<4xf32>, %n: index) -> memref<4xf32> {
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c1 to %n step %c1 iter_args(%b = %a) -> memref<4xf32> {
    %1 = memref.alloc() : memref<4xf32>
    scf.yield %1 : memref<4xf32>
  }
  return %0 : memref<4xf32>
}
