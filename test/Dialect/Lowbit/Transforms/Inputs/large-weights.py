# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints two layers with N x N weights of f32 as blobs: int4 in groups of 32,
and NVFP4 with its two levels of scales."""

import array
import random
import sys

n = int(sys.argv[1])
x, y, w = f"tensor<1x{n}xf32>", f"tensor<1x{n}xf32>", f"tensor<{n}x{n}xf32>"
groups, blocks = f"tensor<{n}x{n // 32}x", f"tensor<{n}x{n // 16}x"
print(f"""\
func.func @int4(%x: {x}) -> {y} {{
  %w = arith.constant dense_resource<a> : {w}
  %s = lowbit.choose_scale %w for i4 block [1, 32] : ({w}) -> {groups}f16>
  %q = lowbit.quantize %w scale(%s) block [1, 32]
      : ({w}, {groups}f16>) -> tensor<{n}x{n}xi4>
  %y = lowbit.matmul %x, %q scale(%s) block [1, 32] transpose_b
      : ({x}, tensor<{n}x{n}xi4>, {groups}f16>) -> {y}
  return %y : {y}
}}
func.func @nvfp4(%x: {x}) -> {y} {{
  %w = arith.constant dense_resource<b> : {w}
  %s = lowbit.choose_scale %w for f4E2M1FN block [1, 16]
      : ({w}) -> {blocks}f32>
  %t = lowbit.choose_scale %s for f8E4M3FN block [0, 0]
      : ({blocks}f32>) -> tensor<1x1xf32>
  %b = lowbit.quantize %s scale(%t)
      : ({blocks}f32>, tensor<1x1xf32>) -> {blocks}f8E4M3FN>
  %d = lowbit.dequantize %b scale(%t)
      : ({blocks}f8E4M3FN>, tensor<1x1xf32>) -> {blocks}f32>
  %q = lowbit.quantize %w scale(%d) block [1, 16]
      : ({w}, {blocks}f32>) -> tensor<{n}x{n}xf4E2M1FN>
  %y = lowbit.matmul %x, %q scale(%d) block [1, 16] transpose_b
      : ({x}, tensor<{n}x{n}xf4E2M1FN>, {blocks}f32>) -> {y}
  return %y : {y}
}}
{{-# dialect_resources: {{ builtin: {{""")
random.seed(1)
numbers = array.array("f", (random.gauss(0, 0.05) for _ in range(8191)))
for name in "ab":
    data = (numbers * (n * n // len(numbers) + 1))[:n * n]
    print(f'{name}: "0x40000000{data.tobytes().hex()}"' + "," * (name == "a"))
print("} } #-}")
