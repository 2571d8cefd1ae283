//===- MathTest.cpp - math, evaluated -------------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exact.h"
#include "ReferenceTest.h"

#include <random>

using namespace lowbit;
using namespace lowbit::test;

namespace {
class MathTest : public ReferenceTest {
protected:
  Codes unary(const std::string &op, const std::string &element, Codes codes) {
    int64_t size = codes.size();
    std::string tensor = "tensor<" + std::to_string(size) + "x" + element + ">";
    return codesOf(apply1("math." + op + " %0 : " + tensor,
                          {make(element, {size}, std::move(codes))}, tensor));
  }
  std::vector<float> unaryF32(const std::string &op,
                              llvm::ArrayRef<float> values) {
    std::vector<float> results;
    for (uint64_t code : unary(op, "f32", toCodes(values)))
      results.push_back(llvm::bit_cast<float>(uint32_t(code)));
    return results;
  }
};
} // namespace

/// The root r of x is nearest if x lies between the squares of the midpoints
/// around r, which double holds exactly.
TEST_F(MathTest, SquareRootOfAllF16AndBF16) {
  std::pair<const char *, IEEEFormat> types[] = {{"f16", {5, 10}},
                                                 {"bf16", {8, 7}}};
  for (auto [name, format] : types) {
    Codes codes;
    for (uint64_t code = 0; code < 65536; ++code)
      codes.push_back(code);
    Codes results = unary("sqrt", name, codes);
    size_t numErrors = 0;
    for (uint64_t code = 0; code < 65536; ++code) {
      uint64_t root = results[code];
      if (code == 0 || code == format.signBit() || code == format.infinity()) {
        numErrors += root != code;
        continue;
      }
      if (code > format.infinity()) {
        numErrors += !format.isNaN(root);
        continue;
      }
      double x = format.toDouble(code);
      double below = (format.toDouble(root - 1) + format.toDouble(root)) / 2;
      double above = (format.toDouble(root) + format.toDouble(root + 1)) / 2;
      numErrors += !(below * below < x && x < above * above);
    }
    EXPECT_EQ(numErrors, 0u) << name;
  }
}

TEST_F(MathTest, FusedMultiplyAdd) {
  IEEEFormat f16 = {5, 10}, bf16 = {8, 7};
  std::mt19937_64 random(5);
  // f16: any three numbers; all are multiples of 2^-24 below 2^16.
  Codes a, b, c, expected;
  for (int i = 0; i < 200000; ++i) {
    auto finite = [&]() {
      uint64_t code = random() & 0xFFFF;
      return f16.isFinite(code) ? code : code & 0xBFFF;
    };
    a.push_back(finite());
    b.push_back(finite());
    // Half of the time an addend that nearly cancels, or nearly vanishes.
    uint64_t product =
        f16.round(multiply(f16.toRational(a[i]), f16.toRational(b[i])));
    if (i % 2 && f16.isFinite(product))
      c.push_back((product ^ 0x8000) + random() % 2);
    else
      c.push_back(finite());
    if (!f16.isFinite(c.back()))
      c.back() = 0;
    expected.push_back(
        f16.round(add(multiply(f16.toRational(a[i]), f16.toRational(b[i])),
                      f16.toRational(c[i]))));
  }
  std::string tensor = "tensor<200000xf16>";
  auto fma = [&](const std::string &element) {
    std::string type = "tensor<200000x" + element + ">";
    return codesOf(
        apply1("math.fma %0, %1, %2 : " + type,
               {make(element, {200000}, a), make(element, {200000}, b),
                make(element, {200000}, c)},
               type));
  };
  EXPECT_EQ(fma("f16"), expected);

  // bf16 with exponents near each other.
  for (int i = 0; i < 200000; ++i) {
    auto code = [&](int exponent) {
      return uint64_t(exponent) << 7 | random() % 128 | (random() % 2 << 15);
    };
    int x = 100 + random() % 50, y = 100 + random() % 50;
    a[i] = code(x);
    b[i] = code(y);
    c[i] = code(x + y - 127 + random() % 40 - 20);
    expected[i] =
        bf16.round(add(multiply(bf16.toRational(a[i]), bf16.toRational(b[i])),
                       bf16.toRational(c[i])));
  }
  EXPECT_EQ(fma("bf16"), expected);

  // f32 against the C library's fmaf, all exponents.
  for (int i = 0; i < 200000; ++i) {
    a[i] = random() & 0xFFFFFFFF;
    b[i] = random() & 0xFFFFFFFF;
    auto number = [](uint64_t code) {
      return llvm::bit_cast<float>(uint32_t(code));
    };
    // Near the product where that is in range.
    c[i] = toCodes({-(number(a[i]) * number(b[i]))})[0] + random() % 3;
    float value = std::fmaf(number(a[i]), number(b[i]), number(c[i]));
    expected[i] = std::isnan(value) ? 0x7FC00000 : toCodes({value})[0];
  }
  EXPECT_EQ(fma("f32"), expected);

  // The product is a tie; the addend, far below, decides. (1 + 2^-12)^2 =
  // 1 + 2^-11 + 2^-24 lies between 1 + 2^-11 and the next.
  float factor = 1.0f + std::ldexp(1.0f, -12);
  float low = 1.0f + std::ldexp(1.0f, -11);
  for (auto [addend, result] :
       {std::pair(std::ldexp(1.0f, -100), low + std::ldexp(1.0f, -23)),
        std::pair(-std::ldexp(1.0f, -100), low), std::pair(0.0f, low)})
    EXPECT_EQ(floatsOf(apply1("math.fma %0, %1, %2 : f32",
                              {floats({}, {factor}), floats({}, {factor}),
                               floats({}, {addend})},
                              "f32"))[0],
              result);
  // f64: (1 + u)^2 - (1 + 2 u) = u^2.
  double u = std::ldexp(1.0, -52);
  auto f64 = [&](double value) {
    return make("f64", {}, {llvm::bit_cast<uint64_t>(value)});
  };
  EXPECT_EQ(apply1("math.fma %0, %1, %2 : f64",
                   {f64(1 + u), f64(1 + u), f64(-1 - 2 * u)}, "f64")
                .getCode(),
            llvm::bit_cast<uint64_t>(u * u));
}

