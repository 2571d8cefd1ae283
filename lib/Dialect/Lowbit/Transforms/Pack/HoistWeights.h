//===- HoistWeights.h - Packing that happens once ---------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_PACK_HOISTWEIGHTS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_PACK_HOISTWEIGHTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace lowbit {

/// The name of the unit attribute of arguments that are the same in every call.
constexpr llvm::StringLiteral kWeightAttrName = "lowbit.weight";

/// What of a function can be computed once for all calls.
class HoistableValues {
public:
  explicit HoistableValues(mlir::func::FuncOp function);

  /// The indices of the marked arguments.
  mlir::ArrayRef<unsigned> getWeights() const { return weights; }

  /// Why nothing can move out of the function although arguments are marked,
  /// as the end of a sentence about it. Empty if nothing stands in the way.
  llvm::StringRef getObstacle() const { return obstacle; }

  /// The weight in whose buffer a pack of `value` lies: pure ops compute
  /// `value` from weights and constants alone, and its first operands lead back
  /// to this one. Null if there is none.
  mlir::BlockArgument getWeight(mlir::Value value);

private:
  bool isHoistable(mlir::Value value);

  mlir::func::FuncOp function;
  mlir::SmallVector<unsigned> weights;
  std::string obstacle;
  llvm::DenseMap<mlir::Value, bool> known;
};

/// Moves the packing of `function`'s weights into a new function NAME.pack,
/// which takes the marked arguments and gives one i8 buffer for each; NAME
/// takes those. Does nothing without a marked argument. What else reads a
/// weight gets its elements back from the buffer, by a lowbit.unpack.
/// Warns and leaves the function as it is if a weight's shape is dynamic or
/// the module calls the function. An error if there is a NAME.pack already.
mlir::LogicalResult hoistWeights(mlir::func::FuncOp function);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_PACK_HOISTWEIGHTS_H
