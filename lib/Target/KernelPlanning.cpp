//===- KernelPlanning.cpp - What the plans of kernels share ---------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelPlanning.h"

#include "lowbit/Numerics/Codec.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/IR/BuiltinTypes.h"

#include <numeric>

using namespace mlir;
using namespace lowbit;

/// Groups up to this are padded to: a longer one would waste work on a short K.
static constexpr int64_t kMaxPaddedGroup = 256;

llvm::Expected<Grouping> lowbit::getGrouping(const MatmulProblem &problem,
                                             int64_t step, bool scaleA,
                                             int64_t limit) {
  int64_t blockA = scaleA ? problem.a.blockK : 0;
  int64_t blockB = problem.b.blockK;
  // Both scales are constant over a common divisor; 0 is all of K.
  int64_t group = std::gcd(blockA, blockB);
  if (group % step != 0)
    return llvm::createStringError(
        llvm::Twine("the scale block ") + llvm::Twine(group) +
        " along K is not a multiple of " + llvm::Twine(step));
  bool mayOverflow =
      limit != 0 && (ShapedType::isDynamic(problem.k) || problem.k > limit);
  if (mayOverflow && group > limit)
    return llvm::createStringError(llvm::Twine("sums over ") +
                                   llvm::Twine(group) +
                                   " of K may overflow 32 bits");
  if (mayOverflow && group == 0)
    group = limit / step * step;
  return Grouping{group, group != 0 && group <= kMaxPaddedGroup ? group : step};
}

Type lowbit::getStoredScaleType(Type type) {
  std::optional<Format> format = getFormat(type);
  if (!format)
    return {};
  MLIRContext *context = type.getContext();
  for (Type stored :
       {Type(BFloat16Type::get(context)), Type(Float16Type::get(context)),
        Type(Float32Type::get(context))})
    if (type == stored ||
        (format->getBits() <= 16 &&
         isLossless(*format, *getFormat(stored), Overflow::IEEE)))
      return stored;
  return {};
}

LayoutAttr lowbit::getPanelLayout(Type element, int64_t columns) {
  LayoutDigit digits[] = {{0, columns, 0}, {1, 1, 0}, {0, 1, columns}};
  return LayoutAttr::get(element, llvm::cantFail(PackedLayout::get(2, digits)));
}

std::optional<StoredZeroPoint> lowbit::getStoredZeroPoint(Type type,
                                                          int64_t offset) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  MLIRContext *context = type.getContext();
  if (integer.getWidth() > 8) {
    if (offset != 0)
      return std::nullopt;
    return StoredZeroPoint{IntegerType::get(context, 32), {}};
  }
  Format format = getIntegerFormat(integer);
  StoredZeroPoint stored;
  unsigned width = 8;
  for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
    stored.table.push_back(static_cast<int32_t>(decode(format, code)) + offset);
    if (stored.table.back() < -128 || stored.table.back() > 127)
      width = 16;
  }
  stored.type = IntegerType::get(context, width);
  return stored;
}

/// The plan for `tiles` with B's scales and zero points packed per group, the
/// latter as `zeroPoint` says (given exactly where B has one).
static llvm::Expected<KernelPlan>
planScales(StringRef name, const MatmulProblem &problem,
           const ColumnTiles &tiles, Type aElement, const Grouping &grouping,
           bool scaleA, int64_t shift,
           const std::optional<StoredZeroPoint> &zeroPoint) {
  KernelPlan plan;
  plan.aElement = aElement;
  plan.groupedScaleA = scaleA && problem.a.scale && problem.a.blockK != 0;
  plan.layoutB = tiles.layout;
  plan.tableB = tiles.table;
  Type scaleType, zeroType;
  if (problem.b.scale) {
    scaleType = getStoredScaleType(problem.b.getScaleType());
    if (!scaleType)
      return llvm::createStringError("the scale's type is not a float");
    plan.layoutScale = getPanelLayout(scaleType, tiles.columns);
  }
  if (zeroPoint) {
    zeroType = zeroPoint->type;
    plan.tableZeroPoint = zeroPoint->table;
    plan.layoutZeroPoint = getPanelLayout(zeroType, tiles.columns);
  }
  plan.kernel =
      KernelAttr::get(aElement.getContext(), name, problem.b.elementType,
                      tiles.rows, tiles.columns, tiles.rowBlock, grouping.unit,
                      grouping.group, shift, scaleType, zeroType);
  return plan;
}

