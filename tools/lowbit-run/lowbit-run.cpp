//===- lowbit-run.cpp - Run a function of a module ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles a function for this machine, or evaluates it with the reference, on
// arrays from .npy files or made up; writes the results, compares the two, or
// times calls. Standard output carries what was asked for, and with --benchmark
// nothing but its line of JSON.
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Benchmark.h"
#include "Comparison.h"
#include "CompiledFunction.h"
#include "Options.h"

#include "../common/ModuleFile.h"

#include "lowbit/InitAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/WithColor.h"

#include <csignal>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using llvm::Error;
using llvm::Expected;
using reference::Tensor;

/// Prints an error, unless diagnostics have told of it (it then has no
/// message). Returns the exit status.
static int fail(Error error) {
  std::string message = llvm::toString(std::move(error));
  if (!message.empty())
    llvm::WithColor::error(llvm::errs(), "lowbit-run") << message << "\n";
  return 1;
}

static int fail(const llvm::Twine &message) {
  return fail(llvm::createStringError(message));
}

/// The threads that --threads=0 stands for: OpenMP's number, which the
/// environment may change. Compiled code has loaded the library.
static unsigned getAllThreads() {
  if (void *symbol = llvm::sys::DynamicLibrary::SearchForAddressOfSymbol(
          "omp_get_max_threads"))
    return reinterpret_cast<int (*)()>(symbol)();
  return llvm::hardware_concurrency().compute_thread_count();
}

/// A file for the pipeline's report, from which the benchmark's line takes the
/// names of the kernels.
static Expected<llvm::sys::fs::TempFile> createReport() {
  SmallString<128> model;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, model);
  llvm::sys::path::append(model, "lowbit-run-%%%%%%.json");
  return llvm::sys::fs::TempFile::create(model);
}

