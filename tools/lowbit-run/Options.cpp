//===- Options.cpp - The command line of lowbit-run -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "../common/OptionNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace lowbit;
using namespace lowbit::run;
namespace cl = llvm::cl;

/// OpenMP ends the program if it cannot have as many threads as it is asked
/// for.
static constexpr unsigned kMaxThreads = 1024;

static cl::OptionCategory dataCategory("The function and its arrays");
static cl::OptionCategory compileCategory("How it is compiled");
static cl::OptionCategory modeCategory("What is done");

static cl::opt<std::string> fileOption(cl::Positional, cl::desc("FILE"),
                                       cl::init("-"), cl::cat(dataCategory));
static cl::opt<std::string>
    entryOption("entry",
                cl::desc("The function to call (default: the only public one)"),
                cl::value_desc("name"), cl::cat(dataCategory));
static cl::list<std::string>
    inputOption("input",
                cl::desc("An argument, once for each in order (default: all "
                         "random)"),
                cl::value_desc("array"), cl::cat(dataCategory));
static cl::list<std::string>
    outputOption("output",
                 cl::desc("Where a result goes, once for each in order "
                          "(default: the first elements are printed)"),
                 cl::value_desc("file.npy"), cl::cat(dataCategory));
static cl::opt<uint64_t>
    seedOption("seed",
               cl::desc("Chooses the random arrays, the same on every machine "
                        "(default 0)"),
               cl::value_desc("N"), cl::init(0), cl::cat(dataCategory));

static cl::opt<std::string>
    cpuOption("cpu",
              cl::desc("LLVM's name of a CPU whose features this machine has "
                       "(default: host)"),
              cl::value_desc("name"), cl::init("host"),
              cl::cat(compileCategory));
static cl::opt<std::string>
    featuresOption("features",
                   cl::desc("Changes to the CPU's features, as +a,-b"),
                   cl::value_desc("list"), cl::cat(compileCategory));
static FreedOptionName freedThreads("threads");
static cl::opt<unsigned>
    threadsOption("threads",
                  cl::desc("Threads of parallel loops: 1 needs no OpenMP (the "
                           "default), 0 = all"),
                  cl::value_desc("N"), cl::init(1), cl::cat(compileCategory));
static cl::opt<std::string>
    pipelineOption("pipeline",
                   cl::desc("Passes to run instead of lowbit-to-cpu, with "
                            "options of their own"),
                   cl::value_desc("text"), cl::cat(compileCategory));
static cl::opt<std::string>
    reportOption("report",
                 cl::desc("Write the kernels chosen and rejected as JSON"),
                 cl::value_desc("file.json"), cl::cat(compileCategory));

static cl::opt<cl::boolOrDefault> runtimeChecksOption(
    "runtime-checks",
    cl::desc(
        "Check at run time what the IR only assumes (default: what lowbit's "
        "ops assume of dynamic extents, unless --check, whose reference "
        "does, or --benchmark)"),
    cl::cat(compileCategory));

static cl::opt<bool> referenceOption(
    "reference",
    cl::desc("Evaluate with the reference instead of compiled code: slow, "
             "exact"),
    cl::cat(modeCategory));
static cl::opt<bool> checkOption(
    "check",
    cl::desc("Do both and compare: fails if a result is outside the bounds of "
             "docs/Formats.md"),
    cl::cat(modeCategory));
static cl::opt<unsigned> benchmarkOption(
    "benchmark",
    cl::desc("Time N calls after a warm-up and print one line of JSON"),
    cl::value_desc("N"), cl::cat(modeCategory));
static cl::opt<bool> coldOption(
    "benchmark-cold",
    cl::desc("With --benchmark: each call gets other copies of its arguments, "
             "not in any cache"),
    cl::cat(modeCategory));

