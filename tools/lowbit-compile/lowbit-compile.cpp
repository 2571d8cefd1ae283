//===- lowbit-compile.cpp - Ahead-of-time compiler ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowers a module with lowbit-to-cpu and writes LLVM IR, assembly, an object
// with a C header, or a static program around one function. The same input and
// options give the same output on every machine, unless --cpu=host is asked
// for.
//
//===----------------------------------------------------------------------===//

#include "CHeader.h"
#include "EntryModule.h"
#include "Link.h"
#include "OutputFile.h"

#include "../common/ArrayDtype.h"
#include "../common/ModuleFile.h"
#include "../common/OptionNames.h"
#include "../common/RandomChoice.h"

#include "lowbit/Execution/FunctionSignature.h"
#include "lowbit/Execution/ObjectEmitter.h"
#include "lowbit/InitAll.h"
#include "lowbit/Pipelines/Pipelines.h"
#include "lowbit/Runner/npy.h"
#include "lowbit/Target/Host.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::compile;
using llvm::Error;
using llvm::Expected;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {
enum class Emit { LLVM, Assembly, Object, Executable };
} // namespace

static cl::OptionCategory category("lowbit-compile options");

static cl::opt<std::string> inputOption(cl::Positional, cl::desc("FILE"),
                                        cl::init("-"), cl::cat(category));
