//===- Expectation.cpp - What results must be, and how nearly -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Expectation.h"

#include "MatmulExtents.h"
#include "Perturbation.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Codec.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using reference::Interpreter;
using reference::Tensor;

/// The differences of a few runs stand for those of all; the factor makes up
/// for the ends that no run happened to reach.
static constexpr double kSpreadFactor = 2.0;

double run::getNumber(const Tensor &tensor, int64_t position) {
  Type type = tensor.getElementType();
  if (type.isInteger(1))
    return static_cast<double>(tensor.getCode(position));
  if (type.isUnsignedInteger())
    return static_cast<double>(tensor.getCode(position));
  if (isa<IntegerType, IndexType, quant::QuantizedType>(type))
    return static_cast<double>(tensor.getInteger(position));
  return tensor.getValue(position);
}

//===----------------------------------------------------------------------===//
// One matmul
//===----------------------------------------------------------------------===//

/// Half the distance of neighbours in `format` at `value`: how far off its
/// rounding may be.
static double getHalfSpacing(const Format &format, double value) {
  int exponent;
  std::frexp(std::max(std::fabs(value), format.getSmallestNormal()), &exponent);
  return std::ldexp(1.0, exponent - 2 - int(format.getMantissaBits()));
}

Interval run::getMatmulInterval(const Format &format, double reference,
                                double bound) {
  // Where the inputs are not finite the result is the same in any order.
  if (std::isnan(reference) || !std::isfinite(bound))
    return {reference, reference};
  if (format.getBits() > 16)
    return {reference - bound, reference + bound};
  // The bound holds before the rounding to the result type, which both the
  // reference and the result have behind them.
  auto round = [&](double value) {
    return decode(format,
                  encode(format, value, Rounding::NearestEven, Overflow::IEEE));
  };
  double nearest = reference;
  if (std::isinf(reference))
    nearest = std::copysign(format.getLargest(), reference);
  double margin = bound + getHalfSpacing(format, nearest);
  // What became an infinity lies beyond the largest number by half a spacing.
  if (std::isinf(reference)) {
    double limit = std::copysign(
        format.getLargest() + getHalfSpacing(format, nearest), reference);
    return reference > 0.0 ? Interval{round(limit - bound), reference}
                           : Interval{reference, round(limit + bound)};
  }
  return {round(reference - margin), round(reference + margin)};
}

//===----------------------------------------------------------------------===//
// All results
//===----------------------------------------------------------------------===//

/// Adds how far `moved` is from `reference` to the largest such distances.
static void updateSpread(const Tensor &reference, const Tensor &moved,
                         std::vector<double> &spread) {
  constexpr double unknown = std::numeric_limits<double>::infinity();
  if (reference.getShape() != moved.getShape()) {
    std::fill(spread.begin(), spread.end(), unknown);
    return;
  }
  for (auto [i, distance] : llvm::enumerate(spread)) {
    if (reference.getCode(i) == moved.getCode(i))
      continue;
    double x = getNumber(reference, i), y = getNumber(moved, i);
    if (x == y || (std::isnan(x) && std::isnan(y)))
      continue;
    double difference = std::fabs(x - y);
    distance =
        std::isnan(difference) ? unknown : std::max(distance, difference);
  }
}

static SmallVector<Tensor> getResults(ArrayRef<Expectation> expectations) {
  return llvm::map_to_vector(expectations,
                             [](const Expectation &e) { return e.value; });
}

/// For each result, and each element of it, the largest distance that it moves
/// when the inexact ops do.
static SmallVector<std::vector<double>> getSpreads(Perturbation &perturbation,
                                                   ArrayRef<Tensor> arguments,
                                                   ArrayRef<Tensor> results) {
  SmallVector<std::vector<double>> spreads;
  for (const Tensor &result : results)
    spreads.emplace_back(result.getNumElements(), 0.0);
  for (unsigned run = 0; run < Perturbation::kNumRuns; ++run) {
    FailureOr<SmallVector<Tensor>> moved = perturbation.run(run, arguments);
    for (auto [i, spread] : llvm::enumerate(spreads)) {
      if (failed(moved))
        spread.assign(spread.size(), std::numeric_limits<double>::infinity());
      else
        updateSpread(results[i], (*moved)[i], spread);
    }
  }
  return spreads;
}

static std::string describe(const MatmulBound *matmul, bool hasSpread) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (!matmul && !hasSpread)
    return "exactly";
  os << "within ";
  if (matmul) {
    os << "rule M13's bound (K = " << matmul->k << ", u = 2^"
       << std::ilogb(matmul->unitRoundoff) << ")";
    if (matmul->resultBits < 32)
      os << " and the rounding to " << matmul->resultBits << " bits";
  }
  if (hasSpread)
    os << (matmul ? " and " : "") << llvm::format("%g", kSpreadFactor)
       << " times the spread of the reference when inexact ops move within "
          "their bounds (rule X4, "
       << unsigned(Perturbation::kNumRuns) << " runs)";
  return text;
}

FailureOr<SmallVector<Expectation>>
run::computeExpectations(ModuleOp module, func::FuncOp function,
                         ArrayRef<Tensor> arguments) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (const Tensor &argument : arguments)
    shapes.emplace_back(argument.getShape());
  MatmulBounds bounds(function, shapes);

  Interpreter interpreter(module);
  DenseMap<Operation *, MatmulBound> observed;
  bool isBounded = true;
  interpreter.setMatmulObserver(
      [&](Operation *op, Tensor &result, ArrayRef<double> magnitude) {
        FailureOr<MatmulBound> bound =
            bounds.get(cast<MatmulOp>(op), result, magnitude);
        isBounded &= succeeded(bound);
        if (succeeded(bound) && bounds.isReturned(op))
          observed[op] = std::move(*bound);
      });
  FailureOr<SmallVector<Tensor>> results =
      interpreter.call(function.getSymName(), arguments);
  if (failed(results) || !isBounded)
    return failure();

  SmallVector<Expectation> expectations;
  for (Tensor &result : *results)
    expectations.push_back({std::move(result), {}, {}, {}});
  SmallVector<std::vector<double>> spreads;
  if (Perturbation::isNeeded(module, bounds)) {
    Perturbation perturbation(module, function, shapes);
    spreads = getSpreads(perturbation, arguments, getResults(expectations));
  }

  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [i, expectation] : llvm::enumerate(expectations)) {
    Operation *producer = terminator->getOperand(i).getDefiningOp();
    auto it = observed.find(producer);
    const MatmulBound *matmul = it == observed.end() ? nullptr : &it->second;
    std::vector<double> spread;
    if (!spreads.empty() &&
        llvm::any_of(spreads[i], [](double distance) { return distance > 0; }))
      spread = std::move(spreads[i]);
    expectation.rule = describe(matmul, !spread.empty());
    if (!matmul && spread.empty())
      continue;
    const Tensor &value = expectation.value;
    for (int64_t j = 0, e = value.getNumElements(); j < e; ++j) {
      double number = getNumber(value, j);
      double margin = spread.empty() ? 0.0 : kSpreadFactor * spread[j];
      Interval interval = {number - margin, number + margin};
      if (std::isinf(margin))
        interval = {-margin, margin};
      else if (matmul)
        interval = getMatmulInterval(*getFormat(value.getElementType()), number,
                                     matmul->absolute[j] + margin);
      expectation.low.push_back(interval.low);
      expectation.high.push_back(interval.high);
    }
  }
  return expectations;
}
