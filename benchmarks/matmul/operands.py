# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operands that all contestants multiply, and what must come out."""

import dataclasses
import pathlib
import struct
import subprocess

import numpy as np


def unpack(packed):
    """Codes from bytes of two 4-bit codes each, the first in the low half."""
    codes = np.empty((packed.shape[0], 2 * packed.shape[1]), np.uint8)
    codes[:, 0::2] = packed & 15
    codes[:, 1::2] = packed >> 4
    return codes


class Formats:
    """The values of number formats, from lowbit's own description of them."""

    def __init__(self, build):
        self._program = build / "bin" / "lowbit-formats"
        self._tables = {}

    def values(self, element):
        """The value of every code of an element type, NaN included, in f64."""
        if element not in self._tables:
            name = element.removeprefix("!lowbit.")
            output = subprocess.run(
                [self._program, f"--decode={name}", "--binary"],
                check=True,
                capture_output=True,
            ).stdout
            values = struct.unpack(f"<{len(output) // 8}d", output)
            self._tables[element] = np.array(values)
        return self._tables[element]


@dataclasses.dataclass
class Weights:
    """N x K codes with a scale for each group of a row."""

    # The MLIR type of an element, and the value of each of its codes.
    element: str
    table: np.ndarray
    # As in memory: N x K bytes, or N x K / 2 bytes of two codes.
    stored: np.ndarray
    # MLIR type and array, as in memory: N x (K / group). A 0-d f32 that the
    # scales are multiplied by may follow.
    scale_element: str
    scales: np.ndarray
    # The values of `scales`, in f64.
    scale_values: np.ndarray
    outer_scale: np.ndarray = None

    @property
    def shape(self):
        """(N, K)"""
        rows, row_bytes = self.stored.shape
        return rows, row_bytes * (2 if len(self.table) == 16 else 1)

    @property
    def group(self):
        return self.shape[1] // self.scales.shape[1]

    @property
    def nbytes(self):
        """Bytes of codes and scales, as they are before packing."""
        return self.stored.nbytes + self.scales.nbytes

    def codes(self):
        return unpack(self.stored) if len(self.table) == 16 else self.stored

    def dequantize(self):
        """The values, N x K in f64."""
        rows, columns = self.shape
        values = self.table[self.codes()].reshape(rows, -1, self.group)
        scales = self.scale_values
        if self.outer_scale is not None:
            # One rounding: the scale of the products is an f32.
            scales = (scales * float(self.outer_scale)).astype(np.float32)
        values *= scales[:, :, None].astype(np.float64)
        return values.reshape(rows, columns)


