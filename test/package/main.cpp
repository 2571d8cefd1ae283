//===- main.cpp - A compiler outside lowbit's tree that uses it -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses a module with a lowbit op, lowers it with a pass found by name, and
// prints it: what run.sh compares.
//
//===----------------------------------------------------------------------===//

#include "lowbit/InitAll.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/Support/raw_ostream.h"

static const char *const source = R"mlir(
func.func @f(%x: vector<5xf32>) -> vector<5xf8E4M3FN> {
  %y = lowbit.convert %x : vector<5xf32> to vector<5xf8E4M3FN>
  return %y : vector<5xf8E4M3FN>
}
)mlir";

int main() {
  mlir::DialectRegistry registry;
  lowbit::registerAllDialects(registry);
  registry.insert<mlir::func::FuncDialect>();
  lowbit::registerAllPasses();
  mlir::registerCanonicalizerPass();

  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(source, &context);
  if (!module)
    return 1;
  int64_t converts = 0;
  module->walk([&](lowbit::ConvertOp) { ++converts; });
  llvm::outs() << "before: " << converts << " convert\n";

  mlir::PassManager pm(&context);
  if (mlir::failed(mlir::parsePassPipeline(
          "canonicalize,lowbit-expand-conversions", pm)) ||
      mlir::failed(pm.run(*module)))
    return 1;
  converts = 0;
  module->walk([&](lowbit::ConvertOp) { ++converts; });
  llvm::outs() << "after: " << converts << " convert\n";
  module->print(llvm::outs());
  return 0;
}
