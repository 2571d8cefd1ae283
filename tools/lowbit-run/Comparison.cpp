//===- Comparison.cpp - Results beside what they must be ------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

#include "Array.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "llvm/Support/Format.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using reference::Tensor;

void Comparison::Largest::update(double newValue, int64_t newPosition) {
  if (position >= 0 && !(newValue > value))
    return;
  value = newValue;
  position = newPosition;
}

/// Whether two elements of unequal codes are the same all the same: NaNs, and
/// zeros of either sign where the type is a plain float. A low-bit format's
/// zeros are codes, and those are compared as such.
static bool areSame(const Tensor &expected, const Tensor &found,
                    int64_t position) {
  Type type = expected.getElementType();
  if (!isa<FloatType>(type) && !getFormat(type))
    return false;
  double x = getNumber(expected, position), y = getNumber(found, position);
  if (std::isnan(x) || std::isnan(y))
    return std::isnan(x) && std::isnan(y);
  return x == y && !isLowBitType(type);
}

Comparison run::compare(const Expectation &expected, const Tensor &found) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Comparison comparison;
  const Tensor &reference = expected.value;
  comparison.numElements = reference.getNumElements();
  for (int64_t i = 0; i < comparison.numElements; ++i) {
    bool isUnbounded = !expected.isExact() && std::isinf(expected.high[i]) &&
                       std::isinf(expected.low[i]) &&
                       expected.low[i] != expected.high[i];
    comparison.numUnbounded += isUnbounded;
    if (reference.getCode(i) == found.getCode(i) ||
        areSame(reference, found, i))
      continue;
    ++comparison.numDifferent;
    double x = getNumber(reference, i), y = getNumber(found, i);
    double difference = std::fabs(x - y);
    if (std::isnan(difference))
      difference = infinity;
    comparison.absolute.update(difference, i);
    comparison.relative.update(difference / std::fabs(x), i);
    bool isInside =
        isUnbounded ||
        (!expected.isExact() && y >= expected.low[i] && y <= expected.high[i]);
    if (!expected.isExact() && !isUnbounded) {
      double allowed = y > x ? expected.high[i] - x : x - expected.low[i];
      comparison.share.update(allowed > 0.0 ? difference / allowed : infinity,
                              i);
    }
    if (isInside)
      continue;
    if (comparison.numOutside++ == 0)
      comparison.firstOutside = i;
  }
  return comparison;
}

void run::printComparison(llvm::raw_ostream &os, unsigned number, Type type,
                          const Expectation &expected, const Tensor &found,
                          const Comparison &comparison) {
  ArrayRef<int64_t> shape = found.getShape();
  os << "result #" << number << ", " << type << ": "
     << (comparison.passes() ? "as expected" : "WRONG") << ", compared "
     << expected.rule << "\n";
  auto printPair = [&](int64_t position) {
    if (!shape.empty())
      os << " at " << printIndex(position, shape);
    os << ": found " << printElement(found, position) << ", reference "
       << printElement(expected.value, position);
  };
  if (!comparison.passes()) {
    os << "  " << comparison.numOutside << " of " << comparison.numElements
       << " elements outside, the first";
    printPair(comparison.firstOutside);
    if (!expected.isExact())
      os << llvm::format(", allowed [%.9g, %.9g]",
                         expected.low[comparison.firstOutside],
                         expected.high[comparison.firstOutside]);
    os << "\n";
  }
  if (comparison.numUnbounded > 0)
    os << "  " << comparison.numUnbounded
       << " elements could be anything within the bounds and are not checked\n";
  if (comparison.numDifferent == 0) {
    os << "  all " << comparison.numElements << " elements equal\n";
    return;
  }
  auto printLargest = [&](const char *what,
                          const Comparison::Largest &largest) {
    os << "  largest " << what << llvm::format(" %.3g", largest.value);
    printPair(largest.position);
    os << "\n";
  };
  printLargest("absolute difference", comparison.absolute);
  printLargest("relative difference", comparison.relative);
  if (comparison.share.position >= 0)
    printLargest("share of what is allowed", comparison.share);
}
