//===- TensorTest.cpp - The ops on arrays of codes ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <random>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::SmallVector;

static Format f32() { return Format::getBuiltin("f32"); }

static CodeTensor floats(ArrayRef<int64_t> shape, ArrayRef<float> values) {
  std::vector<uint64_t> codes;
  for (float value : values)
    codes.push_back(llvm::bit_cast<uint32_t>(value));
  return CodeTensor(f32(), shape, codes);
}

static CodeTensor integers(const Format &format, ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> values) {
  std::vector<uint64_t> codes;
  for (int64_t value : values)
    codes.push_back(uint64_t(value) & (format.getNumCodes() - 1));
  return CodeTensor(format, shape, codes);
}

static std::vector<double> valuesOf(const CodeTensor &tensor) {
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.getNumElements(); ++i)
    values.push_back(tensor.getValue(i));
  return values;
}

using Doubles = std::vector<double>;

//===----------------------------------------------------------------------===//
// Packed storage
//===----------------------------------------------------------------------===//

/// The packer of design section 7 one bit at a time.
static std::vector<uint8_t> packBits(ArrayRef<uint64_t> codes, unsigned bits,
                                     int64_t rows, int64_t rowLength) {
  unsigned stride = bits < 8 ? bits : bits == 8 ? 8 : 16;
  int64_t rowBytes = (rowLength * stride + 7) / 8;
  std::vector<uint8_t> bytes(rows * rowBytes, 0);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < rowLength; ++i)
      for (unsigned bit = 0; bit < bits; ++bit)
        if (codes[row * rowLength + i] >> bit & 1) {
          int64_t position = i * stride + bit;
          bytes[row * rowBytes + position / 8] |= 1 << position % 8;
        }
  return bytes;
}

TEST(Packing, AllWidthsAgainstBitByBit) {
  std::mt19937_64 random(1);
  for (unsigned bits = 2; bits <= 16; ++bits)
    for (int64_t rows : {0, 1, 3})
      for (int64_t rowLength : {0, 1, 2, 3, 7, 8, 9, 31}) {
        std::vector<uint64_t> codes(rows * rowLength);
        for (uint64_t &code : codes)
          code = random() & ((uint64_t(1) << bits) - 1);
        std::vector<uint8_t> expected = packBits(codes, bits, rows, rowLength);
        EXPECT_EQ(getPackedRowBytes(bits, rowLength) * rows,
                  int64_t(expected.size()));
        EXPECT_EQ(packCodes(codes, bits, rowLength), expected)
            << bits << " bits, " << rows << " x " << rowLength;
        EXPECT_EQ(unpackCodes(expected, bits, rows, rowLength), codes);
      }
}

TEST(Packing, HandWritten) {
  // Element 2i in the low nibble; each row starts on a byte.
  EXPECT_EQ(packCodes({1, 2, 3, 4, 5, 6}, 4, 3),
            (std::vector<uint8_t>{0x21, 0x03, 0x54, 0x06}));
  // 6 bits: 111111 000001 -> 0x7F 0x00.
  EXPECT_EQ(packCodes({0x3F, 1}, 6, 2), (std::vector<uint8_t>{0x7F, 0x00}));
  EXPECT_EQ(packCodes({0x1FF}, 9, 1), (std::vector<uint8_t>{0xFF, 0x01}));
}

TEST(Packing, PaddingIsIgnoredWhenRead) {
  EXPECT_EQ(unpackCodes({0xF5}, 4, 1, 1), std::vector<uint64_t>{5});
  EXPECT_EQ(unpackCodes({0xFF, 0xFF}, 9, 1, 1), std::vector<uint64_t>{0x1FF});
}

TEST(Packing, HighBitsOfCodesAreNotWritten) {
  EXPECT_EQ(packCodes({0xFFF1, 0xFFF2}, 4, 2), std::vector<uint8_t>{0x21});
}

//===----------------------------------------------------------------------===//
// convert
//===----------------------------------------------------------------------===//

