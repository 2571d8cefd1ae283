//===- PackPatterns.cpp - Packing at run time -----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A pack becomes a loop per digit of its layout, outermost first, so that the
// buffer is written in order; the digits give the index of the element that is
// read. The outermost digit is a scf.forall: panels are packed by all threads.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace lowbit;

namespace {
class PackLoops {
public:
  PackLoops(ImplicitLocOpBuilder &b, PackOp op)
      : b(b), op(op), layout(op.getLayout().getLayout()),
        stored(op.getLayout().getElement()),
        sourceSizes(tensor::getMixedSizes(b, b.getLoc(), op.getSource())),
        extents(op.getMixedExtents()), terms(layout.getRank()) {}

  Value emit();

private:
  OpFoldResult getDigitExtent(const LayoutDigit &digit);
  Value toValue(OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), value);
  }
  /// Loops over the digits from `digit` on; `position` counts the bytes of
  /// the buffer that lie before.
  Value emitDigits(size_t digit, Value position, Value buffer);
  /// The stored integer at the index that `terms` give, 0 outside the source.
  Value readElement();
  Value readInside(ValueRange indices);
  Value convert(Value element);
  Value insertBytes(Value bits, Value position, Value buffer);

  ImplicitLocOpBuilder &b;
  PackOp op;
  PackedLayout layout;
  Type stored;
  SmallVector<OpFoldResult> sourceSizes, extents;
  /// Per dimension, the summands of its index so far.
  SmallVector<SmallVector<Value>> terms;
  Value table;
};
} // namespace

OpFoldResult PackLoops::getDigitExtent(const LayoutDigit &digit) {
  if (digit.extent != 0)
    return b.getIndexAttr(digit.extent);
  return affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), b.getAffineDimExpr(0).ceilDiv(digit.stride),
      extents[digit.dim]);
}

Value PackLoops::convert(Value element) {
  Type from = element.getType();
  unsigned bits = getBitWidth(from), storedBits = getBitWidth(stored);
  if (table || isa<IntegerType>(stored)) {
    Type code = b.getIntegerType(bits);
    bool isUnsigned = table || !isa<IntegerType>(from) ||
                      cast<IntegerType>(from).isUnsigned();
    if (from != code)
      element = BitcastOp::create(b, code, element);
    if (table) {
      Value index = arith::IndexCastUIOp::create(b, b.getIndexType(), element);
      element = tensor::ExtractOp::create(b, table, index);
      bits = 32;
    }
    if (bits > storedBits)
      return arith::TruncIOp::create(b, stored, element);
    if (bits == storedBits)
      return element;
    return isUnsigned ? arith::ExtUIOp::create(b, stored, element).getResult()
                      : arith::ExtSIOp::create(b, stored, element).getResult();
  }
  if (from != stored)
    element = ConvertOp::create(b, stored, element, Rounding::NearestEven,
                                Overflow::IEEE);
  return arith::BitcastOp::create(b, b.getIntegerType(storedBits), element);
}

Value PackLoops::readInside(ValueRange indices) {
  return convert(tensor::ExtractOp::create(b, op.getSource(), indices));
}

Value PackLoops::readElement() {
  SmallVector<Value> indices;
  Value inside;
  for (auto [dim, own] : llvm::enumerate(terms)) {
    Value index = own.front();
    for (Value term : ArrayRef<Value>(own).drop_front())
      index = arith::AddIOp::create(b, index, term);
    // There are elements below the extent and where the source has some.
    int64_t repeat = op.getRepeatOf(dim);
    OpFoldResult limit = extents[dim];
    if (repeat != 0) {
      AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
      limit = affine::makeComposedFoldedAffineMin(
          b, b.getLoc(),
          AffineMap::get(2, 0, {d0, d1 * repeat}, b.getContext()),
          {extents[dim], sourceSizes[dim]});
    }
    std::optional<int64_t> extent = getConstantIntValue(extents[dim]);
    std::optional<int64_t> known = getConstantIntValue(limit);
    int64_t multiple = layout.getMultiple(dim);
    bool isWhole = extent && known &&
                   *known >= (*extent + multiple - 1) / multiple * multiple;
    if (!isWhole) {
      Value in = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index,
                                       toValue(limit));
      inside = inside ? arith::AndIOp::create(b, inside, in).getResult() : in;
    }
    if (repeat == 0)
      index = arith::ConstantIndexOp::create(b, 0);
    else if (repeat != 1)
      index = arith::DivUIOp::create(b, index,
                                     arith::ConstantIndexOp::create(b, repeat));
    indices.push_back(index);
  }
  if (!inside)
    return readInside(indices);
  Type bits = b.getIntegerType(getBitWidth(stored));
  auto branch = scf::IfOp::create(b, TypeRange{bits}, inside,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, readInside(indices));
  b.setInsertionPointToStart(branch.elseBlock());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(bits));
  scf::YieldOp::create(b, zero);
  return branch.getResult(0);
}

Value PackLoops::insertBytes(Value bits, Value position, Value buffer) {
  int64_t rank = op.getType().getRank();
  unsigned width = bits.getType().getIntOrFloatBitWidth();
  for (unsigned byte = 0; byte < width / 8; ++byte) {
    Value part = bits;
    if (byte != 0)
      part = arith::ShRUIOp::create(
          b, part,
          arith::ConstantOp::create(
              b, b.getIntegerAttr(bits.getType(), byte * 8)));
    if (width > 8)
      part = arith::TruncIOp::create(b, b.getI8Type(), part);
    SmallVector<Value> indices(rank, arith::ConstantIndexOp::create(b, 0));
    indices.back() = arith::AddIOp::create(
        b, position, arith::ConstantIndexOp::create(b, byte));
    buffer = tensor::InsertOp::create(b, part, buffer, indices);
  }
  return buffer;
}

