//===- SlicePatterns.cpp - Slices of packed rows --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A slice of a packed row must start on a byte; where it starts is a constant,
// or a value that is known to be a multiple of enough elements. A slice that
// ends within a byte is made of codes and packed again, since storage wants
// the bits behind a row to be 0.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace lowbit;

//===----------------------------------------------------------------------===//
// Known divisors
//===----------------------------------------------------------------------===//

static int64_t getMagnitude(int64_t value) {
  // The lowest integer has none; it is even, which is enough to know.
  return value == std::numeric_limits<int64_t>::min() ? int64_t(1) << 62
                                                      : std::abs(value);
}

/// A number that divides `value` in every run; 0 if it is always 0.
static int64_t getKnownDivisor(OpFoldResult value, unsigned depth = 0);

static int64_t getKnownDivisor(AffineExpr expr, ValueRange dims,
                               ValueRange symbols, unsigned depth) {
  auto recurse = [&](AffineExpr part) {
    return getKnownDivisor(part, dims, symbols, depth);
  };
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return getMagnitude(cast<AffineConstantExpr>(expr).getValue());
  case AffineExprKind::DimId:
    return getKnownDivisor(
        OpFoldResult(dims[cast<AffineDimExpr>(expr).getPosition()]), depth);
  case AffineExprKind::SymbolId:
    return getKnownDivisor(
        OpFoldResult(symbols[cast<AffineSymbolExpr>(expr).getPosition()]),
        depth);
  case AffineExprKind::Add: {
    auto sum = cast<AffineBinaryOpExpr>(expr);
    return std::gcd(recurse(sum.getLHS()), recurse(sum.getRHS()));
  }
  case AffineExprKind::Mul: {
    auto product = cast<AffineBinaryOpExpr>(expr);
    int64_t result;
    if (llvm::MulOverflow(recurse(product.getLHS()), recurse(product.getRHS()),
                          result))
      return 1;
    return result;
  }
  case AffineExprKind::Mod: {
    // x mod m is x less a multiple of m.
    auto remainder = cast<AffineBinaryOpExpr>(expr);
    return std::gcd(recurse(remainder.getLHS()), recurse(remainder.getRHS()));
  }
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
    return 1;
  }
  llvm_unreachable("all kinds are handled");
}

