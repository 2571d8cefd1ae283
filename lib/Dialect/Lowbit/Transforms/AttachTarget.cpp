//===- AttachTarget.cpp - Record the machine on the module ------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"
#include "lowbit/Target/Host.h"

#include "mlir/Dialect/LLVMIR/LLVMAttrs.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITATTACHTARGETPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

namespace {
struct LowbitAttachTargetPass
    : lowbit::impl::LowbitAttachTargetPassBase<LowbitAttachTargetPass> {
  using LowbitAttachTargetPassBase::LowbitAttachTargetPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    StringRef attrName = LLVM::LLVMDialect::getTargetAttrName();
    Attribute existing = module->getAttr(attrName);
    auto existingTarget = dyn_cast_or_null<LLVM::TargetAttr>(existing);
    if (existing && !existingTarget) {
      module.emitError() << "'" << attrName << "' is " << existing
                         << ", not an #llvm.target attribute";
      return signalPassFailure();
    }

    std::string newCPU = cpu, newFeatures = features, newTriple = triple;
    if (existingTarget && cpu.empty() && triple.empty()) {
      newCPU = existingTarget.getChip().getValue();
      newTriple = existingTarget.getTriple().getValue();
      if (LLVM::TargetFeaturesAttr list = existingTarget.getFeatures())
        newFeatures = list.getFeaturesString() +
                      (newFeatures.empty() ? "" : "," + newFeatures);
    }
    llvm::Expected<CPUTarget> target =
        resolveCPUTarget(newCPU, newFeatures, newTriple);
    if (!target) {
      // An option is wrong, nothing in the module.
      emitError(UnknownLoc::get(&getContext()),
                llvm::toString(target.takeError()));
      return signalPassFailure();
    }

    MLIRContext *context = &getContext();
    SmallVector<StringRef> list(target->features.begin(),
                                target->features.end());
    module->setAttr(
        attrName,
        LLVM::TargetAttr::get(context, StringAttr::get(context, target->triple),
                              StringAttr::get(context, target->cpu),
                              LLVM::TargetFeaturesAttr::get(context, list)));
  }
};
} // namespace
