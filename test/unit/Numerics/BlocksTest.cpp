//===- BlocksTest.cpp - Scales, zero points, blocks -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Blocks.h"

#include "Reference.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cfloat>
#include <map>
#include <random>

using namespace lowbit;
using namespace lowbit::test;

static Format parse(llvm::StringRef name) {
  return llvm::cantFail(Format::parse(name));
}

static const float infinity = INFINITY, notANumber = NAN;

//===----------------------------------------------------------------------===//
// Blocking
//===----------------------------------------------------------------------===//

static void checkBlocking(std::vector<int64_t> shape,
                          std::vector<int64_t> block,
                          std::vector<int64_t> scaleShape) {
  Blocking blocking(shape, block);
  EXPECT_EQ(blocking.getScaleShape(), llvm::ArrayRef(scaleShape));
  EXPECT_EQ(blocking.getShape(), llvm::ArrayRef(shape));
  EXPECT_EQ(blocking.getBlock(), llvm::ArrayRef(block));
  int64_t numElements = 1, numScales = 1;
  for (int64_t d : shape)
    numElements *= d;
  for (int64_t s : scaleShape)
    numScales *= s;
  EXPECT_EQ(blocking.getNumElements(), numElements);
  EXPECT_EQ(blocking.getNumScales(), numScales);

  // Multi-indices counted up, element by element.
  std::map<int64_t, std::vector<int64_t>> expected;
  for (int64_t scale = 0; scale < numScales; ++scale)
    expected[scale];
  std::vector<int64_t> position(shape.size(), 0);
  for (int64_t element = 0; element < numElements; ++element) {
    int64_t scale = 0;
    for (size_t i = 0; i < shape.size(); ++i)
      scale = scale * scaleShape[i] + (block[i] ? position[i] / block[i] : 0);
    EXPECT_EQ(blocking.getScaleIndex(element), scale);
    expected[scale].push_back(element);
    for (size_t i = shape.size(); i-- > 0;) {
      if (++position[i] < shape[i])
        break;
      position[i] = 0;
    }
  }
  std::map<int64_t, std::vector<int64_t>> actual;
  blocking.forEachBlock([&](int64_t scale, llvm::ArrayRef<int64_t> elements) {
    EXPECT_EQ(actual.count(scale), 0u);
    actual[scale] = elements.vec();
  });
  EXPECT_EQ(actual, expected);
}

TEST(Blocking, Shapes) {
  checkBlocking({}, {}, {});
  checkBlocking({6}, {0}, {1});
  checkBlocking({6}, {1}, {6});
  checkBlocking({6}, {4}, {2});   // ragged
  checkBlocking({6}, {100}, {1}); // larger than the dimension
  checkBlocking({6}, {INT64_MAX}, {1});
  checkBlocking({0}, {0}, {1});
  checkBlocking({0}, {4}, {0});
  checkBlocking({4, 64}, {1, 32}, {4, 2});
  checkBlocking({5, 7}, {2, 3}, {3, 3});
  checkBlocking({5, 7}, {0, 0}, {1, 1});
  checkBlocking({5, 7}, {0, 2}, {1, 4});
  checkBlocking({0, 4}, {0, 1}, {1, 4});
  checkBlocking({0, 4}, {1, 2}, {0, 2});
  checkBlocking({4, 0}, {2, 0}, {2, 1});
  checkBlocking({3, 4, 5}, {2, 0, 2}, {2, 1, 3});
  checkBlocking({2, 3, 4, 5}, {1, 2, 3, 4}, {2, 2, 2, 2});
}

TEST(Blocking, Infer) {
  auto infer =
      [](std::vector<int64_t> shape,
         std::vector<int64_t> scale) -> std::optional<std::vector<int64_t>> {
    llvm::Expected<Blocking> blocking = Blocking::infer(shape, scale);
    if (blocking)
      return blocking->getBlock().vec();
    EXPECT_EQ(llvm::toString(blocking.takeError()).substr(0, 3), "S3:");
    return std::nullopt;
  };
  using Block = std::vector<int64_t>;
  EXPECT_EQ(infer({4, 64}, {4, 2}), (Block{1, 32}));
  EXPECT_EQ(infer({4, 64}, {1, 1}), (Block{0, 0}));
  EXPECT_EQ(infer({4, 64}, {4, 1}), (Block{1, 0}));
  EXPECT_EQ(infer({4, 64}, {}), (Block{0, 0}));
  EXPECT_EQ(infer({}, {}), Block{});
  EXPECT_EQ(infer({1}, {1}), Block{0});
  EXPECT_EQ(infer({0}, {0}), Block{1});
  EXPECT_EQ(infer({0}, {1}), Block{0});
  EXPECT_EQ(infer({0}, {2}), std::nullopt);
  EXPECT_EQ(infer({4}, {0}), std::nullopt);
  EXPECT_EQ(infer({4}, {3}), std::nullopt);
  EXPECT_EQ(infer({4}, {8}), std::nullopt);
  EXPECT_EQ(infer({4, 4}, {4}), std::nullopt);
  EXPECT_EQ(infer({}, {1}), std::nullopt);
}

