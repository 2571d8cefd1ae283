//===- BuildersTest.cpp - Building ops from C++ ---------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace lowbit;

namespace {
class BuildersTest : public ::testing::Test {
protected:
  BuildersTest() {
    context.loadDialect<LowbitDialect, func::FuncDialect>();
    module = ModuleOp::create(UnknownLoc::get(&context));
    builder.setInsertionPointToStart(module->getBody());
    auto function =
        func::FuncOp::create(builder, "f", builder.getFunctionType({}, {}));
    block = function.addEntryBlock();
    builder.setInsertionPointToStart(block);
  }

  Type type(StringRef text) { return parseType(text, &context); }
  /// A new value of the type.
  Value value(StringRef text) {
    return block->addArgument(type(text), builder.getLoc());
  }

  static std::string print(Operation *op) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    op->print(stream, OpPrintingFlags().useLocalScope().assumeVerified());
    // From the name on: values have other numbers elsewhere.
    return text.substr(text.find("lowbit."));
  }

  static SmallVector<int64_t> blockSizes(ScaledOpInterface op,
                                         unsigned index = 0) {
    return op.getScaledValues()[index].getBlockSizes();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ImplicitLocOpBuilder builder{UnknownLoc::get(&context), &context};
  Block *block = nullptr;
};

using Sizes = SmallVector<int64_t>;

TEST_F(BuildersTest, Quantize) {
  Value x = value("tensor<4x64xf32>"), s = value("tensor<4x2xf32>");
  auto op = QuantizeOp::create(builder, type("i4"), x, s);
  EXPECT_EQ(op.getType(), type("tensor<4x64xi4>"));
  EXPECT_FALSE(op.getZeroPoint() || op.getRandom() || op.getBlock());
  EXPECT_EQ(op.getRounding(), Rounding::NearestEven);
  EXPECT_EQ(op.getOverflow(), Overflow::Saturate);
  EXPECT_TRUE(succeeded(verify(op)));
  EXPECT_EQ(blockSizes(op), (Sizes{1, 32}));

  Value z = value("tensor<4x2xi8>"), r = value("tensor<4x64xi32>");
  auto full =
      QuantizeOp::create(builder, type("!lowbit.log<4>"), x, s, Value(),
                         {1, 32}, Rounding::Stochastic, Overflow::IEEE, r);
  EXPECT_TRUE(succeeded(verify(full)));
  EXPECT_EQ(full.getRandom(), r);
  EXPECT_EQ(full.getOverflow(), Overflow::IEEE);
  EXPECT_EQ(ArrayRef<int64_t>(*full.getBlock()), ArrayRef<int64_t>({1, 32}));

  auto asymmetric = QuantizeOp::create(builder, type("i8"), x, s, z);
  EXPECT_TRUE(succeeded(verify(asymmetric)));
  ScaledValue scaled = asymmetric.getScaledValues().front();
  EXPECT_EQ(scaled.data, asymmetric.getResult());
  EXPECT_EQ(scaled.scale, s);
  EXPECT_EQ(scaled.zeroPoint, z);
}

TEST_F(BuildersTest, EncodingStays) {
  Value x = value("tensor<4xf32, \"enc\">"), s = value("f32");
  auto op = QuantizeOp::create(builder, type("i4"), x, s);
  EXPECT_EQ(op.getType(), type("tensor<4xi4, \"enc\">"));
  EXPECT_TRUE(succeeded(verify(op)));
}

TEST_F(BuildersTest, Dequantize) {
  Value q = value("tensor<?x64xi4>"), s = value("tensor<?x1xf16>");
  auto op = DequantizeOp::create(builder, type("f32"), q, s, Value(), {1, 0});
  EXPECT_EQ(op.getType(), type("tensor<?x64xf32>"));
  EXPECT_TRUE(succeeded(verify(op)));
  EXPECT_EQ(op.getScaledValues().front().data, q);
  EXPECT_EQ(blockSizes(op), (Sizes{1, 0}));
}

TEST_F(BuildersTest, ChooseScale) {
  Value x = value("tensor<?x70xf32>");
  auto op = ChooseScaleOp::create(builder, x, type("i4"), type("f32"),
                                  ArrayRef<int64_t>{0, 32});
  EXPECT_EQ(op.getScale().getType(), type("tensor<1x3xf32>"));
  EXPECT_FALSE(op.getZeroPoint());
  EXPECT_TRUE(succeeded(verify(op)));

  auto minmax = ChooseScaleOp::create(
      builder, x, type("ui4"), type("f16"),
      ArrayRef<int64_t>{1, std::numeric_limits<int64_t>::max()},
      ScaleMethod::MinMax, type("ui8"));
  EXPECT_EQ(minmax.getScale().getType(), type("tensor<?x1xf16>"));
  EXPECT_EQ(minmax.getZeroPoint().getType(), type("tensor<?x1xui8>"));
  EXPECT_TRUE(succeeded(verify(minmax)));

  auto single = ChooseScaleOp::create(builder, value("tensor<f32>"), type("i4"),
                                      type("f32"), ArrayRef<int64_t>{});
  EXPECT_EQ(single.getScale().getType(), type("tensor<f32>"));
  EXPECT_TRUE(succeeded(verify(single)));
}

TEST_F(BuildersTest, Convert) {
  auto op = ConvertOp::create(builder, type("f8E5M2"), value("f32"));
  EXPECT_EQ(print(op), "lowbit.convert %arg0 : f32 to f8E5M2");
  EXPECT_TRUE(succeeded(verify(op)));
  auto random = ConvertOp::create(builder, type("vector<4xi4>"),
                                  value("vector<4xf32>"), Rounding::Stochastic,
                                  Overflow::Saturate, value("vector<4xi32>"));
  EXPECT_TRUE(succeeded(verify(random)));
  EXPECT_TRUE(random.getRandom());
}

TEST_F(BuildersTest, Bitcast) {
  auto op = BitcastOp::create(builder, type("memref<4xi4>"),
                              value("memref<4x!lowbit.log<4>>"));
  EXPECT_TRUE(succeeded(verify(op)));
  // The same buffer: alias analysis looks through it.
  EXPECT_EQ(cast<ViewLikeOpInterface>(op.getOperation()).getViewSource(),
            op.getInput());
}

TEST_F(BuildersTest, Matmul) {
  ScaledValue a{value("tensor<2x?x64xbf16>")};
  ScaledValue b{value("tensor<32x64xi4>"), value("tensor<32x2xf32>"),
                value("tensor<32x2xi4>"),
                builder.getDenseI64ArrayAttr({1, 32})};
  auto op =
      MatmulOp::create(builder, type("f16"), a, b, value("tensor<32xf32>"),
                       /*transposeB=*/true);
  EXPECT_EQ(op.getType(), type("tensor<2x?x32xf16>"));
  EXPECT_TRUE(succeeded(verify(op)));
  EXPECT_TRUE(op.getAcc().isF32());
  EXPECT_FALSE(op.getPromoteEvery());
  EXPECT_EQ(op.getBReductionDim(), 1);
  EXPECT_EQ(op.getBColumnDim(), 0);
  EXPECT_FALSE(op.getAScale());
  EXPECT_EQ(op.getBScale(), b.scale);
  EXPECT_EQ(op.getBZeroPoint(), b.zeroPoint);
  // An operand without a scale is one block with the scale 1.
  EXPECT_EQ(blockSizes(op, 0), (Sizes{0, 0, 0}));
  EXPECT_EQ(blockSizes(op, 1), (Sizes{1, 32}));

  auto integer = MatmulOp::create(
      builder, type("f32"), ScaledValue{value("tensor<4x8xi8>")},
      ScaledValue{value("tensor<8x5xi8>")}, Value(), /*transposeB=*/false,
      builder.getI32Type(), /*promoteEvery=*/128);
  EXPECT_EQ(integer.getType(), type("tensor<4x5xf32>"));
  EXPECT_EQ(integer.getBReductionDim(), 0);
  EXPECT_TRUE(succeeded(verify(integer)));
  EXPECT_TRUE(integer.getAcc().isInteger(32));
  EXPECT_EQ(integer.getPromoteEvery(), 128u);
}

/// The sizes that a scale's shape implies.
TEST_F(BuildersTest, BlockSizes) {
  struct Case {
    const char *data, *scale;
    Sizes expected;
  } cases[] = {{"tensor<4096x4096xi4>", "f32", {0, 0}},
               {"tensor<4096x4096xi4>", "tensor<f32>", {0, 0}},
               {"tensor<4096x4096xi4>", "tensor<1x1xf32>", {0, 0}},
               {"tensor<4096x4096xi4>", "tensor<4096x1xf32>", {1, 0}},
               {"tensor<4096x4096xi4>", "tensor<4096x32xf32>", {1, 128}},
               {"tensor<4096x4096xi4>", "tensor<32x32xf32>", {128, 128}},
               {"tensor<?x4096xi4>", "tensor<1x32xf32>", {0, 128}},
               {"tensor<1x0xi4>", "tensor<1x0xf32>", {0, 1}},
               {"tensor<i4>", "tensor<f32>", {}}};
  for (const Case &c : cases) {
    auto op = DequantizeOp::create(builder, type("f32"), value(c.data),
                                   value(c.scale));
    ASSERT_TRUE(succeeded(verify(op))) << c.data << " " << c.scale;
    EXPECT_EQ(blockSizes(op), c.expected) << c.data << " " << c.scale;
  }
}

TEST_F(BuildersTest, Interfaces) {
  Value x = value("tensor<4xf32>");
  Operation *quantize =
      QuantizeOp::create(builder, type("i4"), x, value("f32"));
  Operation *convert = ConvertOp::create(builder, type("tensor<4xf16>"), x);
  EXPECT_TRUE(isa<ScaledOpInterface>(quantize));
  EXPECT_FALSE(isa<ScaledOpInterface>(convert));
  EXPECT_TRUE(isa<ReifyRankedShapedTypeOpInterface>(quantize));
  EXPECT_TRUE(isa<ReifyRankedShapedTypeOpInterface>(convert));
  EXPECT_TRUE(isPure(quantize));
  EXPECT_TRUE(isPure(convert));

  // Scalars have no shape; asking is no crash.
  ReifiedRankedShapedTypeDims shapes;
  auto scalar = ConvertOp::create(builder, type("f16"), value("f32"));
  EXPECT_TRUE(failed(reifyResultShapes(builder, scalar, shapes)));
  EXPECT_TRUE(succeeded(reifyResultShapes(builder, quantize, shapes)));
  ASSERT_EQ(shapes.size(), 1u);
  EXPECT_EQ(getConstantIntValue(shapes[0][0]), 4);
}
} // namespace
