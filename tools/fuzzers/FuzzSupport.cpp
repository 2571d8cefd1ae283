//===- FuzzSupport.cpp - What the fuzz targets of IR share ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzSupport.h"

#include "lowbit/InitAll.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <memory>

using namespace mlir;
using namespace lowbit::fuzz;

/// LLVM's allocators mark free memory for ASan in their headers. Half of the
/// calls are in MLIR's library, which was compiled without that: the marks
/// would be wrong. Nor can leaks be told from what libraries keep.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:detect_leaks=0";
}

void lowbit::fuzz::fail(const llvm::Twine &message, StringRef first,
                        StringRef second) {
  llvm::errs() << "lowbit fuzz: " << message << '\n';
  if (!first.empty())
    llvm::errs() << "--- first\n" << first << '\n';
  if (!second.empty())
    llvm::errs() << "--- second\n" << second << '\n';
  std::abort();
}

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect,
                  tensor::TensorDialect, vector::VectorDialect>();
  lowbit::registerAllDialects(registry);
  return registry;
}

FuzzContext::FuzzContext()
    : context(makeRegistry(), MLIRContext::Threading::DISABLED),
      canonicalizer(&context), lowering(&context) {
  context.loadAllAvailableDialects();
  context.getDiagEngine().registerHandler([](Diagnostic &) {});
  canonicalizer.enableVerifier(false);
  canonicalizer.addPass(createCanonicalizerPass());
  lowering.enableVerifier(false);
  if (failed(parsePassPipeline("lowbit-expand-conversions,lowbit-to-bytes,"
                               "lowbit-verify-lowered",
                               lowering)))
    fail("the lowering passes are not registered");
}

FuzzContext &FuzzContext::next() {
  constexpr unsigned kInputsPerContext = 1000;
  static std::unique_ptr<FuzzContext> current;
  static unsigned inputs = 0;
  if (!current)
    lowbit::registerAllPasses();
  if (inputs++ % kInputsPerContext == 0)
    current = std::make_unique<FuzzContext>();
  return *current;
}

OwningOpRef<ModuleOp> FuzzContext::parse(StringRef textOrBytecode) {
  return parseSourceString<ModuleOp>(textOrBytecode, &context);
}

static std::string print(ModuleOp module, bool generic) {
  OpPrintingFlags flags;
  if (generic)
    flags.printGenericOpForm();
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, flags);
  return text;
}

void FuzzContext::checkRoundTrip(ModuleOp module, StringRef when) {
  std::string text = print(module, /*generic=*/false);
  // The generic form allows an empty symbol name, which MLIR prints as a mark
  // that it does not read.
  if (StringRef(text).contains("<<INVALID EMPTY SYMBOL>>"))
    return;
  // The context renames a resource that it has already, so the text differs.
  bool isRenamed = StringRef(text).contains("dense_resource");
  auto check = [&](StringRef written, const char *form) {
    OwningOpRef<ModuleOp> again = parse(written);
    if (!again)
      fail(llvm::Twine(form) + " " + when + " cannot be read back", text,
           written);
    std::string textAgain = print(*again, /*generic=*/false);
    if (!isRenamed && text != textAgain)
      fail(llvm::Twine(form) + " " + when + " reads back as another module",
           text, textAgain);
  };
  check(text, "text");
  check(print(module, /*generic=*/true), "generic text");

  std::string bytecode;
  llvm::raw_string_ostream os(bytecode);
  if (failed(writeBytecodeToFile(module, os)))
    fail("bytecode " + when + " cannot be written", text);
  check(bytecode, "bytecode");
}

void FuzzContext::checkCanonicalization(ModuleOp module) {
  std::string before = print(module, /*generic=*/false);
  // Failure means that it did not converge, which is allowed.
  (void)canonicalizer.run(module);
  if (failed(verify(module)))
    fail("canonicalization broke the module", before,
         print(module, /*generic=*/true));
  checkRoundTrip(module, "after canonicalization");
}

void FuzzContext::checkLowering(ModuleOp module) {
  std::string before = print(module, /*generic=*/false);
  if (succeeded(lowering.run(module)) && failed(verify(module)))
    fail("lowering broke the module", before, print(module, /*generic=*/true));
}