TEST_F(MathTest, Rounding) {
  std::vector<float> values = {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 2.7f};
  EXPECT_EQ(unaryF32("roundeven", values),
            std::vector<float>({-2, -2, -0.0f, 0, 2, 2, 3}));
  EXPECT_EQ(unaryF32("round", values),
            std::vector<float>({-3, -2, -1, 1, 2, 3, 3}));
  EXPECT_EQ(unaryF32("trunc", values),
            std::vector<float>({-2, -1, -0.0f, 0, 1, 2, 2}));
  EXPECT_EQ(unaryF32("floor", values),
            std::vector<float>({-3, -2, -1, 0, 1, 2, 2}));
  EXPECT_EQ(unaryF32("ceil", values),
            std::vector<float>({-2, -1, -0.0f, 1, 2, 3, 3}));
  // The sign of a zero that a negative number rounds to.
  EXPECT_EQ(unary("roundeven", "f32", toCodes({-0.5f})), toCodes({-0.0f}));
  EXPECT_EQ(unary("ceil", "f16", {0xB800}), Codes({0x8000}));
}

TEST_F(MathTest, SignsAndClasses) {
  EXPECT_EQ(unary("absf", "f16", {0xC000, 0x4000, 0x8000, 0xFE01}),
            Codes({0x4000, 0x4000, 0, 0x7E01}));
  EXPECT_EQ(codesOf(apply1(
                "math.copysign %0, %1 : tensor<4xf32>",
                {floats({4}, {1, -2, 3, -4}), floats({4}, {-0.0f, 5, 5, -5})},
                "tensor<4xf32>")),
            toCodes({-1, 2, 3, -4}));
  EXPECT_EQ(floatsOf(apply1("math.clampf %0 to [%1, %2] : tensor<3xf32>",
                            {floats({3}, {-5, 0.5f, 5}),
                             floats({3}, {-1, -1, -1}), floats({3}, {2, 2, 2})},
                            "tensor<3xf32>")),
            std::vector<float>({-1, 0.5f, 2}));
  auto test = [&](const std::string &op) {
    // 0, the largest subnormal, the smallest normal, infinity, NaN.
    return codesOf(apply1("math." + op + " %0 : tensor<5xf16>",
                          {make("f16", {5}, {0, 0x3FF, 0x400, 0xFC00, 0x7E00})},
                          "tensor<5xi1>"));
  };
  EXPECT_EQ(test("isfinite"), Codes({1, 1, 1, 0, 0}));
  EXPECT_EQ(test("isinf"), Codes({0, 0, 0, 1, 0}));
  EXPECT_EQ(test("isnan"), Codes({0, 0, 0, 0, 1}));
  EXPECT_EQ(test("isnormal"), Codes({0, 0, 1, 0, 0}));
}