Value PackLoops::emitDigits(size_t digit, Value position, Value buffer) {
  ArrayRef<LayoutDigit> digits = layout.getDigits();
  int64_t bits = getBitWidth(stored);
  if (digit == digits.size())
    return insertBytes(readElement(), position, buffer);
  const LayoutDigit &own = digits[digit];
  auto pushTerm = [&](Value value) {
    if (own.stride != 1)
      value = arith::MulIOp::create(
          b, value, arith::ConstantIndexOp::create(b, own.stride));
    terms[own.dim].push_back(value);
  };
  // The two elements of a byte stand side by side.
  if (digit + 1 == digits.size() && bits == 4) {
    int64_t pairs = own.extent / 2;
    for (int64_t pair = 0; pair < pairs; ++pair) {
      Value byte;
      for (int64_t half : {0, 1}) {
        pushTerm(arith::ConstantIndexOp::create(b, pair * 2 + half));
        Value code = arith::ExtUIOp::create(b, b.getI8Type(), readElement());
        terms[own.dim].pop_back();
        if (half == 0) {
          byte = code;
          continue;
        }
        Value four = arith::ConstantOp::create(b, b.getI8IntegerAttr(4));
        byte =
            arith::OrIOp::create(b, byte, arith::ShLIOp::create(b, code, four));
      }
      buffer =
          insertBytes(byte,
                      arith::AddIOp::create(
                          b, position, arith::ConstantIndexOp::create(b, pair)),
                      buffer);
    }
    return buffer;
  }
  // Bytes of one step of this digit.
  OpFoldResult inner = b.getIndexAttr(bits);
  for (const LayoutDigit &later : digits.drop_front(digit + 1)) {
    AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
    inner = affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), d0 * d1, {inner, getDigitExtent(later)});
  }
  inner = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), b.getAffineDimExpr(0).floorDiv(8), inner);
  auto loop = scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0),
                                 toValue(getDigitExtent(own)),
                                 arith::ConstantIndexOp::create(b, 1), buffer);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  pushTerm(loop.getInductionVar());
  Value next = arith::AddIOp::create(
      b, position,
      arith::MulIOp::create(b, loop.getInductionVar(), toValue(inner)));
  Value filled = emitDigits(digit + 1, next, loop.getRegionIterArgs().front());
  terms[own.dim].pop_back();
  scf::YieldOp::create(b, filled);
  return loop.getResult(0);
}

Value PackLoops::emit() {
  if (op.getTable()) {
    auto type = RankedTensorType::get(op.getTable()->size(), b.getI32Type());
    table = arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, *op.getTable()));
  }
  ArrayRef<LayoutDigit> digits = layout.getDigits();
  int64_t outer = op.getNumOuterDims();
  SmallVector<OpFoldResult> counts;
  for (const LayoutDigit &digit : digits.take_front(outer))
    counts.push_back(getDigitExtent(digit));
  // The bytes of a panel.
  OpFoldResult bytes = b.getIndexAttr(getBitWidth(stored));
  AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
  for (const LayoutDigit &digit : digits.drop_front(outer))
    bytes = affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), d0 * d1, {bytes, getDigitExtent(digit)});
  bytes = affine::makeComposedFoldedAffineApply(b, b.getLoc(), d0.floorDiv(8),
                                                bytes);
  SmallVector<OpFoldResult> shape = counts;
  shape.push_back(bytes);
  Value empty = tensor::EmptyOp::create(b, shape, b.getI8Type());

  auto loop = scf::ForallOp::create(b, counts, ValueRange{empty},
                                    /*mapping=*/std::nullopt);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> ivs = loop.getInductionVars();
    SmallVector<OpFoldResult> offsets(ivs.begin(), ivs.end());
    for (auto [digit, iv] : llvm::zip(digits, ivs))
      terms[digit.dim].push_back(
          digit.stride == 1
              ? iv
              : arith::MulIOp::create(
                    b, iv, arith::ConstantIndexOp::create(b, digit.stride))
                    .getResult());
    offsets.push_back(b.getIndexAttr(0));
    SmallVector<OpFoldResult> sizes(outer, b.getIndexAttr(1));
    sizes.push_back(bytes);
    SmallVector<OpFoldResult> strides(outer + 1, b.getIndexAttr(1));
    Value out = loop.getRegionIterArgs().front();
    Value panel =
        tensor::ExtractSliceOp::create(b, out, offsets, sizes, strides);
    Value filled =
        emitDigits(outer, arith::ConstantIndexOp::create(b, 0), panel);
    b.setInsertionPointToStart(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(b, filled, out, offsets, sizes,
                                          strides);
  }
  Value result = loop.getResult(0);
  if (result.getType() != op.getType())
    result = tensor::CastOp::create(b, op.getType(), result);
  return result;
}

namespace {
struct LowerPack : OpRewritePattern<PackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackOp op,
                                PatternRewriter &rewriter) const override {
    // A slice of an extent of 0 does not verify.
    if (op.getType().hasStaticShape() && op.getType().getNumElements() == 0) {
      rewriter.replaceOpWithNewOp<tensor::EmptyOp>(
          op, op.getType().getShape(), op.getType().getElementType());
      return success();
    }
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, PackLoops(b, op).emit());
    return success();
  }
};
} // namespace

void lowbit::populateLowerPackPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerPack>(patterns.getContext());
}
