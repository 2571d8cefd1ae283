// The kernels that conversions.py compiles and times. Tensors have the packed
// layout of the ABI at the boundary: two 4-bit codes in a byte, the first in
// the low half.

func.func @f32_to_e4m3(%x: tensor<?xf32>) -> tensor<?xf8E4M3FN>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xf32> to tensor<?xf8E4M3FN>
  return %y : tensor<?xf8E4M3FN>
}

func.func @f32_to_e5m2(%x: tensor<?xf32>) -> tensor<?xf8E5M2>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xf32> to tensor<?xf8E5M2>
  return %y : tensor<?xf8E5M2>
}

func.func @e4m3_to_f32(%x: tensor<?xf8E4M3FN>) -> tensor<?xf32>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xf8E4M3FN> to tensor<?xf32>
  return %y : tensor<?xf32>
}

// An infinity stays one, as it does in the other implementations.
func.func @e5m2_to_f32(%x: tensor<?xf8E5M2>) -> tensor<?xf32>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x {overflow = #lowbit.overflow<ieee>}
      : tensor<?xf8E5M2> to tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @bf16_to_e4m3(%x: tensor<?xbf16>) -> tensor<?xf8E4M3FN>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xbf16> to tensor<?xf8E4M3FN>
  return %y : tensor<?xf8E4M3FN>
}

func.func @e4m3_to_bf16(%x: tensor<?xf8E4M3FN>) -> tensor<?xbf16>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xf8E4M3FN> to tensor<?xbf16>
  return %y : tensor<?xbf16>
}

func.func @f32_to_e2m1(%x: tensor<?xf32>) -> tensor<?xf4E2M1FN>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xf32> to tensor<?xf4E2M1FN>
  return %y : tensor<?xf4E2M1FN>
}

func.func @e2m1_to_f32(%x: tensor<?xf4E2M1FN>) -> tensor<?xf32>
    attributes {llvm.emit_c_interface} {
  %y = lowbit.convert %x : tensor<?xf4E2M1FN> to tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @quantize_i4(%x: tensor<?x32xf32>, %s: tensor<?x1xf32>)
    -> tensor<?x32xi4> attributes {llvm.emit_c_interface} {
  %q = lowbit.quantize %x scale(%s) block [1, 32]
      : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xi4>
  return %q : tensor<?x32xi4>
}

func.func @dequantize_i4(%q: tensor<?x32xi4>, %s: tensor<?x1xf32>)
    -> tensor<?x32xf32> attributes {llvm.emit_c_interface} {
  %x = lowbit.dequantize %q scale(%s) block [1, 32]
      : (tensor<?x32xi4>, tensor<?x1xf32>) -> tensor<?x32xf32>
  return %x : tensor<?x32xf32>
}

func.func @quantize_nf4(%x: tensor<?x64xf32>, %s: tensor<?x1xf32>)
    -> tensor<?x64x!lowbit.codebook<4, nf4>>
    attributes {llvm.emit_c_interface} {
  %q = lowbit.quantize %x scale(%s) block [1, 64]
      : (tensor<?x64xf32>, tensor<?x1xf32>)
     -> tensor<?x64x!lowbit.codebook<4, nf4>>
  return %q : tensor<?x64x!lowbit.codebook<4, nf4>>
}

func.func @dequantize_nf4(%q: tensor<?x64x!lowbit.codebook<4, nf4>>,
                          %s: tensor<?x1xf32>) -> tensor<?x64xf32>
    attributes {llvm.emit_c_interface} {
  %x = lowbit.dequantize %q scale(%s) block [1, 64]
      : (tensor<?x64x!lowbit.codebook<4, nf4>>, tensor<?x1xf32>)
     -> tensor<?x64xf32>
  return %x : tensor<?x64xf32>
}
