//===- QuantizationPatterns.cpp - quantize and dequantize as arithmetic ---===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// lowbit.quantize, lowbit.dequantize, quant.qcast and quant.dcast.
//
//===----------------------------------------------------------------------===//

#include "CodecEmitter.h"
#include "ElementLoops.h"
#include "Patterns.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace lowbit;
using arith::CmpFPredicate;

/// Bits that hold the magnitude of any value of an integer type.
static unsigned getMagnitudeBits(IntegerType type) {
  return type.isUnsigned() ? type.getWidth() : type.getWidth() - 1;
}

//===----------------------------------------------------------------------===//
// lowbit
//===----------------------------------------------------------------------===//

namespace {
struct ExpandQuantize : public OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Type elementType = getElementTypeOrSelf(op.getType());
    if (failed(verifyEncodable(op, *getFormat(elementType), op.getRounding())))
      return failure();
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    SmallVector<Value> inputs = {op.getInput()};
    if (op.getRandom())
      inputs.push_back(op.getRandom());
    SmallVector<Value> scales = {op.getScale()};
    if (op.getZeroPoint())
      scales.push_back(op.getZeroPoint());

    auto body = [&](ImplicitLocOpBuilder &b, ValueRange elements,
                    ValueRange scaleElements) -> Value {
      CodecEmitter emitter(b, b.getF32Type());
      EncodeModes modes{op.getRounding(), op.getOverflow(),
                        op.getRandom() ? elements[1] : Value(),
                        /*keepNaNSign=*/false};
      Value x = emitter.decode(elements[0]);
      Value scale = emitter.decode(scaleElements[0]);
      Value zero = emitter.floatConstant(b.getF32Type(), 0);
      Value quotient = arith::DivFOp::create(b, x, scale);
      Value isZero = arith::CmpFOp::create(b, CmpFPredicate::OEQ, scale, zero);
      Value t = arith::SelectOp::create(b, isZero, zero, quotient);
      if (scaleElements.size() == 1)
        return emitter.encode(t, elementType, modes);

      Value zeroPoint = scaleElements[1];
      if (auto integer = dyn_cast<IntegerType>(zeroPoint.getType())) {
        Format format = *getFormat(elementType);
        auto low = static_cast<int64_t>(format.getLowest());
        auto high = static_cast<int64_t>(format.getLargest());
        return emitter.encodeInteger(t, elementType, low, high, modes,
                                     emitter.extendInteger(zeroPoint, integer),
                                     getMagnitudeBits(integer));
      }
      t = arith::AddFOp::create(b, t, emitter.decode(zeroPoint));
      return emitter.encode(t, elementType, modes);
    };
    rewriter.replaceOp(
        op,
        buildElementLoop(builder, elementType, inputs, scales,
                         op.getScaledValues().front().getBlockSizes(), body));
    return success();
  }
};

struct ExpandDequantize : public OpRewritePattern<DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DequantizeOp op,
                                PatternRewriter &rewriter) const override {
    Type elementType = getElementTypeOrSelf(op.getType());
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    SmallVector<Value> scales = {op.getScale()};
    if (op.getZeroPoint())
      scales.push_back(op.getZeroPoint());

    auto body = [&](ImplicitLocOpBuilder &b, ValueRange elements,
                    ValueRange scaleElements) -> Value {
      Type f32 = b.getF32Type();
      CodecEmitter emitter(b, f32);
      Value value;
      if (scaleElements.size() == 1)
        value = emitter.decode(elements[0]);
      else
        value = emitDifference(b, emitter, elements[0], scaleElements[1]);
      Value scale = emitter.decode(scaleElements[0]);
      value = arith::MulFOp::create(b, value, scale);
      if (elementType.isF32() && op.getOverflow() == Overflow::IEEE)
        return value;
      if (elementType.isF32())
        return emitter.saturate(value);
      return emitter.encode(value, elementType,
                            {op.getRounding(), op.getOverflow(), /*random=*/{},
                             /*keepNaNSign=*/false});
    };
    rewriter.replaceOp(
        op,
        buildElementLoop(builder, elementType, {op.getInput()}, scales,
                         op.getScaledValues().front().getBlockSizes(), body));
    return success();
  }

