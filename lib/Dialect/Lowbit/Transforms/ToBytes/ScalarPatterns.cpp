//===- ScalarPatterns.cpp - Arithmetic on codes in containers -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integers of 2 to 7 bits are computed with in bytes. The bits above the code
// are unspecified, so an op whose result depends on them clears or
// sign-extends its operands first; sums, products and the like do not.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

namespace {

/// What an op needs its operands to be.
enum class Extension { None, Zero, Sign };

Value extendCode(ImplicitLocOpBuilder &b, Value value, Type logical,
                 Extension extension) {
  Type element = getElementTypeOrSelf(logical);
  if (!isStored(element))
    return value;
  switch (extension) {
  case Extension::None:
    return value;
  case Extension::Zero:
    return zeroExtendCode(b, value, element);
  case Extension::Sign:
    return signExtendCode(b, value, element);
  }
  llvm_unreachable("all extensions are handled");
}

bool isOnTensors(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), llvm::IsaPred<TensorType>) ||
         llvm::any_of(op->getResultTypes(), llvm::IsaPred<TensorType>);
}

/// Binary ops on integers. Flags such as `nsw` speak of the narrow width and
/// are dropped.
template <typename OpTy, Extension kLhs, Extension kRhs = kLhs>
struct ConvertBinary : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (isOnTensors(op))
      return rewriter.notifyMatchFailure(op, "arith on tensors");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value lhs = extendCode(b, adaptor.getLhs(), op.getLhs().getType(), kLhs);
    Value rhs = extendCode(b, adaptor.getRhs(), op.getRhs().getType(), kRhs);
    rewriter.replaceOp(op, OpTy::create(b, lhs, rhs).getResult());
    return success();
  }
};

struct ConvertCompare : public OpConversionPattern<arith::CmpIOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::CmpIOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    using arith::CmpIPredicate;
    if (isOnTensors(op))
      return rewriter.notifyMatchFailure(op, "arith on tensors");
    CmpIPredicate predicate = op.getPredicate();
    bool isSigned =
        predicate == CmpIPredicate::slt || predicate == CmpIPredicate::sle ||
        predicate == CmpIPredicate::sgt || predicate == CmpIPredicate::sge;
    Extension extension = isSigned ? Extension::Sign : Extension::Zero;
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type type = op.getLhs().getType();
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(
        op, predicate, extendCode(b, adaptor.getLhs(), type, extension),
        extendCode(b, adaptor.getRhs(), type, extension));
    return success();
  }
};

/// Casts: the operand is extended as the op reads it, and the op is made anew
/// between containers unless these are the same.
template <typename OpTy, Extension kExtension>
struct ConvertCast : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (isOnTensors(op))
      return rewriter.notifyMatchFailure(op, "arith on tensors");
    Type to = this->getTypeConverter()->convertType(op.getType());
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value value =
        extendCode(b, adaptor.getIn(), op.getIn().getType(), kExtension);
    if (value.getType() == to)
      rewriter.replaceOp(op, value);
    else
      rewriter.replaceOpWithNewOp<OpTy>(op, to, value);
    return success();
  }
};

