//===- Reference.h - An independent implementation --------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Number formats as lists of values, written from docs/Formats.md with nothing
// taken from the Numerics library: encoding is a search in the list. Doubles
// are used only where they are exact (stated at each place); elsewhere a
// fixed-point number of 2^-1074 steps is.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TEST_UNIT_NUMERICS_REFERENCE_H
#define LOWBIT_TEST_UNIT_NUMERICS_REFERENCE_H

#include "lowbit/Numerics/Format.h"
#include "lowbit/Numerics/Modes.h"

#include "llvm/ADT/APInt.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace lowbit::test {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double quietNaN = std::numeric_limits<double>::quiet_NaN();

/// value * 2^1074, for |value| < 2^130.
inline llvm::APInt toFixed(double value) {
  int exponent = 0;
  double fraction = std::frexp(std::fabs(value), &exponent);
  auto significand = uint64_t(std::ldexp(fraction, 53));
  int shift = exponent - 53 + 1074;
  llvm::APInt result(1400, significand);
  if (shift >= 0)
    result <<= unsigned(shift);
  else
    result.lshrInPlace(unsigned(-shift)); // a subnormal: only zeros go
  if (value < 0)
    result.negate();
  return result;
}

struct Reference {
  enum Kind { Float, Exponent, Integer, Log, Codebook };
  enum Special { IEEE, FN, FNUZ, Finite };

  Kind kind = Float;
  Special special = Finite;
  bool isSigned = false;
  unsigned bits = 0, x = 0, y = 0;
  int bias = 0;
  /// Every code's value; NaN for NaN codes.
  std::vector<double> values;
  /// Float, Exponent, Log: magnitudes ascending, index = magnitude code; for
  /// Float and Exponent one more, where overflow begins.
  std::vector<double> magnitudes;
  uint64_t last = 0;
  /// Codebook: (value, lowest code), ascending.
  std::vector<std::pair<double, uint64_t>> sorted;

  static Reference getFloat(unsigned x, unsigned y, bool isSigned,
                            Special special, int bias) {
    Reference r;
    r.special = special;
    r.isSigned = isSigned;
    r.bits = x + y + isSigned;
    r.x = x;
    r.y = y;
    r.bias = bias;
    uint64_t count = uint64_t(1) << (x + y);
    r.last = count - 1;
    if (special == IEEE)
      r.last = count - (uint64_t(1) << y) - 1;
    else if (special == FN)
      r.last = count - 2;
    for (uint64_t code = 0; code <= r.last + 1; ++code) {
      uint64_t exponent = code >> y;
      double mantissa = std::ldexp(double(code % (uint64_t(1) << y)), -int(y));
      r.magnitudes.push_back(
          exponent == 0 ? std::ldexp(mantissa, 1 - bias)
                        : std::ldexp(1.0 + mantissa, int(exponent) - bias));
    }
    for (int negative = 0; negative <= int(isSigned); ++negative) {
      for (uint64_t code = 0; code < count; ++code) {
        double value = quietNaN;
        if (code <= r.last)
          value = r.magnitudes[code];
        else if (special == IEEE && code == r.last + 1)
          value = inf;
        if (special == FNUZ && negative && code == 0)
          value = quietNaN;
        r.values.push_back(negative ? -value : value);
      }
    }
    return r;
  }

  static Reference getExponent() {
    Reference r;
    r.kind = Exponent;
    r.special = FN;
    r.bits = 8;
    r.last = 254;
    for (int code = 0; code <= 255; ++code)
      r.magnitudes.push_back(std::ldexp(1.0, code - 127));
    r.values = r.magnitudes;
    r.values[255] = quietNaN;
    return r;
  }

  static Reference getInteger(unsigned bits, bool isSigned) {
    Reference r;
    r.kind = Integer;
    r.isSigned = isSigned;
    r.bits = bits;
    int64_t count = int64_t(1) << bits;
    for (int64_t code = 0; code < count; ++code)
      r.values.push_back(
          double(isSigned && code >= count / 2 ? code - count : code));
    return r;
  }

  static Reference getLog(unsigned bits, unsigned fractionBits) {
    Reference r;
    r.kind = Log;
    r.isSigned = true;
    r.bits = bits;
    int cmax = (1 << (bits - 1)) - 1;
    r.last = cmax;
    r.magnitudes.push_back(0.0);
    // The 64 bits of a long double leave 40 beyond a f32: none of these few
    // values is that close to a tie (the Python oracle uses integer roots).
    for (int c = 1; c <= cmax; ++c)
      r.magnitudes.push_back(float(
          exp2l((long double)(c - cmax) / (long double)(1 << fractionBits))));
    for (double sign : {1.0, -1.0})
      for (double value : r.magnitudes)
        r.values.push_back(sign * value);
    return r;
  }