llvm::Expected<KernelPlan> lowbit::planColumns(StringRef name,
                                               const MatmulProblem &problem,
                                               const ColumnTiles &tiles,
                                               Type aElement, bool scaleA) {
  llvm::Expected<Grouping> grouping = getGrouping(problem, tiles.step, scaleA);
  if (!grouping)
    return grouping.takeError();
  std::optional<StoredZeroPoint> zeroPoint;
  if (problem.b.zeroPoint) {
    Type type = problem.b.getZeroPointType();
    if (problem.b.hasIntegerZeroPoint())
      zeroPoint = getStoredZeroPoint(type, /*offset=*/0);
    else if (!aElement.isF32() || tiles.shift != 0)
      return llvm::createStringError("the zero point is not an integer");
    else if (Type stored = getStoredScaleType(type))
      zeroPoint = StoredZeroPoint{stored, {}};
    // Not every integer of 32 bits is an f32.
    if (!zeroPoint || (aElement.isF32() && zeroPoint->type.isInteger(32)))
      return llvm::createStringError("the zero point has more than 8 bits");
  }
  return planScales(name, problem, tiles, aElement, *grouping, scaleA,
                    tiles.shift, zeroPoint);
}

/// The largest magnitude, at least 1, of an integer of `form` less its zero
/// point; failure if that has more than 8 bits or is no integer.
static FailureOr<int64_t> getMagnitude(const MatmulOperandInfo &info,
                                       const IntegerForm &form) {
  int64_t lowest = form.lowest, largest = form.largest;
  if (info.zeroPoint) {
    auto type = dyn_cast<IntegerType>(info.getZeroPointType());
    if (!type || type.getWidth() > 8)
      return failure();
    IntegerForm zeroPoint = *getIntegerForm(getIntegerFormat(type));
    lowest -= zeroPoint.largest;
    largest -= zeroPoint.lowest;
  }
  return std::max({-lowest, largest, int64_t(1)});
}

llvm::Expected<KernelPlan> lowbit::planIntegers(
    StringRef name, const MatmulProblem &problem, const ColumnTiles &tiles,
    Type aElement, const IntegerForm &a, const IntegerForm &b, int32_t offset) {
  const MatmulOperandInfo &info = problem.b;
  FailureOr<int64_t> largestA = getMagnitude(problem.a, a);
  if (failed(largestA))
    return llvm::createStringError(
        "the zero point of A is not an integer of up to 8 bits");
  // A float zero point is applied to sums that are exact in f32.
  bool floatZeroPoint = info.zeroPoint && !info.hasIntegerZeroPoint();
  if (floatZeroPoint && (offset != 0 || b.shift != 0))
    return llvm::createStringError(
        "a float zero point needs unsigned integer weights");
  FailureOr<int64_t> largestB = floatZeroPoint
                                    ? FailureOr<int64_t>(std::max(b.largest, 1))
                                    : getMagnitude(info, b);
  if (failed(largestB))
    return llvm::createStringError(
        "the zero point is not an integer of up to 8 bits");
  // The verifier knows that the sums of acc = i32 fit. Whatever wraps on the
  // way to a sum that fits does no harm.
  int64_t bits = floatZeroPoint ? 24 : 31;
  int64_t limit = ((int64_t(1) << bits) - 1) / (*largestA * *largestB);
  llvm::Expected<Grouping> grouping =
      getGrouping(problem, tiles.step, /*scaleA=*/true,
                  problem.exactIntegers && !floatZeroPoint ? 0 : limit);
  if (!grouping)
    return grouping.takeError();

  std::optional<StoredZeroPoint> zeroPoint;
  if (floatZeroPoint) {
    zeroPoint =
        StoredZeroPoint{getStoredScaleType(info.getZeroPointType()), {}};
    if (!zeroPoint->type)
      return llvm::createStringError("f32 does not hold the zero point's type");
  } else if (info.zeroPoint) {
    zeroPoint = getStoredZeroPoint(info.getZeroPointType(), offset);
  }
  llvm::Expected<KernelPlan> plan =
      planScales(name, problem, tiles, aElement, *grouping, /*scaleA=*/true,
                 a.shift + b.shift, zeroPoint);
  if (plan) {
    plan->aShift = a.shift;
    plan->sumFactor = zeroPoint ? 1 : offset;
  }
  return plan;
}
