//===- CodecTest.cpp - Encode and decode ----------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Codec.h"

#include "Reference.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cfenv>
#include <random>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace lowbit;
using namespace lowbit::test;

static bool isSame(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b);
  return llvm::bit_cast<uint64_t>(a) == llvm::bit_cast<uint64_t>(b);
}

static Format parse(llvm::StringRef name) {
  return llvm::cantFail(Format::parse(name));
}

struct Mode {
  Rounding rounding;
  Overflow overflow;
  uint32_t random;
};

static std::vector<Mode> getModes(llvm::ArrayRef<uint32_t> randoms) {
  std::vector<Mode> modes;
  for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE}) {
    modes.push_back({Rounding::NearestEven, overflow, 0});
    modes.push_back({Rounding::TowardZero, overflow, 0});
    for (uint32_t random : randoms)
      modes.push_back({Rounding::Stochastic, overflow, random});
  }
  return modes;
}

/// Stops at the first difference: a fault has thousands.
static void checkEncode(const std::string &name, const Format &format,
                        const Reference &reference,
                        llvm::ArrayRef<double> inputs,
                        llvm::ArrayRef<Mode> modes) {
  for (const Mode &mode : modes) {
    for (double value : inputs) {
      uint64_t expected =
          reference.encode(value, mode.rounding, mode.overflow, mode.random);
      uint64_t actual =
          encode(format, value, mode.rounding, mode.overflow, mode.random);
      if (expected == actual)
        continue;
      char text[40];
      snprintf(text, sizeof(text), "%a", value);
      FAIL() << name << " " << text << " "
             << stringifyRounding(mode.rounding).str() << " "
             << stringifyOverflow(mode.overflow).str() << " random "
             << mode.random << ": " << actual << ", expected " << expected;
    }
  }
}

static double nextFloat(double value, bool up) {
  return std::nextafterf(float(value), up ? INFINITY : -INFINITY);
}

/// A value with its f64 and f32 neighbours, in both signs.
static void addNeighbours(std::vector<double> &inputs, double value) {
  double around[] = {value, std::nextafter(value, inf),
                     std::nextafter(value, -inf), nextFloat(value, true),
                     nextFloat(value, false)};
  for (double x : around) {
    inputs.push_back(x);
    inputs.push_back(-x);
  }
}

static const double specials[] = {
    0.0,       -0.0,       inf,       -inf,       quietNaN,  -quietNaN,
    0x1p-1074, -0x1p-1074, 0x1p-1022, 0x1p-149,   -0x1p-149, 0x1p-150,
    0x1p-126,  0x1p-127,   0x1p-128,  0x1.8p-127, 0x1.8p127, 0x1p128,
    -0x1p128,  0x1p1023,   -0x1p1023, 1e-40,      0.5,       -0.5,
    1.5,       2.5};

/// All values, all midpoints, their neighbours, specials. `stride` thins out.
static std::vector<double> getTies(const Reference &reference,
                                   unsigned stride = 1) {
  std::vector<double> values;
  for (double value : reference.values)
    if (std::isfinite(value))
      values.push_back(value);
  if (reference.kind <= Reference::Exponent)
    values.push_back(reference.magnitudes[reference.last + 1]);
  if (reference.kind == Reference::Integer)
    values.insert(values.end(), {values.back() + 1, -1.0, 1.0});
  std::sort(values.begin(), values.end());
  std::vector<double> inputs(std::begin(specials), std::end(specials));
  for (size_t i = 0; i < values.size(); ++i) {
    bool atEnd = i < 40 || i + 40 > values.size();
    if (i % stride != 0 && !atEnd)
      continue;
    addNeighbours(inputs, values[i]);
    if (i > 0)
      addNeighbours(inputs, (values[i] + values[i - 1]) / 2);
  }
  return inputs;
}

static std::vector<double> getWide(const char *name) {
  std::vector<double> values;
  Format format = Format::getBuiltin(name);
  bool isHalf = format.getExponentBits() == 5;
  // Not by the library's decode.
  Reference reference =
      Reference::getFloat(isHalf ? 5 : 8, isHalf ? 10 : 7, true,
                          Reference::IEEE, isHalf ? 15 : 127);
  return reference.values;
}

