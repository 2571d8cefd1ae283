//===- ArrayOps.cpp - convert, quantize and dequantize on large arrays ----===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every f32 operation here is one rounding by definition, so this file must
// not be compiled with contraction or reassociation: see CMakeLists.txt.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Arrays.h"

#include "ArrayCodec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>
#include <limits>

#ifdef __FAST_MATH__
#error "lowbit's numerics need exact IEEE arithmetic"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

using namespace lowbit;
using llvm::ArrayRef;
using llvm::MutableArrayRef;

namespace {
/// Space for one read.
template <typename T> class Buffer {
public:
  MutableArrayRef<T> get(size_t size) {
    if (storage.empty())
      storage.resize(ArraySource::kMaxRead);
    return MutableArrayRef<T>(storage).take_front(size);
  }

private:
  std::vector<T> storage;
};

/// The random words of a read; none without a source of them.
class RandomReader {
public:
  RandomReader(ArraySourcePtr source, Rounding rounding)
      : source(std::move(source)) {
    assert((rounding == Rounding::Stochastic) == (this->source != nullptr) &&
           "random words under stochastic rounding, else none");
    (void)rounding;
  }
  ArrayRef<uint32_t> read(int64_t row, int64_t begin, size_t size) {
    if (!source)
      return {};
    MutableArrayRef<uint32_t> result = words.get(size);
    source->readCodes(row, begin, result);
    return result;
  }

private:
  ArraySourcePtr source;
  Buffer<uint32_t> words;
};

/// The scale and the zero point of every element of a read.
class ScalingReader {
public:
  ScalingReader(ArrayRef<int64_t> shape, ArrayScaling given)
      : scaling(std::move(given)), isSingle(scaling.scale->getShape().empty()),
        blocking(shape, scaling.block) {
    assert(
        (isSingle || scaling.scale->getShape() == blocking.getScaleShape()) &&
        "the scale does not have the shape that the block asks for");
    assert((!scaling.zeroPoint ||
            scaling.zeroPoint->getShape() == scaling.scale->getShape()) &&
           "a zero point for every scale");
  }

  bool hasZeroPoint() const { return scaling.zeroPoint != nullptr; }
  bool hasIntegerZeroPoint() const {
    return hasZeroPoint() && scaling.zeroPoint->getFormat().isInteger();
  }

  ArrayRef<float> readScales(int64_t row, int64_t begin, size_t size) {
    MutableArrayRef<float> result = scales.get(size);
    read(row, begin, result, narrow,
         [&](int64_t scaleRow, int64_t first, MutableArrayRef<float> out) {
           scaling.scale->readValues(scaleRow, first, out);
         });
    return result;
  }

  ArrayRef<float> readFloatZeroPoints(int64_t row, int64_t begin, size_t size) {
    MutableArrayRef<float> result = floats.get(size);
    read(row, begin, result, narrow,
         [&](int64_t scaleRow, int64_t first, MutableArrayRef<float> out) {
           scaling.zeroPoint->readValues(scaleRow, first, out);
         });
    return result;
  }

  ArrayRef<int64_t> readIntegerZeroPoints(int64_t row, int64_t begin,
                                          size_t size) {
    MutableArrayRef<int64_t> result = integers.get(size);
    const Format &format = scaling.zeroPoint->getFormat();
    read(row, begin, result, narrowIntegers,
         [&](int64_t scaleRow, int64_t first, MutableArrayRef<int64_t> out) {
           MutableArrayRef<uint32_t> read = codes.get(out.size());
           scaling.zeroPoint->readCodes(scaleRow, first, read);
           for (auto [code, value] : llvm::zip_equal(read, out))
             value = format.isSigned()
                         ? llvm::SignExtend64(code, format.getBits())
                         : static_cast<int64_t>(code);
         });
    return result;
  }

private:
  /// Reads the entries that belong to the elements of a read, by
  /// `readEntries(row, begin, out)`, and repeats each for its elements.
  template <typename T, typename FnT>
  void read(int64_t row, int64_t begin, MutableArrayRef<T> result,
            Buffer<T> &entryBuffer, FnT readEntries) {
    if (result.empty())
      return;
    int64_t size = result.size();
    int64_t block =
        isSingle || scaling.block.empty() ? 0 : scaling.block.back();
    if (block == 1)
      return readEntries(getScaleRow(row), begin, result);
    int64_t first = block == 0 ? 0 : begin / block;
    int64_t last = block == 0 ? 0 : (begin + size - 1) / block;
    MutableArrayRef<T> entries = entryBuffer.get(last - first + 1);
    readEntries(isSingle ? 0 : getScaleRow(row), first, entries);
    int64_t at = 0;
    for (int64_t i = first; i < last; ++i) {
      int64_t end = (i + 1) * block - begin;
      std::fill(result.begin() + at, result.begin() + end, entries[i - first]);
      at = end;
    }
    std::fill(result.begin() + at, result.end(), entries.back());
  }

