//===- ArithTest.cpp - arith and affine, evaluated ------------------------===//
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
class ArithTest : public ReferenceTest {
protected:
  /// `op` on all pairs of i4, which `expected` computes in int from operands
  /// in [-8, 7]; nullopt where the op is undefined.
  void checkI4(const std::string &op,
               std::optional<int> (*expected)(int, int)) {
    Codes lhs, rhs, results;
    for (int a = -8; a < 8; ++a)
      for (int b = -8; b < 8; ++b) {
        std::optional<int> value = expected(a, b);
        if (!value) {
          EXPECT_NE(applyAndFail(op + " %0, %1 : i4",
                                 {make("i4", {}, {uint64_t(a & 15)}),
                                  make("i4", {}, {uint64_t(b & 15)})},
                                 "i4"),
                    "")
              << op << " " << a << ", " << b;
          continue;
        }
        lhs.push_back(a & 15);
        rhs.push_back(b & 15);
        results.push_back(*value & 15);
      }
    int64_t size = lhs.size();
    std::string tensor = "tensor<" + std::to_string(size) + "xi4>";
    EXPECT_EQ(codesOf(apply1(op + " %0, %1 : " + tensor,
                             {make("i4", {size}, lhs), make("i4", {size}, rhs)},
                             tensor)),
              results)
        << op;
  }

