// LLVM calls __truncsfbf2 where a CPU has no bf16: for an element that is
// stored under a mask, and for a value that lives through several blocks.
//
// RUN: lowbit-run %s --entry=ragged --cpu=x86-64-v3 --check | FileCheck %s
// RUN: lowbit-run %s --entry=ragged --cpu=x86-64-v2 --check | FileCheck %s
// RUN: lowbit-run %s --entry=scalar --cpu=x86-64-v2 --input=random:5x40 --input=random --input=random --check | FileCheck %s
// CHECK: as expected
// REQUIRES: x86_64, cpu-avx2

func.func @ragged(%a: tensor<5x64xf32>, %b: tensor<19x64xi4>) -> tensor<5x19xbf16> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<5x64xf32>, tensor<19x64xi4>) -> tensor<5x19xbf16>
  return %c : tensor<5x19xbf16>
}

func.func @scalar(%a: tensor<?x40xf32>, %b: tensor<19x40xi4>, %s: bf16) -> tensor<?x19xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<?x40xf32>, tensor<19x40xi4>, bf16) -> tensor<?x19xf32>
  return %c : tensor<?x19xf32>
}
