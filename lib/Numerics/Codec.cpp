//===- Codec.cpp - Encode and decode one value ----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Codec.h"

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace lowbit;
using llvm::APInt;

//===----------------------------------------------------------------------===//
// Doubles as integers
//===----------------------------------------------------------------------===//

static constexpr uint64_t signMask = uint64_t(1) << 63;
static constexpr uint64_t infBits = uint64_t(0x7FF) << 52;
static constexpr uint64_t quietNaNBits = uint64_t(0x7FF8) << 48;

static uint64_t toBits(double value) { return llvm::bit_cast<uint64_t>(value); }
static double toDouble(uint64_t bits) { return llvm::bit_cast<double>(bits); }

namespace {
/// A finite double: significand * 2^exponent. A nonzero significand is below
/// 2^53 (subnormals are not normalized).
struct Decomposed {
  uint64_t significand;
  int exponent;
};
} // namespace

static Decomposed decompose(uint64_t magnitudeBits) {
  uint64_t fraction = magnitudeBits & ((uint64_t(1) << 52) - 1);
  int field = int(magnitudeBits >> 52);
  if (field == 0)
    return {fraction, -1074};
  return {fraction | uint64_t(1) << 52, field - 1075};
}

/// significand * 2^exponent as a double; it must be exact.
static double compose(bool negative, uint64_t significand, int exponent) {
  uint64_t sign = negative ? signMask : 0;
  if (significand == 0)
    return toDouble(sign);
  int top = int(llvm::Log2_64(significand));
  int shift = std::max(top + exponent, -1022) - 52 - exponent;
  if (shift > 0) {
    assert((significand & ((uint64_t(1) << shift) - 1)) == 0 && "inexact");
    significand >>= shift;
  } else {
    significand <<= -shift;
  }
  exponent += shift; // at least -1074
  // The leading 1 of a normal adds 1 to the field; a subnormal has none.
  return toDouble(sign | ((uint64_t(exponent + 1074) << 52) + significand));
}

/// significand / 2^shift as an integer, shift >= 0, significand < 2^62.
static uint64_t shiftAndRound(uint64_t significand, int shift,
                              Rounding rounding, uint32_t random) {
  if (shift == 0)
    return significand;
  uint64_t quotient = shift < 64 ? significand >> shift : 0;
  if (rounding == Rounding::TowardZero)
    return quotient;
  uint64_t remainder =
      shift < 64 ? significand & ((uint64_t(1) << shift) - 1) : significand;
  if (rounding == Rounding::NearestEven) {
    if (shift >= 64)
      return quotient; // far below one half
    uint64_t half = uint64_t(1) << (shift - 1);
    bool up = remainder > half || (remainder == half && (quotient & 1));
    return quotient + up;
  }
  // Stochastic: f = remainder / 2^shift, up iff random < floor(f * 2^32).
  uint64_t threshold;
  if (shift <= 32)
    threshold = remainder << (32 - shift);
  else
    threshold = shift - 32 < 64 ? remainder >> (shift - 32) : 0;
  return quotient + (random < threshold);
}