static llvm::Error checkOptions() {
  bool isBenchmark = benchmarkOption.getNumOccurrences() > 0;
  if (isBenchmark && benchmarkOption == 0)
    return llvm::createStringError("--benchmark wants at least 1 call");
  if (coldOption && !isBenchmark)
    return llvm::createStringError("--benchmark-cold is for --benchmark");
  if (referenceOption && checkOption)
    return llvm::createStringError(
        "--check runs the reference and compiled code; --reference is for the "
        "reference alone");
  if (referenceOption) {
    const cl::Option *const others[] = {
        &cpuOption,    &featuresOption,  &threadsOption,      &pipelineOption,
        &reportOption, &benchmarkOption, &runtimeChecksOption};
    for (const cl::Option *option : others)
      if (option->getNumOccurrences() > 0)
        return llvm::createStringError("--" + option->ArgStr +
                                       " is for compiled code; with "
                                       "--reference there is none");
  }
  if (!pipelineOption.empty() && !reportOption.empty())
    return llvm::createStringError(
        "--report is for the default pipeline; with --pipeline write it there, "
        "as lowbit-to-cpu{report=FILE.json}");
  if (!pipelineOption.empty() && runtimeChecksOption != cl::BOU_UNSET)
    return llvm::createStringError(
        "--runtime-checks is for the default pipeline; with --pipeline ask for "
        "them there, as lowbit-to-cpu{runtime-checks}");
  if (threadsOption > kMaxThreads)
    return llvm::createStringError(
        "--threads: found " + llvm::Twine(threadsOption) +
        ", expected at most " + llvm::Twine(kMaxThreads));
  for (auto [i, path] : llvm::enumerate(outputOption))
    if (llvm::is_contained(llvm::drop_begin(outputOption, i + 1), path))
      return llvm::createStringError("two results would be written to '" +
                                     path + "'");
  return llvm::Error::success();
}

llvm::Expected<Options> run::parseOptions(int argc, char **argv) {
  cl::AddExtraVersionPrinter(
      [](llvm::raw_ostream &os) { os << "lowbit " LOWBIT_VERSION "\n"; });
  cl::HideUnrelatedOptions({&dataCategory, &compileCategory, &modeCategory});
  cl::ParseCommandLineOptions(
      argc, argv,
      "Runs a function of an MLIR module on this machine\n\n"
      "  FILE is a module as text or bytecode, - standard input. An array is "
      "FILE.npy, or\n"
      "  random or zeros, with its shape in elements where the type has "
      "dynamic "
      "extents:\n"
      "  random:4x64. Low-bit arrays are in files as they are in memory: "
      "elements of less\n"
      "  than 8 bits packed into uint8, FP8 as uint8, 9 to 16 bits and bf16 as "
      "uint16.\n\n"
      "  Examples:\n"
      "    lowbit-run layer.mlir --check\n"
      "    lowbit-run layer.mlir --input=x.npy --input=w.npy --output=y.npy\n"
      "    lowbit-run layer.mlir --input=random:8x4096 --input=random "
      "--benchmark=100\n");

  if (llvm::Error error = checkOptions())
    return error;
  Options options;
  options.file = fileOption;
  options.entry = entryOption;
  options.inputs = inputOption;
  options.outputs = outputOption;
  options.seed = seedOption;
  options.compile.cpu = cpuOption;
  options.compile.features = featuresOption;
  options.compile.pipeline = pipelineOption;
  options.compile.report = reportOption;
  options.compile.threads = threadsOption;
  if (runtimeChecksOption == cl::BOU_TRUE)
    options.compile.runtimeChecks = RuntimeChecks::All;
  else if (runtimeChecksOption == cl::BOU_UNSET && pipelineOption.empty() &&
           !checkOption && benchmarkOption == 0)
    options.compile.runtimeChecks = RuntimeChecks::Lowbit;
  options.useReference = referenceOption;
  options.check = checkOption;
  options.benchmarkCalls = benchmarkOption;
  options.benchmarkCold = coldOption;
  return options;
}
