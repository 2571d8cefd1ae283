//===- ArraysTest.cpp - The ops on large arrays ---------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Against the scalar codec and the plain loops of Tensor.h, code by code.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Arrays.h"
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

static int64_t getRowLength(ArrayRef<int64_t> shape) {
  return shape.empty() ? 1 : shape.back();
}

namespace {
/// An array and the memory that it lies in.
struct Stored {
  std::vector<uint8_t> bytes;
  ArrayView view;

  Stored(const CodeTensor &tensor, ArrayStorage storage = ArrayStorage::Packed)
      : view{tensor.format, tensor.shape, {}, storage} {
    unsigned bits = tensor.format.getBits();
    if (storage == ArrayStorage::Packed)
      bytes = packCodes(tensor.codes, bits, getRowLength(tensor.shape));
    ArrayRef<uint64_t> codes = tensor.codes;
    if (storage == ArrayStorage::Splat)
      codes = codes.take_front(1);
    if (storage != ArrayStorage::Packed)
      for (uint64_t code : codes)
        for (unsigned byte = 0; byte < (bits + 7) / 8; ++byte)
          // Bits that the code does not use are set.
          bytes.push_back(static_cast<uint8_t>(
              (code | (bits < 64 ? ~uint64_t(0) << bits : 0)) >> (8 * byte)));
    view.bytes = bytes;
  }
};
} // namespace

static CodeTensor collect(ArraySource &source) {
  unsigned bits = source.getFormat().getBits();
  std::vector<uint8_t> bytes(*getPackedBytes(bits, source.getShape()), 0xFF);
  storeArray(source, bytes);
  int64_t length = getRowLength(source.getShape());
  return CodeTensor(source.getFormat(), source.getShape(),
                    unpackCodes(bytes, bits, source.getNumRows(), length));
}

/// Finite numbers of many magnitudes, some zeros; sometimes what is not finite.
static CodeTensor randomFloats(ArrayRef<int64_t> shape, std::mt19937 &random,
                               bool withNonFinite = false) {
  CodeTensor tensor(f32(), shape);
  std::normal_distribution<float> normal;
  for (uint64_t &code : tensor.codes) {
    float value = normal(random) * std::ldexp(1.0f, int(random() % 7) - 3);
    switch (random() % 40) {
    case 0:
      value = 0.0f;
      break;
    case 1:
      value = -0.0f;
      break;
    case 2:
      value = std::ldexp(value, 100);
      break;
    case 3:
      if (withNonFinite)
        value = random() % 2 ? std::numeric_limits<float>::infinity()
                             : -std::numeric_limits<float>::quiet_NaN();
      break;
    }
    code = llvm::bit_cast<uint32_t>(value);
  }
  return tensor;
}

static CodeTensor randomCodes(const Format &format, ArrayRef<int64_t> shape,
                              std::mt19937 &random) {
  CodeTensor tensor(format, shape);
  for (uint64_t &code : tensor.codes)
    code = random() & (format.getNumCodes() - 1);
  return tensor;
}

static std::vector<uint32_t> randomWords(int64_t size, std::mt19937 &random) {
  std::vector<uint32_t> words(size);
  for (uint32_t &word : words)
    word = random();
  return words;
}

static ArraySourcePtr readWords(const Stored &words) {
  return readArray(words.view);
}

static CodeTensor toTensor(ArrayRef<uint32_t> words, ArrayRef<int64_t> shape) {
  return CodeTensor(Format::getInteger(32, true), shape,
                    std::vector<uint64_t>(words.begin(), words.end()));
}

//===----------------------------------------------------------------------===//
// Where arrays lie
//===----------------------------------------------------------------------===//

