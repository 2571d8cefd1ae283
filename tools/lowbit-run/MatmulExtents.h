//===- MatmulExtents.h - How large the products of a call are ---*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_MATMULEXTENTS_H
#define LOWBIT_TOOLS_LOWBIT_RUN_MATMULEXTENTS_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lowbit::run {

/// A lowbit.matmul that a call meets. What cannot be told is nullopt.
struct MatmulExtents {
  MatmulOp op;
  /// The extent that is summed over.
  std::optional<int64_t> k;
  /// Multiplications and additions: 2 * batch * M * N * K.
  std::optional<double> operations;
  /// Bytes of B with its scales and zero points, as they are stored: what a
  /// dequantize makes counts as what it reads.
  std::optional<double> weightBytes;
  /// In a region of another op than a function, which may run it any number of
  /// times.
  bool isNested = false;
};

/// The matmuls of `function` and of what it calls, in order, once for each call
/// of the function that they are in; `shapes` are those of its arguments.
/// Dynamic extents are followed through lowbit ops, element-wise ops, linalg,
/// casts and calls.
llvm::SmallVector<MatmulExtents>
getMatmulExtents(mlir::func::FuncOp function,
                 llvm::ArrayRef<llvm::SmallVector<int64_t>> shapes);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_MATMULEXTENTS_H
