//===- LowbitPlugin.cpp - lowbit for a stock mlir-opt ------------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loaded twice, for the dialect and for the passes, whose names then exist in
// pipelines (not as flags):
//
//   mlir-opt --load-dialect-plugin=LowbitPlugin.so
//     --load-pass-plugin=LowbitPlugin.so
//     --pass-pipeline='builtin.module(lowbit-expand-conversions)' FILE
//
//===----------------------------------------------------------------------===//

#include "lowbit/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/Compiler.h"

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Lowbit", LOWBIT_VERSION,
          [](mlir::DialectRegistry *registry) {
            lowbit::registerAllDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Lowbit", LOWBIT_VERSION,
          [] { lowbit::registerAllPasses(); }};
}
