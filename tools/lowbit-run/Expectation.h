//===- Expectation.h - What results must be, and how nearly -----*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference evaluator's results with the interval around each element that
// a correct program keeps to (docs/Formats.md, "What is compared"):
//
// - what no inexact op has touched is exact;
// - a result of lowbit.matmul lies within rule M13's bound;
// - what is computed from such a result lies within twice the spread that the
//   reference shows when it is run again several times, every inexact op moved
//   to one end or the other of its own bound.
//
// Inexact are lowbit.matmul and those ops of the math dialect that the
// reference takes from the C library (4 units in the last place).
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_EXPECTATION_H
#define LOWBIT_TOOLS_LOWBIT_RUN_EXPECTATION_H

#include "lowbit/Numerics/Format.h"
#include "lowbit/Reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace lowbit::run {

/// What one result must be.
struct Expectation {
  /// The reference's result.
  reference::Tensor value;
  /// The interval of each element; both empty if the codes must be the same.
  std::vector<double> low, high;
  /// Where the interval comes from, for the report: "exactly", "within ...".
  std::string rule;

  bool isExact() const { return low.empty(); }
};

/// The expectations for the results of `function` of `module`, which is not
/// changed. Fails after a diagnostic where the reference does.
mlir::FailureOr<llvm::SmallVector<Expectation>>
computeExpectations(mlir::ModuleOp module, mlir::func::FuncOp function,
                    llvm::ArrayRef<reference::Tensor> arguments);

/// An interval of numbers.
struct Interval {
  double low, high;
};

/// The values that a matmul's result in `format` (f32, f16 or bf16) may have
/// where the reference's is `reference` and rule M13's bound is `bound`. For a
/// result narrower than f32 the reference's rounding and that of the result
/// come on top.
Interval getMatmulInterval(const Format &format, double reference,
                           double bound);

/// The element as a number: an integer, or the value of its format.
double getNumber(const reference::Tensor &tensor, int64_t position);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_EXPECTATION_H
