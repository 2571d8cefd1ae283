//===- CPUToLLVM.cpp - Memrefs, loops and vectors to LLVM ------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"
#include "lowbit/Pipelines/Pipelines.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace lowbit;

/// Parallel loops become plain ones, or OpenMP's.
static void addLoops(OpPassManager &passes, unsigned threads) {
  if (threads == 1) {
    passes.addNestedPass<func::FuncOp>(createForallToForLoopPass());
    return; // scf.parallel becomes plain loops with the others
  }
  passes.addNestedPass<func::FuncOp>(createForallToParallelLoopPass());
  ConvertSCFToOpenMPPassOptions options;
  options.numThreads = threads;
  passes.addPass(createConvertSCFToOpenMPPass(options));
  passes.addPass(createLowbitLowerScopesPass());
}

/// Vectors of several dimensions become vectors of one. A transfer of
/// contiguous elements becomes a load or a store, masked only where it may
/// leave the buffer.
static void addVectors(OpPassManager &passes) {
  VectorTransferToSCFOptions options;
  options.unroll = true;
  passes.addNestedPass<func::FuncOp>(createConvertVectorToSCFPass(options));
  passes.addNestedPass<func::FuncOp>(createLowbitLowerVectorsPass());
}

/// Arithmetic that would become a call of the compiler's own library is spelled
/// out; what is left of math are functions of libm.
static void addArithmetic(OpPassManager &passes) {
  arith::ArithExpandOpsPassOptions options;
  options.includeBf16 = true; // __truncsfbf2 is missing in older libraries
  passes.addNestedPass<func::FuncOp>(arith::createArithExpandOpsPass(options));
  passes.addPass(createConvertMathToFuncs()); // integer powers
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
}

void lowbit::buildCPUToLLVMPipeline(OpPassManager &passes,
                                    const CPUToLLVMOptions &options) {
  // Alive: memref, linalg, vector, scf, affine, arith, math, cf, func, index,
  // ub, and what targets add (x86vector, amx, llvm).
  passes.addNestedPass<func::FuncOp>(createLowbitExpandCopiesPass());
  passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  // Alive: without linalg.
  passes.addPass(createLowbitLowerAssertsPass());
  addVectors(passes);
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  addLoops(passes, options.threads);
  // Alive: without scf.forall; with more than one thread omp, without
  // scf.parallel.
  passes.addPass(createLowbitExpandReshapesPass());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  addArithmetic(passes);
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  // Alive: memref without views, vector of one dimension in memory, scf, arith,
  // cf, func, index, ub, omp, llvm.
  passes.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectorOptions;
  vectorOptions.x86Vector = true;
  vectorOptions.vectorContractLowering =
      vector::VectorContractLowering::OuterProduct;
  passes.addPass(createConvertVectorToLLVMPass(vectorOptions));
  passes.addPass(createConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createLowbitLegalizeBF16Pass());
  // Alive: llvm, omp.
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createLowbitApplyTargetPass());
}
