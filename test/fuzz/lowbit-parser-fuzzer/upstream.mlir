func.func @f(%a: tensor<4xf8E4M3FN>, %b: vector<4xf32>, %c: f4E2M1FN, %s: f8E8M0FNU) -> (tensor<4xf32>, vector<4xf8E5M2>, f32, tensor<2xf8E4M3FN>) {
  %0 = arith.extf %a : tensor<4xf8E4M3FN> to tensor<4xf32>
  %1 = arith.truncf %b : vector<4xf32> to vector<4xf8E5M2>
  %2 = arith.scaling_extf %c, %s : f4E2M1FN, f8E8M0FNU to f32
  %3 = tensor.extract_slice %a[2] [2] [1] : tensor<4xf8E4M3FN> to tensor<2xf8E4M3FN>
  return %0, %1, %2, %3 : tensor<4xf32>, vector<4xf8E5M2>, f32, tensor<2xf8E4M3FN>
}
