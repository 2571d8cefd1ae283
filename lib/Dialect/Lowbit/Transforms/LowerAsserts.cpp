//===- LowerAsserts.cpp - Turn cf.assert into a message and abort ------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITLOWERASSERTSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// The C library's function `name`, declared if it is not yet.
static FailureOr<LLVM::LLVMFuncOp> getFunction(OpBuilder &builder,
                                               ModuleOp module, StringRef name,
                                               ArrayRef<Type> arguments,
                                               Type result) {
  Operation *existing = SymbolTable::lookupSymbolIn(module, name);
  if (existing && !isa<LLVM::LLVMFuncOp>(existing))
    return existing->emitError()
           << "'" << name
           << "' hides the C library's function that checks at run time need; "
              "rename it";
  return LLVM::lookupOrCreateFn(builder, module, name, arguments, result);
}

namespace {
struct LowbitLowerAssertsPass
    : lowbit::impl::LowbitLowerAssertsPassBase<LowbitLowerAssertsPass> {
  using LowbitLowerAssertsPassBase::LowbitLowerAssertsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<cf::AssertOp> asserts;
    module.walk([&](cf::AssertOp op) { asserts.push_back(op); });
    if (asserts.empty())
      return;

    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    FailureOr<LLVM::LLVMFuncOp> write =
        getFunction(builder, module, "write", {i32, pointer, i64}, i64);
    FailureOr<LLVM::LLVMFuncOp> abort = getFunction(
        builder, module, "abort", {}, LLVM::LLVMVoidType::get(&getContext()));
    if (failed(write) || failed(abort))
      return signalPassFailure();

    // One constant for all asserts with the same text.
    SymbolTable symbols(module);
    llvm::StringMap<LLVM::GlobalOp> messages;
    auto getMessage = [&](Location loc, StringRef text) {
      LLVM::GlobalOp &global = messages[text];
      if (global)
        return global;
      builder.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
      global = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                      LLVM::Linkage::Internal, "assert_message",
                                      builder.getStringAttr(text));
      symbols.insert(global);
      return global;
    };

    for (cf::AssertOp op : asserts) {
      Location loc = op.getLoc();
      std::string message = op.getMsg().str() + "\n";
      LLVM::GlobalOp global = getMessage(loc, message);
      builder.setInsertionPoint(op);
      Value isTrue = arith::ConstantIntOp::create(builder, loc, 1, 1);
      Value hasFailed =
          arith::XOrIOp::create(builder, loc, op.getArg(), isTrue);
      auto branch = scf::IfOp::create(builder, loc, hasFailed);
      builder.setInsertionPointToStart(branch.thenBlock());
      Value standardError = LLVM::ConstantOp::create(builder, loc, i32, 2);
      Value text = LLVM::AddressOfOp::create(builder, loc, global);
      Value size = LLVM::ConstantOp::create(builder, loc, i64, message.size());
      LLVM::CallOp::create(builder, loc, *write,
                           ValueRange{standardError, text, size});
      LLVM::CallOp::create(builder, loc, *abort, ValueRange());
      op.erase();
    }
  }
};
} // namespace
