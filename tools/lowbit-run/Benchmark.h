//===- Benchmark.h - How long a call takes ----------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_BENCHMARK_H
#define LOWBIT_TOOLS_LOWBIT_RUN_BENCHMARK_H

#include "CompiledFunction.h"
#include "MatmulExtents.h"

namespace lowbit::run {

/// Seconds of one call.
struct Timing {
  double median, min, max;
};

/// Times `calls` calls after a warm-up. If `cold`, each call gets another copy
/// of the arguments, of which there are as many as it takes to fill several
/// times the last-level cache. An error if they are too small for that.
llvm::Expected<Timing> measure(const CompiledFunction &function,
                               const CompiledFunction::Arguments &arguments,
                               unsigned calls, bool cold);

/// What the products of one call cost. nullopt: there are none, or it cannot
/// be told.
struct Cost {
  std::optional<double> operations;
  std::optional<double> weightBytes;
};
Cost getCost(llvm::ArrayRef<MatmulExtents> matmuls);

/// The functions that products are in, without repetition.
llvm::SmallVector<std::string>
getFunctions(llvm::ArrayRef<MatmulExtents> matmuls);

/// The kernels that the report in this file (docs/reference/Passes.md) chose
/// for products of these functions, without repetition. Empty if it names none.
llvm::SmallVector<std::string>
readKernels(llvm::StringRef reportFile, llvm::ArrayRef<std::string> functions);

/// The line that --benchmark prints, without a newline. `kernels` are joined.
std::string printBenchmark(const Timing &timing, const Cost &cost,
                           std::optional<unsigned> threads, llvm::StringRef cpu,
                           llvm::ArrayRef<std::string> kernels);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_BENCHMARK_H