//===----------------------------------------------------------------------===//
// Quantize and dequantize
//===----------------------------------------------------------------------===//

TEST(Blocks, QuantizeSpecialCases) {
  Format i4 = parse("i4"), ui4 = parse("ui4"), fp8 = parse("f8E4M3FN");
  // A scale of 0 encodes everything as 0 (+ z).
  for (float scale : {0.0f, -0.0f})
    for (float x : {1.0f, -1.0f, 0.0f, -0.0f, infinity, notANumber}) {
      EXPECT_EQ(quantize(fp8, x, scale), 0u);
      EXPECT_EQ(quantize(i4, x, scale, int64_t(3)), 3u);
      EXPECT_EQ(quantize(fp8, x, scale, 1.5f), 0x3Cu);
    }
  // A NaN scale makes t NaN.
  EXPECT_EQ(quantize(fp8, 1.0f, notANumber) & 0x7F, 0x7Fu);
  EXPECT_EQ(quantize(i4, 1.0f, notANumber), 0u);
  EXPECT_EQ(quantize(i4, 1.0f, notANumber, int64_t(-3)), 0xDu);
  EXPECT_EQ(quantize(ui4, 1.0f, notANumber, int64_t(99)), 15u);
  EXPECT_EQ(quantize(ui4, notANumber, 1.0f, int64_t(5)), 5u);
  EXPECT_EQ(quantize(fp8, 0.0f, infinity), 0u);
  // A true division: 0.7 / 0.1f is not 0.7 * 10.
  EXPECT_EQ(quantize(i4, 1.0f, infinity), 0u);
  EXPECT_EQ(quantize(fp8, infinity, infinity) & 0x7F, 0x7Fu);

  // Rounded before the zero point is added; the sum does not wrap.
  EXPECT_EQ(quantize(i4, 2.5f, 1.0f, int64_t(1)), 3u);
  EXPECT_EQ(quantize(i4, 2.5f, 1.0f, 1.0f), 4u); // 3.5 is rounded
  EXPECT_EQ(quantize(i4, 1e30f, 1.0f, int64_t(-8)), 7u);
  EXPECT_EQ(quantize(i4, 100.0f, 1.0f, int64_t(-98)), 2u);
  EXPECT_EQ(quantize(i4, infinity, 1.0f, INT64_MIN), 7u);
  EXPECT_EQ(quantize(i4, -infinity, 1.0f, INT64_MAX), 8u);
  EXPECT_EQ(quantize(i4, 0x1p62f, 1.0f, INT64_MAX), 7u);
  EXPECT_EQ(quantize(i4, -0x1p63f, 1.0f, INT64_MIN), 8u);
  EXPECT_EQ(quantize(i4, 0x1p63f, 1.0f, INT64_MIN), 0u);
  EXPECT_EQ(quantize(i4, 0x1p64f, 1.0f, INT64_MIN), 7u);
  // Stochastic rounding rounds t.
  EXPECT_EQ(quantize(i4, 2.5f, 1.0f, int64_t(1), Rounding::Stochastic,
                     Overflow::Saturate, 0x7FFFFFFF),
            4u);
  EXPECT_EQ(quantize(i4, -2.5f, 1.0f, int64_t(1), Rounding::Stochastic,
                     Overflow::Saturate, 0x80000000),
            0xFu);
  EXPECT_EQ(quantize(i4, -2.9f, 1.0f, int64_t(0), Rounding::TowardZero), 0xEu);
  // The other modes reach the encoding.
  EXPECT_EQ(quantize(fp8, 1000.0f, 1.0f), 0x7Eu);
  EXPECT_EQ(
      quantize(fp8, 1000.0f, 1.0f, {}, Rounding::NearestEven, Overflow::IEEE),
      0x7Fu);
  EXPECT_EQ(quantize(parse("f8E5M2"), 1e38f, 1e-10f, {}, Rounding::TowardZero,
                     Overflow::IEEE),
            0x7Cu); // the quotient is an infinity before it is encoded
}

