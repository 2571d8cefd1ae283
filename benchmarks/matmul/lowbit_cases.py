# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lowbit's own matmuls: modules, compiled, called through ctypes."""

import concurrent.futures
import ctypes
import json
import re
import subprocess

import compiled
import numpy as np
from operands import aligned_copy
from timing import Contestant, Missing, Work

_free = ctypes.CDLL(None).free
_free.argtypes = [ctypes.c_void_p]
_free.restype = None


def write_function(rows, weights, activations):
    """The text of a function @mROWS of f32 activations and weights that are the
    same in every call. `activations`: None leaves them f32; else they are
    quantized to i8 in such groups, 0 for whole rows."""
    n, k = weights.shape
    groups = weights.scales.shape[1]
    x = f"tensor<{rows}x{k}xf32>"
    w = f"tensor<{n}x{k}x{weights.element}>"
    ws = f"tensor<{n}x{groups}x{weights.scale_element}>"
    result = f"tensor<{rows}x{n}xf32>"
    mark = "{lowbit.weight}"
    arguments = [f"%x: {x}", f"%w: {w} {mark}", f"%ws: {ws} {mark}"]
    lines = []
    scale, scale_type = "%ws", ws
    if weights.outer_scale is not None:
        arguments.append(f"%outer: tensor<f32> {mark}")
        scale, scale_type = "%s", f"tensor<{n}x{groups}xf32>"
        lines.append(
            f"%s = lowbit.dequantize %ws scale(%outer) : "
            f"({ws}, tensor<f32>) -> {scale_type}"
        )
    a, a_types = "%x", x
    if activations is not None:
        block = f"block [1, {activations}]"
        q = f"tensor<{rows}x{k}xi8>"
        xs = f"tensor<{rows}x{k // activations if activations else 1}xf32>"
        lines += [
            f"%xs = lowbit.choose_scale %x for i8 {block} : ({x}) -> {xs}",
            f"%q = lowbit.quantize %x scale(%xs) {block} : ({x}, {xs}) -> {q}",
        ]
        a, a_types = f"%q scale(%xs) {block}", f"{q}, {xs}"
    lines += [
        f"%c = lowbit.matmul {a}, %w scale({scale}) "
        f"block [1, {weights.group}] transpose_b : "
        f"({a_types}, {w}, {scale_type}) -> {result}",
        f"return %c : {result}",
    ]
    body = "".join(f"  {line}\n" for line in lines)
    return f"func.func @m{rows}({', '.join(arguments)}) -> {result} {{\n{body}}}\n"


