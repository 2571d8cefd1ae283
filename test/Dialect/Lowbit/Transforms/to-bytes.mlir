// RUN: lowbit-opt %s --lowbit-to-bytes --lowbit-verify-lowered --canonicalize --split-input-file | FileCheck %s
// Twice is the same as once.
// RUN: lowbit-opt %s --lowbit-to-bytes --split-input-file > %t.once
// RUN: lowbit-opt %t.once --lowbit-to-bytes --split-input-file | diff %t.once -

// Signatures: packed rows start on a byte, rank 0 is one container, 9 to 16
// bits are 16-bit containers, dynamic rows count bytes.

// CHECK-LABEL: func.func @signature
// CHECK-SAME: %{{.*}}: tensor<3x3xi8>, %{{.*}}: tensor<?xi8>, %{{.*}}: tensor<1xi8>, %{{.*}}: i16, %{{.*}}: tensor<2xi16>,
// CHECK-SAME: %{{.*}}: vector<3xi8>, %{{.*}}: i8, %{{.*}}: tensor<i32>, %{{.*}}: tensor<5x3xi8>, %{{.*}}: tensor<i1>, %{{.*}}: tensor<0x2xi8>,
// CHECK-SAME: %{{.*}}: tensor<4xbf16> {lowbit.weight}
// CHECK-SAME: -> (tensor<3x3xi8>, i8)
func.func @signature(
    %a: tensor<3x5xi4>, %b: tensor<?xf8E4M3FN>, %c: tensor<f4E2M1FN>,
    %d: !lowbit.minifloat<e5m3fn>, %e: tensor<2x!lowbit.minifloat<e5m3fn>>,
    %f: vector<3xi4>, %g: ui8, %h: tensor<ui32>, %i: tensor<5x3xf6E2M3FN>,
    %j: tensor<i1>, %k: tensor<0x4x!lowbit.codebook<4, nf4>>,
    %l: tensor<4xbf16> {lowbit.weight}) -> (tensor<3x5xi4>, ui8) {
  return %a, %g : tensor<3x5xi4>, ui8
}

// -----

// A scalar result has its unused bits zero.

// CHECK-LABEL: func.func @scalar_result
// CHECK: arith.andi %{{.*}}, %{{.*}} : i8
// CHECK-NEXT: return
func.func @scalar_result(%a: i4, %b: i4) -> i4 {
  %0 = arith.addi %a, %b : i4
  return %0 : i4
}

// -----

// CHECK-LABEL: func.func @constants
// CHECK-DAG: dense<{{\[\[}}33, 3], [-17, 8]]> : tensor<2x2xi8>
// CHECK-DAG: dense<[-14, 81]> : tensor<2xi8>
// CHECK-DAG: dense<{{\[\[}}-47, 14], [68, 4]]> : tensor<2x2xi8>
// CHECK-DAG: arith.constant 62 : i8
// CHECK-DAG: dense<-35> : tensor<2x1xi8>
// CHECK-DAG: dense<[-35, 13]> : tensor<2xi8>
// CHECK-DAG: dense<13> : tensor<1xi8>
// CHECK-DAG: dense<[15, 7]> : vector<2xi8>
func.func @constants() -> (tensor<2x3xi4>, tensor<4xf4E2M1FN>, tensor<2x4xi3>,
                           f8E5M2, tensor<2x2xi4>, tensor<3xi4>, tensor<i4>,
                           vector<2xi4>) {
  %0 = arith.constant dense<[[1, 2, 3], [-1, -2, -8]]> : tensor<2x3xi4>
  %1 = arith.constant dense<[1.0, -6.0, 0.5, 3.0]> : tensor<4xf4E2M1FN>
  %2 = arith.constant dense<[[1, 2, 3, -1], [-4, 0, 1, 2]]> : tensor<2x4xi3>
  %3 = arith.constant 1.5 : f8E5M2
  %4 = arith.constant dense<-3> : tensor<2x2xi4>
  %5 = arith.constant dense<-3> : tensor<3xi4>
  %6 = arith.constant dense<-3> : tensor<i4>
  %7 = arith.constant dense<[-1, 7]> : vector<2xi4>
  return %0, %1, %2, %3, %4, %5, %6, %7
      : tensor<2x3xi4>, tensor<4xf4E2M1FN>, tensor<2x4xi3>, f8E5M2,
        tensor<2x2xi4>, tensor<3xi4>, tensor<i4>, vector<2xi4>
}