  static Reference getCodebook(const std::vector<float> &values) {
    Reference r;
    r.kind = Codebook;
    while ((size_t(1) << r.bits) < values.size())
      ++r.bits;
    for (uint64_t code = 0; code < values.size(); ++code) {
      double value = values[code];
      r.values.push_back(value);
      bool known = false;
      for (auto &entry : r.sorted)
        known |= entry.first == value;
      if (!known)
        r.sorted.push_back({value, code});
    }
    std::sort(r.sorted.begin(), r.sorted.end());
    return r;
  }

  /// Whether to leave the neighbour at fraction 0 for that at fraction 1.
  static bool choose(double fraction, bool tieUp, Rounding rounding,
                     uint32_t random) {
    switch (rounding) {
    case Rounding::TowardZero:
      return false;
    case Rounding::Stochastic:
      return random < std::floor(fraction * 4294967296.0);
    case Rounding::NearestEven:
      return fraction > 0.5 || (fraction == 0.5 && tieUp);
    }
    return false;
  }

  /// The same, |value - toward| / |away - toward| being no exact double.
  static bool chooseExactly(double value, double toward, double away,
                            bool tieUp, Rounding rounding, uint32_t random) {
    if (rounding == Rounding::TowardZero)
      return false;
    llvm::APInt distance = (toFixed(value) - toFixed(toward)).abs();
    llvm::APInt gap = (toFixed(away) - toFixed(toward)).abs();
    if (rounding == Rounding::Stochastic) // floor of the exact quotient
      return llvm::APInt(1400, random).ult(distance.shl(32).udiv(gap));
    llvm::APInt twice = distance.shl(1);
    return twice.ugt(gap) || (twice == gap && tieUp);
  }

  uint64_t getNaN(bool negative) const {
    uint64_t sign = isSigned && negative ? uint64_t(1) << (x + y) : 0;
    if (kind == Exponent)
      return 255;
    if (special == IEEE)
      return sign | (((uint64_t(1) << x) - 1) << y) | (uint64_t(1) << (y - 1));
    if (special == FN)
      return sign | ((uint64_t(1) << (x + y)) - 1);
    assert(special == FNUZ);
    return uint64_t(1) << (x + y);
  }
  bool hasNaN() const {
    return kind == Exponent || (kind == Float && special != Finite);
  }

  /// The index of the magnitude that `magnitude` rounds to; last + 1 is an
  /// overflow. Neighbours lo < hi have hi <= 2 lo or lo = 0, so that x - lo is
  /// exact, and the gap is a power of two, so that the quotient is too.
  uint64_t findMagnitude(double magnitude, Rounding rounding,
                         uint32_t random) const {
    if (magnitude < magnitudes[0])
      return 0; // E8M0 only
    uint64_t at =
        std::upper_bound(magnitudes.begin(), magnitudes.end(), magnitude) -
        magnitudes.begin() - 1;
    if (at > last)
      return at;
    double low = magnitudes[at], high = magnitudes[at + 1];
    // With no mantissa bits the significand is 1, which is odd; 0 is even.
    bool odd = kind == Exponent || (y > 0 ? at % 2 == 1 : at > 0);
    return at + choose((magnitude - low) / (high - low), odd, rounding, random);
  }

  uint64_t encode(double value, Rounding rounding, Overflow overflow,
                  uint32_t random) const {
    switch (kind) {
    case Float:
    case Exponent:
      return encodeFloat(value, rounding, overflow, random);
    case Integer:
      return encodeInteger(value, rounding, random);
    case Log:
      return encodeLog(value, rounding, random);
    case Codebook:
      return encodeCodebook(value, rounding, random);
    }
    return 0;
  }

  uint64_t encodeFloat(double value, Rounding rounding, Overflow overflow,
                       uint32_t random) const {
    bool negative = std::signbit(value);
    bool ieee = overflow == Overflow::IEEE;
    uint64_t sign = isSigned && negative ? uint64_t(1) << (x + y) : 0;
    if (std::isnan(value))
      return hasNaN() ? getNaN(negative) : 0;
    bool isInf = std::isinf(value);
    uint64_t at =
        isInf ? last + 1 : findMagnitude(std::fabs(value), rounding, random);
    if (kind == Exponent && (negative || value == 0.0))
      return ieee ? 255 : 0;
    if (!isSigned && negative)
      return ieee && at != 0 && hasNaN() ? getNaN(false) : 0;
    if (at == 0)
      return special == FNUZ ? 0 : sign;
    if (at <= last)
      return sign | at;
    if (!ieee || (rounding == Rounding::TowardZero && !isInf))
      return sign | last;
    if (special == IEEE)
      return sign | (last + 1);
    return hasNaN() ? getNaN(negative) : sign | last;
  }

