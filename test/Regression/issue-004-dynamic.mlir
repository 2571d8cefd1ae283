// Extents that are known only at run time.
//
// RUN: lowbit-run %s --entry=batch --input=random:2x3x5x24 --input=random --check | FileCheck %s
// RUN: lowbit-run %s --entry=zero_points --cpu=x86-64-v2 --input=random:2x512 --input=random --check | FileCheck %s
// RUN: lowbit-run %s --entry=zero_points --input=random:2x512 --input=random --check | FileCheck %s
// CHECK: as expected
// REQUIRES: x86_64

// The result is a view of two unknown extents in place of one: upstream's
// expand-strided-metadata crashed.
func.func @batch(%a: tensor<?x?x?x24xf32>, %b: tensor<24x20xi4>) -> tensor<?x?x?x20xf32> {
  %c = lowbit.matmul %a, %b : (tensor<?x?x?x24xf32>, tensor<24x20xi4>) -> tensor<?x?x?x20xf32>
  return %c : tensor<?x?x?x20xf32>
}

// Quantizing row by row made the number of zero points of a row, four of 3 bits
// in two bytes, five: wrong results.
func.func @zero_points(%x: tensor<?x?xf32>, %b: tensor<512x40xf32>) -> tensor<?x40xf32> {
  %s, %z = lowbit.choose_scale %x for i3 block [1, 128] {method = #lowbit.scale_method<minmax>} : (tensor<?x?xf32>) -> (tensor<?x4xbf16>, tensor<?x4xi3>)
  %q = lowbit.quantize %x scale(%s) zero_point(%z) block [1, 128] : (tensor<?x?xf32>, tensor<?x4xbf16>, tensor<?x4xi3>) -> tensor<?x?xi3>
  %c = lowbit.matmul %q scale(%s) zero_point(%z) block [1, 128], %b : (tensor<?x?xi3>, tensor<?x4xbf16>, tensor<?x4xi3>, tensor<512x40xf32>) -> tensor<?x40xf32>
  return %c : tensor<?x40xf32>
}

// Rows of nibbles and of unknown length cannot be sliced: an error.
// RUN: lowbit-run %s --entry=nibbles --input=random:3x128 --input=random:7x128 --check | FileCheck %s
func.func @nibbles(%x: tensor<?x?xf32>, %b: tensor<?x?xi8>) -> tensor<?x?xf32> {
  %s, %z = lowbit.choose_scale %x for ui4 block [0, 64] {method = #lowbit.scale_method<minmax>} : (tensor<?x?xf32>) -> (tensor<1x?xf32>, tensor<1x?xui4>)
  %q = lowbit.quantize %x scale(%s) zero_point(%z) block [0, 64] : (tensor<?x?xf32>, tensor<1x?xf32>, tensor<1x?xui4>) -> tensor<?x?xui4>
  %c = lowbit.matmul %q scale(%s) zero_point(%z) block [0, 64], %b transpose_b : (tensor<?x?xui4>, tensor<1x?xf32>, tensor<1x?xui4>, tensor<?x?xi8>) -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}