TEST(Convert, EveryFormatOverAllBF16LikeScalarCode) {
  // The table and the fast rounding give what encode and decode give.
  Format bf16 = Format::getBuiltin("bf16");
  CodeTensor input(bf16, {65536});
  for (uint64_t code = 0; code < 65536; ++code)
    input.codes[code] = code;
  std::vector<Format> targets(getCatalog().begin(), getCatalog().end());
  targets.push_back(f32());
  for (const Format &to : targets)
    for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE})
      for (Rounding rounding : {Rounding::NearestEven, Rounding::TowardZero}) {
        CodeTensor result = convertTensor(input, to, rounding, overflow);
        for (uint64_t code = 0; code < 65536; ++code)
          ASSERT_EQ(result.codes[code],
                    encode(to, decode(bf16, code), rounding, overflow))
              << to.getName() << " from " << code;
      }
}

TEST(Convert, DoubleToFloatRoundsOnceAndSaturates) {
  Format f64 = Format::getBuiltin("f64");
  CodeTensor input(f64, {5});
  double values[] = {1.0 + 0x1p-24, 1.0 + 0x1p-24 + 0x1p-50, 1e300, -1e300,
                     0x1p-150};
  for (auto [code, value] : llvm::zip(input.codes, values))
    code = llvm::bit_cast<uint64_t>(value);
  double largest = std::numeric_limits<float>::max();
  EXPECT_EQ(valuesOf(convertTensor(input, f32(), Rounding::NearestEven,
                                   Overflow::Saturate)),
            (Doubles{1.0, 1.0 + 0x1p-23, largest, -largest, 0.0}));
  double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(valuesOf(convertTensor(input, f32(), Rounding::NearestEven,
                                   Overflow::IEEE)),
            (Doubles{1.0, 1.0 + 0x1p-23, inf, -inf, 0.0}));
}

TEST(Convert, Stochastic) {
  // 1.25 of i4 lies a quarter of the gap above 1: up iff r < 2^30.
  CodeTensor input = floats({2}, {1.25f, 1.25f});
  CodeTensor result =
      convertTensor(input, Format::getInteger(4, true), Rounding::Stochastic,
                    Overflow::Saturate, {(1u << 30) - 1, 1u << 30});
  EXPECT_EQ(valuesOf(result), (Doubles{2.0, 1.0}));
}

//===----------------------------------------------------------------------===//
// quantize, dequantize
//===----------------------------------------------------------------------===//

TEST(Quantize, GroupsAlongRows) {
  Format i4 = Format::getInteger(4, true);
  CodeTensor input = floats({2, 4}, {1, 2, 3, 4, 10, 20, -30, 80});
  CodeTensor scale = floats({2, 2}, {1, 2, 10, 20});
  Scaling scaling{&scale, nullptr, {1, 2}};
  CodeTensor q = quantizeTensor(input, i4, scaling, Rounding::NearestEven,
                                Overflow::Saturate);
  // 1.5 rounds to 2, -1.5 to -2.
  EXPECT_EQ(valuesOf(q), (Doubles{1, 2, 2, 2, 1, 2, -2, 4}));
  EXPECT_EQ(valuesOf(dequantizeTensor(q, f32(), scaling)),
            (Doubles{1, 2, 4, 4, 10, 20, -40, 80}));
}

TEST(Quantize, RaggedBlocks) {
  // 5 columns in blocks of 2: the last block has one column.
  Format i8 = Format::getInteger(8, true);
  CodeTensor input = floats({1, 5}, {8, 8, 8, 8, 8});
  CodeTensor scale = floats({1, 3}, {1, 2, 4});
  CodeTensor q = quantizeTensor(input, i8, {&scale, nullptr, {1, 2}},
                                Rounding::NearestEven, Overflow::Saturate);
  EXPECT_EQ(valuesOf(q), (Doubles{8, 8, 4, 4, 2}));
}

