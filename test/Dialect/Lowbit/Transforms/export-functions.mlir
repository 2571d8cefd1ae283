// RUN: lowbit-opt %s --lowbit-export-functions --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @public
// CHECK-SAME: tensor<4xf32> {bufferization.writable = false}, %{{.*}}: index)
// CHECK-SAME: llvm.emit_c_interface
func.func @public(%a: tensor<4xf32>, %n: index) {
  return
}

// Inside the module buffers may be reused; what is elsewhere is not ours.
// CHECK-LABEL: func private @helper
// CHECK-NOT: writable
// CHECK-NOT: llvm.emit_c_interface
func.func private @helper(%a: tensor<4xf32>) {
  return
}
// CHECK: func private @outside(tensor<4xf32>){{$}}
func.func private @outside(tensor<4xf32>)

// -----

// expected-error @below {{'free' is a function of the C library that compiled code calls; rename it}}
func.func @free(%a: tensor<4xf32>) {
  return
}
