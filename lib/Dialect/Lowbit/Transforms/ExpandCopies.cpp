//===- ExpandCopies.cpp - Turn strided copies into linalg --------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITEXPANDCOPIESPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Whether upstream's lowering copies a buffer of this type with memcpy.
static bool isContiguous(Type type) {
  auto memrefType = dyn_cast<MemRefType>(type);
  if (!memrefType)
    return false;
  return memrefType.getLayout().isIdentity() ||
         (memrefType.hasStaticShape() && memrefType.getNumElements() > 0 &&
          memref::isStaticShapeAndContiguousRowMajor(memrefType));
}

namespace {
struct LowbitExpandCopiesPass
    : lowbit::impl::LowbitExpandCopiesPassBase<LowbitExpandCopiesPass> {
  using LowbitExpandCopiesPassBase::LowbitExpandCopiesPassBase;

  void runOnOperation() override {
    getOperation()->walk([](memref::CopyOp op) {
      Type source = op.getSource().getType();
      Type target = op.getTarget().getType();
      if ((isContiguous(source) && isContiguous(target)) ||
          !isa<MemRefType>(source) || !isa<MemRefType>(target))
        return;
      OpBuilder builder(op);
      linalg::makeMemRefCopyOp(builder, op.getLoc(), op.getSource(),
                               op.getTarget());
      op.erase();
    });
  }
};
} // namespace
