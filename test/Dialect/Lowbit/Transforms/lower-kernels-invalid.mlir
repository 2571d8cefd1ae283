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
  // expected-error@+1 {{no target of this build has a kernel 'portable.i32' that decodes panels}}
  %0 = lowbit.decode_panel <"portable.i32" for i8, rows = [1], columns = 16, row_block = 64, unit = 1, group = 0, shift = 0>
      b(%b) from(%k) outs(%init) : (tensor<1x512xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}
