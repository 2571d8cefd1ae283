// Every format of docs/Formats.md as an element type: parsed, printed and
// parsed again, through text and bytecode, in tensors, vectors and memrefs.

// RUN: lowbit-opt %s | FileCheck %s
// RUN: lowbit-opt %s | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --emit-bytecode | lowbit-opt | FileCheck %s
// RUN: lowbit-opt %s --mlir-print-op-generic | lowbit-opt | FileCheck %s

// CHECK-LABEL: func.func private @builtin_floats(
// CHECK-SAME: tensor<4xf8E4M3FN>, tensor<4xf8E4M3>, tensor<4xf8E4M3FNUZ>, tensor<4xf8E4M3B11FNUZ>,
// CHECK-SAME: tensor<4xf8E5M2>, tensor<4xf8E5M2FNUZ>, tensor<4xf8E3M4>, tensor<4xf8E8M0FNU>,
// CHECK-SAME: tensor<4xf6E2M3FN>, tensor<4xf6E3M2FN>, tensor<4xf4E2M1FN>)
func.func private @builtin_floats(
  tensor<4xf8E4M3FN>, tensor<4xf8E4M3>, tensor<4xf8E4M3FNUZ>, tensor<4xf8E4M3B11FNUZ>,
  tensor<4xf8E5M2>, tensor<4xf8E5M2FNUZ>, tensor<4xf8E3M4>, tensor<4xf8E8M0FNU>,
  tensor<4xf6E2M3FN>, tensor<4xf6E3M2FN>, tensor<4xf4E2M1FN>)

// CHECK-LABEL: func.func private @integers(
// CHECK-SAME: tensor<4xi2>, tensor<4xsi2>, tensor<4xui2>, tensor<4xi3>, tensor<4xsi3>, tensor<4xui3>,
// CHECK-SAME: tensor<4xi4>, tensor<4xsi4>, tensor<4xui4>, tensor<4xi5>, tensor<4xsi5>, tensor<4xui5>,
// CHECK-SAME: tensor<4xi6>, tensor<4xsi6>, tensor<4xui6>, tensor<4xi7>, tensor<4xsi7>, tensor<4xui7>,
// CHECK-SAME: tensor<4xi8>, tensor<4xsi8>, tensor<4xui8>)
func.func private @integers(
  tensor<4xi2>, tensor<4xsi2>, tensor<4xui2>, tensor<4xi3>, tensor<4xsi3>, tensor<4xui3>,
  tensor<4xi4>, tensor<4xsi4>, tensor<4xui4>, tensor<4xi5>, tensor<4xsi5>, tensor<4xui5>,
  tensor<4xi6>, tensor<4xsi6>, tensor<4xui6>, tensor<4xi7>, tensor<4xsi7>, tensor<4xui7>,
  tensor<4xi8>, tensor<4xsi8>, tensor<4xui8>)

//===----------------------------------------------------------------------===//
// minifloat
//===----------------------------------------------------------------------===//

// The E5M3 pair of the table.
// CHECK-LABEL: func.func private @e5m3(
// CHECK-SAME: tensor<4x!lowbit.minifloat<ue5m3fn>>, tensor<4x!lowbit.minifloat<e5m3fn>>)
func.func private @e5m3(
  tensor<4x!lowbit.minifloat<ue5m3fn>>, tensor<4x!lowbit.minifloat<e5m3fn>>)

// All four kinds.
// CHECK-LABEL: func.func private @kinds(
// CHECK-SAME: !lowbit.minifloat<e3m2>, !lowbit.minifloat<e3m2fn>, !lowbit.minifloat<e3m2fnuz>, !lowbit.minifloat<e3m3finite>,
// CHECK-SAME: !lowbit.minifloat<ue3m2>, !lowbit.minifloat<ue3m2fn>, !lowbit.minifloat<ue3m2finite>)
func.func private @kinds(
  !lowbit.minifloat<e3m2>, !lowbit.minifloat<e3m2fn>, !lowbit.minifloat<e3m2fnuz>, !lowbit.minifloat<e3m3finite>,
  !lowbit.minifloat<ue3m2>, !lowbit.minifloat<ue3m2fn>, !lowbit.minifloat<ue3m2finite>)

