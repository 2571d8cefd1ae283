//===- InitAll.h - Register everything of lowbit ----------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_INITALL_H
#define LOWBIT_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace lowbit {

/// Adds the lowbit dialect and the interface implementations that it attaches
/// to upstream's dialects.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers lowbit's passes and pipelines with the pass registry, for textual
/// pipelines and command lines. Once per process.
void registerAllPasses();

} // namespace lowbit

#endif // LOWBIT_INITALL_H
