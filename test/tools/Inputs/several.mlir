func.func private @helper(%x: f32) -> f32 {
  return %x : f32
}
func.func @one() -> i32 {
  %c = arith.constant 1 : i32
  return %c : i32
}
func.func @two(%x: f32) -> f32 {
  %y = func.call @helper(%x) : (f32) -> f32
  return %y : f32
}
func.func @memref(%m: memref<4xf32>) {
  return
}
func.func @vector(%v: vector<4xf32>) {
  return
}
func.func @wide(%x: tensor<2xf80>) {
  return
}
