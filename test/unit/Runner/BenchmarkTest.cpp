//===- BenchmarkTest.cpp - What lowbit-run --benchmark prints -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit-run/Benchmark.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace lowbit::run;
using llvm::StringRef;

namespace {
using Kernels = llvm::SmallVector<std::string>;

Kernels readKernelsFrom(StringRef text) {
  int file;
  llvm::SmallString<128> path;
  EXPECT_FALSE(
      llvm::sys::fs::createTemporaryFile("lowbit-report", "json", file, path));
  llvm::FileRemover remover(path);
  llvm::raw_fd_ostream(file, /*shouldClose=*/true) << text;
  return readKernels(path, {"f", "g"});
}

TEST(ReadKernels, OneForEachProduct) {
  EXPECT_EQ(readKernelsFrom(R"([
              {"op": "lowbit.quantize", "function": "f", "kernel": "x"},
              {"op": "lowbit.matmul", "function": "f", "kernel": "a"},
              {"op": "lowbit.matmul", "function": "g", "kernel": "b"},
              {"op": "lowbit.matmul", "function": "h", "kernel": "c"},
              {"op": "lowbit.matmul", "function": "f", "kernel": "a"}])"),
            (Kernels{"a", "b"}));
}

TEST(ReadKernels, NothingToRead) {
  for (StringRef text :
       {"", "[", "{}", "[1, null]", "[{}]",
        R"([{"op": "lowbit.matmul", "function": "f", "kernel": null}])"})
    EXPECT_EQ(readKernelsFrom(text), Kernels()) << text.str();
  EXPECT_EQ(readKernels("/no/such/file", {"f"}), Kernels());
}

TEST(PrintBenchmark, AllKeys) {
  EXPECT_EQ(printBenchmark({0.002, 0.001, 0.004}, {4e6, 1e6}, 2, "znver4",
                           {"X86.a", "X86.b"}),
            R"({"median_s":0.002000000,"min_s":0.001000000,)"
            R"("max_s":0.004000000,"gflops":2,"weight_gbps":0.5,)"
            R"("threads":2,"cpu":"znver4","kernel":"X86.a, X86.b"})");
}

TEST(PrintBenchmark, NullWhereItDoesNotApply) {
  EXPECT_EQ(printBenchmark({0.5, 0.5, 0.5}, {}, 1, "x86-64", {}),
            R"({"median_s":0.500000000,"min_s":0.500000000,)"
            R"("max_s":0.500000000,"gflops":null,"weight_gbps":null,)"
            R"("threads":1,"cpu":"x86-64","kernel":null})");
}

TEST(GetCost, Sums) {
  MatmulExtents known, unknown, nested;
  known.operations = 10.0;
  known.weightBytes = 3.0;
  unknown.weightBytes = 4.0;
  nested = known;
  nested.isNested = true;
  EXPECT_EQ(getCost({known, known}).operations, 20.0);
  EXPECT_EQ(getCost({known, unknown}).operations, std::nullopt);
  EXPECT_EQ(getCost({unknown, known}).operations, std::nullopt);
  EXPECT_EQ(getCost({known, unknown}).weightBytes, 7.0);
  // What a loop runs, and what is not there, has no cost that is known.
  EXPECT_EQ(getCost({known, nested}).operations, std::nullopt);
  EXPECT_EQ(getCost({}).weightBytes, std::nullopt);
}
} // namespace
