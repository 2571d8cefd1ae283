//===- InputFile.cpp - A module's file in memory --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InputFile.h"

#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

std::unique_ptr<llvm::MemoryBuffer> lowbit::openInput(llvm::StringRef path,
                                                      std::string &error) {
  if (path == "-" && llvm::sys::Process::FileDescriptorIsDisplayed(0))
    llvm::errs() << "(processing input from stdin now, hit ctrl-c/ctrl-d to "
                    "interrupt)\n";
  const llvm::Align alignment(64);
  std::unique_ptr<llvm::MemoryBuffer> file =
      mlir::openInputFile(path, alignment, &error);
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
