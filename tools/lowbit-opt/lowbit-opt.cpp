//===- lowbit-opt.cpp - mlir-opt with lowbit's dialect and passes ------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Unlike mlir-opt it reads bytecode of any size and from a pipe with the
// alignment that blobs of weights ask for, replaces its output file only when
// all went well, and fails whenever an error was reported: a folder can report
// one, but not fail the pass that calls it.
//
//===----------------------------------------------------------------------===//

#include "../common/InputFile.h"

#include "lowbit/InitAll.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::AddExtraVersionPrinter(
      [](llvm::raw_ostream &os) { os << "lowbit " LOWBIT_VERSION "\n"; });
  mlir::registerAllPasses();
  lowbit::registerAllPasses();

  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  lowbit::registerAllDialects(registry);

  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "lowbit optimizer driver\n", registry);
  auto config = mlir::MlirOptMainConfig::createFromCLOptions();
  // These read and write no file.
  if (config.shouldShowDialects() || config.shouldListPasses())
    return mlir::asMainReturnCode(
        mlir::MlirOptMain(argc, argv, input, output, registry));

  // Errors that --verify-diagnostics expects are none.
  std::atomic<unsigned> errors = 0;
  config.setPassPipelineSetupFn([&errors,
                                 inner = config](mlir::PassManager &passes) {
    passes.getContext()->getDiagEngine().registerHandler(
        [&errors](mlir::Diagnostic &diagnostic) {
          errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
          return mlir::failure(); // the other handlers print it
        });
    return inner.setupPassPipeline(passes);
  });

  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      lowbit::openInput(input, message);
  if (!buffer) {
    llvm::errs() << message << "\n";
    return 1;
  }
  llvm::Error error =
      llvm::writeToOutput(output, [&](llvm::raw_ostream &os) -> llvm::Error {
        if (mlir::succeeded(
                mlir::MlirOptMain(os, std::move(buffer), registry, config)) &&
            (errors == 0 || config.shouldVerifyDiagnostics()))
          return llvm::Error::success();
        // The diagnostics are out; this only keeps the file from being kept.
        return llvm::createStringError("");
      });
  if (!error)
    return 0;
  std::string reason = llvm::toString(std::move(error));
  if (!reason.empty())
    llvm::errs() << "cannot open output file " << reason << "\n";
  return 1;
}
