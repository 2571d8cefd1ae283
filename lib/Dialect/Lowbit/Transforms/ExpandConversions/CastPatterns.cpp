//===- CastPatterns.cpp - Element casts as arithmetic ---------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// lowbit.convert, and upstream's casts of small floats in the reading of
// docs/Formats.md: arith.truncf is a convert with overflow = ieee, and the
// scaling casts multiply and divide by the very value of their scale.
//
//===----------------------------------------------------------------------===//

#include "CodecEmitter.h"
#include "ElementLoops.h"
#include "Patterns.h"

#include "lowbit/Numerics/Codec.h"

#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;

/// Emits `body` in place on scalars and vectors, in a loop on tensors. The
/// body's values have the type of its first operand.
static Value expandElementwise(PatternRewriter &rewriter, Location loc,
                               Type resultElement, ArrayRef<Value> inputs,
                               ElementBody body) {
  ImplicitLocOpBuilder builder(loc, rewriter);
  if (!isa<RankedTensorType>(inputs.front().getType()))
    return body(builder, inputs, {});
  return buildElementLoop(builder, resultElement, inputs, /*scales=*/{},
                          /*block=*/{}, body);
}

/// Whether every finite number of `from`, of at most 8 bits, is one of `to`.
static bool isExactIn(const Format &from, const Format &to) {
  if (from.getBits() > 8)
    return false;
  for (uint64_t code = 0; code < from.getNumCodes(); ++code) {
    double value = decode(from, code);
    if (std::isfinite(value) && decode(to, encode(to, value)) != value)
      return false;
  }
  return true;
}

/// The code in `to` of the number that `input`, of a number format, is.
static Value emitConvert(ImplicitLocOpBuilder &b, Value input, Type to,
                         const EncodeModes &modes) {
  CodecEmitter emitter(b, input.getType());
  Type from = getElementTypeOrSelf(input.getType());
  std::optional<Format> format = getFormat(from);
  // Decoding gives a canonical NaN, and saturates as f32 and bf16 do. What is
  // left is at most to cut off zeros.
  bool saturates = modes.overflow == Overflow::Saturate;
  bool isCut = (isLowBitType(from) || isa<IntegerType>(from)) && to.isBF16() &&
               isExactIn(*format, *getFormat(to));
  Value value = emitter.decode(input, /*wide=*/to.isF64(),
                               saturates && (to.isF32() || isCut));
  if (isCut)
    return emitter.cutToBF16(value);
  if (isLowBitType(from) &&
      (to.isF32() || (to.isF64() && !(saturates && format->hasInf()))))
    return value;
  if ((to.isF32() || to.isF64()) && isa<IntegerType>(from))
    return value;
  return emitter.encode(value, to, modes);
}

/// A float type of less than 16 bits, the casts of which upstream leaves or
/// gets wrong.
static bool isSmallFloat(Type type) {
  auto floatType = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  return floatType && floatType.getWidth() < 16;
}

/// The rounding that an upstream cast asks for; nullopt if lowbit has none
/// such.
static std::optional<Rounding>
getRounding(std::optional<arith::RoundingMode> mode) {
  switch (mode.value_or(arith::RoundingMode::to_nearest_even)) {
  case arith::RoundingMode::to_nearest_even:
    return Rounding::NearestEven;
  case arith::RoundingMode::toward_zero:
    return Rounding::TowardZero;
  default:
    return std::nullopt;
  }
}

namespace {
struct ExpandConvert : public OpRewritePattern<ConvertOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvertOp op,
                                PatternRewriter &rewriter) const override {
    Type to = getElementTypeOrSelf(op.getType());
    if (failed(verifyEncodable(op, *getFormat(to), op.getRounding())))
      return failure();
    SmallVector<Value> inputs = {op.getInput()};
    if (op.getRandom())
      inputs.push_back(op.getRandom());
    rewriter.replaceOp(
        op, expandElementwise(
                rewriter, op.getLoc(), to, inputs,
                [&](ImplicitLocOpBuilder &b, ValueRange elements, ValueRange) {
                  return emitConvert(b, elements[0], to,
                                     {op.getRounding(), op.getOverflow(),
                                      op.getRandom() ? elements[1] : Value()});
                }));
    return success();
  }
};

