//===- ApplyTarget.cpp - Name the machine in LLVM's terms -------------- ===//
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
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITAPPLYTARGETPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Reports every op that does not translate to LLVM IR. Casts between the types
/// of such ops are reported only if there is nothing else.
static LogicalResult verifyIsLLVM(ModuleOp module) {
  SmallVector<Operation *> left, casts;
  module.walk([&](Operation *op) {
    if (op == module || isa_and_present<LLVM::LLVMDialect, omp::OpenMPDialect>(
                            op->getDialect()))
      return;
    (isa<UnrealizedConversionCastOp>(op) ? casts : left).push_back(op);
  });
  for (Operation *op : left.empty() ? casts : left)
    op->emitOpError("is left when everything should be in the LLVM dialect: "
                    "the CPU pipeline has no lowering for it");
  return success(left.empty() && casts.empty());
}

/// The bytes of the largest vector that `function` computes, 64 at most: no
/// register is wider.
static int64_t getVectorBytes(LLVM::LLVMFuncOp function) {
  int64_t bytes = 0;
  function.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (auto vector = dyn_cast<VectorType>(type);
          vector && vector.getElementType().isIntOrFloat())
        bytes = std::max(bytes, vector.getNumElements() *
                                    vector.getElementTypeBitWidth() / 8);
  });
  return std::min<int64_t>(llvm::PowerOf2Ceil(bytes), 64);
}

/// Lets `function` align its stack for its vectors. LLVM decides too late that
/// it needs to: without a frame pointer it then spills to where they fall, and
/// half of all spilled registers lie across two cache lines.
static void alignStack(LLVM::LLVMFuncOp function) {
  constexpr int64_t kCallAlignment = 16;
  int64_t bytes = getVectorBytes(function);
  if (bytes <= kCallAlignment)
    return;
  Builder builder(function.getContext());
  SmallVector<Attribute> attributes;
  if (ArrayAttr others = function.getPassthroughAttr())
    llvm::append_range(attributes, others);
  attributes.push_back(
      builder.getStrArrayAttr({"alignstack", std::to_string(bytes)}));
  function.setPassthroughAttr(builder.getArrayAttr(attributes));
}

namespace {
struct LowbitApplyTargetPass
    : lowbit::impl::LowbitApplyTargetPassBase<LowbitApplyTargetPass> {
  using LowbitApplyTargetPassBase::LowbitApplyTargetPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<LLVM::TargetAttr>(
        LLVM::LLVMDialect::getTargetAttrName());
    if (!target) {
      module.emitError("has no 'llvm.target'; run lowbit-attach-target first");
      return signalPassFailure();
    }
    LLVM::TargetFeaturesAttr features = target.getFeatures();
    llvm::Expected<CPUTarget> resolved = resolveCPUTarget(
        target.getChip().getValue(),
        features ? features.getFeaturesString() : std::string(),
        target.getTriple().getValue());
    if (!resolved) {
      module.emitError(llvm::toString(resolved.takeError()));
      return signalPassFailure();
    }
    if (failed(verifyIsLLVM(module)))
      return signalPassFailure();

    Builder builder(&getContext());
    module->setAttr(LLVM::LLVMDialect::getTargetTripleAttrName(),
                    target.getTriple());
    module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                    builder.getStringAttr(resolved->dataLayout));
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal())
        continue;
      function.setTargetCpuAttr(target.getChip());
      function.setTuneCpuAttr(target.getChip());
      function.setTargetFeaturesAttr(features);
      // Nothing here throws; the code generator then writes no unwind tables.
      function.setNoUnwindAttr(builder.getUnitAttr());
      alignStack(function);
      if (function.isPrivate())
        function.setLinkage(LLVM::Linkage::Internal);
    }
  }
};
} // namespace
