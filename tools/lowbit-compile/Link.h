//===- Link.h - Make a program of an object ---------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_COMPILE_LINK_H
#define LOWBIT_TOOLS_LOWBIT_COMPILE_LINK_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace lowbit::compile {

/// What a program is linked with.
struct Linker {
  /// The C compiler, which knows where the C library is.
  std::string compiler;
  /// liblowbit_runner.a.
  std::string runnerLibrary;

  /// Finds both. `compiler`: a program's name or path; empty: the first of the
  /// usual names in the PATH. The library lies in the folder lib beside that of
  /// the running program `argv0`, in the build and in the install tree.
  static llvm::Expected<Linker> find(llvm::StringRef compiler,
                                     const char *argv0);

  /// Links the file `object` to a static, non-PIE program `output`. What the
  /// linker says goes to standard error.
  llvm::Error link(llvm::StringRef object, llvm::StringRef output) const;
};

} // namespace lowbit::compile

#endif // LOWBIT_TOOLS_LOWBIT_COMPILE_LINK_H