// A bias that is the default is not printed; that of fnuz is one more.
// CHECK-LABEL: func.func private @biases(
// CHECK-SAME: !lowbit.minifloat<e3m2>, !lowbit.minifloat<e3m2fnuz>, !lowbit.minifloat<e3m2fnuz, bias = 3>,
// CHECK-SAME: !lowbit.minifloat<e3m0finite, bias = 7>, !lowbit.minifloat<e4m3fn, bias = -4>, !lowbit.minifloat<e4m3fn, bias = 0>)
func.func private @biases(
  !lowbit.minifloat<e3m2, bias = 3>, !lowbit.minifloat<e3m2fnuz, bias = 4>, !lowbit.minifloat<e3m2fnuz, bias = 3>,
  !lowbit.minifloat<e3m0finite, bias = 7>, !lowbit.minifloat<e4m3fn, bias = -4>, !lowbit.minifloat<e4m3fn, bias = 0>)

// The ends: 2 and 16 bits, no mantissa, one exponent bit, all that f32 holds.
// CHECK-LABEL: func.func private @extremes(
// CHECK-SAME: !lowbit.minifloat<ue1m1finite>, !lowbit.minifloat<e1m0finite>, !lowbit.minifloat<ue2m0finite>,
// CHECK-SAME: !lowbit.minifloat<e5m10fn>, !lowbit.minifloat<ue8m8>, !lowbit.minifloat<e1m14>,
// CHECK-SAME: !lowbit.minifloat<e4m3fn, bias = 147>, !lowbit.minifloat<e4m3fn, bias = -112>)
func.func private @extremes(
  !lowbit.minifloat<ue1m1finite>, !lowbit.minifloat<e1m0finite>, !lowbit.minifloat<ue2m0finite>,
  !lowbit.minifloat<e5m10fn>, !lowbit.minifloat<ue8m8>, !lowbit.minifloat<e1m14>,
  !lowbit.minifloat<e4m3fn, bias = 147>, !lowbit.minifloat<e4m3fn, bias = -112>)

// One code apart from a builtin type is enough to be another format.
// CHECK-LABEL: func.func private @not_quite_builtin(
// CHECK-SAME: !lowbit.minifloat<ue4m3fn>, !lowbit.minifloat<e2m1fn>, !lowbit.minifloat<ue8m0fn>, !lowbit.minifloat<e4m3fnuz, bias = 7>)
func.func private @not_quite_builtin(
  !lowbit.minifloat<ue4m3fn>, !lowbit.minifloat<e2m1fn>, !lowbit.minifloat<ue8m0fn>, !lowbit.minifloat<e4m3fnuz, bias = 7>)

