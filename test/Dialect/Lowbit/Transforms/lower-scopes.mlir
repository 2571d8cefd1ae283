// RUN: lowbit-opt %s --lowbit-lower-scopes | FileCheck %s
// RUN: lowbit-opt %s --lowbit-lower-scopes --convert-scf-to-cf | FileCheck %s --check-prefix=BRANCHES

// A loop in a scope becomes branches only when the scope, of one block, is gone.
// CHECK-LABEL: func @loop
// CHECK-NOT: alloca_scope
// CHECK-NOT: stacksave
// CHECK: scf.for
// CHECK: llvm.call_intrinsic
// BRANCHES-LABEL: func @loop
// BRANCHES: cf.cond_br
func.func @loop(%m: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  memref.alloca_scope {
    scf.for %i = %c0 to %n step %c1 {
      %x = memref.load %m[%i] : memref<?xf32>
      %y = llvm.call_intrinsic "llvm.sqrt.f32"(%x) : (f32) -> f32
      memref.store %y, %m[%i] : memref<?xf32>
    }
  }
  return
}

// What is on the stack goes at the end of the scope.
// CHECK-LABEL: func @stack
// CHECK: %[[S:.*]] = llvm.intr.stacksave : !llvm.ptr
// CHECK: memref.alloca
// CHECK: %[[X:.*]] = memref.load
// CHECK: llvm.intr.stackrestore %[[S]] : !llvm.ptr
// CHECK: return %[[X]]
func.func @stack(%i: index, %x: f32) -> f32 {
  %0 = memref.alloca_scope -> (f32) {
    %m = memref.alloca() : memref<4xf32>
    memref.store %x, %m[%i] : memref<4xf32>
    %y = memref.load %m[%i] : memref<4xf32>
    memref.alloca_scope.return %y : f32
  }
  return %0 : f32
}
