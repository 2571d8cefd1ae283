# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""MLIR text compiled to a shared object and called through ctypes."""

import ctypes
import pathlib
import subprocess

BUFFERIZE = [
    "--one-shot-bufferize=bufferize-function-boundaries "
    "function-boundary-type-conversion=identity-layout-map",
    "--canonicalize",
]
# Results are written to memory of the caller, so that a timing is that of the
# conversion and not of malloc and page faults.
RESULTS_TO_CALLER = [
    "--buffer-results-to-out-params=hoist-dynamic-allocs hoist-static-allocs "
    "modify-public-functions",
    "--canonicalize",
    "--cse",
]
TO_LLVM = [
    "--convert-linalg-to-loops",
    "--expand-strided-metadata",
    "--lower-affine",
    "--canonicalize",
    "--cse",
    "--convert-scf-to-cf",
    "--convert-to-llvm",
    "--reconcile-unrealized-casts",
    "--canonicalize",
    "--cse",
]
LOWBIT = [
    "--lowbit-expand-conversions",
    "--lowbit-to-bytes",
    "--canonicalize",
    "--cse",
    "--lowbit-verify-lowered",
]


def llvm_folder(build):
    """The folder of LLVM's programs for which `build` was configured."""
    for line in (build / "CMakeCache.txt").read_text().splitlines():
        if line.startswith("MLIR_DIR:"):
            # PREFIX/lib/cmake/mlir
            return pathlib.Path(line.split("=", 1)[1]).parents[2] / "bin"
    raise FileNotFoundError(f"{build} is not a configured build folder")


def compile_object(optimizer, passes, source, output, llvm, march, libraries=()):
    """Compiles the MLIR file `source` to the shared object `output`.

    `optimizer` is the mlir-opt-like program to run `passes` with; `llvm` is
    the folder of mlir-translate and clang; `march` is clang's. Raises
    CalledProcessError with the program's own message on standard error.
    """
    mlir = output.with_suffix(".llvm.mlir")
    ir = output.with_suffix(".ll")
    subprocess.run([optimizer, source, *passes, "-o", mlir], check=True)
    subprocess.run(
        [llvm / "mlir-translate", "--mlir-to-llvmir", mlir, "-o", ir], check=True
    )
    command = [llvm / "clang", "-O3", f"-march={march}", "-Wno-override-module"]
    command += ["-shared", "-fPIC", ir, *libraries, "-o", output]
    command += [f"-Wl,-rpath,{pathlib.Path(library).parent}" for library in libraries]
    subprocess.run(command, check=True)


def describe(array):
    """The memref descriptor of a contiguous numpy array."""

    class Descriptor(ctypes.Structure):
        _fields_ = [
            ("allocated", ctypes.c_void_p),
            ("aligned", ctypes.c_void_p),
            ("offset", ctypes.c_int64),
            ("sizes", ctypes.c_int64 * array.ndim),
            ("strides", ctypes.c_int64 * array.ndim),
        ]

    strides = [stride // array.itemsize for stride in array.strides]
    return Descriptor(
        array.ctypes.data,
        array.ctypes.data,
        0,
        type(Descriptor().sizes)(*array.shape),
        type(Descriptor().strides)(*strides),
    )


def bind(library, name, arguments, result):
    """A call of function `name` without arguments of its own.

    It writes to the array `result`. The arrays must outlive it.
    """
    descriptors = [describe(array) for array in [*arguments, result]]
    pointers = [ctypes.byref(descriptor) for descriptor in descriptors]
    function = getattr(library, "_mlir_ciface_" + name)
    function.restype = None
    return lambda: function(*pointers)


def bind_returning(library, name, arguments, result):
    """The same for a function that returns a fresh buffer, which is freed.

    `result` gives the shape only.
    """
    returned = describe(result)
    descriptors = [returned, *(describe(array) for array in arguments)]
    pointers = [ctypes.byref(descriptor) for descriptor in descriptors]
    function = getattr(library, "_mlir_ciface_" + name)
    function.restype = None
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    free.restype = None

    def call():
        function(*pointers)
        free(returned.allocated)

    return call