/// The function that --entry names, or the only one that can be called.
static Expected<func::FuncOp> findFunction(ModuleOp module, StringRef entry) {
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      functions.push_back(function);
  std::string names = llvm::join(
      llvm::map_range(functions,
                      [](func::FuncOp function) {
                        return "'@" + function.getSymName().str() + "'";
                      }),
      ", ");
  if (names.empty())
    return llvm::createStringError(
        "the module has no public function with a body to call");
  if (entry.empty()) {
    if (functions.size() > 1)
      return llvm::createStringError("there are several functions; choose one "
                                     "with --entry: " +
                                     names);
    return functions.front();
  }
  for (func::FuncOp function : functions)
    if (function.getSymName() == entry)
      return function;
  return llvm::createStringError("--entry: there is no public function '@" +
                                 entry + "' with a body; there is " + names);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

static Error writeResults(ArrayRef<Array> results,
                          ArrayRef<std::string> paths) {
  for (auto [result, path] : llvm::zip_equal(results, paths)) {
    SmallVector<int64_t> shape = result.getPackedShape();
    lowbit_npy_error error;
    if (lowbit_npy_write(path.c_str(), getDtype(result.signature), shape.size(),
                         shape.data(), result.data.get(), &error))
      return llvm::createStringError(llvm::Twine("--output: ") + error.message);
  }
  return Error::success();
}

/// Prints the first elements of each result.
static void printResults(ArrayRef<Array> results) {
  constexpr int64_t maxElements = 8;
  for (auto [i, result] : llvm::enumerate(results)) {
    Tensor tensor = toTensor(result);
    int64_t count = tensor.getNumElements();
    llvm::outs() << "result #" << i << ", " << result.signature.type;
    if (llvm::any_of(result.signature.getLogicalShape(), ShapedType::isDynamic))
      llvm::outs() << " (" << printShape(result.shape) << ")";
    llvm::outs() << ":";
    for (int64_t j = 0; j < std::min(count, maxElements); ++j)
      llvm::outs() << ' ' << printElement(tensor, j);
    if (count > maxElements)
      llvm::outs() << " ... (" << count << " elements)";
    llvm::outs() << "\n";
  }
}

/// Compares results with what they must be and prints how they do. Returns
/// whether all are as expected.
static bool checkResults(llvm::raw_ostream &os, ArrayRef<Array> results,
                         ArrayRef<Expectation> expectations) {
  bool passes = true;
  for (auto [i, result, expected] : llvm::enumerate(results, expectations)) {
    Type type = result.signature.type;
    if (ArrayRef<int64_t>(result.shape) != expected.value.getShape()) {
      os << "result #" << i << ", " << type << ": WRONG, has shape "
         << printShape(result.shape) << ", reference "
         << printShape(expected.value.getShape()) << "\n";
      passes = false;
      continue;
    }
    Tensor found = toTensor(result);
    Comparison comparison = compare(expected, found);
    printComparison(os, i, type, expected, found, comparison);
    passes &= comparison.passes();
  }
  return passes;
}

static SmallVector<Array> toArrays(ArrayRef<ValueSignature> signatures,
                                   ArrayRef<Tensor> tensors) {
  SmallVector<Array> arrays;
  for (auto [signature, tensor] : llvm::zip_equal(signatures, tensors))
    arrays.push_back(fromTensor(signature, tensor));
  return arrays;
}

//===----------------------------------------------------------------------===//
// What the options ask for
//===----------------------------------------------------------------------===//

namespace {
/// One run of the program, after its module is read.
class Session {
public:
  Session(const Options &options, ModuleOp module)
      : options(options), module(module) {}
  /// Returns the exit status.
  int run();

private:
  /// What is known of the products of a call before they are lowered.
  struct Work {
    Cost cost;
    SmallVector<std::string> functions;
  };

  int runReference();
  int runCompiled();
  Work getWork();
  int benchmark(const CompiledFunction &compiled,
                const CompiledFunction::Arguments &prepared, const Work &work,
                ArrayRef<std::string> kernels);
  Error showResults(ArrayRef<Array> results);

  const Options &options;
  ModuleOp module;
  func::FuncOp function;
  FunctionSignature signature;
  SmallVector<Array> arguments;
};
} // namespace

int Session::run() {
  Expected<func::FuncOp> found = findFunction(module, options.entry);
  if (!found)
    return fail(found.takeError());
  function = *found;
  FailureOr<FunctionSignature> types = getFunctionSignature(function);
  if (failed(types))
    return 1;
  signature = std::move(*types);
  size_t numResults = signature.results.size();
  if (!options.outputs.empty() && options.outputs.size() != numResults)
    return fail("'@" + signature.name + "' has " + llvm::Twine(numResults) +
                (numResults == 1 ? " result, " : " results, ") +
                llvm::Twine(options.outputs.size()) + " --output given");
  for (auto [i, result] : llvm::enumerate(signature.results))
    if (StringRef obstacle = getObstacle(result); !obstacle.empty())
      return fail("result #" + llvm::Twine(i) + " (" + printType(result.type) +
                  "): " + obstacle);
  Expected<SmallVector<Array>> made =
      makeArguments(function, signature, options.inputs, options.seed);
  if (!made)
    return fail(made.takeError());
  arguments = std::move(*made);
  return options.useReference ? runReference() : runCompiled();
}

Error Session::showResults(ArrayRef<Array> results) {
  if (!options.outputs.empty())
    return writeResults(results, options.outputs);
  if (!options.check && options.benchmarkCalls == 0)
    printResults(results);
  return Error::success();
}

int Session::runReference() {
  reference::Interpreter interpreter(module);
  FailureOr<SmallVector<Tensor>> results = interpreter.call(
      function.getSymName(), llvm::map_to_vector(arguments, toTensor));
  if (failed(results))
    return 1;
  if (Error error = showResults(toArrays(signature.results, *results)))
    return fail(std::move(error));
  return 0;
}

int Session::runCompiled() {
  // Before the module is lowered, which takes it and its constants apart.
  SmallVector<Expectation> expectations;
  if (options.check) {
    FailureOr<SmallVector<Expectation>> computed = computeExpectations(
        module, function, llvm::map_to_vector(arguments, toTensor));
    if (failed(computed))
      return 1;
    expectations = std::move(*computed);
  }
  bool isBenchmark = options.benchmarkCalls > 0;
  Work work = isBenchmark ? getWork() : Work();

  CompileOptions compileOptions = options.compile;
  std::optional<llvm::sys::fs::TempFile> temporary;
  llvm::scope_exit discard([&] {
    if (temporary)
      llvm::consumeError(temporary->discard());
  });
  if (isBenchmark && compileOptions.report.empty() &&
      compileOptions.pipeline.empty()) {
    Expected<llvm::sys::fs::TempFile> created = createReport();
    if (!created)
      return fail(created.takeError());
    temporary.emplace(std::move(*created));
    compileOptions.report = temporary->TmpName;
  }
  Expected<std::unique_ptr<CompiledFunction>> compiled =
      CompiledFunction::create(module, signature.name, compileOptions);
  if (!compiled)
    return fail(compiled.takeError());
  // A check that fails at run time has said why, and aborts: that is no crash
  // of this program, of which LLVM would tell with a stack trace.
  std::signal(SIGABRT, SIG_DFL);
  Expected<CompiledFunction::Arguments> prepared =
      (*compiled)->prepare(arguments);
  if (!prepared)
    return fail(prepared.takeError());
  Expected<SmallVector<Array>> results = (*compiled)->run(prepared->buffers);
  if (!results)
    return fail(results.takeError());
  if (Error error = showResults(*results))
    return fail(std::move(error));
  if (options.check && !checkResults(isBenchmark ? llvm::errs() : llvm::outs(),
                                     *results, expectations))
    return 1;
  if (!isBenchmark)
    return 0;
  return benchmark(**compiled, *prepared, work,
                   readKernels(compileOptions.report, work.functions));
}

Session::Work Session::getWork() {
  SmallVector<MatmulExtents> matmuls = getMatmulExtents(
      function, llvm::map_to_vector(
                    arguments, [](const Array &array) { return array.shape; }));
  return {getCost(matmuls), getFunctions(matmuls)};
}

int Session::benchmark(const CompiledFunction &compiled,
                       const CompiledFunction::Arguments &prepared,
                       const Work &work, ArrayRef<std::string> kernels) {
  Expected<Timing> timing = measure(compiled, prepared, options.benchmarkCalls,
                                    options.benchmarkCold);
  if (!timing)
    return fail(timing.takeError());
  // A pipeline of the user's has threads of its own.
  std::optional<unsigned> threads;
  if (options.compile.pipeline.empty())
    threads = options.compile.threads == 0 ? getAllThreads()
                                           : options.compile.threads;
  llvm::outs() << printBenchmark(*timing, work.cost, threads, compiled.getCPU(),
                                 kernels)
               << "\n";
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Expected<Options> options = parseOptions(argc, argv);
  if (!options)
    return fail(options.takeError());

  mlir::registerAllPasses();
  lowbit::registerAllPasses();
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  lowbit::registerAllDialects(registry);
  registerLLVMIRTranslations(registry);
  MLIRContext context(registry);

  ModuleFile file(context);
  // A folder can report an error, but not fail the pass that calls it.
  unsigned numErrors = 0;
  ScopedDiagnosticHandler counter(&context, [&](Diagnostic &diagnostic) {
    numErrors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return failure(); // the file's handler prints it
  });
  OwningOpRef<ModuleOp> module = file.parse(options->file);
  if (!module)
    return 1;
  int status = Session(*options, *module).run();
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    llvm::outs().clear_error();
    return fail("cannot write to standard output");
  }
  return numErrors > 0 ? 1 : status;
}