TEST(Arrays, EveryWidthAndStorageIsReadAtEveryPosition) {
  std::mt19937 random(1);
  for (unsigned bits = 2; bits <= 32; ++bits) {
    Format format = Format::getInteger(bits, true);
    for (int64_t length : {1, 7, 8, 19}) {
      CodeTensor tensor = randomCodes(format, {3, length}, random);
      for (ArrayStorage storage :
           {ArrayStorage::Packed, ArrayStorage::Bytes, ArrayStorage::Splat}) {
        if (storage == ArrayStorage::Splat)
          llvm::fill(tensor.codes, tensor.codes.front());
        Stored stored(tensor, storage);
        for (int64_t row = 0; row < 3; ++row)
          for (int64_t begin = 0; begin < length; ++begin) {
            std::vector<uint32_t> codes(length - begin);
            stored.view.read(row, begin, codes);
            for (int64_t i = begin; i < length; ++i)
              ASSERT_EQ(codes[i - begin], tensor.codes[row * length + i])
                  << bits << " bits, from " << begin;
          }
      }
    }
  }
}

TEST(Arrays, RowsLongerThanARead) {
  std::mt19937 random(2);
  for (unsigned bits : {3, 4, 8, 13}) {
    CodeTensor tensor = randomCodes(Format::getInteger(bits, false),
                                    {2, 2 * ArraySource::kMaxRead + 5}, random);
    Stored stored(tensor);
    EXPECT_EQ(collect(*readArray(stored.view)).codes, tensor.codes);
  }
}

TEST(Arrays, PackedBytes) {
  EXPECT_EQ(getPackedBytes(4, {}), 1);
  EXPECT_EQ(getPackedBytes(4, {3, 5}), 9);
  EXPECT_EQ(getPackedBytes(13, {3, 5}), 30);
  EXPECT_EQ(getPackedBytes(4, {int64_t(1) << 62, 0, 7}), 0);
  EXPECT_EQ(getPackedBytes(8, {int64_t(1) << 40, int64_t(1) << 40}),
            std::nullopt);
  EXPECT_EQ(getPackedBytes(32, {std::numeric_limits<int64_t>::max()}),
            std::nullopt);
}

//===----------------------------------------------------------------------===//
// convert
//===----------------------------------------------------------------------===//

/// Values where codes change: all values of the format, the middles between
/// them and the f32 neighbours of both; all bf16 values.
static std::vector<float> getCriticalValues(const Format &format) {
  std::vector<float> values;
  for (uint32_t code = 0; code < 0x10000; ++code)
    values.push_back(llvm::bit_cast<float>(code << 16));
  constexpr float inf = std::numeric_limits<float>::infinity();
  if (format.getBits() > 16)
    return values;
  for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
    auto value = static_cast<float>(decode(format, code));
    double next = decode(format, (code + 1) & (format.getNumCodes() - 1));
    for (float at : {value, static_cast<float>((value + next) / 2)}) {
      values.push_back(at);
      values.push_back(std::nextafter(at, inf));
      values.push_back(std::nextafter(at, -inf));
    }
  }
  return values;
}

static std::vector<Format> getFormats() {
  std::vector<Format> formats = getCatalog().vec();
  for (const char *name :
       {"minifloat<e1m7>", "minifloat<ue1m9finite>", "minifloat<e2m9fnuz>",
        "minifloat<e7m6fn>", "minifloat<ue4m11fn>", "minifloat<e3m12, bias=9>",
        "codebook<2, [1.0, 1.0000001, 1.0000002, -3.0]>"})
    if (llvm::Expected<Format> format = Format::parse(name))
      formats.push_back(*format);
    else
      ADD_FAILURE() << name << ": " << llvm::toString(format.takeError());
  formats.push_back(Format::getBuiltin("f16"));
  formats.push_back(Format::getBuiltin("bf16"));
  formats.push_back(f32());
  return formats;
}

