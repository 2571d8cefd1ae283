//===- KernelPlanning.h - What the plans of kernels share -------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_KERNELPLANNING_H
#define LOWBIT_LIB_TARGET_KERNELPLANNING_H

#include "lowbit/Target/Kernel.h"

namespace lowbit {

/// How K is divided: `group` (0: not at all) shares the scales, K is padded to
/// `unit`.
struct Grouping {
  int64_t group;
  int64_t unit;
};

/// The grouping for the scales of B and, with `scaleA`, of A, in whole steps of
/// `step`: an error if the common divisor of their blocks is not a multiple of
/// it. `limit` (0: none) bounds a group where the scales set no bound: the sums
/// of a longer one could overflow.
llvm::Expected<Grouping> getGrouping(const MatmulProblem &problem, int64_t step,
                                     bool scaleA, int64_t limit = 0);

/// The type that packed scales of `type` are stored as: one of f32, bf16 and
/// f16 that holds every value; null for a type that none holds.
mlir::Type getStoredScaleType(mlir::Type type);

/// Panels of `columns` columns: (column, group) -> position.
LayoutAttr getPanelLayout(mlir::Type element, int64_t columns);

/// How zero points of `type` are stored with `offset` added: as i8 or i16 with
/// a table, or, without an offset, as i32.
struct StoredZeroPoint {
  mlir::Type type;
  llvm::SmallVector<int32_t> table;
};
std::optional<StoredZeroPoint> getStoredZeroPoint(mlir::Type type,
                                                  int64_t offset);

/// How a kernel that multiplies column vectors is tiled, and how the codes of
/// its weights are stored.
struct ColumnTiles {
  llvm::ArrayRef<int64_t> rows;
  int64_t columns;
  int64_t rowBlock;
  /// K that one step takes; a group is a multiple.
  int64_t step;
  LayoutAttr layout;
  llvm::SmallVector<int32_t> table = {};
  /// See KernelAttr.
  int64_t shift = 0;
};

/// A plan with A of type `aElement` and B's scales and integer zero points of
/// up to 8 bits applied in the kernel, those of A in it (`scaleA`) or before.
llvm::Expected<KernelPlan> planColumns(llvm::StringRef name,
                                       const MatmulProblem &problem,
                                       const ColumnTiles &tiles,
                                       mlir::Type aElement, bool scaleA);

/// The same for a kernel that multiplies integers and sums them in i32. A is of
/// type `aElement`, less its zero point; the stored integers of B are those of
/// `b` plus `offset`, which the plan takes off again through sums of A,
/// together with B's zero points. Groups are as long as 32 bits certainly hold.
llvm::Expected<KernelPlan>
planIntegers(llvm::StringRef name, const MatmulProblem &problem,
             const ColumnTiles &tiles, mlir::Type aElement,
             const IntegerForm &a, const IntegerForm &b, int32_t offset);

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_KERNELPLANNING_H
