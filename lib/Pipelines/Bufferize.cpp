//===- Bufferize.cpp - Tensors to memrefs under lowbit's ABI ---------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"
#include "lowbit/Pipelines/Pipelines.h"

#include "mlir/Conversion/BufferizationToMemRef/BufferizationToMemRef.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void lowbit::buildBufferizePipeline(OpPassManager &passes) {
  // Alive: tensor, linalg, scf, vector, arith, func, ... on tensors.
  passes.addPass(createLowbitExportFunctionsPass());
  // Upstream's deallocation wants structured control flow: branches between
  // blocks make it fail, even crash.
  passes.addNestedPass<func::FuncOp>(createLowbitLiftBranchesPass());
  passes.addNestedPass<func::FuncOp>(createLowbitDecomposeLinalgPass());
  passes.addPass(createConvertElementwiseToLinalgPass());
  passes.addPass(bufferization::createEmptyTensorEliminationPass());

  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  // A loop may carry a new buffer; the deallocation below frees the old one.
  options.allowReturnAllocsFromLoops = true;
  // Whole cache lines; `allocated` is what malloc gave all the same.
  options.bufferAlignment = 64;
  passes.addPass(bufferization::createOneShotBufferizePass(options));
  // Alive: the same on memrefs, without the tensor dialect. Loops that carry
  // one buffer all the time lose it here, which lets the next pass see whose
  // memory a result is.
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createLowbitOwnResultsPass());
  bufferization::buildBufferDeallocationPipeline(passes);
  passes.addPass(createConvertBufferizationToMemRefPass());
}
