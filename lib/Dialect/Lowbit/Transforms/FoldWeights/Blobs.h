//===- Blobs.h - Who uses a blob, and when it can go ------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR keeps the blobs of `dense_resource` constants in a manager that belongs
// to the context: a blob stays there when the last op that names it is gone.
// What a pass has replaced by something smaller it must let go itself.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_BLOBS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_BLOBS_H

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Operation.h"

namespace lowbit {

/// Counts the ops that name each blob.
class BlobUses {
public:
  /// Counts what is under `root`. Nothing is ever released if `mayRelease` is
  /// false.
  BlobUses(mlir::Operation *root, bool mayRelease);

  /// To be called when an op has been created.
  void add(mlir::Operation *op);
  /// To be called before an op is erased. A blob that no op names any more is
  /// released: its memory is freed if it has memory of its own. (One that was
  /// read from bytecode may lie within the file's buffer, and only gives up
  /// its share in that.)
  void remove(mlir::Operation *op);

private:
  using Entry = mlir::DialectResourceBlobManager::BlobEntry;
  llvm::DenseMap<Entry *, unsigned> counts;
  bool mayRelease;
};

/// A blob of `size` bytes to be written, aligned as kernels read it.
mlir::AsmResourceBlob allocateBlob(int64_t size);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_FOLDWEIGHTS_BLOBS_H