static int64_t getKnownDivisor(OpFoldResult value, unsigned depth) {
  constexpr unsigned maxDepth = 8;
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return getMagnitude(*constant);
  auto dynamic = dyn_cast<Value>(value);
  if (!dynamic || depth == maxDepth)
    return 1;
  auto recurse = [&](OpFoldResult part) {
    return getKnownDivisor(part, depth + 1);
  };
  if (auto argument = dyn_cast<BlockArgument>(dynamic)) {
    auto loop =
        dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
    if (!loop)
      return 1;
    std::optional<SmallVector<Value>> variables = loop.getLoopInductionVars();
    std::optional<SmallVector<OpFoldResult>> lower = loop.getLoopLowerBounds();
    std::optional<SmallVector<OpFoldResult>> steps = loop.getLoopSteps();
    if (!variables || !lower || !steps)
      return 1;
    for (auto [variable, begin, step] : llvm::zip(*variables, *lower, *steps))
      if (variable == dynamic)
        return std::gcd(recurse(begin), recurse(step));
    return 1;
  }
  Operation *op = dynamic.getDefiningOp();
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    AffineMap map = apply.getAffineMap();
    ValueRange operands = apply.getMapOperands();
    return getKnownDivisor(map.getResult(0),
                           operands.take_front(map.getNumDims()),
                           operands.drop_front(map.getNumDims()), depth + 1);
  }
  if (isa<arith::AddIOp, arith::SubIOp>(op))
    return std::gcd(recurse(op->getOperand(0)), recurse(op->getOperand(1)));
  if (isa<arith::MulIOp>(op)) {
    int64_t result;
    if (llvm::MulOverflow(recurse(op->getOperand(0)),
                          recurse(op->getOperand(1)), result))
      return 1;
    return result;
  }
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
    return recurse(op->getOperand(0));
  // One of several values, each of which it divides.
  if (isa<arith::MinSIOp, arith::MinUIOp, arith::MaxSIOp, arith::MaxUIOp>(op))
    return std::gcd(recurse(op->getOperand(0)), recurse(op->getOperand(1)));
  if (isa<affine::AffineMinOp, affine::AffineMaxOp>(op)) {
    auto map = cast<AffineMapAttr>(op->getAttr("map")).getValue();
    ValueRange operands = op->getOperands();
    int64_t result = 0;
    for (AffineExpr expr : map.getResults())
      result = std::gcd(
          result,
          getKnownDivisor(expr, operands.take_front(map.getNumDims()),
                          operands.drop_front(map.getNumDims()), depth + 1));
    return result;
  }
  // A dynamic row holds whole groups by the ABI.
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
    std::optional<int64_t> index = dim.getConstantIndex();
    if (type && isSubByte(type.getElementType()) && index &&
        *index + 1 == type.getRank() && type.isDynamicDim(*index))
      return getGroupElements(getCodeBits(type.getElementType()));
  }
  return 1;
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// The type whose rows `op` slices if these are packed; null for other ops.
static RankedTensorType getSlicedRows(Operation *op) {
  auto rows = llvm::TypeSwitch<Operation *, RankedTensorType>(op)
                  .Case([](tensor::ExtractSliceOp slice) {
                    return slice.getSourceType();
                  })
                  .Case<tensor::InsertSliceOp, tensor::ParallelInsertSliceOp>(
                      [](auto slice) { return slice.getDestType(); })
                  .Default([](Operation *) { return RankedTensorType(); });
  bool isPacked =
      rows && rows.getRank() > 0 && isSubByte(rows.getElementType());
  return isPacked ? rows : RankedTensorType();
}

/// Whether the slice ends on a byte or with its row: its bytes are storage as
/// they stand.
static bool endsWithBytes(OffsetSizeAndStrideOpInterface slice,
                          RankedTensorType rows) {
  unsigned bits = getCodeBits(rows.getElementType());
  std::optional<int64_t> begin =
      getConstantIntValue(slice.getMixedOffsets().back());
  std::optional<int64_t> length =
      getConstantIntValue(slice.getMixedSizes().back());
  // A dynamic length is verified to be a multiple.
  if (!length || *length * bits % 8 == 0)
    return true;
  int64_t rowLength = rows.getShape().back();
  return begin && !ShapedType::isDynamic(rowLength) &&
         *begin + *length == rowLength;
}

static LogicalResult verifySlice(OffsetSizeAndStrideOpInterface slice,
                                 RankedTensorType rows) {
  Operation *op = slice;
  Type element = rows.getElementType();
  unsigned bits = getCodeBits(element);
  int64_t unit = getGroupElements(bits);
  OpFoldResult offset = slice.getMixedOffsets().back();
  std::optional<int64_t> begin = getConstantIntValue(offset);
  std::optional<int64_t> length =
      getConstantIntValue(slice.getMixedSizes().back());
  std::optional<int64_t> stride =
      getConstantIntValue(slice.getMixedStrides().back());
  if ((!stride || *stride != 1) && !(length && *length <= 1))
    return op->emitOpError("expected a stride of 1 in the innermost dimension "
                           "of packed ")
           << element << " elements";
  bool startsOnByte =
      begin ? *begin * bits % 8 == 0 : getKnownDivisor(offset) % unit == 0;
  if (!startsOnByte) {
    InFlightDiagnostic diag =
        op->emitOpError("the slice does not start on a byte: expected an "
                        "innermost offset that is ");
    diag << (begin ? "" : "known to be ") << "a multiple of " << unit
         << " elements of " << element << ", found ";
    if (begin)
      return diag << *begin;
    return diag << "a value of which this is not known";
  }
  // The number of elements of a dynamic row is told from its bytes.
  if (ShapedType::isDynamic(slice.getStaticSizes().back()) &&
      getKnownDivisor(slice.getMixedSizes().back()) % unit != 0) {
    InFlightDiagnostic diag =
        op->emitOpError("the slice may end within a byte: expected a dynamic "
                        "innermost size that is known to be a multiple of ");
    diag << unit << " elements of " << element << ", found ";
    if (length)
      return diag << *length;
    return diag << "a value of which this is not known";
  }
  if (isa<tensor::ParallelInsertSliceOp>(op) && !endsWithBytes(slice, rows))
    return op->emitOpError("the slice ends within a byte, which another thread "
                           "may write: expected a whole number of bytes of ")
           << element << " elements";
  return success();
}

