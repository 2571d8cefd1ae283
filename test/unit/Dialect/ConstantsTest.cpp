//===- ConstantsTest.cpp - Constants as codes -----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace lowbit;

namespace {
class ConstantsTest : public ::testing::Test {
protected:
  ConstantsTest() {
    context.loadDialect<LowbitDialect>();
    module = ModuleOp::create(UnknownLoc::get(&context));
    builder.setInsertionPointToStart(module->getBody());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  OpBuilder builder{&context};
};

/// Every code of every format that fits in place survives the way into IR and
/// back, as a scalar and as a tensor.
TEST_F(ConstantsTest, EveryCodeOfEveryFormat) {
  for (const Format &format : getCatalog()) {
    std::string name = format.getName();
    Type element =
        parseType(name.back() == '>' ? "!lowbit." + name : name, &context);
    int64_t count = std::min<int64_t>(format.getNumCodes(), kMaxFoldedElements);
    SmallVector<uint64_t> codes = llvm::to_vector(
        llvm::map_range(llvm::seq<int64_t>(0, count),
                        [](int64_t code) { return uint64_t(code); }));
    Value tensor =
        createConstant(builder, module->getLoc(),
                       RankedTensorType::get({count}, element), codes);
    std::optional<CodeTensor> read = getConstantCodes(tensor);
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->format, format) << name;
    EXPECT_EQ(ArrayRef<uint64_t>(read->codes), ArrayRef<uint64_t>(codes))
        << name;

    Value scalar =
        createConstant(builder, module->getLoc(), element, codes.back());
    read = getConstantCodes(scalar);
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->codes, std::vector<uint64_t>{codes.back()}) << name;
    EXPECT_TRUE(read->shape.empty());
  }
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(ConstantsTest, TypesOfConstants) {
  for (const char *text : {"i4", "f8E4M3FN", "tensor<2xui4>", "vector<2xf32>"})
    EXPECT_TRUE(isConstantType(parseType(text, &context))) << text;
  for (const char *text :
       {"ui4", "si8", "!lowbit.log<4>", "tensor<2x!lowbit.log<4>>"})
    EXPECT_FALSE(isConstantType(parseType(text, &context))) << text;
  EXPECT_EQ(
      getCodeType(parseType("tensor<2x!lowbit.minifloat<e5m3fn>>", &context)),
      parseType("tensor<2xi9>", &context));
  EXPECT_EQ(getCodeType(parseType("f8E4M3FN", &context)), builder.getI8Type());
}

TEST_F(ConstantsTest, SizeIsBounded) {
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  EXPECT_TRUE(hasAtMostElements({}, 1));
  EXPECT_TRUE(hasAtMostElements({4, 256}, 1024));
  EXPECT_FALSE(hasAtMostElements({5, 256}, 1024));
  EXPECT_FALSE(hasAtMostElements({1025}, 1024));
  EXPECT_TRUE(hasAtMostElements({kHuge, 0, kHuge}, 1024));
  // The product is 2^64, which wraps to 0.
  EXPECT_FALSE(hasAtMostElements({int64_t(1) << 32, int64_t(1) << 32}, 1024));

  auto type = RankedTensorType::get({1025}, builder.getF32Type());
  auto splat = DenseElementsAttr::get(type, 1.0f);
  EXPECT_FALSE(getConstantBits(splat));
  ASSERT_TRUE(getConstantBits(splat, /*maxElements=*/1025));
  EXPECT_EQ(getConstantBits(splat, 1025)->size(), 1025u);
}

TEST_F(ConstantsTest, ZeroPointsMayBeWide) {
  Value wide = arith::ConstantOp::create(builder, module->getLoc(),
                                         builder.getI32IntegerAttr(-70000));
  EXPECT_FALSE(getConstantCodes(wide));
  std::optional<CodeTensor> read = getConstantZeroPoint(wide);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->getValue(0), -70000.0);
  Value number = arith::ConstantOp::create(builder, module->getLoc(),
                                           builder.getF32FloatAttr(0.5f));
  ASSERT_TRUE(getConstantZeroPoint(number));
  EXPECT_EQ(getConstantZeroPoint(number)->getValue(0), 0.5);
}
} // namespace
