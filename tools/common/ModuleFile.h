//===- ModuleFile.h - Read a module for a tool ------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_COMMON_MODULEFILE_H
#define LOWBIT_TOOLS_COMMON_MODULEFILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SourceMgr.h"

#include <memory>

namespace lowbit {

/// A module read from a file, and what prints its diagnostics with the source
/// line to standard error for as long as this lives.
class ModuleFile {
public:
  /// Starts to print the diagnostics of `context`.
  explicit ModuleFile(mlir::MLIRContext &context);

  /// Reads the file `path` (`-`: standard input), text or bytecode. Null after
  /// an error message. Blobs of bytecode stay where they were read.
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef path);

private:
  mlir::MLIRContext &context;
  std::shared_ptr<llvm::SourceMgr> sources;
  mlir::SourceMgrDiagnosticHandler handler;
};

} // namespace lowbit

#endif // LOWBIT_TOOLS_COMMON_MODULEFILE_H
