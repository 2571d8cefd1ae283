//===- ToBytes.cpp - Low-bit tensors as the byte tensors of the ABI -------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The driver of lowbit-to-bytes; ToBytes/ByteLayout.h says what stands for
// what, and the pattern files beside it hold one kind of op each.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "ToBytes/Patterns.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/Threading.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITTOBYTESPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Whether a low-bit type is mentioned somewhere in `type`.
static bool mentionsStored(Type type) {
  return type
      .walk([](Type inner) {
        return isStored(inner) ? WalkResult::interrupt()
                               : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether `op` needs nothing of this pass.
static bool isDone(Operation *op) {
  if (isa_and_nonnull<LowbitDialect, quant::QuantDialect>(op->getDialect()))
    return false;
  if (llvm::any_of(op->getOperandTypes(), mentionsStored) ||
      llvm::any_of(op->getResultTypes(), mentionsStored))
    return false;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (llvm::any_of(block.getArgumentTypes(), mentionsStored))
        return false;
  if (auto function = dyn_cast<FunctionOpInterface>(op))
    return !mentionsStored(function.getFunctionType());
  if (auto global = dyn_cast<memref::GlobalOp>(op))
    return !mentionsStored(global.getType());
  return true;
}

/// arith on tensors; not the choice between two whole tensors, whose first
/// operand is a scalar and which looks at no element.
static bool isElementwiseOnTensors(Operation *op) {
  return op->getNumOperands() != 0 &&
         isa<RankedTensorType>(op->getOperand(0).getType());
}

/// Named and element-wise ops on stored elements become linalg.generic, the one
/// form that the patterns know.
static LogicalResult generalize(Operation *root) {
  SmallVector<linalg::LinalgOp> named;
  SmallVector<Operation *> elementwise;
  root->walk([&](Operation *op) {
    if (isDone(op))
      return;
    if (auto structured = dyn_cast<linalg::LinalgOp>(op)) {
      if (!isa<linalg::GenericOp>(op))
        named.push_back(structured);
    } else if (OpTrait::hasElementwiseMappableTraits(op) &&
               isa_and_nonnull<arith::ArithDialect>(op->getDialect()) &&
               isElementwiseOnTensors(op)) {
      elementwise.push_back(op);
    }
  });
  IRRewriter rewriter(root->getContext());
  for (linalg::LinalgOp op : named) {
    rewriter.setInsertionPoint(op);
    if (failed(linalg::generalizeNamedOp(rewriter, op)))
      return op.emitOpError("on low-bit elements has no form that "
                            "lowbit-to-bytes knows");
  }
  RewritePatternSet patterns(root->getContext());
  linalg::populateElementwiseToLinalgConversionPatterns(patterns);
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingOps);
  return applyOpPatternsGreedily(elementwise, std::move(patterns), config);
}

namespace {
/// What no other pattern converts.
struct ReportUnknown : public ConversionPattern {
  ReportUnknown(const TypeConverter &converter, MLIRContext *context,
                bool &reported)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/0,
                          context),
        reported(reported) {}

  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value>,
                                ConversionPatternRewriter &) const override {
    // A pattern that has reported why it fails comes before this one.
    if (reported)
      return failure();
    if (isa_and_nonnull<LowbitDialect>(op->getDialect()))
      return op->emitOpError("has no form on bytes: lowbit-expand-conversions, "
                             "or another lowering, comes before "
                             "lowbit-to-bytes");
    InFlightDiagnostic diag = op->emitOpError("has no form on bytes");
    if (auto function = dyn_cast<FunctionOpInterface>(op)) {
      for (Type type : llvm::concat<const Type>(function.getArgumentTypes(),
                                                function.getResultTypes()))
        if (Type to = getTypeConverter()->convertType(type);
            !to || mentionsStored(to))
          return diag << ": nothing stands for the type " << type
                      << " in its signature";
      return diag;
    }
    SmallVector<Type> types = llvm::to_vector(op->getOperandTypes());
    llvm::append_range(types, op->getResultTypes());
    for (Type type : types)
      if (mentionsStored(type))
        return diag << ": it computes with or moves " << type
                    << " in a way that lowbit-to-bytes does not know";
    return diag;
  }

private:
  bool &reported;
};

struct ToBytes : public lowbit::impl::LowbitToBytesPassBase<ToBytes> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    if (failed(verifySlicesOfBytes(getOperation())) ||
        failed(verifyRowsOfBytes(getOperation())) ||
        failed(generalize(getOperation())))
      return signalPassFailure();

    llvm::SmallPtrSet<Operation *, 4> givenCasts;
    getOperation()->walk(
        [&](UnrealizedConversionCastOp cast) { givenCasts.insert(cast); });
    ByteTypeConverter converter;
    ConversionTarget target(*context);
    target.markUnknownOpDynamicallyLegal(isDone);
    target.addLegalOp<UnrealizedConversionCastOp, IntrinsicOp>();
    bool reported = false;
    RewritePatternSet patterns(context);
    populateScalarToBytesPatterns(converter, patterns);
    populateConstantToBytesPatterns(converter, patterns);
    populateStructuralToBytesPatterns(converter, patterns);
    populateTensorToBytesPatterns(converter, patterns);
    populateSliceToBytesPatterns(converter, patterns);
    populateLinalgToBytesPatterns(converter, patterns);
    patterns.add<ReportUnknown>(converter, context, reported);

    // The framework's own message names no reason; it comes after ours.
    // Passes on other modules may report beside this one.
    uint64_t thread = llvm::get_threadid();
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (llvm::get_threadid() != thread)
        return failure();
      if (reported &&
          StringRef(diagnostic.str()).starts_with("failed to legalize"))
        return success();
      reported |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
      return failure();
    });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      return signalPassFailure();

    SmallVector<UnrealizedConversionCastOp> casts, remaining;
    getOperation()->walk(
        [&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
    reconcileUnrealizedCasts(casts, &remaining);
    // The casts of the input that have nothing low-bit stay.
    llvm::erase_if(remaining, [&](UnrealizedConversionCastOp cast) {
      return givenCasts.contains(cast) && isDone(cast);
    });
    for (UnrealizedConversionCastOp cast : remaining)
      cast.emitError("a value of ")
          << cast.getOperandTypes() << " is still used as "
          << cast.getResultTypes() << " after lowbit-to-bytes";
    if (!remaining.empty())
      signalPassFailure();
  }
};
} // namespace
