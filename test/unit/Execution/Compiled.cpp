//===- Compiled.cpp - Compile MLIR text and call it -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"

#include "lowbit/Execution/JitRunner.h"
#include "lowbit/InitAll.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include "gtest/gtest.h"

#include <cstdlib>

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

Array Array::fromCodes(ArrayRef<uint64_t> codes, unsigned elementSize,
                       ArrayRef<int64_t> shape) {
  Array array;
  array.elementSize = elementSize;
  array.shape.assign(shape.begin(), shape.end());
  array.bytes.resize(codes.size() * elementSize);
  for (size_t i = 0; i < codes.size(); ++i)
    std::memcpy(&array.bytes[i * elementSize], &codes[i], elementSize);
  return array;
}

uint64_t Array::getCode(int64_t index) const {
  uint64_t code = 0;
  std::memcpy(&code, &bytes[index * elementSize], elementSize);
  return code;
}

/// The words of a memref descriptor: allocated, aligned, offset, sizes,
/// strides.
static SmallVector<int64_t> getDescriptor(const Array &array) {
  auto address = reinterpret_cast<int64_t>(array.bytes.data());
  SmallVector<int64_t> words = {address, address, 0};
  words.append(array.shape.begin(), array.shape.end());
  SmallVector<int64_t> strides(array.shape.size(), 1);
  for (size_t i = array.shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * array.shape[i];
  words.append(strides.begin(), strides.end());
  return words;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

static mlir::MLIRContext &getContext() {
  static const auto context = [] {
    mlir::registerAllPasses();
    lowbit::registerAllPasses();
    mlir::DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    lowbit::registerAllDialects(registry);
    return std::make_unique<mlir::MLIRContext>(
        registry, mlir::MLIRContext::Threading::DISABLED);
  }();
  return *context;
}

static std::string getPipeline(const Compiled::Options &options) {
  // Without lowbit-to-bytes integers of a few bits stay, as LLVM's own; any
  // other low-bit op or type does not translate.
  std::string pipeline =
      "lowbit-attach-target{cpu=host},lowbit-expand-conversions,";
  pipeline += options.toBytes
                  ? "lowbit-to-bytes,canonicalize,cse,lowbit-verify-lowered,"
                  : "canonicalize,cse,";
  return pipeline + "lowbit-bufferize,lowbit-cpu-to-llvm";
}

/// Whether compiled code may call this function of the C library: what
/// bufferization and LLVM's memory intrinsics need.
static bool isAllowed(StringRef function) {
  return llvm::is_contained({"malloc", "free", "memcpy", "memmove", "memset"},
                            function);
}

std::unique_ptr<Compiled> Compiled::get(StringRef text, Options options) {
  mlir::MLIRContext &context = getContext();
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        messages += diagnostic.str() + "\n";
        for (mlir::Diagnostic &note : diagnostic.getNotes())
          messages += "  " + note.str() + "\n";
        return mlir::success();
      });
  auto fail = [&](const llvm::Twine &what) {
    // A module may hold hundreds of functions.
    ADD_FAILURE() << what.str() << "\n"
                  << messages.substr(0, 4000) << "in:\n"
                  << text.take_front(2000).str();
    return nullptr;
  };

  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return fail("does not parse");
  SmallVector<FunctionSignature> signatures = getFunctionSignatures(*module);
  auto passes = mlir::PassManager::on<mlir::ModuleOp>(&context);
  if (failed(mlir::parsePassPipeline(getPipeline(options), passes)))
    return fail("the pipeline does not parse");
  if (failed(passes.run(*module)))
    return fail("does not lower");

  // One vector per iteration: interleaved and unrolled loops compute the same
  // and take several times as long to compile.
  ObjectEmitterOptions emitterOptions;
  emitterOptions.optimizationLevel = 2;
  emitterOptions.unrollLoops = false;
  auto runner = JitRunner::create(*module, signatures, emitterOptions);
  if (!runner)
    return fail("no machine code: " + llvm::toString(runner.takeError()));
  auto external = llvm::make_filter_range(
      (*runner)->getExternalFunctions(),
      [](StringRef function) { return !isAllowed(function); });
  if (!external.empty())
    return fail("calls " + llvm::join(external, ", "));
  return std::unique_ptr<Compiled>(new Compiled(std::move(*runner)));
}

Compiled::Compiled(std::unique_ptr<JitRunner> runner)
    : runner(std::move(runner)) {}

Compiled::~Compiled() = default;

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

Compiled::PackedFunction Compiled::lookUp(StringRef name) {
  JitRunner::Entry function = runner->lookUp(name);
  if (!function)
    ADD_FAILURE() << "there is no function " << name.str();
  return function;
}

/// Calls the C interface of `name`: a memref for the result if there is one,
/// then the inputs, then a memref for the output if there is one.
static void callPacked(Compiled &compiled, StringRef name,
                       SmallVector<int64_t> *result, ArrayRef<Array> inputs,
                       const Array *output) {
  Compiled::PackedFunction function = compiled.lookUp(name);
  ASSERT_NE(function, nullptr);
  SmallVector<SmallVector<int64_t>> descriptors;
  SmallVector<void *> arguments;
  if (result)
    arguments.push_back(result->data());
  descriptors.reserve(inputs.size() + 1);
  for (const Array &input : inputs) {
    descriptors.push_back(getDescriptor(input));
    arguments.push_back(input.isScalar
                            ? const_cast<uint8_t *>(input.bytes.data())
                            : static_cast<void *>(descriptors.back().data()));
  }
  if (output) {
    descriptors.push_back(getDescriptor(*output));
    arguments.push_back(descriptors.back().data());
  }
  function(arguments.data());
}

Array Compiled::call(StringRef name, ArrayRef<Array> inputs,
                     unsigned elementSize, unsigned rank) {
  SmallVector<int64_t> words(3 + 2 * rank, -1);
  std::vector<Array> copies(inputs.begin(), inputs.end());
  callPacked(*this, name, &words, inputs, /*output=*/nullptr);

  Array result;
  result.elementSize = elementSize;
  result.shape.assign(words.begin() + 3, words.begin() + 3 + rank);
  int64_t size = 1;
  for (size_t i = rank; i-- > 0;) {
    if (size > 0) {
      EXPECT_EQ(words[3 + rank + i], size) << name.str() << ": stride " << i;
    }
    size *= result.shape[i];
  }
  EXPECT_EQ(words[2], 0) << name.str() << ": offset";
  result.bytes.resize(size * elementSize);
  auto *allocated = reinterpret_cast<uint8_t *>(words[0]);
  auto *aligned = reinterpret_cast<const uint8_t *>(words[1]);
  for (auto [input, copy] : llvm::zip(inputs, copies)) {
    EXPECT_EQ(input.bytes, copy.bytes) << name.str() << " wrote to an input";
    EXPECT_TRUE(input.bytes.empty() || allocated != input.bytes.data())
        << name.str() << " returned an input";
  }
  if (!result.bytes.empty())
    std::memcpy(result.bytes.data(), aligned, result.bytes.size());
  std::free(allocated);
  return result;
}

void Compiled::callInPlace(StringRef name, ArrayRef<Array> inputs,
                           Array &output) {
  callPacked(*this, name, /*result=*/nullptr, inputs, &output);
}
