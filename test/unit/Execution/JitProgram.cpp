//===- JitProgram.cpp - A module compiled for this machine ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JitProgram.h"

#include "lowbit/InitAll.h"
#include "lowbit/Pipelines/Pipelines.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "gtest/gtest.h"

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

mlir::DialectRegistry test::getRegistry() {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  lowbit::registerAllDialects(registry);
  return registry;
}

Program test::compile(StringRef text, const SetOptions &setOptions) {
  Program program;
  program.context = std::make_unique<mlir::MLIRContext>(
      getRegistry(), mlir::MLIRContext::Threading::DISABLED);
  program.module =
      mlir::parseSourceString<mlir::ModuleOp>(text, program.context.get());
  if (!program.module) {
    ADD_FAILURE() << "does not parse";
    return program;
  }
  SmallVector<FunctionSignature> signatures =
      getFunctionSignatures(*program.module);
  auto passes = mlir::PassManager::on<mlir::ModuleOp>(program.context.get());
  ToCPUOptions options;
  options.cpu = "host";
  if (setOptions)
    setOptions(options);
  buildToCPUPipeline(passes, options);
  if (failed(passes.run(*program.module))) {
    ADD_FAILURE() << "does not lower";
    return program;
  }
  auto runner = JitRunner::create(*program.module, signatures);
  if (runner)
    program.runner = std::move(*runner);
  else
    ADD_FAILURE() << llvm::toString(runner.takeError());
  return program;
}

SmallVector<OwnedBuffer> test::run(const Program &program, StringRef name,
                                   ArrayRef<BufferRef> arguments) {
  if (!program.runner)
    return {};
  auto results = program.runner->call(name, arguments);
  if (results)
    return std::move(*results);
  ADD_FAILURE() << llvm::toString(results.takeError());
  return {};
}

std::string test::getError(const Program &program, StringRef name,
                           ArrayRef<BufferRef> arguments) {
  auto results = program.runner->call(name, arguments);
  if (!results)
    return llvm::toString(results.takeError());
  ADD_FAILURE() << "was called";
  return "";
}
