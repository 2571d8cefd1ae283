//===- Comparison.h - Results beside what they must be ----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_COMPARISON_H
#define LOWBIT_TOOLS_LOWBIT_RUN_COMPARISON_H

#include "Expectation.h"

#include "llvm/Support/raw_ostream.h"

namespace lowbit::run {

/// How a result compares with the reference. Elements that are NaN on both
/// sides are equal.
struct Comparison {
  /// A distance, and the element where it was found; -1 if there is none.
  struct Largest {
    double value = 0.0;
    int64_t position = -1;
    void update(double newValue, int64_t newPosition);
  };

  int64_t numElements = 0;
  int64_t numDifferent = 0;
  /// Outside their interval, and the first of them.
  int64_t numOutside = 0;
  int64_t firstOutside = -1;
  /// Elements of which the interval has no end.
  int64_t numUnbounded = 0;
  Largest absolute, relative;
  /// The difference, as a share of what is allowed.
  Largest share;

  bool passes() const { return numOutside == 0; }
};

/// Compares `found` with `expected`, which has its shape and element type.
Comparison compare(const Expectation &expected, const reference::Tensor &found);

/// Prints a comparison as some lines that start with "result #N".
void printComparison(llvm::raw_ostream &os, unsigned number, mlir::Type type,
                     const Expectation &expected,
                     const reference::Tensor &found,
                     const Comparison &comparison);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_COMPARISON_H
