//===- Benchmark.cpp - How long a call takes ------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <chrono>
#include <cstring>
#include <unistd.h>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

/// Bytes that calls must go through before they come back to the same ones.
static size_t getColdBytes() {
  // The system may know no size, and a cache keeps some of what it has seen
  // even after twice its size.
  constexpr size_t atLeast = size_t(192) << 20;
  constexpr size_t caches = 4;
  size_t cache = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
  if (long size = sysconf(_SC_LEVEL3_CACHE_SIZE); size > 0)
    cache = size;
#endif
  return std::max(atLeast, caches * cache);
}

/// `count` copies of all arguments, as arguments; `memory` owns them.
static SmallVector<SmallVector<BufferRef>>
copyArguments(const CompiledFunction::Arguments &arguments, size_t count,
              std::vector<std::shared_ptr<void>> &memory) {
  SmallVector<SmallVector<BufferRef>> copies;
  for (size_t i = 0; i < count; ++i) {
    copies.push_back(arguments.buffers);
    for (auto [buffer, numBytes] :
         llvm::zip_equal(copies.back(), arguments.numBytes)) {
      std::shared_ptr<void> copy = allocate(numBytes);
      if (!copy)
        return {};
      std::memcpy(copy.get(), buffer.data, numBytes);
      buffer.data = copy.get();
      memory.push_back(std::move(copy));
    }
  }
  return copies;
}

static Timing summarize(SmallVector<double> seconds) {
  llvm::sort(seconds);
  size_t count = seconds.size();
  double median = (seconds[(count - 1) / 2] + seconds[count / 2]) / 2.0;
  return {median, seconds.front(), seconds.back()};
}

Expected<Timing> run::measure(const CompiledFunction &function,
                              const CompiledFunction::Arguments &arguments,
                              unsigned calls, bool cold) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::shared_ptr<void>> memory;
  SmallVector<SmallVector<BufferRef>> inputs = {arguments.buffers};
  if (cold) {
    // More copies than this are bookkeeping that the caches notice.
    constexpr size_t maxCopies = 4096;
    size_t numBytes = llvm::sum_of(arguments.numBytes, size_t(0));
    size_t coldBytes = getColdBytes();
    if (numBytes == 0 || coldBytes / numBytes >= maxCopies)
      return llvm::createStringError(
          "--benchmark-cold: the arguments have " + llvm::Twine(numBytes) +
          " bytes in all, too few to be worth more than the last-level cache; "
          "constants in the module do not count, as there is one copy of them");
    inputs = copyArguments(arguments, coldBytes / numBytes + 1, memory);
    if (inputs.empty())
      return llvm::createStringError(
          "--benchmark-cold: no memory for copies of the arguments (" +
          llvm::Twine(coldBytes) + " bytes)");
  }
  std::vector<JitRunner::Call> bound;
  for (ArrayRef<BufferRef> buffers : inputs) {
    Expected<JitRunner::Call> call = function.bind(buffers);
    if (!call)
      return call.takeError();
    bound.push_back(std::move(*call));
  }

  // The first call finds nothing in caches, and a processor at rest is slow for
  // some milliseconds.
  constexpr std::chrono::milliseconds warmUp(20);
  size_t next = 0;
  Clock::time_point start = Clock::now();
  do {
    bound[next++ % bound.size()].run();
  } while (Clock::now() - start < warmUp);

  SmallVector<double> seconds;
  for (unsigned i = 0; i < calls; ++i) {
    JitRunner::Call &call = bound[next++ % bound.size()];
    Clock::time_point begin = Clock::now();
    call.run();
    Clock::time_point end = Clock::now();
    seconds.push_back(std::chrono::duration<double>(end - begin).count());
  }
  return summarize(std::move(seconds));
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

Cost run::getCost(ArrayRef<MatmulExtents> matmuls) {
  if (matmuls.empty())
    return {};
  Cost cost = {0.0, 0.0};
  for (const MatmulExtents &matmul : matmuls) {
    // How often a loop runs is not known.
    if (matmul.isNested)
      return {};
    if (!matmul.operations)
      cost.operations = std::nullopt;
    else if (cost.operations)
      *cost.operations += *matmul.operations;
    if (!matmul.weightBytes)
      cost.weightBytes = std::nullopt;
    else if (cost.weightBytes)
      *cost.weightBytes += *matmul.weightBytes;
  }
  return cost;
}

SmallVector<std::string> run::getFunctions(ArrayRef<MatmulExtents> matmuls) {
  llvm::SetVector<StringRef> names;
  for (MatmulExtents matmul : matmuls)
    names.insert(matmul.op->getParentOfType<func::FuncOp>().getSymName());
  return llvm::map_to_vector(names, [](StringRef name) { return name.str(); });
}

SmallVector<std::string> run::readKernels(StringRef reportFile,
                                          ArrayRef<std::string> functions) {
  auto buffer = llvm::MemoryBuffer::getFile(reportFile);
  if (!buffer)
    return {};
  Expected<llvm::json::Value> report =
      llvm::json::parse((*buffer)->getBuffer());
  if (!report) {
    llvm::consumeError(report.takeError());
    return {};
  }
  SmallVector<std::string> kernels;
  const llvm::json::Array *records = report->getAsArray();
  if (!records)
    return {};
  for (const llvm::json::Value &value : *records) {
    const llvm::json::Object *record = value.getAsObject();
    if (!record || record->getString("op") != StringRef("lowbit.matmul"))
      continue;
    std::optional<StringRef> function = record->getString("function");
    if (!function || !llvm::is_contained(functions, *function))
      continue;
    if (std::optional<StringRef> kernel = record->getString("kernel");
        kernel && !llvm::is_contained(kernels, *kernel))
      kernels.push_back(kernel->str());
  }
  return kernels;
}

std::string run::printBenchmark(const Timing &timing, const Cost &cost,
                                std::optional<unsigned> threads, StringRef cpu,
                                ArrayRef<std::string> kernels) {
  std::string line;
  llvm::raw_string_ostream stream(line);
  llvm::json::OStream json(stream);
  // Nanoseconds are what the clock has; more digits would be noise.
  auto number = [&](StringRef key, std::optional<double> value,
                    const char *format) {
    json.attributeBegin(key);
    if (value)
      json.rawValue(
          [&](llvm::raw_ostream &os) { os << llvm::format(format, *value); });
    else
      json.value(nullptr);
    json.attributeEnd();
  };
  auto rate = [&](std::optional<double> amount) -> std::optional<double> {
    if (!amount || timing.median <= 0.0)
      return std::nullopt;
    return *amount / timing.median / 1e9;
  };
  json.object([&] {
    number("median_s", timing.median, "%.9f");
    number("min_s", timing.min, "%.9f");
    number("max_s", timing.max, "%.9f");
    number("gflops", rate(cost.operations), "%.4g");
    number("weight_gbps", rate(cost.weightBytes), "%.4g");
    if (threads)
      json.attribute("threads", int64_t(*threads));
    else
      json.attribute("threads", nullptr);
    json.attribute("cpu", cpu);
    if (kernels.empty())
      json.attribute("kernel", nullptr);
    else
      json.attribute("kernel", llvm::join(kernels, ", "));
  });
  return line;
}
