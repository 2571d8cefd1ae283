//===- RowLoops.cpp - The tiles of one block and one panel ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lowbit;

Value lowbit::slice(ImplicitLocOpBuilder &b, Value value, int64_t dim,
                    OpFoldResult offset, OpFoldResult size) {
  if (!value)
    return value;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), value);
  SmallVector<OpFoldResult> strides(rank, b.getIndexAttr(1));
  offsets[dim] = offset;
  sizes[dim] = size;
  return tensor::ExtractSliceOp::create(b, value, offsets, sizes, strides);
}

OpFoldResult lowbit::apply(ImplicitLocOpBuilder &b, AffineExpr expr,
                           ArrayRef<OpFoldResult> operands) {
  return affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, operands);
}

OpFoldResult lowbit::minimum(ImplicitLocOpBuilder &b,
                             ArrayRef<AffineExpr> exprs,
                             ArrayRef<OpFoldResult> operands) {
  return affine::makeComposedFoldedAffineMin(
      b, b.getLoc(), AffineMap::get(operands.size(), 0, exprs, b.getContext()),
      operands);
}

namespace {
/// The tiles of one block of rows and one panel.
class RowLoops {
public:
  RowLoops(ImplicitLocOpBuilder &b, PackedMatmulOp op) : b(b), op(op) {}

  Value emit() {
    Value out = op.getInit();
    KernelAttr kernel = op.getKernel();
    OpFoldResult numRows = tensor::getMixedSize(b, b.getLoc(), op.getA(), 0);
    OpFoldResult done = b.getIndexAttr(0);
    for (int64_t rows : kernel.getRows()) {
      // As many tiles of this height as are left, less what is done.
      AffineExpr left = b.getAffineDimExpr(0), first = b.getAffineDimExpr(1);
      OpFoldResult end = apply(b, first + (left - first).floorDiv(rows) * rows,
                               {numRows, done});
      out = emitLoop(rows, done, end, out);
      done = end;
    }
    return out;
  }

private:
  Value emitLoop(int64_t rows, OpFoldResult begin, OpFoldResult end,
                 Value out) {
    std::optional<int64_t> first = getConstantIntValue(begin);
    std::optional<int64_t> last = getConstantIntValue(end);
    if (first && last && *last - *first <= rows)
      return *last == *first ? out : emitTile(rows, begin, out);
    auto loop = scf::ForOp::create(
        b, getValueOrCreateConstantIndexOp(b, b.getLoc(), begin),
        getValueOrCreateConstantIndexOp(b, b.getLoc(), end),
        arith::ConstantIndexOp::create(b, rows), out);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value next = emitTile(rows, loop.getInductionVar(),
                          loop.getRegionIterArgs().front());
    scf::YieldOp::create(b, next);
    return loop.getResult(0);
  }

  Value emitTile(int64_t rows, OpFoldResult row, Value out) {
    OpFoldResult size = b.getIndexAttr(rows);
    Value init = slice(b, out, 0, row, size);
    Value tile = PackedMatmulOp::create(
        b, init.getType(), op.getKernel(), slice(b, op.getA(), 0, row, size),
        slice(b, op.getSums(), 0, row, size),
        slice(b, op.getScaleA(), 0, row, size), op.getB(), op.getScaleB(),
        op.getZeroB(), op.getBias(), init, op.getAccumulate());
    SmallVector<OpFoldResult> offsets = {row, b.getIndexAttr(0)};
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), init);
    SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
    return tensor::InsertSliceOp::create(b, tile, out, offsets, sizes, strides);
  }

  ImplicitLocOpBuilder &b;
  PackedMatmulOp op;
};
} // namespace

Value lowbit::emitRowLoops(ImplicitLocOpBuilder &b, PackedMatmulOp op) {
  return RowLoops(b, op).emit();
}
