//===- ModuleFile.cpp - Read a module for a tool --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleFile.h"

#include "InputFile.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"

#include <string>

using namespace mlir;
using namespace lowbit;

ModuleFile::ModuleFile(MLIRContext &context)
    : context(context), sources(std::make_shared<llvm::SourceMgr>()),
      handler(*sources, &context) {
  // An op, printed after its error, may hold megabytes of weights.
  context.printOpOnDiagnostic(false);
}

OwningOpRef<ModuleOp> ModuleFile::parse(StringRef path) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInput(path, message);
  if (!buffer) {
    llvm::WithColor::error() << message << "\n";
    return {};
  }
  sources->AddNewSourceBuffer(std::move(buffer), SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}
