//===- TensorPatterns.cpp - Shapes and single elements --------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops that make, measure and reshape tensors, and those that read or write one
// element: on bytes, without a copy wherever rows keep their bytes.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lowbit;

//===----------------------------------------------------------------------===//
// Rows of dynamic length
//===----------------------------------------------------------------------===//

/// Reports a row of `length` elements where the type counts them by bytes.
static LogicalResult verifyRowLength(Operation *op, Type element,
                                     std::optional<int64_t> length) {
  int64_t group = getGroupElements(getCodeBits(element));
  if (!length || *length % group == 0)
    return success();
  return op->emitOpError("the number of elements of a row cannot be told from "
                         "its bytes: a dynamic innermost dimension of ")
         << element << " must be a multiple of " << group << ", found "
         << *length;
}

/// Casts that make the length of a row dynamic, or the reverse.
static LogicalResult verifyCast(Operation *op) {
  auto from = cast<TensorType>(op->getOperand(0).getType());
  auto to = cast<TensorType>(op->getResult(0).getType());
  auto isRankZero = [](TensorType type) {
    return type.hasRank() && type.getRank() == 0 && !isStoredAsCodes(type);
  };
  if (!from.hasRank() || !to.hasRank()) {
    if (isRankZero(from) || isRankZero(to))
      return op->emitOpError("a tensor of rank 0 is stored in a tensor of rank "
                             "1, which a tensor without a rank would show");
    return success();
  }
  if (!isSubByte(from.getElementType()) || from.getRank() == 0)
    return success();
  int64_t length = from.getShape().back(), other = to.getShape().back();
  if (ShapedType::isDynamic(length) == ShapedType::isDynamic(other))
    return success();
  return verifyRowLength(op, from.getElementType(),
                         ShapedType::isDynamic(length) ? other : length);
}

LogicalResult lowbit::verifyRowsOfBytes(Operation *root) {
  bool isValid = true;
  root->walk([&](Operation *op) {
    if (isa<tensor::CastOp, tensor::BitcastOp>(op)) {
      isValid &= succeeded(verifyCast(op));
      return;
    }
    if (!isa<tensor::EmptyOp, tensor::GenerateOp, tensor::SplatOp,
             tensor::CollapseShapeOp>(op))
      return;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (type.getRank() == 0 || !isSubByte(type.getElementType()) ||
        !ShapedType::isDynamic(type.getShape().back()))
      return;
    std::optional<int64_t> length;
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
      // A row of static length that is repeated an unknown number of times.
      RankedTensorType source = collapse.getSrcType();
      if (ShapedType::isDynamic(source.getShape().back()))
        return;
      SmallVector<ReassociationIndices> groups =
          collapse.getReassociationIndices();
      int64_t product = 1;
      for (int64_t dim : groups.back())
        if (!source.isDynamicDim(dim) &&
            llvm::MulOverflow(product, source.getDimSize(dim), product))
          return;
      length = product;
    } else {
      // The dynamic extents are the last operands, the innermost at the end.
      length = getConstantIntValue(op->getOperands().back());
    }
    isValid &= succeeded(verifyRowLength(op, type.getElementType(), length));
  });
  return success(isValid);
}

namespace {

struct ConvertEmpty : public OpConversionPattern<tensor::EmptyOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::EmptyOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto converted =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<OpFoldResult> sizes = op.getMixedSizes();
    Type element = op.getType().getElementType();
    if (sizes.empty() && converted.getRank() == 1)
      sizes.push_back(b.getIndexAttr(1));
    else if (isSubByte(element))
      sizes.back() = getRowBytes(b, sizes.back(), getCodeBits(element));
    rewriter.replaceOp(op, createEmpty(b, converted, sizes));
    return success();
  }
};

struct ConvertDim : public OpConversionPattern<tensor::DimOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::DimOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto logical = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!logical || !isSubByte(logical.getElementType())) {
      rewriter.replaceOpWithNewOp<tensor::DimOp>(op, adaptor.getSource(),
                                                 adaptor.getIndex());
      return success();
    }
    if (logical.getRank() == 0)
      return rewriter.notifyMatchFailure(op, "rank 0 has no dimension");
    SmallVector<OpFoldResult> sizes =
        getLogicalSizes(b, adaptor.getSource(), logical);
    Value innermost =
        getValueOrCreateConstantIndexOp(b, op.getLoc(), sizes.back());
    if (std::optional<int64_t> index = op.getConstantIndex()) {
      rewriter.replaceOp(
          op, *index + 1 == logical.getRank()
                  ? innermost
                  : tensor::DimOp::create(b, adaptor.getSource(), *index)
                        .getResult());
      return success();
    }
    Value last = arith::ConstantIndexOp::create(b, logical.getRank() - 1);
    Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                         adaptor.getIndex(), last);
    Value other =
        tensor::DimOp::create(b, adaptor.getSource(), adaptor.getIndex());
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isLast, innermost, other);
    return success();
  }
};