TEST(Codec, DecodeCatalog) {
  for (const NamedReference &entry : getReferenceCatalog()) {
    Format format = parse(entry.name);
    ASSERT_EQ(format.getNumCodes(), entry.reference.values.size());
    for (uint64_t code = 0; code < format.getNumCodes(); ++code)
      ASSERT_TRUE(isSame(decode(format, code), entry.reference.values[code]))
          << entry.name << " " << code;
    // Bits above the code are ignored.
    EXPECT_TRUE(isSame(decode(format, 1),
                       decode(format, 1 | ~uint64_t(0) << format.getBits())));
  }
}

TEST(Codec, DecodeKeepsTheSignOfNaN) {
  EXPECT_FALSE(std::signbit(decode(parse("f8E4M3FN"), 0x7F)));
  EXPECT_TRUE(std::signbit(decode(parse("f8E4M3FN"), 0xFF)));
  EXPECT_TRUE(std::signbit(decode(parse("f16"), 0xFC01)));
  EXPECT_FALSE(std::signbit(decode(parse("f8E4M3FNUZ"), 0x80)));
  EXPECT_FALSE(std::signbit(decode(parse("f8E8M0FNU"), 0xFF)));
}

TEST(Codec, EncodeDecodeIsIdentity) {
  for (const NamedReference &entry : getReferenceCatalog()) {
    Format format = parse(entry.name);
    for (const Mode &mode : getModes({0, 0x80000000, 0xFFFFFFFF})) {
      for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
        double value = decode(format, code);
        if (std::isnan(value) ||
            (std::isinf(value) && mode.overflow == Overflow::Saturate))
          continue;
        uint64_t again =
            encode(format, value, mode.rounding, mode.overflow, mode.random);
        ASSERT_EQ(again, code) << entry.name;
      }
    }
  }
}

TEST(Codec, EncodeCatalogAllBF16) {
  std::vector<double> inputs = getWide("bf16");
  for (const NamedReference &entry : getReferenceCatalog())
    checkEncode(entry.name, parse(entry.name), entry.reference, inputs,
                getModes({0, 0x6B8B4567, 0xFFFFFFFE}));
}

TEST(Codec, EncodeCatalogAllF16) {
  std::vector<double> inputs = getWide("f16");
  for (const NamedReference &entry : getReferenceCatalog())
    checkEncode(entry.name, parse(entry.name), entry.reference, inputs,
                getModes({0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}));
}

TEST(Codec, EncodeCatalogTies) {
  for (const NamedReference &entry : getReferenceCatalog())
    checkEncode(entry.name, parse(entry.name), entry.reference,
                getTies(entry.reference, entry.reference.bits == 16 ? 7 : 1),
                getModes({0, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}));
}

TEST(Codec, EncodeRandomDoubles) {
  std::mt19937_64 generator(1);
  for (const NamedReference &entry : getReferenceCatalog()) {
    Format format = parse(entry.name);
    std::vector<double> inputs;
    double largest = format.getLargest();
    for (int i = 0; i < 3000; ++i) {
      inputs.push_back(llvm::bit_cast<double>(uint64_t(generator())));
      inputs.push_back(llvm::bit_cast<float>(uint32_t(generator())));
      // Within a few octaves of the range, with all 53 bits.
      double unit = double(int64_t(generator())) / 0x1p63;
      inputs.push_back(unit * largest * 1.5);
      inputs.push_back(std::ldexp(unit, int(generator() % 24)) *
                       format.getSmallest());
    }
    std::vector<uint32_t> randoms;
    for (int i = 0; i < 4; ++i)
      randoms.push_back(uint32_t(generator()));
    checkEncode(entry.name, format, entry.reference, inputs, getModes(randoms));
  }
}

static const std::pair<NonFinite, Reference::Special> allKinds[] = {
    {NonFinite::IEEE, Reference::IEEE},
    {NonFinite::FN, Reference::FN},
    {NonFinite::FNUZ, Reference::FNUZ},
    {NonFinite::None, Reference::Finite}};

static void checkMinifloat(unsigned x, unsigned y, bool isSigned,
                           std::pair<NonFinite, Reference::Special> kind,
                           std::optional<int64_t> bias, unsigned stride) {
  llvm::Expected<Format> format =
      Format::getFloat(x, y, isSigned, kind.first, bias);
  if (!format) {
    llvm::consumeError(format.takeError());
    return;
  }
  int64_t expectedBias = bias.value_or(
      (int64_t(1) << (x - 1)) - (kind.second == Reference::FNUZ ? 0 : 1));
  std::string name = format->getName();
  ASSERT_EQ(format->getBias(), expectedBias);
  Reference reference =
      Reference::getFloat(x, y, isSigned, kind.second, int(expectedBias));
  ASSERT_EQ(format->getNumCodes(), reference.values.size()) << name;
  for (uint64_t code = 0; code < format->getNumCodes(); ++code)
    ASSERT_TRUE(isSame(decode(*format, code), reference.values[code]))
        << name << " " << code;
  checkEncode(name, *format, reference, getTies(reference, stride),
              getModes({0, 0x7FFFFFFF, 0x89ABCDEF, 0xFFFFFFFF}));
}

