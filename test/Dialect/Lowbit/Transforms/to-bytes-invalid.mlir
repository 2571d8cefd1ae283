// RUN: lowbit-opt %s --lowbit-to-bytes --split-input-file --verify-diagnostics

// What lowbit-to-bytes cannot turn into bytes is an error at the op.

func.func @slice_starts_within_byte(%t: tensor<4x16xi4>) -> tensor<4x4xi4> {
  // expected-error@+1 {{the slice does not start on a byte: expected an innermost offset that is a multiple of 2 elements of 'i4', found 1}}
  %0 = tensor.extract_slice %t[0, 1] [4, 4] [1, 1] : tensor<4x16xi4> to tensor<4x4xi4>
  return %0 : tensor<4x4xi4>
}

// -----

func.func @slice_starts_within_byte_3_bits(%t: tensor<16xi3>) -> tensor<8xi3> {
  // expected-error@+1 {{expected an innermost offset that is a multiple of 8 elements of 'i3', found 4}}
  %0 = tensor.extract_slice %t[4] [8] [1] : tensor<16xi3> to tensor<8xi3>
  return %0 : tensor<8xi3>
}

// -----

func.func @slice_starts_anywhere(%t: tensor<4x16xf4E2M1FN>, %i: index) -> tensor<4x4xf4E2M1FN> {
  // expected-error@+1 {{expected an innermost offset that is known to be a multiple of 2 elements of 'f4E2M1FN', found a value of which this is not known}}
  %0 = tensor.extract_slice %t[0, %i] [4, 4] [1, 1] : tensor<4x16xf4E2M1FN> to tensor<4x4xf4E2M1FN>
  return %0 : tensor<4x4xf4E2M1FN>
}

// -----

func.func @slice_in_a_loop_of_step_3(%t: tensor<4x16xi4>, %n: index) -> tensor<4x2xi4> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %init = tensor.empty() : tensor<4x2xi4>
  %r = scf.for %i = %c0 to %n step %c3 iter_args(%x = %init) -> tensor<4x2xi4> {
    // expected-error@+1 {{the slice does not start on a byte}}
    %0 = tensor.extract_slice %t[0, %i] [4, 2] [1, 1] : tensor<4x16xi4> to tensor<4x2xi4>
    scf.yield %0 : tensor<4x2xi4>
  }
  return %r : tensor<4x2xi4>
}

// -----

func.func @insert_starts_within_byte(%s: tensor<2xi4>, %t: tensor<16xi4>) -> tensor<16xi4> {
  // expected-error@+1 {{the slice does not start on a byte}}
  %0 = tensor.insert_slice %s into %t[7] [2] [1] : tensor<2xi4> into tensor<16xi4>
  return %0 : tensor<16xi4>
}

// -----

func.func @slice_with_stride(%t: tensor<4x16xi4>) -> tensor<4x4xi4> {
  // expected-error@+1 {{expected a stride of 1 in the innermost dimension of packed 'i4' elements}}
  %0 = tensor.extract_slice %t[0, 0] [4, 4] [1, 2] : tensor<4x16xi4> to tensor<4x4xi4>
  return %0 : tensor<4x4xi4>
}

// -----

func.func @two_threads_write_one_byte(%t: tensor<4x16xi4>, %s: tensor<4x3xi4>) -> tensor<4x16xi4> {
  %0 = scf.forall (%i) = (0) to (16) step (4) shared_outs(%o = %t) -> tensor<4x16xi4> {
    scf.forall.in_parallel {
      // expected-error@+1 {{the slice ends within a byte, which another thread may write: expected a whole number of bytes of 'i4' elements}}
      tensor.parallel_insert_slice %s into %o[0, %i] [4, 3] [1, 1] : tensor<4x3xi4> into tensor<4x16xi4>
    }
  }
  return %0 : tensor<4x16xi4>
}

// -----

func.func @odd_row_of_dynamic_length(%t: tensor<4x5xi4>) -> tensor<4x?xi4> {
  // expected-error@+1 {{a dynamic innermost dimension of 'i4' must be a multiple of 2, found 5}}
  %0 = tensor.cast %t : tensor<4x5xi4> to tensor<4x?xi4>
  return %0 : tensor<4x?xi4>
}

// -----

func.func @not_expanded(%t: tensor<4x4xf32>, %s: f32) -> tensor<4x4xi4> {
  // expected-error@+1 {{has no form on bytes: lowbit-expand-conversions, or another lowering, comes before lowbit-to-bytes}}
  %0 = lowbit.quantize %t scale(%s) : (tensor<4x4xf32>, f32) -> tensor<4x4xi4>
  return %0 : tensor<4x4xi4>
}

// -----

// expected-error@+1 {{has no form on bytes: nothing stands for the type 'memref<4x4xi4>' in its signature}}
func.func @packed_memref(%t: memref<4x4xi4>) {
  return
}

// -----

// expected-error@+1 {{nothing stands for the type 'tensor<*xi4>' in its signature}}
func.func private @packed_unranked(tensor<*xi4>)

// -----

func.func @float_arithmetic(%t: f8E4M3FN) -> f8E4M3FN {
  // expected-error@+1 {{'arith.addf' op has no form on bytes: it computes with or moves 'f8E4M3FN' in a way that lowbit-to-bytes does not know}}
  %0 = arith.addf %t, %t : f8E4M3FN
  return %0 : f8E4M3FN
}

// -----

