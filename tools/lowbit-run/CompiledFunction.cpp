//===- CompiledFunction.cpp - A function as machine code ------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompiledFunction.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Pipelines/Pipelines.h"
#include "lowbit/Runner/runner.h"
#include "lowbit/Target/Host.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using llvm::Error;
using llvm::Expected;

/// An error of which diagnostics have told.
static Error reported() { return llvm::createStringError(""); }

/// An error unless code for this CPU runs here.
static Error checkCPU(const CompileOptions &options) {
  Expected<CPUTarget> target = resolveCPUTarget(options.cpu, options.features);
  if (!target)
    return target.takeError();
  std::vector<std::string> missing = getMissingHostFeatures(*target);
  if (missing.empty())
    return Error::success();
  std::string names = options.cpu;
  if (!options.features.empty())
    names += " with " + options.features;
  return llvm::createStringError(
      "this machine cannot run code for " + names + ": it lacks " +
      llvm::join(missing, ", ") + "; to compile for another machine, use " +
      "lowbit-compile --cpu=" + options.cpu +
      (options.features.empty() ? "" : " --features=" + options.features));
}

/// Adds a pipeline from text: passes of a module, or all of it as
/// "builtin.module(...)".
static Error addPipeline(StringRef text, PassManager &passes) {
  std::string messages;
  llvm::raw_string_ostream os(messages);
  StringRef inner = text.trim();
  if (inner.consume_front("builtin.module(") && inner.consume_back(")"))
    text = inner;
  if (succeeded(parsePassPipeline(text, passes, os)))
    return Error::success();
  return llvm::createStringError("--pipeline: " + StringRef(messages).trim());
}

/// Puts checks before the ops of lowbit: a file of a wrong shape is likelier
/// than a mistake in the module, and must not be read beyond its end.
static void checkLowbitOps(ModuleOp module) {
  SmallVector<RuntimeVerifiableOpInterface> ops;
  module.walk([&](RuntimeVerifiableOpInterface op) {
    if (isa<LowbitDialect>(op->getDialect()))
      ops.push_back(op);
  });
  auto makeMessage = [](Operation *op, StringRef message) {
    std::string text;
    llvm::raw_string_ostream(text)
        << "lowbit-run: error: " << op->getLoc() << ": '" << op->getName()
        << "' op " << message;
    return text;
  };
  for (RuntimeVerifiableOpInterface op : ops) {
    OpBuilder builder(op);
    op.generateRuntimeVerification(builder, op.getLoc(), makeMessage);
  }
}

static Error buildPipeline(const CompileOptions &options, PassManager &passes) {
  if (options.pipeline.empty()) {
    ToCPUOptions toCPU;
    toCPU.cpu = options.cpu;
    toCPU.features = options.features;
    toCPU.threads = options.threads;
    toCPU.report = options.report;
    toCPU.runtimeChecks = options.runtimeChecks == RuntimeChecks::All;
    buildToCPUPipeline(passes, toCPU);
    return Error::success();
  }
  // A pipeline from elsewhere names no machine; one of lowbit's may, which then
  // counts.
  std::string attach = "lowbit-attach-target{cpu=" + options.cpu;
  if (!options.features.empty())
    attach += " features=" + options.features;
  if (Error error = addPipeline(attach + "}", passes))
    return error;
  return addPipeline(options.pipeline, passes);
}

Expected<std::unique_ptr<CompiledFunction>>
CompiledFunction::create(ModuleOp module, StringRef name,
                         const CompileOptions &options) {
  if (Error error = checkCPU(options))
    return error;
  SmallVector<FunctionSignature> signatures = getFunctionSignatures(module);
  if (options.runtimeChecks == RuntimeChecks::Lowbit)
    checkLowbitOps(module);
  auto passes = PassManager::on<ModuleOp>(module.getContext());
  if (Error error = buildPipeline(options, passes))
    return error;
  if (failed(passes.run(module)))
    return reported();
  if (!module.lookupSymbol(("_mlir_ciface_" + name).str()))
    return llvm::createStringError(
        "after the pipeline there is no '_mlir_ciface_" + name +
        "' to call; --pipeline must lower to the LLVM dialect and keep the C "
        "interface (llvm-request-c-wrappers)");
  Expected<CPUTarget> target = getModuleTarget(module);
  if (!target)
    return target.takeError();

  // Code for AMX needs the kernel's permission.
  lowbit_init();
  Expected<std::unique_ptr<JitRunner>> runner =
      JitRunner::create(module, signatures);
  if (!runner)
    return runner.takeError();
  std::unique_ptr<CompiledFunction> function(new CompiledFunction());
  function->name = name.str();
  function->cpu = target->cpu;
  function->runner = std::move(*runner);
  return function;
}

Expected<CompiledFunction::Arguments>
CompiledFunction::prepare(ArrayRef<Array> arguments) const {
  const FunctionSignature &signature = *runner->getSignature(name);
  Arguments prepared;
  if (signature.hasWeights()) {
    SmallVector<BufferRef> weights;
    for (auto [value, array] : llvm::zip_equal(signature.arguments, arguments))
      if (value.isWeight)
        weights.push_back(array.getBuffer());
    Expected<SmallVector<OwnedBuffer>> packed =
        runner->call(signature.getPackSignature().name, weights);
    if (!packed)
      return packed.takeError();
    prepared.packed = std::move(*packed);
  }
  const OwnedBuffer *next = prepared.packed.begin();
  for (auto [value, array] : llvm::zip_equal(signature.arguments, arguments)) {
    if (value.isWeight) {
      prepared.numBytes.push_back(ShapedType::getNumElements(next->shape));
      prepared.buffers.push_back(*next++);
    } else {
      prepared.numBytes.push_back(array.getNumBytes());
      prepared.buffers.push_back(array.getBuffer());
    }
  }
  return prepared;
}

Expected<SmallVector<Array>>
CompiledFunction::run(ArrayRef<BufferRef> buffers) const {
  Expected<SmallVector<OwnedBuffer>> results = runner->call(name, buffers);
  if (!results)
    return results.takeError();
  SmallVector<Array> arrays;
  for (auto [value, buffer] :
       llvm::zip_equal(runner->getSignature(name)->results, *results))
    arrays.push_back(makeArray(value, std::move(buffer)));
  return arrays;
}
