// RUN: lowbit-opt %s --lowbit-expand-conversions --canonicalize --cse | FileCheck %s
// Nothing is left to do for a second run, and nothing is called.
// RUN: lowbit-opt %s --lowbit-expand-conversions -o %t.mlir
// RUN: lowbit-opt %t.mlir --lowbit-expand-conversions | diff %t.mlir -
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=CALLS \
// RUN:   --implicit-check-not=call --implicit-check-not=choose_scale
// CALLS: func.func @rows

// That the scales are right is shown by test/unit/Execution/ChooseScaleTest.cpp,
// in machine code. Here: which loops there are, and what they read.

// CHECK-DAG: #[[$SCALES:map[0-9]*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$GROUP:map[0-9]*]] = affine_map<()[s0] -> (s0 * 32)>
// CHECK-DAG: #[[$RAGGED_START:map[0-9]*]] = affine_map<(d0)[s0] -> (d0 + s0 * 16)>
// CHECK-DAG: #[[$RAGGED_COUNT:map[0-9]*]] = affine_map<()[s0] -> (s0 * -16 + 50, 16)>
// CHECK-DAG: #[[$ROW_OF_BLOCKS:map[0-9]*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-DAG: #[[$DYNAMIC_COUNT:map[0-9]*]] = affine_map<()[s0, s1] -> (32, s0 - s1 * 32)>
// CHECK-DAG: #[[$NUM_BLOCKS:map[0-9]*]] = affine_map<()[s0] -> (s0 ceildiv 32)>

//===----------------------------------------------------------------------===//
// Granularities
//===----------------------------------------------------------------------===//

// Long rows: one loop over the rows, which makes the scale at once. Magnitudes
// are compared as integers, so that no fast-math flag is needed to vectorize.
// CHECK-LABEL: func.func @rows
// CHECK-SAME: (%[[X:.*]]: tensor<4x4096xf32>)
// CHECK-DAG: %[[ABS:.*]] = arith.constant 2147483647 : i32
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[INF:.*]] = arith.constant 2139095040 : i32
// CHECK-DAG: %[[N:.*]] = arith.constant 4096 : index
// CHECK-DAG: %[[LARGEST:.*]] = arith.constant 1.270000e+02 : f32
// CHECK: %[[INIT:.*]] = tensor.empty() : tensor<4x1xf32>
// CHECK: %[[S:.*]] = linalg.generic {indexing_maps = [#[[$SCALES]]], iterator_types = ["parallel", "parallel"]} outs(%[[INIT]] : tensor<4x1xf32>)
// CHECK: %[[ROW:.*]] = linalg.index 0
// CHECK: %[[MAX:.*]] = scf.for %[[J:.*]] = %{{.*}} to %[[N]] step %{{.*}} iter_args(%[[M:.*]] = %[[ZERO]]) -> (i32)
// CHECK-NEXT: %[[E:.*]] = tensor.extract %[[X]][%[[ROW]], %[[J]]]
// CHECK-NEXT: %[[BITS:.*]] = arith.bitcast %[[E]] : f32 to i32
// CHECK-NEXT: %[[A:.*]] = arith.andi %[[BITS]], %[[ABS]]
// CHECK-NEXT: %[[NEXT:.*]] = arith.maxsi %[[M]], %[[A]]
// CHECK-NEXT: scf.yield %[[NEXT]]
// CHECK: arith.cmpi sge, %[[MAX]], %[[INF]]
// CHECK: arith.divf %{{.*}}, %[[LARGEST]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[S]]
func.func @rows(%x: tensor<4x4096xf32>) -> tensor<4x1xf32> {
  %s = lowbit.choose_scale %x for i8 block [1, 0] : (tensor<4x4096xf32>) -> tensor<4x1xf32>
  return %s : tensor<4x1xf32>
}

