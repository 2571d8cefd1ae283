//===- ExpandConversions.cpp - Conversions as arithmetic ------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "ExpandConversions/Patterns.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITEXPANDCONVERSIONSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

namespace {
struct ExpandConversions
    : public lowbit::impl::LowbitExpandConversionsPassBase<ExpandConversions> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateExpandCastPatterns(set);
    populateExpandQuantizationPatterns(set);
    populateExpandChooseScalePatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    // One visit per op is enough: no pattern makes work for another. A pattern
    // that reports an error leaves its op, and the error fails the pass.
    bool failedToExpand = false;
    ScopedDiagnosticHandler handler(&getContext(), [&](Diagnostic &diagnostic) {
      failedToExpand |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
      return failure();
    });
    walkAndApplyPatterns(getOperation(), patterns);
    if (failedToExpand)
      signalPassFailure();
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