private:
  /// decode(q) - z; of integers exactly, before the rounding to f32.
  static Value emitDifference(ImplicitLocOpBuilder &b, CodecEmitter &emitter,
                              Value code, Value zeroPoint) {
    auto integer = dyn_cast<IntegerType>(zeroPoint.getType());
    if (!integer)
      return arith::SubFOp::create(b, emitter.decode(code),
                                   emitter.decode(zeroPoint));
    Value lhs = emitter.extendInteger(code, code.getType());
    Value rhs = emitter.extendInteger(zeroPoint, integer);
    if (getMagnitudeBits(integer) > 30) {
      lhs = arith::ExtSIOp::create(b, b.getI64Type(), lhs);
      if (!rhs.getType().isInteger(64))
        rhs = arith::ExtSIOp::create(b, b.getI64Type(), rhs);
    }
    return arith::SIToFPOp::create(b, b.getF32Type(),
                                   arith::SubIOp::create(b, lhs, rhs));
  }
};

//===----------------------------------------------------------------------===//
// quant
//===----------------------------------------------------------------------===//

/// The parameters of a quant type for values shaped like `type`, as operands
/// of buildElementLoop. Scales and zero points are floats of the expressed
/// type's precision (f32, or f64).
struct QuantParameters {
  quant::QuantizedType type;
  Type computeType;
  Value scale, zeroPoint;
  SmallVector<int64_t> block;

  /// Null `type` if the quant type or the container is not one that can be
  /// expanded.
  static QuantParameters get(ImplicitLocOpBuilder &b, Type container,
                             Type quantType) {
    QuantParameters result;
    auto quantized = dyn_cast<quant::QuantizedType>(quantType);
    if (!quantized || !isa<IntegerType>(quantized.getStorageType()) ||
        isa<UnrankedTensorType>(container))
      return result;
    result.computeType = quantized.getExpressedType().isF64()
                             ? Type(b.getF64Type())
                             : b.getF32Type();
    auto tensor = dyn_cast<RankedTensorType>(container);
    if (tensor)
      result.block.assign(tensor.getRank(), 0);
    if (auto uniform = dyn_cast<quant::UniformQuantizedType>(quantized)) {
      result.scale = result.makeScalar(b, uniform.getScale());
      result.zeroPoint = result.makeScalar(b, uniform.getZeroPoint());
    } else if (auto perAxis =
                   dyn_cast<quant::UniformQuantizedPerAxisType>(quantized)) {
      if (!tensor)
        return result;
      SmallVector<int64_t> shape(tensor.getRank(), 1);
      shape[perAxis.getQuantizedDimension()] = perAxis.getScales().size();
      result.block[perAxis.getQuantizedDimension()] = 1;
      SmallVector<double> zeroPoints(perAxis.getZeroPoints());
      result.scale = result.makeTensor(b, shape, perAxis.getScales());
      result.zeroPoint = result.makeTensor(b, shape, zeroPoints);
    } else if (auto sub =
                   dyn_cast<quant::UniformQuantizedSubChannelType>(quantized)) {
      if (!tensor)
        return result;
      for (auto [dim, size] : sub.getBlockSizeInfo())
        result.block[dim] = size;
      // Zero points have the storage type, which is signless.
      auto values = [sub](DenseElementsAttr attr) {
        SmallVector<double> numbers;
        if (isa<FloatType>(attr.getElementType()))
          for (const APFloat &value : attr.getValues<APFloat>())
            numbers.push_back(toDouble(value));
        else
          for (const APInt &value : attr.getValues<APInt>())
            numbers.push_back(value.roundToDouble(/*isSigned=*/sub.isSigned()));
        return numbers;
      };
      ArrayRef<int64_t> shape = sub.getScales().getType().getShape();
      result.scale = result.makeTensor(b, shape, values(sub.getScales()));
      result.zeroPoint =
          result.makeTensor(b, shape, values(sub.getZeroPoints()));
    } else {
      return result;
    }
    result.type = quantized;
    return result;
  }

  /// Storage type with its signedness made explicit.
  IntegerType getStorage() const {
    return IntegerType::get(
        type.getContext(), type.getStorageTypeIntegralWidth(),
        type.isSigned() ? IntegerType::Signed : IntegerType::Unsigned);
  }

