//===- ExpandReshapes.cpp - Views of several unknown extents --------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's expand-strided-metadata works out the extents and strides of a
// memref.expand_shape from its type and crashes where a group has more than one
// dynamic extent. The op has them all as operands: this pass makes a
// memref.reinterpret_cast of them before.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITEXPANDRESHAPESPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

namespace {
struct ExpandReshape : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op,
                                PatternRewriter &rewriter) const override {
    MemRefType type = op.getResultType();
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    auto isDynamic = [&](int64_t dim) { return type.isDynamicDim(dim); };
    if (llvm::none_of(groups, [&](const ReassociationIndices &group) {
          return llvm::count_if(group, isDynamic) > 1;
        }))
      return rewriter.notifyMatchFailure(op, "upstream knows all extents");
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)))
      return rewriter.notifyMatchFailure(op, "no strides");

    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto metadata =
        memref::ExtractStridedMetadataOp::create(b, b.getLoc(), op.getSrc());
    // What the type knows is static, all else comes from the operands.
    auto choose = [&](int64_t known, Value value) {
      return ShapedType::isDynamic(known) ? OpFoldResult(value)
                                          : b.getIndexAttr(known);
    };
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OpFoldResult> newStrides(type.getRank());
    for (auto [group, stride] : llvm::zip(groups, metadata.getStrides())) {
      // The innermost dimension of a group has the stride of the whole.
      Value own = stride;
      for (int64_t dim : llvm::reverse(group)) {
        newStrides[dim] = choose(strides[dim], own);
        Value size = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[dim]);
        own = arith::MulIOp::create(b, own, size);
      }
    }
    rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
        op, type, metadata.getBaseBuffer(),
        choose(offset, metadata.getOffset()), sizes, newStrides);
    return success();
  }
};

struct ExpandReshapes
    : public lowbit::impl::LowbitExpandReshapesPassBase<ExpandReshapes> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<ExpandReshape>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    walkAndApplyPatterns(getOperation(), patterns);
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
