//===- CHeader.h - The C header of a compiled module ------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_COMPILE_CHEADER_H
#define LOWBIT_TOOLS_LOWBIT_COMPILE_CHEADER_H

#include "lowbit/Execution/FunctionSignature.h"
#include "lowbit/Target/Host.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace lowbit::compile {

/// Writes the declarations of `functions` for C99 and C++: descriptors of
/// memrefs with a function to make them, a struct for each function with
/// several results, and the functions themselves. `source` is the name of the
/// input, for a comment; `threads` that of the pipeline's option.
void writeCHeader(llvm::raw_ostream &os,
                  llvm::ArrayRef<FunctionSignature> functions,
                  const CPUTarget &target, unsigned threads,
                  llvm::StringRef source);

} // namespace lowbit::compile

#endif // LOWBIT_TOOLS_LOWBIT_COMPILE_CHEADER_H