/// Values known by name; one unit in the last place is allowed.
TEST_F(MathTest, Functions) {
  std::tuple<const char *, float, float> cases[] = {
      {"exp", 1.0f, 2.7182817f},
      {"exp2", 3.0f, 8.0f},
      {"expm1", 1e-6f, 1.0000005e-6f},
      {"log", 2.7182817f, 1.0f},
      {"log2", 8.0f, 3.0f},
      {"log10", 1000.0f, 3.0f},
      {"log1p", 1e-6f, 9.999995e-7f},
      {"sin", 1.5707964f, 1.0f},
      {"cos", 3.1415927f, -1.0f},
      {"tan", 0.7853982f, 1.0f},
      {"tanh", 0.5493061f, 0.5f},
      {"sinh", 0.8813736f, 1.0f},
      {"cosh", 1.3169579f, 2.0f},
      {"atan", 1.0f, 0.7853982f},
      {"asin", 0.5f, 0.5235988f},
      {"acos", 0.5f, 1.0471976f},
      {"asinh", 1.0f, 0.8813736f},
      {"acosh", 2.0f, 1.3169579f},
      {"atanh", 0.5f, 0.5493061f},
      {"erf", 0.5f, 0.5204999f},
      {"erfc", 0.5f, 0.4795001f},
      {"cbrt", 27.0f, 3.0f},
      {"rsqrt", 16.0f, 0.25f}};
  for (auto [name, x, y] : cases)
    EXPECT_NEAR(unaryF32(name, {x})[0], y, std::fabs(y) * 1.2e-7f) << name;
  EXPECT_EQ(floatsOf(apply1("math.powf %0, %1 : f32",
                            {floats({}, {2}), floats({}, {-3})}, "f32"))[0],
            0.125f);
  EXPECT_NEAR(floatsOf(apply1("math.atan2 %0, %1 : f32",
                              {floats({}, {1}), floats({}, {-1})}, "f32"))[0],
              2.3561945f, 3e-7f);
  EXPECT_EQ(
      floatsOf(apply1("math.fpowi %0, %1 : f32, i8",
                      {floats({}, {-2}), make("i8", {}, {0xFD})}, "f32"))[0],
      -0.125f);
  Tensors both =
      apply("math.sincos %0 : f32", {floats({}, {0})}, {"f32", "f32"});
  EXPECT_EQ(floatsOf(both[0])[0], 0.0f);
  EXPECT_EQ(floatsOf(both[1])[0], 1.0f);
}

TEST_F(MathTest, Integers) {
  EXPECT_EQ(unary("absi", "i8", {0xFE, 5, 0x80}), Codes({2, 5, 0x80}));
  EXPECT_EQ(unary("ctlz", "i8", {0, 1, 0x80, 0x10}), Codes({8, 7, 0, 3}));
  EXPECT_EQ(unary("cttz", "i8", {0, 1, 0x80, 0x10}), Codes({8, 0, 7, 4}));
  EXPECT_EQ(unary("ctpop", "i8", {0, 1, 0xFF, 0x11}), Codes({0, 1, 8, 2}));
  auto power = [&](int base, int exponent) {
    return apply1("math.ipowi %0, %1 : i8",
                  {make("i8", {}, {uint64_t(base & 255)}),
                   make("i8", {}, {uint64_t(exponent & 255)})},
                  "i8")
        .getInteger();
  };
  EXPECT_EQ(power(3, 4), 81);
  EXPECT_EQ(power(-2, 7), -128);
  EXPECT_EQ(power(3, 5), 243 - 256);
  EXPECT_EQ(power(0, 0), 1);
  EXPECT_EQ(power(2, -1), 0);
  EXPECT_EQ(power(-1, -3), -1);
  EXPECT_EQ(power(-1, -4), 1);
  EXPECT_EQ(power(1, -128), 1);
  EXPECT_EQ(applyAndFail("math.ipowi %0, %1 : i8",
                         {make("i8", {}, {0}), make("i8", {}, {255})}, "i8"),
            "2: 'math.ipowi' op raises 0 to a negative power; operands: 0, -1");
}
