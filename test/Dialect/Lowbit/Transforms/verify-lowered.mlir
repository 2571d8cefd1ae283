// RUN: lowbit-opt %s --lowbit-verify-lowered | FileCheck %s

// What LLVM and bufferization take passes, and is not changed.

// CHECK-LABEL: func.func @plain
// CHECK-NEXT: linalg.generic
func.func @plain(%x: tensor<4xf32>, %y: tensor<4xi8>) -> tensor<4xi8> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%y : tensor<4xi8>) {
  ^bb0(%a: f32, %b: i8):
    %c = arith.fptosi %a : f32 to i8
    linalg.yield %c : i8
  } -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// i1 and the wide floats are no low-bit types.
// CHECK-LABEL: func.func @wide
func.func @wide(%a: i1, %b: f16, %c: bf16, %d: vector<4xf64>, %e: i16, %f: i128,
                %g: index, %h: tensor<*xf32>) -> f32 {
  %0 = arith.extf %b : f16 to f32
  return %0 : f32
}

// An attribute whose number happens to be small is none either.
// CHECK-LABEL: func.func private @attributes
func.func private @attributes() attributes {n = 3 : i8, s = "f8E4M3FN"}
