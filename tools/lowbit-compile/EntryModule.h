//===- EntryModule.h - A program around a compiled function -----*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_COMPILE_ENTRYMODULE_H
#define LOWBIT_TOOLS_LOWBIT_COMPILE_ENTRYMODULE_H

#include "../common/RandomChoice.h"

#include "lowbit/Execution/FunctionSignature.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/LogicalResult.h"

namespace lowbit::compile {

/// Makes every function of a module of the LLVM dialect internal whose name is
/// not in `exported`: an object shows its ABI to others and nothing else, and
/// users' names, `main` among them, clash with nothing.
void internalizeFunctions(mlir::ModuleOp module,
                          const llvm::StringSet<> &exported);

/// Adds `main` and the `lowbit_entry` of include/lowbit/Runner/entry.h for one
/// function to the module that lowbit-to-cpu has left. Fails with a diagnostic
/// if the C interface is not there or is not as the signature says.
/// `choices` has one entry for each argument; `cpu` is for messages.
llvm::LogicalResult addEntry(mlir::ModuleOp module,
                             const FunctionSignature &signature,
                             llvm::ArrayRef<RandomChoice> choices,
                             llvm::StringRef cpu);

} // namespace lowbit::compile

#endif // LOWBIT_TOOLS_LOWBIT_COMPILE_ENTRYMODULE_H