TEST(Codec, AllMinifloatsToEightBits) {
  for (unsigned x = 1; x <= 8; ++x)
    for (unsigned y = 0; x + y <= 8; ++y)
      for (auto kind : allKinds)
        for (bool isSigned : {false, true})
          if (x + y + isSigned >= 2 && x + y + isSigned <= 8)
            for (std::optional<int64_t> bias :
                 {std::optional<int64_t>(), std::optional<int64_t>(-2),
                  std::optional<int64_t>(5)})
              checkMinifloat(x, y, isSigned, kind, bias, 1);
}

TEST(Codec, WiderMinifloats) {
  std::optional<int64_t> none;
  for (auto kind : allKinds)
    for (bool isSigned : {false, true}) {
      checkMinifloat(5, 3, isSigned, kind, none, 1);
      checkMinifloat(4, 5, isSigned, kind, none, 1);
      checkMinifloat(6, 5, isSigned, kind, none, 3);
      checkMinifloat(1, 10, isSigned, kind, none, 3);
      checkMinifloat(8, 3, isSigned, kind, 130, 3);
      checkMinifloat(5, 10, isSigned, kind, none, 37);
      checkMinifloat(8, 7, isSigned, kind, 128, 37);
      checkMinifloat(3, 12, isSigned, kind, -100, 37);
    }
  // The ends of F5.
  checkMinifloat(8, 7, true, allKinds[0], 127, 37);
  checkMinifloat(8, 7, true, allKinds[0], 143, 37);
  checkMinifloat(2, 1, true, allKinds[3], 149, 1);
  checkMinifloat(2, 1, true, allKinds[3], -124, 1);
}

TEST(Codec, LogarithmicFormats) {
  for (unsigned bits = 2; bits <= 8; ++bits) {
    for (unsigned fractionBits = 0; fractionBits <= 7; ++fractionBits) {
      Format format = llvm::cantFail(Format::getLog(bits, fractionBits));
      Reference reference = Reference::getLog(bits, fractionBits);
      for (uint64_t code = 0; code < format.getNumCodes(); ++code)
        ASSERT_TRUE(isSame(decode(format, code), reference.values[code]))
            << format.getName() << " " << code;
      checkEncode(format.getName(), format, reference, getTies(reference),
                  getModes({0, 0x7FFFFFFF, 0x89ABCDEF}));
    }
  }
}

TEST(Codec, Codebooks) {
  float tiny = 0x1p-149f, huge = 0x1.fffffep127f;
  for (const std::vector<float> &values : std::vector<std::vector<float>>{
           {3.0f, -1.0f, 1.0f, -1.0f},
           {1.0f, 0.0f, -0.0f, -1.0f},
           {-0.0f, 0.0f, 2.0f, 2.0f},
           {-4.0f, -3.0f, -2.0f, -1.5f},
           {7.0f, 7.0f, 7.0f, 7.0f},
           {tiny, huge, -huge, 1.0f},
           {-1.0f, tiny, -tiny, 1.0f},
           {0.0f, -0.0f, 5.0f, 1.0f, 1.0f, 1e-40f, 3e38f, 0.1f}}) {
    Reference reference = Reference::getCodebook(values);
    Format format = llvm::cantFail(Format::getCodebook(reference.bits, values));
    for (uint64_t code = 0; code < format.getNumCodes(); ++code)
      ASSERT_TRUE(isSame(decode(format, code), reference.values[code]));
    std::vector<double> inputs = getTies(reference);
    // Sums that no double holds: the middle of 1 and 2^-149, and of 2^-149
    // and the largest f32, from both sides.
    for (double middle : {0.5, double(huge) / 2})
      addNeighbours(inputs, middle);
    checkEncode(
        format.getName(), format, reference, inputs,
        getModes({0, 1, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}));
  }
}