TEST(Quantize, SizesZeroAndOne) {
  Format i4 = Format::getInteger(4, true);
  CodeTensor scale = floats({1, 1}, {2});
  CodeTensor empty(f32(), {0, 3});
  EXPECT_EQ(quantizeTensor(empty, i4, {&scale, nullptr, {0, 0}},
                           Rounding::NearestEven, Overflow::Saturate)
                .getNumElements(),
            0);
  CodeTensor noScales(f32(), {0, 1});
  EXPECT_EQ(dequantizeTensor(CodeTensor(i4, {0, 3}), f32(),
                             {&noScales, nullptr, {1, 0}})
                .getNumElements(),
            0);
  CodeTensor scalarScale = floats({}, {2});
  EXPECT_EQ(
      valuesOf(quantizeTensor(floats({}, {6}), i4, {&scalarScale, nullptr, {}},
                              Rounding::NearestEven, Overflow::Saturate)),
      Doubles{3});
  // One scale of rank 0 for a tensor of rank 2.
  EXPECT_EQ(valuesOf(quantizeTensor(floats({1, 2}, {6, 8}), i4,
                                    {&scalarScale, nullptr, {0, 0}},
                                    Rounding::NearestEven, Overflow::Saturate)),
            (Doubles{3, 4}));
}

TEST(Quantize, ZeroPoints) {
  Format ui4 = Format::getInteger(4, false);
  CodeTensor input = floats({4}, {-1.0f, 0.0f, 2.25f, 100.0f});
  CodeTensor scale = floats({1}, {0.5f});
  CodeTensor z = integers(Format::getInteger(8, false), {1}, {3});
  // round(-2) + 3, round(0) + 3, round(4.5) + 3, saturated.
  CodeTensor q = quantizeTensor(input, ui4, {&scale, &z, {0}},
                                Rounding::NearestEven, Overflow::Saturate);
  EXPECT_EQ(valuesOf(q), (Doubles{1, 3, 7, 15}));
  EXPECT_EQ(valuesOf(dequantizeTensor(q, f32(), {&scale, &z, {0}})),
            (Doubles{-1, 0, 2, 6}));
  // A float zero point is added before rounding: 4.5 + 3.5 is 8.
  CodeTensor floatZ = floats({1}, {3.5f});
  CodeTensor q2 = quantizeTensor(input, ui4, {&scale, &floatZ, {0}},
                                 Rounding::NearestEven, Overflow::Saturate);
  EXPECT_EQ(valuesOf(q2), (Doubles{2, 4, 8, 15}));
  EXPECT_EQ(valuesOf(dequantizeTensor(q2, f32(), {&scale, &floatZ, {0}})),
            (Doubles{-0.75, 0.25, 2.25, 5.75}));
}

TEST(Dequantize, TwoLevelScales) {
  // NVFP4: the scale is itself the result of a dequantize.
  Format e4m3 = Format::getBuiltin("f8E4M3FN");
  Format e2m1 = Format::getBuiltin("f4E2M1FN");
  CodeTensor blockScales =
      convertTensor(floats({1, 2}, {2, 0.5}), e4m3, Rounding::NearestEven,
                    Overflow::Saturate);
  CodeTensor global = floats({}, {0.25f});
  CodeTensor scales =
      dequantizeTensor(blockScales, f32(), {&global, nullptr, {0, 0}});
  EXPECT_EQ(valuesOf(scales), (Doubles{0.5, 0.125}));
  // E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6.
  CodeTensor data(e2m1, {1, 4}, {7, 9, 3, 2});
  EXPECT_EQ(valuesOf(dequantizeTensor(data, f32(), {&scales, nullptr, {1, 2}})),
            (Doubles{3, -0.25, 0.1875, 0.125}));
}

