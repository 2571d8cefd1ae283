//===- DecomposeLinalg.cpp - Split linalg ops that are no loop nest ----- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITDECOMPOSELINALGPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Replaces `op`, which is on tensors, by ops that become loops.
static LogicalResult decompose(RewriterBase &rewriter, Operation *op) {
  rewriter.setInsertionPoint(op);
  if (auto pack = dyn_cast<linalg::PackOp>(op))
    return linalg::lowerPack(rewriter, pack);
  if (auto unpack = dyn_cast<linalg::UnPackOp>(op))
    return linalg::lowerUnPack(rewriter, unpack);
  FailureOr<SmallVector<Value>> results =
      cast<linalg::AggregatedOpInterface>(op).decomposeOperation(rewriter);
  if (failed(results))
    return failure();
  rewriter.replaceOp(op, *results);
  return success();
}

namespace {
struct LowbitDecomposeLinalgPass
    : lowbit::impl::LowbitDecomposeLinalgPassBase<LowbitDecomposeLinalgPass> {
  using LowbitDecomposeLinalgPassBase::LowbitDecomposeLinalgPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<linalg::PackOp, linalg::UnPackOp, linalg::AggregatedOpInterface>(
              op) &&
          op->getNumResults() != 0)
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(decompose(rewriter, op))) {
        op->emitOpError("cannot be split into ops that become loops");
        return signalPassFailure();
      }
  }
};
} // namespace
