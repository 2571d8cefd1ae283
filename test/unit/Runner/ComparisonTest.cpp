//===- ComparisonTest.cpp - The bounds of lowbit-run --check --------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit-run/Comparison.h"
#include "lowbit-run/MatmulExtents.h"

#include "lowbit/InitAll.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace lowbit;
using namespace lowbit::run;
using llvm::SmallVector;
using llvm::StringRef;
using reference::Tensor;

namespace {
const double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(MatmulInterval, F32IsTheBoundItself) {
  Format f32 = Format::getBuiltin("f32");
  Interval interval = getMatmulInterval(f32, 1.0, 0x1p-20);
  EXPECT_EQ(interval.low, 1.0 - 0x1p-20);
  EXPECT_EQ(interval.high, 1.0 + 0x1p-20);
}

TEST(MatmulInterval, NarrowResultsAreRoundedTwice) {
  // 1 in bf16 stands for [1 - 2^-9, 1 + 2^-8]; a correct result may be the
  // rounding of any number within the bound of those.
  Format bf16 = Format::getBuiltin("bf16");
  Interval interval = getMatmulInterval(bf16, 1.0, 0x1p-20);
  EXPECT_EQ(interval.high, 1.0 + 0x1p-7);
  EXPECT_EQ(interval.low, 1.0 - 0x1p-8);
  // The largest f16 stands for numbers up to 65520, beyond which is infinity.
  Format f16 = Format::getBuiltin("f16");
  EXPECT_EQ(getMatmulInterval(f16, 65504.0, 1.0).high, kInfinity);
  EXPECT_EQ(getMatmulInterval(f16, 65472.0, 1.0).high, 65504.0);
  EXPECT_EQ(getMatmulInterval(f16, 0.0, 0.0).high, 0.0);
}

TEST(MatmulInterval, NotFinite) {
  Format f16 = Format::getBuiltin("f16");
  // An f16 that overflowed was 65520 or more.
  Interval interval = getMatmulInterval(f16, kInfinity, 1.0);
  EXPECT_EQ(interval.low, 65504.0);
  EXPECT_EQ(interval.high, kInfinity);
  interval = getMatmulInterval(f16, -kInfinity, 40.0);
  EXPECT_EQ(interval.low, -kInfinity);
  EXPECT_EQ(interval.high, -65472.0);
  // With infinities among the operands there is nothing to be inexact about.
  interval = getMatmulInterval(f16, -kInfinity, kInfinity);
  EXPECT_EQ(interval.low, -kInfinity);
  EXPECT_EQ(interval.high, -kInfinity);
  EXPECT_TRUE(std::isnan(getMatmulInterval(f16, kNaN, 1.0).low));
}

class CheckTest : public ::testing::Test {
protected:
  CheckTest() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<LowbitDialect, mlir::arith::ArithDialect,
                        mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                        mlir::math::MathDialect, mlir::scf::SCFDialect,
                        mlir::tensor::TensorDialect>();
  }

  mlir::func::FuncOp parse(StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module->lookupSymbol<mlir::func::FuncOp>("f");
  }

  Tensor f32(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values) {
    std::vector<uint64_t> codes;
    for (float value : values)
      codes.push_back(llvm::bit_cast<uint32_t>(value));
    return Tensor(mlir::Float32Type::get(&context), shape, std::move(codes));
  }