TEST(Codec, HandComputed) {
  auto nearest = [](const char *name, double value) {
    return encode(parse(name), value);
  };
  auto ieee = [](const char *name, double value,
                 Rounding rounding = Rounding::NearestEven) {
    return encode(parse(name), value, rounding, Overflow::IEEE);
  };
  // docs/Formats.md and the tables of the standards.
  EXPECT_EQ(nearest("f8E4M3FN", 464), 0x7Eu);
  EXPECT_EQ(ieee("f8E4M3FN", 464), 0x7Eu);
  EXPECT_EQ(ieee("f8E4M3FN", 464.0001), 0x7Fu);
  EXPECT_EQ(ieee("f8E4M3FN", -500), 0xFFu);
  EXPECT_EQ(nearest("f8E4M3FN", -inf), 0xFEu);
  EXPECT_EQ(ieee("f8E4M3FN", 1e30, Rounding::TowardZero), 0x7Eu);
  EXPECT_EQ(ieee("f8E4M3FN", inf, Rounding::TowardZero), 0x7Fu);
  EXPECT_EQ(ieee("f8E5M2", 61439.99), 0x7Bu);
  EXPECT_EQ(ieee("f8E5M2", 61440), 0x7Cu);
  EXPECT_EQ(ieee("f8E5M2", -quietNaN), 0xFEu);
  double fp4[][2] = {{0.25, 0}, {0.75, 2}, {1.25, 2}, {1.75, 4},
                     {2.5, 4},  {3.5, 6},  {5, 6},    {1e9, 7}};
  for (auto &pair : fp4) {
    EXPECT_EQ(nearest("f4E2M1FN", pair[0]), uint64_t(pair[1]));
    EXPECT_EQ(ieee("f4E2M1FN", -pair[0]), uint64_t(pair[1]) | 8);
  }
  EXPECT_EQ(nearest("f4E2M1FN", -quietNaN), 0u);
  // No mantissa: ties to the larger power of two; 0 and the smallest to 0.
  EXPECT_EQ(nearest("f8E8M0FNU", 1.5), 128u);
  EXPECT_EQ(nearest("f8E8M0FNU", 3.0), 129u);
  EXPECT_EQ(nearest("f8E8M0FNU", -3.0), 0u);
  EXPECT_EQ(ieee("f8E8M0FNU", 0.0), 0xFFu);
  EXPECT_EQ(ieee("f8E8M0FNU", -2.0), 0xFFu);
  EXPECT_EQ(ieee("f8E8M0FNU", 0x1p-149), 0u);
  EXPECT_EQ(ieee("f8E8M0FNU", 0x1.7p-127), 0u);
  EXPECT_EQ(ieee("f8E8M0FNU", 0x1.8p-127), 1u);
  EXPECT_EQ(ieee("f8E8M0FNU", 0x1.8p127), 0xFFu);
  EXPECT_EQ(nearest("f8E8M0FNU", 0x1.8p127), 0xFEu);
  EXPECT_EQ(nearest("minifloat<e3m0finite, bias = 7>", 0x1p-7), 0u);
  EXPECT_EQ(nearest("minifloat<e3m0finite, bias = 7>", 0x1.8p-6), 2u);
  // Unsigned.
  EXPECT_EQ(nearest("minifloat<ue5m3fn>", -1.0), 0u);
  EXPECT_EQ(ieee("minifloat<ue5m3fn>", -1.0), 0xFFu);
  EXPECT_EQ(ieee("minifloat<ue5m3fn>", -0x1p-18), 0u); // a tie, to 0
  EXPECT_EQ(ieee("minifloat<ue5m3fn>", -0x1.01p-18), 0xFFu);
  EXPECT_EQ(ieee("minifloat<ue5m3fn>", -inf), 0xFFu);
  EXPECT_EQ(nearest("minifloat<ue5m3fn>", inf), 0xFEu);
  EXPECT_EQ(ieee("minifloat<ue5m3fn>", 118784.0), 0xFEu);
  EXPECT_EQ(ieee("minifloat<ue5m3fn>", 118785.0), 0xFFu);
  // Logarithmic: -0 and negative underflow keep the sign.
  EXPECT_EQ(nearest("log<4>", -0.0), 8u);
  EXPECT_EQ(nearest("log<4>", -1e-9), 8u);
  EXPECT_EQ(nearest("log<4>", 0x1p-7), 0u);
  EXPECT_EQ(nearest("log<4>", 0.75), 7u);
  EXPECT_EQ(nearest("log<4>", quietNaN), 0u);
  // IQ4_NL has no zero; 0 and NaN take the nearest.
  EXPECT_EQ(nearest("codebook<4, iq4nl>", -quietNaN), 8u);
  EXPECT_EQ(nearest("codebook<4, iq4nl>", -4.5), 7u); // a tie: lower code
  EXPECT_EQ(nearest("codebook<4, iq4nl>", 7.0), 8u);
  // Integers.
  EXPECT_EQ(nearest("i4", 2.5), 2u);
  EXPECT_EQ(nearest("i4", -3.5), 0xCu);
  EXPECT_EQ(nearest("i4", 1e30), 7u);
  EXPECT_EQ(nearest("i4", -inf), 8u);
  EXPECT_EQ(nearest("ui4", -1.0), 0u);
  EXPECT_EQ(ieee("ui4", inf), 15u);
  EXPECT_EQ(nearest("i4", quietNaN), 0u);
}

