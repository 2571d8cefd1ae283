//===- LegalizeBF16.cpp - bf16 without a library --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a CPU has no bf16, LLVM keeps such a value as f32 between blocks and
// gets it back by __truncsfbf2, a function that older compiler libraries, and
// the JIT, do not have. The same happens to each element of a masked vector,
// which LLVM takes apart. So vectors are masked as integers of 16 bits, and a
// module with bf16 in it has the function.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITLEGALIZEBF16PASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// The integers that a vector of bf16 is moved as; null for any other type.
static VectorType getIntegers(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  if (!vector || !vector.getElementType().isBF16())
    return {};
  return vector.clone(IntegerType::get(type.getContext(), 16));
}

namespace {
struct CastStore : OpRewritePattern<LLVM::MaskedStoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LLVM::MaskedStoreOp op,
                                PatternRewriter &rewriter) const override {
    VectorType integers = getIntegers(op.getValue().getType());
    if (!integers)
      return rewriter.notifyMatchFailure(op, "no bf16");
    Value value =
        LLVM::BitcastOp::create(rewriter, op.getLoc(), integers, op.getValue());
    rewriter.modifyOpInPlace(op, [&] { op.getValueMutable().assign(value); });
    return success();
  }
};

struct CastLoad : OpRewritePattern<LLVM::MaskedLoadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LLVM::MaskedLoadOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    VectorType integers = getIntegers(type);
    if (!integers)
      return rewriter.notifyMatchFailure(op, "no bf16");
    Value passThrough = op.getPassThru();
    if (passThrough)
      passThrough =
          LLVM::BitcastOp::create(rewriter, op.getLoc(), integers, passThrough);
    auto load = LLVM::MaskedLoadOp::create(
        rewriter, op.getLoc(), integers, op.getData(), op.getMask(),
        passThrough, op.getAlignmentAttr(), op.getNontemporalAttr());
    rewriter.replaceOpWithNewOp<LLVM::BitcastOp>(op, type, load);
    return success();
  }
};
} // namespace

static bool usesBF16(LLVM::LLVMFuncOp function) {
  auto isBF16 = [](Type type) { return getElementTypeOrSelf(type).isBF16(); };
  if (llvm::any_of(function.getFunctionType().getParams(), isBF16))
    return true;
  return function
      .walk([&](Operation *op) {
        return llvm::any_of(op->getResultTypes(), isBF16)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// bf16 __truncsfbf2(f32): to nearest even, NaN to a quiet NaN. Modules may
/// each have it.
static void defineTruncation(ModuleOp module) {
  constexpr StringLiteral kName = "__truncsfbf2";
  if (module.lookupSymbol(kName))
    return;
  MLIRContext *context = module.getContext();
  ImplicitLocOpBuilder b(module.getLoc(), context);
  b.setInsertionPointToEnd(module.getBody());
  Type i16 = b.getI16Type(), i32 = b.getI32Type(), f32 = b.getF32Type();
  auto function = LLVM::LLVMFuncOp::create(
      b, kName, LLVM::LLVMFunctionType::get(b.getBF16Type(), f32),
      LLVM::Linkage::WeakODR);
  function.setVisibility_(LLVM::Visibility::Hidden);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  auto constant = [&](Type type, int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, type, b.getIntegerAttr(type, value));
  };
  Value value = function.getArgument(0);
  Value bits = LLVM::BitcastOp::create(b, i32, value);
  Value sixteen = constant(i32, 16);
  // Half of the last place, less one where that place is even.
  Value odd = LLVM::AndOp::create(b, LLVM::LShrOp::create(b, bits, sixteen),
                                  constant(i32, 1));
  Value half = LLVM::AddOp::create(b, odd, constant(i32, 0x7fff));
  Value rounded =
      LLVM::LShrOp::create(b, LLVM::AddOp::create(b, bits, half), sixteen);
  // A NaN keeps its upper bits.
  Value quiet = LLVM::OrOp::create(b, LLVM::LShrOp::create(b, bits, sixteen),
                                   constant(i32, 0x40));
  Value isNaN = LLVM::FCmpOp::create(b, LLVM::FCmpPredicate::uno, value, value);
  Value code = LLVM::SelectOp::create(b, isNaN, quiet, rounded);
  Value result = LLVM::BitcastOp::create(b, b.getBF16Type(),
                                         LLVM::TruncOp::create(b, i16, code));
  LLVM::ReturnOp::create(b, result);
}

namespace {
struct LegalizeBF16
    : public lowbit::impl::LowbitLegalizeBF16PassBase<LegalizeBF16> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<CastStore, CastLoad>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    walkAndApplyPatterns(getOperation(), patterns);
    ModuleOp module = getOperation();
    if (llvm::any_of(module.getOps<LLVM::LLVMFuncOp>(), usesBF16))
      defineTruncation(module);
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
