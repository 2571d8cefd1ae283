//===- LowbitFolds.cpp - Folders: the reference semantics --------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowbitEvaluate.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

/// Largest M * N * K of a matmul that is folded in place.
static constexpr int64_t kMaxFoldedProducts = 1 << 16;

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

namespace {
/// The constants of a scaled value, kept alive for a `Scaling`.
struct ConstantScaling {
  std::optional<CodeTensor> scale, zeroPoint;
  Scaling scaling;

  /// False if the value has a scale or zero point that is not constant.
  bool match(const ScaledValue &value) {
    scaling.block = value.getBlockSizes();
    if (value.scale) {
      scale = getConstantCodes(value.scale);
      if (!scale)
        return false;
      scaling.scale = &*scale;
    }
    if (value.zeroPoint) {
      zeroPoint = getConstantZeroPoint(value.zeroPoint);
      if (!zeroPoint)
        return false;
      scaling.zeroPoint = &*zeroPoint;
    }
    return true;
  }
};
} // namespace

/// The random words of an op: empty without the operand, nullopt if it is not
/// constant.
static std::optional<SmallVector<uint32_t>> getConstantRandom(Value random) {
  SmallVector<uint32_t> words;
  if (!random)
    return words;
  Attribute attr;
  if (!matchPattern(random, m_Constant(&attr)))
    return std::nullopt;
  std::optional<SmallVector<uint64_t>> bits = getConstantBits(attr);
  if (!bits)
    return std::nullopt;
  words.assign(bits->begin(), bits->end());
  return words;
}

std::optional<CodeTensor> lowbit::evaluate(QuantizeOp op) {
  std::optional<CodeTensor> input = getConstantCodes(op.getInput());
  std::optional<SmallVector<uint32_t>> random =
      getConstantRandom(op.getRandom());
  ConstantScaling scaling;
  if (!input || !random || !scaling.match(op.getScaledValues().front()))
    return std::nullopt;
  return quantizeTensor(*input, *getElementFormat(op.getType()),
                        scaling.scaling, op.getRounding(), op.getOverflow(),
                        *random);
}

std::optional<CodeTensor> lowbit::evaluate(DequantizeOp op) {
  std::optional<CodeTensor> input = getConstantCodes(op.getInput());
  ConstantScaling scaling;
  if (!input || !scaling.match(op.getScaledValues().front()))
    return std::nullopt;
  return dequantizeTensor(*input, *getElementFormat(op.getType()),
                          scaling.scaling, op.getRounding(), op.getOverflow());
}

std::optional<ChosenScales> lowbit::evaluate(ChooseScaleOp op) {
  std::optional<CodeTensor> input = getConstantCodes(op.getInput());
  auto scaleType = cast<RankedTensorType>(op.getScale().getType());
  // An empty input may have any number of (empty) blocks.
  if (!input || !scaleType.hasStaticShape() ||
      !hasAtMostElements(scaleType.getShape(), kMaxFoldedElements))
    return std::nullopt;
  ScaledValue scaled{op.getInput(), op.getScale(), {}, op.getBlockAttr()};
  std::optional<Format> zeroPoint;
  if (op.getZeroPoint()) {
    auto type = dyn_cast<IntegerType>(
        getElementTypeOrSelf(op.getZeroPoint().getType()));
    zeroPoint = type ? getIntegerFormat(type)
                     : *getElementFormat(op.getZeroPoint().getType());
  }
  return chooseScales(*input, *getFormat(op.getElementType()),
                      *getElementFormat(op.getScale().getType()),
                      op.getMethod(), scaled.getBlockSizes(), zeroPoint);
}

std::optional<CodeTensor> lowbit::evaluate(ConvertOp op) {
  std::optional<CodeTensor> input = getConstantCodes(op.getInput());
  std::optional<SmallVector<uint32_t>> random =
      getConstantRandom(op.getRandom());
  if (!input || !random)
    return std::nullopt;
  return convertTensor(*input, *getElementFormat(op.getType()),
                       op.getRounding(), op.getOverflow(), *random);
}

