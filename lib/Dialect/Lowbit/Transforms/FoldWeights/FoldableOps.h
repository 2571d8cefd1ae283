//===- FoldableOps.h - Ops on constants -------------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which ops lowbit-fold-weights evaluates, and which of them are stored.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_FOLDABLEOPS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_FOLDABLEOPS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace lowbit {

/// The ops whose operands are constants, directly or through such ops.
class FoldableOps {
public:
  explicit FoldableOps(mlir::Operation *root);

  /// In the order of the program, operands before users.
  mlir::ArrayRef<mlir::Operation *> getOps() const { return order; }
  bool contains(mlir::Operation *op) const { return ops.contains(op); }
  /// To be called before an op is erased.
  void remove(mlir::Operation *op) { ops.erase(op); }

  /// Whether every element of the results of `op` is the same.
  bool isSplat(mlir::Operation *op) const { return ops.lookup(op).isSplat; }

  /// Whether the results of `op` must be there as constants. If not, its users
  /// compute them while they read, or it stays as it is.
  bool mustStore(mlir::Operation *op);

private:
  struct Info {
    bool isSplat = false;
    /// What the constants that it reads take in memory.
    int64_t storedBytes = 0;
    /// Ops that are computed within each other when this one is read.
    unsigned depth = 0;
  };

  std::optional<Info> getInfo(mlir::Value value) const;
  void addIfFoldable(mlir::Operation *op);
  void removeUnwanted();

  llvm::DenseMap<mlir::Operation *, Info> ops;
  mlir::SmallVector<mlir::Operation *> order;
};

/// Verifies the blobs of the `dense_resource` constants under `root` that have
/// a low-bit type, or for a user a lowbit op or another which may be folded.
mlir::LogicalResult verifyBlobs(mlir::Operation *root);

/// Whether `use` lets a dequantize stay: a matmul reads codes and scales
/// itself, in less memory than the numbers take.
bool isReadByMatmul(mlir::OpOperand &use);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_FOLDABLEOPS_H