TEST(Blocks, DequantizeSpecialCases) {
  Format i4 = parse("i4"), i8 = parse("i8"), fp8 = parse("f8E4M3FN");
  EXPECT_EQ(dequantize(i4, 0xD, 0.5f), -1.5f);
  EXPECT_EQ(dequantize(i4, 0xD, 0.5f, int64_t(-8)), 2.5f);
  EXPECT_EQ(dequantize(fp8, 0x3C, 2.0f, 0.25f), 2.5f);
  EXPECT_TRUE(std::isnan(dequantize(fp8, 0x7F, 0.0f)));
  EXPECT_TRUE(std::isnan(dequantize(i4, 1, notANumber)));
  EXPECT_TRUE(std::signbit(dequantize(fp8, 0x80, 1.0f)));
  // The difference is exact before its one rounding to f32.
  EXPECT_EQ(dequantize(i8, 1, 1.0f, int64_t(-(1 << 24))), 16777216.0f);
  EXPECT_EQ(dequantize(i8, 3, 1.0f, int64_t(-(1 << 24))), 16777220.0f);
  EXPECT_EQ(dequantize(i8, 127, 1.0f, INT64_MIN), 0x1p63f);
  // A float zero point is subtracted in f32, then multiplied in f32.
  float z = 0.1f, s = 0.3f;
  volatile float difference = 7.0f - z;
  EXPECT_EQ(dequantize(i4, 7, s, z), difference * s);
}

TEST(Blocks, QuantizeAgainstReference) {
  // Rule E15: a NaN that arithmetic made is the positive one.
  auto positive = [](float t) { return std::isnan(t) ? std::fabs(t) : t; };
  std::mt19937_64 generator(5);
  for (const NamedReference &entry : getReferenceCatalog()) {
    Format format = parse(entry.name);
    for (int i = 0; i < 4000; ++i) {
      auto x = llvm::bit_cast<float>(uint32_t(generator()));
      auto s = llvm::bit_cast<float>(uint32_t(generator()));
      if (i % 2) {
        x = float(int32_t(generator())) / 65536.0f;
        s = float(uint32_t(generator())) / 4e9f;
      }
      auto rounding = Rounding(generator() % 3);
      auto overflow = Overflow(generator() % 2);
      auto random = uint32_t(generator());
      volatile float t = s == 0 ? 0.0f : x / s;
      EXPECT_EQ(
          quantize(format, x, s, {}, rounding, overflow, random),
          entry.reference.encode(positive(t), rounding, overflow, random));
      float z = float(int32_t(generator())) / 1e9f;
      volatile float sum = t + z;
      EXPECT_EQ(
          quantize(format, x, s, z, rounding, overflow, random),
          entry.reference.encode(positive(sum), rounding, overflow, random));
      uint64_t code = generator() % format.getNumCodes();
      volatile float value = float(entry.reference.values[code]);
      volatile float product = value * s;
      float y = dequantize(format, code, s);
      EXPECT_TRUE(y == product || (std::isnan(y) && std::isnan(product)));
      if (!format.isInteger() || !std::isfinite(t) || std::fabs(t) > 1e15f)
        continue;
      int64_t zero = int64_t(generator() % 41) - 20;
      double whole = std::trunc(double(t));
      double fraction = std::fabs(t - whole);
      if (Reference::choose(fraction, std::fmod(whole, 2) != 0, rounding,
                            random))
        whole += t < 0 ? -1 : 1;
      double clamped =
          std::min(std::max(whole + double(zero), format.getLowest()),
                   format.getLargest());
      uint64_t expected =
          uint64_t(int64_t(clamped)) & (format.getNumCodes() - 1);
      EXPECT_EQ(quantize(format, x, s, zero, rounding, overflow, random),
                expected)
          << entry.name << " " << x << " " << s << " " << zero;
    }
  }
}

//===----------------------------------------------------------------------===//
// Choosing scales
//===----------------------------------------------------------------------===//

static ScaleChoice choose(llvm::StringRef element, llvm::StringRef scale,
                          ScaleMethod method, std::vector<float> block) {
  return chooseScale(parse(element), parse(scale), method, block);
}