LogicalResult lowbit::verifySlicesOfBytes(Operation *root) {
  bool isValid = true;
  root->walk([&](OffsetSizeAndStrideOpInterface slice) {
    if (RankedTensorType rows = getSlicedRows(slice))
      isValid &= succeeded(verifySlice(slice, rows));
  });
  return success(isValid);
}

namespace {
/// A verified slice of packed rows in terms of bytes.
struct ByteSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  /// The type of the slice with all its dimensions, and of its bytes.
  RankedTensorType logical, bytes;

  /// `rows` is the type that is sliced.
  ByteSlice(ImplicitLocOpBuilder &b, OffsetSizeAndStrideOpInterface slice,
            RankedTensorType rows)
      : offsets(slice.getMixedOffsets()), sizes(slice.getMixedSizes()),
        strides(slice.getMixedStrides()) {
    unsigned bits = getCodeBits(rows.getElementType());
    // A size that is an SSA constant is dynamic in the types.
    SmallVector<int64_t> shape(slice.getStaticSizes());
    offsets.back() = affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), (b.getAffineDimExpr(0) * bits).floorDiv(8),
        {offsets.back()});
    sizes.back() = getRowBytes(b, sizes.back(), bits);
    strides.back() = b.getIndexAttr(1);
    logical = RankedTensorType::get(shape, rows.getElementType());
    if (ShapedType::isDynamic(shape.back()))
      sizes.back() =
          getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes.back());
    else
      shape.back() = getPackedRowBytes(bits, shape.back());
    bytes = RankedTensorType::get(shape, b.getI8Type());
  }
};

/// Whether dropping unit dimensions of `full` to get `reduced` drops the
/// innermost one.
bool dropsInnermost(RankedTensorType full, RankedTensorType reduced) {
  if (full.getRank() == reduced.getRank())
    return false;
  std::optional<llvm::SmallDenseSet<unsigned>> dropped =
      computeRankReductionMask(full.getShape(), reduced.getShape());
  return !dropped || dropped->contains(full.getRank() - 1);
}

SmallVector<OpFoldResult> getZeros(OpBuilder &b, int64_t rank) {
  return SmallVector<OpFoldResult>(rank, b.getIndexAttr(0));
}
SmallVector<OpFoldResult> getOnes(OpBuilder &b, int64_t rank) {
  return SmallVector<OpFoldResult>(rank, b.getIndexAttr(1));
}

