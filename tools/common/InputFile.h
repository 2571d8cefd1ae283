//===- InputFile.h - A module's file in memory ------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_COMMON_INPUTFILE_H
#define LOWBIT_TOOLS_COMMON_INPUTFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace lowbit {

/// The file `path` (`-`: standard input) in memory that starts at a multiple of
/// 64 bytes: bytecode is read in place, and its reader refuses a buffer that is
/// less aligned than a blob in it. Null, and what is wrong in `error`. Who is
/// asked for input by a terminal is told so.
std::unique_ptr<llvm::MemoryBuffer> openInput(llvm::StringRef path,
                                              std::string &error);

} // namespace lowbit

#endif // LOWBIT_TOOLS_COMMON_INPUTFILE_H
