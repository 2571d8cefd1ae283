#!/bin/sh
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: examples/c/build.sh [LOWBIT] [OUT]
#
# Compiles layer.mlir and links it into a C program, OUT/layer. LOWBIT is the
# build folder or the prefix that lowbit was installed in (default: build), OUT
# the folder for what is made (default: build/examples/c). CPU names another
# machine than this one, CC another C compiler than the first that is found.

set -eu
here="$(cd "$(dirname "$0")" && pwd)"
lowbit="${1:-$here/../../build}"
out="${2:-$lowbit/examples/c}"
mkdir -p "$out"
if [ -z "${CC:-}" ]; then
  for CC in cc clang clang-22 gcc; do
    ! command -v "$CC" >/dev/null || break
  done
fi

set -x
"$lowbit/bin/lowbit-compile" "$here/layer.mlir" --cpu="${CPU:-host}" \
  --emit=obj -o "$out/layer.o" --header="$out/layer.h"
"$CC" -std=c99 -O2 -I "$out" "$here/main.c" "$out/layer.o" \
  "$lowbit/lib/liblowbit_runner.a" -lm -o "$out/layer"