struct ConvertExtractSlice
    : public OpConversionPattern<tensor::ExtractSliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::ExtractSliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType rows = op.getSourceType();
    RankedTensorType resultType = op.getResultType();
    Type element = rows.getElementType();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    if (rows.getRank() == 0) {
      rewriter.replaceOp(op, adaptor.getSource());
      return success();
    }
    if (!isSubByte(element)) {
      // To rank 0, which is stored as rank 1, by way of the codes.
      Value codes = tensor::ExtractSliceOp::create(
          b, cast<RankedTensorType>(getCodesType(resultType)),
          adaptor.getSource(), op.getMixedOffsets(), op.getMixedSizes(),
          op.getMixedStrides());
      rewriter.replaceOp(op, resultType.getRank() == 0
                                 ? packCodes(b, codes, resultType)
                                 : codes);
      return success();
    }
    ByteSlice slice(b, op, rows);
    if (endsWithBytes(op, rows) && !dropsInnermost(slice.logical, resultType)) {
      rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(
          op,
          cast<RankedTensorType>(getTypeConverter()->convertType(resultType)),
          adaptor.getSource(), slice.offsets, slice.sizes, slice.strides);
      return success();
    }
    Value bytes = tensor::ExtractSliceOp::create(
        b, slice.bytes, adaptor.getSource(), slice.offsets, slice.sizes,
        slice.strides);
    Value codes = unpackCodes(b, bytes, slice.logical);
    auto codesType = cast<RankedTensorType>(getCodesType(resultType));
    if (codes.getType() != codesType) {
      int64_t rank = slice.logical.getRank();
      codes =
          tensor::ExtractSliceOp::create(b, codesType, codes, getZeros(b, rank),
                                         op.getMixedSizes(), getOnes(b, rank));
    }
    rewriter.replaceOp(op, packCodes(b, codes, resultType));
    return success();
  }
};

struct ConvertInsertSlice : public OpConversionPattern<tensor::InsertSliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::InsertSliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType rows = op.getDestType();
    RankedTensorType sourceType = op.getSourceType();
    Type element = rows.getElementType();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    if (rows.getRank() == 0) {
      rewriter.replaceOp(op, adaptor.getSource());
      return success();
    }
    if (!isSubByte(element)) {
      rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(
          op, unpackCodes(b, adaptor.getSource(), sourceType),
          adaptor.getDest(), op.getMixedOffsets(), op.getMixedSizes(),
          op.getMixedStrides());
      return success();
    }
    ByteSlice slice(b, op, rows);
    if (endsWithBytes(op, rows) && !dropsInnermost(slice.logical, sourceType)) {
      rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(
          op, adaptor.getSource(), adaptor.getDest(), slice.offsets,
          slice.sizes, slice.strides);
      return success();
    }
    // The last byte is shared with elements that stay.
    Value codes = tensor::InsertSliceOp::create(
        b, unpackCodes(b, adaptor.getSource(), sourceType),
        unpackCodes(b, adaptor.getDest(), rows), op.getMixedOffsets(),
        op.getMixedSizes(), op.getMixedStrides());
    rewriter.replaceOp(op, packCodes(b, codes, rows));
    return success();
  }
};

struct ConvertParallelInsertSlice
    : public OpConversionPattern<tensor::ParallelInsertSliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::ParallelInsertSliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType rows = op.getDestType();
    RankedTensorType sourceType = op.getSourceType();
    if (rows.getRank() == 0)
      return rewriter.notifyMatchFailure(op, "a tensor of rank 0");
    if (!isSubByte(rows.getElementType())) {
      if (sourceType.getRank() == 0)
        return rewriter.notifyMatchFailure(op, "a tensor of rank 0");
      rewriter.replaceOpWithNewOp<tensor::ParallelInsertSliceOp>(
          op, adaptor.getSource(), adaptor.getDest(), op.getMixedOffsets(),
          op.getMixedSizes(), op.getMixedStrides());
      return success();
    }
    // Arithmetic stands before scf.forall.in_parallel, which holds nothing
    // but insertions.
    OpBuilder::InsertionGuard guard(rewriter);
    Operation *terminator = op->getParentOp();
    rewriter.setInsertionPoint(terminator);
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    ByteSlice slice(b, op, rows);
    if (dropsInnermost(slice.logical, sourceType))
      return rewriter.notifyMatchFailure(op, "drops the innermost dimension");
    rewriter.setInsertionPoint(op);
    rewriter.replaceOpWithNewOp<tensor::ParallelInsertSliceOp>(
        op, adaptor.getSource(), adaptor.getDest(), slice.offsets, slice.sizes,
        slice.strides);
    return success();
  }
};
} // namespace

void lowbit::populateSliceToBytesPatterns(const ByteTypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns
      .add<ConvertExtractSlice, ConvertInsertSlice, ConvertParallelInsertSlice>(
          converter, patterns.getContext());
}
