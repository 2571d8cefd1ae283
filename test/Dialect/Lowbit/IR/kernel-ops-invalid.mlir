// What the passes between pack and lower-kernels rely on.

// RUN: lowbit-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// layout
//===----------------------------------------------------------------------===//

// expected-error@+1 {{expected a packed element of i4, i8, i16, i32, f16, bf16 or f32, found 'f64'}}
#a = #lowbit.layout<f64, (d0) -> (d0)>

// -----

// expected-error@+1 {{expected a layout without symbols, found affine_map<(d0)[s0] -> (d0)>}}
#a = #lowbit.layout<i8, (d0)[s0] -> (d0)>

// -----

// expected-error@+1 {{not a packed layout: expected digits of the form d floordiv S mod E}}
#a = #lowbit.layout<i8, (d0) -> (d0 * 2)>

// -----

// expected-error@+1 {{not a packed layout: d1 has no digit}}
#a = #lowbit.layout<i8, (d0, d1) -> (d0)>

// -----

// expected-error@+1 {{not a packed layout: expected a digit d0 floordiv 4}}
#a = #lowbit.layout<i8, (d0) -> (d0 floordiv 8, d0 mod 4)>

// -----

// expected-error@+1 {{not a packed layout: the strides of d0 do not fit into 64 bits}}
#a = #lowbit.layout<i8, (d0) -> (d0 floordiv 9223372036854775807, d0 floordiv 4294967296 mod 4294967296, d0 mod 4294967296)>

// -----

// expected-error@+1 {{expected an innermost digit of even extent: two elements of i4 share a byte}}
#a = #lowbit.layout<i4, (d0) -> (d0)>

// -----

// expected-error@+1 {{expected an innermost digit of even extent}}
#a = #lowbit.layout<i4, (d0) -> (d0 floordiv 3, d0 mod 3)>

// -----

//===----------------------------------------------------------------------===//
// kernel
//===----------------------------------------------------------------------===//

// expected-error@+1 {{expected weights of a number format that f32 holds, found 'index'}}
#a = #lowbit.kernel<"k" for index, rows = [1], columns = 8, row_block = 8, unit = 1, group = 0, shift = 0>

// -----

// expected-error@+1 {{expected rows in descending order, down to 1}}
#a = #lowbit.kernel<"k" for i4, rows = [1, 2], columns = 8, row_block = 8, unit = 1, group = 0, shift = 0>

// -----

// expected-error@+1 {{expected rows in descending order, down to 1}}
#a = #lowbit.kernel<"k" for i4, rows = [4, 2], columns = 8, row_block = 8, unit = 1, group = 0, shift = 0>

// -----

// expected-error@+1 {{expected columns, row_block and unit from 1 to 4294967296, found 0}}
#a = #lowbit.kernel<"k" for i4, rows = [1], columns = 0, row_block = 8, unit = 1, group = 0, shift = 0>

// -----

// expected-error@+1 {{expected columns, row_block and unit from 1 to 4294967296, found 4294967297}}
#a = #lowbit.kernel<"k" for i4, rows = [1], columns = 8, row_block = 8, unit = 4294967297, group = 0, shift = 0>

// -----

// expected-error@+1 {{expected a group from 0 to 4294967296, found -1}}
#a = #lowbit.kernel<"k" for i4, rows = [1], columns = 8, row_block = 8, unit = 1, group = -1, shift = 0>

// -----

// expected-error@+1 {{expected a shift from -126 to 126, found 127}}
#a = #lowbit.kernel<"k" for i4, rows = [1], columns = 8, row_block = 8, unit = 1, group = 0, shift = 127>

// -----

// expected-error@+1 {{expected a scale stored as f16, bf16 or f32, found 'i8'}}
#a = #lowbit.kernel<"k" for i4, rows = [1], columns = 8, row_block = 8, unit = 1, group = 0, shift = 0, scale = i8>

// -----

// expected-error@+1 {{expected a zero point stored as i8, i16, i32, f16, bf16 or f32, found 'f64'}}
#a = #lowbit.kernel<"k" for i4, rows = [1], columns = 8, row_block = 8, unit = 1, group = 0, shift = 0, zero_point = f64>

// -----

//===----------------------------------------------------------------------===//
// pack
//===----------------------------------------------------------------------===//

func.func @rank(%x: tensor<4xi8>) {
  // expected-error@+1 {{expected a layout and extents of the source's rank 1, found 2 and 1}}
  %0 = lowbit.pack %x extents [4] layout <i8, (d0, d1) -> (d0, d1)> : tensor<4xi8> -> tensor<4x1xi8>
  return
}

// -----

