//===- LowerVectors.cpp - Vector ops that upstream leaves behind -------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITLOWERVECTORSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Calls `visit` with the position of each row of a vector (all dimensions but
/// the last) and with the indices where the row starts in memory.
static void
forEachRow(OpBuilder &builder, Location loc, VectorType type,
           ValueRange indices,
           function_ref<void(ArrayRef<int64_t>, ValueRange)> visit) {
  ArrayRef<int64_t> outerShape = type.getShape().drop_back();
  SmallVector<int64_t> strides = computeStrides(outerShape);
  size_t leading = indices.size() - type.getRank();
  for (int64_t row = 0, end = computeProduct(outerShape); row < end; ++row) {
    SmallVector<int64_t> position = delinearize(row, strides);
    SmallVector<Value> rowIndices(indices);
    for (auto [dim, offset] : llvm::enumerate(position)) {
      if (offset == 0)
        continue;
      Value constant = arith::ConstantIndexOp::create(builder, loc, offset);
      Value &index = rowIndices[leading + dim];
      index = arith::AddIOp::create(builder, loc, index, constant);
    }
    visit(position, rowIndices);
  }
}

/// Whether a load or a store of this type is one of several rows.
static bool hasRows(VectorType type) {
  return type.getRank() > 1 && !type.isScalable();
}

static VectorType getRowType(VectorType type) {
  return VectorType::get(type.getShape().back(), type.getElementType());
}

namespace {
struct UnrollLoad : OpRewritePattern<vector::LoadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::LoadOp op,
                                PatternRewriter &rewriter) const override {
    VectorType type = op.getVectorType();
    if (!hasRows(type))
      return rewriter.notifyMatchFailure(op, "one row");
    Location loc = op.getLoc();
    Value result = ub::PoisonOp::create(rewriter, loc, type);
    forEachRow(rewriter, loc, type, op.getIndices(),
               [&](ArrayRef<int64_t> position, ValueRange indices) {
                 Value row = vector::LoadOp::create(
                     rewriter, loc, getRowType(type), op.getBase(), indices,
                     op.getNontemporal());
                 result = vector::InsertOp::create(rewriter, loc, row, result,
                                                   position);
               });
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct UnrollStore : OpRewritePattern<vector::StoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::StoreOp op,
                                PatternRewriter &rewriter) const override {
    VectorType type = op.getVectorType();
    if (!hasRows(type))
      return rewriter.notifyMatchFailure(op, "one row");
    Location loc = op.getLoc();
    forEachRow(rewriter, loc, type, op.getIndices(),
               [&](ArrayRef<int64_t> position, ValueRange indices) {
                 Value row = vector::ExtractOp::create(
                     rewriter, loc, op.getValueToStore(), position);
                 vector::StoreOp::create(rewriter, loc, row, op.getBase(),
                                         indices, op.getNontemporal());
               });
    rewriter.eraseOp(op);
    return success();
  }
};

/// A transfer that may leave its buffer gets a mask. Upstream's conversion
/// would make one, but from 32-bit indices: a row of 2^31 elements came out
/// empty. The number of elements left is clamped to the vector's before it is
/// compared.
template <typename TransferOp>
struct MaskTransfer : OpRewritePattern<TransferOp> {
  using OpRewritePattern<TransferOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(TransferOp op,
                                PatternRewriter &rewriter) const override {
    VectorType type = op.getVectorType();
    if (type.getRank() != 1 || type.isScalable() || !op.hasOutOfBoundsDim() ||
        !op.getPermutationMap().isMinorIdentity() ||
        !isa<MemRefType>(op.getShapedType()))
      return rewriter.notifyMatchFailure(op, "not a row that may be cut off");
    Location loc = op.getLoc();
    Value size = memref::DimOp::create(rewriter, loc, op.getBase(),
                                       op.getShapedType().getRank() - 1);
    Value left =
        arith::SubIOp::create(rewriter, loc, size, op.getIndices().back());
    Value none = arith::ConstantIndexOp::create(rewriter, loc, 0);
    Value all =
        arith::ConstantIndexOp::create(rewriter, loc, type.getNumElements());
    left = arith::MaxSIOp::create(rewriter, loc, left, none);
    left = arith::MinSIOp::create(rewriter, loc, left, all);
    Value mask = vector::CreateMaskOp::create(
        rewriter, loc, type.clone(rewriter.getI1Type()), left);
    if (Value given = op.getMask())
      mask = arith::AndIOp::create(rewriter, loc, mask, given);
    rewriter.modifyOpInPlace(op, [&] {
      op.getMaskMutable().assign(mask);
      op.setInBoundsAttr(rewriter.getBoolArrayAttr({true}));
    });
    return success();
  }
};

struct LowbitLowerVectorsPass
    : lowbit::impl::LowbitLowerVectorsPassBase<LowbitLowerVectorsPass> {
  using LowbitLowerVectorsPassBase::LowbitLowerVectorsPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<UnrollLoad, UnrollStore, MaskTransfer<vector::TransferReadOp>,
                 MaskTransfer<vector::TransferWriteOp>>(&getContext());
    vector::populateVectorMultiReductionLoweringPatterns(
        patterns, vector::VectorMultiReductionLowering::InnerParallel);
    vector::populateVectorScanLoweringPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
