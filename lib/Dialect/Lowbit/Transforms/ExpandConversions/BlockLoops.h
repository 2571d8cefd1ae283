//===- BlockLoops.h - Loops over the elements of blocks ---------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops that make one value, or a few, from each block of a tensor.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_BLOCKLOOPS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_BLOCKLOOPS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lowbit {

/// Receives an element, or a vector of some, and what was carried so far;
/// returns what is carried on.
using ReductionBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::ImplicitLocOpBuilder &builder, mlir::Value element,
    mlir::ValueRange carried)>;

/// The elements of one block, inside the loop over the blocks.
class ScaleBlock {
public:
  /// Loops over the elements in row-major order, from `inits`.
  llvm::SmallVector<mlir::Value> reduce(mlir::ImplicitLocOpBuilder &builder,
                                        mlir::ValueRange inits,
                                        ReductionBody body) const;

  /// The same, but rows of the block that are a few whole vectors long are
  /// given to `body` as one vector each. (LLVM would unroll a loop over them
  /// before it looked for vectors.)
  llvm::SmallVector<mlir::Value>
  reduceByRows(mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange inits,
               ReductionBody body) const;

private:
  friend class BlockedTensor;

  /// Elements of a row that is read as a vector; 0 if none is.
  int64_t getVectorLength() const;

  mlir::Value input;
  /// Index of the first element, and number of elements, per dimension.
  llvm::SmallVector<mlir::OpFoldResult> starts, counts;
};

/// A ranked tensor that is cut into blocks, one for each element of tensors of
/// the shape of `scaleType`: its own rank, or 0 for one block.
class BlockedTensor {
public:
  /// `block` has an entry per dimension of `input` (0: the whole dimension).
  /// Emits, before any loop, what computes extents that are not static.
  BlockedTensor(mlir::ImplicitLocOpBuilder &builder, mlir::Value input,
                llvm::ArrayRef<int64_t> block,
                mlir::RankedTensorType scaleType);

  /// Whether a block is statically at least `size` elements of the innermost
  /// dimension long.
  bool hasLongRows(int64_t size) const;

  /// Whether neighbours along the innermost dimension lie in different blocks,
  /// which have other elements too.
  bool hasColumns() const;

  /// Tensors of `types`, which have the scales' shape: `body` is called once,
  /// inside a linalg.generic over the blocks, with the elements of `inputs`
  /// (tensors of that shape as well). It may call `getBlock`.
  llvm::SmallVector<mlir::Value>
  mapBlocks(mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange inputs,
            llvm::ArrayRef<mlir::RankedTensorType> types,
            llvm::function_ref<llvm::SmallVector<mlir::Value>(
                mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange elements)>
                body) const;

  /// The block of the current iteration, at the top of `mapBlocks`' body.
  ScaleBlock getBlock(mlir::ImplicitLocOpBuilder &builder) const;

  /// Reduces all blocks at once, in the order of the input's elements, into
  /// tensors of `types` (integers) that begin as 0: where `hasColumns`, this
  /// reads memory in order and vectorizes across blocks.
  llvm::SmallVector<mlir::Value>
  reduceInOrder(mlir::ImplicitLocOpBuilder &builder,
                llvm::ArrayRef<mlir::RankedTensorType> types,
                ReductionBody body) const;

private:
  llvm::SmallVector<mlir::Value>
  makeInits(mlir::ImplicitLocOpBuilder &builder,
            llvm::ArrayRef<mlir::RankedTensorType> types) const;

  mlir::Value input;
  llvm::ArrayRef<int64_t> shape;
  /// 0 also where a block is at least as long as a static dimension.
  llvm::SmallVector<int64_t> block;
  llvm::SmallVector<mlir::OpFoldResult> extents;
  int64_t scaleRank;
  /// Sizes of the dynamic dimensions of the scales.
  llvm::SmallVector<mlir::Value> scaleSizes;
};

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_BLOCKLOOPS_H
