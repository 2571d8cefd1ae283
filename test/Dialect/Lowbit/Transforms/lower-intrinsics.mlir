// RUN: lowbit-opt %s --lowbit-lower-intrinsics | FileCheck %s
// RUN: lowbit-opt %s --lowbit-lower-intrinsics --convert-scf-to-cf --convert-to-llvm \
// RUN:   --reconcile-unrealized-casts | mlir-translate --mlir-to-llvmir \
// RUN:   | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func @result
// CHECK-SAME: %[[X:.*]]: vector<16xi16>, %[[Y:.*]]: vector<16xi16>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[X]], %[[Y]]) : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
// LLVM-LABEL: define <8 x i32> @result
// LLVM: call <8 x i32> @llvm.x86.avx2.pmadd.wd(<16 x i16> %0, <16 x i16> %1)
func.func @result(%x: vector<16xi16>, %y: vector<16xi16>) -> vector<8xi32> {
  %0 = lowbit.intrinsic "llvm.x86.avx2.pmadd.wd"(%x, %y) : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
  return %0 : vector<8xi32>
}

// Inside other ops, and one that reads another.
// CHECK-LABEL: func @nested
// CHECK: scf.for
// CHECK: %[[V:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.psign.b"(%[[V]], %{{.*}})
// CHECK-NOT: lowbit.intrinsic
func.func @nested(%x: vector<32xi8>, %n: index) -> vector<32xi8> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%y = %x) -> (vector<32xi8>) {
    %1 = lowbit.intrinsic "llvm.x86.avx2.pshuf.b"(%x, %y) : (vector<32xi8>, vector<32xi8>) -> vector<32xi8>
    %2 = lowbit.intrinsic "llvm.x86.avx2.psign.b"(%1, %y) : (vector<32xi8>, vector<32xi8>) -> vector<32xi8>
    scf.yield %2 : vector<32xi8>
  }
  return %0 : vector<32xi8>
}
