//===- FuzzSupport.h - What the fuzz targets of IR share --------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_FUZZERS_FUZZSUPPORT_H
#define LOWBIT_TOOLS_FUZZERS_FUZZSUPPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <string>

namespace lowbit::fuzz {

/// A context with lowbit and the upstream dialects that its ops stand beside.
/// Diagnostics are swallowed: rejecting an input is what is expected.
class FuzzContext {
public:
  FuzzContext();

  /// The context for the next input. Types and attributes are never freed in
  /// a context, so there is a new one now and then.
  static FuzzContext &next();

  mlir::MLIRContext *get() { return &context; }

  /// Parses and verifies; null if that fails.
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef textOrBytecode);

  /// Writes the module as text, in both forms, and as bytecode. Each must read
  /// back as a module that prints the same text.
  void checkRoundTrip(mlir::ModuleOp module, llvm::StringRef when);

  /// Canonicalizes. The result must verify and survive a round trip.
  void checkCanonicalization(mlir::ModuleOp module);

  /// Runs the lowering passes, which may reject the module. If they do not,
  /// the result must verify.
  void checkLowering(mlir::ModuleOp module);

private:
  mlir::MLIRContext context;
  mlir::PassManager canonicalizer, lowering;
};

/// Ends the program: libFuzzer saves the input.
[[noreturn]] void fail(const llvm::Twine &message, llvm::StringRef first = {},
                       llvm::StringRef second = {});

} // namespace lowbit::fuzz

#endif // LOWBIT_TOOLS_FUZZERS_FUZZSUPPORT_H