func.func @dynamic_extents(%x: tensor<?xi8>, %n: index) {
  // expected-error@+1 {{expected an operand per dynamic extent}}
  %0 = "lowbit.pack"(%x, %n) {static_extents = array<i64: 4>, layout = #lowbit.layout<i8, (d0) -> (d0)>}
      : (tensor<?xi8>, index) -> tensor<4x1xi8>
  return
}

// -----

func.func @negative_extent(%x: tensor<4xi8>) {
  // expected-error@+1 {{expected extents >= 0, found -4}}
  %0 = lowbit.pack %x extents [-4] layout <i8, (d0) -> (d0)> : tensor<4xi8> -> tensor<4x1xi8>
  return
}

// -----

func.func @repeats(%x: tensor<4xi8>) {
  // expected-error@+1 {{expected a repeat per dimension}}
  %0 = lowbit.pack %x extents [4] repeat [1, 1] layout <i8, (d0) -> (d0)> : tensor<4xi8> -> tensor<4x1xi8>
  return
}

// -----

func.func @negative_repeat(%x: tensor<4xi8>) {
  // expected-error@+1 {{expected repeats >= 0, found -2}}
  %0 = lowbit.pack %x extents [4] repeat [-2] layout <i8, (d0) -> (d0)> : tensor<4xi8> -> tensor<4x1xi8>
  return
}

// -----

func.func @nothing_to_repeat(%x: tensor<0xi8>) {
  // expected-error@+1 {{a repeat of 0 reads the first of no elements}}
  %0 = lowbit.pack %x extents [4] repeat [0] layout <i8, (d0) -> (d0)> : tensor<0xi8> -> tensor<4x1xi8>
  return
}

// -----

func.func @large_repeat(%x: tensor<4xi8>) {
  // expected-error@+1 {{a repeat of 4611686018427387904 of 4 elements does not fit into 63 bits}}
  %0 = lowbit.pack %x extents [4] repeat [4611686018427387904] layout <i8, (d0) -> (d0)> : tensor<4xi8> -> tensor<4x1xi8>
  return
}

// -----

func.func @element(%x: tensor<4xindex>) {
  // expected-error@+1 {{expected elements of a number format or of up to 32 bits, found 'index'}}
  %0 = lowbit.pack %x extents [4] layout <i32, (d0) -> (d0)> : tensor<4xindex> -> tensor<4x4xi8>
  return
}

// -----

func.func @table_size(%x: tensor<4xi2>) {
  // expected-error@+1 {{expected a table of one integer per code of a source of up to 8 bits}}
  %0 = lowbit.pack %x extents [4] table [0, 1, 2] layout <i8, (d0) -> (d0)> : tensor<4xi2> -> tensor<4x1xi8>
  return
}

// -----

func.func @table_of_floats(%x: tensor<4xi2>) {
  // expected-error@+1 {{expected a table of one integer per code of a source of up to 8 bits}}
  %0 = lowbit.pack %x extents [4] table [0, 1, 2, 3] layout <f32, (d0) -> (d0)> : tensor<4xi2> -> tensor<4x4xi8>
  return
}

// -----

func.func @table_of_wide_codes(%x: tensor<4xi16>) {
  // expected-error@+1 {{expected a table of one integer per code of a source of up to 8 bits}}
  %0 = lowbit.pack %x extents [4] table [0] layout <i8, (d0) -> (d0)> : tensor<4xi16> -> tensor<4x1xi8>
  return
}

// -----

func.func @table_entry(%x: tensor<4xi2>) {
  // expected-error@+1 {{the table's entry 256 does not fit into 'i8'}}
  %0 = lowbit.pack %x extents [4] table [255, -128, 0, 256] layout <i8, (d0) -> (d0)> : tensor<4xi2> -> tensor<4x1xi8>
  return
}

// -----

func.func @narrow(%x: tensor<4xi16>) {
  // expected-error@+1 {{cannot store 'i16' as 'i8'}}
  %0 = lowbit.pack %x extents [4] layout <i8, (d0) -> (d0)> : tensor<4xi16> -> tensor<4x1xi8>
  return
}

// -----

func.func @inexact(%x: tensor<4xf32>) {
  // expected-error@+1 {{cannot store 'f32' as 'f16'}}
  %0 = lowbit.pack %x extents [4] layout <f16, (d0) -> (d0)> : tensor<4xf32> -> tensor<4x2xi8>
  return
}

// -----

func.func @out_of_range(%x: tensor<4xf8E8M0FNU>) {
  // expected-error@+1 {{cannot store 'f8E8M0FNU' as 'f16'}}
  %0 = lowbit.pack %x extents [4] layout <f16, (d0) -> (d0)> : tensor<4xf8E8M0FNU> -> tensor<4x2xi8>
  return
}

// -----

func.func @no_outer_digit(%x: tensor<4xi8>) {
  // expected-error@+1 {{expected a result with some of the layout's digits as dimensions and the bytes of the others last}}
  %0 = lowbit.pack %x extents [4] layout <i8, (d0) -> (d0)> : tensor<4xi8> -> tensor<4xi8>
  return
}

// -----

func.func @half_bytes(%x: tensor<4xi4>) {
  // expected-error@+1 {{expected a result with some of the layout's digits as dimensions and the bytes of the others last}}
  %0 = lowbit.pack %x extents [4] layout <i4, (d0) -> (d0 floordiv 2, d0 mod 2)> : tensor<4xi4> -> tensor<2x2x0xi8>
  return
}

// -----

func.func @shape(%x: tensor<20x4xi8>) {
  // expected-error@+1 {{expected a result of shape 'tensor<2x64xi8>', found 'tensor<2x40xi8>'}}
  %0 = lowbit.pack %x extents [20, 4] layout <i8, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)>
      : tensor<20x4xi8> -> tensor<2x40xi8>
  return
}