TEST(Arrays, ConvertLikeTheScalarCodec) {
  std::mt19937 random(3);
  for (const Format &to : getFormats()) {
    std::vector<float> values = getCriticalValues(to);
    CodeTensor input(f32(), {static_cast<int64_t>(values.size())});
    for (auto [code, value] : llvm::zip_equal(input.codes, values))
      code = llvm::bit_cast<uint32_t>(value);
    Stored stored(input);
    std::vector<uint32_t> words = randomWords(values.size(), random);
    Stored storedWords(toTensor(words, input.shape));
    for (Rounding rounding :
         {Rounding::NearestEven, Rounding::TowardZero, Rounding::Stochastic})
      for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE}) {
        bool isRandom = rounding == Rounding::Stochastic;
        CodeTensor result = collect(
            *convertArray(readArray(stored.view), to, rounding, overflow,
                          isRandom ? readWords(storedWords) : nullptr));
        for (auto [i, value] : llvm::enumerate(values))
          ASSERT_EQ(result.codes[i], encode(to, value, rounding, overflow,
                                            isRandom ? words[i] : 0))
              << to.getName() << " of " << value << ", "
              << stringifyRounding(rounding).str() << ", "
              << stringifyOverflow(overflow).str();
      }
  }
}

TEST(Arrays, ConvertBetweenLowBitFormats) {
  for (const Format &from : getFormats()) {
    if (from.getBits() > 16)
      continue;
    CodeTensor all(from, {static_cast<int64_t>(from.getNumCodes())});
    for (auto [i, code] : llvm::enumerate(all.codes))
      code = i;
    Stored stored(all);
    for (const Format &to : getFormats())
      ASSERT_EQ(
          collect(*convertArray(readArray(stored.view), to,
                                Rounding::NearestEven, Overflow::IEEE))
              .codes,
          convertTensor(all, to, Rounding::NearestEven, Overflow::IEEE).codes)
          << from.getName() << " to " << to.getName();
  }
}

//===----------------------------------------------------------------------===//
// quantize, dequantize, choose_scale
//===----------------------------------------------------------------------===//

namespace {
struct Granularity {
  SmallVector<int64_t> shape, block;
  /// The scale has rank 0.
  bool isSingle = false;
};
} // namespace

static std::vector<Granularity> getGranularities() {
  return {{{}, {}, true},
          {{7}, {3}},
          {{4, 33}, {0, 0}},
          {{4, 33}, {0, 0}, true},
          {{4, 33}, {1, 0}},
          {{4, 33}, {1, 8}},
          {{33, 5}, {8, 1}},
          {{9, 34}, {4, 16}},
          {{2, 3, 20}, {1, 2, 8}},
          {{2, 3, 20}, {0, 1, 0}},
          {{3, ArraySource::kMaxRead + 30}, {2, 32}},
          {{3, ArraySource::kMaxRead + 30}, {0, 1}},
          {{1, 2 * ArraySource::kMaxRead + 9}, {1, ArraySource::kMaxRead + 7}},
          {{0, 4}, {0, 2}},
          {{4, 0}, {1, 0}}};
}

static std::string describe(const Granularity &granularity) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(granularity.shape, os << "shape ");
  llvm::interleaveComma(granularity.block, os << " block ");
  return text;
}

namespace {
/// A scale and a zero point for a granularity.
struct RandomScaling {
  CodeTensor scale;
  std::optional<CodeTensor> zeroPoint;
  std::optional<Stored> storedScale, storedZeroPoint;
  SmallVector<int64_t> block;

  RandomScaling(const Granularity &granularity, const Format &scaleFormat,
                std::optional<Format> zeroPointFormat, std::mt19937 &random)
      : scale(scaleFormat, getScaleShape(granularity)),
        block(granularity.block) {
    CodeTensor numbers = randomFloats(scale.shape, random);
    for (auto [code, number] : llvm::zip_equal(scale.codes, numbers.codes)) {
      auto value = llvm::bit_cast<float>(static_cast<uint32_t>(number));
      code = encode(scaleFormat, std::fabs(value));
      if (random() % 50 == 0)
        code = random() & (scaleFormat.getNumCodes() - 1);
    }
    storedScale.emplace(scale);
    if (!zeroPointFormat)
      return;
    zeroPoint = randomCodes(*zeroPointFormat, scale.shape, random);
    storedZeroPoint.emplace(*zeroPoint, ArrayStorage::Bytes);
  }

