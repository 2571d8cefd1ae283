//===- Perturbation.h - The reference with its inexact ops moved *- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_PERTURBATION_H
#define LOWBIT_TOOLS_LOWBIT_RUN_PERTURBATION_H

#include "MatmulExtents.h"

#include "lowbit/Reference/Interpreter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/OwningOpRef.h"

namespace lowbit::run {

/// Rule M13's bound for the elements of one result of lowbit.matmul.
struct MatmulBound {
  int64_t k = 0;
  /// Of the accumulator.
  double unitRoundoff = 0.0;
  unsigned resultBits = 32;
  std::vector<double> absolute;
};

/// The bounds of the matmuls that a call of a function meets.
class MatmulBounds {
public:
  /// `shapes` are those of the arguments.
  MatmulBounds(mlir::func::FuncOp function,
               llvm::ArrayRef<llvm::SmallVector<int64_t>> shapes);

  /// The bound of `result`, given sum |a_k b_k| + |bias| for each element.
  /// Fails, with an error at the op, if its K is not known.
  mlir::FailureOr<MatmulBound> get(MatmulOp op, const reference::Tensor &result,
                                   llvm::ArrayRef<double> magnitude) const;

  /// Whether `op` is in the body of the function, and its result is returned
  /// and used for nothing else.
  bool isReturned(mlir::Operation *op) const {
    return llvm::all_of(op->getUsers(), [&](mlir::Operation *user) {
      return user == terminator;
    });
  }

private:
  /// Of the function.
  mlir::Operation *terminator;
  llvm::DenseMap<mlir::Operation *, int64_t> extents;
};

/// Runs the reference with the result of every inexact op moved to an end of
/// its bound, except for matmuls that are returned and used for nothing else.
/// Which end, depends on the run: in pairs of runs, the second of which moves
/// everything the other way, all up; matmuls in turn up and down; and each
/// element on its own.
class Perturbation {
public:
  static constexpr unsigned kNumRuns = 8;

  /// Whether there is anything to move.
  static bool isNeeded(mlir::ModuleOp module, const MatmulBounds &bounds);

  Perturbation(mlir::ModuleOp module, mlir::func::FuncOp function,
               llvm::ArrayRef<llvm::SmallVector<int64_t>> shapes);

  /// The results of one run, 0 to kNumRuns - 1. Fails in silence where the
  /// reference does: an index, for example, may have left its bounds.
  mlir::FailureOr<llvm::SmallVector<reference::Tensor>>
  run(unsigned run, llvm::ArrayRef<reference::Tensor> arguments);

private:
  /// Multiplies the result of each inexact op of the math dialect by a
  /// constant, which `factors` then lists.
  void addFactors();

  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  std::optional<MatmulBounds> bounds;
  llvm::SmallVector<mlir::arith::ConstantOp> factors;
};

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_PERTURBATION_H