TEST(Dequantize, LikeTheScalarFunction) {
  // Large enough for the table, with every code of every format.
  for (const Format &format : getCatalog()) {
    int64_t size = format.getNumCodes();
    CodeTensor data(format, {size});
    for (int64_t i = 0; i < size; ++i)
      data.codes[i] = i;
    CodeTensor scale = floats({1}, {1.7f});
    CodeTensor result = dequantizeTensor(data, f32(), {&scale, nullptr, {0}});
    for (int64_t i = 0; i < size; ++i) {
      float value = dequantize(format, i, 1.7f);
      // A NaN is the positive one (rule E15).
      uint64_t expected = std::isnan(value) ? 0x7FC00000 : encode(f32(), value);
      ASSERT_EQ(result.codes[i], expected) << format.getName() << " code " << i;
    }
  }
}

TEST(ChooseScales, AbsMaxAndMinMax) {
  Format i4 = Format::getInteger(4, true);
  CodeTensor input = floats({2, 3}, {1, -14, 7, 0, 0, 0});
  ChosenScales absMax =
      chooseScales(input, i4, f32(), ScaleMethod::AbsMax, {1, 0});
  EXPECT_EQ(absMax.scale.shape, (SmallVector<int64_t>{2, 1}));
  EXPECT_EQ(valuesOf(absMax.scale), (Doubles{2, 1}));
  EXPECT_FALSE(absMax.zeroPoint);
  EXPECT_FALSE(absMax.unrepresentable);

  // lo = -14, hi = 7: s = 21 / 15, z = round(0 - -14 / s).
  Format ui4 = Format::getInteger(4, false);
  ChosenScales minMax = chooseScales(input, ui4, f32(), ScaleMethod::MinMax,
                                     {1, 0}, Format::getInteger(8, false));
  float s = 21.0f / 15.0f;
  EXPECT_EQ(valuesOf(minMax.scale), (Doubles{s, 1}));
  ASSERT_TRUE(minMax.zeroPoint);
  EXPECT_EQ(minMax.zeroPoint->format, Format::getInteger(8, false));
  EXPECT_EQ(valuesOf(*minMax.zeroPoint), (Doubles{10, 0}));
}

TEST(ChooseScales, NonFinite) {
  Format i4 = Format::getInteger(4, true);
  float inf = std::numeric_limits<float>::infinity();
  CodeTensor input = floats({2}, {1, inf});
  ChosenScales nan = chooseScales(input, i4, f32(), ScaleMethod::AbsMax, {0});
  EXPECT_TRUE(std::isnan(nan.scale.getValue(0)));
  EXPECT_FALSE(nan.unrepresentable);
  llvm::Expected<Format> noNaN = Format::parseFloat("ue4m3finite");
  ASSERT_TRUE(bool(noNaN));
  ChosenScales none = chooseScales(input, i4, *noNaN, ScaleMethod::AbsMax, {0});
  EXPECT_TRUE(none.unrepresentable);
  EXPECT_EQ(none.scale.getValue(0), 1.0);
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

static CodeTensor randomFloats(ArrayRef<int64_t> shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  CodeTensor result(f32(), shape);
  for (uint64_t &code : result.codes)
    code = llvm::bit_cast<uint32_t>(normal(random));
  return result;
}

static CodeTensor randomCodes(const Format &format, ArrayRef<int64_t> shape,
                              unsigned seed) {
  std::mt19937_64 random(seed);
  CodeTensor result(format, shape);
  for (uint64_t &code : result.codes)
    code = random() % format.getNumCodes();
  return result;
}

TEST(Matmul, AgainstDoubleLoops) {
  // Sizes beyond one cache block in k and n.
  for (bool transposeB : {false, true})
    for (auto [m, n, k] : {std::tuple<int64_t, int64_t, int64_t>{3, 5, 7},
                           {1, 1, 1},
                           {2, 300, 513},
                           {0, 3, 4},
                           {2, 0, 3},
                           {2, 3, 0}}) {
      CodeTensor a = randomFloats({m, k}, 1);
      CodeTensor b =
          transposeB ? randomFloats({n, k}, 2) : randomFloats({k, n}, 2);
      std::vector<float> bias;
      for (int64_t j = 0; j < n; ++j)
        bias.push_back(float(j) / 3.0f);
      std::vector<double> magnitude;
      CodeTensor c = matmulTensor({&a, {}}, {&b, {}}, bias, transposeB, f32(),
                                  false, &magnitude);
      ASSERT_EQ(c.shape, (SmallVector<int64_t>{m, n}));
      ASSERT_EQ(int64_t(magnitude.size()), m * n);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double sum = 0, bound = 0;
          for (int64_t x = 0; x < k; ++x) {
            double product = a.getValue(i * k + x) *
                             b.getValue(transposeB ? j * k + x : x * n + j);
            sum += product;
            bound += std::fabs(product);
          }
          sum += bias[j];
          bound += std::fabs(bias[j]);
          EXPECT_EQ(c.getValue(i * n + j), double(float(sum)));
          EXPECT_EQ(magnitude[i * n + j], bound);
        }
    }
}

