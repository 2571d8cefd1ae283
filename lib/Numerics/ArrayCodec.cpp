//===- ArrayCodec.cpp - Encode and decode many values ---------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayCodec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>
#include <cmath>

#ifdef __FAST_MATH__
#error "lowbit's numerics need exact IEEE arithmetic"
#endif

using namespace lowbit;
using llvm::ArrayRef;
using llvm::MutableArrayRef;
namespace endian = llvm::support::endian;

bool lowbit::isSingle(const Format &format) {
  return format.getKind() == FormatKind::Float && format.getBits() == 32;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

ArrayDecoder::ArrayDecoder(const Format &format) : format(format) {
  assert((format.getBits() <= 16 || isSingle(format)) &&
         "values of other formats are not all exact in f32");
}

void ArrayDecoder::decode(ArrayRef<uint32_t> codes,
                          MutableArrayRef<float> values) {
  assert(codes.size() == values.size() && "a value for every code");
  if (isSingle(format)) {
    for (auto [code, value] : llvm::zip_equal(codes, values))
      value = llvm::bit_cast<float>(code);
    return;
  }
  numDecoded += codes.size();
  if (table.empty() && numDecoded >= format.getNumCodes())
    for (uint64_t code = 0, e = format.getNumCodes(); code < e; ++code)
      table.push_back(static_cast<float>(lowbit::decode(format, code)));
  if (table.empty()) {
    for (auto [code, value] : llvm::zip_equal(codes, values))
      value = static_cast<float>(lowbit::decode(format, code));
    return;
  }
  const float *entries = table.data();
  for (auto [code, value] : llvm::zip_equal(codes, values))
    value = entries[code];
}

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

ArrayEncoder::ArrayEncoder(const Format &format, Rounding rounding,
                           Overflow overflow)
    : format(format), rounding(rounding), overflow(overflow) {
  assert((format.getBits() <= 16 || isSingle(format)) &&
         "formats of other widths are not encoded here");
  if (!isSingle(format) && rounding != Rounding::Stochastic)
    buckets.assign(size_t(1) << 16, Bucket{kUnknown, 0, 0});
}

/// To nearest, with clamping: rounding an f32 of less than 2^22 adds and takes
/// away a number so large that the sum has no fraction.
static void encodeIntegers(const Format &format, ArrayRef<float> values,
                           MutableArrayRef<uint32_t> codes) {
  constexpr float shifter = 0x1.8p23f;
  auto lowest = static_cast<float>(format.getLowest());
  auto largest = static_cast<float>(format.getLargest());
  auto mask = static_cast<uint32_t>(format.getNumCodes() - 1);
  const float *in = values.data();
  uint32_t *out = codes.data();
  for (size_t i = 0, e = values.size(); i < e; ++i) {
    float value = in[i];
    value = value == value ? value : 0.0f; // NaN goes where 0 goes
    value = value < lowest ? lowest : value;
    value = value > largest ? largest : value;
    float rounded = (value + shifter) - shifter;
    out[i] = static_cast<uint32_t>(static_cast<int32_t>(rounded)) & mask;
  }
}

void ArrayEncoder::encode(ArrayRef<float> values, ArrayRef<uint32_t> random,
                          MutableArrayRef<uint32_t> codes) {
  assert(values.size() == codes.size() && "a code for every value");
  if (isSingle(format)) {
    // An f32 is one already, but for NaNs and the saturation of infinities.
    for (auto [value, code] : llvm::zip_equal(values, codes))
      code = std::isfinite(value)
                 ? llvm::bit_cast<uint32_t>(value)
                 : static_cast<uint32_t>(lowbit::encode(
                       format, value, Rounding::NearestEven, overflow));
    return;
  }
  if (rounding == Rounding::Stochastic) {
    for (auto [value, word, code] : llvm::zip_equal(values, random, codes))
      code = static_cast<uint32_t>(
          lowbit::encode(format, value, rounding, overflow, word));
    return;
  }
  assert(random.empty() && "random words are for stochastic rounding");
  if (format.isInteger() && rounding == Rounding::NearestEven)
    return encodeIntegers(format, values, codes);
  for (auto [value, code] : llvm::zip_equal(values, codes))
    code = encodeOne(value);
}

ArrayEncoder::Bucket ArrayEncoder::fillBucket(uint32_t upperBits) {
  auto encodeAt = [&](uint32_t lowerBits) {
    auto value = llvm::bit_cast<float>(upperBits << 16 | lowerBits);
    return static_cast<uint16_t>(
        lowbit::encode(format, value, rounding, overflow));
  };
  Bucket bucket{1, encodeAt(0), encodeAt(0xFFFF)};
  if (bucket.below != bucket.above) {
    uint32_t low = 0, high = 0xFFFF;
    while (high - low > 1) {
      uint32_t middle = low + (high - low) / 2;
      (encodeAt(middle) == bucket.below ? low : high) = middle;
    }
    bucket.split = encodeAt(high) == bucket.above ? high : kMixed;
  }
  buckets[upperBits] = bucket;
  return bucket;
}

/// Formats of more than 7 mantissa bits come here (f16 and bf16 above all), and
/// codebooks of values that lie close together.
uint32_t ArrayEncoder::encodeMixed(float value) const {
  if (format.getKind() == FormatKind::Float &&
      rounding == Rounding::NearestEven) {
    // From a normal f32 to a normal value of a format with a shorter mantissa:
    // round the mantissa off, with the carry into the exponent, and change the
    // bias.
    uint32_t bits = llvm::bit_cast<uint32_t>(value);
    uint32_t magnitude = bits & 0x7FFFFFFF;
    unsigned shift = 23 - format.getMantissaBits();
    uint32_t half = uint32_t(1) << (shift - 1);
    uint32_t rounded = magnitude + half - 1 + ((magnitude >> shift) & 1);
    int64_t code =
        int64_t(rounded >> shift) -
        ((127 - format.getBias()) * (int64_t(1) << format.getMantissaBits()));
    int64_t smallestNormal = int64_t(1) << format.getMantissaBits();
    bool isNegative = bits >> 31;
    if (magnitude >= 0x00800000 && magnitude < 0x7F800000 &&
        code >= smallestNormal &&
        code <= static_cast<int64_t>(format.getMaxMagnitudeCode()) &&
        !(isNegative && !format.isSigned()))
      return static_cast<uint32_t>(code) |
             (isNegative ? uint32_t(1) << (format.getBits() - 1) : 0);
  }
  return static_cast<uint32_t>(
      lowbit::encode(format, value, rounding, overflow));
}

//===----------------------------------------------------------------------===//
// Packed rows
//===----------------------------------------------------------------------===//

void lowbit::unpackRow(const uint8_t *bytes, int64_t bit, unsigned bits,
                       MutableArrayRef<uint32_t> codes) {
  bytes += bit / 8;
  size_t size = codes.size();
  uint32_t *out = codes.data();
  uint32_t mask = llvm::maskTrailingOnes<uint32_t>(bits);
  if (bits > 16) {
    for (size_t i = 0; i < size; ++i)
      out[i] = endian::read32le(bytes + 4 * i) & mask;
    return;
  }
  if (bits > 8) {
    for (size_t i = 0; i < size; ++i)
      out[i] = endian::read16le(bytes + 2 * i) & mask;
    return;
  }
  if (bits == 8) {
    for (size_t i = 0; i < size; ++i)
      out[i] = bytes[i];
    return;
  }
  if (bits == 4 && bit % 8 == 0) {
    for (size_t i = 0; i < size / 2; ++i) {
      out[2 * i] = bytes[i] & 15;
      out[2 * i + 1] = bytes[i] >> 4;
    }
    if (size % 2 != 0)
      out[size - 1] = bytes[size / 2] & 15;
    return;
  }
  // `pending` holds the bits that have been read but not used, lowest first.
  uint32_t pending = 0;
  unsigned numPending = 0;
  if (size != 0 && bit % 8 != 0) {
    pending = *bytes++ >> (bit % 8);
    numPending = 8 - bit % 8;
  }
  for (size_t i = 0; i < size; ++i) {
    if (numPending < bits) {
      pending |= uint32_t(*bytes++) << numPending;
      numPending += 8;
    }
    out[i] = pending & mask;
    pending >>= bits;
    numPending -= bits;
  }
}

void lowbit::packRow(ArrayRef<uint32_t> codes, unsigned bits, uint8_t *bytes) {
  size_t size = codes.size();
  const uint32_t *in = codes.data();
  if (bits > 16) {
    for (size_t i = 0; i < size; ++i)
      endian::write32le(bytes + 4 * i, in[i]);
    return;
  }
  if (bits > 8) {
    for (size_t i = 0; i < size; ++i)
      endian::write16le(bytes + 2 * i, static_cast<uint16_t>(in[i]));
    return;
  }
  if (bits == 8) {
    for (size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<uint8_t>(in[i]);
    return;
  }
  if (bits == 4) {
    for (size_t i = 0; i < size / 2; ++i)
      bytes[i] = static_cast<uint8_t>(in[2 * i] | in[2 * i + 1] << 4);
    if (size % 2 != 0)
      bytes[size / 2] = static_cast<uint8_t>(in[size - 1]);
    return;
  }
  uint32_t pending = 0;
  unsigned numPending = 0;
  for (size_t i = 0; i < size; ++i) {
    pending |= in[i] << numPending;
    numPending += bits;
    if (numPending >= 8) {
      *bytes++ = static_cast<uint8_t>(pending);
      pending >>= 8;
      numPending -= 8;
    }
  }
  if (numPending != 0)
    *bytes = static_cast<uint8_t>(pending);
}
