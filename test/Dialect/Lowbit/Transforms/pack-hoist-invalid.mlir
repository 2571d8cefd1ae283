// RUN: lowbit-opt %s --lowbit-pack --verify-diagnostics

// expected-note@+1 {{the other is here}}
func.func private @main.pack(%x: tensor<5xf32>) -> tensor<5xf32>
// expected-error@+1 {{the function that packs the weights of 'main' is called 'main.pack', and there is a symbol of that name already}}
func.func @main(%x: tensor<5x32xf32>, %w: tensor<17x32xui4> {lowbit.weight}) -> tensor<5x17xf32> {
  %y = lowbit.matmul %x, %w transpose_b : (tensor<5x32xf32>, tensor<17x32xui4>) -> tensor<5x17xf32>
  return %y : tensor<5x17xf32>
}