// -----

func.func @size(%x: tensor<?x?xi8>) {
  // expected-error@+1 {{the packed bytes do not fit into 63 bits}}
  %0 = lowbit.pack %x extents [4294967296, 4294967296] layout <i8, (d0, d1) -> (d0, d1)>
      : tensor<?x?xi8> -> tensor<4294967296x4294967296xi8>
  return
}

// -----

//===----------------------------------------------------------------------===//
// unpack
//===----------------------------------------------------------------------===//

func.func @bytes(%x: tensor<31xi8>) {
  // expected-error@+1 {{expected 'tensor<32xi8>' for 'tensor<4x8xi4>', found 'tensor<31xi8>'}}
  %0 = lowbit.unpack %x : tensor<31xi8> -> tensor<4x8xi4>
  return
}

// -----

func.func @unpack_rank(%x: tensor<4x8xi8>) {
  // expected-error@+1 {{expected 'tensor<32xi8>' for 'tensor<4x8xi4>', found 'tensor<4x8xi8>'}}
  %0 = lowbit.unpack %x : tensor<4x8xi8> -> tensor<4x8xi4>
  return
}

// -----

func.func @unpack_element(%x: tensor<32xi8>) {
  // expected-error@+1 {{expected elements of a number format or of up to 32 bits, found 'f64'}}
  %0 = lowbit.unpack %x : tensor<32xi8> -> tensor<4xf64>
  return
}

// -----

func.func @unpack_size(%x: tensor<32xi8>) {
  // expected-error@+1 {{the bytes of 'tensor<4294967296x4294967296xi8>' do not fit into 63 bits}}
  %0 = lowbit.unpack %x : tensor<32xi8> -> tensor<4294967296x4294967296xi8>
  return
}

// -----

//===----------------------------------------------------------------------===//
// packed_matmul
//===----------------------------------------------------------------------===//