static double chooseValue(llvm::StringRef element, llvm::StringRef scale,
                          ScaleMethod method, std::vector<float> block) {
  ScaleChoice choice = choose(element, scale, method, block);
  return decode(parse(scale), choice.scale);
}

TEST(ChooseScale, Rules) {
  auto rule = [](llvm::StringRef element, llvm::StringRef scale,
                 ScaleMethod method) {
    llvm::Error error = verifyScaleMethod(parse(element), parse(scale), method);
    return error ? llvm::toString(std::move(error)).substr(0, 2) : "";
  };
  using M = ScaleMethod;
  EXPECT_EQ(rule("f8E4M3FN", "f32", M::MinMax), "C1");
  EXPECT_EQ(rule("ui4", "f32", M::MinMax), "");
  EXPECT_EQ(rule("i4", "bf16", M::MinMax), "");
  EXPECT_EQ(rule("ui4", "f32", M::AbsMax), "C2");
  EXPECT_EQ(rule("minifloat<ue5m3fn>", "f32", M::MSE), "C2");
  EXPECT_EQ(rule("f8E8M0FNU", "f32", M::AbsMax), "C2");
  EXPECT_EQ(rule("i4", "f8E8M0FNU", M::MXFloor), "C3");
  EXPECT_EQ(rule("log<4>", "f8E8M0FNU", M::MXCeil), "C3");
  EXPECT_EQ(rule("f4E2M1FN", "f8E4M3FN", M::MXEven), "C3");
  EXPECT_EQ(rule("f4E2M1FN", "f8E8M0FNU", M::MXRCeil), "");
  EXPECT_EQ(rule("i4", "f8E8M0FNU", M::AbsMax), "");
  EXPECT_EQ(rule("codebook<2, [0.0, 1.0, 2.0, 3.0]>", "f32", M::AbsMax), "C4");
  EXPECT_EQ(rule("codebook<2, [0.0, -1.0, -2.0, -3.0]>", "f32", M::MSE), "C4");
  EXPECT_EQ(rule("codebook<4, nf4>", "minifloat<ue5m3fn>", M::MSE), "");
  EXPECT_EQ(rule("i4", "i8", M::AbsMax), "C5");
  EXPECT_EQ(rule("i4", "log<4>", M::AbsMax), "C5");
  EXPECT_EQ(rule("i4", "codebook<4, nf4>", M::AbsMax), "C5");
  EXPECT_EQ(rule("i4", "f64", M::AbsMax), "C5");
  EXPECT_EQ(rule("f64", "f32", M::AbsMax), "C5");
}

