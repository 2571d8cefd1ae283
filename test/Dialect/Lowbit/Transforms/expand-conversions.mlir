// RUN: lowbit-opt %s --lowbit-expand-conversions | FileCheck %s
// Nothing is left to do for a second run, and nothing is called.
// RUN: lowbit-opt %s --lowbit-expand-conversions -o %t.mlir
// RUN: lowbit-opt %t.mlir --lowbit-expand-conversions | diff %t.mlir -
// RUN: lowbit-opt %s --lowbit-expand-conversions \
// RUN:   | FileCheck %s --check-prefix=CALLS --implicit-check-not=call
// CALLS: func.func @scalar

// CHECK: #[[$GROUP_OF:map[0-9]*]] = affine_map<(d0, d1) -> (d0, d1 floordiv 16)>

// That the numbers are right is shown by test/unit/Execution, in machine code.
// Here: where the arithmetic stands, what surrounds it, and what stays.

//===----------------------------------------------------------------------===//
// Scalars and vectors: in place, without a loop
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @scalar
// CHECK-SAME: (%[[X:.*]]: f32) -> f8E4M3FN
// CHECK-NOT: linalg.generic
// CHECK-NOT: lowbit.convert
// CHECK: arith.bitcast %[[X]] : f32 to i32
// CHECK: %[[CODE:.*]] = arith.trunci %{{.*}} : i32 to i8
// CHECK: %[[Q:.*]] = lowbit.bitcast %[[CODE]] : i8 to f8E4M3FN
// CHECK: return %[[Q]]
func.func @scalar(%x: f32) -> f8E4M3FN {
  %q = lowbit.convert %x : f32 to f8E4M3FN
  return %q : f8E4M3FN
}

// CHECK-LABEL: func.func @vector
// CHECK-NOT: linalg.generic
// CHECK: lowbit.bitcast %{{.*}} : vector<7x!lowbit.log<4>> to vector<7xi4>
// CHECK-NOT: lowbit.convert
// CHECK: return %{{.*}} : vector<7xf32>
func.func @vector(%x: vector<7x!lowbit.log<4>>) -> vector<7xf32> {
  %y = lowbit.convert %x : vector<7x!lowbit.log<4>> to vector<7xf32>
  return %y : vector<7xf32>
}

// CHECK-LABEL: func.func @vector_2d
// CHECK: lowbit.bitcast %{{.*}} : vector<3x5xi8> to vector<3x5xf8E5M2>
func.func @vector_2d(%x: vector<3x5xf32>) -> vector<3x5xf8E5M2> {
  %y = lowbit.convert %x : vector<3x5xf32> to vector<3x5xf8E5M2>
  return %y : vector<3x5xf8E5M2>
}

// A codebook is looked up by selects, not in memory.
// CHECK-LABEL: func.func @codebook
// CHECK-NOT: memref
// CHECK-NOT: extract
// CHECK: arith.select
// CHECK: return
func.func @codebook(%x: !lowbit.codebook<4, nf4>) -> f32 {
  %y = lowbit.convert %x : !lowbit.codebook<4, nf4> to f32
  return %y : f32
}

// The random words are used as they are.
// CHECK-LABEL: func.func @stochastic
// CHECK-SAME: %[[R:[a-z0-9]+]]: i32
// CHECK: arith.{{cmpi ult,|extui}} %[[R]]
func.func @stochastic(%x: f32, %r: i32) -> f8E4M3FN {
  %q = lowbit.convert %x random(%r : i32) {rounding = #lowbit.rounding<stochastic>} : f32 to f8E4M3FN
  return %q : f8E4M3FN
}

//===----------------------------------------------------------------------===//
// Tensors: one loop, scales constant in the inner one
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @tensor
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>)
// CHECK: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: %[[INIT:.*]] = tensor.empty(%[[N]]) : tensor<?xf8E5M2>
// CHECK: %[[Y:.*]] = linalg.generic
// CHECK-SAME: iterator_types = ["parallel"]
// CHECK-SAME: ins(%[[X]] : tensor<?xf32>) outs(%[[INIT]] : tensor<?xf8E5M2>)
// CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: f8E5M2):
// CHECK: return %[[Y]]
func.func @tensor(%x: tensor<?xf32>) -> tensor<?xf8E5M2> {
  %y = lowbit.convert %x : tensor<?xf32> to tensor<?xf8E5M2>
  return %y : tensor<?xf8E5M2>
}