TEST(Matmul, ScalesZeroPointsAndBatches) {
  Format ui4 = Format::getInteger(4, false);
  CodeTensor a = randomFloats({2, 3, 6}, 3);
  CodeTensor b = randomCodes(ui4, {4, 6}, 4); // N x K, no batch
  CodeTensor scale = randomFloats({4, 2}, 5);
  CodeTensor z = randomCodes(ui4, {4, 2}, 6);
  CodeTensor c = matmulTensor({&a, {}}, {&b, {&scale, &z, {1, 4}}}, {}, true,
                              Format::getBuiltin("f16"));
  ASSERT_EQ(c.shape, (SmallVector<int64_t>{2, 3, 4}));
  for (int64_t batch = 0; batch < 2; ++batch)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 4; ++j) {
        double sum = 0;
        for (int64_t x = 0; x < 6; ++x) {
          int64_t group = j * 2 + x / 4;
          float weight = float(b.getValue(j * 6 + x) - z.getValue(group)) *
                         float(scale.getValue(group));
          sum += a.getValue((batch * 3 + i) * 6 + x) * double(weight);
        }
        EXPECT_EQ(c.codes[(batch * 3 + i) * 4 + j],
                  encode(Format::getBuiltin("f16"), sum, Rounding::NearestEven,
                         Overflow::IEEE));
      }
}

TEST(Matmul, ExactIntegers) {
  Format i8 = Format::getInteger(8, true);
  CodeTensor a = randomCodes(i8, {2, 8}, 7);
  CodeTensor b = randomCodes(i8, {8, 3}, 8);
  CodeTensor aScale = floats({2, 1}, {0.1f, 0.3f});
  CodeTensor bScale = randomFloats({3, 3}, 9); // ragged: 3 + 3 + 2 of K
  CodeTensor z = integers(i8, {2, 1}, {5, -7});
  std::vector<double> magnitude;
  CodeTensor c = matmulTensor({&a, {&aScale, &z, {1, 0}}},
                              {&b, {&bScale, nullptr, {3, 1}}}, {1, 2, 3},
                              false, f32(), true, &magnitude);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j) {
      double total = 0;
      for (int64_t group = 0; group < 3; ++group) {
        int64_t partial = 0;
        for (int64_t x = group * 3; x < std::min<int64_t>(8, group * 3 + 3);
             ++x)
          partial += int64_t(a.getValue(i * 8 + x) - z.getValue(i)) *
                     int64_t(b.getValue(x * 3 + j));
        total += double(partial) *
                 (aScale.getValue(i) * bScale.getValue(group * 3 + j));
      }
      EXPECT_EQ(c.getValue(i * 3 + j), double(float(total + (j + 1))));
      EXPECT_GE(magnitude[i * 3 + j], std::fabs(total));
    }
}

TEST(Matmul, OverflowGoesToInfinity) {
  CodeTensor a = floats({1, 1}, {300}), b = floats({1, 1}, {300});
  CodeTensor c =
      matmulTensor({&a, {}}, {&b, {}}, {}, false, Format::getBuiltin("f16"));
  EXPECT_TRUE(std::isinf(c.getValue(0)));
}