// -----

// Empty ones, splats of any size, and elements that straddle bytes.

// CHECK-LABEL: func.func @more_constants
// CHECK-DAG: dense<> : tensor<0x2xi8>
// CHECK-DAG: dense<> : tensor<3x0xi8>
// CHECK-DAG: dense<17> : tensor<2305843009213693952xi8>
// CHECK-DAG: dense<[85, -11, -43, 1]> : tensor<4xi8>
// CHECK-DAG: dense<[-127, 7]> : tensor<2xi16>
func.func @more_constants() -> (tensor<0x3xi4>, tensor<3x0xf4E2M1FN>, tensor<4611686018427387904xi4>,
                                tensor<5xi5>, tensor<2xi16>) {
  %0 = arith.constant dense<> : tensor<0x3xi4>
  %1 = arith.constant dense<> : tensor<3x0xf4E2M1FN>
  %2 = arith.constant dense<1> : tensor<4611686018427387904xi4>
  // 10101 01010 11101 01011 11101, lowest element first.
  %3 = arith.constant dense<[-11, 10, -3, 11, -3]> : tensor<5xi5>
  %4 = arith.constant dense<[-127, 7]> : tensor<2xsi16>
  %5 = lowbit.bitcast %4 : tensor<2xsi16> to tensor<2xi16>
  return %0, %1, %2, %3, %5 : tensor<0x3xi4>, tensor<3x0xf4E2M1FN>, tensor<4611686018427387904xi4>,
                              tensor<5xi5>, tensor<2xi16>
}

// -----

// A blob is packed already: it keeps its bytes and its name.

// CHECK-LABEL: func.func @blob
// CHECK: arith.constant dense_resource<w> : tensor<3x2xi8>
// CHECK: w: "0x40000000010203040506"
func.func @blob() -> tensor<3x3x!lowbit.log<4>> {
  %0 = arith.constant dense_resource<w> : tensor<3x3x!lowbit.log<4>>
  return %0 : tensor<3x3x!lowbit.log<4>>
}
{-# dialect_resources: { builtin: { w: "0x40000000010203040506" } } #-}

// -----

// Calls, branches and loops, and the blocks that these lead to.

// CHECK-LABEL: func.func @control
// CHECK: scf.if {{.*}} -> (tensor<8x8xi8>)
// CHECK: scf.for {{.*}} -> (tensor<8x8xi8>)
// CHECK:   func.call @callee({{.*}}) : (tensor<8x8xi8>) -> tensor<8x8xi8>
// CHECK: arith.select {{.*}} : tensor<8x8xi8>
// CHECK: scf.forall {{.*}} -> (tensor<8x8xi8>)
// CHECK:   tensor.extract_slice {{.*}} [8, 2] [1, 1] : tensor<8x8xi8> to tensor<8x2xi8>
// CHECK:   tensor.parallel_insert_slice {{.*}} : tensor<8x2xi8> into tensor<8x8xi8>
// CHECK: cf.cond_br %{{.*}}, ^bb1(%{{.*}} : tensor<8x8xi8>), ^bb2
func.func @control(%c: i1, %n: index, %t: tensor<8x16xi4>, %u: tensor<8x16xi4>)
    -> tensor<8x16xi4> {
  %r = scf.if %c -> tensor<8x16xi4> {
    %e = func.call @callee(%t) : (tensor<8x16xi4>) -> tensor<8x16xi4>
    scf.yield %e : tensor<8x16xi4>
  } else {
    scf.yield %u : tensor<8x16xi4>
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%x = %r) -> tensor<8x16xi4> {
    %y = func.call @callee(%x) : (tensor<8x16xi4>) -> tensor<8x16xi4>
    scf.yield %y : tensor<8x16xi4>
  }
  %sel = arith.select %c, %s, %u : tensor<8x16xi4>
  %f = scf.forall (%i) = (0) to (16) step (4) shared_outs(%o = %sel) -> tensor<8x16xi4> {
    %sl = tensor.extract_slice %t[0, %i] [8, 4] [1, 1] : tensor<8x16xi4> to tensor<8x4xi4>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %sl into %o[0, %i] [8, 4] [1, 1] : tensor<8x4xi4> into tensor<8x16xi4>
    }
  }
  cf.cond_br %c, ^bb1(%f : tensor<8x16xi4>), ^bb2(%t : tensor<8x16xi4>)
^bb1(%q: tensor<8x16xi4>):
  return %q : tensor<8x16xi4>
^bb2(%p: tensor<8x16xi4>):
  %z = call @callee(%p) : (tensor<8x16xi4>) -> tensor<8x16xi4>
  cf.br ^bb1(%z : tensor<8x16xi4>)
}
// CHECK: func.func private @callee(tensor<8x8xi8>) -> tensor<8x8xi8>
func.func private @callee(tensor<8x16xi4>) -> tensor<8x16xi4>

