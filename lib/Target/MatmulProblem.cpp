//===- MatmulProblem.cpp - What a kernel is asked for ---------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Target/MatmulProblem.h"

#include "lowbit/Numerics/Codec.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;

Type MatmulOperandInfo::getScaleType() const {
  return scale ? getElementTypeOrSelf(scale.getType()) : Type();
}

Type MatmulOperandInfo::getZeroPointType() const {
  return zeroPoint ? getElementTypeOrSelf(zeroPoint.getType()) : Type();
}

bool MatmulOperandInfo::hasIntegerZeroPoint() const {
  return zeroPoint && isa<IntegerType>(getZeroPointType());
}

/// Whether there is one entry for all elements.
static bool isOneEntry(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return !type || llvm::all_of(type.getShape(),
                               [](int64_t extent) { return extent == 1; });
}

/// Splits a two-level scale: a dequantize by one f32 of low-bit block scales
/// is those scales and that f32.
static void splitScale(MatmulOperandInfo &info) {
  if (!info.scale)
    return;
  auto outer = info.scale.getDefiningOp<DequantizeOp>();
  if (!outer || outer.getZeroPoint() ||
      !outer.getType().getElementType().isF32())
    return;
  Type outerType = getElementTypeOrSelf(outer.getScale().getType());
  if (!outerType.isF32() || !isOneEntry(outer.getScale()))
    return;
  info.outerScale = outer.getScale();
  info.scale = outer.getInput();
}

MatmulProblem MatmulProblem::get(MatmulOp op) {
  RankedTensorType aType = op.getA().getType();
  RankedTensorType bType = op.getB().getType();
  int64_t rank = aType.getRank();
  auto getInfo = [](const ScaledValue &value, int64_t dimK, int64_t dimOther) {
    Type element = getElementTypeOrSelf(value.data.getType());
    MatmulOperandInfo info{element, *getFormat(element)};
    info.scale = value.scale;
    info.zeroPoint = value.zeroPoint;
    if (value.scale) {
      SmallVector<int64_t> blocks = value.getBlockSizes();
      info.blockK = blocks[dimK];
      info.blockOther = blocks[dimOther];
    }
    return info;
  };
  SmallVector<ScaledValue> values = op.getScaledValues();
  MatmulProblem problem{
      getInfo(values[0], rank - 1, rank - 2),
      getInfo(values[1], op.getBReductionDim(), op.getBColumnDim()),
      aType.getDimSize(rank - 2),
      bType.getDimSize(op.getBColumnDim()),
      aType.getDimSize(rank - 1),
      /*batchedB=*/bType.getRank() > 2,
      op.getResult().getType().getElementType(),
      op.getAcc().isInteger()};
  // One of the two only: the product of both is a factor of its own, which may
  // overflow where no element does.
  splitScale(problem.b);
  if (!problem.b.outerScale)
    splitScale(problem.a);
  if (ShapedType::isDynamic(problem.k))
    problem.k = bType.getDimSize(op.getBReductionDim());
  if (!problem.batchedB)
    for (int64_t dim = 0; dim < rank - 2; ++dim)
      problem.m = ShapedType::isDynamic(problem.m) || aType.isDynamicDim(dim)
                      ? ShapedType::kDynamic
                      : problem.m * aType.getDimSize(dim);
  // One block over all of K.
  for (MatmulOperandInfo *info : {&problem.a, &problem.b})
    if (!ShapedType::isDynamic(problem.k) && info->blockK >= problem.k)
      info->blockK = 0;
  return problem;
}

std::optional<IntegerForm> lowbit::getIntegerForm(const Format &format) {
  if (format.getBits() > 8)
    return std::nullopt;
  SmallVector<double> values;
  for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
    values.push_back(decode(format, code));
    if (!std::isfinite(values.back()))
      return std::nullopt;
  }
  constexpr unsigned kMaxShift = 8;
  for (unsigned shift = 0; shift <= kMaxShift; ++shift) {
    IntegerForm form{shift, {}, 0, 0};
    for (double value : values) {
      double scaled = std::ldexp(value, shift);
      if (scaled != std::trunc(scaled) || std::abs(scaled) > 255)
        break;
      form.values.push_back(static_cast<int32_t>(scaled));
      form.lowest = std::min(form.lowest, form.values.back());
      form.largest = std::max(form.largest, form.values.back());
    }
    if (form.values.size() == values.size())
      return form;
  }
  return std::nullopt;
}