  Scaling get() const {
    return {&scale, zeroPoint ? &*zeroPoint : nullptr, block};
  }
  ArrayScaling getArrays() const {
    return {readArray(storedScale->view),
            storedZeroPoint ? readArray(storedZeroPoint->view) : nullptr,
            block};
  }

private:
  static SmallVector<int64_t> getScaleShape(const Granularity &granularity) {
    if (granularity.isSingle)
      return {};
    return SmallVector<int64_t>(
        Blocking(granularity.shape, granularity.block).getScaleShape());
  }
};
} // namespace

/// Zero points to go with `element`: none, float, and integers of its own width
/// and of 32 bits.
static std::vector<std::optional<Format>>
getZeroPointFormats(const Format &element) {
  std::vector<std::optional<Format>> formats = {std::nullopt,
                                                Format::getBuiltin("f8E4M3FN")};
  if (element.isInteger()) {
    formats.push_back(element);
    formats.push_back(Format::getInteger(32, true));
  }
  return formats;
}

TEST(Arrays, QuantizeLikeTensor) {
  std::mt19937 random(4);
  std::vector<Format> scales = {
      f32(), Format::getBuiltin("f16"), Format::getBuiltin("bf16"),
      Format::getBuiltin("f8E4M3FN"), Format::getBuiltin("f8E8M0FNU")};
  size_t next = 0;
  for (const Format &to : getFormats()) {
    if (to.getBits() > 16)
      continue;
    for (const Granularity &granularity : getGranularities()) {
      CodeTensor input = randomFloats(granularity.shape, random, true);
      Stored stored(input);
      std::vector<uint32_t> words = randomWords(input.getNumElements(), random);
      Stored storedWords(toTensor(words, input.shape));
      for (std::optional<Format> zeroPoint : getZeroPointFormats(to)) {
        RandomScaling scaling(granularity, scales[next++ % scales.size()],
                              zeroPoint, random);
        for (Rounding rounding : {Rounding::NearestEven, Rounding::TowardZero,
                                  Rounding::Stochastic}) {
          bool isRandom = rounding == Rounding::Stochastic;
          Overflow overflow = next % 2 ? Overflow::Saturate : Overflow::IEEE;
          ArraySourcePtr result = quantizeArray(
              readArray(stored.view), to, scaling.getArrays(), rounding,
              overflow, isRandom ? readWords(storedWords) : nullptr);
          ASSERT_EQ(collect(*result).codes,
                    quantizeTensor(input, to, scaling.get(), rounding, overflow,
                                   isRandom ? ArrayRef<uint32_t>(words)
                                            : ArrayRef<uint32_t>())
                        .codes)
              << to.getName() << ", " << describe(granularity) << ", scale "
              << scaling.scale.format.getName() << ", zero point "
              << (zeroPoint ? zeroPoint->getName() : "none") << ", "
              << stringifyRounding(rounding).str();
        }
      }
    }
  }
}

TEST(Arrays, DequantizeLikeTensor) {
  std::mt19937 random(5);
  std::vector<Format> results = {f32(), Format::getBuiltin("f16"),
                                 Format::getBuiltin("bf16"),
                                 Format::getBuiltin("f8E5M2")};
  size_t next = 0;
  for (const Format &from : getFormats()) {
    if (from.getBits() > 16)
      continue;
    for (const Granularity &granularity : getGranularities()) {
      CodeTensor input = randomCodes(from, granularity.shape, random);
      Stored stored(input);
      for (std::optional<Format> zeroPoint : getZeroPointFormats(from)) {
        RandomScaling scaling(granularity, f32(), zeroPoint, random);
        const Format &to = results[next++ % results.size()];
        Rounding rounding =
            next % 3 ? Rounding::NearestEven : Rounding::TowardZero;
        Overflow overflow = next % 5 ? Overflow::Saturate : Overflow::IEEE;
        ASSERT_EQ(
            collect(*dequantizeArray(readArray(stored.view), to,
                                     scaling.getArrays(), rounding, overflow))
                .codes,
            dequantizeTensor(input, to, scaling.get(), rounding, overflow)
                .codes)
            << from.getName() << " to " << to.getName() << ", "
            << describe(granularity);
      }
    }
  }
}

