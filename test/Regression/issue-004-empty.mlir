// Products of nothing: a slice of a static extent of 0 does not verify, so
// that packing and tiling such extents was an error.
//
// RUN: lowbit-run %s --entry=no_k --check | FileCheck %s
// RUN: lowbit-run %s --entry=no_k_f16 --check | FileCheck %s
// RUN: lowbit-run %s --entry=no_columns --check | FileCheck %s
// RUN: lowbit-run %s --entry=no_rows --check | FileCheck %s
// RUN: lowbit-run %s --entry=no_batch --check | FileCheck %s
// RUN: lowbit-run %s --entry=dynamic --input=random:3x0 --input=random:5x0 --check | FileCheck %s
// RUN: lowbit-run %s --entry=dynamic --input=random:0x8 --input=random:0x8 --check | FileCheck %s
// CHECK: as expected

// Rule M16: the bias.
func.func @no_k(%a: tensor<3x0xf32>, %b: tensor<0x20xi4>, %d: tensor<20xf32>) -> tensor<3x20xf32> {
  %c = lowbit.matmul %a, %b bias(%d) : (tensor<3x0xf32>, tensor<0x20xi4>, tensor<20xf32>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

func.func @no_k_f16(%a: tensor<2x3x0xi8>, %b: tensor<20x0xi8> {lowbit.weight}, %s: tensor<20x0xf32>) -> tensor<2x3x20xf16> {
  %c = lowbit.matmul %a, %b scale(%s) block [1, 32] transpose_b : (tensor<2x3x0xi8>, tensor<20x0xi8>, tensor<20x0xf32>) -> tensor<2x3x20xf16>
  return %c : tensor<2x3x20xf16>
}

func.func @no_columns(%a: tensor<3x8xf32>, %b: tensor<8x0xi4>) -> tensor<3x0xf32> {
  %c = lowbit.matmul %a, %b : (tensor<3x8xf32>, tensor<8x0xi4>) -> tensor<3x0xf32>
  return %c : tensor<3x0xf32>
}

func.func @no_rows(%a: tensor<0x8xf32>, %b: tensor<20x8xi4> {lowbit.weight}) -> tensor<0x20xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<0x8xf32>, tensor<20x8xi4>) -> tensor<0x20xf32>
  return %c : tensor<0x20xf32>
}

func.func @no_batch(%a: tensor<0x3x8xf32>, %b: tensor<0x20x8xi4>) -> tensor<0x3x20xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<0x3x8xf32>, tensor<0x20x8xi4>) -> tensor<0x3x20xf32>
  return %c : tensor<0x3x20xf32>
}

func.func @dynamic(%a: tensor<?x?xf32>, %b: tensor<?x?xi8>) -> tensor<?x?xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<?x?xf32>, tensor<?x?xi8>) -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}