/// arith.extf and arith.truncf.
template <typename CastOp>
struct ExpandFloatCast : public OpRewritePattern<CastOp> {
  using OpRewritePattern<CastOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    if (!isSmallFloat(op.getIn().getType()) && !isSmallFloat(op.getType()))
      return rewriter.notifyMatchFailure(op, "no float of less than 16 bits");
    Rounding rounding = Rounding::NearestEven;
    if constexpr (std::is_same_v<CastOp, arith::TruncFOp>) {
      std::optional<Rounding> asked = getRounding(op.getRoundingmode());
      if (!asked)
        return rewriter.notifyMatchFailure(op, "a rounding mode of its own");
      rounding = *asked;
    }
    Type to = getElementTypeOrSelf(op.getType());
    if (!getElementFormat(op.getIn().getType()) || !getFormat(to))
      return rewriter.notifyMatchFailure(op, "a float of more than 64 bits");
    rewriter.replaceOp(
        op, expandElementwise(
                rewriter, op.getLoc(), to, {op.getIn()},
                [&](ImplicitLocOpBuilder &b, ValueRange elements, ValueRange) {
                  return emitConvert(b, elements[0], to,
                                     {rounding, Overflow::IEEE});
                }));
    return success();
  }
};

/// arith.scaling_extf: in * scale; arith.scaling_truncf: in / scale.
template <typename CastOp>
struct ExpandScalingCast : public OpRewritePattern<CastOp> {
  using OpRewritePattern<CastOp>::OpRewritePattern;
  static constexpr bool kExtends = std::is_same_v<CastOp, arith::ScalingExtFOp>;

  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    Rounding rounding = Rounding::NearestEven;
    if constexpr (!kExtends) {
      std::optional<Rounding> asked = getRounding(op.getRoundingmode());
      if (!asked)
        return rewriter.notifyMatchFailure(op, "a rounding mode of its own");
      rounding = *asked;
    }
    Type to = getElementTypeOrSelf(op.getType());
    for (Type type : {op.getIn().getType(), op.getScale().getType()})
      if (!getElementFormat(type))
        return rewriter.notifyMatchFailure(op, "a float of more than 64 bits");
    if (!getFormat(to))
      return rewriter.notifyMatchFailure(op, "a float of more than 64 bits");
    bool wide = to.isF64() ||
                getElementTypeOrSelf(op.getIn().getType()).isF64() ||
                getElementTypeOrSelf(op.getScale().getType()).isF64();
    rewriter.replaceOp(
        op,
        expandElementwise(
            rewriter, op.getLoc(), to, {op.getIn(), op.getScale()},
            [&](ImplicitLocOpBuilder &b, ValueRange elements,
                ValueRange) -> Value {
              CodecEmitter emitter(b, elements[0].getType());
              Value in = emitter.decode(elements[0], wide);
              Value scale = emitter.decode(elements[1], wide);
              Value value = kExtends
                                ? Value(arith::MulFOp::create(b, in, scale))
                                : Value(arith::DivFOp::create(b, in, scale));
              if (getElementTypeOrSelf(value.getType()) == to)
                return value;
              return emitter.encode(value, to,
                                    {rounding, Overflow::IEEE, /*random=*/{},
                                     /*keepNaNSign=*/false});
            }));
    return success();
  }
};
} // namespace

void lowbit::populateExpandCastPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandConvert, ExpandFloatCast<arith::ExtFOp>,
               ExpandFloatCast<arith::TruncFOp>,
               ExpandScalingCast<arith::ScalingExtFOp>,
               ExpandScalingCast<arith::ScalingTruncFOp>>(
      patterns.getContext());
}