TEST(ChooseScale, HandComputed) {
  using M = ScaleMethod;
  EXPECT_EQ(chooseValue("i4", "f32", M::AbsMax, {1, -14, 3}), 2.0);
  EXPECT_EQ(chooseValue("i8", "f32", M::AbsMax, {-254}), 2.0);
  EXPECT_EQ(chooseValue("f8E4M3FN", "f32", M::AbsMax, {448 * 3}), 3.0);
  EXPECT_EQ(chooseValue("f4E2M1FN", "f8E4M3FN", M::AbsMax, {-6.4f, 1}), 1.125);
  EXPECT_EQ(chooseValue("codebook<4, iq4nl>", "f32", M::AbsMax, {-226}), 2.0);
  EXPECT_EQ(chooseValue("log<4>", "f16", M::AbsMax, {0.1f, 0.3f}), 0x1.334p-2);
  // Never 0, never beyond the largest finite scale.
  EXPECT_EQ(chooseValue("i4", "f8E4M3FN", M::AbsMax, {1e-20f}), 0x1p-9);
  EXPECT_EQ(chooseValue("i4", "f8E4M3FN", M::AbsMax, {1e20f}), 448.0);
  EXPECT_EQ(chooseValue("i4", "f8E5M2", M::AbsMax, {1e20f}), 57344.0);
  EXPECT_EQ(chooseValue("i8", "f32", M::AbsMax, {1e-45f}), 0x1p-149);
  // Empty, all zero.
  for (const std::vector<float> &block :
       std::vector<std::vector<float>>{{}, {0.0f, -0.0f}}) {
    for (M method : {M::AbsMax, M::MSE})
      for (llvm::StringRef scale :
           {"f32", "f8E4M3FN", "f8E8M0FNU", "minifloat<ue5m3fn>"})
        EXPECT_EQ(chooseValue("i4", scale, method, block), 1.0);
    for (M method : {M::MXFloor, M::MXCeil, M::MXEven, M::MXRCeil})
      EXPECT_EQ(chooseValue("f4E2M1FN", "f8E8M0FNU", method, block), 1.0);
    ScaleChoice choice = choose("i4", "f32", M::MinMax, block);
    EXPECT_EQ(choice.scale, 0x3F800000u);
    EXPECT_EQ(choice.zeroPoint, -8);
    EXPECT_FALSE(choice.nonFinite);
  }
  // NaN and infinity.
  for (float bad : {notANumber, infinity, -infinity}) {
    ScaleChoice choice = choose("i4", "f8E4M3FN", M::AbsMax, {1, bad, 2});
    EXPECT_TRUE(choice.nonFinite);
    EXPECT_EQ(choice.scale, 0x7Fu);
    choice = choose("f4E2M1FN", "f8E8M0FNU", M::MXFloor, {bad});
    EXPECT_TRUE(choice.nonFinite);
    EXPECT_EQ(choice.scale, 0xFFu);
    choice = choose("i4", "minifloat<e5m3finite>", M::MSE, {1, bad});
    EXPECT_TRUE(choice.nonFinite);
    EXPECT_EQ(choice.scale, 15u << 3);
    choice = choose("ui4", "f32", M::MinMax, {1, bad});
    EXPECT_TRUE(choice.nonFinite);
    EXPECT_EQ(choice.scale, 0x7FC00000u);
    EXPECT_EQ(choice.zeroPoint, 0);
    choice = choose("i4", "minifloat<e5m3finite>", M::MinMax, {1, bad});
    EXPECT_EQ(choice.scale, 15u << 3);
    EXPECT_EQ(choice.zeroPoint, -8);
  }
}

TEST(ChooseScale, MXHandComputed) {
  using M = ScaleMethod;
  struct Row {
    const char *element;
    float amax;
    int floor, ceil, even, rceil;
  } rows[] = {
      // E2M1: largest 6, emax 2.
      {"f4E2M1FN", 4, 0, 0, 0, 0},
      {"f4E2M1FN", 6, 0, 1, 0, 0},
      {"f4E2M1FN", 6.99f, 0, 1, 0, 1}, // below 2 - 2^-2 = 1.75
      {"f4E2M1FN", 7, 0, 1, 1, 1},     // exactly 1.75: half up
      {"f4E2M1FN", 8, 1, 1, 1, 1},
      {"f4E2M1FN", 1, -2, -2, -2, -2},
      {"f4E2M1FN", -1.5f, -2, -1, -2, -2},
      {"f4E2M1FN", 1e-45f, -127, -127, -127, -127},
      // floor: 2^125, and 6 * 2^125 is finite; up one it is not.
      {"f4E2M1FN", FLT_MAX, 125, 125, 125, 125},
      // E4M3: largest 448 = 1.75 * 2^8, emax 8.
      {"f8E4M3FN", 256, 0, 0, 0, 0},
      {"f8E4M3FN", 448, 0, 1, 0, 0},
      {"f8E4M3FN", 449, 0, 1, 0, 1},
      {"f8E4M3FN", 495, 0, 1, 0, 1},
      {"f8E4M3FN", 496, 0, 1, 1, 1}, // 1.9375
      {"f8E4M3FN", 0x1p-126f, -127, -127, -127, -127},
      // E5M2, emax 15; E3M2, 28, emax 4; E2M3, 7.5, emax 2.
      {"f8E5M2", 57344, 0, 1, 0, 0}, // 1.75; the bump is at 1.875
      {"f8E5M2", 61440, 0, 1, 1, 1},
      {"f8E5M2", 0x1p-100f, -115, -115, -115, -115},
      {"f6E3M2FN", 28, 0, 1, 0, 0},
      {"f6E3M2FN", 30, 0, 1, 1, 1},
      {"f6E2M3FN", 7.5f, 0, 1, 0, 0},
      {"f6E2M3FN", 7.75f, 0, 1, 1, 1},
  };
  for (const Row &row : rows) {
    auto exponent = [&](M method) {
      return int(choose(row.element, "f8E8M0FNU", method,
                        {0.0f, row.amax, row.amax / 4})
                     .scale) -
             127;
    };
    EXPECT_EQ(exponent(M::MXFloor), row.floor) << row.element << row.amax;
    EXPECT_EQ(exponent(M::MXCeil), row.ceil) << row.element << row.amax;
    EXPECT_EQ(exponent(M::MXEven), row.even) << row.element << row.amax;
    EXPECT_EQ(exponent(M::MXRCeil), row.rceil) << row.element << row.amax;
  }
}

