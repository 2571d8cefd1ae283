#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Speed of compiled conversions, next to a memory copy and other programs.

One thread. Every result is compared with a reference before anything is timed.
See benchmarks/README.md for what the columns mean.
"""

from __future__ import annotations  # they name numpy, which --help does not need

import argparse
import ctypes
import dataclasses
import functools
import importlib.metadata
import json
import os
import pathlib
import sys
import tempfile
import time
from typing import Callable, Optional

# Before numpy and torch read it.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import compiled  # noqa: E402

MISSING_PACKAGE = None  # --help needs neither package
try:
    import ml_dtypes
    import numpy as np
except ModuleNotFoundError as error:
    MISSING_PACKAGE = error.name

# Packages without which the benchmark runs, with fewer peers.
OPTIONAL = {"onnx": "onnx", "onnxruntime": "onnxruntime", "torch": "torch"}
HOT_ELEMENTS = 1 << 16
CPU_FEATURES = (
    "avx2 f16c fma avx512f avx512bw avx512vbmi avx512_bf16 avx512_fp16 "
    "avx512_vnni avx_vnni amx_int8 amx_bf16 gfni asimd sve bf16"
).split()


class Missing(Exception):
    """A peer that cannot do this conversion here; says why."""


@dataclasses.dataclass
class Job:
    """One way to do a conversion, bound to arrays."""

    run: Callable[[], object]
    # The result after a run, in the form that the case's `check` takes; None
    # if there is nothing to check (a copy).
    result: Optional[Callable[[], np.ndarray]] = None


@dataclasses.dataclass
class Case:
    """A conversion: its kernel, data and peers."""

    title: str
    kernel: str
    # (elements) -> argument arrays; the same for every peer.
    make_inputs: Callable[[int], list]
    # (inputs) -> array for the result of the kernel.
    make_output: Callable[[list], np.ndarray]
    # (inputs) -> what the kernel's output must be, bit for bit.
    reference: Callable[[list], np.ndarray]
    # name -> (inputs, output) -> Job; may raise Missing.
    peers: dict
    # Elements per second that the project asks for; half of the memory copy is
    # enough if that is less, unless `strict`.
    target: Optional[float] = None
    strict: bool = False
    # Inputs for the comparison before the timing, if others than the timed.
    check_inputs: Optional[Callable[[], list]] = None
    # The function of upstream-apfloat.mlir that does the same.
    upstream: Optional[str] = None


# ---------------------------------------------------------------------- data


def f32_data(elements):
    return np.random.default_rng(1).standard_normal(elements, dtype=np.float32)


def all_kinds_of_f32():
    """Bit patterns of every exponent and both signs, and special values."""
    bits = np.random.default_rng(2).integers(0, 1 << 32, 1 << 20, dtype=np.uint32)
    special = [0, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 1, 0x007FFFFF]
    bits[: len(special)] = special
    return bits.view(np.float32)


def blocks(values, size):
    return values.reshape(-1, size)


def scales_of(values, largest):
    return (np.abs(values).max(1, keepdims=True) / np.float32(largest)).astype(
        np.float32
    )


def pack(codes):
    """Two 4-bit codes in a byte, the first in the low half."""
    codes = codes.view(np.uint8) & 15
    return codes[..., 0::2] | (codes[..., 1::2] << 4)


def unpack(packed):
    codes = np.empty((*packed.shape[:-1], 2 * packed.shape[-1]), np.uint8)
    codes[..., 0::2] = packed & 15
    codes[..., 1::2] = packed >> 4
    return codes


def to_float8(values, dtype):
    """ml_dtypes does not saturate; NaN stays."""
    largest = float(ml_dtypes.finfo(dtype).max)
    with np.errstate(invalid="ignore"):
        clipped = np.clip(values.astype(np.float32), -largest, largest)
        return clipped.astype(dtype).view(np.uint8)


def to_float4(values):
    """As lowbit: NaN, which the format lacks, becomes +0."""
    values = np.where(np.isnan(values), np.float32(0), values)
    return pack(values.astype(ml_dtypes.float4_e2m1fn).view(np.uint8))


def quantize_i4(values, scales):
    return pack(np.clip(np.rint(values / scales), -8, 7).astype(np.int8))


NF4 = (
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
)


@functools.cache
def nf4_values():
    return np.array(NF4, np.float32)


@functools.cache
def nf4_middles():
    """Where the nearest value changes; a tie goes to the lower code."""
    values = nf4_values()
    return (values[1:].astype(np.float64) + values[:-1]) / 2


def quantize_nf4(values, scales):
    ratios = (values / scales).astype(np.float64)
    return pack(np.searchsorted(nf4_middles(), ratios, side="left").astype(np.uint8))


# --------------------------------------------------------------------- peers


def copying(dtype_in, dtype_out):
    """numpy's conversion loop for these types, into existing memory."""

    def make(inputs, output):
        source, target = inputs[0].view(dtype_in), np.empty(inputs[0].size, dtype_out)
        return Job(
            lambda: np.copyto(target, source, casting="unsafe"),
            lambda: target.view(output.dtype),
        )

    return make


