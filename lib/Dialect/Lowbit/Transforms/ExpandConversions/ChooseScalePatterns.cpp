//===- ChooseScalePatterns.cpp - choose_scale as arithmetic ---------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scale depends on its block through the largest magnitude, or the largest
// and the lowest value. These are found on the bits of the elements as signed
// integers: with the sign cleared, or of x and -x from 0 up, integers are
// ordered as the numbers are, with infinity and NaN above all numbers. So NaN
// needs no test of its own in the loop, and integer maxima are vectorized
// whatever order they are taken in. `mse` reads the block once more for each
// group of candidates.
//
//===----------------------------------------------------------------------===//

#include "BlockLoops.h"
#include "CodecEmitter.h"
#include "Patterns.h"

#include "lowbit/Numerics/Codec.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace lowbit;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace {
/// The scales that rule C11 allows, as codes and as values (which f32 holds).
struct ScaleRange {
  uint64_t lowestCode, highestCode;
  double lowest, highest;

  /// From the smallest positive scale to the last one whose product with
  /// `largest` f32 holds; the smallest one, if there is no such.
  ScaleRange(const Format &scale, float largest) {
    lowestCode = scale.hasZero() ? 1 : 0;
    highestCode = lowestCode;
    // The codes of positive values ascend; f32 has many.
    uint64_t overflowing = scale.getMaxMagnitudeCode() + 1;
    while (overflowing - highestCode > 1) {
      uint64_t middle = highestCode + (overflowing - highestCode) / 2;
      auto value = static_cast<float>(decode(scale, middle));
      (std::isinf(value * largest) ? overflowing : highestCode) = middle;
    }
    lowest = decode(scale, lowestCode);
    highest = decode(scale, highestCode);
  }
};

/// The multiple of the scale that rule C11 keeps finite.
float getLargestMultiple(const Format &element, ScaleMethod method) {
  if (method == ScaleMethod::MinMax)
    return static_cast<float>(
        std::max(-element.getLowest(), element.getLargest()));
  return static_cast<float>(element.getScaleLargest());
}

/// Expands one op.
class ScaleChooser {
public:
  ScaleChooser(ChooseScaleOp op, ImplicitLocOpBuilder &builder)
      : method(op.getMethod()), elementType(op.getElementType()),
        element(*getFormat(elementType)),
        inputType(op.getInput().getType().getElementType()),
        scaleType(op.getScale().getType()),
        scale(*getFormat(scaleType.getElementType())),
        largest(getLargestMultiple(element, method)), range(scale, largest),
        tensor(builder, op.getInput(),
               ScaledValue{op.getInput(), op.getScale(), {}, op.getBlockAttr()}
                   .getBlockSizes(),
               scaleType) {
    if (op.getZeroPoint())
      zeroPointType = op.getZeroPoint().getType();
    // f16 and bf16 need no widening in the loop.
    bool isHalf = inputType.isF16() || inputType.isBF16();
    bitsFloat = isHalf ? inputType : builder.getF32Type();
    bitsType = builder.getIntegerType(isHalf ? 16 : 32);
  }

  /// The scales, and the zero points if there are any.
  SmallVector<Value> expand(ImplicitLocOpBuilder &builder) {
    SmallVector<RankedTensorType> types = {scaleType};
    if (zeroPointType)
      types.push_back(zeroPointType);
    auto chooseFrom = [&](ImplicitLocOpBuilder &b, ValueRange maxima) {
      return choose(b, maxima);
    };
    // Blocks that take long to read have their scale chosen in the same loop;
    // for short ones a loop of its own vectorizes.
    if (!tensor.hasColumns() && tensor.hasLongRows(longRow))
      return tensor.mapBlocks(builder, {}, types,
                              [&](ImplicitLocOpBuilder &b, ValueRange) {
                                return chooseFrom(b, reduceBlock(b));
                              });
    SmallVector<RankedTensorType> maximaTypes(
        getNumMaxima(), RankedTensorType::get(scaleType.getShape(), bitsType));
    SmallVector<Value> maxima;
    if (tensor.hasColumns())
      maxima = tensor.reduceInOrder(
          builder, maximaTypes,
          [&](ImplicitLocOpBuilder &b, Value x, ValueRange carried) {
            return updateMaxima(b, x, carried);
          });
    else
      maxima = tensor.mapBlocks(
          builder, {}, maximaTypes,
          [&](ImplicitLocOpBuilder &b, ValueRange) { return reduceBlock(b); });
    return tensor.mapBlocks(builder, maxima, types, chooseFrom);
  }

private:
  static constexpr int64_t longRow = 256;
  /// Candidates of `mse` that are tried at once.
  static constexpr int64_t numLanes = 8;