  /// The expectation for the first result of @f.
  Expectation expect(StringRef text, llvm::ArrayRef<Tensor> arguments) {
    mlir::func::FuncOp function = parse(text);
    auto expectations = computeExpectations(*module, function, arguments);
    EXPECT_TRUE(succeeded(expectations));
    return succeeded(expectations) ? std::move(expectations->front())
                                   : Expectation();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(CheckTest, ExactResults) {
  Expectation expected = expect(R"mlir(
    func.func @f(%x: tensor<3xf32>) -> tensor<3xf8E4M3FN> {
      %y = lowbit.convert %x : tensor<3xf32> to tensor<3xf8E4M3FN>
      return %y : tensor<3xf8E4M3FN>
    })mlir",
                                {f32({3}, {1.0f, 0.0f, NAN})});
  EXPECT_TRUE(expected.isExact());
  EXPECT_EQ(expected.rule, "exactly");
  mlir::Type type = expected.value.getElementType();
  auto outside = [&](std::vector<uint64_t> codes) {
    return compare(expected, Tensor(type, {3}, std::move(codes))).numOutside;
  };
  EXPECT_EQ(outside({0x38, 0x00, 0x7F}), 0);
  // NaN is NaN, but -0 is another code than 0.
  EXPECT_EQ(outside({0x38, 0x00, 0xFF}), 0);
  EXPECT_EQ(outside({0x38, 0x80, 0x7F}), 1);
  EXPECT_EQ(outside({0x39, 0x00, 0x7E}), 2);
}

TEST_F(CheckTest, MatmulHasItsBound) {
  Expectation expected =
      expect(R"mlir(
    func.func @f(%a: tensor<1x2xf32>, %b: tensor<2x1xf32>) -> tensor<1x1xf32> {
      %c = lowbit.matmul %a, %b : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
      return %c : tensor<1x1xf32>
    })mlir",
             {f32({1, 2}, {3.0f, -4.0f}), f32({2, 1}, {5.0f, 2.0f})});
  ASSERT_EQ(expected.low.size(), 1u);
  double bound = (2 + 8) * 0x1p-24 * (15.0 + 8.0);
  EXPECT_EQ(expected.low[0], 7.0 - bound);
  EXPECT_EQ(expected.high[0], 7.0 + bound);
  EXPECT_EQ(expected.rule, "within rule M13's bound (K = 2, u = 2^-24)");

  auto value = static_cast<float>(7.0 + 0.97 * bound);
  Comparison comparison = compare(expected, f32({1, 1}, {value}));
  EXPECT_EQ(comparison.numDifferent, 1);
  EXPECT_TRUE(comparison.passes());
  EXPECT_NEAR(comparison.share.value, 1.0, 0.1);
  comparison =
      compare(expected, f32({1, 1}, {static_cast<float>(7.0 + 1.1 * bound)}));
  EXPECT_FALSE(comparison.passes());
  EXPECT_FALSE(compare(expected, f32({1, 1}, {NAN})).passes());
}

TEST_F(CheckTest, DynamicExtentsAreFollowed) {
  mlir::func::FuncOp function = parse(R"mlir(
    func.func private @g(%a: tensor<?x?xf32>, %q: tensor<?x?xi4>, %s: tensor<?x?xf32>) -> tensor<?x?xf32> {
      %c = lowbit.matmul %a, %q scale(%s) block [1, 4] transpose_b : (tensor<?x?xf32>, tensor<?x?xi4>, tensor<?x?xf32>) -> tensor<?x?xf32>
      return %c : tensor<?x?xf32>
    }
    func.func @f(%a: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
      %s = lowbit.choose_scale %w for i4 block [1, 4] : (tensor<?x?xf32>) -> tensor<?x?xf32>
      %q = lowbit.quantize %w scale(%s) block [1, 4] : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xi4>
      %c = func.call @g(%a, %q, %s) : (tensor<?x?xf32>, tensor<?x?xi4>, tensor<?x?xf32>) -> tensor<?x?xf32>
      return %c : tensor<?x?xf32>
    })mlir");
  SmallVector<MatmulExtents> matmuls =
      getMatmulExtents(function, {{3, 10}, {6, 10}});
  ASSERT_EQ(matmuls.size(), 1u);
  EXPECT_EQ(matmuls[0].k, 10);
  EXPECT_EQ(matmuls[0].operations, 2.0 * 3 * 6 * 10);
  // Rows of 10 int4 in 5 bytes, and 3 scales each.
  EXPECT_EQ(matmuls[0].weightBytes, 6.0 * (5 + 3 * 4));
  EXPECT_FALSE(matmuls[0].isNested);
}