  /// The row of the scale that belongs to a row of the data.
  int64_t getScaleRow(int64_t row) const {
    ArrayRef<int64_t> shape = blocking.getShape();
    ArrayRef<int64_t> scaleShape = blocking.getScaleShape();
    int64_t result = 0, stride = 1;
    for (size_t i = shape.empty() ? 0 : shape.size() - 1; i-- > 0;) {
      int64_t position = row % shape[i];
      row /= shape[i];
      if (scaling.block[i] != 0)
        result += position / scaling.block[i] * stride;
      stride *= scaleShape[i];
    }
    return result;
  }

  ArrayScaling scaling;
  /// One scale of rank 0 for everything.
  bool isSingle;
  Blocking blocking;
  Buffer<float> scales, floats, narrow;
  Buffer<int64_t> integers, narrowIntegers;
  Buffer<uint32_t> codes;
};

class ConvertedSource : public ArraySource {
public:
  ConvertedSource(ArraySourcePtr input, const Format &to, Rounding rounding,
                  Overflow overflow, ArraySourcePtr random)
      : ArraySource(to, input->getShape()), input(std::move(input)),
        random(std::move(random), rounding), encoder(to, rounding, overflow) {}

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    MutableArrayRef<float> read = values.get(codes.size());
    input->readValues(row, begin, read);
    encoder.encode(read, random.read(row, begin, codes.size()), codes);
  }

private:
  ArraySourcePtr input;
  RandomReader random;
  ArrayEncoder encoder;
  Buffer<float> values;
};

class QuantizedSource : public ArraySource {
public:
  QuantizedSource(ArraySourcePtr input, const Format &to, ArrayScaling scaling,
                  Rounding rounding, Overflow overflow, ArraySourcePtr random)
      : ArraySource(to, input->getShape()), input(std::move(input)),
        scaling(getShape(), std::move(scaling)),
        random(std::move(random), rounding), rounding(rounding),
        overflow(overflow), encoder(to, rounding, overflow) {}

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    size_t size = codes.size();
    MutableArrayRef<float> read = values.get(size);
    input->readValues(row, begin, read);
    ArrayRef<float> scales = scaling.readScales(row, begin, size);
    ArrayRef<uint32_t> words = random.read(row, begin, size);
    if (scaling.hasIntegerZeroPoint())
      return addIntegers(read, scales,
                         scaling.readIntegerZeroPoints(row, begin, size), words,
                         codes);
    divide(read, scales);
    if (scaling.hasZeroPoint())
      for (auto [value, zeroPoint] :
           llvm::zip_equal(read, scaling.readFloatZeroPoints(row, begin, size)))
        value = value + zeroPoint;
    // The machine's choice of a NaN's sign must not show (rule E15).
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (float &value : read)
      value = value == value ? value : nan;
    encoder.encode(read, words, codes);
  }

