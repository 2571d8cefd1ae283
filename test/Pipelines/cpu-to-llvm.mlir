// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-cpu-to-llvm | FileCheck %s
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-cpu-to-llvm | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// Contiguous: plain loads and stores of one register.
// CHECK-LABEL: llvm.func @rows
// CHECK-COUNT-2: llvm.load {{.*}} -> vector<8xf32>
// CHECK-NOT: masked
// CHECK-COUNT-2: llvm.store {{.*}} : vector<8xf32>
// CHECK: llvm.return
func.func @rows(%a: memref<?x32xf32>, %b: memref<?x32xf32>, %i: index) {
  %z = arith.constant 0.0 : f32
  %0 = vector.transfer_read %a[%i, %i], %z {in_bounds = [true, true]} : memref<?x32xf32>, vector<2x8xf32>
  vector.transfer_write %0, %b[%i, %i] {in_bounds = [true, true]} : vector<2x8xf32>, memref<?x32xf32>
  return
}

// CHECK-LABEL: llvm.func @masked
// CHECK: llvm.intr.masked.load
// CHECK: llvm.intr.masked.store
func.func @masked(%a: memref<?xf32>, %b: memref<?xf32>, %i: index) {
  %z = arith.constant 0.0 : f32
  %0 = vector.transfer_read %a[%i], %z : memref<?xf32>, vector<8xf32>
  vector.transfer_write %0, %b[%i] : vector<8xf32>, memref<?xf32>
  return
}

// CHECK-LABEL: llvm.func @contract
// CHECK-COUNT-8: llvm.intr.fmuladd{{.*}}vector<8xf32>
func.func @contract(%a: vector<2x4xf32>, %b: vector<4x8xf32>, %c: vector<2x8xf32>) -> vector<2x8xf32> {
  %0 = vector.contract {
      indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
      iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>
    } %a, %b, %c : vector<2x4xf32>, vector<4x8xf32> into vector<2x8xf32>
  return %0 : vector<2x8xf32>
}

// No function of the compiler's library; what is left is libm's.
// LLVM-LABEL: define {{.*}}@arithmetic(
// LLVM-NOT: fptrunc
// LLVM: call float @erff
// LLVM: call float @llvm.exp.f32
// LLVM-NOT: llvm.powi
func.func @arithmetic(%x: f32, %n: i32) -> f32 {
  %0 = arith.truncf %x : f32 to bf16
  %1 = arith.extf %0 : bf16 to f32
  %2 = math.erf %1 : f32
  %3 = math.exp %2 : f32
  %4 = math.fpowi %3, %n : f32, i32
  return %4 : f32
}
