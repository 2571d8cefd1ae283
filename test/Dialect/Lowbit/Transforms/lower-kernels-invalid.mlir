// RUN: lowbit-opt %s --lowbit-lower-kernels --split-input-file --verify-diagnostics

func.func @unknown(%a: tensor<1x64xf32>, %b: tensor<1x1024xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{no target of this build has a kernel 'portable.f64'}}
  %0 = lowbit.packed_matmul <"portable.f64" for i8, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x1024xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @panels(%a: tensor<1x64xf32>, %b: tensor<2x1024xi8>, %init: tensor<1x32xf32>) -> tensor<1x32xf32> {
  // expected-error@+1 {{expected a tile of 16 columns and one of the kernel's row counts, found 'tensor<1x32xf32>'; run lowbit-tile before}}
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<2x1024xi8>, tensor<1x32xf32>) -> tensor<1x32xf32>
  return %0 : tensor<1x32xf32>
}

// -----

func.func @rows(%a: tensor<3x64xf32>, %b: tensor<1x1024xi8>, %init: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@+1 {{expected a tile of 16 columns and one of the kernel's row counts, found 'tensor<3x16xf32>'; run lowbit-tile before}}
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [4, 1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<3x64xf32>, tensor<1x1024xi8>, tensor<3x16xf32>) -> tensor<3x16xf32>
  return %0 : tensor<3x16xf32>
}

// -----

func.func @decode(%b: tensor<1x512xi8>, %k: index, %init: tensor<1x2048xi8>) -> tensor<1x2048xi8> {
  // expected-error@+1 {{the kernel 'portable.i32' does not decode panels}}
  %0 = lowbit.decode_panel <"portable.i32" for i8, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      b(%b) from(%k) outs(%init) : (tensor<1x512xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}

// -----

func.func @format(%a: tensor<1x64xi32>, %b: tensor<1x1024xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{the kernel 'portable.i32' does not take weights of 'f8E4M3FN': the weights are not integers}}
  %0 = lowbit.packed_matmul <"portable.i32" for f8E4M3FN, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xi32>, tensor<1x1024xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @columns(%a: tensor<1x64xf32>, %b: tensor<1x512xi8>, %init: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@+1 {{the kernel 'portable.f32' has tiles of 16 columns, found 8}}
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [1], columns = 8, row_block = 64, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x512xi8>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// -----

func.func @step(%a: tensor<1x64xf32>, %b: tensor<1x512xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{the kernel 'x86.avx2.f32' takes steps of 4 of K, found a unit of 2 and a group of 0}}
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for i4, rows = [1], columns = 16, row_block = 64, unit = 2, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x512xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @zero_points(%a: tensor<1x64xi32>, %b: tensor<1x1024xi8>, %z: tensor<1x64xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{the kernel 'portable.i32' takes integer zero points, found 'f32'}}
  %0 = lowbit.packed_matmul <"portable.i32" for i8, rows = [1], columns = 16, row_block = 64, unit = 64, group = 64, shift = 0, zero_point = f32>
      a(%a) b(%b zero_point %z) outs(%init) : (tensor<1x64xi32>, tensor<1x1024xi8>, tensor<1x64xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @activations(%a: tensor<1x64xf32>, %b: tensor<1x512xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{expected a of 'i8' for this kernel, found 'tensor<1x64xf32>'}}
  %0 = lowbit.packed_matmul <"x86.avx2.byte" for i4, rows = [1], columns = 16, row_block = 64, unit = 32, group = 32, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x512xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @bytes(%a: tensor<1x64xf32>, %b: tensor<1x1000xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{expected b of 1 x 1024 bytes for this kernel and K = 64, found 'tensor<1x1000xi8>'}}
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x1000xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @sums(%a: tensor<1x64xf32>, %sums: tensor<1x1xi32>, %b: tensor<1x1024xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{this kernel takes no sums}}
  %0 = lowbit.packed_matmul <"portable.f32" for i8, rows = [1], columns = 16, row_block = 64, unit = 64, group = 64, shift = 0>
      a(%a sums %sums) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x1xi32>, tensor<1x1024xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @decoded_bytes(%b: tensor<1x3xi8>, %s: tensor<1x64xi8>, %k: index, %init: tensor<1x2048xi8>) -> tensor<1x2048xi8> {
  // expected-error@+1 {{expected at least 256 bytes of b for a K of 32, found 'tensor<1x3xi8>'}}
  %0 = lowbit.decode_panel <"x86.avx2.f32" for i4, rows = [1], columns = 16, row_block = 64, unit = 32, group = 32, shift = 0, scale = f32>
      b(%b scale %s) from(%k) outs(%init) : (tensor<1x3xi8>, tensor<1x64xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}

// -----

func.func @decoded_scales(%b: tensor<1x256xi8>, %s: tensor<1x60xi8>, %k: index, %init: tensor<1x2048xi8>) -> tensor<1x2048xi8> {
  // expected-error@+1 {{expected at least 64 bytes of the scale for a K of 32, found 'tensor<1x60xi8>'}}
  %0 = lowbit.decode_panel <"x86.avx2.f32" for i4, rows = [1], columns = 16, row_block = 64, unit = 32, group = 32, shift = 0, scale = f32>
      b(%b scale %s) from(%k) outs(%init) : (tensor<1x256xi8>, tensor<1x60xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}

// -----

func.func @decoded_steps(%b: tensor<1x256xi8>, %k: index, %init: tensor<1x100xi8>) -> tensor<1x100xi8> {
  // expected-error@+1 {{expected whole steps of 4 x 16 f32 in `outs`, found 'tensor<1x100xi8>'}}
  %0 = lowbit.decode_panel <"x86.avx2.f32" for i4, rows = [1], columns = 16, row_block = 64, unit = 4, group = 0, shift = 0>
      b(%b) from(%k) outs(%init) : (tensor<1x256xi8>, index, tensor<1x100xi8>) -> tensor<1x100xi8>
  return %0 : tensor<1x100xi8>
}

// -----

func.func @depth(%a: tensor<1x64xf32>, %b: tensor<1x512xi8>, %init: tensor<1x16xf32>) -> tensor<1x16xf32> {
  // expected-error@+1 {{expected a decoding depth of whole steps of 4 and of whole groups of 0 or parts of one, found 3}}
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for i4, rows = [1], columns = 16, row_block = 64, unit = 4, group = 0, shift = 0,
          decoding = <min_rows = 8, depth = 3, kernel = <"x86.avx2.f32" for f32, rows = [1], columns = 16, row_block = 64, unit = 4, group = 0, shift = 0>>>
      a(%a) b(%b) outs(%init) : (tensor<1x64xf32>, tensor<1x512xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}