/// Checks one choice of scales against Tensor.h.
static void checkScales(const CodeTensor &input, const Format &element,
                        const Format &scale, ScaleMethod method,
                        ArrayRef<int64_t> block,
                        std::optional<Format> zeroPoint) {
  ChosenScales expected =
      chooseScales(input, element, scale, method, block, zeroPoint);
  ArrayRef<int64_t> shape = expected.scale.shape;
  std::vector<uint8_t> scaleBytes(*getPackedBytes(scale.getBits(), shape));
  std::vector<uint8_t> zeroPointBytes;
  if (zeroPoint)
    zeroPointBytes.resize(*getPackedBytes(zeroPoint->getBits(), shape));
  Stored stored(input);
  bool isRepresentable =
      chooseArrayScales(*readArray(stored.view), element, method, block,
                        {scale, scaleBytes, zeroPoint, zeroPointBytes});
  ASSERT_EQ(isRepresentable, !expected.unrepresentable);
  if (!isRepresentable)
    return;
  ASSERT_EQ(scaleBytes, packCodes(expected.scale.codes, scale.getBits(),
                                  getRowLength(shape)));
  if (zeroPoint) {
    ASSERT_EQ(zeroPointBytes,
              packCodes(expected.zeroPoint->codes, zeroPoint->getBits(),
                        getRowLength(shape)));
  }
}

TEST(Arrays, ChooseScalesLikeTensor) {
  std::mt19937 random(6);
  std::vector<Format> scales = {
      f32(), Format::getBuiltin("bf16"), Format::getBuiltin("f8E4M3FN"),
      Format::getBuiltin("f8E8M0FNU"), Format::getBuiltin("f4E2M1FN")};
  size_t numTried = 0, next = 0;
  for (const Format &element : getFormats()) {
    if (element.getBits() > 16)
      continue;
    for (const Granularity &granularity : getGranularities())
      for (const Format &scale : scales)
        for (ScaleMethod method :
             {ScaleMethod::AbsMax, ScaleMethod::MinMax, ScaleMethod::MSE,
              ScaleMethod::MXFloor, ScaleMethod::MXCeil, ScaleMethod::MXEven,
              ScaleMethod::MXRCeil}) {
          if (llvm::errorToBool(verifyScaleMethod(element, scale, method)))
            continue;
          // The scalar search is slow: the larger shapes not for all.
          bool isLarge =
              granularity.shape.size() > 1 && granularity.shape.back() > 100;
          if (method == ScaleMethod::MSE && isLarge && next++ % 31 != 0)
            continue;
          ++numTried;
          std::optional<Format> zeroPoint;
          if (method == ScaleMethod::MinMax)
            zeroPoint = numTried % 2 ? element : f32();
          CodeTensor input =
              randomFloats(granularity.shape, random, numTried % 4 == 0);
          checkScales(input, element, scale, method, granularity.block,
                      zeroPoint);
          ASSERT_FALSE(testing::Test::HasFatalFailure())
              << element.getName() << ", " << describe(granularity)
              << ", scale " << scale.getName() << ", "
              << stringifyScaleMethod(method).str();
        }
  }
  EXPECT_GT(numTried, 1000u);
}

TEST(Arrays, ChooseScalesOfZeros) {
  for (ScaleMethod method : {ScaleMethod::AbsMax, ScaleMethod::MSE})
    checkScales(CodeTensor(f32(), {4, 8}), Format::getInteger(4, true), f32(),
                method, {1, 4}, {});
}

TEST(Arrays, ChooseScalesOfManyBlocksInARow) {
  // More than are kept at once, a ragged one last; scales of 4 bits.
  std::mt19937 random(7);
  CodeTensor input = randomFloats({3, 4 * 600 + 1}, random);
  for (const char *scale : {"f32", "f4E2M1FN"})
    checkScales(input, Format::getInteger(4, true), Format::getBuiltin(scale),
                ScaleMethod::AbsMax, {2, 4}, {});
}