TEST(ChooseScale, MinMaxHandComputed) {
  using M = ScaleMethod;
  auto check = [](llvm::StringRef element, llvm::StringRef scale,
                  std::vector<float> block, double s, int64_t z) {
    ScaleChoice choice = choose(element, scale, M::MinMax, block);
    EXPECT_EQ(decode(parse(scale), choice.scale), s);
    EXPECT_EQ(choice.zeroPoint, z);
  };
  check("ui4", "f32", {0, 15}, 1, 0);
  check("ui4", "f32", {-5, 10}, 1, 5);
  check("i4", "f32", {-5, 10}, 1, -3);
  check("i4", "f32", {-8, 7}, 1, 0);
  check("ui4", "f32", {-30}, 2, 15); // 0 always counts
  check("ui4", "f32", {3, 30, 9}, 2, 0);
  check("ui8", "f32", {-1, 254}, 1, 1);
  check("i8", "f32", {-2.5f, 252.5f}, 1, -126); // -125.5: a tie, to even
  // z uses the scale as rounded to its type: 16.5 / 15 = 1.1 becomes 1.125.
  check("ui4", "f8E4M3FN", {-9, 7.5f}, 1.125, 8);
  // A scale cut to its smallest or largest value; z is clamped.
  check("ui4", "f8E4M3FN", {-1e-9f, 1e-9f}, 0x1p-9, 0);
  check("ui4", "f8E4M3FN", {-1e9f, 1e9f}, 448, 15);
  // hi - lo overflows: 15 * s is finite, and no larger scale is so.
  ScaleChoice choice = choose("ui4", "f32", M::MinMax, {-FLT_MAX, FLT_MAX});
  auto s = llvm::bit_cast<float>(uint32_t(choice.scale));
  EXPECT_TRUE(std::isfinite(s * 15));
  EXPECT_TRUE(std::isinf(std::nextafterf(s, infinity) * 15));
  EXPECT_EQ(choice.zeroPoint, 15);
}

/// The scale nearest to `ideal`, by search among the scale format's positive
/// values (all their codes ascend); ties to the even code, as formats with
/// mantissa bits have it.
static uint64_t searchScale(const Reference &scale, float ideal,
                            float largest) {
  uint64_t first = scale.kind == Reference::Exponent ? 0 : 1;
  uint64_t best = first;
  for (uint64_t code = first; code <= scale.last; ++code) {
    if (std::isinf(float(scale.magnitudes[code]) * largest))
      break;
    double middle =
        code == first
            ? 0.0
            : (scale.magnitudes[code - 1] + scale.magnitudes[code]) / 2;
    bool even = code % 2 == 0 || scale.kind == Reference::Exponent;
    if (ideal > middle || (ideal == middle && even))
      best = code;
  }
  return best;
}

