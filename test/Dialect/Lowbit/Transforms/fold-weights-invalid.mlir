// RUN: lowbit-opt %s --lowbit-fold-weights --split-input-file --verify-diagnostics

func.func @nan_in_a_block() -> tensor<1x2xf4E2M1FN> {
  %w = arith.constant dense<[[1.0, 2.0, 0x7FC00000, 4.0]]> : tensor<1x4xf32>
  // expected-error@+1 {{C9: a block of the constant input holds a NaN or an infinity, and the scale type 'f4E2M1FN' has no NaN}}
  %s = lowbit.choose_scale %w for i4 block [1, 2] : (tensor<1x4xf32>) -> tensor<1x2xf4E2M1FN>
  return %s : tensor<1x2xf4E2M1FN>
}

// -----

func.func @infinity_in_a_blob() -> tensor<1x1xf6E3M2FN> {
  %w = arith.constant dense_resource<w> : tensor<1x2xbf16>
  // expected-error@+1 {{C9: a block of the constant input holds a NaN or an infinity, and the scale type 'f6E3M2FN' has no NaN}}
  %s = lowbit.choose_scale %w for i4 : (tensor<1x2xbf16>) -> tensor<1x1xf6E3M2FN>
  return %s : tensor<1x1xf6E3M2FN>
}
{-# dialect_resources: { builtin: { w: "0x40000000803E80FF" } } #-}

// -----

func.func @low_bit_blob_of_wrong_size() -> tensor<3x3xi4> {
  // expected-error@+1 {{expected the blob 'w' of 'tensor<3x3xi4>' to have 6 bytes (rows packed, each starting on a byte), found 7}}
  %0 = arith.constant dense_resource<w> : tensor<3x3xi4>
  return %0 : tensor<3x3xi4>
}
{-# dialect_resources: { builtin: { w: "0x4000000001020304050607" } } #-}

// -----

func.func @folded_blob_of_wrong_size() -> tensor<3xi4> {
  // expected-error@+1 {{expected the blob 'w' of 'tensor<3xf32>' to have 12 bytes}}
  %w = arith.constant dense_resource<w> : tensor<3xf32>
  %0 = lowbit.convert %w : tensor<3xf32> to tensor<3xi4>
  return %0 : tensor<3xi4>
}
{-# dialect_resources: { builtin: { w: "0x4000000001020304" } } #-}

// -----

func.func @blob_beyond_all_bounds() -> tensor<4x4611686018427387904xf8E4M3FN> {
  // expected-error@+1 {{to have more than 2^63 bytes}}
  %0 = arith.constant dense_resource<w> : tensor<4x4611686018427387904xf8E4M3FN>
  return %0 : tensor<4x4611686018427387904xf8E4M3FN>
}
{-# dialect_resources: { builtin: { w: "0x4000000001020304" } } #-}

// -----

func.func @no_blob() -> tensor<3xi4> {
  // expected-error@+1 {{has no data: the blob 'gone' is not in the file}}
  %w = arith.constant dense_resource<gone> : tensor<3xf16>
  %0 = lowbit.convert %w : tensor<3xf16> to tensor<3xi4>
  return %0 : tensor<3xi4>
}

// -----

// A blob that nothing here reads is not looked at.

func.func @not_ours() -> tensor<3xf32> {
  %w = arith.constant dense_resource<elsewhere> : tensor<3xf32>
  return %w : tensor<3xf32>
}
