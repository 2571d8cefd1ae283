//===- CompiledFunction.h - A function as machine code ----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_COMPILEDFUNCTION_H
#define LOWBIT_TOOLS_LOWBIT_RUN_COMPILEDFUNCTION_H

#include "Array.h"

namespace lowbit::run {

/// What compiled code checks when it runs: nothing, what lowbit's ops assume of
/// their operands (that extents agree), or what every op assumes.
enum class RuntimeChecks { None, Lowbit, All };

struct CompileOptions {
  /// `host` or LLVM's name of a CPU, and changes to its features.
  std::string cpu = "host", features;
  /// Replaces the CPU pipeline if not empty.
  std::string pipeline;
  /// Where the pipeline writes its report; nowhere if empty.
  std::string report;
  unsigned threads = 1;
  RuntimeChecks runtimeChecks = RuntimeChecks::None;
};

/// One function of a module, compiled for this machine.
class CompiledFunction {
public:
  /// Lowers `module`, which is not what it was afterwards and must outlive the
  /// result, and compiles it. An error without a message is one of which
  /// diagnostics have told.
  static llvm::Expected<std::unique_ptr<CompiledFunction>>
  create(mlir::ModuleOp module, llvm::StringRef name,
         const CompileOptions &options);

  /// Arguments as the compiled function takes them: weights are packed.
  struct Arguments {
    llvm::SmallVector<BufferRef> buffers;
    llvm::SmallVector<size_t> numBytes;
    /// What those of `buffers` that are packed weights lie in.
    llvm::SmallVector<OwnedBuffer> packed;
  };
  /// Packs the weights among `arguments`, which must live as long as the
  /// result.
  llvm::Expected<Arguments> prepare(llvm::ArrayRef<Array> arguments) const;

  /// A call that can be run any number of times; the memory of `buffers` must
  /// stay until the last time.
  llvm::Expected<JitRunner::Call>
  bind(llvm::ArrayRef<BufferRef> buffers) const {
    return runner->bind(name, buffers);
  }

  /// Runs the function once.
  llvm::Expected<llvm::SmallVector<Array>>
  run(llvm::ArrayRef<BufferRef> buffers) const;

  /// LLVM's name of the CPU that the code is for.
  llvm::StringRef getCPU() const { return cpu; }

private:
  CompiledFunction() = default;

  std::string name;
  std::string cpu;
  std::unique_ptr<JitRunner> runner;
};

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_COMPILEDFUNCTION_H