// -----

// Extents of rows are counted in elements by the ops and in bytes by the types.

// CHECK-LABEL: func.func @dims
// CHECK-SAME: (%[[T:.*]]: tensor<?x?xi8>
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[T]], %c0
// CHECK-DAG: %[[BYTES:.*]] = tensor.dim %[[T]], %c1
// CHECK-DAG: %[[LENGTH:.*]] = affine.apply #{{.*}}()[%[[BYTES]]]
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[ROWS]], %[[BYTES]]) : tensor<?x?xi8>
// CHECK: return %[[ROWS]], %[[LENGTH]], %[[EMPTY]]
func.func @dims(%t: tensor<?x?xi4>) -> (index, index, tensor<?x?xi4>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d0 = tensor.dim %t, %c0 : tensor<?x?xi4>
  %d1 = tensor.dim %t, %c1 : tensor<?x?xi4>
  %e = tensor.empty(%d0, %d1) : tensor<?x?xi4>
  return %d0, %d1, %e : index, index, tensor<?x?xi4>
}

// -----

// Reshapes that keep rows of bytes move nothing.

// CHECK-LABEL: func.func @reshape
// CHECK-NEXT: tensor.expand_shape {{.*}} : tensor<4x8xi8> into tensor<4x2x4xi8>
// CHECK-NEXT: tensor.collapse_shape {{.*}} : tensor<4x8xi8> into tensor<32xi8>
// CHECK-NEXT: tensor.expand_shape {{.*}} : tensor<1xi8> into tensor<1x1xi8>
// CHECK-NEXT: tensor.cast {{.*}} : tensor<4x8xi8> to tensor<?x?xi8>
// CHECK-NEXT: return
func.func @reshape(%t: tensor<4x16xi4>, %s: tensor<i4>)
    -> (tensor<4x2x8xi4>, tensor<64xi4>, tensor<1x1xi4>, tensor<?x?xi4>) {
  %0 = tensor.expand_shape %t [[0], [1, 2]] output_shape [4, 2, 8] : tensor<4x16xi4> into tensor<4x2x8xi4>
  %1 = tensor.collapse_shape %t [[0, 1]] : tensor<4x16xi4> into tensor<64xi4>
  %2 = tensor.expand_shape %s [] output_shape [1, 1] : tensor<i4> into tensor<1x1xi4>
  %3 = tensor.cast %t : tensor<4x16xi4> to tensor<?x?xi4>
  return %0, %1, %2, %3 : tensor<4x2x8xi4>, tensor<64xi4>, tensor<1x1xi4>, tensor<?x?xi4>
}

// -----

// Rows of 3 nibbles take 2 bytes each, so that a reshape moves codes.

// CHECK-LABEL: func.func @reshape_of_odd_rows
// CHECK-SAME: tensor<2x2xi8>) -> tensor<3xi8>
// CHECK: linalg.generic
// CHECK: tensor.collapse_shape {{.*}} : tensor<2x3xi8> into tensor<6xi8>
// CHECK: linalg.generic
func.func @reshape_of_odd_rows(%t: tensor<2x3xi4>) -> tensor<6xi4> {
  %0 = tensor.collapse_shape %t [[0, 1]] : tensor<2x3xi4> into tensor<6xi4>
  return %0 : tensor<6xi4>
}

