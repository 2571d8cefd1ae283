# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a function of N quantized layers, each of five lowbit ops."""

import sys

FORMATS = ["f8E4M3FN", "i4", "f4E2M1FN", "!lowbit.minifloat<e5m3fn>",
           "!lowbit.log<4>", "!lowbit.codebook<4, nf4>"]

print("func.func @layers(%x0: tensor<4x64xf32>, %w: tensor<64x64xi4>, "
      "%ws: tensor<64x2xf32>) -> tensor<4x64xf32> {")
for i in range(int(sys.argv[1])):
    element = FORMATS[i % len(FORMATS)]
    print(f"""\
  %s{i} = lowbit.choose_scale %x{i} for {element} block [1, 32]
      : (tensor<4x64xf32>) -> tensor<4x2xf32>
  %q{i} = lowbit.quantize %x{i} scale(%s{i}) block [1, 32]
      : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64x{element}>
  %d{i} = lowbit.dequantize %q{i} scale(%s{i}) block [1, 32]
      : (tensor<4x64x{element}>, tensor<4x2xf32>) -> tensor<4x64xf32>
  %h{i} = lowbit.convert %d{i} : tensor<4x64xf32> to tensor<4x64xbf16>
  %x{i + 1} = lowbit.matmul %h{i}, %w scale(%ws) block [1, 32] transpose_b
      : (tensor<4x64xbf16>, tensor<64x64xi4>, tensor<64x2xf32>)
      -> tensor<4x64xf32>""")
print(f"  return %x{sys.argv[1]} : tensor<4x64xf32>\n}}")