static cl::opt<std::string>
    cpuOption("cpu",
              cl::desc("LLVM's name of the CPU, or host (default: the module's "
                       "llvm.target; else x86-64-v3, or the baseline of "
                       "another architecture)"),
              cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string>
    featuresOption("features",
                   cl::desc("Changes to the CPU's features, as +a,-b"),
                   cl::value_desc("list"), cl::cat(category));
static cl::opt<std::string>
    tripleOption("triple",
                 cl::desc("LLVM's triple, for another architecture or system "
                          "(default: this machine's)"),
                 cl::value_desc("triple"), cl::cat(category));
static FreedOptionName freedThreads("threads");
static cl::opt<unsigned>
    threadsOption("threads",
                  cl::desc("Threads of parallel loops: 1 needs no OpenMP (the "
                           "default), 0 = all"),
                  cl::value_desc("N"), cl::init(1), cl::cat(category));
static cl::opt<Emit> emitOption(
    "emit", cl::desc("What to write"),
    cl::values(clEnumValN(Emit::LLVM, "llvm", "LLVM IR, optimized"),
               clEnumValN(Emit::Assembly, "asm", "Assembly"),
               clEnumValN(Emit::Object, "obj",
                          "An object that exports _mlir_ciface_* functions"),
               clEnumValN(Emit::Executable, "exe",
                          "A static program around --entry, see its --help")),
    cl::cat(category));
static cl::opt<std::string>
    outputOption("o",
                 cl::desc("The file to write; - is standard output (the "
                          "default of llvm and asm)"),
                 cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string>
    headerOption("header", cl::desc("Write a C header for the functions, too"),
                 cl::value_desc("file.h"), cl::cat(category));
static cl::opt<std::string>
    entryOption("entry",
                cl::desc("The function of a program (default: the only public "
                         "one); otherwise, the only function to export"),
                cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string>
    compilerOption("cc",
                   cl::desc("With --emit=exe: the C compiler to link with "
                            "(default: cc, clang or gcc)"),
                   cl::value_desc("program"), cl::cat(category));
static cl::opt<std::string>
    reportOption("report",
                 cl::desc("Write the kernels chosen and rejected as JSON"),
                 cl::value_desc("file.json"), cl::cat(category));
static cl::opt<bool>
    failOnFallbackOption("fail-on-fallback",
                         cl::desc("Make it an error where a portable kernel is "
                                  "used on a machine that has others"),
                         cl::cat(category));
static cl::opt<bool>
    runtimeChecksOption("runtime-checks",
                        cl::desc("Check at run time what the IR only assumes"),
                        cl::cat(category));

static int fail(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "lowbit-compile") << message << "\n";
  return 1;
}

static int fail(Error error) { return fail(llvm::toString(std::move(error))); }

/// The name of an option behind its first dash.
static std::string getFlag(const cl::Option &option) {
  return (option.ArgStr.size() == 1 ? "" : "-") + option.ArgStr.str();
}

/// Reports options that make no sense together.
static int checkOptions() {
  if (!emitOption.getNumOccurrences())
    return fail("--emit is missing: llvm, asm, obj or exe");
  bool isText = emitOption == Emit::LLVM || emitOption == Emit::Assembly;
  if (outputOption.empty() && !isText)
    return fail("-o is missing: the file to write");
  if (outputOption.empty())
    outputOption = "-";
  const cl::opt<std::string> *const files[] = {&outputOption, &headerOption,
                                               &reportOption};
  for (const auto *first : files)
    for (const auto *second : files)
      if (first < second && !first->empty() && *first == *second)
        return fail("-" + getFlag(*first) + " and -" + getFlag(*second) +
                    " both write to '" + *first + "'");
  if (emitOption != Emit::Executable) {
    if (!compilerOption.empty())
      return fail("--cc is for --emit=exe");
    return 0;
  }
  if (threadsOption != 1)
    return fail("--emit=exe writes a static program, and OpenMP's library, "
                "which --threads=" +
                llvm::Twine(threadsOption) +
                " needs, is shared only (Debian has no static libomp): use "
                "--threads=1, or --emit=obj and link that");
  if (!headerOption.empty())
    return fail("--header is for objects, not for --emit=exe");
  if (outputOption == "-")
    return fail("--emit=exe cannot write to standard output; name a file with "
                "-o");
  return 0;
}

//===----------------------------------------------------------------------===//
// The functions of the module
//===----------------------------------------------------------------------===//

/// The symbol of a function's C interface.
static std::string getInterfaceName(StringRef function) {
  return ("_mlir_ciface_" + function).str();
}

/// The public functions that have a body, in order; only --entry if given.
static FailureOr<SmallVector<func::FuncOp>> selectFunctions(ModuleOp module) {
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      functions.push_back(function);
  if (entryOption.empty())
    return functions;
  for (func::FuncOp function : functions)
    if (function.getName() == entryOption)
      return SmallVector<func::FuncOp>{function};
  std::string names =
      llvm::join(llvm::map_range(functions,
                                 [](func::FuncOp function) {
                                   return "'" + function.getName().str() + "'";
                                 }),
                 ", ");
  fail("--entry: there is no public function '" + entryOption +
       "' with a body; found " + (names.empty() ? "none" : names));
  return failure();
}

namespace {
/// What has to be known of functions before they are lowered.
struct Exports {
  /// Of the functions and, after each, its `pack`.
  SmallVector<FunctionSignature> signatures;
  /// Symbols that stay visible.
  llvm::StringSet<> symbols;
};
} // namespace

/// Reports values that what calls the function from outside cannot have.
static LogicalResult verifyValues(func::FuncOp function,
                                  const FunctionSignature &signature,
                                  bool isProgram) {
  for (const ValueSignature &value : llvm::concat<const ValueSignature>(
           signature.arguments, signature.results)) {
    if (getArrayDtype(value).kind == 0)
      return function.emitError()
             << "neither C nor NumPy has a type for the elements of "
             << value.type;
    if (isProgram && isa<MemRefType>(value.type))
      return function.emitError()
             << "a program's arguments and results are tensors and scalars, "
             << "found " << value.type
             << ", of which it is not known who writes and frees it";
    if (isProgram && value.getLogicalShape().size() > LOWBIT_NPY_MAX_RANK)
      return function.emitError()
             << "an array of a program has at most " << LOWBIT_NPY_MAX_RANK
             << " dimensions, found " << value.type;
  }
  return success();
}

/// Records the signatures of `functions`, if they are needed: for a program or
/// a header; fails where one has none.
static FailureOr<Exports> recordExports(ModuleOp module,
                                        ArrayRef<func::FuncOp> functions) {
  bool isProgram = emitOption == Emit::Executable;
  Exports exports;
  // What was in the LLVM dialect already is none of ours.
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    exports.symbols.insert(function.getName());
  for (func::FuncOp function : functions) {
    std::string symbol = getInterfaceName(function.getName());
    exports.symbols.insert(symbol);
    exports.symbols.insert(symbol + ".pack");
    if (!isProgram && headerOption.empty())
      continue;
    FailureOr<FunctionSignature> signature = getFunctionSignature(function);
    if (failed(signature) ||
        failed(verifyValues(function, *signature, isProgram)))
      return failure();
    exports.signatures.push_back(*signature);
    if (signature->hasWeights())
      exports.signatures.push_back(signature->getPackSignature());
  }
  return exports;
}

/// Takes the signatures as they are after lowering. A function must be there:
/// this is the last chance to see that a stage has lost one.
static Error updateExports(ModuleOp module, ArrayRef<std::string> functions,
                           Exports &exports) {
  for (const std::string &name : functions)
    if (!module.lookupSymbol(getInterfaceName(name)))
      return llvm::createStringError(
          "lowbit-to-cpu has made no C interface of '%s'", name.c_str());
  exports.signatures = getLoweredSignatures(module, exports.signatures);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// The stages
//===----------------------------------------------------------------------===//

/// The CPU to compile for: that of the command line, the module's (empty), or
/// the default, which has the instructions that x86 kernels start from.
static std::string chooseCPU(ModuleOp module) {
  if (!cpuOption.empty())
    return cpuOption;
  if (tripleOption.empty() && module->hasAttr("llvm.target"))
    return "";
  llvm::Triple triple(tripleOption.empty() ? getHostTriple() : tripleOption);
  return triple.getArch() == llvm::Triple::x86_64 ? "x86-64-v3" : "";
}

static LogicalResult lower(ModuleOp module, StringRef cpu) {
  ToCPUOptions options;
  options.cpu = cpu.str();
  options.features = featuresOption;
  options.triple = tripleOption;
  options.threads = threadsOption;
  options.report = reportOption;
  options.failOnFallback = failOnFallbackOption;
  options.runtimeChecks = runtimeChecksOption;
  PassManager passes = PassManager::on<ModuleOp>(module.getContext());
  buildToCPUPipeline(passes, options);
  return passes.run(module);
}

static Error emitCode(ObjectEmitter &emitter, llvm::raw_pwrite_stream &os) {
  switch (emitOption) {
  case Emit::LLVM:
    emitter.printLLVMIR(os);
    return Error::success();
  case Emit::Assembly:
    return emitter.emitAssembly(os);
  case Emit::Object:
  case Emit::Executable:
    return emitter.emitObject(os);
  }
  llvm_unreachable("all are handled above");
}

/// Writes the object to a file that is removed again, and links it.
static Error emitProgram(ObjectEmitter &emitter, const Linker &linker) {
  int descriptor;
  SmallString<128> object;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile(
          "lowbit-compile", "o", descriptor, object))
    return llvm::createStringError(code, "cannot make a temporary file: %s",
                                   code.message().c_str());
  llvm::scope_exit remove([&] { llvm::sys::fs::remove(object); });
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  if (Error error = emitCode(emitter, os))
    return error;
  os.close();
  if (std::error_code code = os.error()) {
    os.clear_error();
    return llvm::createStringError(code, "cannot write '%s': %s",
                                   object.c_str(), code.message().c_str());
  }
  return writeThroughTemporary(
      outputOption, [&](StringRef path) { return linker.link(object, path); });
}

static Error emitFiles(ObjectEmitter &emitter, StringRef headerText) {
  auto output = OutputFile::create(outputOption);
  if (!output)
    return output.takeError();
  if (Error error = emitCode(emitter, (*output)->os()))
    return error;
  if (headerOption.empty())
    return (*output)->keep();
  auto header = OutputFile::create(headerOption);
  if (!header)
    return header.takeError();
  (*header)->os() << headerText;
  // Both or none.
  if (Error error = (*output)->close())
    return error;
  if (Error error = (*header)->close())
    return error;
  if (Error error = (*output)->keep())
    return error;
  return (*header)->keep();
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// What a program calls its machine in messages.
static std::string describeMachine(const CPUTarget &target) {
  if (featuresOption.empty())
    return target.cpu;
  return target.cpu + " (" + featuresOption + ")";
}

/// A program runs where it was linked, or in an emulator of that.
static Error verifyProgramTarget(const CPUTarget &target) {
  llvm::Triple wanted(target.triple), host(getHostTriple());
  if (wanted.getArch() == host.getArch() && wanted.getOS() == host.getOS())
    return Error::success();
  return llvm::createStringError("--emit=exe makes programs for %s, not for "
                                 "%s: use --emit=obj and link it there",
                                 host.str().c_str(), wanted.str().c_str());
}

namespace {
/// What is left when the MLIR module is gone, with its copies of the weights.
struct Compiled {
  std::unique_ptr<ObjectEmitter> emitter;
  std::string header;
};
} // namespace

/// From the input file to optimized LLVM IR. Errors have been reported.
static FailureOr<Compiled> compileModule() {
  bool isProgram = emitOption == Emit::Executable;
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  lowbit::registerAllDialects(registry);
  registerLLVMIRTranslations(registry);
  MLIRContext context(registry);
  ModuleFile file(context);
  OwningOpRef<ModuleOp> module = file.parse(inputOption);
  if (!module)
    return failure();

  FailureOr<SmallVector<func::FuncOp>> functions = selectFunctions(*module);
  if (failed(functions))
    return failure();
  if (isProgram && functions->size() != 1) {
    fail("--emit=exe makes a program of one function; the module has " +
         llvm::Twine(functions->size()) +
         " public ones with a body, so name one with --entry");
    return failure();
  }
  FailureOr<Exports> exports = recordExports(*module, *functions);
  if (failed(exports))
    return failure();
  SmallVector<RandomChoice> choices;
  if (isProgram)
    for (BlockArgument argument : functions->front().getArguments())
      choices.push_back(getRandomChoice(argument));

  auto names = llvm::map_to_vector(*functions, [](func::FuncOp function) {
    return function.getName().str();
  });
  if (failed(lower(*module, chooseCPU(*module))))
    return failure();
  auto report = [](Error error) {
    fail(std::move(error));
    return failure();
  };
  if (Error error = updateExports(*module, names, *exports))
    return report(std::move(error));
  Expected<CPUTarget> target = getModuleTarget(*module);
  if (!target)
    return report(target.takeError());
  if (isProgram) {
    if (Error error = verifyProgramTarget(*target))
      return report(std::move(error));
    exports->symbols.clear();
  }
  internalizeFunctions(*module, exports->symbols);
  if (isProgram && failed(addEntry(*module, exports->signatures.front(),
                                   choices, describeMachine(*target))))
    return failure();

  Compiled compiled;
  if (!headerOption.empty()) {
    llvm::raw_string_ostream os(compiled.header);
    writeCHeader(os, exports->signatures, *target, threadsOption,
                 llvm::sys::path::filename(inputOption));
  }
  ObjectEmitterOptions options;
  options.positionIndependent = !isProgram;
  auto emitter = ObjectEmitter::create(*module, options);
  if (!emitter)
    return report(emitter.takeError());
  compiled.emitter = std::move(*emitter);
  return compiled;
}

static int run(const char *argv0) {
  std::optional<Linker> linker;
  if (emitOption == Emit::Executable) {
    Expected<Linker> found = Linker::find(compilerOption, argv0);
    if (!found)
      return fail(found.takeError());
    linker = *found;
  }
  FailureOr<Compiled> compiled = compileModule();
  if (failed(compiled))
    return 1;
  Error error = linker ? emitProgram(*compiled->emitter, *linker)
                       : emitFiles(*compiled->emitter, compiled->header);
  return error ? fail(std::move(error)) : 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::AddExtraVersionPrinter(
      [](llvm::raw_ostream &os) { os << "lowbit " LOWBIT_VERSION "\n"; });
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "Compile lowbit modules ahead of time\n\n"
      "  Examples:\n"
      "    lowbit-compile layer.mlir --cpu=x86-64-v3 --emit=asm -o layer.s\n"
      "    lowbit-compile layer.mlir --cpu=znver5 --emit=obj -o layer.o "
      "--header=layer.h\n"
      "    lowbit-compile layer.mlir --cpu=host --emit=exe -o layer && "
      "./layer x.npy -o y.npy\n");
  if (int status = checkOptions())
    return status;
  return run(argv[0]);
}
