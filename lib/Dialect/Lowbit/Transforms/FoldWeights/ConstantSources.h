//===- ConstantSources.h - Ops on constants as array sources ----*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The value of an op on constants as something that Numerics computes while it
// is read (Numerics/Arrays.h), through as many ops as there are.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_CONSTANTSOURCES_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_CONSTANTSOURCES_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Arrays.h"

#include <array>
#include <deque>

namespace lowbit {

/// The format of elements that an `ArrayView` holds: number formats of at most
/// 32 bits, and integers of 2 to 32 bits, which zero points and random words
/// are. nullopt for any other type.
std::optional<Format> getArrayFormat(mlir::Type elementType);

/// Whether `op` only moves elements: slices, transpositions, reshapes.
bool isLayoutOp(mlir::Operation *op);

/// How a tensor.extract_slice or a linalg.transpose of static shapes finds its
/// elements; nullopt for anything else, and for a slice out of bounds.
std::optional<ArrayGather> getGather(mlir::Operation *op);

/// Builds sources. Those of scalar constants read what the builder owns.
class SourceBuilder {
public:
  /// `value` as an array in memory, if it is a constant (`dense`,
  /// `dense_resource` or a scalar), or a bitcast of one. Blobs must have been
  /// verified.
  std::optional<ArrayView> getConstant(mlir::Value value);

  /// The source of a constant, or of a result of an op that `FoldableOps` has
  /// found (not of choose_scale, which is no source).
  ArraySourcePtr build(mlir::Value value);

private:
  ArraySourcePtr buildOptional(mlir::Value value);
  ArrayScaling buildScaling(const ScaledValue &value);

  std::deque<std::array<uint8_t, 4>> scalars;
};

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_CONSTANTSOURCES_H
