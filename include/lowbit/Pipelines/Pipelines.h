//===- Pipelines.h - From lowbit to the LLVM dialect ------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pipelines that users call by name, and their parts. They need the
// dialects and extensions that mlir::registerAllDialects and
// mlir::registerAllExtensions add to a context.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_PIPELINES_PIPELINES_H
#define LOWBIT_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>

namespace lowbit {

/// Options of `lowbit-cpu-to-llvm`.
struct CPUToLLVMOptions : mlir::PassPipelineOptions<CPUToLLVMOptions> {
  Option<unsigned> threads{
      *this, "threads", llvm::cl::init(1),
      llvm::cl::desc("Threads of parallel loops: 1 = plain loops without "
                     "OpenMP, 0 = all that OpenMP has, N = so many")};
};

/// Options of `lowbit-to-cpu`.
struct ToCPUOptions : mlir::PassPipelineOptions<ToCPUOptions> {
  Option<std::string> cpu{
      *this, "cpu", llvm::cl::init(""),
      llvm::cl::desc("host, or LLVM's name of a CPU. Empty: the module's "
                     "llvm.target, or the architecture's baseline")};
  Option<std::string> features{
      *this, "features", llvm::cl::init(""),
      llvm::cl::desc("Changes to the CPU's features, as +a,-b")};
  Option<std::string> triple{
      *this, "triple", llvm::cl::init(""),
      llvm::cl::desc("LLVM's triple. Empty: this machine's")};
  Option<unsigned> threads{
      *this, "threads", llvm::cl::init(1),
      llvm::cl::desc("Threads of parallel loops: 1 = plain loops without "
                     "OpenMP, 0 = all that OpenMP has, N = so many")};
  Option<std::string> report{
      *this, "report", llvm::cl::init(""),
      llvm::cl::desc("JSON file for one record per low-bit op: the kernel "
                     "chosen, and those rejected with the reason")};
  Option<bool> failOnFallback{
      *this, "fail-on-fallback", llvm::cl::init(false),
      llvm::cl::desc("Make it an error where a portable kernel is used on a "
                     "machine that has others")};
  Option<bool> runtimeChecks{
      *this, "runtime-checks", llvm::cl::init(false),
      llvm::cl::desc("Check at run time what the IR only assumes; a failed "
                     "check prints a message and aborts")};
};

/// The whole way: from lowbit, linalg, tensor, scf, func, ... to the LLVM
/// dialect (and omp, unless `threads` is 1), with triple, data layout, and CPU
/// attributes on each function. For a pass manager of `builtin.module`.
void buildToCPUPipeline(mlir::OpPassManager &passes,
                        const ToCPUOptions &options);

/// `lowbit-bufferize`: tensors become memrefs under the ABI of
/// docs/Formats.md: arguments are never written, each result is fresh memory
/// from malloc, nothing leaks. Afterwards no tensor is left.
void buildBufferizePipeline(mlir::OpPassManager &passes);

/// `lowbit-cpu-to-llvm`: memref, linalg, vector, scf, ... become the LLVM
/// dialect, with C interfaces for public functions.
void buildCPUToLLVMPipeline(mlir::OpPassManager &passes,
                            const CPUToLLVMOptions &options);

/// Registers the pipelines above by name. lowbit::registerAllPasses does it.
void registerLowbitPipelines();

} // namespace lowbit

#endif // LOWBIT_PIPELINES_PIPELINES_H