std::optional<CodeTensor> lowbit::evaluate(MatmulOp op) {
  RankedTensorType resultType = op.getResult().getType();
  RankedTensorType aType = op.getA().getType();
  if (!resultType.hasStaticShape() || !aType.hasStaticShape() ||
      !hasAtMostElements(resultType.getShape(), kMaxFoldedElements) ||
      aType.getShape().back() >
          kMaxFoldedProducts /
              std::max<int64_t>(resultType.getNumElements(), 1))
    return std::nullopt;
  std::optional<CodeTensor> a = getConstantCodes(op.getA());
  std::optional<CodeTensor> b = getConstantCodes(op.getB());
  SmallVector<ScaledValue> values = op.getScaledValues();
  ConstantScaling aScaling, bScaling;
  if (!a || !b || !aScaling.match(values[0]) || !bScaling.match(values[1]))
    return std::nullopt;
  SmallVector<float> bias;
  if (op.getBias()) {
    std::optional<CodeTensor> codes = getConstantCodes(op.getBias());
    if (!codes)
      return std::nullopt;
    for (int64_t i = 0, e = codes->getNumElements(); i < e; ++i)
      bias.push_back(static_cast<float>(codes->getValue(i)));
  }
  return matmulTensor({&*a, aScaling.scaling}, {&*b, bScaling.scaling}, bias,
                      op.getTransposeB(), *getElementFormat(op.getType()),
                      op.getAcc().isInteger());
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

/// The attribute of an evaluated result; null if there is no value or no
/// constant has its type.
static OpFoldResult getFolded(Type type,
                              const std::optional<CodeTensor> &value) {
  if (!value || !isConstantType(type))
    return {};
  return getConstantAttr(type, value->codes);
}

OpFoldResult QuantizeOp::fold(FoldAdaptor) {
  return getFolded(getType(), evaluate(*this));
}

OpFoldResult DequantizeOp::fold(FoldAdaptor) {
  return getFolded(getType(), evaluate(*this));
}

LogicalResult ChooseScaleOp::fold(FoldAdaptor,
                                  SmallVectorImpl<OpFoldResult> &results) {
  std::optional<ChosenScales> chosen = evaluate(*this);
  if (!chosen)
    return failure();
  if (chosen->unrepresentable) {
    emitOpError("C9: a block of the constant input holds a NaN or an infinity, "
                "and the scale type ")
        << getElementTypeOrSelf(getScale().getType()) << " has no NaN";
    return failure();
  }
  if (!isConstantType(getScale().getType()) ||
      (getZeroPoint() && !isConstantType(getZeroPoint().getType())))
    return failure();
  results.push_back(getConstantAttr(getScale().getType(), chosen->scale.codes));
  if (getZeroPoint())
    results.push_back(
        getConstantAttr(getZeroPoint().getType(), chosen->zeroPoint->codes));
  return success();
}

OpFoldResult ConvertOp::fold(FoldAdaptor adaptor) {
  // A splat stays one value, however large its tensor.
  auto splat = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput());
  if (splat && !getRandom() && isConstantType(getType())) {
    Format from = *getElementFormat(getInput().getType());
    Format to = *getElementFormat(getType());
    Attribute element = splat.getSplatValue<Attribute>();
    if (std::optional<SmallVector<uint64_t>> bits = getConstantBits(element)) {
      CodeTensor one(from, {}, {bits->front()});
      CodeTensor result = convertTensor(one, to, getRounding(), getOverflow());
      return DenseElementsAttr::get(
          cast<ShapedType>(getType()),
          Attribute(
              getConstantAttr(getElementTypeOrSelf(getType()), result.codes)));
    }
  }
  // Where every code provably returns to itself the op does nothing.
  if (getInput().getType() == getType()) {
    Format format = *getElementFormat(getType());
    if (!getRandom() && preservesCodes(format, getOverflow()))
      return getInput();
  }
  return getFolded(getType(), evaluate(*this));
}

OpFoldResult BitcastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto producer = getInput().getDefiningOp<BitcastOp>();
  if (producer && producer.getInput().getType() == getType())
    return producer.getInput();
  Attribute attr;
  if (!isConstantType(getType()) ||
      !matchPattern(getInput(), m_Constant(&attr)))
    return {};
  if (std::optional<SmallVector<uint64_t>> bits = getConstantBits(attr))
    return getConstantAttr(getType(), *bits);
  return {};
}

OpFoldResult MatmulOp::fold(FoldAdaptor) {
  return getFolded(getType(), evaluate(*this));
}