/// The rank of the bytes is that of the tensor, apart from rank 0.
struct ConvertRank : public OpConversionPattern<tensor::RankOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::RankOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (auto logical = dyn_cast<RankedTensorType>(op.getTensor().getType()))
      rewriter.replaceOpWithNewOp<arith::ConstantIndexOp>(op,
                                                          logical.getRank());
    else
      rewriter.replaceOpWithNewOp<tensor::RankOp>(op, adaptor.getTensor());
    return success();
  }
};

struct ConvertTensorCast : public OpConversionPattern<tensor::CastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::CastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type converted = getTypeConverter()->convertType(op.getType());
    if (!converted)
      return rewriter.notifyMatchFailure(op, "no byte form");
    rewriter.replaceOpWithNewOp<tensor::CastOp>(op, converted,
                                                adaptor.getSource());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// Whether a reshape to or from the `expanded` type only regroups whole rows of
/// bytes: the innermost expanded dimension ends on a byte, or
/// nothing is split off it.
bool keepsBytes(RankedTensorType expanded,
                ArrayRef<ReassociationIndices> groups) {
  if (!isSubByte(expanded.getElementType()))
    return true;
  int64_t unit = getGroupElements(getCodeBits(expanded.getElementType()));
  int64_t innermost = expanded.getShape().back();
  // A dynamic one is a multiple by the ABI.
  if (ShapedType::isDynamic(innermost) || innermost % unit == 0)
    return true;
  ArrayRef<int64_t> outer =
      expanded.getShape().slice(groups.back().front()).drop_back();
  return llvm::all_of(outer, [](int64_t extent) { return extent == 1; });
}

struct ConvertExpandShape : public OpConversionPattern<tensor::ExpandShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::ExpandShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto from = op.getSrcType(), to = op.getResultType();
    auto converted =
        cast<RankedTensorType>(getTypeConverter()->convertType(to));
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<OpFoldResult> sizes =
        getMixedValues(op.getStaticOutputShape(), op.getOutputShape(), b);
    if (from.getRank() == 0) {
      // Rank 1 already; only further unit dimensions are added.
      if (to.getRank() == 0 || to.getRank() == 1)
        rewriter.replaceOp(op, adaptor.getSrc());
      else
        rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
            op, converted, adaptor.getSrc(),
            ArrayRef<ReassociationIndices>{
                llvm::to_vector<2>(llvm::seq<int64_t>(0, to.getRank()))});
      return success();
    }
    if (!keepsBytes(to, groups)) {
      Value codes = unpackCodes(b, adaptor.getSrc(), from);
      codes = tensor::ExpandShapeOp::create(
          b, cast<RankedTensorType>(getCodesType(to)), codes, groups, sizes);
      rewriter.replaceOp(op, packCodes(b, codes, to));
      return success();
    }
    if (isSubByte(to.getElementType()))
      sizes.back() =
          getRowBytes(b, sizes.back(), getCodeBits(to.getElementType()));
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
        op, converted, adaptor.getSrc(), groups, sizes);
    return success();
  }
};

struct ConvertCollapseShape
    : public OpConversionPattern<tensor::CollapseShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::CollapseShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto from = op.getSrcType(), to = op.getResultType();
    auto converted =
        cast<RankedTensorType>(getTypeConverter()->convertType(to));
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    if (to.getRank() == 0) {
      if (from.getRank() <= 1)
        rewriter.replaceOp(op, adaptor.getSrc());
      else
        rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(
            op, converted, adaptor.getSrc(),
            ArrayRef<ReassociationIndices>{
                llvm::to_vector<2>(llvm::seq<int64_t>(0, from.getRank()))});
      return success();
    }
    if (!keepsBytes(from, groups)) {
      Value codes = unpackCodes(b, adaptor.getSrc(), from);
      codes = tensor::CollapseShapeOp::create(
          b, cast<RankedTensorType>(getCodesType(to)), codes, groups);
      rewriter.replaceOp(op, packCodes(b, codes, to));
      return success();
    }
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(
        op, converted, adaptor.getSrc(), groups);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------===//

/// Where one element of packed rows lies.
struct ElementBits {
  /// Indices of the byte in which it begins; the innermost one of that in
  /// which it ends (null if these are always the same).
  SmallVector<Value> low;
  Value highInnermost;
  /// Bit of the first byte at which it begins, as an i8.
  Value shift;

  ElementBits(ImplicitLocOpBuilder &b, RankedTensorType logical,
              ValueRange indices)
      : low(indices) {
    unsigned bits = getCodeBits(logical.getElementType());
    if (logical.getRank() == 0) {
      low.push_back(arith::ConstantIndexOp::create(b, 0));
      shift = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
      return;
    }
    AffineExpr position = b.getAffineDimExpr(0);
    auto [lowExpr, highExpr] = getByteIndices(position, bits);
    Value innermost = indices.back();
    auto toIndex = [&](AffineExpr expr) {
      return getValueOrCreateConstantIndexOp(
          b, b.getLoc(),
          affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr,
                                                OpFoldResult(innermost)));
    };
    low.back() = toIndex(lowExpr);
    if (8 % bits != 0)
      highInnermost = toIndex(highExpr);
    shift = getBitOffset(b, position, innermost, bits);
  }

  SmallVector<Value> getHigh() const {
    SmallVector<Value> high = low;
    high.back() = highInnermost;
    return high;
  }
};

