//===- ToCPU.cpp - From lowbit to the LLVM dialect for a CPU ---------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A list of stages. Each is a pass, or a pipeline, that can be run alone;
// between any two canonicalization and CSE run. Decisions are in the passes.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"
#include "lowbit/Pipelines/Pipelines.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace lowbit;

static void addCleanup(OpPassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void lowbit::buildToCPUPipeline(OpPassManager &passes,
                                const ToCPUOptions &options) {
  // Alive: lowbit, quant, linalg, tensor, scf, arith, math, func, ...

  LowbitAttachTargetPassOptions target;
  target.cpu = options.cpu;
  target.features = options.features;
  target.triple = options.triple;
  passes.addPass(createLowbitAttachTargetPass(target));
  passes.addPass(createLowbitInlineResourcesPass());
  // The checks speak of the ops as the user wrote them.
  if (options.runtimeChecks)
    passes.addPass(createGenerateRuntimeVerificationPass());
  addCleanup(passes);
  LowbitSelectKernelsPassOptions kernels;
  kernels.report = options.report;
  kernels.failOnFallback = options.failOnFallback;
  passes.addPass(createLowbitSelectKernelsPass(kernels));

  passes.addPass(createLowbitFoldWeightsPass());
  addCleanup(passes);
  // Alive: the same; what is made of constants is constant.

  passes.addPass(createLowbitPackPass());
  addCleanup(passes);
  // Alive: lowbit.packed_matmul, lowbit.pack instead of lowbit.matmul.

  passes.addPass(createLowbitTilePass());
  addCleanup(passes);
  passes.addPass(createLowbitLowerKernelsPass());
  addCleanup(passes);
  // Alive: scf, vector and the target's intrinsics instead of those.

  passes.addPass(createLowbitExpandConversionsPass());
  addCleanup(passes);
  // Alive: lowbit.bitcast, and low-bit values that are only moved.

  passes.addPass(createLowbitToBytesPass());
  addCleanup(passes);
  // Alive: upstream's dialects on tensors of bytes, no low-bit type.

  buildBufferizePipeline(passes);
  passes.addPass(createLowbitLowerIntrinsicsPass());
  addCleanup(passes);
  passes.addPass(createLowbitVerifyLoweredPass());
  // Alive: upstream's dialects on memrefs, no tensor.

  CPUToLLVMOptions lowering;
  lowering.threads = options.threads;
  buildCPUToLLVMPipeline(passes, lowering);
  // Alive: llvm; omp unless there is one thread.
}

void lowbit::registerLowbitPipelines() {
  static PassPipelineRegistration<ToCPUOptions> toCPU(
      "lowbit-to-cpu",
      "Compile for a CPU: from lowbit's ops to the LLVM dialect",
      buildToCPUPipeline);
  static PassPipelineRegistration<> bufferize(
      "lowbit-bufferize",
      "Turn tensors into memrefs: arguments are never written, each result is "
      "fresh memory",
      buildBufferizePipeline);
  static PassPipelineRegistration<CPUToLLVMOptions> cpuToLLVM(
      "lowbit-cpu-to-llvm",
      "Lower memrefs, loops and vectors to the LLVM dialect for the CPU that "
      "llvm.target names",
      buildCPUToLLVMPipeline);
}
