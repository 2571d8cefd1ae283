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

/// The kernel that `op` names, if `op` names one of this build and its
/// attribute and zero points are such as the kernel reads; an error at `op` if
/// not.
template <typename OpTy>
static FailureOr<std::pair<const MatmulKernel *, TileForm>>
getKernelAndForm(OpTy op) {
  KernelAttr attr = op.getKernel();
  const MatmulKernel *kernel = lookUpKernel(attr.getName());
  if (!kernel)
    return op.emitOpError("no target of this build has a kernel '")
           << attr.getName() << "'";
  llvm::Expected<TileForm> form = kernel->getTileForm(attr);
  if (!form)
    return op.emitOpError("the kernel '")
           << attr.getName() << "' does not take weights of "
           << attr.getFormat() << ": " << llvm::toString(form.takeError());
  if (attr.getColumns() != form->columns)
    return op.emitOpError("the kernel '")
           << attr.getName() << "' has tiles of " << form->columns
           << " columns, found " << attr.getColumns();
  if (attr.getUnit() % form->step != 0 || attr.getGroup() % form->step != 0)
    return op.emitOpError("the kernel '")
           << attr.getName() << "' takes steps of " << form->step
           << " of K, found a unit of " << attr.getUnit() << " and a group of "
           << attr.getGroup();
  if (DecodingAttr decoding = attr.getDecoding())
    if (int64_t depth = decoding.getDepth(), group = attr.getGroup();
        depth % form->step != 0 ||
        (group != 0 && depth % group != 0 && group % depth != 0))
      return op.emitOpError("expected a decoding depth of whole steps of ")
             << form->step << " and of whole groups of " << group
             << " or parts of one, found " << depth;
  bool takesFloats =
      form->appliesSums || (form->aElement.isF32() && attr.getShift() == 0);
  if (!takesFloats && isa_and_nonnull<FloatType>(attr.getZeroPoint()))
    return op.emitOpError("the kernel '")
           << attr.getName() << "' takes integer zero points, found "
           << attr.getZeroPoint();
  return std::make_pair(kernel, *form);
}

/// What the verifier of the op cannot know without the kernel.
static LogicalResult verifyTile(PackedMatmulOp op, const TileForm &form) {
  if (op.getAType().getElementType() != form.aElement)
    return op.emitOpError("expected a of ")
           << form.aElement << " for this kernel, found " << op.getAType();
  if (!form.appliesSums && op.getSums())
    return op.emitOpError("this kernel takes no sums");
  if (form.appliesSums && op.getZeroB() && !op.getSums())
    return op.emitOpError("this kernel needs sums to apply zero points to");
  int64_t k = op.getAType().getDimSize(1);
  int64_t found = cast<RankedTensorType>(op.getB().getType()).getDimSize(1);
  int64_t expected;
  if (ShapedType::isDynamic(k) || ShapedType::isDynamic(found) ||
      llvm::MulOverflow<int64_t>(k, form.columns * form.bits, expected))
    return success();
  if (found != expected / 8)
    return op.emitOpError("expected b of 1 x ")
           << expected / 8 << " bytes for this kernel and K = " << k
           << ", found " << op.getB().getType();
  return success();
}

/// The bytes that a kernel takes for the part of a panel that `op` decodes: all
/// of it, but of B, scales and zero points that may be what comes behind it.
static LogicalResult verifyDecode(DecodePanelOp op, const TileForm &form) {
  KernelAttr attr = op.getKernel();
  auto getBytes = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getDimSize(1);
  };
  constexpr int64_t kFloatBytes = 4;
  int64_t decoded = getBytes(op.getInit()), b = getBytes(op.getB());
  if (ShapedType::isDynamic(decoded))
    return success();
  int64_t stepBytes = form.step * form.columns * kFloatBytes;
  if (decoded % stepBytes != 0)
    return op.emitOpError("expected whole steps of ")
           << form.step << " x " << form.columns << " f32 in `outs`, found "
           << op.getInit().getType();
  int64_t depth = decoded / (form.columns * kFloatBytes);
  int64_t codes = depth * form.columns * form.bits / 8;
  if (!ShapedType::isDynamic(b) && b < codes)
    return op.emitOpError("expected at least ")
           << codes << " bytes of b for a K of " << depth << ", found "
           << op.getB().getType();
  int64_t groups =
      attr.getGroup() == 0 ? 1 : llvm::divideCeil(depth, attr.getGroup());
  auto verifyGroups = [&](Value value, Type element,
                          StringRef name) -> LogicalResult {
    if (!value)
      return success();
    int64_t bytes = groups * form.columns * getBitWidth(element) / 8;
    if (ShapedType::isDynamic(getBytes(value)) || getBytes(value) >= bytes)
      return success();
    return op.emitOpError("expected at least ")
           << bytes << " bytes of " << name << " for a K of " << depth
           << ", found " << value.getType();
  };
  if (failed(verifyGroups(op.getScaleB(), attr.getScale(), "the scale")))
    return failure();
  return verifyGroups(op.getZeroB(), attr.getZeroPoint(), "the zero point");
}

namespace {
struct LowerTile : OpRewritePattern<PackedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.isTile())
      return op.emitOpError("expected a tile of ")
             << op.getKernel().getColumns()
             << " columns and one of the kernel's row counts, found "
             << op.getOutType() << "; run lowbit-tile before";
    auto chosen = getKernelAndForm(op);
    if (failed(chosen) || failed(verifyTile(op, chosen->second)))
      return failure();
    rewriter.replaceOp(op, chosen->first->emitTile(rewriter, op));
    return success();
  }
};

struct LowerDecode : OpRewritePattern<DecodePanelOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DecodePanelOp op,
                                PatternRewriter &rewriter) const override {
    auto chosen = getKernelAndForm(op);
    if (failed(chosen) || failed(verifyDecode(op, chosen->second)))
      return failure();
    Value decoded = chosen->first->emitDecode(rewriter, op);
    if (!decoded)
      return op.emitOpError("the kernel '")
             << op.getKernel().getName() << "' does not decode panels";
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
