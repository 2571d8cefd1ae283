//===- TileEmitter.h - The frame around a tile's arithmetic -----*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What all CPU kernels share. A tile is rows x columns of the result, held in
// vectors of 8 columns. K is walked in groups that share a scale, a group in
// steps:
//
//   for each group:
//     partial = 0                           i32 or f32, a vector per row and 8
//     for each step: partial += products    the kernel's own part (emitStep)
//     total += f32(partial - correction) * scale
//   out = total * scale of the row + bias
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_TILEEMITTER_H
#define LOWBIT_LIB_TARGET_TILEEMITTER_H

#include "VectorBuilder.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

namespace lowbit {

class TileEmitter : protected VectorBuilder {
public:
  virtual ~TileEmitter() = default;

  /// Emits the tile; the result replaces that of the op.
  mlir::Value emit();

protected:
  /// `step` is how much of K one emitStep takes; the op's unit is a multiple.
  /// Partial sums have elements of type `partial`, i32 or f32. There are
  /// `chains` for each element of the tile, so that one addition need not wait
  /// for the one before.
  TileEmitter(mlir::OpBuilder &builder, PackedMatmulOp op, int64_t step,
              mlir::Type partial, int64_t chains = 1);

  /// Adds the products of K from index * step on, for every row r and vector j
  /// of 8 columns to partial[(c * rows + r) * vectors + j] of any chain c.
  virtual void emitStep(mlir::Value index,
                        llvm::MutableArrayRef<mlir::Value> partial) = 0;

  /// What to add to the sums of each vector of columns after the last step;
  /// empty: nothing.
  virtual llvm::SmallVector<mlir::Value> finishSums() { return {}; }

  /// Called before the steps of each group: a place to load what holds for it.
  virtual void beginGroup(mlir::Value /*group*/) {}

  //===--------------------------------------------------------------------===//
  // Building blocks
  //===--------------------------------------------------------------------===//

  /// Element (row, column) of a 2-d tensor in every lane.
  mlir::Value loadSplat(mlir::Value tensor, int64_t row, mlir::Value column);
  /// The 4 bytes of `a` (4 elements of i8, 2 of i16) from element `k` of row
  /// `row` on, in every i32 lane.
  mlir::Value loadWordSplat(int64_t row, mlir::Value k);
  /// a * b + c in f32, fused where `fused`.
  mlir::Value multiplyAdd(mlir::Value a, mlir::Value b, mlir::Value c);

  PackedMatmulOp op;
  KernelAttr kernel;
  const int64_t rows, vectors, step, chains;
  /// Up to this many steps of a group stand one after the other; more are a
  /// loop.
  int64_t maxUnrolledSteps = 4;
  /// Values that emitStep takes from the step before and leaves for the next.
  llvm::SmallVector<mlir::Value> state;
  /// Whether the machine multiplies and adds in one instruction.
  bool fused = true;

private:
  /// The sum over all chains for one element of the tile.
  mlir::Value sumChains(llvm::ArrayRef<mlir::Value> partial, int64_t element);
  /// Adds the partial sums of a group, scaled, to the totals.
  void finishGroup(mlir::Value group, llvm::ArrayRef<mlir::Value> partial,
                   llvm::MutableArrayRef<mlir::Value> totals);
  /// A loop that carries `values` and the state: `body` changes them.
  void emitLoop(
      mlir::Value begin, mlir::Value end,
      llvm::MutableArrayRef<mlir::Value> values,
      llvm::function_ref<void(mlir::Value, llvm::MutableArrayRef<mlir::Value>)>
          body);
  void emitGroup(mlir::Value group, mlir::Value numSteps,
                 llvm::MutableArrayRef<mlir::Value> totals);
  mlir::Value store(llvm::ArrayRef<mlir::Value> totals);

  mlir::Type partialElement;
};

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_TILEEMITTER_H