//===----------------------------------------------------------------------===//
// Properties of conversions
//===----------------------------------------------------------------------===//

static Format parse(llvm::StringRef text) {
  return llvm::cantFail(Format::parse(text));
}

TEST(Lossless, Table) {
  struct {
    const char *from, *to;
    bool saturate, ieee;
  } rows[] = {
      {"i4", "i8", true, true},
      {"i8", "i4", false, false},
      {"ui4", "i4", false, false},
      {"ui4", "i5", true, true},
      {"i4", "f8E4M3FN", true, true},   // 4 significant bits hold -8..7
      {"i5", "f8E4M3FN", true, true},   // so do they -16..15
      {"i6", "f8E4M3FN", false, false}, // but not 31
      {"f4E2M1FN", "f8E4M3FN", true, true},
      {"f4E2M1FN", "f6E2M3FN", true, true},
      {"f4E2M1FN", "i8", false, false},         // 0.5
      {"f4E2M1FN", "f8E4M3FNUZ", false, false}, // no -0
      {"f6E3M2FN", "f8E4M3FN", true, true},
      {"f8E4M3FN", "f16", true, true},
      {"f8E4M3FN", "f8E5M2", false, false},
      {"f8E5M2", "f16", false, true}, // infinity saturates
      {"f8E5M2", "f8E5M2", false, true},
      {"f8E5M2FNUZ", "f16", true, true},
      {"f8E8M0FNU", "f32", true, true}, // 2^-127 is subnormal there
      {"f8E8M0FNU", "f16", false, false},
      {"f8E8M0FNU", "bf16", true, true},
      {"f16", "f32", false, true},
      {"bf16", "f32", false, true},
      {"f16", "bf16", false, false},
      {"f32", "f32", false, true},
      {"f32", "f64", false, true},
      {"f64", "f32", false, false},
      {"f64", "f64", false, true},
      {"f32", "f16", false, false},
      {"log<4>", "minifloat<e3m0finite, bias = 7>", true, true},
      {"codebook<4, nf4>", "f32", true, true},
      {"codebook<4, iq4nl>", "i8", true, true},
      {"codebook<4, iq4nl>", "bf16", true, true},
  };
  for (const auto &row : rows) {
    EXPECT_EQ(isLossless(parse(row.from), parse(row.to), Overflow::Saturate),
              row.saturate)
        << row.from << " to " << row.to << " (saturate)";
    EXPECT_EQ(isLossless(parse(row.from), parse(row.to), Overflow::IEEE),
              row.ieee)
        << row.from << " to " << row.to << " (ieee)";
  }
  EXPECT_TRUE(isLossless(Format::getInteger(32, true),
                         Format::getBuiltin("f64"), Overflow::Saturate));
  EXPECT_FALSE(
      isLossless(Format::getInteger(32, true), f32(), Overflow::Saturate));
}

TEST(PreservesCodes, Table) {
  struct {
    const char *format;
    bool saturate, ieee;
  } rows[] = {
      {"i4", true, true},
      {"ui8", true, true},
      {"f4E2M1FN", true, true},
      {"f8E4M3FN", true, true},
      {"f8E5M2", false, false}, // infinities; several NaNs
      {"f8E4M3FNUZ", true, true},
      {"f8E8M0FNU", true, true},
      {"f16", false, false},
      {"f32", false, false},
      {"log<4>", true, true},
      {"codebook<4, nf4>", true, true},
      // Two codes of one value.
      {"codebook<2, [0.0, 0.0, 1.0, -1.0]>", false, false},
  };
  for (const auto &row : rows) {
    EXPECT_EQ(preservesCodes(parse(row.format), Overflow::Saturate),
              row.saturate)
        << row.format;
    EXPECT_EQ(preservesCodes(parse(row.format), Overflow::IEEE), row.ieee)
        << row.format;
  }
}
