//===- Exact.h - Rational arithmetic on small floats ------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// IEEE formats without the Numerics library: numbers are fractions of 128-bit
// integers times powers of two, and the one rounding is a division with
// remainder.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TEST_UNIT_REFERENCE_EXACT_H
#define LOWBIT_TEST_UNIT_REFERENCE_EXACT_H

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>

namespace lowbit::test {

using Int128 = __int128;

/// sign * numerator / denominator * 2^exponent.
struct Rational {
  bool negative;
  Int128 numerator;
  Int128 denominator;
  int exponent;
};

/// An IEEE format with infinities and NaNs.
struct IEEEFormat {
  int exponentBits, mantissaBits;

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int bits() const { return 1 + exponentBits + mantissaBits; }
  uint64_t infinity() const {
    return ((uint64_t(1) << exponentBits) - 1) << mantissaBits;
  }
  uint64_t signBit() const { return uint64_t(1) << (bits() - 1); }
  uint64_t magnitude(uint64_t code) const { return code & (signBit() - 1); }
  bool isNaN(uint64_t code) const { return magnitude(code) > infinity(); }
  bool isFinite(uint64_t code) const { return magnitude(code) < infinity(); }

  /// The value of a finite code.
  Rational toRational(uint64_t code) const {
    uint64_t mantissa = code & ((uint64_t(1) << mantissaBits) - 1);
    int exponent = magnitude(code) >> mantissaBits;
    if (exponent != 0)
      mantissa |= uint64_t(1) << mantissaBits;
    else
      exponent = 1;
    return {(code & signBit()) != 0, Int128(mantissa), 1,
            exponent - bias() - mantissaBits};
  }
  double toDouble(uint64_t code) const {
    if (isNaN(code))
      return NAN;
    double sign = code & signBit() ? -1.0 : 1.0;
    if (!isFinite(code))
      return sign * INFINITY;
    Rational r = toRational(code);
    return std::ldexp(sign * double(r.numerator), r.exponent);
  }

  /// To nearest, ties to even.
  uint64_t round(Rational x) const {
    uint64_t sign = x.negative ? signBit() : 0;
    if (x.numerator == 0)
      return sign;
    // Largest q with 2^q <= numerator / denominator.
    int q = bitWidth(x.numerator) - bitWidth(x.denominator);
    Int128 n = x.numerator, d = x.denominator;
    if (q >= 0 ? n < d << q : n << -q < d)
      --q;
    // The unit in the last place, in powers of two.
    int leading = q + x.exponent;
    int unit = std::max(leading, 1 - bias()) - mantissaBits;
    if (leading < unit - 1)
      return sign; // less than half of the smallest
    int shift = x.exponent - unit;
    if (shift >= 0)
      n <<= shift;
    else
      d <<= -shift;
    Int128 quotient = n / d, remainder = n % d;
    if (2 * remainder > d || (2 * remainder == d && quotient & 1))
      ++quotient;
    // A carry into the exponent gives the right code by itself.
    uint64_t exponentCode = unit + mantissaBits + bias() - 1;
    uint64_t code = (exponentCode << mantissaBits) + uint64_t(quotient);
    return sign | std::min(code, infinity());
  }

  static int bitWidth(Int128 value) {
    int width = 0;
    for (; value != 0; value >>= 1)
      ++width;
    return width;
  }
};

/// Exact where the exponents are not too far apart.
inline Rational add(Rational a, Rational b) {
  assert(a.denominator == 1 && b.denominator == 1);
  int exponent = std::min(a.exponent, b.exponent);
  auto scaled = [&](const Rational &x) {
    assert(x.numerator == 0 ||
           IEEEFormat::bitWidth(x.numerator) + x.exponent - exponent < 125);
    Int128 n = x.numerator == 0 ? 0 : x.numerator << (x.exponent - exponent);
    return x.negative ? -n : n;
  };
  Int128 sum = scaled(a) + scaled(b);
  // x + -x is +0, but -0 + -0 is -0.
  bool negative = sum < 0 || (sum == 0 && a.negative && b.negative);
  return {negative, sum < 0 ? -sum : sum, 1, exponent};
}
inline Rational multiply(Rational a, Rational b) {
  return {a.negative != b.negative, a.numerator * b.numerator,
          a.denominator * b.denominator, a.exponent + b.exponent};
}
/// By a number that is not 0.
inline Rational divide(Rational a, Rational b) {
  return {a.negative != b.negative, a.numerator * b.denominator,
          a.denominator * b.numerator, a.exponent - b.exponent};
}

} // namespace lowbit::test

#endif // LOWBIT_TEST_UNIT_REFERENCE_EXACT_H