  /// One op on scalars of a type.
  uint64_t scalar(const std::string &text, const std::string &element,
                  Codes codes, const std::string &result) {
    Tensors args;
    for (uint64_t code : codes)
      args.push_back(make(element, {}, {code}));
    return apply1(text, args, result).getCode();
  }
  std::string scalarError(const std::string &text, const std::string &element,
                          Codes codes, const std::string &result) {
    Tensors args;
    for (uint64_t code : codes)
      args.push_back(make(element, {}, {code}));
    return applyAndFail(text, args, result);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

TEST_F(ArithTest, AllPairsOfI4) {
  using Result = std::optional<int>;
  checkI4("arith.addi", [](int a, int b) -> Result { return a + b; });
  checkI4("arith.subi", [](int a, int b) -> Result { return a - b; });
  checkI4("arith.muli", [](int a, int b) -> Result { return a * b; });
  checkI4("arith.andi", [](int a, int b) -> Result { return a & b; });
  checkI4("arith.ori", [](int a, int b) -> Result { return a | b; });
  checkI4("arith.xori", [](int a, int b) -> Result { return a ^ b; });
  checkI4("arith.minsi", [](int a, int b) -> Result { return a < b ? a : b; });
  checkI4("arith.maxsi", [](int a, int b) -> Result { return a < b ? b : a; });
  checkI4("arith.minui",
          [](int a, int b) -> Result { return std::min(a & 15, b & 15); });
  checkI4("arith.maxui",
          [](int a, int b) -> Result { return std::max(a & 15, b & 15); });
  checkI4("arith.divsi", [](int a, int b) -> Result {
    if (b == 0 || (a == -8 && b == -1))
      return std::nullopt;
    return int(std::trunc(double(a) / b));
  });
  checkI4("arith.floordivsi", [](int a, int b) -> Result {
    if (b == 0 || (a == -8 && b == -1))
      return std::nullopt;
    return int(std::floor(double(a) / b));
  });
  checkI4("arith.ceildivsi", [](int a, int b) -> Result {
    if (b == 0 || (a == -8 && b == -1))
      return std::nullopt;
    return int(std::ceil(double(a) / b));
  });
  checkI4("arith.remsi", [](int a, int b) -> Result {
    if (b == 0)
      return std::nullopt;
    return a - b * int(std::trunc(double(a) / b));
  });
  checkI4("arith.divui", [](int a, int b) -> Result {
    if (b == 0)
      return std::nullopt;
    return int(std::floor(double(a & 15) / (b & 15)));
  });
  checkI4("arith.ceildivui", [](int a, int b) -> Result {
    if (b == 0)
      return std::nullopt;
    return int(std::ceil(double(a & 15) / (b & 15)));
  });
  checkI4("arith.remui", [](int a, int b) -> Result {
    if (b == 0)
      return std::nullopt;
    return int(std::fmod(double(a & 15), double(b & 15)));
  });
  checkI4("arith.shli", [](int a, int b) -> Result {
    if ((b & 15) > 3)
      return std::nullopt;
    return a * (1 << (b & 15));
  });
  checkI4("arith.shrsi", [](int a, int b) -> Result {
    if ((b & 15) > 3)
      return std::nullopt;
    return int(std::floor(double(a) / (1 << (b & 15))));
  });
  checkI4("arith.shrui", [](int a, int b) -> Result {
    if ((b & 15) > 3)
      return std::nullopt;
    return (a & 15) / (1 << (b & 15));
  });
}

TEST_F(ArithTest, WrapFlags) {
  auto text = [](const std::string &op, const std::string &flags) {
    return op + " %0, %1 overflow<" + flags + "> : i8";
  };
  // 100 + 27 fits signed; 100 + 28 does not, but fits unsigned.
  EXPECT_EQ(scalar(text("arith.addi", "nsw"), "i8", {100, 27}, "i8"), 127u);
  EXPECT_EQ(scalar(text("arith.addi", "nuw"), "i8", {100, 28}, "i8"), 128u);
  EXPECT_EQ(scalarError(text("arith.addi", "nsw"), "i8", {100, 28}, "i8"),
            "2: 'arith.addi' op wraps under nsw; operands: 100, 28");
  EXPECT_EQ(scalarError(text("arith.addi", "nuw"), "i8", {200, 56}, "i8"),
            "2: 'arith.addi' op wraps under nuw; operands: -56, 56");
  // -1 + -1 is fine signed, and 510 unsigned.
  EXPECT_EQ(scalar(text("arith.addi", "nsw"), "i8", {255, 255}, "i8"), 254u);
  EXPECT_EQ(scalarError(text("arith.subi", "nuw"), "i8", {3, 4}, "i8"),
            "2: 'arith.subi' op wraps under nuw; operands: 3, 4");
  EXPECT_EQ(scalarError(text("arith.subi", "nsw"), "i8", {128, 1}, "i8"),
            "2: 'arith.subi' op wraps under nsw; operands: -128, 1");
  EXPECT_EQ(scalar(text("arith.muli", "nuw"), "i8", {15, 17}, "i8"), 255u);
  EXPECT_EQ(scalarError(text("arith.muli", "nsw"), "i8", {16, 8}, "i8"),
            "2: 'arith.muli' op wraps under nsw; operands: 16, 8");
  EXPECT_EQ(scalarError(text("arith.muli", "nuw"), "i8", {16, 16}, "i8"),
            "2: 'arith.muli' op wraps under nuw; operands: 16, 16");
  EXPECT_EQ(scalar(text("arith.shli", "nsw"), "i8", {0xE0, 2}, "i8"), 0x80u);
  EXPECT_EQ(scalarError(text("arith.shli", "nsw"), "i8", {0x40, 1}, "i8"),
            "2: 'arith.shli' op wraps under nsw; operands: 64, 1");
  EXPECT_EQ(scalarError(text("arith.shli", "nuw"), "i8", {0x80, 1}, "i8"),
            "2: 'arith.shli' op wraps under nuw; operands: -128, 1");
  // The widest products.
  uint64_t ones = ~uint64_t(0);
  EXPECT_EQ(scalar("arith.muli %0, %1 : i64", "i64", {ones, ones}, "i64"), 1u);
  EXPECT_EQ(scalarError("arith.muli %0, %1 overflow<nuw> : i64", "i64",
                        {ones, ones}, "i64"),
            "2: 'arith.muli' op wraps under nuw; operands: -1, -1");
  EXPECT_EQ(scalarError("arith.trunci %0 overflow<nuw> : i16 to i8", "i16",
                        {0xFF80}, "i8"),
            "2: 'arith.trunci' op wraps under nuw; operands: -128");
  EXPECT_EQ(scalar("arith.trunci %0 overflow<nsw> : i16 to i8", "i16", {0xFF80},
                   "i8"),
            0x80u);
  EXPECT_EQ(scalarError("arith.divsi %0, %1 exact : i8", "i8", {7, 2}, "i8"),
            "2: 'arith.divsi' op loses bits under exact; operands: 7, 2");
  EXPECT_EQ(scalarError("arith.shrui %0, %1 exact : i8", "i8", {6, 2}, "i8"),
            "2: 'arith.shrui' op loses bits under exact; operands: 6, 2");
  EXPECT_EQ(scalar("arith.shrsi %0, %1 exact : i8", "i8", {0xA0, 3}, "i8"),
            0xF4u);
}

TEST_F(ArithTest, ExtendedAndComparisons) {
  Tensors sum =
      apply("arith.addui_extended %0, %1 : i8, i1",
            {make("i8", {}, {200}), make("i8", {}, {100})}, {"i8", "i1"});
  EXPECT_EQ(sum[0].getCode(), 44u);
  EXPECT_EQ(sum[1].getCode(), 1u);
  uint64_t ones = ~uint64_t(0);
  Tensors product =
      apply("arith.mului_extended %0, %1 : i64",
            {make("i64", {}, {ones}), make("i64", {}, {ones})}, {"i64", "i64"});
  EXPECT_EQ(product[0].getCode(), 1u);
  EXPECT_EQ(product[1].getCode(), ones - 1);
  product = apply("arith.mulsi_extended %0, %1 : i8",
                  {make("i8", {}, {0x80}), make("i8", {}, {3})}, {"i8", "i8"});
  EXPECT_EQ(product[0].getCode(), 0x80u); // -384 = -2 * 256 + 128
  EXPECT_EQ(product[1].getCode(), 0xFEu);

  // 3 and -2 (14): what each predicate says of (3, -2).
  std::pair<const char *, int> predicates[] = {
      {"eq", 0},  {"ne", 1},  {"slt", 0}, {"sle", 0}, {"sgt", 1},
      {"sge", 1}, {"ult", 1}, {"ule", 1}, {"ugt", 0}, {"uge", 0}};
  for (auto [name, expected] : predicates)
    EXPECT_EQ(scalar(std::string("arith.cmpi ") + name + ", %0, %1 : i4", "i4",
                     {3, 14}, "i1"),
              uint64_t(expected))
        << name;
}

TEST_F(ArithTest, SelectAndIntegerCasts) {
  // A scalar condition chooses for all elements, a tensor one by one.
  Tensor a = make("i8", {2}, {1, 2}), b = make("i8", {2}, {3, 4});
  EXPECT_EQ(codesOf(apply1("arith.select %0, %1, %2 : tensor<2xi8>",
                           {make("i1", {}, {0}), a, b}, "tensor<2xi8>")),
            Codes({3, 4}));
  EXPECT_EQ(
      codesOf(apply1("arith.select %0, %1, %2 : tensor<2xi1>, tensor<2xi8>",
                     {make("i1", {2}, {1, 0}), a, b}, "tensor<2xi8>")),
      Codes({1, 4}));
  EXPECT_EQ(scalar("arith.extsi %0 : i4 to i16", "i4", {9}, "i16"), 0xFFF9u);
  EXPECT_EQ(scalar("arith.extui %0 : i4 to i16", "i4", {9}, "i16"), 9u);
  EXPECT_EQ(scalar("arith.trunci %0 : i16 to i4", "i16", {0x1239}, "i4"), 9u);
  EXPECT_EQ(scalar("arith.index_cast %0 : i8 to index", "i8", {0xFE}, "index"),
            ~uint64_t(1));
  EXPECT_EQ(
      scalar("arith.index_castui %0 : i8 to index", "i8", {0xFE}, "index"),
      0xFEu);
  EXPECT_EQ(scalar("arith.index_cast %0 : index to i8", "index", {~uint64_t(1)},
                   "i8"),
            0xFEu);
  EXPECT_EQ(scalar("arith.bitcast %0 : f32 to i32", "f32", {0x7FC12345}, "i32"),
            0x7FC12345u);
}

//===----------------------------------------------------------------------===//
// Floats against rational arithmetic
//===----------------------------------------------------------------------===//

namespace {
struct FloatCase {
  const char *name;
  IEEEFormat format;
};

class FloatTest : public ArithTest {
protected:
  /// `op` on columns of operands, each result expected from `expected`, where
  /// any NaN is as good as any other.
  void check(const FloatCase &type, const std::string &op,
             llvm::ArrayRef<Codes> columns,
             llvm::function_ref<uint64_t(size_t)> expected) {
    int64_t size = columns.front().size();
    std::string tensor =
        "tensor<" + std::to_string(size) + "x" + type.name + ">";
    Tensors args;
    std::string text = op;
    for (const Codes &codes : columns) {
      text += (args.empty() ? " %" : ", %") + std::to_string(args.size());
      args.push_back(make(type.name, {size}, codes));
    }
    Tensor result = apply1(text + " : " + tensor, args, tensor);
    ASSERT_EQ(result.getNumElements(), size);
    size_t numErrors = 0;
    for (int64_t i = 0; i < size && numErrors < 5; ++i) {
      uint64_t want = expected(i), got = result.getCode(i);
      if (want == got || (type.format.isNaN(want) && type.format.isNaN(got)))
        continue;
      ++numErrors;
      std::string operands;
      for (const Codes &codes : columns)
        operands += " " + std::to_string(codes[i]);
      ADD_FAILURE() << op << " " << type.name << operands << ": expected "
                    << want << ", found " << got;
    }
  }

  void checkBinary(const FloatCase &type, const Codes &lhs, const Codes &rhs) {
    const IEEEFormat &format = type.format;
    // What is not finite, or is a quotient by 0, has no rational value; double
    // knows its kind.
    auto special = [&](double value) -> uint64_t {
      if (std::isnan(value))
        return format.infinity() + 1;
      return (std::signbit(value) ? format.signBit() : 0) |
             (std::isinf(value) ? format.infinity() : 0);
    };
    auto get = [&](Rational (*exact)(Rational, Rational),
                   double (*rough)(double, double)) {
      return [=](size_t i) -> uint64_t {
        if (!format.isFinite(lhs[i]) || !format.isFinite(rhs[i]))
          return special(
              rough(format.toDouble(lhs[i]), format.toDouble(rhs[i])));
        return format.round(
            exact(format.toRational(lhs[i]), format.toRational(rhs[i])));
      };
    };
    check(type, "arith.addf", {lhs, rhs},
          get(add, [](double a, double b) { return a + b; }));
    check(type, "arith.subf", {lhs, rhs},
          get(
              [](Rational a, Rational b) {
                b.negative = !b.negative;
                return add(a, b);
              },
              [](double a, double b) { return a - b; }));
    check(type, "arith.mulf", {lhs, rhs},
          get(multiply, [](double a, double b) { return a * b; }));
    check(type, "arith.divf", {lhs, rhs}, [&](size_t i) -> uint64_t {
      if (!format.isFinite(lhs[i]) || !format.isFinite(rhs[i]) ||
          format.magnitude(rhs[i]) == 0)
        return special(format.toDouble(lhs[i]) / format.toDouble(rhs[i]));
      return format.round(
          divide(format.toRational(lhs[i]), format.toRational(rhs[i])));
    });
  }
};
} // namespace

static const FloatCase f16 = {"f16", {5, 10}};
static const FloatCase bf16 = {"bf16", {8, 7}};
static const FloatCase f32 = {"f32", {8, 23}};

/// All of f16 with values that meet every case of rounding: each code once
/// with a partner of each exponent.
TEST_F(FloatTest, F16AllCodes) {
  std::mt19937 random(1);
  Codes lhs, rhs;
  for (uint64_t exponent = 0; exponent < 32; exponent += 2)
    for (uint64_t code = 0; code < 65536; code += 1 + exponent % 3) {
      lhs.push_back(code);
      rhs.push_back((random() % 2 << 15) | exponent << 10 | random() % 1024);
    }
  for (uint64_t code : {0x0000, 0x8000, 0x3C00, 0x7C00, 0xFC00, 0x7E00, 0x0001})
    for (uint64_t other = 0; other < 65536; other += 7) {
      lhs.push_back(other);
      rhs.push_back(code);
    }
  checkBinary(f16, lhs, rhs);
}

/// Partners of a like exponent, where sums and quotients round; the extremes of
/// the exponent, where results are subnormal or overflow.
static void fillPairs(const IEEEFormat &format, size_t count, Codes &lhs,
                      Codes &rhs, int spread) {
  std::mt19937_64 random(2);
  uint64_t numExponents = uint64_t(1) << format.exponentBits;
  for (size_t i = 0; i < count; ++i) {
    int exponent = random() % numExponents;
    int other = exponent + int(random() % (2 * spread)) - spread;
    other = std::clamp(other, 0, int(numExponents - 1));
    auto code = [&](uint64_t e) {
      return random() % (uint64_t(1) << format.mantissaBits) |
             e << format.mantissaBits | (random() % 2 ? format.signBit() : 0);
    };
    lhs.push_back(code(exponent));
    rhs.push_back(code(other));
  }
}

TEST_F(FloatTest, BF16Pairs) {
  Codes lhs, rhs;
  fillPairs(bf16.format, 300000, lhs, rhs, 30);
  checkBinary(bf16, lhs, rhs);
}

TEST_F(FloatTest, F32Pairs) {
  Codes lhs, rhs;
  fillPairs(f32.format, 300000, lhs, rhs, 60);
  checkBinary(f32, lhs, rhs);
}

/// Products and quotients whose results are subnormal: both roundings would be
/// near each other.
TEST_F(FloatTest, SubnormalResults) {
  for (const FloatCase &type : {f16, bf16, f32}) {
    const IEEEFormat &format = type.format;
    std::mt19937_64 random(3);
    Codes lhs, rhs, small, large;
    uint64_t mantissas = uint64_t(1) << format.mantissaBits;
    for (int i = 0; i < 100000; ++i) {
      int sum = format.bias() - int(random() % (format.mantissaBits + 3));
      int exponent = random() % (sum + 1);
      lhs.push_back(uint64_t(exponent) << format.mantissaBits |
                    random() % mantissas);
      rhs.push_back(uint64_t(sum - exponent) << format.mantissaBits |
                    random() % mantissas);
      small.push_back(uint64_t(random() % (format.bias() / 2))
                          << format.mantissaBits |
                      random() % mantissas);
      large.push_back(
          uint64_t(std::min<int>(format.bias() * 2,
                                 (small.back() >> format.mantissaBits) +
                                     format.bias() +
                                     random() % (format.mantissaBits + 3)))
              << format.mantissaBits |
          random() % mantissas);
    }
    check(type, "arith.mulf", {lhs, rhs}, [&](size_t i) {
      return format.round(
          multiply(format.toRational(lhs[i]), format.toRational(rhs[i])));
    });
    check(type, "arith.divf", {small, large}, [&](size_t i) {
      return format.round(
          divide(format.toRational(small[i]), format.toRational(large[i])));
    });
  }
}

/// The remainder, exactly: subtraction of multiples.
TEST_F(FloatTest, Remainder) {
  Codes lhs, rhs;
  fillPairs(f16.format, 50000, lhs, rhs, 16);
  check(f16, "arith.remf", {lhs, rhs}, [&](size_t i) -> uint64_t {
    const IEEEFormat &format = f16.format;
    if (!format.isFinite(lhs[i]) || format.isNaN(rhs[i]) ||
        format.magnitude(rhs[i]) == 0)
      return format.infinity() + 1;
    if (!format.isFinite(rhs[i]))
      return lhs[i];
    // All of f16 are multiples of 2^-24.
    Rational a = format.toRational(lhs[i]), b = format.toRational(rhs[i]);
    Int128 rest =
        (a.numerator << (a.exponent + 24)) % (b.numerator << (b.exponent + 24));
    return format.round({a.negative, rest, 1, -24});
  });
}

TEST_F(FloatTest, SmallFloatArithmetic) {
  // E4M3FN: all pairs; sums and products have at most 24 bits, so that float
  // holds them, and 464 and more round to NaN.
  Codes lhs, rhs;
  auto decode = [](uint64_t code) -> float {
    int e = code >> 3 & 15, m = code & 7;
    float magnitude = (code & 127) == 127 ? NAN
                      : e == 0            ? std::ldexp(float(m), -9)
                                          : std::ldexp(float(8 + m), e - 10);
    return code & 128 ? -magnitude : magnitude;
  };
  auto isNearest = [&](float exact, uint64_t code) {
    if (std::isnan(exact) || std::fabs(exact) > 464.0f)
      return (code & 127) == 127;
    // No other code is nearer; ties have an even code.
    float error = std::fabs(decode(code) - exact);
    for (uint64_t other = 0; other < 256; ++other) {
      float otherError = std::fabs(decode(other) - exact);
      if (otherError < error ||
          (otherError == error && decode(other) != decode(code) && code & 1))
        return false;
    }
    return decode(code) != 0.0f || exact != 0.0f ||
           std::signbit(exact) == bool(code & 128);
  };
  for (uint64_t a = 0; a < 256; ++a)
    for (uint64_t b = a % 3; b < 256; b += 3) {
      lhs.push_back(a);
      rhs.push_back(b);
    }
  int64_t size = lhs.size();
  std::string tensor = "tensor<" + std::to_string(size) + "xf8E4M3FN>";
  Tensors args = {make("f8E4M3FN", {size}, lhs), make("f8E4M3FN", {size}, rhs)};
  Tensor sum = apply1("arith.addf %0, %1 : " + tensor, args, tensor);
  Tensor product = apply1("arith.mulf %0, %1 : " + tensor, args, tensor);
  size_t numErrors = 0;
  for (int64_t i = 0; i < size; ++i) {
    numErrors += !isNearest(decode(lhs[i]) + decode(rhs[i]), sum.getCode(i));
    numErrors +=
        !isNearest(decode(lhs[i]) * decode(rhs[i]), product.getCode(i));
  }
  EXPECT_EQ(numErrors, 0u);
}

TEST_F(FloatTest, F64) {
  auto bits = [](double value) { return llvm::bit_cast<uint64_t>(value); };
  auto apply64 = [&](const std::string &op, double a, double b) {
    return scalar(op + " %0, %1 : f64", "f64", {bits(a), bits(b)}, "f64");
  };
  // One unit in the last place of 1 and the ties around it.
  double ulp = std::ldexp(1.0, -52);
  EXPECT_EQ(apply64("arith.addf", 1.0, ulp / 2), bits(1.0));
  EXPECT_EQ(apply64("arith.addf", 1.0 + ulp, ulp / 2), bits(1.0 + 2 * ulp));
  EXPECT_EQ(apply64("arith.subf", 1.0, ulp / 2), bits(1.0 - ulp / 2));
  // (1 + u)^2 = 1 + 2 u + u^2
  EXPECT_EQ(apply64("arith.mulf", 1.0 + ulp, 1.0 + ulp), bits(1.0 + 2 * ulp));
  EXPECT_EQ(apply64("arith.divf", 1.0, 3.0), 0x3FD5555555555555u);
  EXPECT_EQ(apply64("arith.divf", 1.0, 0.0), bits(INFINITY));
}

//===----------------------------------------------------------------------===//
// Float comparisons, signs
//===----------------------------------------------------------------------===//

TEST_F(FloatTest, MinMaxAndNaN) {
  uint64_t nan = 0x7E00, one = 0x3C00, two = 0x4000, zero = 0,
           minusZero = 0x8000;
  auto apply16 = [&](const std::string &op, uint64_t a, uint64_t b) {
    return scalar(op + " %0, %1 : f16", "f16", {a, b}, "f16");
  };
  EXPECT_EQ(apply16("arith.maximumf", one, two), two);
  EXPECT_EQ(apply16("arith.minimumf", one, two), one);
  EXPECT_EQ(apply16("arith.maximumf", one, nan), nan);
  EXPECT_EQ(apply16("arith.minimumf", nan, one), nan);
  EXPECT_EQ(apply16("arith.maximumf", minusZero, zero), zero);
  EXPECT_EQ(apply16("arith.maximumf", zero, minusZero), zero);
  EXPECT_EQ(apply16("arith.minimumf", minusZero, zero), minusZero);
  EXPECT_EQ(apply16("arith.minimumf", zero, minusZero), minusZero);
  EXPECT_EQ(apply16("arith.maxnumf", one, nan), one);
  EXPECT_EQ(apply16("arith.maxnumf", nan, two), two);
  EXPECT_EQ(apply16("arith.minnumf", nan, nan), nan);
  EXPECT_EQ(apply16("arith.minnumf", nan, one), one);

  auto negate = [&](const std::string &element, uint64_t code) {
    return scalar("arith.negf %0 : " + element, element, {code}, element);
  };
  EXPECT_EQ(negate("f16", zero), minusZero);
  EXPECT_EQ(negate("f16", 0xFE01), 0x7E01u); // a NaN keeps its payload
  EXPECT_EQ(negate("f8E4M3FNUZ", 0), 0u);    // no -0
  EXPECT_EQ(negate("f8E4M3FNUZ", 0x80), 0x80u);
  EXPECT_EQ(negate("f8E4M3FNUZ", 0x41), 0xC1u);
}

TEST_F(FloatTest, Comparisons) {
  // Each predicate on (1, 2), (2, 1), (1, 1), (1, NaN).
  std::pair<const char *, Codes> predicates[] = {
      {"false", {0, 0, 0, 0}}, {"oeq", {0, 0, 1, 0}}, {"ogt", {0, 1, 0, 0}},
      {"oge", {0, 1, 1, 0}},   {"olt", {1, 0, 0, 0}}, {"ole", {1, 0, 1, 0}},
      {"one", {1, 1, 0, 0}},   {"ord", {1, 1, 1, 0}}, {"ueq", {0, 0, 1, 1}},
      {"ugt", {0, 1, 0, 1}},   {"uge", {0, 1, 1, 1}}, {"ult", {1, 0, 0, 1}},
      {"ule", {1, 0, 1, 1}},   {"une", {1, 1, 0, 1}}, {"uno", {0, 0, 0, 1}},
      {"true", {1, 1, 1, 1}}};
  for (auto &[name, expected] : predicates)
    EXPECT_EQ(
        codesOf(apply1(std::string("arith.cmpf ") + name +
                           ", %0, %1 : tensor<4xf32>",
                       {floats({4}, {1, 2, 1, 1}), floats({4}, {2, 1, 1, NAN})},
                       "tensor<4xi1>")),
        expected)
        << name;
}

//===----------------------------------------------------------------------===//
// Float casts
//===----------------------------------------------------------------------===//

TEST_F(FloatTest, TruncationInTheReadingOfTheDesign) {
  auto truncate = [&](const std::string &element, float value,
                      const std::string &mode = "") {
    return apply1("arith.truncf %0 " + mode + ": f32 to " + element,
                  {floats({}, {value})}, element)
        .getCode();
  };
  EXPECT_EQ(truncate("f8E8M0FNU", 1.6f), 128u); // 2
  EXPECT_EQ(truncate("f8E8M0FNU", 0.0f), 0xFFu);
  EXPECT_EQ(truncate("f8E8M0FNU", -2.0f), 0xFFu);
  EXPECT_EQ(truncate("f8E4M3FN", 500.0f) & 0x7F, 0x7Fu);
  EXPECT_EQ(truncate("f8E4M3FN", 464.0f), 0x7Eu);
  EXPECT_EQ(truncate("f8E5M2", 1e9f), 0x7Cu);
  EXPECT_EQ(truncate("f8E5M2", 1e9f, "toward_zero "), 0x7Bu);
  EXPECT_EQ(truncate("f4E2M1FN", 1.25f), 2u);
  EXPECT_EQ(truncate("f4E2M1FN", 2.5f), 4u);
  EXPECT_EQ(truncate("f4E2M1FN", 5.0f), 6u);
  EXPECT_EQ(truncate("f4E2M1FN", -INFINITY), 15u);
  EXPECT_EQ(truncate("f16", 65520.0f), 0x7C00u);
  EXPECT_EQ(truncate("f16", 65519.996f), 0x7BFFu);
  EXPECT_EQ(truncate("bf16", 1.00390625f), 0x3F80u); // a tie to even
  // f64 to f16 in one step: 1 + 2^-11 + 2^-40 is above the tie.
  double value = 1.0 + std::ldexp(1.0, -11) + std::ldexp(1.0, -40);
  EXPECT_EQ(scalar("arith.truncf %0 : f64 to f16", "f64",
                   {llvm::bit_cast<uint64_t>(value)}, "f16"),
            0x3C01u);
  EXPECT_EQ(scalar("arith.extf %0 : f8E5M2 to f32", "f8E5M2", {0xC1}, "f32"),
            toCodes({-2.5f})[0]);
  EXPECT_EQ(
      scalarError("arith.truncf %0 upward : f32 to f16", "f32", {0}, "f16"),
      "2: 'arith.truncf' op has the rounding mode upward; the reference "
      "evaluator has to_nearest_even and toward_zero");
}

TEST_F(FloatTest, TruncationRoundsOnce) {
  FloatCase f64 = {"f64", {11, 52}};
  std::mt19937_64 random(7);
  std::pair<FloatCase, FloatCase> casts[] = {
      {f32, f16}, {f32, bf16}, {f64, f16}, {f64, bf16}, {f64, f32}};
  for (auto &[from, to] : casts) {
    // Around the range of the result; half of them near a tie.
    int lost = from.format.mantissaBits - to.format.mantissaBits;
    int range = std::min(from.format.bias(), to.format.bias() + 30);
    Codes codes;
    for (int i = 0; i < 100000; ++i) {
      uint64_t mantissa =
          random() & ((uint64_t(1) << from.format.mantissaBits) - 1);
      if (i % 2)
        mantissa = ((mantissa >> lost) << lost | uint64_t(1) << (lost - 1)) +
                   random() % 3 - 1;
      uint64_t exponent = from.format.bias() - range + random() % (2 * range);
      codes.push_back(exponent << from.format.mantissaBits | mantissa |
                      (random() % 2 ? from.format.signBit() : 0));
    }
    std::string source = std::string("tensor<100000x") + from.name + ">";
    std::string target = std::string("tensor<100000x") + to.name + ">";
    Tensor result = apply1("arith.truncf %0 : " + source + " to " + target,
                           {make(from.name, {100000}, codes)}, target);
    size_t numErrors = 0;
    for (int64_t i = 0; i < 100000; ++i)
      numErrors += result.getCode(i) !=
                   to.format.round(from.format.toRational(codes[i]));
    EXPECT_EQ(numErrors, 0u) << from.name << " to " << to.name;
  }
}

TEST_F(FloatTest, ScalingCasts) {
  auto extend = [&](uint64_t code, Tensor scale, std::string scaleType) {
    return floatsOf(
        apply1("arith.scaling_extf %0, %1 : f4E2M1FN, " + scaleType + " to f32",
               {make("f4E2M1FN", {}, {code}), scale}, "f32"))[0];
  };
  EXPECT_EQ(extend(4, floats({}, {3.0f}), "f32"), 6.0f);   // 2 * 3
  EXPECT_EQ(extend(13, floats({}, {-0.7f}), "f32"), 2.1f); // -3 * -0.7
  EXPECT_EQ(extend(7, make("f8E8M0FNU", {}, {126}), "f8E8M0FNU"), 3.0f);
  EXPECT_EQ(extend(7, make("f8E4M3FN", {}, {0x3C}), "f8E4M3FN"), 9.0f);
  EXPECT_TRUE(std::isnan(extend(7, make("f8E8M0FNU", {}, {255}), "f8E8M0FNU")));

  auto truncate = [&](float value, float scale, const std::string &mode = "") {
    return apply1("arith.scaling_truncf %0, %1 " + mode +
                      ": f32, f32 to f4E2M1FN",
                  {floats({}, {value}), floats({}, {scale})}, "f4E2M1FN")
        .getCode();
  };
  EXPECT_EQ(truncate(6.0f, 3.0f), 4u);   // 2
  EXPECT_EQ(truncate(-9.0f, 3.0f), 13u); // -3
  EXPECT_EQ(truncate(5.0f, 1.0f), 6u);   // a tie to even: 4
  EXPECT_EQ(truncate(5.0f, 1.0f, "toward_zero "), 6u);
  EXPECT_EQ(truncate(5.9f, 1.0f, "toward_zero "), 6u);
  EXPECT_EQ(truncate(1e30f, 1e-30f), 7u); // the quotient overflows f32
}

/// Where a detour through double would round twice.
TEST_F(FloatTest, IntegerToFloatRoundsOnce) {
  auto convert = [&](const std::string &op, const std::string &element,
                     uint64_t value) {
    return scalar("arith." + op + " %0 : i64 to " + element, "i64", {value},
                  element);
  };
  // Just above a tie of f32, by less than double can see.
  uint64_t above = (uint64_t(1) << 60) + (uint64_t(1) << 36) + 1;
  EXPECT_EQ(convert("uitofp", "f32", above),
            toCodes({std::ldexp(1.0f, 60) + std::ldexp(1.0f, 37)})[0]);
  EXPECT_EQ(convert("sitofp", "f32", -above),
            toCodes({-std::ldexp(1.0f, 60) - std::ldexp(1.0f, 37)})[0]);
  EXPECT_EQ(convert("uitofp", "f32", above - 1),
            toCodes({std::ldexp(1.0f, 60)})[0]);
  EXPECT_EQ(convert("uitofp", "f32", ~uint64_t(0)),
            toCodes({std::ldexp(1.0f, 64)})[0]);
  EXPECT_EQ(convert("uitofp", "f64", ~uint64_t(0)),
            llvm::bit_cast<uint64_t>(std::ldexp(1.0, 64)));
  EXPECT_EQ(convert("sitofp", "bf16", 0x0101), 0x4380u); // 257: a tie
  EXPECT_EQ(convert("sitofp", "bf16", 0x0103), 0x4382u); // 259: a tie
  EXPECT_EQ(convert("sitofp", "f16", uint64_t(-3)), 0xC200u);
  EXPECT_EQ(convert("sitofp", "f16", 65520), 0x7C00u);
  EXPECT_EQ(convert("sitofp", "f8E8M0FNU", uint64_t(-4)), 0xFFu);
  EXPECT_EQ(convert("sitofp", "f64", uint64_t(1) << 63),
            llvm::bit_cast<uint64_t>(-std::ldexp(1.0, 63)));
  // Many values, against the compiler's own conversion.
  std::mt19937_64 random(4);
  Codes values, expected;
  for (int i = 0; i < 100000; ++i) {
    values.push_back(random() >> random() % 40);
    expected.push_back(toCodes({float(int64_t(values.back()))})[0]);
  }
  EXPECT_EQ(
      codesOf(apply1("arith.sitofp %0 : tensor<100000xi64> to "
                     "tensor<100000xf32>",
                     {make("i64", {100000}, values)}, "tensor<100000xf32>")),
      expected);
}

TEST_F(FloatTest, FloatToInteger) {
  auto convert = [&](const std::string &op, float value) {
    return apply1("arith." + op + " %0 : f32 to i8", {floats({}, {value})},
                  "i8")
        .getCode();
  };
  EXPECT_EQ(convert("fptosi", -1.99f), 0xFFu);
  EXPECT_EQ(convert("fptosi", 127.99f), 127u);
  EXPECT_EQ(convert("fptosi", -128.9f), 128u);
  EXPECT_EQ(convert("fptoui", -0.9f), 0u);
  EXPECT_EQ(convert("fptoui", 255.9f), 255u);
  std::string outOfRange =
      "op gives a number that its result type does not hold; operands: ";
  auto error = [&](const std::string &op, float value) {
    return applyAndFail("arith." + op + " %0 : f32 to i8",
                        {floats({}, {value})}, "i8");
  };
  EXPECT_EQ(error("fptosi", 128.0f), "2: 'arith.fptosi' " + outOfRange + "128");
  EXPECT_EQ(error("fptosi", -129.0f),
            "2: 'arith.fptosi' " + outOfRange + "-129");
  EXPECT_EQ(error("fptoui", -1.0f), "2: 'arith.fptoui' " + outOfRange + "-1");
  EXPECT_EQ(error("fptoui", NAN), "2: 'arith.fptoui' " + outOfRange + "nan");
  // The bounds of i64 are not those of double.
  EXPECT_EQ(scalar("arith.fptosi %0 : f64 to i64", "f64",
                   {llvm::bit_cast<uint64_t>(-std::ldexp(1.0, 63))}, "i64"),
            uint64_t(1) << 63);
  EXPECT_NE(scalarError("arith.fptosi %0 : f64 to i64", "f64",
                        {llvm::bit_cast<uint64_t>(std::ldexp(1.0, 63))}, "i64"),
            "");
}

//===----------------------------------------------------------------------===//
// affine
//===----------------------------------------------------------------------===//

TEST_F(ArithTest, Affine) {
  std::string text =
      "affine.apply affine_map<(d0)[s0] -> (d0 floordiv 4 + s0 mod 3 + "
      "d0 ceildiv 4 * 100)>(%0)[%1]";
  EXPECT_EQ(apply1(text, {index(-7), index(-1)}, "index").getInteger(),
            -2 + 2 - 100);
  EXPECT_EQ(apply1("affine.min affine_map<(d0) -> (d0, 5, d0 * 2 - 9)>(%0)",
                   {index(4)}, "index")
                .getInteger(),
            -1);
  EXPECT_EQ(apply1("affine.max affine_map<(d0) -> (d0, 5, d0 * 2 - 9)>(%0)",
                   {index(4)}, "index")
                .getInteger(),
            5);
  EXPECT_EQ(applyAndFail("affine.apply affine_map<(d0)[s0] -> (d0 mod s0)>"
                         "(%0)[%1]",
                         {index(4), index(0)}, "index"),
            "2: 'affine.apply' op divides by a number that is not positive, or "
            "overflows; operands: 4, 0");
  EXPECT_EQ(applyAndFail("affine.apply affine_map<(d0) -> (d0 * 4)>(%0)",
                         {index(uint64_t(1) << 62)}, "index"),
            "2: 'affine.apply' op divides by a number that is not positive, or "
            "overflows; operands: 4611686018427387904");
}