// -----

// Slices on whole bytes stay slices; the offset of a loop is known to be a
// multiple by its step.

// CHECK-LABEL: func.func @slices
// CHECK: tensor.extract_slice %{{.*}}[1, 2] [2, 3] [1, 1] : tensor<4x8xi8> to tensor<2x3xi8>
// CHECK: scf.for %[[I:[a-z0-9]+]] =
// CHECK:   %[[AT:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   tensor.extract_slice %{{.*}}[0, %[[AT]]] [4, 2] [1, 1] : tensor<4x8xi8> to tensor<4x2xi8>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 4] [4, 4] [1, 1] : tensor<4x4xi8> into tensor<4x8xi8>
// CHECK: tensor.extract_slice %{{.*}}[2, 0] [1, 8] [1, 1] : tensor<4x8xi8> to tensor<8xi8>
func.func @slices(%t: tensor<4x16xi4>, %s: tensor<4x7xi4>, %n: index, %o: tensor<4x15xi4>)
    -> (tensor<2x6xi4>, tensor<4x4xi4>, tensor<4x15xi4>, tensor<16xi4>) {
  %0 = tensor.extract_slice %t[1, 4] [2, 6] [1, 1] : tensor<4x16xi4> to tensor<2x6xi4>
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %init = tensor.empty() : tensor<4x4xi4>
  %1 = scf.for %i = %c0 to %n step %c4 iter_args(%x = %init) -> tensor<4x4xi4> {
    %2 = tensor.extract_slice %t[0, %i] [4, 4] [1, 1] : tensor<4x16xi4> to tensor<4x4xi4>
    scf.yield %2 : tensor<4x4xi4>
  }
  // To the end of a row, which does not end on a byte.
  %3 = tensor.insert_slice %s into %o[0, 8] [4, 7] [1, 1] : tensor<4x7xi4> into tensor<4x15xi4>
  %4 = tensor.extract_slice %t[2, 0] [1, 16] [1, 1] : tensor<4x16xi4> to tensor<16xi4>
  return %0, %1, %3, %4 : tensor<2x6xi4>, tensor<4x4xi4>, tensor<4x15xi4>, tensor<16xi4>
}

// -----

// A slice that ends within a byte is packed again, so that its unused bits are 0.

// CHECK-LABEL: func.func @slice_ends_within_byte
// CHECK: tensor.extract_slice %{{.*}}[1, 2] [2, 2] [1, 1] : tensor<4x8xi8> to tensor<2x2xi8>
// CHECK: linalg.generic
// CHECK: return %{{.*}} : tensor<2x2xi8>
func.func @slice_ends_within_byte(%t: tensor<4x16xi4>) -> tensor<2x3xi4> {
  %0 = tensor.extract_slice %t[1, 4] [2, 3] [1, 1] : tensor<4x16xi4> to tensor<2x3xi4>
  return %0 : tensor<2x3xi4>
}

// -----

// The write form: an iteration makes a whole byte of two elements.

// CHECK-DAG: #[[$EVEN:.*]] = affine_map<(d0, d1) -> (d0, d1 * 2)>
// CHECK-DAG: #[[$ODD:.*]] = affine_map<(d0, d1) -> (d0, d1 * 2 + 1)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func.func @write
// CHECK: linalg.generic {indexing_maps = [#[[$EVEN]], #[[$ODD]], #[[$ROW]], #{{.*}}], iterator_types = ["parallel", "parallel"]}
// CHECK-SAME: outs(%{{.*}} : tensor<?x8xi8>)
// CHECK: arith.shli {{.*}} : i8
// CHECK: arith.ori {{.*}} : i8
func.func @write(%x: tensor<?x16xi32>, %y: tensor<?xi32>, %o: tensor<?x16xi4>) -> tensor<?x16xi4> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<?x16xi32>, tensor<?xi32>) outs(%o : tensor<?x16xi4>) {
  ^bb0(%a: i32, %b: i32, %c: i4):
    %s = arith.addi %a, %b : i32
    %t = arith.trunci %s : i32 to i4
    linalg.yield %t : i4
  } -> tensor<?x16xi4>
  return %0 : tensor<?x16xi4>
}