/// lowbit.bitcast, arith.bitcast and quant.scast keep every code, so on
/// containers and bytes of one kind nothing is left to do.
template <typename OpTy>
struct ConvertBitcast : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value input = adaptor.getOperands().front();
    Type from = op->getOperand(0).getType();
    Type to = op->getResult(0).getType();
    Type resultType = this->getTypeConverter()->convertType(to);
    if (!resultType)
      return rewriter.notifyMatchFailure(op, "the result has no byte form");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type fromElement = getElementTypeOrSelf(from);
    Type toElement = getElementTypeOrSelf(to);

    // tensor.bitcast may make an extent static or dynamic besides.
    if (auto shaped = dyn_cast<RankedTensorType>(to);
        shaped && shaped.getShape() != cast<ShapedType>(from).getShape()) {
      from = shaped.clone(fromElement);
      input = tensor::CastOp::create(
          b, this->getTypeConverter()->convertType(from), input);
    }
    if (input.getType() == resultType) {
      rewriter.replaceOp(op, input);
      return success();
    }
    // Between floats and integers that stay what they are.
    if (!isStored(fromElement) && !isStored(toElement)) {
      if (isa<MemRefType>(from))
        return rewriter.notifyMatchFailure(op, "a memref of other elements");
      rewriter.replaceOp(op, castElements(b, input, resultType));
      return success();
    }
    // A 16-bit float on one side, its container on the other; a signless
    // integer of 9 to 15 bits, which has no container; a rank of 0, which is
    // stored as rank 1.
    auto logicalFrom = dyn_cast<RankedTensorType>(from);
    auto logicalTo = dyn_cast<RankedTensorType>(to);
    if (logicalFrom && logicalTo) {
      Value codes = unpackCodes(b, input, logicalFrom);
      codes = castElements(b, codes, getCodesType(logicalTo));
      rewriter.replaceOp(op, packCodes(b, codes, logicalTo));
      return success();
    }
    if (isa<ShapedType>(from) && !isa<VectorType>(from))
      return rewriter.notifyMatchFailure(op, "a memref of other elements");
    rewriter.replaceOp(op, castElements(b, input, resultType));
    return success();
  }

private:
  /// The low bits of every element as an element of another type.
  static Value castElements(ImplicitLocOpBuilder &b, Value value, Type to) {
    if (value.getType() == to)
      return value;
    if (auto tensor = dyn_cast<RankedTensorType>(to))
      return mapElements(b, value, tensor.getElementType(),
                         [&](ImplicitLocOpBuilder &inner, Value element) {
                           return castElements(inner, element,
                                               tensor.getElementType());
                         });
    unsigned fromBits =
        getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
    unsigned toBits = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
    if (fromBits < toBits)
      return arith::ExtUIOp::create(b, to, value);
    if (fromBits > toBits)
      return arith::TruncIOp::create(b, to, value);
    return arith::BitcastOp::create(b, to, value);
  }
};
} // namespace

void lowbit::populateScalarToBytesPatterns(const ByteTypeConverter &converter,
                                           RewritePatternSet &patterns) {
  constexpr auto None = Extension::None;
  constexpr auto Zero = Extension::Zero;
  constexpr auto Sign = Extension::Sign;
  patterns.add<
      ConvertBinary<arith::AddIOp, None>, ConvertBinary<arith::SubIOp, None>,
      ConvertBinary<arith::MulIOp, None>, ConvertBinary<arith::AndIOp, None>,
      ConvertBinary<arith::OrIOp, None>, ConvertBinary<arith::XOrIOp, None>,
      ConvertBinary<arith::ShLIOp, None, Zero>,
      ConvertBinary<arith::ShRUIOp, Zero>,
      ConvertBinary<arith::ShRSIOp, Sign, Zero>,
      ConvertBinary<arith::DivUIOp, Zero>, ConvertBinary<arith::DivSIOp, Sign>,
      ConvertBinary<arith::CeilDivUIOp, Zero>,
      ConvertBinary<arith::CeilDivSIOp, Sign>,
      ConvertBinary<arith::FloorDivSIOp, Sign>,
      ConvertBinary<arith::RemUIOp, Zero>, ConvertBinary<arith::RemSIOp, Sign>,
      ConvertBinary<arith::MinUIOp, Zero>, ConvertBinary<arith::MaxUIOp, Zero>,
      ConvertBinary<arith::MinSIOp, Sign>, ConvertBinary<arith::MaxSIOp, Sign>,
      ConvertCompare, ConvertCast<arith::ExtUIOp, Zero>,
      ConvertCast<arith::ExtSIOp, Sign>, ConvertCast<arith::TruncIOp, None>,
      ConvertCast<arith::SIToFPOp, Sign>, ConvertCast<arith::UIToFPOp, Zero>,
      ConvertCast<arith::FPToSIOp, None>, ConvertCast<arith::FPToUIOp, None>,
      ConvertCast<arith::IndexCastOp, Sign>,
      ConvertCast<arith::IndexCastUIOp, Zero>, ConvertBitcast<BitcastOp>,
      ConvertBitcast<arith::BitcastOp>, ConvertBitcast<tensor::BitcastOp>,
      ConvertBitcast<quant::StorageCastOp>>(converter, patterns.getContext());
}