double lowbit::roundToInteger(double value, Rounding rounding,
                              uint32_t random) {
  uint64_t bits = toBits(value);
  uint64_t magnitude = bits & ~signMask;
  // From 2^52 on every double is an integer; infinities and NaN too go there.
  if (magnitude >= uint64_t(1075) << 52)
    return value;
  Decomposed parts = decompose(magnitude);
  assert(parts.exponent < 0 && "has a fraction");
  uint64_t integer =
      shiftAndRound(parts.significand, -parts.exponent, rounding, random);
  return compose(bits & signMask, integer, 0);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// Integers have neither infinity nor NaN, so `ieee` saturates as well.
static uint64_t encodeInteger(const Format &format, double value,
                              Rounding rounding, uint32_t random) {
  if ((toBits(value) & ~signMask) > infBits)
    return 0;
  double rounded = roundToInteger(value, rounding, random);
  rounded =
      std::min(std::max(rounded, format.getLowest()), format.getLargest());
  return uint64_t(int64_t(rounded)) & (format.getNumCodes() - 1);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// The code of the magnitude of a finite value, rounded as if exponents had no
/// upper bound: codes grow with the value, so a result above the largest
/// finite code is an overflow. `magnitudeBits` are those of a double.
static uint64_t encodeMagnitude(const Format &format, uint64_t magnitudeBits,
                                Rounding rounding, uint32_t random) {
  Decomposed parts = decompose(magnitudeBits);
  if (parts.significand == 0)
    return 0;
  int exponent = int(llvm::Log2_64(parts.significand)) + parts.exponent;
  int mantissaBits = int(format.getMantissaBits());
  int minExponent = 1 - int(format.getBias());
  if (format.getKind() == FormatKind::Exponent) {
    // No subnormals and no zero: code 0 is 2^-bias, with nothing below it to
    // round to.
    minExponent = -int(format.getBias());
    if (exponent < minExponent)
      return 0;
  }
  int base = std::max(exponent, minExponent);
  int shift = base - mantissaBits - parts.exponent;
  uint64_t quotient =
      shift <= 0 ? parts.significand << -shift
                 : shiftAndRound(parts.significand, shift, rounding, random);
  // A normal quotient has its leading 1 at bit `mantissaBits`, which adds 1 to
  // the exponent field; so does a carry out of the rounding.
  uint64_t code = (uint64_t(base - minExponent) << mantissaBits) + quotient;
  // Without zero, exponent codes are one lower than where a zero precedes them.
  return format.getKind() == FormatKind::Exponent ? code - 1 : code;
}

static uint64_t encodeFloat(const Format &format, double value,
                            Rounding rounding, Overflow overflow,
                            uint32_t random) {
  uint64_t bits = toBits(value);
  bool negative = bits & signMask;
  uint64_t magnitude = bits & ~signMask;
  uint64_t sign =
      negative && format.isSigned() ? uint64_t(1) << (format.getBits() - 1) : 0;
  // FNUZ has one NaN, whose code is the sign bit.
  auto getNaN = [&] { return format.getNaNCode() | sign; };

  if (magnitude > infBits) {
    if (format.hasNaN())
      return getNaN();
    return encodeFloat(format, 0.0, rounding, overflow, random);
  }
  bool isInf = magnitude == infBits;

  if (!format.isSigned()) {
    bool hasZero = format.hasZero();
    if (overflow == Overflow::Saturate) {
      if (negative || magnitude == 0)
        return 0; // the smallest value: 0, or 2^-127 in E8M0
    } else if (negative || (magnitude == 0 && !hasZero)) {
      bool toZero = hasZero && !isInf &&
                    encodeMagnitude(format, magnitude, rounding, random) == 0;
      return toZero || !format.hasNaN() ? 0 : getNaN();
    }
  }

  uint64_t maxCode = format.getMaxMagnitudeCode();
  uint64_t code = 0;
  if (!isInf) {
    code = encodeMagnitude(format, magnitude, rounding, random);
    if (code <= maxCode) {
      // FNUZ has no -0: its code is the NaN.
      if (code == 0 && format.getNonFinite() == NonFinite::FNUZ)
        return 0;
      return code | sign;
    }
  }
  if (overflow == Overflow::Saturate ||
      (rounding == Rounding::TowardZero && !isInf))
    return maxCode | sign;
  if (format.hasInf())
    return format.getInfCode() | sign;
  return format.hasNaN() ? getNaN() : maxCode | sign;
}

static double decodeFloat(const Format &format, uint64_t code) {
  unsigned mantissaBits = format.getMantissaBits();
  uint64_t magnitudeMask =
      (uint64_t(1) << (format.getExponentBits() + mantissaBits)) - 1;
  bool negative = format.isSigned() && (code & ~magnitudeMask);
  uint64_t magnitude = code & magnitudeMask;

  double quietNaN = toDouble(quietNaNBits | (negative ? signMask : 0));
  if (format.getNonFinite() == NonFinite::FNUZ) {
    // The one NaN is neither positive nor negative; given as positive.
    if (negative && magnitude == 0)
      return toDouble(quietNaNBits);
  } else if (magnitude > format.getMaxMagnitudeCode()) {
    if (format.hasInf() && magnitude == format.getInfCode())
      return toDouble(infBits | (negative ? signMask : 0));
    return quietNaN;
  }

  int field = int(magnitude >> mantissaBits);
  if (format.getKind() == FormatKind::Exponent)
    return compose(false, 1, field - int(format.getBias()));
  uint64_t significand = magnitude & ((uint64_t(1) << mantissaBits) - 1);
  if (field != 0)
    significand |= uint64_t(1) << mantissaBits;
  return compose(negative, significand,
                 std::max(field, 1) - int(format.getBias()) -
                     int(mantissaBits));
}

//===----------------------------------------------------------------------===//
// Lists of values: logarithmic formats and codebooks
//===----------------------------------------------------------------------===//

/// An integer that orders doubles as their values do, -0 equal to 0.
static int64_t getOrderKey(double value) {
  uint64_t bits = toBits(value);
  int64_t magnitude = int64_t(bits & ~signMask);
  return bits & signMask ? -magnitude : magnitude;
}

/// value * 2^1074 as an integer of a width that also holds the product of any
/// f32 with 2^33.
static APInt toFixedPoint(double value) {
  constexpr unsigned width = 1280;
  uint64_t bits = toBits(value);
  Decomposed parts = decompose(bits & ~signMask);
  APInt result(width, parts.significand);
  result <<= unsigned(parts.exponent + 1074);
  if (bits & signMask)
    result.negate();
  return result;
}

/// The sign of 2 * value - (low + high), exactly; low < value < high, and low
/// and high are f32 values.
static int compareWithMiddle(double value, double low, double high) {
  // `sum` is a neighbour of the true sum in any rounding mode, so a double
  // that differs from it lies on the same side of the true sum. Sums of f32
  // values are no subnormal doubles.
  double sum = low + high;
  double twice = value + value;
  if (twice != sum)
    return twice > sum ? 1 : -1;
  APInt exactTwice = toFixedPoint(value).shl(1);
  APInt exactSum = toFixedPoint(low) + toFixedPoint(high);
  if (exactTwice == exactSum)
    return 0;
  return exactTwice.sgt(exactSum) ? 1 : -1;
}

/// Whether stochastic rounding leaves `toward` for `away`: random <
/// floor(f * 2^32) with f = |value - toward| / |away - toward|, which for
/// integers is (random + 1) * |away - toward| <= 2^32 * |value - toward|.
static bool roundsAway(double value, double toward, double away,
                       uint32_t random) {
  // Each side is off by less than 2^-50 of itself, so that a clear difference
  // decides (in any rounding mode); only a close one needs the long integers.
  double left = (double(random) + 1.0) * std::fabs(away - toward);
  double right = 4294967296.0 * std::fabs(value - toward);
  constexpr double margin = 0x1p-46;
  if (std::fabs(left - right) > margin * std::max(left, right))
    return left < right;
  APInt base = toFixedPoint(toward);
  APInt gap = (toFixedPoint(away) - base).abs();
  APInt distance = (toFixedPoint(value) - base).abs();
  gap *= uint64_t(random) + 1;
  return gap.ule(distance.shl(32));
}

/// Neither has infinity or NaN, so `ieee` saturates as well.
static uint64_t encodeListed(const Format &format, double value,
                             Rounding rounding, uint32_t random) {
  bool isLog = format.getKind() == FormatKind::Log;
  uint64_t bits = toBits(value);
  if ((bits & ~signMask) > infBits)
    bits = 0; // NaN goes where +0 goes
  uint64_t sign = 0;
  if (isLog) {
    // Symmetric, and -0 exists: encode the magnitude.
    if (bits & signMask)
      sign = uint64_t(1) << (format.getBits() - 1);
    bits &= ~signMask;
  }
  value = toDouble(bits);

  llvm::ArrayRef<double> values = format.getSortedValues();
  llvm::ArrayRef<uint16_t> codes = format.getSortedCodes();
  int64_t key = getOrderKey(value);
  const double *it = std::lower_bound(
      values.begin(), values.end(), key,
      [](double entry, int64_t key) { return getOrderKey(entry) < key; });
  size_t upper = it - values.begin();
  if (upper == values.size())
    return codes.back() | sign;
  if (upper == 0 || getOrderKey(values[upper]) == key)
    return codes[upper] | sign;

  size_t lower = upper - 1;
  double low = values[lower], high = values[upper];
  if (rounding == Rounding::NearestEven) {
    int side = compareWithMiddle(value, low, high);
    if (side == 0) {
      if (isLog) // the larger magnitude, but 0 below the smallest
        side = low == 0.0 ? -1 : 1;
      else
        side = codes[lower] < codes[upper] ? -1 : 1;
    }
    return codes[side < 0 ? lower : upper] | sign;
  }

  // Toward zero is the neighbour of the smaller magnitude; of two that differ
  // in sign only, the lower code.
  bool towardLow = std::fabs(low) != std::fabs(high)
                       ? std::fabs(low) < std::fabs(high)
                       : codes[lower] < codes[upper];
  size_t toward = towardLow ? lower : upper;
  size_t away = towardLow ? upper : lower;
  if (rounding == Rounding::Stochastic &&
      roundsAway(value, values[toward], values[away], random))
    return codes[away] | sign;
  return codes[toward] | sign;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

double lowbit::decode(const Format &format, uint64_t code) {
  unsigned bits = format.getBits();
  if (bits < 64)
    code &= (uint64_t(1) << bits) - 1;
  switch (format.getKind()) {
  case FormatKind::Integer:
    return format.isSigned() ? double(llvm::SignExtend64(code, bits))
                             : double(code);
  case FormatKind::Float:
  case FormatKind::Exponent:
    return decodeFloat(format, code);
  case FormatKind::Log:
  case FormatKind::Codebook:
    return decode(Format::getBuiltin("f32"),
                  llvm::bit_cast<uint32_t>(format.getValues()[code]));
  }
  llvm_unreachable("all kinds are handled");
}

uint64_t lowbit::encode(const Format &format, double value, Rounding rounding,
                        Overflow overflow, uint32_t random) {
  switch (format.getKind()) {
  case FormatKind::Integer:
    return encodeInteger(format, value, rounding, random);
  case FormatKind::Float:
  case FormatKind::Exponent:
    return encodeFloat(format, value, rounding, overflow, random);
  case FormatKind::Log:
  case FormatKind::Codebook:
    return encodeListed(format, value, rounding, random);
  }
  llvm_unreachable("all kinds are handled");
}