// CHECK-LABEL: func.func @stochastic_tensor
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xi32>)
func.func @stochastic_tensor(%x: tensor<4xf32>, %r: tensor<4xi32>) -> tensor<4xi4> {
  %y = lowbit.convert %x random(%r : tensor<4xi32>) {rounding = #lowbit.rounding<stochastic>} : tensor<4xf32> to tensor<4xi4>
  return %y : tensor<4xi4>
}

// Groups that divide the row are a loop of their own.
// CHECK-LABEL: func.func @groups
// CHECK-SAME: (%[[X:.*]]: tensor<4x64xf32>, %[[S:.*]]: tensor<4x2xf32>)
// CHECK: %[[E:.*]] = tensor.expand_shape %[[X]] {{\[}}[0], [1, 2]] output_shape [4, 2, 32]
// CHECK: %[[Y:.*]] = linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel"]
// CHECK-SAME: ins(%[[E]], %[[S]] : tensor<4x2x32xf32>, tensor<4x2xf32>)
// CHECK: arith.divf
// CHECK: tensor.collapse_shape %[[Y]] {{\[}}[0], [1, 2]] : tensor<4x2x32xi4> into tensor<4x64xi4>
func.func @groups(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>) -> tensor<4x64xi4> {
  %q = lowbit.quantize %x scale(%s) block [1, 32] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
  return %q : tensor<4x64xi4>
}

// Ragged ones are found by dividing the index.
// CHECK-LABEL: func.func @ragged
// CHECK-NOT: expand_shape
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$GROUP_OF]], #{{.*}}]
func.func @ragged(%q: tensor<4x50xi4>, %s: tensor<4x4xf32>) -> tensor<4x50xf32> {
  %x = lowbit.dequantize %q scale(%s) block [1, 16] : (tensor<4x50xi4>, tensor<4x4xf32>) -> tensor<4x50xf32>
  return %x : tensor<4x50xf32>
}

// One scale needs no operand of the loop.
// CHECK-LABEL: func.func @scalar_scale
// CHECK-SAME: %[[S:[a-z0-9]+]]: f32)
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}} : tensor<?x8xf16>)
// CHECK: arith.divf %{{.*}}, %[[S]] : f32
func.func @scalar_scale(%x: tensor<?x8xf16>, %s: f32) -> tensor<?x8xf8E5M2> {
  %q = lowbit.quantize %x scale(%s) : (tensor<?x8xf16>, f32) -> tensor<?x8xf8E5M2>
  return %q : tensor<?x8xf8E5M2>
}

// Nothing to compute, and no scale that could be read.
// CHECK-LABEL: func.func @empty
// CHECK-NEXT: %[[E:.*]] = tensor.empty() : tensor<0x4xi4>
// CHECK-NEXT: return %[[E]]
func.func @empty(%x: tensor<0x4xf32>, %s: tensor<0x2xf32>) -> tensor<0x4xi4> {
  %q = lowbit.quantize %x scale(%s) block [1, 2] : (tensor<0x4xf32>, tensor<0x2xf32>) -> tensor<0x4xi4>
  return %q : tensor<0x4xi4>
}

//===----------------------------------------------------------------------===//
// Upstream's casts
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @arith_casts
// CHECK-NOT: arith.scaling
// CHECK-NOT: : f8E4M3FN to f32
// CHECK-NOT: : f32 to f4E2M1FN
// CHECK: arith.mulf
// CHECK-NOT: arith.scaling
// CHECK: return
func.func @arith_casts(%x: f8E4M3FN, %q: f4E2M1FN, %s: f8E8M0FNU) -> (f4E2M1FN, f32) {
  %0 = arith.extf %x : f8E4M3FN to f32
  %1 = arith.truncf %0 : f32 to f4E2M1FN
  %2 = arith.scaling_extf %q, %s : f4E2M1FN, f8E8M0FNU to f32
  return %1, %2 : f4E2M1FN, f32
}

