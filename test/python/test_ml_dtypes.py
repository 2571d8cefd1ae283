# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every code and millions of conversions, bit by bit against ml_dtypes.

The documented differences, and no others, are asserted:
- FP4 and FP6 have no NaN: ml_dtypes gives a zero of the other sign, lowbit
  the code of +0.
- E8M0 between 2^-127 and 1.5 * 2^-127: ml_dtypes gives 2^-126, which is not
  the nearest; lowbit gives 2^-127.
- f16: numpy keeps the payload of a NaN, lowbit gives the quiet NaN.
"""

import numpy as np
import pytest

import formats_tool as tool

ml_dtypes = pytest.importorskip(
    "ml_dtypes", reason="the Python package ml_dtypes is not installed")

FLOATS = {
    "f8E4M3FN": "float8_e4m3fn",
    "f8E4M3": "float8_e4m3",
    "f8E4M3FNUZ": "float8_e4m3fnuz",
    "f8E4M3B11FNUZ": "float8_e4m3b11fnuz",
    "f8E5M2": "float8_e5m2",
    "f8E5M2FNUZ": "float8_e5m2fnuz",
    "f8E3M4": "float8_e3m4",
    "f8E8M0FNU": "float8_e8m0fnu",
    "f6E2M3FN": "float6_e2m3fn",
    "f6E3M2FN": "float6_e3m2fn",
    "f4E2M1FN": "float4_e2m1fn",
    "bf16": "bfloat16",
    "f16": None,
}
# The same formats by another name: codes and conversions are equal.
ALIASES = {
    "minifloat<e4m3fn>": "f8E4M3FN",
    "minifloat<e4m3fnuz, bias = 11>": "f8E4M3B11FNUZ",
    "minifloat<e2m1finite>": "f4E2M1FN",
}
INTEGERS = {"i4": "int4", "ui4": "uint4", "i2": "int2", "ui2": "uint2"}
ALL = list(FLOATS) + list(ALIASES)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def get_dtype(name):
    dtype = FLOATS[ALIASES.get(name, name)]
    if dtype is None:
        return np.dtype(np.float16)
    if not hasattr(ml_dtypes, dtype):
        pytest.skip(f"this ml_dtypes has no {dtype}")
    return np.dtype(getattr(ml_dtypes, dtype))


def get_codes(array):
    return array.view(np.uint16 if array.itemsize == 2 else np.uint8).astype(
        np.uint16)


def get_values(name):
    """ml_dtypes' value of every code."""
    dtype = get_dtype(name)
    bits = 16 if dtype.itemsize == 2 else int(name[1]) if name[0] == "f" else (
        8 if "4m3" in name else 4)
    codes = np.arange(1 << bits, dtype=np.uint16)
    if dtype.itemsize == 1:
        codes = codes.astype(np.uint8)
    return codes.view(dtype).astype(np.float64)


def get_ties(values):
    """All values, midpoints of neighbours, and where overflow begins."""
    values = np.unique(np.abs(values[np.isfinite(values)]))
    step = values[-1] - values[-2]
    values = np.append(values, values[-1] + step)
    values = np.append(values, [values[-2] * 2, values[-2] * 1.5])
    values.sort()
    return np.concatenate([values, (values[1:] + values[:-1]) / 2])


def check(name, inputs):
    dtype = get_dtype(name)
    expected = get_codes(inputs.astype(dtype))
    actual = tool.encode(name, inputs, overflow="ieee")
    differ = expected != actual
    canonical = ALIASES.get(name, name)
    nan = np.isnan(inputs)
    if canonical[:2] in ("f4", "f6"):
        assert (actual[nan] == 0).all()
        differ &= ~nan
    elif canonical == "f16":
        negative = np.signbit(inputs)
        assert (actual[nan] == np.where(negative[nan], 0xFE00, 0x7E00)).all()
        differ &= ~nan
    elif canonical == "f8E8M0FNU":
        wide = inputs.astype(np.float64)
        odd = (wide > 2.0**-127) & (wide < 1.5 * 2.0**-127)
        assert (actual[odd] == 0).all() and (expected[odd] == 1).all()
        differ &= ~odd
    bad = np.flatnonzero(differ)
    assert bad.size == 0, [
        (inputs[i].item().hex(), hex(expected[i]), hex(actual[i]))
        for i in bad[:10]
    ]


@pytest.mark.parametrize("name", ALL)
def test_decode(name):
    expected = get_values(name)
    actual = tool.decode(name)
    assert len(actual) == len(expected)
    nan = np.isnan(expected)
    assert (np.isnan(actual) == nan).all()
    assert (actual[~nan].view(np.uint64) == expected[~nan].view(
        np.uint64)).all()


@pytest.mark.parametrize("name", INTEGERS)
def test_decode_integers(name):
    # Encoding is another function: ml_dtypes wraps, lowbit saturates.
    if not hasattr(ml_dtypes, INTEGERS[name]):
        pytest.skip(f"this ml_dtypes has no {INTEGERS[name]}")
    codes = np.arange(1 << int(name[-1]), dtype=np.uint8)
    expected = codes.view(getattr(ml_dtypes, INTEGERS[name]))
    assert (tool.decode(name) == expected.astype(np.float64)).all()


@pytest.mark.parametrize("name", ALL)
def test_encode_bfloat16(name):
    check(name, tool.bfloat16_values())


@pytest.mark.parametrize("name", ALL)
def test_encode_float16(name):
    check(name, tool.float16_values())


@pytest.mark.parametrize("name", ALL)
def test_encode_ties(name):
    check(name, tool.with_neighbours(get_ties(get_values(name))))


@pytest.mark.parametrize("name", ALL)
def test_encode_random(name):
    generator = np.random.Generator(np.random.PCG64(20261124))
    count = 3_000_000
    check(name, tool.from_bits(
        generator.integers(0, 1 << 32, count, dtype=np.uint32)))
    # Bits at random seldom hit a narrow range of exponents.
    finite = get_values(name)
    finite = np.abs(finite[np.isfinite(finite) & (finite != 0)])
    low, high = np.log2(finite.min()) - 2, np.log2(finite.max()) + 2
    low, high = max(low, -149), min(high, 127.9)
    values = np.exp2(generator.uniform(low, high, count))
    values *= generator.choice([-1.0, 1.0], count)
    check(name, values.astype(np.float32))


def test_exceptions_are_met():
    """The inputs of the documented differences do occur above."""
    values = tool.bfloat16_values()
    wide = values.astype(np.float64)
    assert ((wide > 2.0**-127) & (wide < 1.5 * 2.0**-127)).any()
    assert np.signbit(values[np.isnan(values)]).any()
    assert not np.signbit(values[np.isnan(values)]).all()
