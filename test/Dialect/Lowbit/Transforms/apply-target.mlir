// RUN: lowbit-opt %s --lowbit-apply-target --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: llvm.data_layout = "e-m:e
// CHECK-SAME: llvm.target_triple = "x86_64-unknown-linux-gnu"
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "x86-64", features = <["+sse2"]>>} {
  // CHECK: llvm.func @public() attributes {no_unwind, target_cpu = "x86-64", target_features = #llvm.target_features<["+sse2"]>, tune_cpu = "x86-64"}
  llvm.func @public() {
    llvm.return
  }
  // CHECK: llvm.func internal @private()
  llvm.func @private() attributes {sym_visibility = "private"} {
    llvm.return
  }
  // CHECK: llvm.func @declared()
  llvm.func @declared()
}

// -----

// expected-error @below {{has no 'llvm.target'; run lowbit-attach-target first}}
module {}

// -----

module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "x86-64">} {
  // expected-error @below {{is left when everything should be in the LLVM dialect}}
  func.func @left() {
    // expected-error @below {{is left when everything should be in the LLVM dialect}}
    return
  }
}
