// RUN: lowbit-opt %s --lowbit-to-cpu=threads=1 | FileCheck %s --check-prefix=ONE
// RUN: lowbit-opt %s --lowbit-to-cpu=threads=3 | FileCheck %s --check-prefix=THREE
// RUN: lowbit-opt %s --lowbit-to-cpu=threads=0 | FileCheck %s --check-prefix=ALL
// RUN: lowbit-opt %s --lowbit-to-cpu=threads=0 | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// ONE-NOT: omp.
// THREE: %[[N:.*]] = llvm.mlir.constant(3
// THREE: omp.parallel num_threads(%[[N]]
// ALL: omp.parallel {
// ALL: omp.wsloop

// The body is a function of its own, for the same machine.
// LLVM: define internal void @rows..omp_par({{.*}} #[[ATTRIBUTES:[0-9]+]]
// LLVM: attributes #[[ATTRIBUTES]] = {{.*}}"target-cpu"
func.func @rows(%a: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %e = tensor.empty() : tensor<64x16xf32>
  %0 = scf.forall (%i) in (64) shared_outs(%o = %e) -> tensor<64x16xf32> {
    %row = tensor.extract_slice %a[%i, 0] [1, 16] [1, 1] : tensor<64x16xf32> to tensor<1x16xf32>
    %to = tensor.extract_slice %o[%i, 0] [1, 16] [1, 1] : tensor<64x16xf32> to tensor<1x16xf32>
    %1 = linalg.exp ins(%row : tensor<1x16xf32>) outs(%to : tensor<1x16xf32>) -> tensor<1x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %1 into %o[%i, 0] [1, 16] [1, 1] : tensor<1x16xf32> into tensor<64x16xf32>
    }
  }
  return %0 : tensor<64x16xf32>
}
