// The same conversions with upstream's ops, for convert-arith-to-apfloat. No
// f8 type can be at the boundary: nothing upstream lowers it there.

#identity = affine_map<(d0) -> (d0)>

func.func @f32_to_e4m3(%x: tensor<?xf32>) -> tensor<?xi8>
    attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %x, %c0 : tensor<?xf32>
  %empty = tensor.empty(%size) : tensor<?xi8>
  %y = linalg.generic {indexing_maps = [#identity, #identity],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%empty : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %q = arith.truncf %in : f32 to f8E4M3FN
    %code = arith.bitcast %q : f8E4M3FN to i8
    linalg.yield %code : i8
  } -> tensor<?xi8>
  return %y : tensor<?xi8>
}

func.func @e4m3_to_f32(%x: tensor<?xi8>) -> tensor<?xf32>
    attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %x, %c0 : tensor<?xi8>
  %empty = tensor.empty(%size) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#identity, #identity],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<?xi8>) outs(%empty : tensor<?xf32>) {
  ^bb0(%code: i8, %out: f32):
    %q = arith.bitcast %code : i8 to f8E4M3FN
    %value = arith.extf %q : f8E4M3FN to f32
    linalg.yield %value : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}
