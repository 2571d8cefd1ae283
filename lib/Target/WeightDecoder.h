//===- WeightDecoder.h - Packed weights as f32 ------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a kernel that multiplies floats knows of a format: how its codes lie in
// a panel and how they become f32 in registers. The kernel's tiles read weights
// through it, and so does the code that decodes a panel for many rows.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_WEIGHTDECODER_H
#define LOWBIT_LIB_TARGET_WEIGHTDECODER_H

#include "VectorBuilder.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

namespace lowbit {

class WeightDecoder {
public:
  virtual ~WeightDecoder() = default;

  /// How the codes lie in a panel, and the integer that is stored for each code
  /// (empty: the code itself).
  LayoutAttr getLayout() const { return layout; }
  llvm::ArrayRef<int32_t> getTable() const { return table; }
  /// Numbers are times 2^shift what the format says.
  int64_t getShift() const { return shift; }
  /// K and vectors of 8 columns that one step gives.
  int64_t getDepth() const { return depth; }
  int64_t getVectors() const { return vectors; }
  /// About how many vector instructions a step takes.
  int64_t getCost() const { return cost; }

  /// The numbers of step `step` of `panel` (K from step * depth on), element
  /// (k, j) at k * vectors + j. `state` goes from step to step.
  virtual llvm::SmallVector<mlir::Value>
  decode(VectorBuilder &v, mlir::Value panel, mlir::Value step,
         llvm::MutableArrayRef<mlir::Value> state) const = 0;

  /// What steps take note of instead of putting it into their numbers: the
  /// state before the first one, and what is to be added, after the last one,
  /// to the sums of each vector of columns (empty: nothing).
  virtual llvm::SmallVector<mlir::Value> getState(VectorBuilder &) const {
    return {};
  }
  virtual llvm::SmallVector<mlir::Value>
  finish(VectorBuilder &, llvm::ArrayRef<mlir::Value> /*state*/) const {
    return {};
  }

protected:
  WeightDecoder(int64_t depth, int64_t vectors)
      : depth(depth), vectors(vectors) {}

  LayoutAttr layout;
  llvm::SmallVector<int32_t> table;
  int64_t shift = 0;
  int64_t cost = 0;

private:
  int64_t depth, vectors;
};

/// The zero points of a group, stored as `element`, as f32 per vector of
/// columns; empty if `panel` is null.
llvm::SmallVector<mlir::Value>
loadZeroPoints(VectorBuilder &v, mlir::Value panel, mlir::Type element,
               mlir::Value group, int64_t vectors);

/// Takes them off `numbers`, which lie as `decode` gives them.
void subtractZeroPoints(VectorBuilder &v,
                        llvm::ArrayRef<mlir::Value> zeroPoints,
                        llvm::MutableArrayRef<mlir::Value> numbers);

/// The code of a lowbit.decode_panel: the result that replaces it.
mlir::Value emitDecodedPanel(mlir::OpBuilder &builder, DecodePanelOp op,
                             const WeightDecoder &decoder);

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_WEIGHTDECODER_H