func.func @vector_bitcast(%v: vector<8xi4>) -> vector<4xi8> {
  // expected-error@+1 {{'vector.bitcast' op has no form on bytes}}
  %0 = vector.bitcast %v : vector<8xi4> to vector<4xi8>
  return %0 : vector<4xi8>
}

// -----

func.func @blob_of_wrong_size() -> tensor<3x3xi4> {
  // expected-error@+1 {{expected the blob 'w' of 'tensor<3x3xi4>' to have 6 bytes (rows packed, each starting on a byte), found 7}}
  %0 = arith.constant dense_resource<w> : tensor<3x3xi4>
  return %0 : tensor<3x3xi4>
}
{-# dialect_resources: { builtin: { w: "0x4000000001020304050607" } } #-}

// -----

func.func @blob_of_wrong_size_fp8() -> tensor<2x!lowbit.minifloat<ue5m3fn>> {
  // expected-error@+1 {{to have 2 bytes (rows packed, each starting on a byte), found 3}}
  %0 = arith.constant dense_resource<w> : tensor<2x!lowbit.minifloat<ue5m3fn>>
  return %0 : tensor<2x!lowbit.minifloat<ue5m3fn>>
}
{-# dialect_resources: { builtin: { w: "0x40000000010203" } } #-}

// -----

func.func @no_blob() -> tensor<3x3xi4> {
  // expected-error@+1 {{has no data: the blob 'gone' is not in the file}}
  %0 = arith.constant dense_resource<gone> : tensor<3x3xi4>
  return %0 : tensor<3x3xi4>
}

// -----

func.func @blob_beyond_all_bounds() -> tensor<4x4611686018427387904xi8> {
  // expected-error@+1 {{to have more than 2^63 bytes (rows packed, each starting on a byte), found 2}}
  %0 = arith.constant dense_resource<w> : tensor<4x4611686018427387904x!lowbit.log<8>>
  %1 = lowbit.bitcast %0 : tensor<4x4611686018427387904x!lowbit.log<8>> to tensor<4x4611686018427387904xi8>
  return %1 : tensor<4x4611686018427387904xi8>
}
{-# dialect_resources: { builtin: { w: "0x400000000102" } } #-}

// -----

func.func @splat_of_odd_rows_beyond_memory() -> tensor<1000000000000x3xi4> {
  // expected-error@+1 {{has a dense constant of 'tensor<1000000000000x3xi4>' that is too large to be packed; write it as dense_resource}}
  %0 = arith.constant dense<1> : tensor<1000000000000x3xi4>
  return %0 : tensor<1000000000000x3xi4>
}

// -----

// The length of a dynamic row is told from its bytes, so it must be a multiple.

func.func @ragged_tiles(%t: tensor<15xi4>, %n: index) -> tensor<?xi4> {
  %size = affine.min affine_map<(d0) -> (4, 15 - d0)>(%n)
  // expected-error@+1 {{the slice may end within a byte: expected a dynamic innermost size that is known to be a multiple of 2 elements of 'i4', found a value of which this is not known}}
  %0 = tensor.extract_slice %t[0] [%size] [1] : tensor<15xi4> to tensor<?xi4>
  return %0 : tensor<?xi4>
}

// -----

func.func @joined_odd_rows(%t: tensor<?x3xi4>) -> tensor<?xi4> {
  // expected-error@+1 {{a dynamic innermost dimension of 'i4' must be a multiple of 2, found 3}}
  %0 = tensor.collapse_shape %t [[0, 1]] : tensor<?x3xi4> into tensor<?xi4>
  return %0 : tensor<?xi4>
}

// -----

func.func @empty_of_odd_length() -> tensor<?xi3> {
  %c12 = arith.constant 12 : index
  // expected-error@+1 {{a dynamic innermost dimension of 'i3' must be a multiple of 8, found 12}}
  %0 = tensor.empty(%c12) : tensor<?xi3>
  return %0 : tensor<?xi3>
}

// -----

func.func @bitcast_of_odd_row(%t: tensor<5xi4>) -> tensor<?xf4E2M1FN> {
  // expected-error@+1 {{a dynamic innermost dimension of 'i4' must be a multiple of 2, found 5}}
  %0 = tensor.bitcast %t : tensor<5xi4> to tensor<?xf4E2M1FN>
  return %0 : tensor<?xf4E2M1FN>
}

// -----

func.func @rank_0_without_rank(%t: tensor<f8E4M3FN>) -> index {
  // expected-error@+1 {{a tensor of rank 0 is stored in a tensor of rank 1, which a tensor without a rank would show}}
  %0 = tensor.cast %t : tensor<f8E4M3FN> to tensor<*xf8E4M3FN>
  %1 = tensor.rank %0 : tensor<*xf8E4M3FN>
  return %1 : index
}

// -----

// expected-error@+1 {{nothing stands for the type 'tensor<4xi4, "encoded">' in its signature}}
func.func private @encoding(tensor<4xi4, "encoded">)

// -----

func.func @masked_read(%t: tensor<8xi4>, %m: vector<4xi1>, %i: index, %p: i4) -> vector<4xi4> {
  // expected-error@+1 {{'vector.mask' op has no form on bytes}}
  %0 = vector.mask %m { vector.transfer_read %t[%i], %p : tensor<8xi4>, vector<4xi4> } : vector<4xi1> -> vector<4xi4>
  return %0 : vector<4xi4>
}