class WeightMaker:
    """Weights of any format, of random codes.

    No contestant's speed depends on values, and each is compared with the
    exact product of just these, so there is nothing to be gained by quantizing
    a matrix first.
    """

    def __init__(self, formats, rows, columns):
        self._formats, self._shape = formats, (rows, columns)
        self._made = {}

    def make(self, element, group, scale_element="f16"):
        """Scales of type f32 are f16 values, too: some peers have only those.
        `group` 0 is a whole row."""
        key = element, group, scale_element
        if key not in self._made:
            self._made[key] = self._draw(*key)
        return self._made[key]

    def _draw(self, element, group, scale_element):
        rows, columns = self._shape
        random = np.random.default_rng(len(self._made))
        table = self._formats.values(element)
        row_bytes = columns // 2 if len(table) == 16 else columns
        stored = random.integers(0, 256, (rows, row_bytes), dtype=np.uint8)
        if len(table) != 16:
            stored[np.isnan(table)[stored]] = 0
        shape = (rows, columns // (group or columns))
        outer = None
        if scale_element in ("f16", "f32"):
            scales = random.uniform(0.005, 0.02, shape).astype(np.float16)
            values = scales.astype(np.float64)
            scales = scales.astype(
                {"f16": np.float16, "f32": np.float32}[scale_element]
            )
        elif scale_element == "f8E8M0FNU":
            scales = random.integers(118, 122, shape, dtype=np.uint8)
            values = self._formats.values(scale_element)[scales]
        elif scale_element == "f8E4M3FN":
            # Positive normal values; an f32 for the whole tensor goes with them.
            scales = random.integers(0x38, 0x68, shape, dtype=np.uint8)
            values = self._formats.values(scale_element)[scales]
            outer = np.array(0.0009, np.float32)
        else:
            raise ValueError(scale_element)
        return Weights(element, table, stored, scale_element, scales, values, outer)


def quantize_activations(x, group):
    """What lowbit.choose_scale and lowbit.quantize to i8 make of f32 rows, as
    values in f64. `group` 0 is a whole row."""
    blocks = x.reshape(len(x), -1, group or x.shape[1])
    scales = np.abs(blocks).max(2, keepdims=True) / np.float32(127)
    scales = np.where(scales == 0, np.float32(1), scales)
    codes = np.clip(np.rint(blocks / scales), -128, 127)
    return (codes.astype(np.float64) * scales.astype(np.float64)).reshape(x.shape)


@dataclasses.dataclass
class Expected:
    """Rows of exact products, and what their error is measured by."""

    product: np.ndarray
    # Sum of |a b| of each product.
    magnitude: np.ndarray


@dataclasses.dataclass
class Errors:
    # Largest difference from the product of the f32 activations with the
    # dequantized weights, relative to its largest element.
    from_floats: float
    # The same with the activations that the contestant multiplies, and the
    # largest difference relative to the bound of docs/Formats.md. None if it
    # is not known how the contestant quantizes them.
    from_operands: float = None
    of_bound: float = None


class Reference:
    """Exact products, of some rows of the activations."""

    def __init__(self, x, row_counts):
        """`x` has as many rows as the largest of `row_counts`, the Ms."""
        picked = {row for m in row_counts for row in (0, m // 3, m // 2, m - 1)}
        self._rows = sorted(picked)
        self._x = x

    def expect(self, weights, groups):
        """Products of `weights`, an N x K array or `Weights`, which are made
        f64 once. `groups`: how activations are quantized, None if they stay
        f32. Returns {group: Expected}."""
        values = (
            weights.dequantize()
            if isinstance(weights, Weights)
            else weights.astype(np.float64)
        )
        x = self._x[self._rows]
        operands = {
            group: (
                x.astype(np.float64)
                if group is None
                else quantize_activations(x, group)
            )
            for group in groups
        }
        products = {group: a @ values.T for group, a in operands.items()}
        np.abs(values, out=values)
        return {
            group: Expected(products[group], np.abs(a) @ values.T)
            for group, a in operands.items()
        }

    def compare(self, result, expected, group):
        """Errors of `result`, M x N. `group`: as in expect(), or "unknown"."""
        m, k = len(result), self._x.shape[1]
        here = [i for i, row in enumerate(self._rows) if row < m]
        result = result[[self._rows[i] for i in here]].astype(np.float64)

        def relative(of):
            exact = of.product[here]
            return float(np.abs(result - exact).max() / np.abs(exact).max())

        errors = Errors(relative(expected[None]))
        if group != "unknown":
            own = expected[group]
            bound = (k + 8) * 2.0**-24 * own.magnitude[here]
            errors.from_operands = relative(own)
            errors.of_bound = float((np.abs(result - own.product[here]) / bound).max())
        return errors


def last_level_cache():
    """Bytes, or 0 if the system does not tell."""
    size = 0
    for file in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
        size = max(size, int(text.rstrip("KM")) * unit)
    return size


def cold_bytes():
    """So much is read before the same weights come again: a cache keeps some
    of what it has seen even after twice its size."""
    return max(192 << 20, 4 * last_level_cache())


def aligned_copy(array):
    """A copy that begins with a cache line, as any good allocator's does."""
    memory = np.empty(array.nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start : start + array.nbytes].view(array.dtype)
    copy = copy.reshape(array.shape)
    copy[...] = array
    return copy
