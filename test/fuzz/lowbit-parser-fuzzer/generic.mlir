"builtin.module"() ({
  "func.func"() <{function_type = (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>, sym_name = "f"}> ({
  ^bb0(%x: tensor<4x64xf32>, %s: tensor<4x2xf32>):
    %q = "lowbit.quantize"(%x, %s) <{block = array<i64: 1, 32>, operandSegmentSizes = array<i32: 1, 1, 0, 0>, overflow = #lowbit.overflow<saturate>, rounding = #lowbit.rounding<nearest_even>}> : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
    "func.return"(%q) : (tensor<4x64xi4>) -> ()
  }) : () -> ()
}) : () -> ()
