// FP8 E4M3 to f32, which is exact: every value of the format is an f32.
//
//   lowbit-opt examples/convert.mlir --lowbit-expand-conversions --canonicalize

func.func @widen(%q: vector<16xf8E4M3FN>) -> vector<16xf32> {
  %x = lowbit.convert %q : vector<16xf8E4M3FN> to vector<16xf32>
  return %x : vector<16xf32>
}
