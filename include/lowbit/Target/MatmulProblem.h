//===- MatmulProblem.h - What a kernel is asked for -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All that a kernel's choice depends on in a lowbit.matmul: formats, how
// scales and zero points lie along K, extents. It names no machine.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TARGET_MATMULPROBLEM_H
#define LOWBIT_TARGET_MATMULPROBLEM_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

namespace lowbit {

/// One operand of a product.
struct MatmulOperandInfo {
  mlir::Type elementType;
  Format format;

  /// The scale of the innermost level, 1 if null. Its blocks: over K and over
  /// the other dimension (rows of A, columns of B), 0 for all of it; over
  /// batches always each or all.
  mlir::Value scale = {};
  int64_t blockK = 0;
  int64_t blockOther = 0;
  /// A second level, one f32 for the whole tensor: `scale` is read through it.
  /// The f32 scale of the operand is then scale * outerScale, which kernels
  /// may apply after the sum.
  mlir::Value outerScale = {};

  mlir::Value zeroPoint = {};

  /// The element type of the scale; null without one.
  mlir::Type getScaleType() const;
  mlir::Type getZeroPointType() const;
  bool hasIntegerZeroPoint() const;
};

struct MatmulProblem {
  MatmulOperandInfo a, b;
  /// Dynamic extents are ShapedType::kDynamic. `m` counts the rows of all
  /// batches where B has none.
  int64_t m, n, k;
  /// Whether every batch has its own B.
  bool batchedB;
  mlir::Type resultElement;
  /// acc = i32: partial sums must be exact integers.
  bool exactIntegers;

  static MatmulProblem get(MatmulOp op);
};

/// A format whose every value is an integer over 2^shift that fits into
/// 9 bits with sign.
struct IntegerForm {
  unsigned shift;
  /// value(code) * 2^shift for every code.
  llvm::SmallVector<int32_t> values;
  int32_t lowest, largest;
};

/// nullopt for a format of more than 8 bits, one with codes that are not
/// finite, or one whose values spread over too many binades.
std::optional<IntegerForm> getIntegerForm(const Format &format);

} // namespace lowbit

#endif // LOWBIT_TARGET_MATMULPROBLEM_H
