// The attributes of the dialect: every word, on its own and on an op.

// RUN: lowbit-opt %s | FileCheck %s
// RUN: lowbit-opt %s | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --emit-bytecode | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: module attributes
// CHECK-SAME: test.methods = [#lowbit.scale_method<absmax>, #lowbit.scale_method<minmax>, #lowbit.scale_method<mse>, #lowbit.scale_method<mx_floor>, #lowbit.scale_method<mx_ceil>, #lowbit.scale_method<mx_even>, #lowbit.scale_method<mx_rceil>]
// CHECK-SAME: test.overflow = [#lowbit.overflow<saturate>, #lowbit.overflow<ieee>]
// CHECK-SAME: test.rounding = [#lowbit.rounding<nearest_even>, #lowbit.rounding<toward_zero>, #lowbit.rounding<stochastic>]
module attributes {
  test.rounding = [#lowbit.rounding<nearest_even>, #lowbit.rounding<toward_zero>, #lowbit.rounding<stochastic>],
  test.overflow = [#lowbit.overflow<saturate>, #lowbit.overflow<ieee>],
  test.methods = [#lowbit.scale_method<absmax>, #lowbit.scale_method<minmax>, #lowbit.scale_method<mse>,
                  #lowbit.scale_method<mx_floor>, #lowbit.scale_method<mx_ceil>, #lowbit.scale_method<mx_even>,
                  #lowbit.scale_method<mx_rceil>]
} {
  // Defaults are not printed, what differs from them is.
  // CHECK-LABEL: func.func @defaults(
  // GENERIC: sym_name = "defaults"
  func.func @defaults(%x: tensor<4xf32>, %s: f32, %a: tensor<2x3xf32>, %b: tensor<3x2xf32>) {
    // CHECK: lowbit.quantize %{{.*}} scale(%{{.*}}) : (
    // GENERIC: "lowbit.quantize"(%{{.*}}) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, overflow = #lowbit.overflow<saturate>, rounding = #lowbit.rounding<nearest_even>}>
    %0 = lowbit.quantize %x scale(%s) {rounding = #lowbit.rounding<nearest_even>, overflow = #lowbit.overflow<saturate>}
        : (tensor<4xf32>, f32) -> tensor<4xi4>
    // CHECK: lowbit.dequantize %{{.*}} scale(%{{.*}}) : (
    %1 = lowbit.dequantize %0 scale(%s) {rounding = #lowbit.rounding<nearest_even>, overflow = #lowbit.overflow<saturate>}
        : (tensor<4xi4>, f32) -> tensor<4xf32>
    // CHECK: lowbit.choose_scale %{{.*}} for i4 : (
    %2 = lowbit.choose_scale %x for i4 {method = #lowbit.scale_method<absmax>} : (tensor<4xf32>) -> tensor<1xf32>
    // CHECK: lowbit.convert %{{[^{]*}} : tensor<4xf32> to tensor<4xf16>
    %3 = lowbit.convert %x {overflow = #lowbit.overflow<saturate>, rounding = #lowbit.rounding<nearest_even>}
        : tensor<4xf32> to tensor<4xf16>
    // CHECK: lowbit.matmul %{{[^{]*}} : (
    %4 = lowbit.matmul %a, %b {acc = f32} : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
    return
  }

  // CHECK-LABEL: func.func @others(
  func.func @others(%x: tensor<4xf32>, %s: f32, %a: tensor<2x3xi8>, %b: tensor<3x2xi8>) {
    // CHECK: lowbit.quantize {{.*}} {rounding = #lowbit.rounding<toward_zero>} : (
    %0 = lowbit.quantize %x scale(%s) {rounding = #lowbit.rounding<toward_zero>, overflow = #lowbit.overflow<saturate>}
        : (tensor<4xf32>, f32) -> tensor<4xi4>
    // CHECK: lowbit.dequantize {{.*}} {overflow = #lowbit.overflow<ieee>} : (
    %1 = lowbit.dequantize %0 scale(%s) {overflow = #lowbit.overflow<ieee>} : (tensor<4xi4>, f32) -> tensor<4xf32>
    // CHECK: lowbit.matmul {{.*}} {acc = i32, promote_every = 128 : i64, test.other} : (
    %2 = lowbit.matmul %a, %b {acc = i32, promote_every = 128, test.other} : (tensor<2x3xi8>, tensor<3x2xi8>) -> tensor<2x2xf32>
    return
  }
}