  uint64_t encodeInteger(double value, Rounding rounding,
                         uint32_t random) const {
    double low = isSigned ? -std::ldexp(1.0, int(bits) - 1) : 0.0;
    double high = low + std::ldexp(1.0, int(bits)) - 1.0;
    if (std::isnan(value))
      value = 0.0;
    // Far outside, rounding makes no difference, and floor(x) + 1 is exact
    // inside.
    value = std::min(std::max(value, low - 2.0), high + 2.0);
    double magnitude = std::fabs(value), whole = std::floor(magnitude);
    whole += choose(magnitude - whole, std::fmod(whole, 2.0) == 1.0, rounding,
                    random);
    double rounded = std::min(std::max(value < 0 ? -whole : whole, low), high);
    return uint64_t(int64_t(rounded)) & ((uint64_t(1) << bits) - 1);
  }

  uint64_t encodeLog(double value, Rounding rounding, uint32_t random) const {
    if (std::isnan(value))
      return 0;
    uint64_t sign = std::signbit(value) ? last + 1 : 0;
    double magnitude = std::fabs(value);
    uint64_t at =
        std::upper_bound(magnitudes.begin(), magnitudes.end(), magnitude) -
        magnitudes.begin() - 1;
    if (at < last && magnitudes[at] != magnitude)
      at += chooseExactly(magnitude, magnitudes[at], magnitudes[at + 1],
                          /*tieUp=*/at > 0, rounding, random);
    return sign | at;
  }

  uint64_t encodeCodebook(double value, Rounding rounding,
                          uint32_t random) const {
    if (std::isnan(value))
      value = 0.0;
    size_t at = 0;
    while (at < sorted.size() && sorted[at].first < value)
      ++at;
    if (at == sorted.size())
      return sorted.back().second;
    if (at == 0 || sorted[at].first == value)
      return sorted[at].second;
    auto toward = sorted[at - 1], away = sorted[at];
    double a = std::fabs(toward.first), b = std::fabs(away.first);
    if (b < a || (b == a && away.second < toward.second))
      std::swap(toward, away);
    return chooseExactly(value, toward.first, away.first,
                         away.second < toward.second, rounding, random)
               ? away.second
               : toward.second;
  }
};

struct NamedReference {
  std::string name;
  Reference reference;
};

/// What the catalog must be, in its order, from facts and not from the library.
inline std::vector<NamedReference> getReferenceCatalog() {
  using R = Reference;
  std::vector<NamedReference> list = {
      {"f8E4M3FN", R::getFloat(4, 3, true, R::FN, 7)},
      {"f8E4M3", R::getFloat(4, 3, true, R::IEEE, 7)},
      {"f8E4M3FNUZ", R::getFloat(4, 3, true, R::FNUZ, 8)},
      {"f8E4M3B11FNUZ", R::getFloat(4, 3, true, R::FNUZ, 11)},
      {"f8E5M2", R::getFloat(5, 2, true, R::IEEE, 15)},
      {"f8E5M2FNUZ", R::getFloat(5, 2, true, R::FNUZ, 16)},
      {"f8E3M4", R::getFloat(3, 4, true, R::IEEE, 3)},
      {"f8E8M0FNU", R::getExponent()},
      {"f6E2M3FN", R::getFloat(2, 3, true, R::Finite, 1)},
      {"f6E3M2FN", R::getFloat(3, 2, true, R::Finite, 3)},
      {"f4E2M1FN", R::getFloat(2, 1, true, R::Finite, 1)},
      {"f16", R::getFloat(5, 10, true, R::IEEE, 15)},
      {"bf16", R::getFloat(8, 7, true, R::IEEE, 127)},
      {"minifloat<ue5m3fn>", R::getFloat(5, 3, false, R::FN, 15)},
      {"minifloat<e5m3fn>", R::getFloat(5, 3, true, R::FN, 15)},
  };
  for (unsigned bits = 2; bits <= 8; ++bits) {
    list.push_back({"i" + std::to_string(bits), R::getInteger(bits, true)});
    list.push_back({"ui" + std::to_string(bits), R::getInteger(bits, false)});
  }
  list.push_back({"log<4>", R::getLog(4, 0)});
  list.push_back({"log<4, frac = 1>", R::getLog(4, 1)});
  list.push_back(
      {"codebook<4, nf4>",
       R::getCodebook({-1.0f, -0.6961928009986877f, -0.5250730514526367f,
                       -0.39491748809814453f, -0.28444138169288635f,
                       -0.18477343022823334f, -0.09105003625154495f, 0.0f,
                       0.07958029955625534f, 0.16093020141124725f,
                       0.24611230194568634f, 0.33791524171829224f,
                       0.44070982933044434f, 0.5626170039176941f,
                       0.7229568362236023f, 1.0f})});
  list.push_back({"codebook<4, iq4nl>",
                  R::getCodebook({-127, -104, -83, -65, -49, -35, -22, -10, 1,
                                  13, 25, 38, 53, 69, 89, 113})});
  return list;
}

} // namespace lowbit::test

#endif // LOWBIT_TEST_UNIT_NUMERICS_REFERENCE_H
