# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tool against oracle.py, in every rounding and overflow mode.

For the formats that no other library has: UE5M3 and its signed form,
minifloats of every kind, logarithmic formats, codebooks, integers.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

import formats_tool as tool
import oracle

FORMATS = [
    "minifloat<ue5m3fn>",
    "minifloat<e5m3fn>",
    "minifloat<ue5m3>",
    "minifloat<ue4m4finite>",
    "minifloat<e4m3fn>",
    "minifloat<e2m2fnuz>",
    "minifloat<e3m0finite, bias = 7>",
    "minifloat<ue4m0fn>",
    "minifloat<e1m2finite>",
    "minifloat<ue1m1>",
    "minifloat<e6m1, bias = -60>",
    "minifloat<ue5m3fn, bias = 147>",
    "minifloat<e8m3>",
    "f8E8M0FNU",
    "log<2>",
    "log<4>",
    "log<4, frac = 1>",
    "log<8>",
    "log<6, frac = 3>",
    "log<8, frac = 7>",
    "codebook<4, nf4>",
    "codebook<4, iq4nl>",
    "codebook<2, [3.0, -1.0, 1.0, -1.0]>",
    "codebook<3, [0.0, -0.0, 5.0, 1.0, 1.0, 1e-40, 3e38, 0.1]>",
    "codebook<2, [-4.0, -3.0, -2.0, -1.5]>",
    "i2", "ui3", "i4", "ui4", "i8", "ui8",
]


def same(a, b):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b and oracle.is_negative(a) == oracle.is_negative(b)


def get_inputs(reference, generator):
    finite = [reference.decode(c) for c in range(1 << reference.bits)]
    finite = np.unique([v for v in finite if math.isfinite(v)])
    if len(finite) > 600:  # wide ones: the ends and a sample
        keep = generator.choice(len(finite), 400, replace=False)
        keep = np.unique(np.concatenate(
            [keep, np.arange(60), np.arange(len(finite) - 60, len(finite))]))
        ties = (finite[:-1] + finite[1:])[keep[keep < len(finite) - 1]] / 2
        finite = finite[keep]
    else:
        ties = (finite[:-1] + finite[1:]) / 2
    largest = np.abs(finite).max()
    special = [
        0.0, 1e-45, 2.0**-126, 2.0**-127, 2.0**-128, 1.0, 3.4028234e38,
        math.inf, largest * 1.5, largest * 2, largest + 0.5,
        np.abs(finite[finite != 0]).min() / 2
    ]
    # Where overflow begins if the last step goes on.
    steps = np.diff(finite)[-1] * np.arange(1, 5) / 4 + finite[-1]
    with np.errstate(over="ignore"):
        points = tool.with_neighbours(
            np.concatenate([finite, ties, special, steps]), 1)
    scale = np.exp2(generator.uniform(-3, 1, 600)) * largest
    with np.errstate(over="ignore"):
        near = (scale * generator.choice([-1, 1], 600)).astype(np.float32)
    bits = tool.from_bits(generator.integers(0, 1 << 32, 600, dtype=np.uint32))
    nans = tool.from_bits([0x7FC00000, 0xFFC00000, 0x7F800001, 0xFF800001])
    inputs = np.concatenate([points, near, bits, nans])
    if len(inputs) > 5000:
        inputs = np.concatenate(
            [generator.choice(inputs, 5000, replace=False), nans])
    return inputs


@pytest.mark.parametrize("name", FORMATS)
def test_decode(name):
    reference = oracle.parse(name)
    values = tool.decode(name)
    assert len(values) == 1 << reference.bits
    for code, value in enumerate(values):
        assert same(value, reference.decode(code)), hex(code)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("rounding",
                         ["nearest_even", "toward_zero", "stochastic"])
def test_encode(name, rounding, tmp_path):
    reference = oracle.parse(name)
    generator = np.random.Generator(np.random.PCG64(7))
    inputs = get_inputs(reference, generator)
    randoms = None
    if rounding == "stochastic":
        randoms = generator.integers(0, 1 << 32, len(inputs), dtype=np.uint32)
        # Words at the edge: f = 1/2 for ties, none, and all.
        edge = generator.integers(0, 3, len(inputs))
        for which, word in enumerate([0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000]):
            randoms[(np.arange(len(inputs)) % 8 == which) & (edge > 0)] = word
    for overflow in ["saturate", "ieee"]:
        codes = tool.encode(name, inputs, rounding, overflow, randoms,
                            tmp_path)
        for i, value in enumerate(inputs):
            random = 0 if randoms is None else int(randoms[i])
            expected = reference.encode(float(value), rounding, overflow,
                                        random)
            assert codes[i] == expected, (
                f"{name} {rounding} {overflow} random={random}: "
                f"{float(value).hex()} gives {codes[i]:#x}, "
                f"not {expected:#x}")


def test_stochastic_threshold(tmp_path):
    """Exactly floor(f * 2^32) of the random words round away."""
    for name in ["f8E4M3FN", "minifloat<ue5m3fn>", "log<4, frac = 1>",
                 "codebook<4, nf4>", "codebook<4, iq4nl>", "i4"]:
        values = tool.decode(name)
        values = np.unique(values[np.isfinite(values)])
        low, high = values[-2], values[-1]
        for part in [0.25, 1 / 3, 0.5, 0.999]:
            value = np.float32(low + (high - low) * part)
            if abs(low) > abs(high):
                continue
            fraction = (Fraction(float(value)) - Fraction(float(low))) / (
                Fraction(float(high)) - Fraction(float(low)))
            threshold = math.floor(fraction * 2**32)
            randoms = [threshold - 1, threshold, threshold + 1]
            codes = tool.encode(name, np.full(3, value, np.float32),
                                "stochastic", "saturate", randoms, tmp_path)
            got = tool.decode(name)[codes]
            assert list(got) == [high, low, low], (name, part)


@pytest.mark.parametrize("arguments, message", [
    (["--decode=f8E4M3FM"], "is no number format"),
    (["--decode=f32"], "at most 16 bits"),
    (["--decode=minifloat<e4m0>"], "F2"),
    (["--encode=i4", "1.0x"], "neither a number nor an option"),
    (["--list", "--table"], "exclude each other"),
    (["1.0"], "values are for --encode"),
    (["--encode=i4", "--binary", "--rounding=stochastic",
      "--random-binary=/nonexistent/file"], "cannot open"),
])
def test_errors(arguments, message):
    result = tool.run(*arguments, check=False)
    assert result.returncode == 1
    assert result.stdout == b""
    assert message in result.stderr.decode()


def test_text():
    result = tool.run("--encode=f8E4M3FN", "--overflow=ieee", "1.5", "-500",
                      "inf", "-0.0", "-0x1p-9")
    assert result.stdout.decode().split() == [
        "0x3C", "0xFF", "0x7F", "0x80", "0x81"
    ]
    lines = tool.run("--decode=f8E4M3FN", "--hex").stdout.decode().split("\n")
    assert lines[0x7E] == "0x7E 0x1.cp+8"
    assert lines[0x7F] == "0x7F nan"
    names = tool.run("--list").stdout.decode().split("\n")[:-1]
    table = tool.run().stdout.decode().split("\n")[2:-1]
    assert [row.split("`")[1] for row in table] == names
    truncated = tool.run("--encode=i4", "--binary", stdin=b"abc", check=False)
    assert truncated.returncode == 1