// Short blocks of whole vectors are read as such; the scales have a loop of
// their own, which vectorizes.
// CHECK-LABEL: func.func @groups
// CHECK-SAME: (%[[X:.*]]: tensor<4x64xf32>)
// CHECK: %[[MAXIMA:.*]] = linalg.generic
// CHECK-SAME: outs(%{{.*}} : tensor<4x2xi32>)
// CHECK: %[[ROW:.*]] = linalg.index 0
// CHECK: %[[GROUP:.*]] = linalg.index 1
// CHECK: %[[START:.*]] = affine.apply #[[$GROUP]]()[%[[GROUP]]]
// CHECK: %[[V:.*]] = vector.transfer_read %[[X]][%[[ROW]], %[[START]]], %{{.*}} {in_bounds = [true]} : tensor<4x64xf32>, vector<32xf32>
// CHECK: vector.reduction <maxsi>, %{{.*}}, %{{.*}} : vector<32xi32> into i32
// CHECK: %[[S:.*]] = linalg.generic
// CHECK-SAME: ins(%[[MAXIMA]] : tensor<4x2xi32>) outs(%{{.*}} : tensor<4x2xf8E4M3FN>)
// CHECK-NOT: scf.for
// CHECK: return %[[S]]
func.func @groups(%x: tensor<4x64xf32>) -> tensor<4x2xf8E4M3FN> {
  %s = lowbit.choose_scale %x for f4E2M1FN block [1, 32] : (tensor<4x64xf32>) -> tensor<4x2xf8E4M3FN>
  return %s : tensor<4x2xf8E4M3FN>
}

// The last block may be shorter; no index is divided.
// CHECK-LABEL: func.func @ragged
// CHECK-SAME: (%[[X:.*]]: tensor<4x50xf32>)
// CHECK: %[[ROW:.*]] = linalg.index 0
// CHECK: %[[GROUP:.*]] = linalg.index 1
// CHECK: %[[COUNT:.*]] = affine.min #[[$RAGGED_COUNT]]()[%[[GROUP]]]
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %[[COUNT]]
// CHECK: %[[AT:.*]] = affine.apply #[[$RAGGED_START]](%[[J]])[%[[GROUP]]]
// CHECK: tensor.extract %[[X]][%[[ROW]], %[[AT]]]
func.func @ragged(%x: tensor<4x50xf32>) -> tensor<4x4xf32> {
  %s = lowbit.choose_scale %x for i4 block [1, 16] : (tensor<4x50xf32>) -> tensor<4x4xf32>
  return %s : tensor<4x4xf32>
}

// CHECK-LABEL: func.func @dynamic
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>)
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[K:.*]] = tensor.dim %[[X]], %c1
// CHECK: %[[BLOCKS:.*]] = affine.apply #[[$NUM_BLOCKS]]()[%[[K]]]
// CHECK: tensor.empty(%[[ROWS]], %[[BLOCKS]]) : tensor<?x?xi32>
// CHECK: affine.min #[[$DYNAMIC_COUNT]]()[%[[K]], %{{.*}}]
func.func @dynamic(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %s = lowbit.choose_scale %x for i4 block [1, 32] : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}

// One scale: a loop without iterators, and the block's loops inside.
// CHECK-LABEL: func.func @rank_zero
// CHECK: linalg.generic {{.*}}iterator_types = []} outs(%{{.*}} : tensor<f32>)
// CHECK: scf.for
// CHECK: scf.for
func.func @rank_zero(%x: tensor<4x4096xf32>) -> tensor<f32> {
  %s = lowbit.choose_scale %x for i8 : (tensor<4x4096xf32>) -> tensor<f32>
  return %s : tensor<f32>
}

