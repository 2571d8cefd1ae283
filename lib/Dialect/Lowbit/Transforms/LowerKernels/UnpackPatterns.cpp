//===- UnpackPatterns.cpp - Elements back from a buffer -------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lowbit;

/// The little-endian integer of `width` bits at byte `offset`.
static Value readInteger(ImplicitLocOpBuilder &b, Value bytes, Value offset,
                         unsigned width) {
  Type type = b.getIntegerType(width);
  Value result;
  for (unsigned byte = 0; byte < width / 8; ++byte) {
    Value position = arith::AddIOp::create(
        b, offset, arith::ConstantIndexOp::create(b, byte));
    Value part = tensor::ExtractOp::create(b, bytes, position);
    if (width > 8)
      part = arith::ExtUIOp::create(b, type, part);
    if (byte == 0) {
      result = part;
      continue;
    }
    Value shift =
        arith::ConstantOp::create(b, b.getIntegerAttr(type, byte * 8));
    result =
        arith::OrIOp::create(b, result, arith::ShLIOp::create(b, part, shift));
  }
  return result;
}

namespace {
struct LowerUnpack : OpRewritePattern<UnpackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnpackOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Type element = type.getElementType();
    unsigned bits = getBitWidth(element);
    unsigned width = bits <= 8 ? 8 : bits <= 16 ? 16 : 32;
    int64_t rank = type.getRank();
    Value empty = tensor::EmptyOp::create(b, type.getShape(), element);
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    // Byte offset of the element: its row-major index times its bytes.
    AffineExpr offset = b.getAffineConstantExpr(0);
    for (int64_t dim = 0; dim < rank; ++dim)
      offset = offset * type.getDimSize(dim) + b.getAffineDimExpr(dim);
    offset = offset * (width / 8);
    AffineMap offsetMap = AffineMap::get(rank, 0, offset);
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, empty.getType(), ValueRange{}, empty,
        b.getMultiDimIdentityMap(rank), iterators,
        [&](OpBuilder &builder, Location loc, ValueRange) {
          ImplicitLocOpBuilder inner(loc, builder);
          SmallVector<Value> indices;
          for (int64_t dim = 0; dim < rank; ++dim)
            indices.push_back(linalg::IndexOp::create(inner, dim));
          Value position =
              affine::AffineApplyOp::create(inner, offsetMap, indices);
          Value code = readInteger(inner, op.getSource(), position, width);
          Type codeType = inner.getIntegerType(bits);
          if (bits != width)
            code = arith::TruncIOp::create(inner, codeType, code);
          if (element != codeType)
            code = BitcastOp::create(inner, element, code);
          linalg::YieldOp::create(inner, code);
        });
    return success();
  }
};
} // namespace

void lowbit::populateLowerUnpackPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerUnpack>(patterns.getContext());
}