struct ConvertExtract : public OpConversionPattern<tensor::ExtractOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::ExtractOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType logical = op.getTensor().getType();
    Value bytes = adaptor.getTensor();
    if (!isSubByte(logical.getElementType())) {
      SmallVector<Value> indices(adaptor.getIndices());
      if (indices.empty() &&
          cast<RankedTensorType>(bytes.getType()).getRank() == 1)
        indices.push_back(arith::ConstantIndexOp::create(b, 0));
      rewriter.replaceOpWithNewOp<tensor::ExtractOp>(op, bytes, indices);
      return success();
    }
    ElementBits place(b, logical, adaptor.getIndices());
    Value low = tensor::ExtractOp::create(b, bytes, place.low);
    Value high;
    if (place.highInnermost)
      high = tensor::ExtractOp::create(b, bytes, place.getHigh());
    rewriter.replaceOp(op, extractCode(b, low, high, place.shift));
    return success();
  }
};

struct ConvertInsert : public OpConversionPattern<tensor::InsertOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::InsertOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType logical = op.getDest().getType();
    Type element = logical.getElementType();
    Value bytes = adaptor.getDest();
    Value code = zeroExtendCode(b, adaptor.getScalar(), element);
    if (!isSubByte(element) || logical.getRank() == 0) {
      SmallVector<Value> indices(adaptor.getIndices());
      if (indices.empty() &&
          cast<RankedTensorType>(bytes.getType()).getRank() == 1)
        indices.push_back(arith::ConstantIndexOp::create(b, 0));
      rewriter.replaceOpWithNewOp<tensor::InsertOp>(op, code, bytes, indices);
      return success();
    }
    // Within one byte, or across two of them as one little-endian i16.
    unsigned bits = getCodeBits(element);
    ElementBits place(b, logical, adaptor.getIndices());
    Type i8 = b.getI8Type(), i16 = b.getI16Type();
    Value wideShift = arith::ExtUIOp::create(b, i16, place.shift);
    auto wide = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(b, b.getI16IntegerAttr(value));
    };
    Value mask =
        arith::ShLIOp::create(b, wide((int64_t(1) << bits) - 1), wideShift);
    int64_t rowLength = logical.getShape().back();
    if (!ShapedType::isDynamic(rowLength) && rowLength * bits % 8 != 0) {
      // The last element of a row clears the bits behind it, in the byte in
      // which it ends.
      Value last = arith::ConstantIndexOp::create(b, rowLength - 1);
      Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                           adaptor.getIndices().back(), last);
      Value end = arith::AddIOp::create(b, wideShift, wide(bits));
      Value endsLow =
          arith::CmpIOp::create(b, arith::CmpIPredicate::ule, end, wide(8));
      Value within = arith::SelectOp::create(b, endsLow, wide(0xff), wide(-1));
      Value behind =
          arith::ShLIOp::create(b, arith::ShRUIOp::create(b, within, end), end);
      behind = arith::SelectOp::create(b, isLast, behind, wide(0));
      mask = arith::OrIOp::create(b, mask, behind);
    }
    Value placed = arith::ShLIOp::create(
        b, arith::ExtUIOp::create(b, i16, code), wideShift);
    auto update = [&](Value tensor, ValueRange indices, bool isHigh) -> Value {
      auto part = [&](Value both) -> Value {
        if (isHigh)
          both = arith::ShRUIOp::create(b, both, wide(8));
        return arith::TruncIOp::create(b, i8, both);
      };
      Value ones = arith::ConstantOp::create(b, b.getI8IntegerAttr(-1));
      Value kept = arith::AndIOp::create(
          b, tensor::ExtractOp::create(b, tensor, indices),
          arith::XOrIOp::create(b, part(mask), ones));
      return tensor::InsertOp::create(
          b, arith::OrIOp::create(b, kept, part(placed)), tensor, indices);
    };
    // An element that ends in its first byte has nothing in the high half, and
    // where `high` is that same byte, the second update changes nothing: its
    // mask is empty.
    bytes = update(bytes, place.low, /*isHigh=*/false);
    if (place.highInnermost)
      bytes = update(bytes, place.getHigh(), /*isHigh=*/true);
    rewriter.replaceOp(op, bytes);
    return success();
  }
};
} // namespace

void lowbit::populateTensorToBytesPatterns(const ByteTypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns.add<ConvertEmpty, ConvertDim, ConvertRank, ConvertTensorCast,
               ConvertExpandShape, ConvertCollapseShape, ConvertExtract,
               ConvertInsert>(converter, patterns.getContext());
}