//===----------------------------------------------------------------------===//
// log
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func private @log(
// CHECK-SAME: !lowbit.log<2>, !lowbit.log<3>, !lowbit.log<4>, !lowbit.log<5>, !lowbit.log<6>, !lowbit.log<7>, !lowbit.log<8>,
// CHECK-SAME: !lowbit.log<4, frac = 1>, !lowbit.log<8, frac = 7>, !lowbit.log<4>)
func.func private @log(
  !lowbit.log<2>, !lowbit.log<3>, !lowbit.log<4>, !lowbit.log<5>, !lowbit.log<6>, !lowbit.log<7>, !lowbit.log<8>,
  !lowbit.log<4, frac = 1>, !lowbit.log<8, frac = 7>, !lowbit.log<4, frac = 0>)

//===----------------------------------------------------------------------===//
// codebook
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func private @codebook(
// CHECK-SAME: !lowbit.codebook<4, nf4>, !lowbit.codebook<4, iq4nl>)
func.func private @codebook(
  !lowbit.codebook<4, nf4>, !lowbit.codebook<4, iq4nl>)

// Any order, duplicates, integers for floats, values that f32 rounds.
// CHECK-LABEL: func.func private @codebook_list(
// CHECK-SAME: !lowbit.codebook<2, [-1.0, 0.0, 0.5, 1.0]>, !lowbit.codebook<2, [3.0, -0.0, 3.0, -7.0]>,
// CHECK-SAME: !lowbit.codebook<2, [0.1, 1.0e-45, -3.4028235e+38, 0.0]>,
// CHECK-SAME: !lowbit.codebook<3, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]>)
func.func private @codebook_list(
  !lowbit.codebook<2, [-1.0, 0.0, 0.5, 1.0]>, !lowbit.codebook<2, [3, -0.0, 3, -7]>,
  !lowbit.codebook<2, [0.1, 1.4e-45, -3.40282347e38, 1.0e-60]>,
  !lowbit.codebook<3, [0, 1, 2, 3, 4, 5, 6, 7]>)

// -0.0 in place of nf4's 0.0 is another codebook.
// CHECK-LABEL: func.func private @codebook_near_nf4(
// CHECK-SAME: !lowbit.codebook<4, [-1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, -0.0, 0.0795803,
func.func private @codebook_near_nf4(
  !lowbit.codebook<4, [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
    -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, -0.0, 0.07958029955625534,
    0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434,
    0.5626170039176941, 0.7229568362236023, 1.0]>)

//===----------------------------------------------------------------------===//
// Containers
//===----------------------------------------------------------------------===//

#sparse = #sparse_tensor.encoding<{ map = (d0) -> (d0 : compressed) }>

// CHECK-LABEL: func.func private @tensors(
// CHECK-SAME: tensor<!lowbit.log<4>>, tensor<0x!lowbit.log<4>>, tensor<?x3x!lowbit.codebook<4, nf4>>,
// CHECK-SAME: tensor<*x!lowbit.minifloat<e5m3fn>>, tensor<8x!lowbit.log<4>, #{{.*}}>)
func.func private @tensors(
  tensor<!lowbit.log<4>>, tensor<0x!lowbit.log<4>>, tensor<?x3x!lowbit.codebook<4, nf4>>,
  tensor<*x!lowbit.minifloat<e5m3fn>>, tensor<8x!lowbit.log<4>, #sparse>)

// CHECK-LABEL: func.func private @vectors(
// CHECK-SAME: vector<!lowbit.log<4>>, vector<7x!lowbit.codebook<4, nf4>>, vector<2x[4]x!lowbit.minifloat<ue5m3fn>>)
func.func private @vectors(
  vector<!lowbit.log<4>>, vector<7x!lowbit.codebook<4, nf4>>, vector<2x[4]x!lowbit.minifloat<ue5m3fn>>)

// CHECK-LABEL: func.func private @memrefs(
// CHECK-SAME: memref<!lowbit.log<4>>, memref<?x3x!lowbit.codebook<4, nf4>, 1>,
// CHECK-SAME: memref<4x4x!lowbit.minifloat<e5m3fn>, strided<[8, 1], offset: ?>>, memref<*x!lowbit.log<4>>)
func.func private @memrefs(
  memref<!lowbit.log<4>>, memref<?x3x!lowbit.codebook<4, nf4>, 1>,
  memref<4x4x!lowbit.minifloat<e5m3fn>, strided<[8, 1], offset: ?>>, memref<*x!lowbit.log<4>>)

// CHECK-LABEL: func.func private @nested(
// CHECK-SAME: tuple<!lowbit.log<4>, tensor<2x!lowbit.log<4>>>, (!lowbit.codebook<4, nf4>) -> !lowbit.log<4>)
func.func private @nested(
  tuple<!lowbit.log<4>, tensor<2x!lowbit.log<4>>>, (!lowbit.codebook<4, nf4>) -> !lowbit.log<4>)

// Upstream ops carry the types, and constants are blobs.
// CHECK-LABEL: func.func @upstream_ops(
func.func @upstream_ops(%t: tensor<4x!lowbit.log<4>>, %v: vector<4x!lowbit.log<4>>,
                        %m: memref<4x!lowbit.log<4>>, %i: index)
    -> (!lowbit.log<4>, tensor<2x!lowbit.log<4>>, vector<8x!lowbit.log<4>>, tensor<4x!lowbit.log<4>>) {
  // CHECK: tensor.extract {{.*}} : tensor<4x!lowbit.log<4>>
  %0 = tensor.extract %t[%i] : tensor<4x!lowbit.log<4>>
  // CHECK: tensor.extract_slice {{.*}} : tensor<4x!lowbit.log<4>> to tensor<2x!lowbit.log<4>>
  %1 = tensor.extract_slice %t[0] [2] [1] : tensor<4x!lowbit.log<4>> to tensor<2x!lowbit.log<4>>
  // CHECK: vector.shuffle {{.*}} : vector<4x!lowbit.log<4>>, vector<4x!lowbit.log<4>>
  %2 = vector.shuffle %v, %v [0, 1, 2, 3, 4, 5, 6, 7] : vector<4x!lowbit.log<4>>, vector<4x!lowbit.log<4>>
  // CHECK: memref.store {{.*}} : memref<4x!lowbit.log<4>>
  memref.store %0, %m[%i] : memref<4x!lowbit.log<4>>
  // CHECK: arith.constant dense_resource<blob> : tensor<4x!lowbit.log<4>>
  %3 = arith.constant dense_resource<blob> : tensor<4x!lowbit.log<4>>
  return %0, %1, %2, %3 : !lowbit.log<4>, tensor<2x!lowbit.log<4>>, vector<8x!lowbit.log<4>>, tensor<4x!lowbit.log<4>>
}

{-#
  dialect_resources: {
    builtin: {
      // The first four bytes are the alignment: 16 here, as MLIR's reader wants
      // the whole bytecode aligned so, and nothing aligns a pipe to 64.
      // CHECK: blob: "0x100000001032"
      blob: "0x100000001032"
    }
  }
#-}
