// RUN: lowbit-opt %s --pass-pipeline='builtin.module(func.func(lowbit-lift-branches))' | FileCheck %s

// CHECK-LABEL: func @loop
// CHECK: tensor.empty() : tensor<4xf32>
// CHECK: scf.while
// CHECK-NOT: {{ cf\.(br|cond_br)}}
// CHECK-NOT: poison : tensor
func.func @loop(%a: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  cf.br ^head(%a, %c0 : tensor<4xf32>, index)
^head(%t: tensor<4xf32>, %i: index):
  %more = arith.cmpi ult, %i, %n : index
  cf.cond_br %more, ^body, ^end
^body:
  %0 = math.exp %t : tensor<4xf32>
  %next = arith.addi %i, %c1 : index
  cf.br ^head(%0, %next : tensor<4xf32>, index)
^end:
  return %t : tensor<4xf32>
}

// CHECK-LABEL: func @structured
// CHECK-NEXT: return
func.func @structured() {
  return
}
