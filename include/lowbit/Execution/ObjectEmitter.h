//===- ObjectEmitter.h - LLVM dialect to machine code -----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `lowbit-to-cpu` leaves becomes LLVM IR, is optimized and printed as IR,
// assembly or an object file. The machine is the one that the module names.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_EXECUTION_OBJECTEMITTER_H
#define LOWBIT_EXECUTION_OBJECTEMITTER_H

#include "lowbit/Target/Host.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
class raw_ostream;
class raw_pwrite_stream;
} // namespace llvm

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace lowbit {

/// Adds the translations from dialects to LLVM IR that `ObjectEmitter` needs;
/// it does so itself for a context that has them not.
void registerLLVMIRTranslations(mlir::DialectRegistry &registry);

/// The machine that a module was lowered for: its `llvm.target`. An error if
/// there is none.
llvm::Expected<CPUTarget> getModuleTarget(mlir::ModuleOp module);

struct ObjectEmitterOptions {
  /// LLVM's -O level, 0 to 3.
  unsigned optimizationLevel = 3;
  /// Interleave and unroll loops. Off, code computes the same and compiles
  /// several times faster.
  bool unrollLoops = true;
  /// Position-independent code. Off: for static executables.
  bool positionIndependent = true;
};

/// One module on its way to machine code.
class ObjectEmitter {
public:
  /// Translates and optimizes a module of the LLVM dialect (and omp). Blobs are
  /// copied once, into LLVM's constants; `module` is not needed afterwards.
  static llvm::Expected<std::unique_ptr<ObjectEmitter>>
  create(mlir::ModuleOp module, const ObjectEmitterOptions &options = {});
  ~ObjectEmitter();

  /// The optimized module as text.
  void printLLVMIR(llvm::raw_ostream &os) const;
  /// Machine code. Either may be called once, and nothing after it: code
  /// generation consumes the module.
  llvm::Error emitAssembly(llvm::raw_pwrite_stream &os);
  llvm::Error emitObject(llvm::raw_pwrite_stream &os);

  const CPUTarget &getTarget() const { return target; }

private:
  // It adds entry points before the module is optimized.
  friend class JitRunner;
  ObjectEmitter();
  static llvm::Expected<std::unique_ptr<ObjectEmitter>>
  translate(mlir::ModuleOp module, const ObjectEmitterOptions &options);
  llvm::Error optimize();
  llvm::Error emit(llvm::raw_pwrite_stream &os, bool asObject);

  ObjectEmitterOptions options;
  CPUTarget target;
  /// Errors that LLVM reported, each on a line.
  std::string errors;
  // In this order: the module is destroyed before its context.
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// The symbols that an object file takes from elsewhere, sorted.
llvm::Expected<std::vector<std::string>>
getUndefinedSymbols(llvm::MemoryBufferRef object);

} // namespace lowbit

#endif // LOWBIT_EXECUTION_OBJECTEMITTER_H
