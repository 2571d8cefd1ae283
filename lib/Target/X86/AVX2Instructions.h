//===- AVX2Instructions.h - AVX2 by name ------------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The instructions that vector ops do not spell, on vectors of 32 bytes, 16
// words or 8 double words.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_X86_AVX2INSTRUCTIONS_H
#define LOWBIT_LIB_TARGET_X86_AVX2INSTRUCTIONS_H

#include "../VectorBuilder.h"

namespace lowbit {

/// vpmaddubsw: unsigned times signed bytes, pairs added into words with
/// saturation.
mlir::Value multiplyBytes(VectorBuilder &v, mlir::Value unsignedBytes,
                          mlir::Value signedBytes);

/// vpmaddwd: products of words, pairs added into double words.
mlir::Value multiplyWords(VectorBuilder &v, mlir::Value lhs, mlir::Value rhs);

/// vpsignb: `bytes`, negated or zero where `signs` is.
mlir::Value applySigns(VectorBuilder &v, mlir::Value bytes, mlir::Value signs);

/// vpshufb: the byte of `table` for each of 32 codes. A table of fewer than 16
/// bytes (a power of two) is repeated.
mlir::Value lookUpBytes(VectorBuilder &v, llvm::ArrayRef<int8_t> table,
                        mlir::Value codes);

/// The low and the high nibbles of 32 bytes, as bytes.
struct Nibbles {
  mlir::Value low, high;
};
Nibbles splitNibbles(VectorBuilder &v, mlir::Value bytes);

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_X86_AVX2INSTRUCTIONS_H