  //===--------------------------------------------------------------------===//
  // Maxima, as bits of `bitsFloat`
  //===--------------------------------------------------------------------===//

  /// One magnitude; or max(0, x) and max(0, -x).
  size_t getNumMaxima() const { return method == ScaleMethod::MinMax ? 2 : 1; }

  uint64_t getSignBit() const {
    return uint64_t(1) << (bitsType.getWidth() - 1);
  }

  /// `x` is an element or a vector of elements.
  SmallVector<Value> updateMaxima(ImplicitLocOpBuilder &b, Value x,
                                  ValueRange maxima) const {
    CodecEmitter emitter(b, x.getType());
    if (inputType != bitsFloat)
      x = emitter.decode(x);
    Value bits = arith::BitcastOp::create(b, emitter.typeOf(bitsType), x);
    auto updated = [&](Value maximum, Value candidates) -> Value {
      if (isa<VectorType>(candidates.getType()))
        return vector::ReductionOp::create(b, vector::CombiningKind::MAXSI,
                                           candidates, maximum);
      return arith::MaxSIOp::create(b, maximum, candidates);
    };
    if (method != ScaleMethod::MinMax)
      return {
          updated(maxima[0],
                  arith::AndIOp::create(
                      b, bits, emitter.constant(bitsType, getSignBit() - 1)))};
    Value negated = arith::XOrIOp::create(
        b, bits, emitter.constant(bitsType, getSignBit()));
    return {updated(maxima[0], bits), updated(maxima[1], negated)};
  }

  SmallVector<Value> reduceBlock(ImplicitLocOpBuilder &b) const {
    ScaleBlock block = tensor.getBlock(b);
    Value zero = CodecEmitter(b, b.getF32Type()).constant(bitsType, 0);
    SmallVector<Value> zeros(getNumMaxima(), zero);
    auto update = [&](ImplicitLocOpBuilder &inner, Value x,
                      ValueRange carried) {
      return updateMaxima(inner, x, carried);
    };
    // Vectors of low-bit elements could not be read from packed bytes.
    return isLowBitType(inputType) ? block.reduce(b, zeros, update)
                                   : block.reduceByRows(b, zeros, update);
  }

  /// The f32 number whose bits a maximum is.
  Value toFloat(ImplicitLocOpBuilder &b, Value bits) const {
    return CodecEmitter(b, b.getF32Type())
        .decode(arith::BitcastOp::create(b, bitsFloat, bits));
  }

  /// Whether a maximum is infinity or NaN.
  Value isNonFinite(ImplicitLocOpBuilder &b, Value bits) const {
    APInt inf = APFloat::getInf(cast<FloatType>(bitsFloat).getFloatSemantics())
                    .bitcastToAPInt();
    return arith::CmpIOp::create(
        b, CmpIPredicate::sge, bits,
        CodecEmitter(b, b.getF32Type()).constant(inf, bitsType));
  }

  //===--------------------------------------------------------------------===//
  // Rule C11
  //===--------------------------------------------------------------------===//

  /// `value` (f32, not negative, not NaN, of the emitter's shape) brought into
  /// the range of scales, before it is rounded: rounding keeps the order.
  Value clampToRange(ImplicitLocOpBuilder &b, CodecEmitter &emitter,
                     Value value) const {
    auto bound = [&](double limit) {
      return emitter.constant(
          b.getI32Type(), llvm::bit_cast<uint32_t>(static_cast<float>(limit)));
    };
    Value bits =
        arith::BitcastOp::create(b, emitter.typeOf(b.getI32Type()), value);
    bits = arith::MaxSIOp::create(b, bits, bound(range.lowest));
    bits = arith::MinSIOp::create(b, bits, bound(range.highest));
    return arith::BitcastOp::create(b, value.getType(), bits);
  }