TEST_F(CheckTest, LoopsAreMarked) {
  mlir::func::FuncOp function = parse(R"mlir(
    func.func @f(%a: tensor<2x2xf32>, %n: index) -> tensor<2x2xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<2x2xf32> {
        %y = lowbit.matmul %x, %a : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
        scf.yield %y : tensor<2x2xf32>
      }
      return %r : tensor<2x2xf32>
    })mlir");
  SmallVector<MatmulExtents> matmuls = getMatmulExtents(function, {{2, 2}, {}});
  ASSERT_EQ(matmuls.size(), 1u);
  EXPECT_TRUE(matmuls[0].isNested);
  EXPECT_EQ(matmuls[0].k, 2);
}

// What follows a matmul inherits its error, and no more than that.
const char kAfterMatmul[] = R"mlir(
  func.func @f(%a: tensor<1x2xf32>, %b: tensor<2x2xf32>) -> tensor<1x2xf32> {
    %c = lowbit.matmul %a, %b : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
    %zero = arith.constant dense<0.0> : tensor<1x2xf32>
    %r = arith.maximumf %c, %zero : tensor<1x2xf32>
    return %r : tensor<1x2xf32>
  })mlir";

TEST_F(CheckTest, ElementwiseAfterMatmul) {
  // 1 * 1 + 1 * 1 = 2, and 1 * -1 + 1 * -1 = -2, of which nothing is left.
  Expectation expected =
      expect(kAfterMatmul, {f32({1, 2}, {1.0f, 1.0f}),
                            f32({2, 2}, {1.0f, -1.0f, 1.0f, -1.0f})});
  ASSERT_EQ(expected.low.size(), 2u);
  double bound = (2 + 8) * 0x1p-24 * 2.0;
  EXPECT_LE(expected.low[0], 2.0 - bound);
  EXPECT_GE(expected.high[0], 2.0 + bound);
  EXPECT_GE(expected.low[0], 2.0 - 3.0 * bound);
  EXPECT_LE(expected.high[0], 2.0 + 3.0 * bound);
  EXPECT_EQ(expected.low[1], 0.0);
  EXPECT_EQ(expected.high[1], 0.0);
}

TEST_F(CheckTest, MatmulAfterMatmulAddsItsOwn) {
  Expectation expected = expect(R"mlir(
    func.func @f(%a: tensor<1x1xf32>, %b: tensor<1x1xf32>) -> tensor<1x1xf32> {
      %c = lowbit.matmul %a, %b : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
      %d = lowbit.matmul %c, %b : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
      return %d : tensor<1x1xf32>
    })mlir",
                                {f32({1, 1}, {1.0f}), f32({1, 1}, {1.0f})});
  ASSERT_EQ(expected.low.size(), 1u);
  double bound = (1 + 8) * 0x1p-24;
  EXPECT_LE(expected.low[0], 1.0 - 2.0 * bound);
  EXPECT_GE(expected.low[0], 1.0 - 4.0 * bound);
}

TEST_F(CheckTest, CodesAfterMatmulMayFlipAtTies) {
  // 2.5 is a tie: within the bound there are numbers that round to 3. 2.25 is
  // far from one.
  Expectation expected =
      expect(R"mlir(
    func.func @f(%a: tensor<1x1xf32>, %b: tensor<1x2xf32>) -> tensor<1x2xi8> {
      %c = lowbit.matmul %a, %b : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
      %s = arith.constant 1.0 : f32
      %q = lowbit.quantize %c scale(%s) : (tensor<1x2xf32>, f32) -> tensor<1x2xi8>
      return %q : tensor<1x2xi8>
    })mlir",
             {f32({1, 1}, {1.0f}), f32({1, 2}, {2.5f, 2.25f})});
  ASSERT_EQ(expected.low.size(), 2u);
  EXPECT_GE(expected.high[0], 3.0);
  EXPECT_EQ(expected.low[1], 2.0);
  EXPECT_EQ(expected.high[1], 2.0);
}

TEST_F(CheckTest, LibraryFunctionsHaveSomePlaces) {
  Expectation expected = expect(R"mlir(
    func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
      %y = math.exp %x : tensor<?xf32>
      return %y : tensor<?xf32>
    })mlir",
                                {f32({2}, {0.0f, 1.0f})});
  ASSERT_EQ(expected.low.size(), 2u);
  EXPECT_LT(expected.low[0], 1.0 - 0x1p-22);
  EXPECT_GT(expected.low[0], 1.0 - 0x1p-18);
}
} // namespace
