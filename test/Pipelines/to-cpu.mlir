// RUN: lowbit-opt %s --lowbit-to-cpu="cpu=x86-64-v3 triple=x86_64-linux-gnu" > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -O2 -filetype=asm -o - | FileCheck %s --check-prefix=ASM

// CHECK: llvm.data_layout
// CHECK-SAME: chip = "x86-64-v3"
// CHECK-SAME: llvm.target_triple = "x86_64-unknown-linux-gnu"
// CHECK-NOT: omp.
// CHECK: llvm.func @quantize
// CHECK-SAME: target_cpu = "x86-64-v3"
// CHECK-SAME: "+avx2"
// CHECK-SAME: tune_cpu = "x86-64-v3"
// CHECK: llvm.func @_mlir_ciface_quantize

// No flags, yet wide registers and no MLIR library.
// ASM: ymm
// ASM-NOT: memrefCopy
func.func @quantize(%x: tensor<?x64xf32>, %s: tensor<?x2xf32>) -> tensor<?x64xi4> {
  %q = lowbit.quantize %x scale(%s) block [1, 32] : (tensor<?x64xf32>, tensor<?x2xf32>) -> tensor<?x64xi4>
  return %q : tensor<?x64xi4>
}

func.func @part(%a: tensor<8x8xf32>) -> tensor<2x3xf32> {
  %0 = tensor.extract_slice %a[1, 2] [2, 3] [2, 1] : tensor<8x8xf32> to tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
