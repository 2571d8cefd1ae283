//===- ObjectEmitter.cpp - LLVM dialect to machine code -------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Execution/ObjectEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

#include <cassert>

using namespace lowbit;
using llvm::StringRef;

void lowbit::registerLLVMIRTranslations(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerOpenMPDialectTranslation(registry);
}

llvm::Expected<CPUTarget> lowbit::getModuleTarget(mlir::ModuleOp module) {
  auto target = module->getAttrOfType<mlir::LLVM::TargetAttr>(
      mlir::LLVM::LLVMDialect::getTargetAttrName());
  if (!target)
    return llvm::createStringError(
        "the module has no 'llvm.target'; lower it with lowbit-to-cpu");
  std::string features;
  if (mlir::LLVM::TargetFeaturesAttr list = target.getFeatures())
    features = list.getFeaturesString();
  return resolveCPUTarget(target.getChip().getValue(), features,
                          target.getTriple().getValue());
}

static llvm::CodeGenOptLevel getCodeGenLevel(unsigned level) {
  switch (level) {
  case 0:
    return llvm::CodeGenOptLevel::None;
  case 1:
    return llvm::CodeGenOptLevel::Less;
  case 2:
    return llvm::CodeGenOptLevel::Default;
  default:
    return llvm::CodeGenOptLevel::Aggressive;
  }
}

static llvm::OptimizationLevel getOptimizationLevel(unsigned level) {
  switch (level) {
  case 0:
    return llvm::OptimizationLevel::O0;
  case 1:
    return llvm::OptimizationLevel::O1;
  case 2:
    return llvm::OptimizationLevel::O2;
  default:
    return llvm::OptimizationLevel::O3;
  }
}

//===----------------------------------------------------------------------===//
// ObjectEmitter
//===----------------------------------------------------------------------===//

ObjectEmitter::ObjectEmitter() = default;
ObjectEmitter::~ObjectEmitter() = default;

/// What programs call is the C interface. The function behind it takes
/// descriptors apart and may have any name, `main` among them: it is kept out
/// of the symbol table.
static void hideImplementations(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    llvm::Function *wrapper =
        module.getFunction(("_mlir_ciface_" + function.getName()).str());
    if (wrapper && !wrapper->isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
}

llvm::Expected<std::unique_ptr<ObjectEmitter>>
ObjectEmitter::translate(mlir::ModuleOp module,
                         const ObjectEmitterOptions &options) {
  std::unique_ptr<ObjectEmitter> emitter(new ObjectEmitter());
  emitter->options = options;
  llvm::Expected<CPUTarget> target = getModuleTarget(module);
  if (!target)
    return target.takeError();
  emitter->target = std::move(*target);

  mlir::DialectRegistry registry;
  registerLLVMIRTranslations(registry);
  module->getContext()->appendDialectRegistry(registry);
  emitter->context = std::make_unique<llvm::LLVMContext>();
  // LLVM reports what it cannot generate and goes on.
  emitter->context->setDiagnosticHandlerCallBack(
      [](const llvm::DiagnosticInfo *info, void *opaque) {
        if (info->getSeverity() != llvm::DS_Error)
          return;
        llvm::raw_string_ostream os(*static_cast<std::string *>(opaque));
        llvm::DiagnosticPrinterRawOStream printer(os);
        info->print(printer);
        os << "\n";
      },
      &emitter->errors);
  emitter->module =
      mlir::translateModuleToLLVMIR(module, *emitter->context, "lowbit");
  if (!emitter->module)
    return llvm::createStringError("the module does not translate to LLVM IR");

  llvm::Triple triple(emitter->target.triple);
  std::string message;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!backend)
    return llvm::createStringError(message);
  llvm::TargetOptions targetOptions;
  emitter->machine.reset(backend->createTargetMachine(
      triple, emitter->target.cpu, emitter->target.getFeatureString(),
      targetOptions,
      options.positionIndependent ? llvm::Reloc::PIC_ : llvm::Reloc::Static,
      /*CM=*/std::nullopt, getCodeGenLevel(options.optimizationLevel)));
  if (!emitter->machine)
    return llvm::createStringError("LLVM has no code generator for '" +
                                   triple.str() + "'");
  emitter->module->setTargetTriple(triple);
  emitter->module->setDataLayout(emitter->machine->createDataLayout());
  if (options.positionIndependent)
    emitter->module->setPICLevel(llvm::PICLevel::BigPIC);
  hideImplementations(*emitter->module);
  return emitter;
}

llvm::Error ObjectEmitter::optimize() {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = options.optimizationLevel >= 2;
  tuning.SLPVectorization = options.optimizationLevel >= 2;
  tuning.LoopInterleaving = options.unrollLoops;
  tuning.LoopUnrolling = options.unrollLoops;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine.get(), tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::OptimizationLevel level =
      getOptimizationLevel(options.optimizationLevel);
  llvm::ModulePassManager passes =
      level == llvm::OptimizationLevel::O0
          ? builder.buildO0DefaultPipeline(level)
          : builder.buildPerModuleDefaultPipeline(level);
  passes.run(*module, modules);
  return errors.empty() ? llvm::Error::success()
                        : llvm::createStringError(errors);
}

llvm::Expected<std::unique_ptr<ObjectEmitter>>
ObjectEmitter::create(mlir::ModuleOp module,
                      const ObjectEmitterOptions &options) {
  llvm::Expected<std::unique_ptr<ObjectEmitter>> emitter =
      translate(module, options);
  if (!emitter)
    return emitter.takeError();
  if (llvm::Error error = (*emitter)->optimize())
    return error;
  return emitter;
}

void ObjectEmitter::printLLVMIR(llvm::raw_ostream &os) const {
  assert(module && "printed after code was generated");
  module->print(os, /*AAW=*/nullptr);
}

llvm::Error ObjectEmitter::emit(llvm::raw_pwrite_stream &os, bool asObject) {
  assert(module && "code is generated once");
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, /*DwoOut=*/nullptr,
                                   asObject
                                       ? llvm::CodeGenFileType::ObjectFile
                                       : llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError("LLVM writes no such file for '" +
                                   target.triple + "'");
  passes.run(*module);
  module = nullptr;
  return errors.empty() ? llvm::Error::success()
                        : llvm::createStringError(errors);
}

llvm::Error ObjectEmitter::emitAssembly(llvm::raw_pwrite_stream &os) {
  return emit(os, /*asObject=*/false);
}

llvm::Error ObjectEmitter::emitObject(llvm::raw_pwrite_stream &os) {
  return emit(os, /*asObject=*/true);
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

llvm::Expected<std::vector<std::string>>
lowbit::getUndefinedSymbols(llvm::MemoryBufferRef buffer) {
  auto object = llvm::object::ObjectFile::createObjectFile(buffer);
  if (!object)
    return object.takeError();
  std::vector<std::string> names;
  for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined))
      continue;
    llvm::Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    // ELF's first symbol has no name; the other is the linker's own.
    if (!name->empty() && *name != "_GLOBAL_OFFSET_TABLE_")
      names.push_back(name->str());
  }
  llvm::sort(names);
  return names;
}
