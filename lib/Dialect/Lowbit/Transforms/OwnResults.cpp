//===- OwnResults.cpp - Copy results that are not their own memory ----- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bufferization returns what it finds: an argument, a global, a view. The ABI
// promises fresh memory for each result. Upstream's deallocation gives
// ownership to the caller, but neither sees two results that share a buffer
// nor a view that starts inside one.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITOWNRESULTSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Finds the allocations and calls that `value` is the whole memory of. False
/// if it may be anything else.
static bool findOwnedRoots(Value value, SmallVectorImpl<Value> &roots) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<memref::AllocOp, func::CallOp>(op)) {
    roots.push_back(value);
    return true;
  }
  // Of these a cast may forget an offset; bufferization only forgets strides
  // of what has none.
  if (auto cast = dyn_cast<memref::CastOp>(op)) {
    auto type = dyn_cast<MemRefType>(cast.getSource().getType());
    return type && type.getLayout().isIdentity() &&
           findOwnedRoots(cast.getSource(), roots);
  }
  if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::ReshapeOp>(
          op))
    return findOwnedRoots(op->getOperand(0), roots);
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned index = cast<OpResult>(value).getResultNumber();
    return findOwnedRoots(branch.thenYield().getOperand(index), roots) &&
           findOwnedRoots(branch.elseYield().getOperand(index), roots);
  }
  return false;
}

/// A copy of `source` in memory of its own.
static Value createCopy(OpBuilder &builder, Location loc, Value source) {
  auto type = cast<MemRefType>(source.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(builder, loc, source, dim));
  Value copy = memref::AllocOp::create(builder, loc, type, sizes,
                                       builder.getI64IntegerAttr(64));
  memref::CopyOp::create(builder, loc, source, copy);
  return copy;
}

namespace {
struct LowbitOwnResultsPass
    : lowbit::impl::LowbitOwnResultsPassBase<LowbitOwnResultsPass> {
  using LowbitOwnResultsPassBase::LowbitOwnResultsPassBase;

  void runOnOperation() override {
    getOperation().walk([](func::ReturnOp op) {
      OpBuilder builder(op);
      llvm::SmallPtrSet<Value, 4> taken;
      for (OpOperand &operand : op->getOpOperands()) {
        auto type = dyn_cast<MemRefType>(operand.get().getType());
        if (!type || !type.getLayout().isIdentity())
          continue;
        SmallVector<Value> roots;
        if (!findOwnedRoots(operand.get(), roots) ||
            llvm::any_of(roots,
                         [&](Value root) { return taken.contains(root); }))
          operand.set(createCopy(builder, op.getLoc(), operand.get()));
        else
          taken.insert(roots.begin(), roots.end());
      }
    });
  }
};
} // namespace
