# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes and shows .npy files without NumPy.

  npy.py write FILE DTYPE SHAPE VALUE...   one array; the values may be fewer
                                           and are then repeated
  npy.py show FILE...                      a line for each: dtype, shape, values

DTYPE is as in the file, "<f4"; SHAPE is "2x3", or "scalar".
"""

import ast
import itertools
import struct
import sys

FORMATS = {"b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B",
           "u2": "H", "u4": "I", "u8": "Q", "f2": "e", "f4": "f", "f8": "d"}


def element_format(dtype):
    return (">" if dtype[0] == ">" else "<") + FORMATS[dtype[1:]]


def write(path, dtype, shape, *values):
    shape = () if shape == "scalar" else tuple(map(int, shape.split("x")))
    count = 1
    for extent in shape:
        count *= extent
    number = float if dtype[1] == "f" else lambda text: int(text, 0)
    cycle = itertools.cycle(map(number, values or ["0"]))
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)))
        file.write(header.encode())
        for value in itertools.islice(cycle, count):
            file.write(struct.pack(element_format(dtype), value))


def show(path):
    with open(path, "rb") as file:
        contents = file.read()
    assert contents[:8] == b"\x93NUMPY\1\0", contents[:8]
    end = 10 + struct.unpack("<H", contents[8:10])[0]
    assert end % 64 == 0
    header = ast.literal_eval(contents[10:end].decode())
    assert header["fortran_order"] is False
    values = [value for value, in struct.iter_unpack(
        element_format(header["descr"]), contents[end:])]
    shape = "x".join(map(str, header["shape"])) or "scalar"
    print(header["descr"], shape, *map("{:g}".format, values))


if sys.argv[1] == "write":
    write(*sys.argv[2:])
else:
    for path in sys.argv[2:]:
        show(path)
