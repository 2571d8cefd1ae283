//===- LiftBranches.cpp - Turn branches into structured control flow ---- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Conversion/ControlFlowToSCF/ControlFlowToSCF.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Dominance.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITLIFTBRANCHESPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

namespace {
/// Upstream's, except that tensors that are never read are values which
/// bufferization knows.
struct Transformation : ControlFlowToSCFTransformation {
  Value getUndefValue(Location loc, OpBuilder &builder, Type type) override {
    auto tensorType = dyn_cast<RankedTensorType>(type);
    if (!tensorType)
      return ControlFlowToSCFTransformation::getUndefValue(loc, builder, type);
    SmallVector<Value> sizes(tensorType.getNumDynamicDims());
    for (Value &size : sizes)
      size = arith::ConstantIndexOp::create(builder, loc, 0);
    return tensor::EmptyOp::create(builder, loc, tensorType, sizes);
  }
};

struct LowbitLiftBranchesPass
    : lowbit::impl::LowbitLiftBranchesPassBase<LowbitLiftBranchesPass> {
  using LowbitLiftBranchesPassBase::LowbitLiftBranchesPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<Region *> regions;
    function.walk([&](Operation *op) {
      for (Region &region : op->getRegions())
        if (!region.empty() && !region.hasOneBlock())
          regions.push_back(&region);
    });
    Transformation transformation;
    for (Region *region : regions) {
      DominanceInfo dominance(region->getParentOp());
      if (failed(transformCFGToSCF(*region, transformation, dominance))) {
        function.emitError(
            "has branches that cannot be turned into scf ops, which "
            "bufferization needs");
        return signalPassFailure();
      }
    }
  }
};
} // namespace
