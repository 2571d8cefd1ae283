//===- ReferenceTest.h - Running snippets of IR -----------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tests of the evaluator share: parse a module, run its function @f,
// look at codes or at the one error with its line.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TEST_UNIT_REFERENCE_REFERENCETEST_H
#define LOWBIT_TEST_UNIT_REFERENCE_REFERENCETEST_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Reference/Interpreter.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

namespace lowbit::test {

using reference::Interpreter;
using reference::Tensor;
using Tensors = llvm::SmallVector<Tensor>;
using Codes = std::vector<uint64_t>;

class ReferenceTest : public ::testing::Test {
protected:
  ReferenceTest() {
    context.loadDialect<LowbitDialect, mlir::affine::AffineDialect,
                        mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::linalg::LinalgDialect, mlir::math::MathDialect,
                        mlir::memref::MemRefDialect, mlir::quant::QuantDialect,
                        mlir::scf::SCFDialect, mlir::tensor::TensorDialect,
                        mlir::vector::VectorDialect>();
  }

  mlir::Type type(llvm::StringRef text) {
    mlir::Type result = mlir::parseType(text, &context);
    EXPECT_TRUE(result) << text.str();
    return result;
  }

  /// A value of element type `element` from its codes.
  Tensor make(llvm::StringRef element, llvm::ArrayRef<int64_t> shape,
              Codes codes) {
    return Tensor(type(element), shape, std::move(codes));
  }
  Tensor index(uint64_t value) { return Tensor(type("index"), value); }
  /// f32.
  Tensor floats(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values) {
    return Tensor(type("f32"), shape, toCodes(values));
  }

  static Codes toCodes(llvm::ArrayRef<float> values) {
    Codes codes;
    for (float value : values)
      codes.push_back(llvm::bit_cast<uint32_t>(value));
    return codes;
  }
  static Codes codesOf(const Tensor &value) {
    return Codes(value.getCodes().begin(), value.getCodes().end());
  }
  /// The values of a tensor of f32.
  static std::vector<float> floatsOf(const Tensor &value) {
    std::vector<float> result;
    for (uint64_t code : value.getCodes())
      result.push_back(llvm::bit_cast<float>(static_cast<uint32_t>(code)));
    return result;
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef source) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    EXPECT_TRUE(module) << source.str();
    return module;
  }

  /// The results of @f, which must not fail. A failure gives no results, and
  /// the test has failed.
  Tensors run(llvm::StringRef source, llvm::ArrayRef<Tensor> args = {}) {
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(source);
    if (!module)
      return {};
    mlir::FailureOr<Tensors> results = Interpreter(*module).call("f", args);
    EXPECT_TRUE(mlir::succeeded(results)) << source.str();
    return mlir::succeeded(results) ? std::move(*results) : Tensors();
  }

  /// The result of @f, which has one.
  Tensor run1(llvm::StringRef source, llvm::ArrayRef<Tensor> args = {}) {
    Tensors results = run(source, args);
    EXPECT_EQ(results.size(), 1u);
    return results.size() == 1 ? results.front() : Tensor();
  }

  /// @f fails with one error: "LINE: MESSAGE".
  std::string fail(llvm::StringRef source, llvm::ArrayRef<Tensor> args = {}) {
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(source);
    if (!module)
      return "";
    std::vector<std::string> errors;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          auto where =
              mlir::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation());
          errors.push_back((where ? std::to_string(where.getLine()) : "?") +
                           ": " + diagnostic.str());
          return mlir::success();
        });
    EXPECT_TRUE(mlir::failed(Interpreter(*module).call("f", args)));
    EXPECT_EQ(errors.size(), 1u);
    return errors.empty() ? "" : errors.front();
  }

  /// One op applied to vectors or scalars: `text` such as "arith.addf %0, %1 :
  /// f32", operands named by number.
  Tensors apply(llvm::StringRef text, llvm::ArrayRef<Tensor> args,
                llvm::ArrayRef<std::string> resultTypes) {
    return run(wrap(text, args, resultTypes), args);
  }
  Tensor apply1(llvm::StringRef text, llvm::ArrayRef<Tensor> args,
                std::string resultType) {
    Tensors results = apply(text, args, {resultType});
    return results.empty() ? Tensor() : results.front();
  }
  std::string applyAndFail(llvm::StringRef text, llvm::ArrayRef<Tensor> args,
                           std::string resultType) {
    return fail(wrap(text, args, {resultType}), args);
  }

  mlir::MLIRContext context;

private:
  /// A function of one op, which is on line 2.
  static std::string wrap(llvm::StringRef text, llvm::ArrayRef<Tensor> args,
                          llvm::ArrayRef<std::string> resultTypes) {
    std::string source = "func.func @f(";
    llvm::raw_string_ostream os(source);
    llvm::interleaveComma(llvm::enumerate(args), os, [&](auto it) {
      const Tensor &arg = it.value();
      os << "%" << it.index() << ": ";
      if (arg.getRank() == 0)
        os << arg.getElementType();
      else
        os << mlir::RankedTensorType::get(arg.getShape(), arg.getElementType());
    });
    os << ") -> (" << llvm::join(resultTypes, ", ") << ") {\n%r";
    if (resultTypes.size() != 1)
      os << ":" << resultTypes.size();
    os << " = " << text << "\nreturn ";
    for (size_t i = 0; i < resultTypes.size(); ++i)
      os << (i ? ", " : "") << "%r"
         << (resultTypes.size() != 1 ? "#" + std::to_string(i) : "");
    os << " : " << llvm::join(resultTypes, ", ") << "\n}\n";
    return source;
  }
};

} // namespace lowbit::test

#endif // LOWBIT_TEST_UNIT_REFERENCE_REFERENCETEST_H
