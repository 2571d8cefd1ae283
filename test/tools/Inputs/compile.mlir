// For test/tools/compile-*.test: every kind of argument and result that a
// compiled function may have.

func.func @quantize(%x: tensor<?x5xf32>, %scale: tensor<?x1xf32>)
    -> tensor<?x5xi4> {
  %q = lowbit.quantize %x scale(%scale) block [1, 0]
      : (tensor<?x5xf32>, tensor<?x1xf32>) -> tensor<?x5xi4>
  return %q : tensor<?x5xi4>
}

// Several results, in memory; scalars among them; a name that is none in C.
func.func @"several.results"(%q: tensor<2x3xf8E4M3FN>, %s: f32, %n: index,
                             %b: i1, %c: f4E2M1FN)
    -> (tensor<2x3xf32>, f32, index, i1, f4E2M1FN, tensor<bf16>) {
  %x = lowbit.dequantize %q scale(%s)
      : (tensor<2x3xf8E4M3FN>, f32) -> tensor<2x3xf32>
  %t = lowbit.convert %s : f32 to bf16
  %r = tensor.from_elements %t : tensor<bf16>
  return %x, %s, %n, %b, %c, %r
      : tensor<2x3xf32>, f32, index, i1, f4E2M1FN, tensor<bf16>
}

// The only result is a scalar, in a register. C has a main of its own.
func.func @main(%s: f64, %i: i16) -> f64 {
  %x = arith.sitofp %i : i16 to f64
  %y = arith.addf %s, %x : f64
  return %y : f64
}

func.func @nothing() {
  return
}

func.func private @helper(%x: f32) -> f32 {
  return %x : f32
}

func.func private @external(%x: f32) -> f32
