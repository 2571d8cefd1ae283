// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// llvm/llvm-project#131528, iree-org/iree#20645: MLIR 22's emulation of narrow
// types exists in test passes only, takes no dynamic i4 and no f4E2M1FN, and
// had the wrong element for unaligned positions.

func.func @element(%t: tensor<?xi4>, %i: index) -> i4 {
  %e = tensor.extract %t[%i] : tensor<?xi4>
  return %e : i4
}

func.func @fp4_element(%t: tensor<2x5xf4E2M1FN>, %i: index, %j: index) -> f32 {
  %e = tensor.extract %t[%i, %j] : tensor<2x5xf4E2M1FN>
  %x = arith.extf %e : f4E2M1FN to f32
  return %x : f32
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %t = arith.constant dense<[1, -2, 3, -4, 5, -6, 7, -8]> : tensor<8xi4>
  %d = tensor.cast %t : tensor<8xi4> to tensor<?xi4>
  scf.for %i = %c0 to %c5 step %c1 {
    %e = func.call @element(%d, %i) : (tensor<?xi4>, index) -> i4
    %w = arith.extsi %e : i4 to i32
    vector.print %w : i32
  }
  // CHECK: 1
  // CHECK-NEXT: -2
  // CHECK-NEXT: 3
  // CHECK-NEXT: -4
  // CHECK-NEXT: 5

  %x = arith.constant dense<[[0.0, 0.5, 1.0, 1.5, 2.0], [3.0, 4.0, 6.0, -0.5, -6.0]]> : tensor<2x5xf4E2M1FN>
  %a = call @fp4_element(%x, %c0, %c1) : (tensor<2x5xf4E2M1FN>, index, index) -> f32
  // CHECK-NEXT: 0.5
  vector.print %a : f32
  %b = call @fp4_element(%x, %c1, %c0) : (tensor<2x5xf4E2M1FN>, index, index) -> f32
  // CHECK-NEXT: 3
  vector.print %b : f32
  %c = call @fp4_element(%x, %c1, %c4) : (tensor<2x5xf4E2M1FN>, index, index) -> f32
  // CHECK-NEXT: -6
  vector.print %c : f32
  return
}
