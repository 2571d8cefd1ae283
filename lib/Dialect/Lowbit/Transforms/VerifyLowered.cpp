//===- VerifyLowered.cpp - Report what is left of low-bit ops ----------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinOps.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITVERIFYLOWEREDPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Low-bit types and those of the quant dialect, which stand for such.
static bool isUnlowered(Type type) {
  return isLowBitType(type) || isa<quant::QuantizedType>(type);
}

/// The first low-bit type inside `type` (an element type, a function's
/// argument, ...), or null.
static Type findLowBitType(Type type) {
  Type found;
  type.walk([&](Type inner) {
    if (!isUnlowered(inner))
      return WalkResult::advance();
    found = inner;
    return WalkResult::interrupt();
  });
  return found;
}

/// The same among all types that `op` mentions.
static Type findLowBitType(Operation *op) {
  for (Type type : op->getOperandTypes())
    if (Type found = findLowBitType(type))
      return found;
  for (Type type : op->getResultTypes())
    if (Type found = findLowBitType(type))
      return found;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        if (Type found = findLowBitType(type))
          return found;
  return {};
}

/// The same inside its attributes, the type of a function among them.
static Type findLowBitTypeInAttributes(Operation *op) {
  Type found;
  op->getAttrDictionary().walk([&](Type type) {
    if (!isUnlowered(type))
      return WalkResult::advance();
    found = type;
    return WalkResult::interrupt();
  });
  return found;
}

namespace {
struct VerifyLowered
    : public lowbit::impl::LowbitVerifyLoweredPassBase<VerifyLowered> {
  void runOnOperation() override {
    bool clean = true;
    getOperation()->walk(
        [&](Operation *op) { clean &= succeeded(verify(op)); });
    if (!clean)
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  static LogicalResult verify(Operation *op) {
    if (isa<IntrinsicOp>(op))
      return op->emitOpError(
          "was not lowered: it is for after bufferization, "
          "and lowbit-lower-intrinsics turns it into LLVM's");
    if (isa_and_nonnull<LowbitDialect, quant::QuantDialect>(op->getDialect()))
      return op->emitOpError("was not lowered: no pass before "
                             "lowbit-verify-lowered handled it");
    if (isa<UnrealizedConversionCastOp>(op))
      return op->emitOpError("is left: a conversion before "
                             "lowbit-verify-lowered was incomplete");
    if (Type type = findLowBitType(op))
      return op->emitOpError("still has the low-bit type ")
             << type << "; lowbit-to-bytes would have replaced it";
    if (Type type = findLowBitTypeInAttributes(op))
      return op->emitOpError("still has the low-bit type ")
             << type << " in an attribute";
    return success();
  }
};
} // namespace