  Value encodeScale(CodecEmitter &emitter, Value value) const {
    Type type = scaleType.getElementType();
    return type.isF32() ? value : emitter.encode(value, type, EncodeModes());
  }

  /// The scale of `value`, NaN if `nonFinite` and there is one.
  Value roundToScale(ImplicitLocOpBuilder &b, Value value,
                     Value nonFinite) const {
    CodecEmitter emitter(b, b.getF32Type());
    value = clampToRange(b, emitter, value);
    if (scale.hasNaN())
      value = arith::SelectOp::create(
          b, nonFinite,
          emitter.floatConstant(b.getF32Type(),
                                std::numeric_limits<double>::quiet_NaN()),
          value);
    return encodeScale(emitter, value);
  }

  //===--------------------------------------------------------------------===//
  // Methods
  //===--------------------------------------------------------------------===//

  SmallVector<Value> choose(ImplicitLocOpBuilder &b, ValueRange maxima) const {
    switch (method) {
    case ScaleMethod::MinMax:
      return chooseMinMax(b, maxima[0], maxima[1]);
    case ScaleMethod::AbsMax:
    case ScaleMethod::MSE:
      return {chooseAbsMax(b, maxima[0])};
    case ScaleMethod::MXFloor:
    case ScaleMethod::MXCeil:
    case ScaleMethod::MXEven:
    case ScaleMethod::MXRCeil:
      return {chooseMX(b, maxima[0])};
    }
    llvm_unreachable("all methods are handled");
  }

  /// Whether the scale is 1 because there is nothing to scale, or NaN.
  Value isUnscaled(ImplicitLocOpBuilder &b, Value amax, Value nonFinite) const {
    Value zero = CodecEmitter(b, b.getF32Type()).constant(bitsType, 0);
    Value isZero = arith::CmpIOp::create(b, CmpIPredicate::eq, amax, zero);
    return arith::OrIOp::create(b, isZero, nonFinite);
  }

  Value chooseAbsMax(ImplicitLocOpBuilder &b, Value amax) const {
    CodecEmitter emitter(b, b.getF32Type());
    Value nonFinite = isNonFinite(b, amax);
    Value chosen = arith::DivFOp::create(
        b, toFloat(b, amax), emitter.floatConstant(b.getF32Type(), largest));
    if (method == ScaleMethod::MSE)
      chosen = searchLeastError(b, chosen);
    chosen = arith::SelectOp::create(b, isUnscaled(b, amax, nonFinite),
                                     emitter.floatConstant(b.getF32Type(), 1.0),
                                     chosen);
    return roundToScale(b, chosen, nonFinite);
  }

  /// 2^(floor(log2 x) - emax) with x = amax, or a multiple that moves some of
  /// its significands to the next power of two.
  Value chooseMX(ImplicitLocOpBuilder &b, Value amax) const {
    Type f32 = b.getF32Type(), f64 = b.getF64Type(), i64 = b.getI64Type();
    CodecEmitter emitter(b, f32);
    Value x = toFloat(b, amax);
    int exponentOfLargest = std::ilogb(largest);
    // What is added to the fraction (52 bits) so that it carries.
    constexpr uint64_t one = uint64_t(1) << 52;
    uint64_t carry = 0;
    if (method == ScaleMethod::MXRCeil) {
      x = arith::DivFOp::create(b, x, emitter.floatConstant(f32, largest));
      exponentOfLargest = 0;
      carry = one - 1;
    } else if (method == ScaleMethod::MXCeil) {
      carry = one - 1;
    } else if (method == ScaleMethod::MXEven) {
      // Half a unit of the element's mantissa.
      carry = one >> (element.getMantissaBits() + 1);
    }
    // In f64, where every f32 is normal; 0 and infinity give exponents that
    // are clamped.
    Value bits =
        arith::BitcastOp::create(b, i64, arith::ExtFOp::create(b, f64, x));
    bits = arith::AddIOp::create(b, bits, emitter.constant(i64, carry));
    Value code = arith::TruncIOp::create(
        b, b.getI32Type(),
        arith::ShRUIOp::create(b, bits, emitter.constant(i64, 52)));
    auto constant = [&](int64_t value) {
      return emitter.constant(b.getI32Type(), static_cast<uint64_t>(value));
    };
    code = arith::SubIOp::create(
        b, code, constant(1023 - scale.getBias() + exponentOfLargest));
    // The range of codes is that of the exponents, -127 to 127, and C11's.
    auto lowest = static_cast<int64_t>(range.lowestCode);
    auto highest = static_cast<int64_t>(range.highestCode);
    code = arith::MaxSIOp::create(b, code, constant(lowest));
    code = arith::MinSIOp::create(b, code, constant(highest));
    Value nonFinite = isNonFinite(b, amax);
    code = arith::SelectOp::create(
        b, isUnscaled(b, amax, nonFinite),
        constant(std::clamp(scale.getBias(), lowest, highest)), code);
    code = arith::SelectOp::create(b, nonFinite, constant(scale.getNaNCode()),
                                   code);
    return BitcastOp::create(
        b, scaleType.getElementType(),
        arith::TruncIOp::create(b, b.getIntegerType(scale.getBits()), code));
  }

