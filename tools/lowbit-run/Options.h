//===- Options.h - The command line of lowbit-run ---------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_OPTIONS_H
#define LOWBIT_TOOLS_LOWBIT_RUN_OPTIONS_H

#include "CompiledFunction.h"

#include <string>
#include <vector>

namespace lowbit::run {

/// What to do, as the command line says it.
struct Options {
  std::string file;
  /// Empty: the only public function.
  std::string entry;
  std::vector<std::string> inputs, outputs;
  uint64_t seed = 0;
  CompileOptions compile;
  bool useReference = false;
  bool check = false;
  /// 0: no benchmark.
  unsigned benchmarkCalls = 0;
  bool benchmarkCold = false;
};

/// Reads the command line. After --help or --version and on unknown options the
/// program ends here. An error says which options do not go together.
llvm::Expected<Options> parseOptions(int argc, char **argv);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_OPTIONS_H
