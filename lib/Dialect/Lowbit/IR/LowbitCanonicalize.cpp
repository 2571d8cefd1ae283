//===- LowbitCanonicalize.cpp - Canonicalization patterns --------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Everything here keeps the exact meaning of the ops. What is not exact, such
// as f32 -> f16 -> f8 (two roundings), stays as it is written.
//
//===----------------------------------------------------------------------===//

#include "LowbitEvaluate.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace lowbit;

namespace {

/// An op on constants whose result has a type that arith.constant has not
/// (`!lowbit` types, scalar uiN) becomes an integer constant and a bitcast. No
/// folder can do that.
template <typename OpTy>
struct EvaluateToBitcast : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (isConstantType(type))
      return rewriter.notifyMatchFailure(op, "the folder handles this type");
    std::optional<CodeTensor> value = evaluate(op);
    if (!value)
      return rewriter.notifyMatchFailure(op,
                                         "operands are not small constants");
    rewriter.replaceOp(
        op, createConstant(rewriter, op.getLoc(), type, value->codes));
    return success();
  }
};

/// choose_scale with a scale or a zero point of such a type, likewise.
struct EvaluateChooseScale : public OpRewritePattern<ChooseScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ChooseScaleOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getScale().getType();
    if (isConstantType(type) &&
        (!op.getZeroPoint() || isConstantType(op.getZeroPoint().getType())))
      return rewriter.notifyMatchFailure(op, "the folder handles these types");
    std::optional<ChosenScales> chosen = evaluate(op);
    if (!chosen || chosen->unrepresentable)
      return rewriter.notifyMatchFailure(op, "the input is no finite constant");
    SmallVector<Value> results = {
        createConstant(rewriter, op.getLoc(), type, chosen->scale.codes)};
    if (op.getZeroPoint())
      results.push_back(createConstant(rewriter, op.getLoc(),
                                       op.getZeroPoint().getType(),
                                       chosen->zeroPoint->codes));
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// convert(convert(x : A to B) : B to C) -> convert(x : A to C) where B holds
/// every value of A, so that the first conversion rounds nothing.
struct ComposeConversions : public OpRewritePattern<ConvertOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvertOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ConvertOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "no conversion before it");
    Format from = *getElementFormat(producer.getInput().getType());
    Format via = *getElementFormat(op.getInput().getType());
    if (!isLossless(from, via, producer.getOverflow()))
      return rewriter.notifyMatchFailure(op, "the first conversion may round");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// bitcast(bitcast(x)) -> bitcast(x).
struct ComposeBitcasts : public OpRewritePattern<BitcastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BitcastOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<BitcastOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "no bitcast before it");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// quantize(dequantize(q, s, z), s, z) -> q where the parameters are constant
/// and every code provably returns to itself under every one of them.
struct RemoveRequantization : public OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Bounds the proof: distinct parameters times codes.
  static constexpr int64_t kMaxTrials = 1 << 16;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<DequantizeOp>();
    if (!producer || producer.getInput().getType() != op.getType())
      return rewriter.notifyMatchFailure(op,
                                         "no dequantize of its type before");
    if (op.getRandom())
      return rewriter.notifyMatchFailure(op, "rounding is stochastic");
    ScaledValue to = op.getScaledValues().front();
    ScaledValue from = producer.getScaledValues().front();
    if (to.scale != from.scale || to.zeroPoint != from.zeroPoint ||
        to.getBlockSizes() != from.getBlockSizes())
      return rewriter.notifyMatchFailure(op, "parameters differ");
    if (!everyCodeReturns(op, producer))
      return rewriter.notifyMatchFailure(
          op, "not proven that every code returns to itself");
    rewriter.replaceOp(op, producer.getInput());
    return success();
  }

private:
  static bool everyCodeReturns(QuantizeOp op, DequantizeOp producer) {
    std::optional<CodeTensor> scale = getConstantCodes(op.getScale());
    std::optional<CodeTensor> zeroPoint;
    if (op.getZeroPoint())
      zeroPoint = getConstantZeroPoint(op.getZeroPoint());
    if (!scale || (op.getZeroPoint() && !zeroPoint))
      return false;
    Format format = *getElementFormat(op.getType());
    Format via = *getElementFormat(op.getInput().getType());

    llvm::SmallSet<std::pair<uint64_t, uint64_t>, 16> parameters;
    for (int64_t i = 0, e = scale->getNumElements(); i < e; ++i)
      parameters.insert({scale->codes[i], zeroPoint ? zeroPoint->codes[i] : 0});
    int64_t numCodes = format.getNumCodes();
    if (static_cast<int64_t>(parameters.size()) * numCodes > kMaxTrials)
      return false;

    CodeTensor all(format, {numCodes});
    for (int64_t code = 0; code < numCodes; ++code)
      all.codes[code] = code;
    for (auto [scaleCode, zeroPointCode] : parameters) {
      CodeTensor oneScale(scale->format, {}, {scaleCode});
      std::optional<CodeTensor> oneZeroPoint;
      if (zeroPoint)
        oneZeroPoint = CodeTensor(zeroPoint->format, {}, {zeroPointCode});
      Scaling scaling{&oneScale, oneZeroPoint ? &*oneZeroPoint : nullptr, {0}};
      CodeTensor numbers = dequantizeTensor(
          all, via, scaling, producer.getRounding(), producer.getOverflow());
      CodeTensor back = quantizeTensor(numbers, format, scaling,
                                       op.getRounding(), op.getOverflow());
      if (back.codes != all.codes)
        return false;
    }
    return true;
  }
};
} // namespace

void QuantizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<EvaluateToBitcast<QuantizeOp>, RemoveRequantization>(context);
}

void DequantizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<EvaluateToBitcast<DequantizeOp>>(context);
}

void ChooseScaleOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<EvaluateChooseScale>(context);
}

void ConvertOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<EvaluateToBitcast<ConvertOp>, ComposeConversions>(context);
}

void BitcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<ComposeBitcasts>(context);
}
