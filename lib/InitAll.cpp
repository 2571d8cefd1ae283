//===- InitAll.cpp - Register everything of lowbit ---------------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/InitAll.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/IR/LowbitRuntimeVerification.h"
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"
#include "lowbit/Pipelines/Pipelines.h"

void lowbit::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<LowbitDialect>();
  registerRuntimeVerification(registry);
}

void lowbit::registerAllPasses() {
  registerLowbitPasses();
  registerLowbitPipelines();
}
