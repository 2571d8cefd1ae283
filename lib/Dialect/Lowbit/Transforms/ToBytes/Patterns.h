//===- Patterns.h - Pattern sets of lowbit-to-bytes -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TOBYTES_PATTERNS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TOBYTES_PATTERNS_H

#include "ByteLayout.h"

namespace lowbit {

/// arith on integers of 2 to 7 bits, scalars and vectors; bitcasts.
void populateScalarToBytesPatterns(const ByteTypeConverter &converter,
                                   mlir::RewritePatternSet &patterns);

/// arith.constant and memref.global.
void populateConstantToBytesPatterns(const ByteTypeConverter &converter,
                                     mlir::RewritePatternSet &patterns);

/// Functions, calls, branches, loops, and ops that only move values.
void populateStructuralToBytesPatterns(const ByteTypeConverter &converter,
                                       mlir::RewritePatternSet &patterns);

/// Reports each op below `root` that gives a packed row a dynamic length
/// although it is seen not to be a whole number of groups; such a length is
/// told from the bytes.
mlir::LogicalResult verifyRowsOfBytes(mlir::Operation *root);

/// Shapes and single elements of tensors.
void populateTensorToBytesPatterns(const ByteTypeConverter &converter,
                                   mlir::RewritePatternSet &patterns);

/// Reports each slice of packed rows below `root` that does not start on a
/// byte, or whose end two threads would write. Comes before the conversion,
/// during which loops and their variables cannot be looked at.
mlir::LogicalResult verifySlicesOfBytes(mlir::Operation *root);

/// tensor.extract_slice, insert_slice and parallel_insert_slice, verified.
void populateSliceToBytesPatterns(const ByteTypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);

/// linalg.generic.
void populateLinalgToBytesPatterns(const ByteTypeConverter &converter,
                                   mlir::RewritePatternSet &patterns);

/// Makes `op` anew with these operands and result types: same name and
/// attributes, its regions moved (their blocks' arguments converted).
mlir::FailureOr<mlir::Operation *>
rebuildWithTypes(mlir::ConversionPatternRewriter &rewriter,
                 const mlir::TypeConverter &converter, mlir::Operation *op,
                 mlir::ValueRange operands, mlir::TypeRange resultTypes);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TOBYTES_PATTERNS_H
