//===- QuantTest.cpp - quant, evaluated -----------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReferenceTest.h"

using namespace lowbit;
using namespace lowbit::test;

namespace {
class QuantTest : public ReferenceTest {
protected:
  /// A tensor of floats quantized to `type` and seen as its storage integers.
  Codes quantize(const std::string &quantType, const std::string &storage,
                 const std::string &element, Tensor input) {
    std::string shape;
    for (int64_t extent : input.getShape())
      shape += std::to_string(extent) + "x";
    std::string q = "tensor<" + shape + quantType + ">";
    std::string x = "tensor<" + shape + element + ">";
    std::string s = "tensor<" + shape + storage + ">";
    return codesOf(run1("func.func @f(%x: " + x + ") -> " + s +
                            " {\n%q = quant.qcast %x : " + x + " to " + q +
                            "\n%r = quant.scast %q : " + q + " to " + s +
                            "\nreturn %r : " + s + "\n}",
                        {input}));
  }
  Tensor dequantize(const std::string &quantType, const std::string &element,
                    Tensor storage) {
    std::string shape;
    for (int64_t extent : storage.getShape())
      shape += std::to_string(extent) + "x";
    std::string q = "tensor<" + shape + quantType + ">";
    std::string x = "tensor<" + shape + element + ">";
    std::string s = "tensor<" + shape + "i8>";
    return run1("func.func @f(%x: " + s + ") -> " + x +
                    " {\n%q = quant.scast %x : " + s + " to " + q +
                    "\n%r = quant.dcast %q : " + q + " to " + x +
                    "\nreturn %r : " + x + "\n}",
                {storage});
  }
};
} // namespace

/// Upstream's lowering truncates and wraps here: 1, -1 and 44.
TEST_F(QuantTest, RoundsAndClamps) {
  EXPECT_EQ(quantize("!quant.uniform<i8:f32, 1.0>", "i8", "f32",
                     floats({8}, {1.7f, -1.7f, 300.0f, -300.0f, 2.5f, 3.5f,
                                  INFINITY, NAN})),
            Codes({2, 0xFE, 127, 0x80, 2, 4, 127, 0}));
  EXPECT_EQ(quantize("!quant.uniform<u8:f32, 0.5:128>", "i8", "f32",
                     floats({4}, {1.0f, -64.0f, -65.0f, 100.0f})),
            Codes({130, 0, 0, 255}));
  // A narrower range than the storage has; NaN clamps as 0 does.
  EXPECT_EQ(quantize("!quant.uniform<i8<-127:127>:f32, 1.0>", "i8", "f32",
                     floats({2}, {-1000.0f, 1000.0f})),
            Codes({0x81, 127}));
  // The zero point is added before rounding: 0.5 + 1 is a tie to 2.
  EXPECT_EQ(quantize("!quant.uniform<i4:f32, 1.0:1>", "i4", "f32",
                     floats({2}, {0.5f, -9.0f})),
            Codes({2, 8}));
}

TEST_F(QuantTest, ScalesPerAxisAndBlock) {
  EXPECT_EQ(quantize("!quant.uniform<i8:f32:1, {1.0, 2.0:-1, 4.0}>", "i8",
                     "f32", floats({2, 3}, {8, 8, 8, -8, -8, -8})),
            Codes({8, 3, 2, 0xF8, 0xFB, 0xFE}));
  EXPECT_EQ(quantize("!quant.uniform<i8:f32:{0:1, 1:2}, {{1.0, 2.0}, {4.0, "
                     "8.0}}>",
                     "i8", "f32", floats({2, 4}, {8, 8, 8, 8, 8, 8, 8, 8})),
            Codes({8, 8, 4, 4, 2, 2, 1, 1}));
}

TEST_F(QuantTest, Dequantize) {
  EXPECT_EQ(floatsOf(dequantize("!quant.uniform<i8:f32, 0.5:3>", "f32",
                                make("i8", {3}, {3, 0x80, 127}))),
            std::vector<float>({0.0f, -65.5f, 62.0f}));
  EXPECT_EQ(floatsOf(dequantize("!quant.uniform<u8:f32, 0.5:3>", "f32",
                                make("i8", {2}, {0x80, 0xFF}))),
            std::vector<float>({62.5f, 126.0f}));
  EXPECT_EQ(floatsOf(dequantize("!quant.uniform<i8:f32:0, {1.0, 0.1}>", "f32",
                                make("i8", {2, 1}, {7, 7}))),
            std::vector<float>({7.0f, 7 * 0.1f}));
  // The scale is the nearest f32 to 0.1, and the product is rounded to f32.
  EXPECT_EQ(floatsOf(dequantize("!quant.uniform<i8:f32, 0.1>", "f32",
                                make("i8", {1}, {3})))[0],
            3 * 0.1f);
  EXPECT_EQ(codesOf(dequantize("!quant.uniform<i8:f64, 0.1>", "f64",
                               make("i8", {1}, {3})))[0],
            llvm::bit_cast<uint64_t>(3 * 0.1));
  EXPECT_EQ(codesOf(dequantize("!quant.uniform<i8:f16, 1000.0>", "f16",
                               make("i8", {2}, {3, 127}))),
            Codes({0x69DC, 0x7C00}));
}

TEST_F(QuantTest, ScalesThatDoNotFit) {
  EXPECT_EQ(
      fail("func.func @f(%x: tensor<?xf32>) -> "
           "tensor<?x!quant.uniform<i8:f32:0, {1.0, 2.0}>> {\n"
           "  %q = quant.qcast %x : tensor<?xf32> to "
           "tensor<?x!quant.uniform<i8:f32:0, {1.0, 2.0}>>\n"
           "  return %q : tensor<?x!quant.uniform<i8:f32:0, {1.0, 2.0}>>\n"
           "}",
           {floats({3}, {1, 2, 3})}),
      "2: 'quant.qcast' op expected scales of shape 3 for a value of "
      "shape 3, found 2");
}
