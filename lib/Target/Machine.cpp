//===- Machine.cpp - What code is generated for ---------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Target/Machine.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace lowbit;

Machine Machine::get(Operation *op) {
  Machine machine;
  for (; op; op = op->getParentOp()) {
    auto target = op->getAttrOfType<LLVM::TargetAttr>(
        LLVM::LLVMDialect::getTargetAttrName());
    if (!target)
      continue;
    machine.triple = llvm::Triple(target.getTriple().getValue());
    machine.cpu = target.getChip().getValue().str();
    if (target.getFeatures())
      for (StringAttr feature : target.getFeatures().getFeatures())
        if (feature.getValue().starts_with("+"))
          machine.features.insert(feature.getValue().drop_front());
    break;
  }
  return machine;
}

bool Machine::hasFusedMultiplyAdd() const {
  if (triple.isX86())
    return hasFeature("fma");
  return triple.isAArch64() || triple.isRISCV();
}