def looking_up(table, index_dtype="uint8"):
    def make(inputs, output):
        index = inputs[0].view(index_dtype)
        target = np.empty(index.shape, table.dtype)
        return Job(
            lambda: np.take(table, index, out=target, mode="clip"),
            lambda: target.view(output.dtype),
        )

    return make


def calling(function):
    """A numpy expression, which makes its own temporaries."""

    def make(inputs, output):
        box = [None]

        def run():
            box[0] = function(*inputs)

        return Job(run, lambda: box[0])

    return make


def onnx_job(inputs, input_types, output, output_type, node):
    """An ONNX Runtime session with all arrays bound beforehand."""
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise Missing(f"pip install {OPTIONAL.get(error.name, error.name)}") from error
    helper = onnx.helper
    values, graph_inputs, initializers = {}, [], []
    for i, (array, element) in enumerate(zip(inputs, input_types)):
        name = f"x{i}"
        if element == onnx.TensorProto.INT4:
            # onnxruntime makes no such value from an array of bytes.
            shape = [*array.shape[:-1], 2 * array.shape[-1]]
            initializers.append(
                helper.make_tensor(name, element, shape, array.tobytes(), raw=True)
            )
            continue
        graph_inputs.append(helper.make_tensor_value_info(name, element, array.shape))
        if array.dtype == np.float32:
            values[name] = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        else:
            values[name] = onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(
                array, element
            )
    graph = helper.make_graph(
        [node],
        "conversion",
        graph_inputs,
        [helper.make_tensor_value_info("y", output_type, [None] * inputs[0].ndim)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Else the whole graph is folded where all inputs are constants.
    options.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        binding = session.io_binding()
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        # ONNX Runtime keeps this memory for all runs.
        first = session.run_with_ort_values(["y"], values)[0]
        binding.bind_ortvalue_output("y", first)
        session.run_with_iobinding(binding)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise Missing(f"onnxruntime has no kernel: {reason[:120]}") from error

    def result():
        size = output.size * output.itemsize
        memory = (ctypes.c_uint8 * size).from_address(first.data_ptr())
        return np.frombuffer(memory, output.dtype).reshape(output.shape)

    return Job(lambda: session.run_with_iobinding(binding), result)


def onnx_cast(source, target):
    def make(inputs, output):
        try:
            from onnx import TensorProto, helper
        except ImportError as error:
            raise Missing("pip install onnx onnxruntime") from error
        to = getattr(TensorProto, target)
        node = helper.make_node("Cast", ["x0"], ["y"], to=to, saturate=1)
        return onnx_job(inputs, [getattr(TensorProto, source)], output, to, node)

    return make


def onnx_blocked(op, target, block):
    def make(inputs, output):
        try:
            from onnx import TensorProto, helper
        except ImportError as error:
            raise Missing("pip install onnx onnxruntime") from error
        source = TensorProto.INT4 if op == "DequantizeLinear" else TensorProto.FLOAT
        to = getattr(TensorProto, target)
        attributes = {"axis": 1, "block_size": block}
        if op == "QuantizeLinear":
            attributes["output_dtype"] = to
        node = helper.make_node(op, ["x0", "x1"], ["y"], **attributes)
        return onnx_job(inputs, [source, TensorProto.FLOAT], output, to, node)

    return make


def import_torch():
    try:
        import torch
    except ImportError as error:
        raise Missing("pip install torch") from error
    torch.set_num_threads(1)
    return torch


def torch_cast(source, target):
    def make(inputs, output):
        torch = import_torch()
        x = torch.from_numpy(inputs[0].view(f"i{inputs[0].itemsize}"))
        x = x.view(getattr(torch, source))
        y = torch.empty(inputs[0].size, dtype=getattr(torch, target))
        integer = getattr(torch, f"int{8 * output.itemsize}")
        return Job(
            lambda: y.copy_(x), lambda: y.view(integer).numpy().view(output.dtype)
        )

    return make


def torch_quantize_i4(inputs, output):
    torch = import_torch()
    x, s = (torch.from_numpy(array) for array in inputs)
    box = [None]

    def run():
        q = (x / s).round_().clamp_(-8, 7).to(torch.int8)
        box[0] = (q[:, 0::2] & 15) | (q[:, 1::2] << 4)

    return Job(run, lambda: box[0].numpy().view(np.uint8))


# --------------------------------------------------------------------- cases


def make_cases():
    e4m3, e5m2 = ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2
    bf16, e2m1 = ml_dtypes.bfloat16, ml_dtypes.float4_e2m1fn
    codes = np.arange(256, dtype=np.uint8)

    def f32(elements):
        return [f32_data(elements)]

    def any_f32():
        return [all_kinds_of_f32()]

    def any_bf16():
        return [np.arange(1 << 16, dtype=np.uint16)]

    def like(dtype, scale=1.0):
        return lambda inputs: np.empty(int(inputs[0].size * scale), dtype)

    def f32_blocks(size, largest):
        def make(elements):
            values = blocks(f32_data(elements), size)
            return [values, scales_of(values, largest)]

        return make

    def i4_blocks(elements):
        values, scales = f32_blocks(32, 7)(elements)
        return [quantize_i4(values, scales), scales]

    def nf4_blocks(elements):
        values, scales = f32_blocks(64, 1)(elements)
        return [quantize_nf4(values, scales), scales]

    def half(inputs):
        return np.empty((inputs[0].shape[0], inputs[0].shape[1] // 2), np.uint8)

    def twice(inputs):
        return np.empty((inputs[0].shape[0], inputs[0].shape[1] * 2), np.float32)

    def dequantize_i4(packed, scales):
        signed = (unpack(packed) ^ 8).astype(np.float32) - np.float32(8)
        return signed * scales

    def dequantize_nf4(packed, scales):
        return nf4_values()[unpack(packed)] * scales

    cases = []
    for name, dtype, onnx_name in (
        ("e4m3", e4m3, "FLOAT8E4M3FN"),
        ("e5m2", e5m2, "FLOAT8E5M2"),
    ):
        torch_name = "float8_e4m3fn" if name == "e4m3" else "float8_e5m2"
        cases.append(
            Case(
                f"f32 to {name.upper()}",
                f"f32_to_{name}",
                f32,
                like(np.uint8),
                lambda inputs, dtype=dtype: to_float8(inputs[0], dtype),
                {
                    "ml_dtypes": copying(np.float32, dtype),
                    "onnxruntime": onnx_cast("FLOAT", onnx_name),
                    "torch": torch_cast("float32", torch_name),
                },
                target=2e9,
                check_inputs=any_f32,
                upstream="f32_to_e4m3" if name == "e4m3" else None,
            )
        )
    for name, dtype, onnx_name in (
        ("e4m3", e4m3, "FLOAT8E4M3FN"),
        ("e5m2", e5m2, "FLOAT8E5M2"),
    ):
        torch_name = "float8_e4m3fn" if name == "e4m3" else "float8_e5m2"
        cases.append(
            Case(
                f"{name.upper()} to f32",
                f"{name}_to_f32",
                lambda elements, dtype=dtype: [to_float8(f32_data(elements), dtype)],
                like(np.float32),
                lambda inputs, dtype=dtype: inputs[0].view(dtype).astype(np.float32),
                {
                    "ml_dtypes": copying(dtype, np.float32),
                    "numpy, 256-entry table": looking_up(
                        codes.view(dtype).astype(np.float32)
                    ),
                    "onnxruntime": onnx_cast(onnx_name, "FLOAT"),
                    "torch": torch_cast(torch_name, "float32"),
                },
                target=2e9 if name == "e4m3" else None,
                check_inputs=lambda: [codes],
                upstream="e4m3_to_f32" if name == "e4m3" else None,
            )
        )
    cases.append(
        Case(
            "f32 to int4, groups of 32",
            "quantize_i4",
            f32_blocks(32, 7),
            half,
            lambda inputs: quantize_i4(*inputs),
            {
                "numpy": calling(quantize_i4),
                "onnxruntime": onnx_blocked("QuantizeLinear", "INT4", 32),
                "torch": torch_quantize_i4,
            },
            target=1e9,
            strict=True,
        )
    )
    cases.append(
        Case(
            "int4 to f32, groups of 32",
            "dequantize_i4",
            i4_blocks,
            twice,
            lambda inputs: dequantize_i4(*inputs),
            {
                "numpy": calling(dequantize_i4),
                "onnxruntime": onnx_blocked("DequantizeLinear", "FLOAT", 32),
            },
        )
    )
    cases.append(
        Case(
            "f32 to E2M1",
            "f32_to_e2m1",
            f32,
            like(np.uint8, 0.5),
            lambda inputs: to_float4(inputs[0]),
            {
                "ml_dtypes, numpy packs": calling(
                    lambda x: pack(x.astype(e2m1).view(np.uint8))
                )
            },
            check_inputs=any_f32,
        )
    )
    cases.append(
        Case(
            "E2M1 to f32",
            "e2m1_to_f32",
            lambda elements: [to_float4(f32_data(elements))],
            like(np.float32, 2),
            lambda inputs: unpack(inputs[0]).view(e2m1).astype(np.float32),
            {
                "ml_dtypes, numpy unpacks": calling(
                    lambda x: unpack(x).view(e2m1).astype(np.float32)
                )
            },
            check_inputs=lambda: [codes],
        )
    )
    cases.append(
        Case(
            "bf16 to E4M3",
            "bf16_to_e4m3",
            lambda elements: [f32_data(elements).astype(bf16).view(np.uint16)],
            like(np.uint8),
            lambda inputs: to_float8(inputs[0].view(bf16), e4m3),
            {
                "ml_dtypes": copying(bf16, e4m3),
                "onnxruntime": onnx_cast("BFLOAT16", "FLOAT8E4M3FN"),
                "torch": torch_cast("bfloat16", "float8_e4m3fn"),
            },
            check_inputs=any_bf16,
        )
    )
    cases.append(
        Case(
            "E4M3 to bf16",
            "e4m3_to_bf16",
            lambda elements: [to_float8(f32_data(elements), e4m3)],
            like(np.uint16),
            lambda inputs: inputs[0].view(e4m3).astype(bf16).view(np.uint16),
            {
                "ml_dtypes": copying(e4m3, bf16),
                "numpy, 256-entry table": looking_up(
                    codes.view(e4m3).astype(bf16).view(np.uint16)
                ),
                "onnxruntime": onnx_cast("FLOAT8E4M3FN", "BFLOAT16"),
                "torch": torch_cast("float8_e4m3fn", "bfloat16"),
            },
            check_inputs=lambda: [codes],
        )
    )
    cases.append(
        Case(
            "f32 to NF4, groups of 64",
            "quantize_nf4",
            f32_blocks(64, 1),
            half,
            lambda inputs: quantize_nf4(*inputs),
            {"numpy, searchsorted": calling(quantize_nf4)},
        )
    )
    cases.append(
        Case(
            "NF4 to f32, groups of 64",
            "dequantize_nf4",
            nf4_blocks,
            twice,
            lambda inputs: dequantize_nf4(*inputs),
            {"numpy, 16-entry table": calling(dequantize_nf4)},
        )
    )
    return cases


# -------------------------------------------------------------------- timing


def bits_of(array):
    array = np.ascontiguousarray(array)
    return array.view(f"u{array.itemsize}").reshape(-1)


def require_equal(what, got, expected):
    got, expected = bits_of(got), bits_of(expected)
    if got.shape != expected.shape:
        sys.exit(
            f"{what}: {got.size} elements of {got.itemsize} bytes, "
            f"expected {expected.size} of {expected.itemsize}"
        )
    wrong = np.flatnonzero(got != expected)
    if wrong.size:
        i = wrong[0]
        sys.exit(
            f"{what}: {wrong.size} of {got.size} results differ, the first at "
            f"{i}: {got[i]:#x}, expected {expected[i]:#x}"
        )


def copy_job(size):
    """A copy that reads and writes `size` bytes in all."""
    source, target = np.ones(size // 2, np.uint8), np.empty(size // 2, np.uint8)
    copy = ctypes.CDLL(None).memcpy
    copy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    copy.restype = None
    addresses = target.ctypes.data, source.ctypes.data
    # The arrays live as long as the function.
    return Job(lambda arrays=(source, target): copy(*addresses, source.nbytes))


def measure(jobs, repetitions, calls, seconds):
    """Median processor seconds of a call of each job, run in turns.

    A job that is slow gets fewer repetitions (3 at least) once it has used
    `seconds`.
    """
    times = {name: [] for name in jobs}
    for job in jobs.values():
        job.run()
    for _ in range(repetitions):
        for name, job in jobs.items():
            spent = times[name]
            if len(spent) >= 3 and sum(spent) > seconds:
                continue
            start = time.process_time()
            for _ in range(calls):
                job.run()
            spent.append(time.process_time() - start)
    return {name: sorted(t)[len(t) // 2] / calls for name, t in times.items()}


def make_jobs(case, libraries, elements, missing):
    inputs = case.make_inputs(elements)
    output = case.make_output(inputs)
    expected = case.reference(inputs)
    jobs = {
        "lowbit": Job(
            compiled.bind(libraries["lowbit"], case.kernel, inputs, output),
            lambda: output,
        ),
        "lowbit, fresh result": Job(
            compiled.bind_returning(libraries["returning"], case.kernel, inputs, output)
        ),
    }
    for name, make in case.peers.items():
        try:
            jobs[name] = make(inputs, output)
        except Missing as reason:
            missing[(case.title, name)] = str(reason)
    if case.upstream and libraries["upstream"]:
        result = np.empty_like(output)
        jobs["upstream's APFloat calls"] = Job(
            compiled.bind(libraries["upstream"], case.upstream, inputs, result),
            lambda: result,
        )
    for name, job in jobs.items():
        job.run()
        if job.result:
            require_equal(f"{case.title}, {name}", job.result(), expected)
    # Scales are read, too.
    size = sum(array.nbytes for array in inputs) + output.nbytes
    return {"memory copy": copy_job(size), **jobs}, size


def check_kernel(case, library):
    """Compares the kernel on inputs of all kinds."""
    if case.check_inputs is None:
        return
    inputs = case.check_inputs()
    output = case.make_output(inputs)
    compiled.bind(library, case.kernel, inputs, output)()
    expected = case.reference(inputs)
    if expected.dtype == np.float32:
        # ml_dtypes keeps no payload of NaN worth comparing, lowbit gives the
        # canonical one.
        nan = np.isnan(expected)
        require_equal(case.title, np.isnan(output.reshape(expected.shape)), nan)
        output = np.where(nan, 0, output.reshape(expected.shape))
        expected = np.where(nan, 0, expected)
    require_equal(case.title, output, expected)


def run_case(case, libraries, options, missing):
    check_kernel(case, libraries["lowbit"])
    records = {}
    for state, elements, calls in (
        ("cold", options.elements, 1),
        ("hot", HOT_ELEMENTS, 50),
    ):
        jobs, size = make_jobs(case, libraries, elements, missing)
        times = measure(jobs, options.repetitions, calls, seconds=1.5)
        copy = elements / times["memory copy"]
        for name, seconds in times.items():
            record = records.setdefault(name, {"case": case.title, "by": name})
            record[state] = {
                "elements": elements,
                "elements_per_second": elements / seconds,
                "bytes_per_second": size / seconds,
                "of_copy": elements / seconds / copy,
            }
            if name == "lowbit" and state == "cold" and case.target:
                record["target"] = (
                    case.target if case.strict else min(case.target, copy / 2)
                )
                record["met"] = elements / seconds >= record["target"]
    return list(records.values())


# -------------------------------------------------------------------- output


def describe_machine():
    model, flags = "unknown processor", set()
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            if key.strip() in ("flags", "Features"):
                flags = set(value.split())
    except OSError:
        pass
    return {
        "processor": model,
        "features": [name for name in CPU_FEATURES if name in flags],
        "processors": os.cpu_count(),
        "threads": 1,
    }


def versions():
    found = {}
    for package in ("ml_dtypes", "numpy", "onnxruntime", "torch"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def print_header():
    print(f"{'':28}{'cold':>8}{'':18}{'hot':>11}")
    print(
        f"{'':28}{'Gelem/s':>8}{'GB/s':>8}{'of copy':>9}{'Gelem/s':>12}{'of copy':>9}"
    )


def print_records(records):
    print(f"\n{records[0]['case']}")
    for record in records:
        cold, hot = record["cold"], record["hot"]
        note = ""
        if "target" in record:
            word = "met" if record["met"] else "MISSED"
            note = f"   target {record['target'] / 1e9:.2f}: {word}"
        print(
            f"  {record['by']:26}{cold['elements_per_second'] / 1e9:8.2f}"
            f"{cold['bytes_per_second'] / 1e9:8.1f}{cold['of_copy']:9.2f}"
            f"{hot['elements_per_second'] / 1e9:12.2f}{hot['of_copy']:9.2f}{note}",
            flush=True,
        )


def compile_libraries(options, folder):
    build = options.build_dir
    optimizer = build / "bin" / "lowbit-opt"
    if not optimizer.exists():
        sys.exit(
            f"{optimizer} is missing: build it, or name the folder with --build-dir"
        )
    llvm = compiled.llvm_folder(build)
    to_llvm = [*compiled.BUFFERIZE, *compiled.RESULTS_TO_CALLER, *compiled.TO_LLVM]
    returning = [*compiled.BUFFERIZE, *compiled.TO_LLVM]
    jobs = {
        "lowbit": (optimizer, [*compiled.LOWBIT, *to_llvm], "conversions.mlir", ()),
        "returning": (
            optimizer,
            [*compiled.LOWBIT, *returning],
            "conversions.mlir",
            (),
        ),
    }
    apfloat = llvm.parent / "lib" / "libmlir_apfloat_wrappers.so"
    if apfloat.exists():
        passes = [*to_llvm]
        passes.insert(passes.index("--convert-scf-to-cf"), "--convert-arith-to-apfloat")
        jobs["upstream"] = (
            llvm / "mlir-opt",
            passes,
            "upstream-apfloat.mlir",
            (apfloat,),
        )
    libraries = {"upstream": None}
    for name, (program, passes, source, extra) in jobs.items():
        output = folder / f"{name}.so"
        compiled.compile_object(
            program, passes, FOLDER / source, output, llvm, options.march, extra
        )
        libraries[name] = ctypes.CDLL(str(output))
    return libraries


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--build-dir",
        type=pathlib.Path,
        default=FOLDER.parent / "build",
        help="where lowbit-opt was built (default: build, in the checkout)",
    )
    parser.add_argument(
        "--elements",
        type=int,
        default=1 << 24,
        help="elements of the cold runs, a multiple of 64 (default: 16777216)",
    )
    parser.add_argument(
        "--march", default="native", help="clang's -march (default: native)"
    )
    parser.add_argument("--repetitions", type=int, default=11, help="default: 11")
    parser.add_argument(
        "--only", default="", help="only conversions whose name contains this"
    )
    parser.add_argument("--json", type=pathlib.Path, help="also write all figures here")
    options = parser.parse_args()
    if MISSING_PACKAGE:
        sys.exit(
            f"{MISSING_PACKAGE} is missing; install what this benchmark needs "
            "(python3 -m venv is in Debian's python3-venv):\n"
            "    python3 -m venv .venv && "
            f".venv/bin/pip install -r {FOLDER}/requirements.txt"
        )
    options.build_dir = options.build_dir.resolve()
    if options.elements <= 0 or options.elements % 64:
        parser.error("--elements must be a positive multiple of 64")
    if options.repetitions <= 0:
        parser.error("--repetitions must be positive")
    cases = [case for case in make_cases() if options.only in case.title]
    if not cases:
        parser.error(f"no conversion has '{options.only}' in its name")

    machine, packages = describe_machine(), versions()
    print(f"{machine['processor']}, {machine['processors']} processors, 1 thread used")
    print("features: " + " ".join(machine["features"]))
    print(
        f"compiled with -march={options.march}; "
        + ", ".join(
            f"{name} {version}" for name, version in packages.items() if version
        )
    )
    for name, version in packages.items():
        if version is None:
            print(f"missing peer: {name} (pip install {name})")
    print(
        f"cold: {options.elements} elements; hot: {HOT_ELEMENTS}; "
        f"medians of {options.repetitions}\n"
    )
    print_header()

    everything, missing = [], {}
    with tempfile.TemporaryDirectory() as folder:
        libraries = compile_libraries(options, pathlib.Path(folder))
        if libraries["upstream"] is None:
            missing["", "upstream's APFloat calls"] = "this LLVM has no such library"
        for case in cases:
            records = run_case(case, libraries, options, missing)
            print_records(records)
            everything += records
    left_out = {
        key: reason
        for key, reason in missing.items()
        if packages.get(key[1], "installed") is not None
    }
    if left_out:
        print("\nnot compared:")
        for (title, name), reason in left_out.items():
            print(f"  {title}, {name}: {reason}" if title else f"  {name}: {reason}")
    if options.json:
        options.json.write_text(
            json.dumps(
                {
                    "machine": machine,
                    "march": options.march,
                    "versions": packages,
                    "records": everything,
                    "not_compared": [
                        {"case": title, "by": name, "reason": reason}
                        for (title, name), reason in missing.items()
                    ],
                },
                indent=1,
            )
            + "\n"
        )
    missed = [r["case"] for r in everything if not r.get("met", True)]
    if missed:
        print("\ntargets missed: " + "; ".join(missed))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
