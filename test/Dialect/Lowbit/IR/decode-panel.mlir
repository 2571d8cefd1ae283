// RUN: lowbit-opt %s --split-input-file --verify-diagnostics | lowbit-opt --split-input-file | FileCheck %s

#decoded = #lowbit.kernel<"k" for f32, rows = [6, 1], columns = 16, row_block = 32, unit = 4, group = 0, shift = 0>
#kernel = #lowbit.kernel<"k" for ui4, rows = [4, 1], columns = 16, row_block = 32, unit = 32, group = 32, shift = -8, scale = f16, zero_point = i8,
                         decoding = <min_rows = 8, depth = 64, kernel = #decoded>>

// CHECK-LABEL: @decode
// CHECK: lowbit.decode_panel <"k" for ui4, {{.*}} zero_point = i8, decoding = <min_rows = 8, depth = 64, kernel = <"k" for f32, {{.*}} shift = 0>>> b(%{{.*}} scale %{{.*}} zero_point %{{.*}}) from(%{{.*}}) outs(%{{.*}}) : (
func.func @decode(%b: tensor<1x512xi8>, %s: tensor<1x64xi8>, %z: tensor<1x32xi8>, %k: index, %out: tensor<1x2048xi8>) -> tensor<1x2048xi8> {
  %0 = lowbit.decode_panel #kernel b(%b scale %s zero_point %z) from(%k) outs(%out) : (tensor<1x512xi8>, tensor<1x64xi8>, tensor<1x32xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}

// CHECK-LABEL: @accumulate
// CHECK: outs(%{{.*}}) accumulate : (
func.func @accumulate(%a: tensor<6x32xf32>, %b: tensor<1x2048xi8>, %out: tensor<6x16xf32>) -> tensor<6x16xf32> {
  %0 = lowbit.packed_matmul #decoded a(%a) b(%b) outs(%out) accumulate : (tensor<6x32xf32>, tensor<1x2048xi8>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0 : tensor<6x16xf32>
}

// -----

#kernel = #lowbit.kernel<"k" for i4, rows = [4, 1], columns = 16, row_block = 32, unit = 32, group = 32, shift = 0>

func.func @panels(%b: tensor<2x512xi8>, %k: index, %out: tensor<1x2048xi8>) -> tensor<1x2048xi8> {
  // expected-error@+1 {{expected the bytes of one panel, 1 x bytes, found 'tensor<2x512xi8>'}}
  %0 = lowbit.decode_panel #kernel b(%b) from(%k) outs(%out) : (tensor<2x512xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}

// -----

#kernel = #lowbit.kernel<"k" for i4, rows = [4, 1], columns = 16, row_block = 32, unit = 32, group = 32, shift = 0, scale = f16>

func.func @scale(%b: tensor<1x512xi8>, %k: index, %out: tensor<1x2048xi8>) -> tensor<1x2048xi8> {
  // expected-error@+1 {{expected the scale and zero point of b that the kernel names, and no others}}
  %0 = lowbit.decode_panel #kernel b(%b) from(%k) outs(%out) : (tensor<1x512xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
  return %0 : tensor<1x2048xi8>
}

// -----

#kernel = #lowbit.kernel<"k" for f32, rows = [6, 1], columns = 16, row_block = 32, unit = 4, group = 0, shift = 0>

func.func @accumulate(%a: tensor<6x32xf32>, %b: tensor<1x2048xi8>, %out: tensor<6x16xbf16>) -> tensor<6x16xbf16> {
  // expected-error@+1 {{expected out of f32 to accumulate into, found 'tensor<6x16xbf16>'}}
  %0 = lowbit.packed_matmul #kernel a(%a) b(%b) outs(%out) accumulate : (tensor<6x32xf32>, tensor<1x2048xi8>, tensor<6x16xbf16>) -> tensor<6x16xbf16>
  return %0 : tensor<6x16xbf16>
}
