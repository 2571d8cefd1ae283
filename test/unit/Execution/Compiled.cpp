//===- Compiled.cpp - Compile MLIR text and call it -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"

#include "lowbit/InitAll.h"

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include "gtest/gtest.h"

#include <cstdlib>

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
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    mlir::registerAllPasses();
    lowbit::registerAllPasses();
    mlir::DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    mlir::registerAllToLLVMIRTranslations(registry);
    lowbit::registerAllDialects(registry);
    return std::make_unique<mlir::MLIRContext>(
        registry, mlir::MLIRContext::Threading::DISABLED);
  }();
  return *context;
}

static std::string getPipeline(const Compiled::Options &options) {
  // Without lowbit-to-bytes integers of a few bits stay, as LLVM's own; any
  // other low-bit op or type does not translate.
  std::string pipeline = "lowbit-expand-conversions,";
  pipeline += options.toBytes
                  ? "lowbit-to-bytes,canonicalize,cse,lowbit-verify-lowered,"
                  : "canonicalize,cse,";
  return pipeline + "one-shot-bufferize{bufferize-function-boundaries "
                    "function-boundary-type-conversion=identity-layout-map},"
                    "buffer-deallocation-pipeline,"
                    "convert-bufferization-to-memref,convert-linalg-to-loops,"
                    "expand-strided-metadata,lower-affine,canonicalize,cse,"
                    "convert-scf-to-cf,convert-vector-to-llvm,convert-to-llvm,"
                    "reconcile-unrealized-casts,canonicalize,cse";
}

/// Functions that the object code takes from elsewhere, apart from those that
/// bufferization and LLVM's memory intrinsics need (memrefCopy is MLIR's own
/// copy of strided buffers).
static llvm::Expected<SmallVector<std::string>>
getExternalFunctions(mlir::ExecutionEngine &engine) {
  SmallVector<char> path;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("lowbit-test", "o", path))
    return llvm::errorCodeToError(error);
  llvm::FileRemover remover(path);
  engine.dumpToObjectFile(StringRef(path.data(), path.size()));
  auto object = llvm::object::ObjectFile::createObjectFile(
      StringRef(path.data(), path.size()));
  if (!object)
    return object.takeError();
  SmallVector<std::string> external;
  for (const llvm::object::SymbolRef &symbol : object->getBinary()->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined))
      continue;
    llvm::Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    static const StringRef allowed[] = {
        "",        "malloc", "free",       "memcpy",
        "memmove", "memset", "memrefCopy", "_GLOBAL_OFFSET_TABLE_"};
    if (!llvm::is_contained(allowed, *name))
      external.push_back(name->str());
  }
  return external;
}

/// -O2 with the vectorizers, but one vector per iteration: interleaved and
/// unrolled loops compute the same and take several times as long to compile.
static void runOptimizations(llvm::Module &module,
                             llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  tuning.LoopInterleaving = false;
  tuning.LoopUnrolling = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
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
  auto passes = mlir::PassManager::on<mlir::ModuleOp>(&context);
  if (failed(mlir::parsePassPipeline(getPipeline(options), passes)))
    return fail("the pipeline does not parse");
  if (failed(passes.run(*module)))
    return fail("does not lower");

  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return fail("no host: " + llvm::toString(host.takeError()));
  host->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  auto optimizerMachine = host->createTargetMachine();
  auto engineMachine = host->createTargetMachine();
  if (!optimizerMachine || !engineMachine) {
    llvm::consumeError(optimizerMachine.takeError());
    llvm::consumeError(engineMachine.takeError());
    return fail("no code generator for this machine");
  }
  auto optimize = [&](llvm::Module *module) {
    runOptimizations(*module, **optimizerMachine);
    return llvm::Error::success();
  };
  mlir::ExecutionEngineOptions engineOptions;
  engineOptions.transformer = optimize;
  engineOptions.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  engineOptions.enableObjectDump = true;
  engineOptions.enableGDBNotificationListener = false;
  engineOptions.enablePerfNotificationListener = false;
  auto engine = mlir::ExecutionEngine::create(*module, engineOptions,
                                              std::move(*engineMachine));
  if (!engine)
    return fail("no machine code: " + llvm::toString(engine.takeError()));
  auto external = getExternalFunctions(**engine);
  if (!external)
    return fail("no object: " + llvm::toString(external.takeError()));
  if (!external->empty())
    return fail("calls " + llvm::join(*external, ", "));
  return std::unique_ptr<Compiled>(new Compiled(std::move(*engine)));
}

Compiled::Compiled(std::unique_ptr<mlir::ExecutionEngine> engine)
    : engine(std::move(engine)) {}

Compiled::~Compiled() = default;

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

Compiled::PackedFunction Compiled::lookUp(StringRef name) {
  auto function = engine->lookupPacked(name);
  if (function)
    return *function;
  ADD_FAILURE() << llvm::toString(function.takeError());
  return nullptr;
}

/// Calls the C interface of `name`: a memref for the result if there is one,
/// then the inputs, then a memref for the output if there is one.
static void callPacked(Compiled &compiled, StringRef name,
                       SmallVector<int64_t> *result, ArrayRef<Array> inputs,
                       const Array *output) {
  auto function = compiled.lookUp(("_mlir_ciface_" + name).str());
  ASSERT_NE(function, nullptr);
  SmallVector<SmallVector<int64_t>> descriptors;
  for (const Array &input : inputs)
    descriptors.push_back(getDescriptor(input));
  if (output)
    descriptors.push_back(getDescriptor(*output));
  // A packed call takes pointers to the arguments: those of memrefs are
  // pointers to descriptors.
  SmallVector<void *> pointers;
  if (result)
    pointers.push_back(result->data());
  for (SmallVector<int64_t> &words : descriptors)
    pointers.push_back(words.data());
  SmallVector<void *> arguments;
  for (void *&pointer : pointers)
    arguments.push_back(&pointer);
  for (auto [i, input] : llvm::enumerate(inputs))
    if (input.isScalar)
      arguments[i + (result ? 1 : 0)] =
          const_cast<uint8_t *>(input.bytes.data());
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