// -----

// The read form: lanes of a byte are an inner loop.

// CHECK-DAG: #[[$BYTE:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$LANE:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @read
// CHECK: linalg.generic {indexing_maps = [#[[$BYTE]], #[[$LANE]]], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK-SAME: ins(%{{.*}} : tensor<4x8xi8>) outs(%{{.*}} : tensor<4x8x2xi32>)
// CHECK: linalg.index 2
// CHECK: arith.extsi
func.func @read(%q: tensor<4x16xi4>, %o: tensor<4x16xi32>) -> tensor<4x16xi32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<4x16xi4>) outs(%o : tensor<4x16xi32>) {
  ^bb0(%a: i4, %c: i32):
    %s = arith.extsi %a : i4 to i32
    linalg.yield %s : i32
  } -> tensor<4x16xi32>
  return %0 : tensor<4x16xi32>
}

// -----

// Whole bytes need no unpacking, whatever the maps.

// CHECK-LABEL: func.func @fp8_transposed
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @fp8_transposed(%q: tensor<4x16xf8E4M3FN>, %o: tensor<16x4xf8E4M3FN>) -> tensor<16x4xf8E4M3FN> {
  %0 = linalg.transpose ins(%q : tensor<4x16xf8E4M3FN>) outs(%o : tensor<16x4xf8E4M3FN>) permutation = [1, 0]
  return %0 : tensor<16x4xf8E4M3FN>
}

// -----

// A quantized type is its storage.

// CHECK-LABEL: func.func @quant
// CHECK-SAME: (%[[T:.*]]: tensor<2xi8>) -> (tensor<2xi8>, tensor<2xi8>)
// CHECK-NEXT: return %[[T]], %[[T]]
func.func @quant(%t: tensor<4x!quant.uniform<i4:f32, 2.0>>)
    -> (tensor<4x!quant.uniform<i4:f32, 2.0>>, tensor<4xi4>) {
  %0 = quant.scast %t : tensor<4x!quant.uniform<i4:f32, 2.0>> to tensor<4xi4>
  return %t, %0 : tensor<4x!quant.uniform<i4:f32, 2.0>>, tensor<4xi4>
}

// -----

// i1, f16, bf16 and wide signless integers stay as they are.

// CHECK-LABEL: func.func @others
// CHECK-SAME: tensor<3xi1>, %{{.*}}: tensor<f16>, %{{.*}}: tensor<5xbf16>, %{{.*}}: tensor<2xi12>, %{{.*}}: memref<2x3xi8>
func.func @others(%a: tensor<3xi1>, %b: tensor<f16>, %c: tensor<5xbf16>, %d: tensor<2xi12>, %e: memref<2x3xf8E5M2>) {
  return
}

// -----

// A flag of a few bits is compared without the bits above it; what is known of
// a call stays.

// CHECK-LABEL: func.func @flag_and_call
// CHECK: %[[FLAG:.*]] = arith.andi
// CHECK: cf.switch %[[FLAG]] : i8, [
// CHECK: 9: ^bb
// CHECK: call @callee(%{{.*}}) {no_inline} : (i8) -> i8
func.func private @callee(i4) -> i4
func.func @flag_and_call(%x: i4, %y: i4) -> i4 {
  cf.switch %x : i4, [
    default: ^bb1(%x : i4),
    9: ^bb1(%y : i4)
  ]
^bb1(%z: i4):
  %0 = call @callee(%z) {no_inline} : (i4) -> i4
  return %0 : i4
}

// -----

// What memory holds has its unused bits zero.

// CHECK-LABEL: func.func @store
// CHECK: %[[CLEAN:.*]] = arith.andi %{{.*}} : i16
// CHECK: memref.store %[[CLEAN]]
func.func @store(%x: !lowbit.minifloat<e5m3fn>, %m: memref<4x!lowbit.minifloat<e5m3fn>>, %i: index) {
  memref.store %x, %m[%i] : memref<4x!lowbit.minifloat<e5m3fn>>
  return
}
