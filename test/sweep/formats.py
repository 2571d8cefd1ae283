# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The element types that the sweep draws from, and the values of their codes.

What a code means is asked of lowbit-formats, never written down here.
"""

import functools
import math
import random
import re
import struct
import subprocess


def _codebook(bits, seed, integers=False):
    """A codebook of 2^bits values in no order, the same in every run."""
    chance = random.Random(seed)
    if integers:
        values = chance.sample(range(-100, 101), 1 << bits)
    else:
        values = [round(chance.uniform(-3, 3), 3) for _ in range(1 << bits)]
    listed = ", ".join(f"{value:.3f}" for value in values)
    return f"!lowbit.codebook<{bits}, [{listed}]>"


SIGNED = [f"i{bits}" for bits in range(2, 9)] + ["si3", "si4", "si8"]
UNSIGNED = [f"ui{bits}" for bits in range(2, 9)]
FP8 = ["f8E4M3FN", "f8E4M3", "f8E4M3FNUZ", "f8E4M3B11FNUZ", "f8E5M2",
       "f8E5M2FNUZ", "f8E3M4", "f8E8M0FNU"]
SMALL_FLOATS = ["f4E2M1FN", "f6E2M3FN", "f6E3M2FN"]
MINIFLOATS = [f"!lowbit.minifloat<{text}>" for text in (
    "ue5m3fn", "e5m3fn", "e3m0finite, bias = 7", "e1m2finite", "e2m2fnuz",
    "e2m1fn", "ue3m2", "e5m5", "e4m7", "e6m9")]
LOGS = [f"!lowbit.log<{text}>" for text in (
    "4", "4, frac = 1", "2", "3, frac = 2", "6, frac = 1", "8, frac = 3")]
CODEBOOKS = ["!lowbit.codebook<4, nf4>", "!lowbit.codebook<4, iq4nl>",
             _codebook(2, 1), _codebook(3, 2), _codebook(4, 3),
             _codebook(4, 4, integers=True), _codebook(6, 5), _codebook(8, 6)]
WIDE = ["f16", "bf16", "f32"]

WEIGHTS = (SIGNED + UNSIGNED + FP8 + SMALL_FLOATS + MINIFLOATS + LOGS +
           CODEBOOKS + WIDE)
ACTIVATIONS = ["f32", "f16", "bf16", "i8", "i4", "ui8", "ui4", "i3",
               "f8E4M3FN", "f8E5M2", "f4E2M1FN", "f6E3M2FN",
               "!lowbit.log<4>", "!lowbit.codebook<4, iq4nl>",
               "!lowbit.minifloat<e5m3fn>"]
# What most models use: half of the draws are from these.
COMMON_WEIGHTS = ["i4", "ui4", "i8", "f4E2M1FN", "f8E4M3FN", "f8E5M2",
                  "!lowbit.log<4>", "!lowbit.codebook<4, nf4>",
                  "!lowbit.codebook<4, iq4nl>"]
COMMON_ACTIVATIONS = ["f32", "i8", "bf16", "f8E4M3FN"]
SCALES = ["f32", "f16", "bf16", "f8E8M0FNU", "f8E4M3FN",
          "!lowbit.minifloat<ue5m3fn>"]


def get_bits(name):
    if name.startswith(("!lowbit.log", "!lowbit.codebook")):
        return int(re.search(r"\d+", name).group())
    if found := re.match(r"!lowbit\.minifloat<(u?)e(\d+)m(\d+)", name):
        sign, exponent, mantissa = found.groups()
        return (sign == "") + int(exponent) + int(mantissa)
    return int(re.match(r"[a-z]+(\d+)", name).group(1))


def is_integer(name):
    return re.fullmatch(r"[us]?i\d+", name) is not None


def is_signed(name):
    return not (name.startswith(("ui", "!lowbit.minifloat<u")) or
                name == "f8E8M0FNU")


def is_lowbit(name):
    return name.startswith("!lowbit.")


def get_range(name):
    """The least and the largest value of an integer type."""
    bits = get_bits(name)
    if name.startswith("ui"):
        return 0, (1 << bits) - 1
    return -(1 << bits - 1), (1 << bits - 1) - 1


def get_dynamic_multiple(name):
    """What the size of a dynamic innermost dimension is a multiple of (P5)."""
    bits = get_bits(name)
    return 8 // math.gcd(8, bits) if bits < 8 else 1


class Codes:
    """Random codes of a format with values in a range."""

    def __init__(self, lowbit_formats):
        self.program = lowbit_formats

    @functools.lru_cache(maxsize=None)
    def get_values(self, name):
        """The value of every code of a format of up to 16 bits."""
        text = name.removeprefix("!lowbit.")
        output = subprocess.run(
            [self.program, f"--decode={text}", "--binary"], check=True,
            capture_output=True).stdout
        return struct.unpack(f"<{len(output) // 8}d", output)

    @functools.lru_cache(maxsize=None)
    def get_codes(self, name, low, high):
        """The codes with values in [low, high]; all if none are."""
        values = self.get_values(name)
        codes = [code for code, value in enumerate(values)
                 if low <= value <= high]
        return codes or list(range(len(values)))

    def draw(self, chance, name, count, low, high, finite=True):
        """`count` codes of a format of up to 32 bits with values in
        [low, high], or with one among them that is infinite or NaN."""
        if name == "f32":
            codes = [struct.unpack("<I", struct.pack("<f", chance.uniform(
                low, high)))[0] for _ in range(count)]
            others = [0x7f800000, 0xff800000, 0x7fc00000]
        elif is_integer(name) and get_bits(name) > 8:
            own_low, own_high = get_range(name)
            mask = (1 << get_bits(name)) - 1
            codes = [chance.randint(max(own_low, int(low)),
                                    min(own_high, int(high))) & mask
                     for _ in range(count)]
            others = []
        else:
            codes = chance.choices(self.get_codes(name, low, high), k=count)
            values = self.get_values(name)
            others = [code for code, value in enumerate(values)
                      if math.isinf(value)] or [
                          code for code, value in enumerate(values)
                          if math.isnan(value)]
        # One alone: what it is in meets no other.
        if not finite and others and codes:
            codes[chance.randrange(count)] = chance.choice(others)
        return codes