func.func @a_type(%a: tensor<4x64xf16>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected a of f32, i8, i16 or i32, found 'tensor<4x64xf16>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<4x64xf16>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @a_rank(%a: tensor<2x4x64xi8>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected a of rank 2, found 'tensor<2x4x64xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<2x4x64xi8>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @sums_type(%a: tensor<4x64xi8>, %sums: tensor<4x1xi64>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected sums of 'i32', found 'tensor<4x1xi64>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a sums %sums) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<4x1xi64>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scale_a_type(%a: tensor<4x64xi8>, %scale_a: tensor<4x1xf16>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected scale of a of 'f32', found 'tensor<4x1xf16>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a scale %scale_a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<4x1xf16>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @b_rank(%a: tensor<4x64xi8>, %b: tensor<512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected b of rank 2, found 'tensor<512xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scale_b_rank(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %scale_b: tensor<32xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected scale of b of rank 2, found 'tensor<32xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0, scale = f32>
      a(%a) b(%b scale %scale_b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<32xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @zero_b_rank(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %zero_b: tensor<8xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected zero point of b of rank 2, found 'tensor<8xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0, zero_point = i8>
      a(%a) b(%b zero_point %zero_b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<8xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @bias_type(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %bias: tensor<8xbf16>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected bias of 'f32', found 'tensor<8xbf16>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) bias(%bias) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<8xbf16>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @out_type(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %out: tensor<4x8xi32>) {
  // expected-error@+1 {{expected out of f32, f16 or bf16, found 'tensor<4x8xi32>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<4x8xi32>) -> tensor<4x8xi32>
  return
}

// -----

func.func @accumulate_type(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %out: tensor<4x8xf16>) {
  // expected-error@+1 {{expected out of f32 to accumulate into, found 'tensor<4x8xf16>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) accumulate : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<4x8xf16>) -> tensor<4x8xf16>
  return
}

// -----

func.func @missing_scale(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected the scale and zero point of b that the kernel names, and no others}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0, scale = f32>
      a(%a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @spare_zero_point(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %zero_b: tensor<1x8xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected the scale and zero point of b that the kernel names, and no others}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b zero_point %zero_b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<1x8xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @unit(%a: tensor<4x66xi8>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected K of a to be a multiple of the unit 4, found 'tensor<4x66xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<4x66xi8>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @rows(%a: tensor<3x64xi8>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected a of shape 'tensor<4x64xi8>' for this kernel, a and out; found 'tensor<3x64xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<3x64xi8>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @sums_shape(%a: tensor<4x64xi8>, %sums: tensor<4x1xi32>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected sums of shape 'tensor<4x2xi32>' for this kernel, a and out; found 'tensor<4x1xi32>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 32, shift = 0>
      a(%a sums %sums) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<4x1xi32>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @panels(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %out: tensor<4x9xf32>) {
  // expected-error@+1 {{expected b of shape 'tensor<2x?xi8>' for this kernel, a and out; found 'tensor<1x512xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<4x9xf32>) -> tensor<4x9xf32>
  return
}

// -----

func.func @bias_shape(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %bias: tensor<9xf32>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected bias of shape 'tensor<8xf32>' for this kernel, a and out; found 'tensor<9xf32>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) bias(%bias) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<9xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scale_b_shape(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %scale_b: tensor<1x32xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected scale of b of shape 'tensor<1x64xi8>' for this kernel, a and out; found 'tensor<1x32xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 32, shift = 0, scale = f32>
      a(%a) b(%b scale %scale_b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<1x32xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @zero_b_shape(%a: tensor<4x64xi8>, %b: tensor<1x512xi8>, %zero_b: tensor<1x16xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected zero point of b of shape 'tensor<1x32xi8>' for this kernel, a and out; found 'tensor<1x16xi8>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 32, shift = 0, zero_point = i16>
      a(%a) b(%b zero_point %zero_b) outs(%out) : (tensor<4x64xi8>, tensor<1x512xi8>, tensor<1x16xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scale_a_groups(%a: tensor<4x64xi8>, %scale_a: tensor<4x3xf32>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected scale of a of shape 'tensor<4x2xf32>' for this kernel, a and out; found 'tensor<4x3xf32>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 32, shift = 0>
      a(%a scale %scale_a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<4x3xf32>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scale_a_rows(%a: tensor<4x64xi8>, %scale_a: tensor<1x1xf32>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected scale of a of shape 'tensor<4x?xf32>' for this kernel, a and out; found 'tensor<1x1xf32>'}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      a(%a scale %scale_a) b(%b) outs(%out) : (tensor<4x64xi8>, tensor<1x1xf32>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @decoding(%a: tensor<4x64xf32>, %b: tensor<1x512xi8>, %out: tensor<4x8xf32>) {
  // expected-error@+1 {{expected a decoding of positive min_rows and depth to a kernel for f32 with the same columns}}
  %0 = lowbit.packed_matmul <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0,
          decoding = <min_rows = 1, depth = 64, kernel = <"k" for f32, rows = [1], columns = 16, row_block = 8, unit = 1, group = 0, shift = 0>>>
      a(%a) b(%b) outs(%out) : (tensor<4x64xf32>, tensor<1x512xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// decode_panel
//===----------------------------------------------------------------------===//

func.func @panels_to_decode(%b: tensor<2x512xi8>, %k: index, %out: tensor<1x2048xi8>) {
  // expected-error@+1 {{expected the bytes of one panel, 1 x bytes, found 'tensor<2x512xi8>'}}
  %0 = lowbit.decode_panel <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0>
      b(%b) from(%k) outs(%out) : (tensor<2x512xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return
}

// -----

func.func @scale_to_decode(%b: tensor<1x512xi8>, %k: index, %out: tensor<1x2048xi8>) {
  // expected-error@+1 {{expected the scale and zero point of b that the kernel names, and no others}}
  %0 = lowbit.decode_panel <"k" for i8, rows = [1], columns = 8, row_block = 8, unit = 4, group = 0, shift = 0, scale = f32>
      b(%b) from(%k) outs(%out) : (tensor<1x512xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return
}

// -----

// expected-error@+1 {{expected at most 64 rows in a tile, found 100000}}
#a = #lowbit.kernel<"k" for i8, rows = [100000, 1], columns = 8, row_block = 8, unit = 1, group = 0, shift = 0>
