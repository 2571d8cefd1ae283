# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Number formats in exact rational arithmetic.

Written from docs/Formats.md alone, with nothing taken from the C++ library: a
format is the list of its values as fractions, and encoding is a search in it.
Slow and plain on purpose. `python3 oracle.py FORMAT VALUE...` prints codes.
"""

import bisect
import math
import re
import struct
from fractions import Fraction

NF4 = [
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
    -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
    0.07958029955625534, 0.16093020141124725, 0.24611230194568634,
    0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1.0
]
IQ4NL = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
]


def is_negative(value):
    return math.copysign(1.0, value) < 0


def choose(fraction, tie_up, rounding, random):
    """Whether to leave the neighbour at fraction 0 for the one at 1."""
    if rounding == "toward_zero":
        return False
    if rounding == "stochastic":
        return random < math.floor(fraction * 2**32)
    return fraction > Fraction(1, 2) or (fraction == Fraction(1, 2) and tie_up)


class Minifloat:
    """signed, X, Y, kind ('', 'fn', 'fnuz', 'finite'), bias."""

    def __init__(self, signed, x, y, kind, bias=None):
        self.signed, self.x, self.y, self.kind = signed, x, y, kind
        if bias is None:
            bias = 2**(x - 1) - (0 if kind == "fnuz" else 1)
        self.bias = bias
        self.bits = signed + x + y
        last = 2**(x + y) - 1
        if kind == "":
            last = (2**x - 1) * 2**y - 1
        elif kind == "fn":
            last -= 1
        # One more than there is: where overflow begins.
        self.magnitudes = [self.magnitude(c) for c in range(last + 2)]
        self.last = last

    def magnitude(self, code):
        exponent, mantissa = code >> self.y, code & (2**self.y - 1)
        if exponent == 0:
            return Fraction(mantissa, 2**self.y) * Fraction(2)**(1 - self.bias)
        significand = 1 + Fraction(mantissa, 2**self.y)
        return significand * Fraction(2)**(exponent - self.bias)

    def decode(self, code):
        top = 1 << (self.x + self.y)
        negative, code = bool(self.signed and code & top), code & (top - 1)
        sign = -1.0 if negative else 1.0
        if self.kind == "fnuz" and negative and code == 0:
            return math.nan
        if code > self.last:
            if self.kind == "" and code == self.last + 1:
                return sign * math.inf
            return math.nan
        return math.copysign(float(self.magnitudes[code]), sign)

    def nan(self, negative):
        sign = (1 << (self.x + self.y)) if self.signed and negative else 0
        if self.kind == "":
            return sign | (2**self.x - 1) << self.y | 1 << (self.y - 1)
        if self.kind == "fn":
            return sign | 2**(self.x + self.y) - 1
        if self.kind == "fnuz":
            return 1 << (self.x + self.y)
        return None

    def encode(self, value, rounding, overflow, random=0):
        negative = is_negative(value)
        if math.isnan(value):
            nan = self.nan(negative)
            return 0 if nan is None else nan
        sign = (1 << (self.x + self.y)) if self.signed and negative else 0
        if not math.isinf(value):
            magnitude = abs(Fraction(value))
            at = bisect.bisect_right(self.magnitudes, magnitude) - 1
            if at <= self.last:
                low, high = self.magnitudes[at], self.magnitudes[at + 1]
                # Even in the significand with its leading 1: with no mantissa
                # bits every power of two is odd, and only 0 is even.
                odd = at % 2 == 1 if self.y > 0 else at > 0
                at += choose((magnitude - low) / (high - low), odd, rounding,
                             random)
            if not self.signed and negative:
                if overflow == "saturate" or at == 0:
                    return 0
                return self.nan(False) or 0
            if at == 0:
                return 0 if self.kind == "fnuz" else sign
            if at <= self.last:
                return sign | at
            if rounding == "toward_zero":
                return sign | self.last
        if not self.signed and negative:
            return (self.nan(False) or 0) if overflow == "ieee" else 0
        if overflow == "saturate":
            return sign | self.last
        if self.kind == "":
            return sign | self.last + 1
        nan = self.nan(negative)
        return sign | self.last if nan is None else nan


class Exponent:
    """f8E8M0FNU."""

    bits = 8

    def decode(self, code):
        return math.nan if code == 255 else math.ldexp(1.0, code - 127)

    def encode(self, value, rounding, overflow, random=0):
        if math.isnan(value):
            return 255
        if value <= 0:
            return 255 if overflow == "ieee" else 0
        if math.isinf(value):
            return 255 if overflow == "ieee" else 254
        if value <= 2.0**-127:
            return 0
        exact = Fraction(value)
        code = math.frexp(value)[1] - 1 + 127
        low = Fraction(2)**(code - 127)
        code += choose((exact - low) / low, True, rounding, random)
        if code <= 254:
            return code
        return 255 if overflow == "ieee" else 254


class Integer:

    def __init__(self, bits, signed):
        self.bits = bits
        self.low = -2**(bits - 1) if signed else 0
        self.high = self.low + 2**bits - 1

    def decode(self, code):
        return float(code if code <= self.high else code - 2**self.bits)

    def encode(self, value, rounding, overflow, random=0):
        if math.isnan(value):
            return 0
        if math.isinf(value):
            rounded = self.high if value > 0 else self.low
        else:
            magnitude = abs(Fraction(value))
            rounded = math.floor(magnitude)
            rounded += choose(magnitude - rounded, rounded % 2 == 1, rounding,
                              random)
            rounded = -rounded if value < 0 else rounded
        return min(max(rounded, self.low), self.high) & (2**self.bits - 1)


def log_magnitude(k, steps):
    """2^(k / steps), k <= 0, to the nearest f32, by integer roots."""
    octaves, rest = divmod(k, steps)
    n = 2**(24 * steps + rest)  # the steps-th power of 2^24 * 2^(rest / steps)
    root = n
    for _ in range(steps.bit_length() - 1):
        root = math.isqrt(root)
    # 24 fraction bits, the last of them for rounding.
    return Fraction((root + 1) // 2, 2**23) * Fraction(2)**octaves


class Log:

    def __init__(self, bits, frac=0):
        self.bits = bits
        self.top = 1 << (bits - 1)
        self.magnitudes = [Fraction(0)] + [
            log_magnitude(c - (self.top - 1), 2**frac)
            for c in range(1, self.top)
        ]

    def decode(self, code):
        magnitude = float(self.magnitudes[code & (self.top - 1)])
        return -magnitude if code & self.top else magnitude

    def encode(self, value, rounding, overflow, random=0):
        if math.isnan(value):
            return 0
        sign = self.top if is_negative(value) else 0
        if math.isinf(value):
            return sign | self.top - 1
        magnitude = abs(Fraction(value))
        at = bisect.bisect_right(self.magnitudes, magnitude) - 1
        if at < self.top - 1:
            low, high = self.magnitudes[at], self.magnitudes[at + 1]
            at += choose((magnitude - low) / (high - low), at > 0, rounding,
                         random)
        return sign | at


class Codebook:

    def __init__(self, bits, values):
        self.bits = bits
        self.values = [
            struct.unpack("<f", struct.pack("<f", v))[0] for v in values
        ]
        assert len(values) == 2**bits
        self.exact = [Fraction(v) for v in self.values]

    def decode(self, code):
        return self.values[code]

    def encode(self, value, rounding, overflow, random=0):
        if math.isnan(value):
            value = 0.0
        if math.isinf(value):
            extreme = max(self.exact) if value > 0 else min(self.exact)
            return self.exact.index(extreme)
        exact = Fraction(value)
        # (value, lowest code of it) on either side.
        below = [v for v in self.exact if v <= exact]
        above = [v for v in self.exact if v >= exact]
        if not below or not above:
            return self.exact.index(min(above) if above else max(below))
        low, high = max(below), min(above)
        low_code, high_code = self.exact.index(low), self.exact.index(high)
        if low == high:
            return low_code
        if rounding == "nearest_even":
            left, right = exact - low, high - exact
            if left == right:
                return min(low_code, high_code)
            return low_code if left < right else high_code
        toward, away = sorted([low, high],
                              key=lambda v: (abs(v), self.exact.index(v)))
        fraction = abs(exact - toward) / (high - low)
        if choose(fraction, False, rounding, random):
            toward = away
        return self.exact.index(toward)


def parse(name):
    """A format from its name, for those that the tests use."""
    if name == "f8E8M0FNU":
        return Exponent()
    match = re.fullmatch(r"(u?)i(\d+)", name)
    if match:
        return Integer(int(match[2]), not match[1])
    match = re.fullmatch(
        r"minifloat<(u?)e(\d+)m(\d+)(fn|fnuz|finite|)(?:, bias = (-?\d+))?>",
        name)
    if match:
        return Minifloat(not match[1], int(match[2]), int(match[3]), match[4],
                         int(match[5]) if match[5] else None)
    match = re.fullmatch(r"log<(\d+)(?:, frac = (\d+))?>", name)
    if match:
        return Log(int(match[1]), int(match[2] or 0))
    match = re.fullmatch(r"codebook<(\d+), (.*)>", name)
    if match:
        named = {"nf4": NF4, "iq4nl": IQ4NL}.get(match[2])
        values = named or [float(v) for v in match[2].strip("[]").split(",")]
        return Codebook(int(match[1]), values)
    raise ValueError(f"the oracle does not know {name}")


if __name__ == "__main__":
    import argparse
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format")
    parser.add_argument("value", nargs="*", type=float)
    parser.add_argument("--rounding", default="nearest_even",
                        choices=["nearest_even", "toward_zero", "stochastic"])
    parser.add_argument("--overflow", default="saturate",
                        choices=["saturate", "ieee"])
    parser.add_argument("--random", type=int, default=0)
    options = parser.parse_args()
    oracle = parse(options.format)
    for v in options.value:
        print(hex(oracle.encode(v, options.rounding, options.overflow,
                                options.random)))
