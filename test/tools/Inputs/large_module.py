# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a function that quantizes and dequantizes N times in a row."""

import sys

count = int(sys.argv[1])
data, codes, scales = "tensor<4x64xf32>", "tensor<4x64xi4>", "tensor<4x2xf32>"
print(f"func.func @f(%x0: {data}, %s: {scales}) -> {data} {{")
for i in range(count):
    print(f"  %q{i} = lowbit.quantize %x{i} scale(%s) block [1, 32]"
          f" : ({data}, {scales}) -> {codes}")
    print(f"  %x{i + 1} = lowbit.dequantize %q{i} scale(%s) block [1, 32]"
          f" : ({codes}, {scales}) -> {data}")
print(f"  return %x{count} : {data}")
print("}")
