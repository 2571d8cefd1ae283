//===- Arguments.h - What the function is called with -----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_ARGUMENTS_H
#define LOWBIT_TOOLS_LOWBIT_RUN_ARGUMENTS_H

#include "Array.h"

namespace lowbit::run {

/// The arguments of `function` as `specs` say, one for each in order: the name
/// of a .npy file, or `random` or `zeros`, both with an optional shape in
/// elements ("random:4x64"). Without any, all are random. Random arrays depend
/// on `seed` and the position, and are the same on every machine. An error
/// names the argument, what was expected and what was found.
llvm::Expected<llvm::SmallVector<Array>>
makeArguments(mlir::func::FuncOp function, const FunctionSignature &signature,
              llvm::ArrayRef<std::string> specs, uint64_t seed);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_ARGUMENTS_H
