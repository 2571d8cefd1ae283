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
  // CHECK: llvm.func @vectors({{.*}}passthrough = ["cold", ["alignstack", "32"]]
  llvm.func @vectors(%a: vector<4xf32>, %b: vector<8xf32>) -> vector<8xf32> attributes {passthrough = ["cold"]} {
    %0 = llvm.fadd %a, %a : vector<4xf32>
    %1 = llvm.fadd %b, %b : vector<8xf32>
    llvm.return %1 : vector<8xf32>
  }
  // No register is wider than 64 bytes.
  // CHECK: llvm.func @wide({{.*}}passthrough = {{\[\[}}"alignstack", "64"]]
  llvm.func @wide(%a: vector<100xf32>) -> vector<100xf32> {
    %0 = llvm.fadd %a, %a : vector<100xf32>
    llvm.return %0 : vector<100xf32>
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