TEST(ChooseScale, AgainstRederivation) {
  std::mt19937_64 generator(6);
  std::map<std::string, Reference> catalog;
  for (NamedReference &entry : getReferenceCatalog())
    catalog.emplace(entry.name, std::move(entry.reference));
  auto getDecoded = [](const Reference &r, uint64_t code) {
    return float(r.values[code]);
  };
  const char *elements[] = {
      "f4E2M1FN", "f8E4M3FN", "f6E2M3FN",         "f8E5M2FNUZ",        "i4",
      "i8",       "log<4>",   "codebook<4, nf4>", "codebook<4, iq4nl>"};
  const char *scales[] = {"f8E8M0FNU", "f8E4M3FN", "minifloat<ue5m3fn>",
                          "f8E5M2", "bf16"};
  for (const char *elementName : elements) {
    Format element = parse(elementName);
    const Reference &elementRef = catalog.at(elementName);
    auto largest = float(element.getScaleLargest());
    for (const char *scaleName : scales) {
      Format scale = parse(scaleName);
      const Reference &scaleRef = catalog.at(scaleName);
      bool isWide = scaleRef.bits == 16;
      for (int round = 0; round < (isWide ? 4 : 24); ++round) {
        std::vector<float> block;
        float size = std::ldexp(1.0f, int(generator() % 40) - 25);
        if (round % 8 == 7)
          size = std::ldexp(1.0f, 95); // near overflow of f32
        for (int i = 0; i < 17; ++i)
          block.push_back(float(int32_t(generator())) * size);
        float amax = 0;
        for (float x : block)
          amax = std::max(amax, std::fabs(x));
        volatile float ideal = amax / largest;
        ScaleChoice choice =
            chooseScale(element, scale, ScaleMethod::AbsMax, block);
        EXPECT_FALSE(choice.nonFinite);
        EXPECT_EQ(choice.scale, searchScale(scaleRef, ideal, largest))
            << elementName << " " << scaleName << " " << amax;

        // Least squares, from k = 32 up with ties to the larger.
        double best = inf;
        uint64_t bestCode = 0;
        for (int k = 32; k <= 64; ++k) {
          volatile float product = ideal * float(k);
          volatile float candidate = product / 64.0f;
          uint64_t code = searchScale(scaleRef, candidate, largest);
          float s = getDecoded(scaleRef, code);
          volatile double sum = 0;
          for (float x : block) {
            volatile float t = x / s;
            volatile float y =
                getDecoded(elementRef,
                           elementRef.encode(t, Rounding::NearestEven,
                                             Overflow::Saturate, 0)) *
                s;
            volatile double error = double(x) - double(y);
            volatile double square = error * error;
            sum = sum + square;
          }
          if (sum <= best) {
            best = sum;
            bestCode = code;
          }
        }
        EXPECT_EQ(chooseScale(element, scale, ScaleMethod::MSE, block).scale,
                  bestCode)
            << elementName << " " << scaleName << " " << amax;

        if (elementRef.kind != Reference::Integer)
          continue;
        double low = 0, high = 0;
        for (float x : block) {
          low = std::min<double>(low, x);
          high = std::max<double>(high, x);
        }
        float qmin = float(element.getLowest());
        float qmax = float(element.getLargest());
        volatile float range = float(high) - float(low);
        volatile float step = range / (qmax - qmin);
        choice = chooseScale(element, scale, ScaleMethod::MinMax, block);
        EXPECT_EQ(choice.scale,
                  searchScale(scaleRef, step, std::max(-qmin, qmax)));
        volatile float ratio = float(low) / getDecoded(scaleRef, choice.scale);
        volatile float z = qmin - ratio;
        EXPECT_EQ(
            double(choice.zeroPoint),
            std::min<double>(std::max<double>(std::nearbyint(z), qmin), qmax));
      }
    }
  }
}

TEST(ChooseScale, MXAgainstRederivation) {
  std::mt19937_64 generator(7);
  struct Element {
    const char *name;
    int emax, mantissaBits;
    float largest;
  } elements[] = {{"f4E2M1FN", 2, 1, 6},
                  {"f6E2M3FN", 2, 3, 7.5f},
                  {"f6E3M2FN", 4, 2, 28},
                  {"f8E4M3FN", 8, 3, 448},
                  {"f8E5M2", 15, 2, 57344},
                  {"f8E3M4", 3, 4, 15.5f},
                  {"minifloat<e5m3fn>", 16, 3, 114688}};
  for (const Element &element : elements) {
    for (int i = 0; i < 20000; ++i) {
      uint32_t bits = uint32_t(generator()) & 0x7FFFFFFF;
      // Significands at and beside the points where a rule changes.
      if (i % 2)
        bits = (bits & 0x7F800000) | ((uint32_t(generator() % 64) << 17) +
                                      uint32_t(generator() % 3) - 1) %
                                         (1 << 23);
      auto amax = llvm::bit_cast<float>(bits);
      if (!std::isfinite(amax) || amax == 0)
        continue;
      // Search: the exponent with 2^e <= amax < 2^(e + 1).
      int e = -149;
      while (e < 127 && std::ldexp(1.0, e + 1) <= double(amax))
        ++e;
      double power = std::ldexp(1.0, e);
      auto check = [&](ScaleMethod method, int exponent) {
        exponent = std::min(std::max(exponent, -127), 127);
        while (std::isinf(float(std::ldexp(1.0, exponent)) * element.largest))
          --exponent;
        EXPECT_EQ(choose(element.name, "f8E8M0FNU", method, {-amax}).scale,
                  uint64_t(exponent + 127))
            << element.name << " " << amax << " "
            << stringifyScaleMethod(method).str();
      };
      check(ScaleMethod::MXFloor, e - element.emax);
      check(ScaleMethod::MXCeil, e - element.emax + (amax > power));
      double step = std::ldexp(power, -element.mantissaBits);
      double rounded = std::floor(amax / step + 0.5) * step;
      check(ScaleMethod::MXEven, e - element.emax + (rounded >= 2 * power));
      volatile float ratio = amax / element.largest;
      int up = -127;
      while (up < 127 && std::ldexp(1.0, up) < double(ratio))
        ++up;
      check(ScaleMethod::MXRCeil, up);
    }
  }
}

