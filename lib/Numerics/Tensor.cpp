//===- Tensor.cpp - The ops of the dialect on arrays of codes -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Plain loops over Blocks.h and Codec.h. What is done for speed (tables of
// values, a blocked matrix product) changes no bit of a result.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::SmallVector;

static int64_t getProduct(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

static bool isIEEE(const Format &format, unsigned exponentBits,
                   unsigned mantissaBits) {
  return format.getKind() == FormatKind::Float &&
         format.getNonFinite() == NonFinite::IEEE && format.isSigned() &&
         format.getExponentBits() == exponentBits &&
         format.getMantissaBits() == mantissaBits &&
         format.getBias() == (int64_t(1) << (exponentBits - 1)) - 1;
}
static bool isF32(const Format &format) { return isIEEE(format, 8, 23); }
static bool isF64(const Format &format) { return isIEEE(format, 11, 52); }

/// The sign of a NaN that arithmetic made is the machine's choice and must not
/// show (rule E15).
static double makeNaNPositive(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

namespace {
/// `decode` for many codes of one format.
class Decoder {
public:
  Decoder(const Format &format, int64_t numElements)
      : format(format), single(isF32(format)) {
    // Filling a table costs one decode per code: not for a few elements.
    if (format.getBits() <= 16 &&
        numElements >= static_cast<int64_t>(format.getNumCodes()))
      for (uint64_t code = 0, e = format.getNumCodes(); code < e; ++code)
        table.push_back(decode(format, code));
  }

  double operator()(uint64_t code) const {
    if (!table.empty())
      return table[code & (table.size() - 1)];
    // The payload of a NaN differs from decode's, which nothing looks at.
    if (single)
      return llvm::bit_cast<float>(static_cast<uint32_t>(code));
    return decode(format, code);
  }

private:
  const Format &format;
  bool single;
  std::vector<double> table;
};

/// `encode` to nearest, quicker where the machine's own rounding will do.
class Encoder {
public:
  Encoder(const Format &format, Rounding rounding, Overflow overflow)
      : format(format), rounding(rounding), overflow(overflow),
        single(isF32(format) && rounding == Rounding::NearestEven) {}

  uint64_t operator()(double value, uint32_t random = 0) const {
    if (single) {
      float rounded = static_cast<float>(value);
      // NaN payloads and saturation are left to the exact code.
      if (std::isfinite(rounded))
        return llvm::bit_cast<uint32_t>(rounded);
    }
    return encode(format, value, rounding, overflow, random);
  }

private:
  const Format &format;
  Rounding rounding;
  Overflow overflow;
  bool single;
};

/// Scale and zero point of every element of one tensor.
class ScalingReader {
public:
  ScalingReader(ArrayRef<int64_t> shape, const Scaling &scaling)
      : blocking(shape, getBlock(shape, scaling)) {
    if (!scaling.scale)
      return;
    assert(scaling.scale->getNumElements() == blocking.getNumScales() &&
           "the scale tensor does not have the shape that the block asks for");
    for (uint64_t code : scaling.scale->codes)
      scales.push_back(static_cast<float>(decode(scaling.scale->format, code)));
    if (!scaling.zeroPoint)
      return;
    assert(scaling.zeroPoint->codes.size() == scales.size() &&
           "a zero point for every scale");
    const Format &format = scaling.zeroPoint->format;
    for (uint64_t code : scaling.zeroPoint->codes) {
      double value = decode(format, code);
      if (format.isInteger())
        zeroPoints.push_back(static_cast<int64_t>(value));
      else
        zeroPoints.push_back(static_cast<float>(value));
    }
  }

  int64_t getIndex(int64_t element) const {
    return scales.size() <= 1 ? 0 : blocking.getScaleIndex(element);
  }
  float getScale(int64_t index) const {
    return scales.empty() ? 1.0f : scales[index];
  }
  ZeroPoint getZeroPoint(int64_t index) const {
    return zeroPoints.empty() ? ZeroPoint() : zeroPoints[index];
  }
  bool hasZeroPoint() const { return !zeroPoints.empty(); }

private:
  static SmallVector<int64_t> getBlock(ArrayRef<int64_t> shape,
                                       const Scaling &scaling) {
    if (scaling.scale)
      return scaling.block;
    return SmallVector<int64_t>(shape.size(), 0);
  }

  Blocking blocking;
  std::vector<float> scales;
  std::vector<ZeroPoint> zeroPoints;
};
} // namespace

//===----------------------------------------------------------------------===//
// CodeTensor
//===----------------------------------------------------------------------===//

CodeTensor::CodeTensor(Format format, ArrayRef<int64_t> shape)
    : format(std::move(format)), shape(shape), codes(getProduct(shape), 0) {}

CodeTensor::CodeTensor(Format format, ArrayRef<int64_t> shape,
                       std::vector<uint64_t> codes)
    : format(std::move(format)), shape(shape), codes(std::move(codes)) {
  assert(getProduct(shape) == getNumElements() && "one code per element");
}

double CodeTensor::getValue(int64_t index) const {
  return decode(format, codes[index]);
}

//===----------------------------------------------------------------------===//
// convert, quantize, dequantize, choose_scale
//===----------------------------------------------------------------------===//

CodeTensor lowbit::convertTensor(const CodeTensor &input, const Format &to,
                                 Rounding rounding, Overflow overflow,
                                 ArrayRef<uint32_t> random) {
  int64_t size = input.getNumElements();
  assert(random.size() == size_t(rounding == Rounding::Stochastic ? size : 0) &&
         "a random word per element under stochastic rounding, else none");
  Decoder decoder(input.format, size);
  Encoder encoder(to, rounding, overflow);
  CodeTensor result(to, input.shape);
  for (int64_t i = 0; i < size; ++i)
    result.codes[i] =
        encoder(decoder(input.codes[i]), random.empty() ? 0 : random[i]);
  return result;
}

CodeTensor lowbit::quantizeTensor(const CodeTensor &input, const Format &to,
                                  const Scaling &scaling, Rounding rounding,
                                  Overflow overflow,
                                  ArrayRef<uint32_t> random) {
  int64_t size = input.getNumElements();
  assert(random.size() == size_t(rounding == Rounding::Stochastic ? size : 0) &&
         "a random word per element under stochastic rounding, else none");
  Decoder decoder(input.format, size);
  ScalingReader reader(input.shape, scaling);
  CodeTensor result(to, input.shape);
  for (int64_t i = 0; i < size; ++i) {
    int64_t index = reader.getIndex(i);
    result.codes[i] =
        quantize(to, static_cast<float>(decoder(input.codes[i])),
                 reader.getScale(index), reader.getZeroPoint(index), rounding,
                 overflow, random.empty() ? 0 : random[i]);
  }
  return result;
}

/// Calls `fn(i, value)` with every element of `input` dequantized to f32.
static void forEachDequantized(const CodeTensor &input, const Scaling &scaling,
                               llvm::function_ref<void(int64_t, float)> fn) {
  int64_t size = input.getNumElements();
  Decoder decoder(input.format, size);
  ScalingReader reader(input.shape, scaling);
  for (int64_t i = 0; i < size; ++i) {
    int64_t index = reader.getIndex(i);
    // Without a zero point the subtraction of `dequantize` is none.
    if (reader.hasZeroPoint())
      fn(i, dequantize(input.format, input.codes[i], reader.getScale(index),
                       reader.getZeroPoint(index)));
    else
      fn(i,
         static_cast<float>(decoder(input.codes[i])) * reader.getScale(index));
  }
}

CodeTensor lowbit::dequantizeTensor(const CodeTensor &input, const Format &to,
                                    const Scaling &scaling, Rounding rounding,
                                    Overflow overflow) {
  assert(rounding != Rounding::Stochastic && "dequantize has no random words");
  Encoder encoder(to, rounding, overflow);
  CodeTensor result(to, input.shape);
  forEachDequantized(input, scaling, [&](int64_t i, float value) {
    result.codes[i] = encoder(makeNaNPositive(value));
  });
  return result;
}

ChosenScales lowbit::chooseScales(const CodeTensor &input,
                                  const Format &element, const Format &scale,
                                  ScaleMethod method, ArrayRef<int64_t> block,
                                  std::optional<Format> zeroPoint) {
  Blocking blocking(input.shape, block);
  ChosenScales chosen{CodeTensor(scale, blocking.getScaleShape()), {}};
  if (method == ScaleMethod::MinMax)
    chosen.zeroPoint.emplace(zeroPoint ? *zeroPoint : element,
                             blocking.getScaleShape());
  Decoder decoder(input.format, input.getNumElements());
  std::vector<float> values;
  blocking.forEachBlock([&](int64_t index, ArrayRef<int64_t> elements) {
    values.clear();
    for (int64_t i : elements)
      values.push_back(static_cast<float>(decoder(input.codes[i])));
    ScaleChoice choice = chooseScale(element, scale, method, values);
    chosen.scale.codes[index] = choice.scale;
    if (chosen.zeroPoint)
      chosen.zeroPoint->codes[index] =
          encode(chosen.zeroPoint->format, choice.zeroPoint);
    chosen.unrepresentable |= choice.nonFinite && !scale.hasNaN();
  });
  return chosen;
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

namespace {
/// The sizes of a product; batch dimensions are one.
struct MatmulShape {
  int64_t batch, m, n, k;
  /// B is the same in every batch.
  bool sharedB;
  bool transposeB;
  SmallVector<int64_t> resultShape;

  MatmulShape(ArrayRef<int64_t> a, ArrayRef<int64_t> b, bool transposeB)
      : transposeB(transposeB), resultShape(a) {
    assert(a.size() >= 2 && (b.size() == 2 || b.size() == a.size()) &&
           "A is [batch..] x M x K, B has its rank or 2");
    batch = getProduct(a.drop_back(2));
    m = a[a.size() - 2];
    k = a.back();
    n = b[b.size() - (transposeB ? 2 : 1)];
    sharedB = b.size() == 2;
    assert(b[b.size() - (transposeB ? 1 : 2)] == k && "one K");
    assert((sharedB || a.drop_back(2) == b.drop_back(2)) && "one batch");
    resultShape.back() = n;
  }

  int64_t getA(int64_t batchIndex, int64_t row, int64_t kIndex) const {
    return (batchIndex * m + row) * k + kIndex;
  }
  int64_t getB(int64_t batchIndex, int64_t kIndex, int64_t column) const {
    int64_t base = sharedB ? 0 : batchIndex * k * n;
    return base + (transposeB ? column * k + kIndex : kIndex * n + column);
  }
};
} // namespace

static std::vector<float> dequantizeToFloats(const MatmulOperand &operand) {
  std::vector<float> values(operand.data->getNumElements());
  forEachDequantized(*operand.data, operand.scaling,
                     [&](int64_t i, float value) { values[i] = value; });
  return values;
}

/// sums[row][column] += products over ascending k; `magnitude`, where given,
/// alike with |a * b|. Blocked over k and columns so that the part of B in use
/// stays in the cache; the order of each element's sum does not change.
static void addProducts(const MatmulShape &shape, int64_t batchIndex,
                        ArrayRef<float> a, ArrayRef<float> b,
                        llvm::MutableArrayRef<double> sums, double *magnitude) {
  constexpr int64_t kBlock = 256, columnBlock = 256;
  std::vector<double> panel(kBlock * columnBlock);
  for (int64_t column = 0; column < shape.n; column += columnBlock) {
    int64_t columns = std::min(columnBlock, shape.n - column);
    for (int64_t kBegin = 0; kBegin < shape.k; kBegin += kBlock) {
      int64_t kEnd = std::min(kBegin + kBlock, shape.k);
      for (int64_t j = 0; j < columns; ++j)
        for (int64_t k = kBegin; k < kEnd; ++k)
          panel[(k - kBegin) * columnBlock + j] =
              b[shape.getB(batchIndex, k, column + j)];
      for (int64_t row = 0; row < shape.m; ++row) {
        double *sum = &sums[row * shape.n + column];
        for (int64_t k = kBegin; k < kEnd; ++k) {
          double left = a[shape.getA(batchIndex, row, k)];
          const double *right = &panel[(k - kBegin) * columnBlock];
          // Products of two f32 are exact in f64.
          for (int64_t j = 0; j < columns; ++j)
            sum[j] += left * right[j];
          if (!magnitude)
            continue;
          double *bound = &magnitude[row * shape.n + column];
          for (int64_t j = 0; j < columns; ++j)
            bound[j] += std::fabs(left * right[j]);
        }
      }
    }
  }
}

namespace {
/// One operand of an integer product: differences code - z and scales.
struct IntegerOperand {
  std::vector<int64_t> differences;
  ScalingReader reader;

  explicit IntegerOperand(const MatmulOperand &operand)
      : reader(operand.data->shape, operand.scaling) {
    assert(operand.data->format.isInteger() && "acc = i32 is for integers");
    const CodeTensor &data = *operand.data;
    differences.resize(data.getNumElements());
    for (int64_t i = 0, e = data.getNumElements(); i < e; ++i) {
      ZeroPoint zeroPoint = reader.getZeroPoint(reader.getIndex(i));
      assert(!std::holds_alternative<float>(zeroPoint) &&
             "acc = i32 needs integer zero points");
      int64_t *z = std::get_if<int64_t>(&zeroPoint);
      differences[i] = static_cast<int64_t>(data.getValue(i)) - (z ? *z : 0);
    }
  }
};
} // namespace

/// The integer form: sums in integers while both scales stay the same.
static void addIntegerProducts(const MatmulShape &shape, int64_t batchIndex,
                               const IntegerOperand &a, const IntegerOperand &b,
                               llvm::MutableArrayRef<double> sums,
                               double *magnitude) {
  for (int64_t row = 0; row < shape.m; ++row)
    for (int64_t column = 0; column < shape.n; ++column) {
      double total = 0.0, bound = 0.0;
      int64_t partial = 0, absolute = 0, lastA = -1, lastB = -1;
      double scale = 0.0;
      auto flush = [&] {
        total += static_cast<double>(partial) * scale;
        bound += static_cast<double>(absolute) * std::fabs(scale);
        partial = absolute = 0;
      };
      for (int64_t k = 0; k < shape.k; ++k) {
        int64_t elementA = shape.getA(batchIndex, row, k);
        int64_t elementB = shape.getB(batchIndex, k, column);
        int64_t indexA = a.reader.getIndex(elementA);
        int64_t indexB = b.reader.getIndex(elementB);
        if (indexA != lastA || indexB != lastB) {
          if (k != 0)
            flush();
          lastA = indexA;
          lastB = indexB;
          // The product of two f32 is exact in f64.
          scale = static_cast<double>(a.reader.getScale(indexA)) *
                  static_cast<double>(b.reader.getScale(indexB));
        }
        int64_t product = a.differences[elementA] * b.differences[elementB];
        partial += product;
        absolute += std::abs(product);
      }
      if (shape.k != 0)
        flush();
      sums[row * shape.n + column] = total;
      if (magnitude)
        magnitude[row * shape.n + column] = bound;
    }
}

CodeTensor lowbit::matmulTensor(const MatmulOperand &a, const MatmulOperand &b,
                                ArrayRef<float> bias, bool transposeB,
                                const Format &to, bool exactIntegers,
                                std::vector<double> *magnitude) {
  MatmulShape shape(a.data->shape, b.data->shape, transposeB);
  assert((bias.empty() || static_cast<int64_t>(bias.size()) == shape.n) &&
         "a bias for every column");
  CodeTensor result(to, shape.resultShape);
  if (magnitude)
    magnitude->assign(result.codes.size(), 0.0);

  std::optional<IntegerOperand> integerA, integerB;
  std::vector<float> floatsA, floatsB;
  if (exactIntegers) {
    integerA.emplace(a);
    integerB.emplace(b);
  } else {
    floatsA = dequantizeToFloats(a);
    floatsB = dequantizeToFloats(b);
  }

  Encoder encoder(to, Rounding::NearestEven, Overflow::IEEE);
  int64_t batchSize = shape.m * shape.n;
  std::vector<double> sums(batchSize);
  for (int64_t batchIndex = 0; batchIndex < shape.batch; ++batchIndex) {
    std::fill(sums.begin(), sums.end(), 0.0);
    double *bound =
        magnitude ? magnitude->data() + batchIndex * batchSize : nullptr;
    if (exactIntegers)
      addIntegerProducts(shape, batchIndex, *integerA, *integerB, sums, bound);
    else
      addProducts(shape, batchIndex, floatsA, floatsB, sums, bound);
    for (int64_t i = 0; i < batchSize; ++i) {
      double sum = sums[i];
      if (!bias.empty()) {
        sum += static_cast<double>(bias[i % shape.n]);
        if (bound)
          bound[i] += std::fabs(static_cast<double>(bias[i % shape.n]));
      }
      result.codes[batchIndex * batchSize + i] = encoder(makeNaNPositive(sum));
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Properties of conversions
//===----------------------------------------------------------------------===//

/// Whether two values are one: sign of zero included, all NaNs alike.
static bool isSameValue(double lhs, double rhs) {
  if (std::isnan(lhs) || std::isnan(rhs))
    return std::isnan(lhs) && std::isnan(rhs);
  return lhs == rhs && std::signbit(lhs) == std::signbit(rhs);
}

bool lowbit::isLossless(const Format &from, const Format &to,
                        Overflow overflow) {
  if (from.getBits() > 16) {
    if (from.isInteger())
      return to.isInteger() ? from.getLowest() >= to.getLowest() &&
                                  from.getLargest() <= to.getLargest()
                            : isF64(to);
    // Saturation makes a finite value of an infinity.
    return overflow == Overflow::IEEE &&
           (isF64(to) || (isF32(from) && isF32(to)));
  }
  // Every value of every format is an f32 (rule F5).
  if (isF32(to) || isF64(to))
    return overflow == Overflow::IEEE || !from.hasInf();
  // From the top: NaN and infinity settle most cases at once.
  for (uint64_t code = from.getNumCodes(); code-- > 0;) {
    double value = decode(from, code);
    uint64_t image = encode(to, value, Rounding::NearestEven, overflow);
    if (!isSameValue(value, decode(to, image)))
      return false;
  }
  return true;
}

bool lowbit::preservesCodes(const Format &format, Overflow overflow) {
  if (format.getBits() > 16)
    return false;
  for (uint64_t code = format.getNumCodes(); code-- > 0;)
    if (encode(format, decode(format, code), Rounding::NearestEven, overflow) !=
        code)
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Packed storage
//===----------------------------------------------------------------------===//

/// Bytes of one element's container, 8 bits and up.
static int64_t getContainerBytes(unsigned bits) {
  return llvm::PowerOf2Ceil(bits) / 8;
}

int64_t lowbit::getPackedRowBytes(unsigned bits, int64_t rowLength) {
  // Whole groups of 8 elements and the rest, so that no length overflows.
  if (bits < 8)
    return rowLength / 8 * bits + llvm::divideCeil(rowLength % 8 * bits, 8);
  return rowLength * getContainerBytes(bits);
}

std::vector<uint8_t> lowbit::packCodes(ArrayRef<uint64_t> codes, unsigned bits,
                                       int64_t rowLength) {
  assert(bits >= 1 && bits <= 64 && "a width of code");
  if (codes.empty())
    return {};
  assert(rowLength > 0 && codes.size() % rowLength == 0 && "whole rows");
  int64_t numRows = codes.size() / rowLength;
  int64_t rowBytes = getPackedRowBytes(bits, rowLength);
  uint64_t mask = llvm::maskTrailingOnes<uint64_t>(bits);
  std::vector<uint8_t> bytes(numRows * rowBytes, 0);
  for (int64_t row = 0; row < numRows; ++row) {
    const uint64_t *in = codes.data() + row * rowLength;
    uint8_t *out = bytes.data() + row * rowBytes;
    if (bits >= 8) {
      int64_t width = getContainerBytes(bits);
      for (int64_t i = 0; i < rowLength; ++i)
        for (int64_t byte = 0; byte < width; ++byte)
          out[i * width + byte] =
              static_cast<uint8_t>((in[i] & mask) >> (8 * byte));
      continue;
    }
    // `pending` holds the bits that do not fill a byte yet, lowest first.
    uint64_t pending = 0;
    unsigned numPending = 0;
    for (int64_t i = 0; i < rowLength; ++i) {
      pending |= (in[i] & mask) << numPending;
      numPending += bits;
      if (numPending >= 8) {
        *out++ = static_cast<uint8_t>(pending);
        pending >>= 8;
        numPending -= 8;
      }
    }
    if (numPending != 0)
      *out = static_cast<uint8_t>(pending);
  }
  return bytes;
}

std::vector<uint64_t> lowbit::unpackCodes(ArrayRef<uint8_t> bytes,
                                          unsigned bits, int64_t numRows,
                                          int64_t rowLength) {
  assert(bits >= 1 && bits <= 64 && "a width of code");
  int64_t rowBytes = getPackedRowBytes(bits, rowLength);
  assert(static_cast<int64_t>(bytes.size()) == numRows * rowBytes &&
         "as many bytes as packCodes gives");
  uint64_t mask = llvm::maskTrailingOnes<uint64_t>(bits);
  std::vector<uint64_t> codes;
  codes.reserve(numRows * rowLength);
  for (int64_t row = 0; row < numRows; ++row) {
    const uint8_t *in = bytes.data() + row * rowBytes;
    if (bits >= 8) {
      int64_t width = getContainerBytes(bits);
      for (int64_t i = 0; i < rowLength; ++i) {
        uint64_t code = 0;
        for (int64_t byte = 0; byte < width; ++byte)
          code |= static_cast<uint64_t>(in[i * width + byte]) << (8 * byte);
        codes.push_back(code & mask);
      }
      continue;
    }
    uint64_t pending = 0;
    unsigned numPending = 0;
    for (int64_t i = 0; i < rowLength; ++i) {
      if (numPending < bits) {
        pending |= static_cast<uint64_t>(*in++) << numPending;
        numPending += 8;
      }
      codes.push_back(pending & mask);
      pending >>= bits;
      numPending -= bits;
    }
  }
  return codes;
}
