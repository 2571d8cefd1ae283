// RUN: lowbit-opt %s --lowbit-lower-asserts --split-input-file --verify-diagnostics | FileCheck %s

// One text for each message; the messages end their line.
// CHECK-DAG: llvm.mlir.global internal constant @[[$FIRST:assert_message.*]]("n is 0\0A")
// CHECK-DAG: llvm.mlir.global internal constant @{{assert_message.*}}("n is 1\0A")
// CHECK-LABEL: func @f
// CHECK-SAME: (%[[P:.*]]: i1, %
// CHECK: %[[FAILED:.*]] = arith.xori %[[P]]
// CHECK: scf.if %[[FAILED]]
// CHECK: %[[TEXT:.*]] = llvm.mlir.addressof @[[$FIRST]]
// CHECK: llvm.call @write(%{{.*}}, %[[TEXT]], %{{.*}})
// CHECK: llvm.call @abort()
// CHECK-COUNT-2: scf.if
// CHECK-NOT: cf.assert
func.func @f(%p: i1, %q: i1) {
  cf.assert %p, "n is 0"
  cf.assert %q, "n is 1"
  cf.assert %q, "n is 0"
  return
}

// -----

// expected-error @below {{'abort' hides the C library's function that checks at run time need; rename it}}
llvm.mlir.global external @abort() : i32
func.func @f(%p: i1) {
  cf.assert %p, "no"
  return
}

// -----

// CHECK-LABEL: func @none
// CHECK-NOT: llvm
func.func @none() {
  return
}