/// Scales in f32 with an overflow guard: the largest scale below is found.
TEST(ChooseScale, OverflowGuard) {
  for (llvm::StringRef name :
       {"i4", "f8E4M3FN", "f4E2M1FN", "codebook<4, nf4>", "f16", "bf16"}) {
    Format element = parse(name);
    auto largest = float(element.getScaleLargest());
    for (llvm::StringRef scaleName : {"f32", "bf16", "f8E8M0FNU"}) {
      Format scale = parse(scaleName);
      for (float amax :
           {FLT_MAX, FLT_MAX * 0.999f, FLT_MAX / 2, 1.0f, FLT_MIN, 0x1p-149f}) {
        volatile float ideal = amax / largest;
        uint64_t code =
            chooseScale(element, scale, ScaleMethod::AbsMax, {amax}).scale;
        auto s = float(decode(scale, code));
        EXPECT_GT(s, 0.0f);
        EXPECT_TRUE(std::isfinite(s * largest)) << name.str() << amax;
        uint64_t plain = encode(scale, ideal);
        if (code < plain) {
          EXPECT_TRUE(std::isinf(float(decode(scale, code + 1)) * largest));
        } else if (decode(scale, plain) > 0) {
          EXPECT_EQ(code, plain);
        } else {
          EXPECT_EQ(s, scale.getSmallest());
        }
      }
    }
  }
  // A codebook whose largest is below 1: amax / largest is an infinity.
  EXPECT_EQ(chooseValue("codebook<2, [-0.5, 0.0, 0.25, 0.5]>", "f32",
                        ScaleMethod::AbsMax, {FLT_MAX}),
            FLT_MAX);
}

/// NVFP4: E2M1 data, E4M3 scales of blocks of 16, one f32 scale above them.
TEST(Blocks, TwoLevels) {
  Format fp4 = parse("f4E2M1FN"), fp8 = parse("f8E4M3FN"), f32 = parse("f32");
  std::mt19937_64 generator(8);
  Blocking blocking({4, 64}, {1, 16});
  std::vector<float> x(256);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(int32_t(generator())) / 0x1p31f * float(1 + i / 16);
  float amax = 0;
  for (float value : x)
    amax = std::max(amax, std::fabs(value));
  volatile float top = amax / 2688.0f; // 448 * 6
  std::vector<float> ideal(16);
  blocking.forEachBlock([&](int64_t scale, llvm::ArrayRef<int64_t> elements) {
    ASSERT_EQ(elements.size(), 16u);
    std::vector<float> block;
    for (int64_t element : elements)
      block.push_back(x[element]);
    uint64_t code = chooseScale(fp4, f32, ScaleMethod::AbsMax, block).scale;
    ideal[scale] = llvm::bit_cast<float>(uint32_t(code));
  });
  double worst = 0;
  for (int64_t i = 0; i < 256; ++i) {
    int64_t block = blocking.getScaleIndex(i);
    uint64_t scaleCode = quantize(fp8, ideal[block], top);
    float s = dequantize(fp8, scaleCode, top);
    volatile float byHand = float(decode(fp8, scaleCode)) * top;
    EXPECT_EQ(s, byHand);
    EXPECT_GT(s, 0.0f);
    float y = dequantize(fp4, quantize(fp4, x[i], s), s);
    // Half a step of E2M1 at the top is 1 scale; E4M3 cuts 1/16 at most.
    worst = std::max(worst, std::fabs(double(x[i]) - y) / ideal[block]);
  }
  EXPECT_LT(worst, 1.1 + 6.0 / 16);
  // The largest block scale takes the top of E4M3.
  EXPECT_EQ(quantize(fp8, *std::max_element(ideal.begin(), ideal.end()), top),
            0x7Eu);
}