TEST(Codec, StochasticEdges) {
  // f = 1/2: exactly the lower half of the random words rounds away.
  Format i4 = parse("i4");
  auto stochastic = [](const Format &format, double value, uint32_t random) {
    return decode(format, encode(format, value, Rounding::Stochastic,
                                 Overflow::Saturate, random));
  };
  EXPECT_EQ(stochastic(i4, 2.5, 0x7FFFFFFF), 3.0);
  EXPECT_EQ(stochastic(i4, 2.5, 0x80000000), 2.0);
  EXPECT_EQ(stochastic(i4, -2.5, 0x7FFFFFFF), -3.0);
  EXPECT_EQ(stochastic(i4, -2.5, 0x80000000), -2.0);
  EXPECT_EQ(stochastic(i4, 2.0, 0), 2.0);
  // f = 2^-32 rounds away for 0 alone, less than that never.
  EXPECT_EQ(stochastic(i4, 2.0 + 0x1p-32, 0), 3.0);
  EXPECT_EQ(stochastic(i4, 2.0 + 0x1p-32, 1), 2.0);
  EXPECT_EQ(stochastic(i4, 2.0 + 0x1.fp-33, 0), 2.0);
  // The largest word never rounds away.
  EXPECT_EQ(stochastic(i4, std::nextafter(3.0, 0.0), 0xFFFFFFFF), 2.0);
  // IQ4_NL: toward zero from -4.5 is 1, the smaller magnitude.
  Format iq4nl = parse("codebook<4, iq4nl>");
  EXPECT_EQ(stochastic(iq4nl, -4.5, 0x7FFFFFFF), -10.0);
  EXPECT_EQ(stochastic(iq4nl, -4.5, 0x80000000), 1.0);
  // A third of the gap: floor(2^32 / 3) words.
  Format log = parse("log<4>");
  EXPECT_EQ(stochastic(log, 0.625, 0x3FFFFFFF), 1.0);
  EXPECT_EQ(stochastic(log, 0.625, 0x40000000), 0.5);
  Format book = parse("codebook<2, [0.0, 3.0, 9.0, 10.0]>");
  EXPECT_EQ(stochastic(book, 1.0, 0x55555554), 3.0);
  EXPECT_EQ(stochastic(book, 1.0, 0x55555555), 0.0);
}

TEST(Codec, WideFloats) {
  Format f32 = Format::getBuiltin("f32"), f64 = Format::getBuiltin("f64");
  std::mt19937_64 generator(2);
  auto check = [&](double value) {
    uint64_t bits = llvm::bit_cast<uint64_t>(value);
    EXPECT_TRUE(isSame(decode(f64, bits), value));
    if (std::isnan(value))
      return;
    EXPECT_EQ(encode(f64, value, Rounding::NearestEven, Overflow::IEEE), bits);
    // The hardware rounds to nearest even.
    float narrow = float(value);
    EXPECT_EQ(encode(f32, value, Rounding::NearestEven, Overflow::IEEE),
              llvm::bit_cast<uint32_t>(narrow));
    EXPECT_TRUE(isSame(decode(f32, llvm::bit_cast<uint32_t>(narrow)), narrow));
    if (std::isfinite(value)) {
      double down = decode(f32, encode(f32, value, Rounding::TowardZero));
      EXPECT_LE(std::fabs(down), std::fabs(value));
      EXPECT_TRUE(float(value) == down || std::isinf(float(value)) ||
                  std::fabs(std::nextafterf(float(down),
                                            value > 0 ? INFINITY : -INFINITY)) >
                      std::fabs(value));
    }
  };
  for (double value : specials)
    check(value);
  for (int i = 0; i < 200000; ++i) {
    check(llvm::bit_cast<double>(uint64_t(generator())));
    check(llvm::bit_cast<float>(uint32_t(generator())));
    double near = std::ldexp(double(int64_t(generator())) / 0x1p63,
                             int(generator() % 300) - 170);
    check(near);
  }
  EXPECT_EQ(encode(f64, quietNaN), 0x7FF8000000000000u);
  EXPECT_EQ(encode(f64, -quietNaN), 0xFFF8000000000000u);
  EXPECT_EQ(encode(f64, inf), 0x7FEFFFFFFFFFFFFFu);
  EXPECT_EQ(encode(f32, 1e300), 0x7F7FFFFFu);
}

