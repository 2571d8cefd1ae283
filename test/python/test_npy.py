# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lowbit-run reads what NumPy writes, and NumPy what lowbit-run writes."""

import os
import pathlib
import subprocess

import numpy
import pytest

BUILD = pathlib.Path(os.environ.get(
    "LOWBIT_BUILD_DIR", pathlib.Path(__file__).parents[2] / "build"))

TYPES = {"float16": "f16", "float32": "f32", "float64": "f64", "int8": "i8",
         "int16": "i16", "int32": "i32", "int64": "i64", "uint8": "ui8",
         "uint16": "ui16", "bool": "i1"}


def run_identity(folder, array, element, save=numpy.save):
    """What @f(x) = x makes of an array, by the reference evaluator."""
    shape = "".join(f"{extent}x" for extent in array.shape)
    kind = f"tensor<{shape}{element}>"
    (folder / "f.mlir").write_text(
        f"func.func @f(%x: {kind}) -> {kind} {{ return %x : {kind} }}")
    save(folder / "x.npy", array)
    subprocess.run([BUILD / "bin/lowbit-run", folder / "f.mlir", "--reference",
                    f"--input={folder / 'x.npy'}", f"--output={folder / 'y.npy'}"],
                   check=True)
    return numpy.load(folder / "y.npy")


def make_array(dtype, shape):
    count = int(numpy.prod(shape))
    values = numpy.random.default_rng(1).integers(0, 2 if dtype == "bool" else 100, count)
    return values.reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (2, 3, 4), (0, 3), (1, 1)])
def test_round_trip(tmp_path, dtype, shape):
    array = make_array(dtype, shape)
    result = run_identity(tmp_path, array, TYPES[dtype])
    assert result.dtype == array.dtype
    # An unsigned tensor of rank 0 is one container (docs/Formats.md, P4).
    is_container = shape == () and dtype.startswith("uint")
    assert result.shape == ((1,) if is_container else shape)
    numpy.testing.assert_array_equal(result.reshape(shape), array)


@pytest.mark.parametrize("dtype", ["float32", "int16", "float64"])
def test_order(tmp_path, dtype):
    array = make_array(dtype, (3, 4, 5))
    swapped = array.astype(array.dtype.newbyteorder(">"))
    for variant in (swapped, numpy.asfortranarray(array), numpy.asfortranarray(swapped)):
        result = run_identity(tmp_path, variant, TYPES[dtype])
        numpy.testing.assert_array_equal(result, array)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_version(tmp_path, version):
    def save(path, array):
        with open(path, "wb") as file:
            numpy.lib.format.write_array(file, array, version=version)

    array = make_array("float32", (3, 5))
    numpy.testing.assert_array_equal(run_identity(tmp_path, array, "f32", save), array)
