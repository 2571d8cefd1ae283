# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs build/bin/lowbit-formats (or the one in the folder LOWBIT_BIN)."""

import os
import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LOWBIT_BIN", ROOT / "build" / "bin"))


def run(*arguments, stdin=b"", check=True):
    tool = BIN / "lowbit-formats"
    if not tool.exists():
        pytest.fail(f"{tool} does not exist: build it, or set LOWBIT_BIN")
    return subprocess.run([tool, *arguments], input=stdin, check=check,
                          capture_output=True)


def decode(name):
    """The value of every code, as f64."""
    return np.frombuffer(run(f"--decode={name}", "--binary").stdout, "<f8")


def encode(name, values, rounding="nearest_even", overflow="saturate",
           randoms=None, tmp_path=None):
    """The codes of an array of f32, with one u32 for each if stochastic."""
    arguments = [f"--encode={name}", "--binary", f"--rounding={rounding}",
                 f"--overflow={overflow}"]
    if randoms is not None:
        path = tmp_path / "random.bin"
        path.write_bytes(np.asarray(randoms, "<u4").tobytes())
        arguments.append(f"--random-binary={path}")
    # By bits: an array of f32 may hold signaling NaNs.
    data = np.ascontiguousarray(values, "<f4").tobytes()
    codes = np.frombuffer(run(*arguments, stdin=data).stdout, "<u2")
    assert len(codes) == len(values)
    return codes


def from_bits(bits):
    return np.asarray(bits, np.uint32).view(np.float32)


def with_neighbours(values, distance=2):
    """f32 values and those up to `distance` steps away, with both signs."""
    values = np.asarray(values, np.float64)
    values = np.abs(values[np.isfinite(values)]).astype(np.float32)
    bits = values.view(np.uint32).astype(np.int64)
    bits = np.concatenate([bits + d for d in range(-distance, distance + 1)])
    bits = np.unique(np.clip(bits, 0, 0x7F800000)).astype(np.uint32)
    return from_bits(np.concatenate([bits, bits | np.uint32(0x80000000)]))


def bfloat16_values():
    return from_bits(np.arange(1 << 16, dtype=np.uint32) << 16)


def float16_values():
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(
        np.float32)