TEST(Codec, RoundToInteger) {
  auto round = [](double value, Rounding rounding = Rounding::NearestEven,
                  uint32_t random = 0) {
    return roundToInteger(value, rounding, random);
  };
  EXPECT_TRUE(isSame(round(inf), inf));
  EXPECT_TRUE(isSame(round(-inf), -inf));
  EXPECT_TRUE(std::isnan(round(quietNaN)));
  EXPECT_TRUE(isSame(round(-0.0), -0.0));
  EXPECT_TRUE(isSame(round(-0.5), -0.0));
  EXPECT_EQ(round(0x1p-1074, Rounding::Stochastic, 0), 0.0);
  EXPECT_EQ(round(0.99, Rounding::TowardZero), 0.0);
  EXPECT_EQ(round(-7.99, Rounding::TowardZero), -7.0);
  std::mt19937_64 generator(3);
  for (int i = 0; i < 300000; ++i) {
    double value = i % 2 ? llvm::bit_cast<double>(uint64_t(generator()))
                         : std::ldexp(double(int64_t(generator())) / 0x1p63,
                                      int(generator() % 60));
    EXPECT_TRUE(isSame(round(value), std::nearbyint(value))) << value;
    EXPECT_TRUE(isSame(round(value, Rounding::TowardZero), std::trunc(value)))
        << value;
    auto random = uint32_t(generator());
    double whole = std::trunc(value);
    if (std::isfinite(value) && std::fabs(value) < 0x1p52) {
      double fraction = std::fabs(value - whole); // exact
      if (random < std::floor(fraction * 0x1p32))
        whole += std::copysign(1.0, value);
    }
    EXPECT_TRUE(isSame(round(value, Rounding::Stochastic, random), whole))
        << value;
  }
}

/// Results do not depend on the floating-point mode of the thread.
TEST(Codec, FloatingPointEnvironment) {
  std::mt19937_64 generator(4);
  std::vector<NamedReference> catalog = getReferenceCatalog();
  catalog.push_back({"codebook<2, [1e-40, 1.0, -1e-40, -1e-45]>", {}});
  std::vector<Mode> modes = getModes({0, 0x7FFFFFFF, 0x89ABCDEF});
  for (const NamedReference &entry : catalog) {
    Format format = parse(entry.name);
    std::vector<double> inputs(std::begin(specials), std::end(specials));
    for (uint64_t code = 0; code < std::min<uint64_t>(format.getNumCodes(), 99);
         ++code) {
      double value = decode(format, code);
      if (!std::isfinite(value))
        continue;
      addNeighbours(inputs, value);
      double next = decode(format, code + 1);
      if (std::isfinite(next))
        addNeighbours(inputs, (value + next) / 2);
    }
    std::vector<uint64_t> expected;
    for (const Mode &mode : modes)
      for (double value : inputs)
        expected.push_back(
            encode(format, value, mode.rounding, mode.overflow, mode.random));
    for (int environment = 0; environment < 4; ++environment) {
      std::vector<uint64_t> actual;
      actual.reserve(expected.size());
      const int roundings[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO,
                               FE_TONEAREST};
      fesetround(roundings[environment]);
#if defined(__x86_64__)
      unsigned saved = _mm_getcsr();
      _mm_setcsr(saved | 0x8040); // flush to zero, denormals are zero
#endif
      for (const Mode &mode : modes)
        for (double value : inputs)
          actual.push_back(
              encode(format, value, mode.rounding, mode.overflow, mode.random));
#if defined(__x86_64__)
      _mm_setcsr(saved);
#endif
      fesetround(FE_TONEAREST);
      EXPECT_EQ(actual, expected) << entry.name << " " << environment;
    }
  }
}