class Lowbit(Contestant):
    def __init__(self, name, kind, weights, activations):
        group = 0 if weights.group == weights.shape[1] else weights.group
        super().__init__(
            "lowbit", name, kind, weights, weights.nbytes, group, activations
        )
        self._library, self._report, self._packed = None, [], {}

    def compile(self, row_counts, threads, options, folder):
        """Makes a library with a function for each M. Raises Missing with the
        compiler's message."""
        stem = folder / re.sub(r"\W+", "-", self.title)
        source, object_file = stem.with_suffix(".mlir"), stem.with_suffix(".o")
        library, report = stem.with_suffix(".so"), stem.with_suffix(".json")
        source.write_text(
            "".join(
                write_function(rows, self.weights, self.activations)
                for rows in row_counts
            )
        )
        compiler = options.build_dir / "bin" / "lowbit-compile"
        llvm = compiled.llvm_folder(options.build_dir)
        command = [compiler, source, f"--cpu={options.cpu}", "--emit=obj"]
        command += [f"--threads={threads}", f"--report={report}", "-o", object_file]
        link = [llvm / "clang", "-shared", object_file, "-o", library]
        if threads != 1:
            libraries = llvm.parent / "lib"
            link += [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lomp"]
        for step in (command, link):
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode != 0:
                lines = done.stderr.strip().splitlines() or ["failed"]
                raise Missing(f"{step[0].name}: {lines[0]}")
        self._library = ctypes.CDLL(str(library))
        self._report = json.loads(report.read_text())

    def describe(self, rows):
        for record in self._report:
            if record["op"] == "lowbit.matmul" and record["function"] == f"m{rows}":
                return {"kernel": record["kernel"], "fallback": record["fallback"]}
        return {}

    def _pack(self, rows):
        """The buffers that the function reads instead of the weights."""
        arguments = [self.weights.stored, self.weights.scales]
        if self.weights.outer_scale is not None:
            arguments.append(self.weights.outer_scale)
        descriptors = [compiled.describe(argument) for argument in arguments]
        buffer = type(compiled.describe(np.empty(0, np.int8)))
        results = (buffer * len(arguments))()
        function = getattr(self._library, f"_mlir_ciface_m{rows}.pack")
        function.restype = None
        function(ctypes.byref(results), *map(ctypes.byref, descriptors))
        packed = []
        for result in results:
            size = result.sizes[0]
            view = (ctypes.c_int8 * size).from_address(result.aligned or 0)
            packed.append(aligned_copy(np.frombuffer(view, np.int8)))
            _free(result.allocated)
        return packed

    def prepare(self, x, copies):
        rows, n = len(x), self.weights.shape[0]
        packed = self._pack(rows)
        returned = compiled.describe(np.empty((rows, n), np.float32))
        x = aligned_copy(x)
        function = getattr(self._library, f"_mlir_ciface_m{rows}")
        function.restype = None

        def bind(arrays):
            descriptors = [returned, *map(compiled.describe, arrays)]
            pointers = [ctypes.byref(descriptor) for descriptor in descriptors]

            def call(arrays=arrays):  # they live as long as the call
                function(*pointers)
                _free(returned.allocated)

            return call

        def result():
            descriptors = [returned, *map(compiled.describe, [x, *packed])]
            function(*map(ctypes.byref, descriptors))
            data = (ctypes.c_float * (rows * n)).from_address(returned.aligned)
            copy = np.frombuffer(data, np.float32).reshape(rows, n).copy()
            _free(returned.allocated)
            return copy

        calls = [bind([x, *packed])]
        for _ in range(copies - 1):
            calls.append(bind([x, *map(aligned_copy, packed)]))
        return Work(calls, result)


def make_contestants(maker, groups):
    """All of lowbit's cases. `groups`: those of formats that leave it open."""
    int8, floats = "4-bit x int8", "4-bit x f32"
    cases = []
    for group in groups:
        i4 = maker.make("i4", group, "f32")
        cases += [
            Lowbit("i4 x i8", int8, i4, 0),
            Lowbit("i4 x i8 in groups", int8, i4, group),
            Lowbit("i4 x f32", floats, i4, None),
            Lowbit("E2M1 x i8", int8, maker.make("f4E2M1FN", group, "f32"), 0),
            Lowbit("log<4> x i8", int8, maker.make("!lowbit.log<4>", group, "f32"), 0),
            Lowbit(
                "NF4 x f32",
                floats,
                maker.make("!lowbit.codebook<4, nf4>", group, "f32"),
                None,
            ),
        ]
    iq4 = maker.make("!lowbit.codebook<4, iq4nl>", 32, "f16")
    cases += [
        Lowbit("IQ4_NL x i8", int8, iq4, 0),
        Lowbit("MXFP4 x i8", int8, maker.make("f4E2M1FN", 32, "f8E8M0FNU"), 0),
        Lowbit("NVFP4 x i8", int8, maker.make("f4E2M1FN", 16, "f8E4M3FN"), 0),
        Lowbit("FP8 E4M3 x f32", "8-bit", maker.make("f8E4M3FN", 0, "f32"), None),
        Lowbit("i8 x i8", "8-bit", maker.make("i8", 0, "f32"), 0),
    ]
    return cases


def compile_all(contestants, row_counts, threads, options, folder):
    """Returns those that compile, and {title: reason} of the others."""
    reasons = {}

    def compile_one(contestant):
        try:
            contestant.compile(row_counts, threads, options, folder)
            return contestant
        except Missing as reason:
            reasons[contestant.title] = str(reason)
            return None

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(compile_one, contestants))
    return [contestant for contestant in done if contestant], reasons
