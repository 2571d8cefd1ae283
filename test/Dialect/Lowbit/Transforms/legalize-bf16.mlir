// RUN: lowbit-opt %s --lowbit-legalize-bf16 | FileCheck %s
// RUN: lowbit-opt %s --lowbit-legalize-bf16 | mlir-translate --mlir-to-llvmir | llc -mcpu=x86-64-v3 -mtriple=x86_64-linux-gnu -o - | FileCheck %s --check-prefix=ASM

// No call of it, but the function, which is the same in every object.
// ASM-NOT: call{{.*}}__truncsfbf2
// ASM: .weak __truncsfbf2
// ASM-NOT: call{{.*}}__truncsfbf2

// CHECK-LABEL: llvm.func @store
// CHECK-SAME: %[[V:.*]]: vector<8xbf16>, %[[P:.*]]: !llvm.ptr, %[[M:.*]]: vector<8xi1>
// CHECK: %[[I:.*]] = llvm.bitcast %[[V]] : vector<8xbf16> to vector<8xi16>
// CHECK: llvm.intr.masked.store %[[I]], %[[P]], %[[M]] {alignment = 2 : i32} : vector<8xi16>
llvm.func @store(%v: vector<8xbf16>, %p: !llvm.ptr, %m: vector<8xi1>) {
  llvm.intr.masked.store %v, %p, %m {alignment = 2 : i32} : vector<8xbf16>, vector<8xi1> into !llvm.ptr
  llvm.return
}

// CHECK-LABEL: llvm.func @load
// CHECK-SAME: %[[P:.*]]: !llvm.ptr, %[[M:.*]]: vector<8xi1>, %[[E:.*]]: vector<8xbf16>
// CHECK: %[[I:.*]] = llvm.bitcast %[[E]] : vector<8xbf16> to vector<8xi16>
// CHECK: %[[L:.*]] = llvm.intr.masked.load %[[P]], %[[M]], %[[I]] {alignment = 2 : i32} : (!llvm.ptr, vector<8xi1>, vector<8xi16>) -> vector<8xi16>
// CHECK: %[[R:.*]] = llvm.bitcast %[[L]] : vector<8xi16> to vector<8xbf16>
// CHECK: llvm.return %[[R]]
llvm.func @load(%p: !llvm.ptr, %m: vector<8xi1>, %e: vector<8xbf16>) -> vector<8xbf16> {
  %0 = llvm.intr.masked.load %p, %m, %e {alignment = 2 : i32} : (!llvm.ptr, vector<8xi1>, vector<8xbf16>) -> vector<8xbf16>
  llvm.return %0 : vector<8xbf16>
}

// CHECK-LABEL: llvm.func @other
// CHECK-NOT: bitcast
// CHECK: llvm.intr.masked.store {{.*}} vector<8xf16>
llvm.func @other(%v: vector<8xf16>, %p: !llvm.ptr, %m: vector<8xi1>) {
  llvm.intr.masked.store %v, %p, %m {alignment = 2 : i32} : vector<8xf16>, vector<8xi1> into !llvm.ptr
  llvm.return
}