  /// Of `ideal` * k / 64, rounded, the one of least squared error.
  Value searchLeastError(ImplicitLocOpBuilder &b, Value ideal) const {
    Type f32 = b.getF32Type(), f64 = b.getF64Type(), i32 = b.getI32Type();
    auto lanes = VectorType::get({numLanes}, f32);
    CodecEmitter scalar(b, f32);
    // The value of a scale when it is rounded.
    auto round = [&](ImplicitLocOpBuilder &builder, Type like, Value value) {
      CodecEmitter emitter(builder, like);
      return emitter.decode(
          encodeScale(emitter, clampToRange(builder, emitter, value)));
    };
    auto index = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(b, value);
    };
    // k falls from 64 to 32; lanes beyond repeat the last, which changes
    // nothing: of equal errors the first stays.
    constexpr int64_t numCandidates = 33;
    Value inf =
        scalar.floatConstant(f64, std::numeric_limits<double>::infinity());
    ScaleBlock block = tensor.getBlock(b);
    auto search = scf::ForOp::create(
        b, index(0), index(llvm::divideCeil(numCandidates, numLanes)), index(1),
        ValueRange{inf, round(b, f32, ideal)},
        [&](OpBuilder &nested, Location loc, Value turn, ValueRange best) {
          ImplicitLocOpBuilder inner(loc, nested);
          CodecEmitter emitter(inner, lanes);
          SmallVector<int32_t> first(numLanes);
          std::iota(first.rbegin(), first.rend(),
                    static_cast<int32_t>(64 - numLanes + 1));
          auto intLanes = VectorType::get({numLanes}, i32);
          Value k = arith::ConstantOp::create(
              inner, DenseElementsAttr::get(intLanes, ArrayRef(first)));
          Value done = arith::MulIOp::create(
              inner,
              vector::BroadcastOp::create(
                  inner, intLanes,
                  arith::IndexCastOp::create(inner, i32, turn)),
              emitter.constant(i32, numLanes));
          k = arith::SubIOp::create(inner, k, done);
          k = arith::MaxSIOp::create(inner, k, emitter.constant(i32, 32));
          Value candidates = arith::MulFOp::create(
              inner, vector::BroadcastOp::create(inner, lanes, ideal),
              arith::SIToFPOp::create(inner, lanes, k));
          candidates = arith::DivFOp::create(inner, candidates,
                                             emitter.floatConstant(f32, 64));
          Value scales = round(inner, lanes, candidates);
          Value errors = sumSquaredErrors(inner, block, scales);

          SmallVector<Value> leading(best);
          for (int64_t lane = 0; lane < numLanes; ++lane) {
            Value error = vector::ExtractOp::create(inner, errors, lane);
            Value candidate = vector::ExtractOp::create(inner, scales, lane);
            Value isLess = arith::CmpFOp::create(inner, CmpFPredicate::OLT,
                                                 error, leading[0]);
            leading[0] =
                arith::SelectOp::create(inner, isLess, error, leading[0]);
            leading[1] =
                arith::SelectOp::create(inner, isLess, candidate, leading[1]);
          }
          scf::YieldOp::create(inner, leading);
        });
    return search.getResult(1);
  }

  /// Per lane of `scales` the sum of the block's squared errors, in f64 and in
  /// the order of the elements.
  Value sumSquaredErrors(ImplicitLocOpBuilder &b, const ScaleBlock &block,
                         Value scales) const {
    auto lanes = cast<VectorType>(scales.getType());
    auto wide = VectorType::get(lanes.getShape(), b.getF64Type());
    Value zero = CodecEmitter(b, lanes).floatConstant(b.getF64Type(), 0);
    return block.reduce(b, zero,
                        [&](ImplicitLocOpBuilder &inner, Value x,
                            ValueRange carried) -> SmallVector<Value> {
                          CodecEmitter emitter(inner, lanes);
                          x = CodecEmitter(inner, inner.getF32Type()).decode(x);
                          x = vector::BroadcastOp::create(inner, lanes, x);
                          Value quantized = emitter.encode(
                              arith::DivFOp::create(inner, x, scales),
                              elementType, EncodeModes());
                          Value dequantized = arith::MulFOp::create(
                              inner, emitter.decode(quantized), scales);
                          Value error = arith::SubFOp::create(
                              inner, arith::ExtFOp::create(inner, wide, x),
                              arith::ExtFOp::create(inner, wide, dequantized));
                          return {arith::AddFOp::create(
                              inner, carried.front(),
                              arith::MulFOp::create(inner, error, error))};
                        })[0];
  }

  /// From hi = max(0, max x) and -lo = max(0, max -x).
  SmallVector<Value> chooseMinMax(ImplicitLocOpBuilder &b, Value high,
                                  Value negatedLow) const {
    Type f32 = b.getF32Type();
    CodecEmitter emitter(b, f32);
    Value zero = emitter.floatConstant(f32, 0);
    Value nonFinite =
        isNonFinite(b, arith::MaxSIOp::create(b, high, negatedLow));
    auto toFinite = [&](Value bits) -> Value {
      return arith::SelectOp::create(b, nonFinite, zero, toFloat(b, bits));
    };
    high = toFinite(high);
    negatedLow = toFinite(negatedLow);
    Value distance = arith::AddFOp::create(b, high, negatedLow);
    Value steps = emitter.floatConstant(
        f32, static_cast<float>(element.getLargest() - element.getLowest()));
    Value isZero = arith::CmpFOp::create(b, CmpFPredicate::OEQ, distance, zero);
    Value ideal =
        arith::SelectOp::create(b, isZero, emitter.floatConstant(f32, 1.0),
                                arith::DivFOp::create(b, distance, steps));
    Value chosen = roundToScale(b, ideal, nonFinite);

    Value zeroPoint = arith::AddFOp::create(
        b, emitter.floatConstant(f32, element.getLowest()),
        arith::DivFOp::create(b, negatedLow, emitter.decode(chosen)));
    // A NaN rounds to 0, which is the zero point of a scale that is NaN.
    auto low = static_cast<int64_t>(element.getLowest());
    auto highest = static_cast<int64_t>(element.getLargest());
    Type type = zeroPointType.getElementType();
    if (isa<IntegerType>(type))
      return {chosen, emitter.encodeInteger(zeroPoint, type, low, highest,
                                            EncodeModes())};
    Value rounded = emitter.encodeInteger(zeroPoint, b.getI32Type(), low,
                                          highest, EncodeModes());
    rounded = arith::SIToFPOp::create(b, f32, rounded);
    if (!type.isF32())
      rounded = emitter.encode(rounded, type, EncodeModes());
    return {chosen, rounded};
  }

  ScaleMethod method;
  Type elementType;
  Format element;
  Type inputType;
  RankedTensorType scaleType;
  Format scale;
  float largest;
  ScaleRange range;
  BlockedTensor tensor;
  /// Null without zero points.
  RankedTensorType zeroPointType;
  /// The float whose bits the maxima are, and the type of these bits.
  Type bitsFloat;
  IntegerType bitsType;
};

struct ExpandChooseScale : public OpRewritePattern<ChooseScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ChooseScaleOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    ScaleChooser chooser(op, builder);
    rewriter.replaceOp(op, chooser.expand(builder));
    return success();
  }
};
} // namespace

void lowbit::populateExpandChooseScalePatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandChooseScale>(patterns.getContext());
}