// Columns are reduced side by side, row after row.
// CHECK-LABEL: func.func @columns
// CHECK-SAME: (%[[X:.*]]: tensor<64x48xf32>)
// CHECK: %[[INIT:.*]] = linalg.fill
// CHECK: %[[MAXIMA:.*]] = linalg.generic {indexing_maps = [#[[$SCALES]], #[[$ROW_OF_BLOCKS]]], iterator_types = ["reduction", "parallel"]} ins(%[[X]] : tensor<64x48xf32>) outs(%[[INIT]] : tensor<1x48xi32>)
// CHECK-NOT: scf.for
// CHECK: linalg.generic
// CHECK-SAME: ins(%[[MAXIMA]] : tensor<1x48xi32>)
func.func @columns(%x: tensor<64x48xf32>) -> tensor<1x48xf32> {
  %s = lowbit.choose_scale %x for i8 block [0, 1] : (tensor<64x48xf32>) -> tensor<1x48xf32>
  return %s : tensor<1x48xf32>
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

// Halves are compared in 16 bits.
// CHECK-LABEL: func.func @bf16
// CHECK: scf.for {{.*}} -> (i16)
// CHECK-NOT: arith.extf
// CHECK: arith.maxsi %{{.*}} : i16
// CHECK: scf.yield
// CHECK: arith.extf %{{.*}} : bf16 to f32
func.func @bf16(%x: tensor<4x4096xbf16>) -> tensor<4x1xf32> {
  %s = lowbit.choose_scale %x for i8 block [1, 0] : (tensor<4x4096xbf16>) -> tensor<4x1xf32>
  return %s : tensor<4x1xf32>
}

// Codes are decoded one by one: a vector of them may share bytes.
// CHECK-LABEL: func.func @low_bit
// CHECK-NOT: vector
// CHECK: scf.for {{.*}} -> (i32)
// CHECK: %[[E:.*]] = tensor.extract
// CHECK: lowbit.bitcast %[[E]] : f4E2M1FN to i4
// CHECK: arith.maxsi
func.func @low_bit(%x: tensor<4x32xf4E2M1FN>) -> tensor<4x1xf32> {
  %s = lowbit.choose_scale %x for i8 block [1, 0] : (tensor<4x32xf4E2M1FN>) -> tensor<4x1xf32>
  return %s : tensor<4x1xf32>
}

//===----------------------------------------------------------------------===//
// Methods
//===----------------------------------------------------------------------===//

// Both ends of the range in one pass.
// CHECK-LABEL: func.func @minmax
// CHECK-DAG: %[[SIGN:.*]] = arith.constant -2147483648 : i32
// CHECK: %[[R:.*]]:2 = linalg.generic
// CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<4x1xf32>, tensor<4x1xui8>)
// CHECK: scf.for {{.*}} iter_args(%[[HIGH:.*]] = %{{.*}}, %[[LOW:.*]] = %{{.*}}) -> (i32, i32)
// CHECK: %[[BITS:.*]] = arith.bitcast
// CHECK: %[[NEGATED:.*]] = arith.xori %[[BITS]], %[[SIGN]]
// CHECK-DAG: arith.maxsi %[[HIGH]], %[[BITS]]
// CHECK-DAG: arith.maxsi %[[LOW]], %[[NEGATED]]
// CHECK: linalg.yield %{{.*}}, %{{.*}} : f32, ui8
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @minmax(%x: tensor<4x4096xf32>) -> (tensor<4x1xf32>, tensor<4x1xui8>) {
  %s, %z = lowbit.choose_scale %x for ui8 block [1, 0] {method = #lowbit.scale_method<minmax>} : (tensor<4x4096xf32>) -> (tensor<4x1xf32>, tensor<4x1xui8>)
  return %s, %z : tensor<4x1xf32>, tensor<4x1xui8>
}

// Eight candidates at a time, their errors summed in the order of the elements.
// CHECK-LABEL: func.func @mse
// CHECK: vector.transfer_read
// CHECK: linalg.generic
// CHECK: scf.for {{.*}} -> (f64, f32)
// CHECK: scf.for {{.*}} -> (vector<8xf64>)
// CHECK: tensor.extract
// CHECK: arith.divf %{{.*}} : vector<8xf32>
// CHECK: arith.addf %{{.*}} : vector<8xf64>
// CHECK: arith.cmpf olt, %{{.*}} : f64
func.func @mse(%x: tensor<4x64xf32>) -> tensor<4x2xf32> {
  %s = lowbit.choose_scale %x for i4 block [1, 32] {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
  return %s : tensor<4x2xf32>
}

// The exponent is cut out of the bits; nothing is divided but for mx_rceil.
// CHECK-LABEL: func.func @mx_floor
// CHECK-NOT: arith.divf
// CHECK: lowbit.bitcast %{{.*}} : i8 to f8E8M0FNU
// CHECK: return
func.func @mx_floor(%x: tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU> {
  %s = lowbit.choose_scale %x for f4E2M1FN block [1, 32] {method = #lowbit.scale_method<mx_floor>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  return %s : tensor<4x2xf8E8M0FNU>
}

// CHECK-LABEL: func.func @mx_rceil
// CHECK: arith.divf
// CHECK: lowbit.bitcast %{{.*}} : i8 to f8E8M0FNU
func.func @mx_rceil(%x: tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU> {
  %s = lowbit.choose_scale %x for f4E2M1FN block [1, 32] {method = #lowbit.scale_method<mx_rceil>} : (tensor<4x64xf32>) -> tensor<4x2xf8E8M0FNU>
  return %s : tensor<4x2xf8E8M0FNU>
}

// A scale type without NaN: there is none to select.
// CHECK-LABEL: func.func @no_nan
// CHECK-NOT: 0x7FC00000
// CHECK: return
func.func @no_nan(%x: tensor<4x64xf32>) -> tensor<4x2xf4E2M1FN> {
  %s = lowbit.choose_scale %x for i4 block [1, 32] : (tensor<4x64xf32>) -> tensor<4x2xf4E2M1FN>
  return %s : tensor<4x2xf4E2M1FN>
}