//===----------------------------------------------------------------------===//
// Chains, slices, shapes
//===----------------------------------------------------------------------===//

TEST(Arrays, ChainsComputeWhatTheirLinksDo) {
  // NVFP4: the scale of one quantize is the result of a dequantize.
  std::mt19937 random(8);
  Format e4m3 = Format::getBuiltin("f8E4M3FN");
  Format e2m1 = Format::getBuiltin("f4E2M1FN");
  CodeTensor input = randomFloats({5, 40}, random);
  CodeTensor blockScales = randomCodes(e4m3, {5, 3}, random);
  CodeTensor tensorScale(f32(), {}, {llvm::bit_cast<uint32_t>(0.37f)});
  Stored storedInput(input), storedBlocks(blockScales), storedOne(tensorScale);

  ArraySourcePtr scale =
      dequantizeArray(readArray(storedBlocks.view), f32(),
                      {readArray(storedOne.view), nullptr, {0, 0}});
  ArraySourcePtr result =
      bitcastArray(quantizeArray(readArray(storedInput.view), e2m1,
                                 {std::move(scale), nullptr, {1, 16}},
                                 Rounding::NearestEven, Overflow::Saturate),
                   Format::getInteger(4, true));

  CodeTensor scales =
      dequantizeTensor(blockScales, f32(), {&tensorScale, nullptr, {0, 0}});
  CodeTensor expected =
      quantizeTensor(input, e2m1, {&scales, nullptr, {1, 16}},
                     Rounding::NearestEven, Overflow::Saturate);
  EXPECT_EQ(collect(*result).codes, expected.codes);
  EXPECT_EQ(result->getFormat(), Format::getInteger(4, true));
}

TEST(Arrays, GatherSlicesAndTransposes) {
  std::mt19937 random(9);
  for (unsigned bits : {3, 4, 8, 32})
    for (ArrayStorage storage : {ArrayStorage::Packed, ArrayStorage::Bytes}) {
      CodeTensor tensor =
          randomCodes(Format::getInteger(bits, true), {4, 5, 11}, random);
      Stored stored(tensor, storage);
      auto at = [&](int64_t i, int64_t j, int64_t k) {
        return tensor.codes[(i * 5 + j) * 11 + k];
      };
      // [1:3, 4:0:-2 .., 2:11:3] without its middle, then dims swapped.
      CodeTensor slice = collect(
          *gatherArray(stored.view, {5 + 4, 2, {{2, 5, 0}, {3, 0, 3}}}));
      CodeTensor transposed = collect(*gatherArray(
          stored.view, {0, 0, {{11, 0, 1}, {4, 5, 0}, {5, 1, 0}}}));
      CodeTensor element = collect(*gatherArray(stored.view, {7, 10, {}}));
      ASSERT_EQ(slice.codes,
                (std::vector<uint64_t>{at(1, 4, 2), at(1, 4, 5), at(1, 4, 8),
                                       at(2, 4, 2), at(2, 4, 5), at(2, 4, 8)}));
      ASSERT_EQ(element.codes, std::vector<uint64_t>{at(1, 2, 10)});
      for (int64_t i = 0; i < 4; ++i)
        for (int64_t j = 0; j < 5; ++j)
          for (int64_t k = 0; k < 11; ++k)
            ASSERT_EQ(transposed.codes[(k * 4 + i) * 5 + j], at(i, j, k));
    }
}

TEST(Arrays, ReshapeKeepsTheOrder) {
  std::mt19937 random(10);
  CodeTensor tensor =
      randomCodes(Format::getInteger(3, false), {6, 7, 10}, random);
  Stored stored(tensor);
  using Shape = SmallVector<int64_t>;
  for (const Shape &shape :
       {Shape{420}, Shape{4, 105}, Shape{70, 6}, Shape{420, 1}})
    EXPECT_EQ(collect(*reshapeArray(stored.view, shape)).codes, tensor.codes);
}