  /// The quant type with the storage integers in its place.
  static Type withElement(Type container, Type element) {
    if (auto shaped = dyn_cast<ShapedType>(container))
      return shaped.clone(element);
    return element;
  }

private:
  static double toDouble(APFloat value) {
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return value.convertToDouble();
  }

  Value makeScalar(ImplicitLocOpBuilder &b, double value) const {
    return arith::ConstantOp::create(b, b.getFloatAttr(computeType, value));
  }

  Value makeTensor(ImplicitLocOpBuilder &b, ArrayRef<int64_t> shape,
                   ArrayRef<double> values) const {
    auto type = RankedTensorType::get(shape, computeType);
    SmallVector<Attribute> attributes =
        llvm::map_to_vector(values, [&](double v) -> Attribute {
          return b.getFloatAttr(computeType, v);
        });
    return arith::ConstantOp::create(b,
                                     DenseElementsAttr::get(type, attributes));
  }
};

/// Emits `body` for every element of a tensor, or once for a scalar.
static Value expandQuantCast(ImplicitLocOpBuilder &builder, Value input,
                             Type resultElement,
                             const QuantParameters &parameters,
                             ElementBody body) {
  if (!isa<RankedTensorType>(input.getType()))
    return body(builder, input, {parameters.scale, parameters.zeroPoint});
  return buildElementLoop(builder, resultElement, {input},
                          {parameters.scale, parameters.zeroPoint},
                          parameters.block, body);
}

/// clamp(roundeven(x / s + z)).
struct ExpandQuantizeCast : public OpRewritePattern<quant::QuantizeCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(quant::QuantizeCastOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto parameters = QuantParameters::get(builder, op.getInput().getType(),
                                           getElementTypeOrSelf(op.getType()));
    if (!parameters.type)
      return rewriter.notifyMatchFailure(op, "not integers of known rank");
    Type storage = parameters.type.getStorageType();
    Value codes = expandQuantCast(
        builder, op.getInput(), storage, parameters,
        [&](ImplicitLocOpBuilder &b, ValueRange elements, ValueRange scales) {
          CodecEmitter emitter(b, parameters.computeType);
          Value x = emitter.decode(elements[0], parameters.computeType.isF64());
          Value t = arith::DivFOp::create(b, x, scales[0]);
          t = arith::AddFOp::create(b, t, scales[1]);
          return emitter.encodeInteger(
              t, storage, parameters.type.getStorageTypeMin(),
              parameters.type.getStorageTypeMax(), EncodeModes());
        });
    rewriter.replaceOpWithNewOp<quant::StorageCastOp>(op, op.getType(), codes);
    return success();
  }
};

/// (q - z) * s.
struct ExpandDequantizeCast : public OpRewritePattern<quant::DequantizeCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(quant::DequantizeCastOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Type inputType = op.getInput().getType();
    auto parameters = QuantParameters::get(builder, inputType,
                                           getElementTypeOrSelf(inputType));
    if (!parameters.type)
      return rewriter.notifyMatchFailure(op, "not integers of known rank");
    Type elementType = getElementTypeOrSelf(op.getType());
    Value codes = quant::StorageCastOp::create(
        builder,
        QuantParameters::withElement(inputType,
                                     parameters.type.getStorageType()),
        op.getInput());
    Value result = expandQuantCast(
        builder, codes, elementType, parameters,
        [&](ImplicitLocOpBuilder &b, ValueRange elements,
            ValueRange scales) -> Value {
          CodecEmitter emitter(b, parameters.computeType);
          Type computeType = parameters.computeType;
          // Storage is signless; its sign is the quant type's.
          Value code =
              emitter.extendSignless(elements[0], parameters.type.isSigned());
          Value value = arith::SIToFPOp::create(b, computeType, code);
          value = arith::SubFOp::create(b, value, scales[1]);
          value = arith::MulFOp::create(b, value, scales[0]);
          if (elementType == computeType)
            return value;
          return emitter.encode(value, elementType,
                                {Rounding::NearestEven, Overflow::IEEE,
                                 /*random=*/{}, /*keepNaNSign=*/false});
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};
} // namespace

void lowbit::populateExpandQuantizationPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandQuantize, ExpandDequantize, ExpandQuantizeCast,
               ExpandDequantizeCast>(patterns.getContext());
}
