//===- ModuleFile.cpp - Read a module for a tool --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleFile.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"

#include <string>

using namespace mlir;
using namespace lowbit;

/// The file in memory that starts at a multiple of 64 bytes: bytecode is read
/// in place, and its reader refuses a buffer that is less aligned than a blob
/// in it.
static std::unique_ptr<llvm::MemoryBuffer> openAligned(StringRef path,
                                                       std::string &error) {
  const llvm::Align alignment(64);
  std::unique_ptr<llvm::MemoryBuffer> file =
      openInputFile(path, alignment, &error);
  if (!file || llvm::isAddrAligned(alignment, file->getBufferStart()))
    return file;
  std::unique_ptr<llvm::WritableMemoryBuffer> copy =
      llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
          file->getBufferSize(), file->getBufferIdentifier(), alignment);
  if (copy)
    llvm::copy(file->getBuffer(), copy->getBufferStart());
  else
    error = "out of memory";
  return copy;
}

ModuleFile::ModuleFile(MLIRContext &context)
    : context(context), sources(std::make_shared<llvm::SourceMgr>()),
      handler(*sources, &context) {
  // An op, printed after its error, may hold megabytes of weights.
  context.printOpOnDiagnostic(false);
}

OwningOpRef<ModuleOp> ModuleFile::parse(StringRef path) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openAligned(path, message);
  if (!buffer) {
    llvm::WithColor::error() << message << "\n";
    return {};
  }
  sources->AddNewSourceBuffer(std::move(buffer), SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}
