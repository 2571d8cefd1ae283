// Weights that are the same in every call are packed by a function of their own.

// RUN: lowbit-opt %s --lowbit-pack --canonicalize --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=lowbit.weight

// CHECK-LABEL: func.func @layer(
// CHECK-SAME: %[[X:[^:]*]]: tensor<3x64xf32>, %[[W:[^:]*]]: tensor<1024xi8>, %[[S:[^:]*]]: tensor<256xi8>) -> tensor<3x20xf32>
// CHECK-NOT: lowbit.pack %
// CHECK-DAG: %[[PW:.*]] = tensor.expand_shape %[[W]] {{.*}} into tensor<2x512xi8>
// CHECK-DAG: %[[PS:.*]] = tensor.expand_shape %[[S]] {{.*}} into tensor<2x128xi8>
// CHECK: lowbit.packed_matmul {{.*}} a(%[[X]]) b(%[[PW]] scale %[[PS]])

// CHECK-LABEL: func.func @layer.pack(
// CHECK-SAME: %[[W:[^:]*]]: tensor<20x64xi4>, %[[S:[^:]*]]: tensor<20x2xf32>) -> (tensor<1024xi8>, tensor<256xi8>)
// CHECK-DAG: %[[PW:.*]] = lowbit.pack %[[W]]
// CHECK-DAG: %[[BW:.*]] = tensor.collapse_shape %[[PW]]
// CHECK-DAG: %[[PS:.*]] = lowbit.pack %[[S]]
// CHECK-DAG: %[[BS:.*]] = tensor.collapse_shape %[[PS]]
// CHECK: return %[[BW]], %[[BS]]
func.func @layer(%x: tensor<3x64xf32>, %w: tensor<20x64xi4> {lowbit.weight},
                 %s: tensor<20x2xf32> {lowbit.weight}) -> tensor<3x20xf32> {
  %0 = lowbit.matmul %x, %w scale(%s) block [1, 32] transpose_b
      : (tensor<3x64xf32>, tensor<20x64xi4>, tensor<20x2xf32>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// -----

// One buffer for each weight: what is packed of it, each part on a cache line,
// and its elements as they are if anything else reads them. What is computed
// from weights alone goes along.

// CHECK-LABEL: func.func private @read_otherwise(
// CHECK-SAME: %[[X:[^:]*]]: tensor<3x5xf32>, %[[W:[^:]*]]: tensor<163xi8>) -> (tensor<3x7xf32>, tensor<7x5xf8E5M2>)
// CHECK: tensor.extract_slice %[[W]][0] [80] [1]
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[W]][128] [35] [1]
// CHECK: %[[ELEMENTS:.*]] = lowbit.unpack %[[PART]] : tensor<35xi8> -> tensor<7x5xf8E5M2>
// CHECK: return %{{.*}}, %[[ELEMENTS]]
// CHECK-LABEL: func.func private @read_otherwise.pack
func.func private @read_otherwise(%x: tensor<3x5xf32>, %w: tensor<7x5xf8E5M2> {lowbit.weight}) -> (tensor<3x7xf32>, tensor<7x5xf8E5M2>) {
  %0 = lowbit.matmul %x, %w transpose_b : (tensor<3x5xf32>, tensor<7x5xf8E5M2>) -> tensor<3x7xf32>
  return %0, %w : tensor<3x7xf32>, tensor<7x5xf8E5M2>
}

// -----

// CHECK-LABEL: func.func @by_a_product_of_weights(
// CHECK-SAME: tensor<3x64xf32>, %{{[^:]*}}: tensor<0xi8>
// CHECK-LABEL: func.func @by_a_product_of_weights.pack(
// CHECK: lowbit.dequantize
func.func @by_a_product_of_weights(%x: tensor<3x64xf32>, %s: tensor<20x2xf32> {lowbit.weight}, %w: tensor<20x64xi4> {lowbit.weight}) -> tensor<3x20xf32> {
  %f = lowbit.dequantize %w scale(%s) block [1, 32] : (tensor<20x64xi4>, tensor<20x2xf32>) -> tensor<20x64xf32>
  %0 = lowbit.matmul %x, %f transpose_b : (tensor<3x64xf32>, tensor<20x64xf32>) -> tensor<3x20xf32>
  return %0 : tensor<3x20xf32>
}

// -----

// What cannot be hoisted is packed in each call. The mark goes all the same:
// LLVM knows no such attribute.

// CHECK-LABEL: func.func @dynamic(
// CHECK-SAME: %{{[^:]*}}: tensor<?x64xi4>)
// CHECK: lowbit.pack %
// CHECK-NOT: @dynamic.pack
// expected-warning@+1 {{argument 1 is marked lowbit.weight but has the type 'tensor<?x64xi4>'; weights are packed ahead only as tensors of static shape, of elements of up to 32 bits}}
func.func @dynamic(%x: tensor<3x64xf32>, %w: tensor<?x64xi4> {lowbit.weight}) -> tensor<3x?xf32> {
  %0 = lowbit.matmul %x, %w transpose_b : (tensor<3x64xf32>, tensor<?x64xi4>) -> tensor<3x?xf32>
  return %0 : tensor<3x?xf32>
}

// -----

// expected-warning@+1 {{argument 0 is marked lowbit.weight but has the type 'tensor<4xindex>'}}
func.func @index(%w: tensor<4xindex> {lowbit.weight}) -> tensor<4xindex> {
  return %w : tensor<4xindex>
}

// -----

// expected-warning@+1 {{has arguments marked lowbit.weight but is called in the module: its weights are packed in each call}}
func.func @called(%w: tensor<4xi4> {lowbit.weight}) -> tensor<4xi4> {
  return %w : tensor<4xi4>
}
func.func @caller(%w: tensor<4xi4>) -> tensor<4xi4> {
  %0 = call @called(%w) : (tensor<4xi4>) -> tensor<4xi4>
  return %0 : tensor<4xi4>
}
