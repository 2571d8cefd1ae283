//===- ExportFunctions.cpp - Prepare functions for callers outside ----- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITEXPORTFUNCTIONSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// Whether lowered code may call the C library's function of this name.
static bool isRuntimeFunction(StringRef name) {
  return llvm::is_contained({"malloc", "free", "memcpy", "memmove", "memset",
                             "aligned_alloc", "memrefCopy", "write", "abort"},
                            name);
}

namespace {
struct LowbitExportFunctionsPass
    : lowbit::impl::LowbitExportFunctionsPassBase<LowbitExportFunctionsPass> {
  using LowbitExportFunctionsPassBase::LowbitExportFunctionsPassBase;

  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      if (isRuntimeFunction(function.getName())) {
        function.emitError()
            << "'" << function.getName()
            << "' is a function of the C library that compiled code calls; "
               "rename it";
        signalPassFailure();
        continue;
      }
      if (!function.isPublic())
        continue;
      function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                        builder.getUnitAttr());
      for (BlockArgument argument : function.getArguments())
        if (isa<TensorType>(argument.getType()))
          function.setArgAttr(
              argument.getArgNumber(),
              bufferization::BufferizationDialect::kWritableAttrName,
              builder.getBoolAttr(false));
    }
  }
};
} // namespace