// CHECK-LABEL: func.func @scaling_truncf
// CHECK: linalg.generic
// CHECK: arith.divf
func.func @scaling_truncf(%x: tensor<8xf32>, %s: tensor<8xf32>) -> tensor<8xf6E2M3FN> {
  %0 = arith.scaling_truncf %x, %s : tensor<8xf32>, tensor<8xf32> to tensor<8xf6E2M3FN>
  return %0 : tensor<8xf6E2M3FN>
}

!per_axis = !quant.uniform<i8:f32:0, {0.5:1, 2.0:3}>

// CHECK-LABEL: func.func @quant_casts
// CHECK-DAG: arith.constant dense<{{.*}}5.000000e-01{{.*}}2.000000e+00{{.*}}> : tensor<2x1xf32>
// CHECK-DAG: arith.constant dense<{{.*}}1.000000e+00{{.*}}3.000000e+00{{.*}}> : tensor<2x1xf32>
// CHECK: linalg.generic
// CHECK: arith.divf
// CHECK: arith.addf
// CHECK: quant.scast %{{.*}} : tensor<2x8xi8> to
// CHECK-NOT: quant.dcast
// CHECK: quant.scast %{{.*}} to tensor<2x8xi8>
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK: arith.mulf
func.func @quant_casts(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %q = quant.qcast %x : tensor<2x8xf32> to tensor<2x8x!per_axis>
  %y = quant.dcast %q : tensor<2x8x!per_axis> to tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

//===----------------------------------------------------------------------===//
// What stays
//===----------------------------------------------------------------------===//

// Floats of 16 bits and more are the machine's.
// CHECK-LABEL: func.func @wide_floats
// CHECK-NEXT: arith.extf %{{.*}} : f16 to f32
// CHECK-NEXT: arith.truncf %{{.*}} : vector<4xf32> to vector<4xbf16>
// CHECK-NEXT: return
func.func @wide_floats(%x: f16, %v: vector<4xf32>) -> (f32, vector<4xbf16>) {
  %0 = arith.extf %x : f16 to f32
  %1 = arith.truncf %v : vector<4xf32> to vector<4xbf16>
  return %0, %1 : f32, vector<4xbf16>
}

// Values that are only moved are lowbit-to-bytes' work.
// CHECK-LABEL: func.func @moves
// CHECK-NEXT: lowbit.bitcast %{{.*}} : tensor<4xi8> to tensor<4xf8E4M3FN>
// CHECK-NEXT: tensor.extract_slice %{{.*}} : tensor<4xf8E4M3FN> to tensor<2xf8E4M3FN>
// CHECK-NEXT: return
func.func @moves(%x: tensor<4xi8>) -> tensor<2xf8E4M3FN> {
  %0 = lowbit.bitcast %x : tensor<4xi8> to tensor<4xf8E4M3FN>
  %1 = tensor.extract_slice %0[0] [2] [1] : tensor<4xf8E4M3FN> to tensor<2xf8E4M3FN>
  return %1 : tensor<2xf8E4M3FN>
}

// A rounding that lowbit has not, a source that no format is, a tensor of
// unknown rank: lowbit-verify-lowered reports them.
// CHECK-LABEL: func.func @unknown
// CHECK: arith.truncf %{{.*}} upward : f32 to f8E4M3FN
// CHECK: arith.truncf %{{.*}} : f128 to f8E4M3FN
// CHECK: quant.qcast %{{.*}} : tensor<*xf32>
func.func @unknown(%x: f32, %w: f128, %u: tensor<*xf32>)
    -> (f8E4M3FN, f8E4M3FN, tensor<*x!quant.uniform<i8:f32, 0.5>>) {
  %0 = arith.truncf %x upward : f32 to f8E4M3FN
  %1 = arith.truncf %w : f128 to f8E4M3FN
  %2 = quant.qcast %u : tensor<*xf32> to tensor<*x!quant.uniform<i8:f32, 0.5>>
  return %0, %1, %2 : f8E4M3FN, f8E4M3FN, tensor<*x!quant.uniform<i8:f32, 0.5>>
}

// The product has passes of its own.
// CHECK-LABEL: func.func @others
// CHECK: lowbit.matmul
func.func @others(%x: tensor<2x4xf32>, %w: tensor<4x2xi4>) -> tensor<2x2xf32> {
  %0 = lowbit.matmul %x, %w : (tensor<2x4xf32>, tensor<4x2xi4>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
