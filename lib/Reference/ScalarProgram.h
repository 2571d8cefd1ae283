//===- ScalarProgram.h - Bodies that run once per element -------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The body of a linalg op, tensor.generate or tensor.pad runs for every
// element. Where it holds nothing but ops on scalars it becomes a list of
// kernels and slots, which runs without a look-up or an allocation.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_REFERENCE_SCALARPROGRAM_H
#define LOWBIT_LIB_REFERENCE_SCALARPROGRAM_H

#include "Evaluator.h"

namespace lowbit::reference {

/// The block of scalar ops that is the body of a linalg op or the like, ready
/// to be run many times without allocation.
class ScalarProgram {
public:
  /// nullopt if the block holds something other than kernels on scalars.
  static mlir::FailureOr<std::optional<ScalarProgram>>
  compile(Evaluator &evaluator, mlir::Block &block);

  /// The slots of the block's arguments come first, in order.
  uint64_t *getArguments() { return slots.data(); }
  /// The slots that hold loop indices: (dimension, slot).
  llvm::ArrayRef<std::pair<int64_t, unsigned>> getIndexSlots() const {
    return indexSlots;
  }
  uint64_t getYield(unsigned i) const { return slots[yields[i]]; }
  uint64_t *getSlots() { return slots.data(); }

  mlir::LogicalResult run();

private:
  struct Step {
    mlir::Operation *op;
    Kernel kernel;
    llvm::SmallVector<unsigned, 3> operands;
    unsigned firstResult;
  };
  std::vector<Step> steps;
  std::vector<uint64_t> slots;
  std::vector<uint64_t> buffer;
  llvm::SmallVector<unsigned> yields;
  llvm::SmallVector<std::pair<int64_t, unsigned>> indexSlots;
};

/// A body of either kind, seen from the op that it belongs to.
class ElementBody {
public:
  /// An error is reported at the op in `block` that cannot be evaluated.
  static mlir::FailureOr<ElementBody> prepare(Evaluator &evaluator,
                                              mlir::Block &block);

  /// Runs for one element: `arguments` are the codes of the first arguments of
  /// the block, all scalars, `indices` what linalg.index gives.
  mlir::LogicalResult run(llvm::ArrayRef<uint64_t> arguments,
                          llvm::ArrayRef<int64_t> indices,
                          llvm::MutableArrayRef<uint64_t> yields);

private:
  ElementBody(Evaluator &evaluator, mlir::Block &block)
      : evaluator(&evaluator), block(&block) {}

  Evaluator *evaluator;
  mlir::Block *block;
  std::optional<ScalarProgram> program;
};

} // namespace lowbit::reference

#endif // LOWBIT_LIB_REFERENCE_SCALARPROGRAM_H
