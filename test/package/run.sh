#!/usr/bin/env bash
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: test/package/run.sh build|install BUILD_DIR WORK_DIR [CMAKE_ARG]...
#
# Builds the project in this folder against the package of lowbit's build tree,
# or of a fresh installation under WORK_DIR, and runs it; then the tools and the
# plugin of that tree.

set -euo pipefail

if [[ $# -lt 3 || ($1 != build && $1 != install) ]]; then
  sed -n '6,10s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
tree="$1" build_dir="$(realpath "$2")" work_dir="$(realpath -m "$3")"
shift 3
here="$(cd "$(dirname "$0")" && pwd)"

die() {
  echo "error: $*" >&2
  exit 1
}

# expect <text> <what was printed>
expect() {
  [[ "$2" == *"$1"* ]] || die "the output lacks '$1':"$'\n'"$2"
}

# A variable of the cache that lowbit was configured with.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build_dir/CMakeCache.txt"; }

rm -rf "$work_dir"
mkdir -p "$work_dir"
case "$tree" in
build)
  prefix="$build_dir"
  package_dir="$build_dir"
  ;;
install)
  cmake --install "$build_dir" --prefix "$work_dir/first" >"$work_dir/install.log"
  # An installation may be moved.
  prefix="$work_dir/prefix"
  mv "$work_dir/first" "$prefix"
  package_dir="$prefix/lib/cmake/lowbit"
  for file in bin/lowbit-opt bin/lowbit-formats bin/lowbit-lsp-server \
    bin/lowbit-compile lib/liblowbit_runner.a include/lowbit/Runner/runner.h \
    lib/LowbitPlugin.so include/lowbit/InitAll.h \
    include/lowbit/Dialect/Lowbit/IR/LowbitOps.td \
    include/lowbit/Dialect/Lowbit/IR/LowbitOps.h.inc \
    share/doc/lowbit/LICENSE share/doc/lowbit/docs/Architecture.md; do
    [[ -f "$prefix/$file" ]] || die "$file was not installed"
  done
  # What is installed must not lead back to the trees that it came from.
  source_dir="$(cached CMAKE_HOME_DIRECTORY)"
  if grep -rlF -e "$build_dir" -e "$source_dir/" -e "$work_dir" "$prefix"; then
    die "the files above name the build or the source tree"
  fi
  ;;
esac

arguments=(-S "$here" -G Ninja "-DLowbit_DIR=$package_dir"
  -DCMAKE_BUILD_TYPE=Release
  # The compiler that built lowbit.
  "-DCMAKE_C_COMPILER=$(cached CMAKE_C_COMPILER)"
  "-DCMAKE_CXX_COMPILER=$(cached CMAKE_CXX_COMPILER)" "$@")
cmake "${arguments[@]}" -B "$work_dir/build"
cmake --build "$work_dir/build"
output="$("$work_dir/build/package_test")"
echo "$output"
expect 'before: 1 convert' "$output"
expect 'after: 0 convert' "$output"
expect 'func.func @f' "$output"

# Another LLVM is refused with a message that names both versions.
mkdir "$work_dir/other-llvm"
echo 'set(LLVM_VERSION_MAJOR 21)
set(LLVM_PACKAGE_VERSION 21.1.0)' >"$work_dir/other-llvm/MLIRConfig.cmake"
if output="$(cmake "${arguments[@]}" -B "$work_dir/other-build" \
  "-DMLIR_DIR=$work_dir/other-llvm" 2>&1)"; then
  die "LLVM 21 was accepted"
fi
output="$(tr -s ' \n' ' ' <<<"$output")"
expect 'lowbit was built with MLIR 22.' "$output"
expect 'but 21.1.0 was found in' "$output"

# The tools and the plugin of this tree.
echo 'func.func @g(%x: f32) -> f4E2M1FN {
  %y = lowbit.convert %x : f32 to f4E2M1FN
  return %y : f4E2M1FN
}' >"$work_dir/input.mlir"
expect 'func.func @g(%arg0: f32) -> i8' \
  "$("$prefix/bin/lowbit-opt" "$work_dir/input.mlir" \
    --lowbit-expand-conversions --lowbit-to-bytes)"
expect '0x7 6' "$("$prefix/bin/lowbit-formats" --decode=f4E2M1FN)"
plugin="$prefix/lib/LowbitPlugin.so"
expect 'func.func @g(%arg0: f32) -> i8' \
  "$("$(cached MLIR_DIR)/../../../bin/mlir-opt" "$work_dir/input.mlir" \
    "--load-dialect-plugin=$plugin" "--load-pass-plugin=$plugin" \
    --pass-pipeline='builtin.module(lowbit-expand-conversions,lowbit-to-bytes)')"
"$prefix/bin/lowbit-compile" "$work_dir/input.mlir" --emit=exe -o "$work_dir/g"
expect '@@LOWBIT result0 uint8 scalar 00' "$("$work_dir/g" zeros)"
echo "The package in the $tree tree works."
