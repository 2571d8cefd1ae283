//===- LowerKernels.cpp - Tiles become the target's code ------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hands every tile to its kernel, which emits it on tensors and vectors, and
// turns every pack that is left into loops.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "LowerKernels/Patterns.h"

#include "lowbit/Target/Kernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITLOWERKERNELSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

namespace {
struct LowerTile : OpRewritePattern<PackedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    StringRef name = op.getKernel().getName();
    const MatmulKernel *kernel = lookUpKernel(name);
    if (!kernel)
      return op.emitOpError("no target of this build has a kernel '")
             << name << "'";
    if (!op.isTile())
      return op.emitOpError("expected a tile of ")
             << op.getKernel().getColumns()
             << " columns and one of the kernel's row counts, found "
             << op.getOutType() << "; run lowbit-tile before";
    rewriter.replaceOp(op, kernel->emitTile(rewriter, op));
    return success();
  }
};

struct LowerDecode : OpRewritePattern<DecodePanelOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DecodePanelOp op,
                                PatternRewriter &rewriter) const override {
    StringRef name = op.getKernel().getName();
    const MatmulKernel *kernel = lookUpKernel(name);
    Value decoded = kernel ? kernel->emitDecode(rewriter, op) : Value();
    if (!decoded)
      return op.emitOpError("no target of this build has a kernel '")
             << name << "' that decodes panels";
    rewriter.replaceOp(op, decoded);
    return success();
  }
};

struct LowerKernels
    : public lowbit::impl::LowbitLowerKernelsPassBase<LowerKernels> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<LowerTile, LowerDecode>(context);
    populateLowerPackPatterns(set);
    populateLowerUnpackPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    walkAndApplyPatterns(getOperation(), patterns);
    WalkResult left = getOperation()->walk([](Operation *op) {
      return isa<PackedMatmulOp, DecodePanelOp, PackOp, UnpackOp>(op)
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    if (left.wasInterrupted())
      signalPassFailure();
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
