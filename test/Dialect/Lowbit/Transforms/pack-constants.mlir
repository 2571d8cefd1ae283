// Constants are packed at compile time, byte by byte as at run time.

// RUN: lowbit-opt %s --lowbit-pack --canonicalize | FileCheck %s

// CHECK-LABEL: @portable
// CHECK-DAG: %[[W:.*]] = arith.constant dense_resource<[[$BYTES:packed.*]]> : tensor<1x64xi8>
// CHECK-DAG: %[[S:.*]] = arith.constant dense_resource<[[$SCALES:packed.*]]> : tensor<1x32xi8>
// CHECK-NOT: lowbit.pack %
// CHECK: lowbit.packed_matmul {{.*}} b(%[[W]] scale %[[S]])
func.func @portable(%x: tensor<1x8xf32>) -> tensor<1x2xf32> {
  // Blobs of codes lie as the ABI says: 1, 2 in the first byte.
  %w = arith.constant dense_resource<w> : tensor<2x8xi4>
  // One for both columns, of 2 and more.
  %s = arith.constant dense<1.5> : tensor<1x1xf16>
  %0 = lowbit.matmul %x, %w scale(%s) block [0, 8] transpose_b
      : (tensor<1x8xf32>, tensor<2x8xi4>, tensor<1x1xf16>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// The bits of minifloats are the codes of `dense` integers behind a bitcast,
// stored as floats that hold them.

// CHECK-LABEL: @bitcast
// CHECK: arith.constant dense_resource<[[$FLOATS:packed.*]]> : tensor<1x64xi8>
func.func @bitcast(%b: tensor<1x2xi8>) -> tensor<1x64xi8> {
  %c = arith.constant dense<[[120, 248]]> : tensor<1x2xi8>
  %f = lowbit.bitcast %c : tensor<1x2xi8> to tensor<1x2x!lowbit.minifloat<e4m3, bias = 8>>
  %0 = lowbit.pack %f extents [1, 2] layout <f32, (d0, d1) -> (d0, d1 floordiv 16, d1 mod 16)>
      : tensor<1x2x!lowbit.minifloat<e4m3, bias = 8>> -> tensor<1x64xi8>
  return %0 : tensor<1x64xi8>
}

// What is no constant stays.

// CHECK-LABEL: @argument
// CHECK: lowbit.pack %
func.func @argument(%w: tensor<1x2xi8>) -> tensor<1x2xi8> {
  %0 = lowbit.pack %w extents [1, 2] layout <i8, (d0, d1) -> (d0, d1)> : tensor<1x2xi8> -> tensor<1x2xi8>
  return %0 : tensor<1x2xi8>
}

// What would be petabytes made of 4 bytes is left for run time.
// CHECK-LABEL: @bloated
// CHECK: lowbit.pack %{{.*}} extents [1125899906842624, 1]
func.func @bloated() -> tensor<70368744177664x16xi8> {
  %c = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %0 = lowbit.pack %c extents [1125899906842624, 1] layout <i8, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)> : tensor<2x2xi8> -> tensor<70368744177664x16xi8>
  return %0 : tensor<70368744177664x16xi8>
}

// A byte has two of K of one column; columns 2 to 15 are padding.
// CHECK: dialect_resources
// CHECK-DAG: [[$BYTES]]: "0x400000002199{{(0{28})}}43BB{{(0{28})}}65DD{{(0{28})}}87FF{{(0{28})}}"
// CHECK-DAG: [[$SCALES]]: "0x40000000003E003E{{(0{56})}}"
// CHECK-DAG: [[$FLOATS]]: "0x400000000000807F000080FF{{(0{112})}}"

{-#
  dialect_resources: {
    builtin: {
      w: "0x400000002143658799BBDDFF"
    }
  }
#-}
