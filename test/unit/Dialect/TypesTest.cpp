//===- TypesTest.cpp - Types and their formats ----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace lowbit;

namespace {
class TypesTest : public ::testing::Test {
protected:
  TypesTest() { context.loadDialect<LowbitDialect>(); }

  Type parse(const std::string &text) {
    Type type = parseType(text, &context);
    EXPECT_TRUE(type) << text;
    return type;
  }

  static std::string print(Type type) {
    std::string text;
    llvm::raw_string_ostream(text) << type;
    return text;
  }

  MLIRContext context;
};

/// The spelling in IR of a format's name.
std::string getTypeText(const Format &format) {
  std::string name = format.getName();
  return name.back() == '>' ? "!lowbit." + name : name;
}

TEST_F(TypesTest, EveryFormatHasItsType) {
  for (const Format &format : getCatalog()) {
    Type type = parse(getTypeText(format));
    std::optional<Format> found = lowbit::getFormat(type);
    ASSERT_TRUE(found) << format.getName();
    EXPECT_EQ(*found, format) << format.getName();
    EXPECT_EQ(getBitWidth(type), format.getBits()) << format.getName();
    EXPECT_EQ(print(type), getTypeText(format));
  }
}

TEST_F(TypesTest, FormatsOfSignlessAndSignedIntegersAreEqual) {
  for (unsigned bits = 2; bits <= 8; ++bits) {
    std::string width = std::to_string(bits);
    EXPECT_EQ(*lowbit::getFormat(parse("i" + width)),
              *lowbit::getFormat(parse("si" + width)));
    EXPECT_NE(*lowbit::getFormat(parse("i" + width)),
              *lowbit::getFormat(parse("ui" + width)));
  }
}

TEST_F(TypesTest, OtherTypesHaveNoFormat) {
  for (const char *text :
       {"i1", "ui1", "i9", "si16", "i32", "i64", "index", "none", "f80", "f128",
        "tf32", "complex<f32>", "tuple<i4>", "tensor<4xi4>", "vector<4xi4>"})
    EXPECT_FALSE(lowbit::getFormat(parse(text))) << text;
}

TEST_F(TypesTest, ElementFormatLooksThroughContainers) {
  Format i4 = Format::getInteger(4, /*isSigned=*/true);
  for (const char *text : {"i4", "tensor<4xi4>", "tensor<*xi4>", "vector<4xi4>",
                           "vector<i4>", "memref<?xi4>", "memref<*xi4>"}) {
    ASSERT_TRUE(getElementFormat(parse(text))) << text;
    EXPECT_EQ(*getElementFormat(parse(text)), i4) << text;
  }
  EXPECT_FALSE(getElementFormat(parse("tensor<4xindex>")));
}

TEST_F(TypesTest, LowBitTypes) {
  for (const char *text :
       {"f4E2M1FN", "f6E2M3FN", "f6E3M2FN", "f8E4M3FN", "f8E8M0FNU", "i2", "i4",
        "i7", "ui1", "ui4", "si8", "ui8", "si32", "!lowbit.log<4>",
        "!lowbit.codebook<4, nf4>", "!lowbit.minifloat<e5m9>"})
    EXPECT_TRUE(isLowBitType(parse(text))) << text;
  for (const char *text : {"i1", "i8", "i16", "i32", "f16", "bf16", "f32",
                           "tf32", "index", "tensor<4xi4>"})
    EXPECT_FALSE(isLowBitType(parse(text))) << text;
}

TEST_F(TypesTest, InterfacesOfCustomTypes) {
  for (const char *text : {"!lowbit.log<4>", "!lowbit.codebook<4, nf4>",
                           "!lowbit.minifloat<e5m3fn>"}) {
    Type type = parse(text);
    EXPECT_TRUE(isa<FormatTypeInterface>(type)) << text;
    EXPECT_TRUE(isa<MemRefElementTypeInterface>(type)) << text;
    EXPECT_TRUE(isa<VectorElementTypeInterface>(type)) << text;
    EXPECT_TRUE(TensorType::isValidElementType(type)) << text;
    EXPECT_TRUE(VectorType::isValidElementType(type)) << text;
    EXPECT_TRUE(MemRefType::isValidElementType(type)) << text;
    EXPECT_EQ(cast<FormatTypeInterface>(type).getFormat(),
              *lowbit::getFormat(type));
  }
}

/// One container per element: a byte up to 8 bits, two bytes above.
TEST_F(TypesTest, DataLayout) {
  DataLayout layout;
  struct Case {
    const char *type;
    uint64_t bits, bytes;
  } cases[] = {{"!lowbit.log<4>", 4, 1},
               {"!lowbit.codebook<2, [0.0, 1.0, 2.0, -1.0]>", 2, 1},
               {"!lowbit.minifloat<ue5m3fn>", 8, 1},
               {"!lowbit.minifloat<e5m3fn>", 9, 2},
               {"!lowbit.minifloat<e5m10fn>", 16, 2}};
  for (const Case &c : cases) {
    Type type = parse(c.type);
    EXPECT_EQ(layout.getTypeSizeInBits(type).getFixedValue(), c.bits) << c.type;
    EXPECT_EQ(layout.getTypeSize(type).getFixedValue(), c.bytes) << c.type;
    EXPECT_EQ(layout.getTypeABIAlignment(type), c.bytes) << c.type;
    EXPECT_EQ(layout.getTypePreferredAlignment(type), c.bytes) << c.type;
  }
}

TEST_F(TypesTest, BuildersOfTypes) {
  Format e5m3 = llvm::cantFail(Format::parseFloat("e5m3fn"));
  EXPECT_EQ(MinifloatType::get(&context, e5m3),
            parse("!lowbit.minifloat<e5m3fn>"));
  EXPECT_EQ(LogType::get(&context, 4), parse("!lowbit.log<4>"));
  EXPECT_EQ(LogType::get(&context, 4, 1), parse("!lowbit.log<4, frac = 1>"));
  EXPECT_EQ(CodebookType::get(StringAttr::get(&context, "nf4")),
            parse("!lowbit.codebook<4, nf4>"));
  EXPECT_EQ(CodebookType::get(DenseF32ArrayAttr::get(&context, {0, 1, 2, -1})),
            parse("!lowbit.codebook<2, [0.0, 1.0, 2.0, -1.0]>"));
}

/// The checked builders report what the parser reports, and return null.
TEST_F(TypesTest, CheckedBuildersReport) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  auto emitError = [&] { return mlir::emitError(UnknownLoc::get(&context)); };
  auto startsWith = [&](StringRef rule) {
    return StringRef(message).starts_with(rule);
  };
  EXPECT_FALSE(MinifloatType::getChecked(emitError, &context, 4u, 3u, true,
                                         NonFinite::FN, int64_t(7)));
  EXPECT_TRUE(startsWith("F6:")) << message;
  EXPECT_FALSE(MinifloatType::getChecked(emitError, &context, 4u, 3u, true,
                                         NonFinite::FN,
                                         std::numeric_limits<int64_t>::min()));
  EXPECT_TRUE(startsWith("F5:")) << message;
  EXPECT_FALSE(LogType::getChecked(emitError, &context, 9u, 0u));
  EXPECT_TRUE(startsWith("F7:")) << message;
  auto values = DenseF32ArrayAttr::get(
      &context, {0.0f, 1.0f, std::numeric_limits<float>::quiet_NaN(), 2.0f});
  EXPECT_FALSE(
      CodebookType::getChecked(emitError, &context, 2u, StringAttr(), values));
  EXPECT_TRUE(startsWith("F11:")) << message;
  EXPECT_FALSE(CodebookType::getChecked(emitError, &context, 4u, StringAttr(),
                                        DenseF32ArrayAttr()));
  EXPECT_TRUE(startsWith("F12:")) << message;
  EXPECT_FALSE(CodebookType::getChecked(
      emitError, &context, 4u, StringAttr::get(&context, "nf4"), values));
  EXPECT_TRUE(startsWith("F12:")) << message;
}
} // namespace