private:
  static void divide(MutableArrayRef<float> values, ArrayRef<float> scales) {
    const float *divisor = scales.data();
    float *value = values.data();
    for (size_t i = 0, e = values.size(); i < e; ++i) {
      float quotient = value[i] / divisor[i];
      value[i] = divisor[i] == 0.0f ? 0.0f : quotient;
    }
  }

  void addIntegers(MutableArrayRef<float> read, ArrayRef<float> scales,
                   ArrayRef<int64_t> zeroPoints, ArrayRef<uint32_t> words,
                   MutableArrayRef<uint32_t> codes) {
    const Format &format = getFormat();
    // Below, sums and bounds are integers of f32, and the quotient is small
    // enough to be rounded by a sum when it is clamped.
    constexpr int64_t limit = int64_t(1) << 20;
    bool isSmall = llvm::all_of(
        zeroPoints, [](int64_t z) { return z > -limit && z < limit; });
    if (rounding != Rounding::NearestEven || !isSmall) {
      for (size_t i = 0, e = codes.size(); i < e; ++i)
        codes[i] = static_cast<uint32_t>(
            quantize(format, read[i], scales[i], zeroPoints[i], rounding,
                     overflow, words.empty() ? 0 : words[i]));
      return;
    }
    divide(read, scales);
    constexpr float shifter = 0x1.8p23f;
    auto lowest = static_cast<int32_t>(format.getLowest());
    auto largest = static_cast<int32_t>(format.getLargest());
    auto mask = static_cast<uint32_t>(format.getNumCodes() - 1);
    for (size_t i = 0, e = codes.size(); i < e; ++i) {
      auto zeroPoint = static_cast<int32_t>(zeroPoints[i]);
      // The bounds are integers, so that it is one to clamp before rounding.
      auto low = static_cast<float>(lowest - zeroPoint);
      auto high = static_cast<float>(largest - zeroPoint);
      float t = read[i];
      t = t == t ? t : 0.0f;
      t = t < low ? low : t;
      t = t > high ? high : t;
      float rounded = (t + shifter) - shifter;
      codes[i] =
          static_cast<uint32_t>(static_cast<int32_t>(rounded) + zeroPoint) &
          mask;
    }
  }

  ArraySourcePtr input;
  ScalingReader scaling;
  RandomReader random;
  Rounding rounding;
  Overflow overflow;
  ArrayEncoder encoder;
  Buffer<float> values;
};

class DequantizedSource : public ArraySource {
public:
  DequantizedSource(ArraySourcePtr input, const Format &to,
                    ArrayScaling scaling, Rounding rounding, Overflow overflow)
      : ArraySource(to, input->getShape()), input(std::move(input)),
        scaling(getShape(), std::move(scaling)),
        encoder(to, rounding, overflow) {
    assert(rounding != Rounding::Stochastic && "there are no random words");
  }

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    size_t size = codes.size();
    MutableArrayRef<float> read = values.get(size);
    input->readValues(row, begin, read);
    ArrayRef<float> scales = scaling.readScales(row, begin, size);
    if (scaling.hasIntegerZeroPoint()) {
      // Elements are integers of at most 16 bits, zero points of 32: the
      // difference is exact before its one rounding.
      for (auto [value, zeroPoint] : llvm::zip_equal(
               read, scaling.readIntegerZeroPoints(row, begin, size)))
        value = static_cast<float>(static_cast<int64_t>(value) - zeroPoint);
    } else if (scaling.hasZeroPoint()) {
      for (auto [value, zeroPoint] :
           llvm::zip_equal(read, scaling.readFloatZeroPoints(row, begin, size)))
        value = value - zeroPoint;
    }
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (auto [value, scale] : llvm::zip_equal(read, scales)) {
      float product = value * scale;
      value = product == product ? product : nan;
    }
    encoder.encode(read, {}, codes);
  }

private:
  ArraySourcePtr input;
  ScalingReader scaling;
  ArrayEncoder encoder;
  Buffer<float> values;
};

} // namespace

ArraySourcePtr lowbit::convertArray(ArraySourcePtr input, const Format &to,
                                    Rounding rounding, Overflow overflow,
                                    ArraySourcePtr random) {
  return std::make_unique<ConvertedSource>(std::move(input), to, rounding,
                                           overflow, std::move(random));
}

ArraySourcePtr lowbit::quantizeArray(ArraySourcePtr input, const Format &to,
                                     ArrayScaling scaling, Rounding rounding,
                                     Overflow overflow, ArraySourcePtr random) {
  return std::make_unique<QuantizedSource>(std::move(input), to,
                                           std::move(scaling), rounding,
                                           overflow, std::move(random));
}

ArraySourcePtr lowbit::dequantizeArray(ArraySourcePtr input, const Format &to,
                                       ArrayScaling scaling, Rounding rounding,
                                       Overflow overflow) {
  return std::make_unique<DequantizedSource>(
      std::move(input), to, std::move(scaling), rounding, overflow);
}
