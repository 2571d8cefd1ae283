# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The peer llama.cpp: the matmuls of ggml, from the package llama-cpp-python."""

import ctypes
import importlib.util
import pathlib

import numpy as np
from timing import Contestant, Missing, Work

# enum ggml_type in ggml.h.
F32 = 0
TYPES = {"Q4_0": 2, "Q4_K": 12, "IQ4_NL": 20, "MXFP4": 39}


class InitParams(ctypes.Structure):
    _fields_ = [
        ("mem_size", ctypes.c_size_t),
        ("mem_buffer", ctypes.c_void_p),
        ("no_alloc", ctypes.c_bool),
    ]


class TypeTraits(ctypes.Structure):
    _fields_ = [
        ("type_name", ctypes.c_char_p),
        ("blck_size", ctypes.c_int64),
        ("blck_size_interleave", ctypes.c_int64),
        ("type_size", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool),
        (
            "to_float",
            ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64),
        ),
        ("from_float_ref", ctypes.c_void_p),
    ]


_POINTER, _SIZE, _INT, _INT64 = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int64,
)
# name: (result, arguments)
_BASE = {
    "ggml_log_set": (None, [_POINTER, _POINTER]),
    "ggml_init": (_POINTER, [InitParams]),
    "ggml_free": (None, [_POINTER]),
    "ggml_tensor_overhead": (_SIZE, []),
    "ggml_graph_overhead": (_SIZE, []),
    "ggml_new_tensor_2d": (_POINTER, [_POINTER, _INT, _INT64, _INT64]),
    "ggml_mul_mat": (_POINTER, [_POINTER, _POINTER, _POINTER]),
    "ggml_new_graph": (_POINTER, [_POINTER]),
    "ggml_build_forward_expand": (None, [_POINTER, _POINTER]),
    "ggml_row_size": (_SIZE, [_INT, _INT64]),
    "ggml_get_type_traits": (ctypes.POINTER(TypeTraits), [_INT]),
    "ggml_quantize_chunk": (
        _SIZE,
        [_INT, _POINTER, _POINTER, _INT64, _INT64, _INT64, _POINTER],
    ),
    "ggml_backend_alloc_ctx_tensors_from_buft": (_POINTER, [_POINTER, _POINTER]),
    "ggml_backend_buffer_free": (None, [_POINTER]),
    "ggml_backend_cpu_buffer_type": (_POINTER, []),
    "ggml_backend_dev_supports_op": (ctypes.c_bool, [_POINTER, _POINTER]),
    "ggml_backend_get_device": (_POINTER, [_POINTER]),
    "ggml_backend_graph_compute": (_INT, [_POINTER, _POINTER]),
    "ggml_backend_reg_get_proc_address": (_POINTER, [_POINTER, ctypes.c_char_p]),
    "ggml_backend_tensor_get": (None, [_POINTER, _POINTER, _SIZE, _SIZE]),
    "ggml_backend_tensor_set": (None, [_POINTER, _POINTER, _SIZE, _SIZE]),
}
_CPU = {
    "ggml_backend_cpu_init": (_POINTER, []),
    "ggml_backend_cpu_reg": (_POINTER, []),
    "ggml_backend_cpu_set_n_threads": (None, [_POINTER, _INT]),
}


def find_libraries():
    """The folder of ggml's libraries, without importing the package, which
    wants more than we need."""
    package = importlib.util.find_spec("llama_cpp")
    if package is None:
        raise Missing("llama-cpp-python is not installed")
    folder = pathlib.Path(package.origin).parent / "lib"
    if not (folder / "libggml-cpu.so").exists():
        raise Missing("this llama-cpp-python has no libggml-cpu.so")
    return folder


class Library:
    """The functions of ggml that are needed, and a backend with threads."""

    def __init__(self, threads):
        folder = find_libraries()
        for name, functions in (("base", _BASE), ("cpu", _CPU)):
            library = ctypes.CDLL(
                str(folder / f"libggml-{name}.so"), ctypes.RTLD_GLOBAL
            )
            for function, (result, arguments) in functions.items():
                try:
                    found = getattr(library, function)
                except AttributeError as error:
                    raise Missing(f"its ggml has no {function}") from error
                found.restype, found.argtypes = result, arguments
                setattr(self, function.removeprefix("ggml_"), found)
        # It tells of every tensor that it repacks.
        self._no_log = ctypes.CFUNCTYPE(None, _INT, ctypes.c_char_p, _POINTER)(
            lambda level, text, data: None
        )
        self.log_set(ctypes.cast(self._no_log, _POINTER), None)
        self.backend = self.backend_cpu_init()
        self.backend_cpu_set_n_threads(self.backend, threads)
        self.device = self.backend_get_device(self.backend)

    def weight_buffers(self):
        """Types of memory for weights, those in which they are repacked for
        this machine before the plain one."""
        types = []
        name = b"ggml_backend_dev_get_extra_bufts"
        address = self.backend_reg_get_proc_address(self.backend_cpu_reg(), name)
        if address:
            prototype = ctypes.CFUNCTYPE(ctypes.POINTER(_POINTER), _POINTER)
            extra = prototype(address)(self.device)
            index = 0
            while extra and extra[index]:
                types.append(extra[index])
                index += 1
        return [*types, self.backend_cpu_buffer_type()]


class Context:
    """Tensors, and the memory that they are in."""

    def __init__(self, library, tensors, buffer_type, define):
        """`define(context)` makes at most `tensors` tensors."""
        self._library = library
        size = tensors * library.tensor_overhead()
        self.handle = library.init(InitParams(size, None, True))
        self.tensors = define(self.handle)
        self._buffer = library.backend_alloc_ctx_tensors_from_buft(
            self.handle, buffer_type
        )
        if not self._buffer:
            raise Missing("ggml has no memory for its tensors")

    def __del__(self):
        if getattr(self, "_buffer", None):
            self._library.backend_buffer_free(self._buffer)
        self._library.free(self.handle)


class Ggml(Contestant):
    def __init__(self, library, name, values):
        """`values`: f32, N x K; some of its rows are quantized."""
        kind = TYPES[name]
        n, k = values.shape
        traits = library.get_type_traits(kind).contents
        # Quantizing is slow, and the product none the faster for repetition.
        rows = n // 8 if n % 8 == 0 else n
        row_bytes = library.row_size(kind, k)
        packed = np.empty((rows, row_bytes), np.uint8)
        source = np.ascontiguousarray(values[:rows])
        library.quantize_chunk(
            kind, source.ctypes.data, packed.ctypes.data, 0, rows, k, None
        )
        decoded = np.empty((rows, k), np.float32)
        traits.to_float(packed.ctypes.data, decoded.ctypes.data, rows * k)
        self._stored = np.tile(packed, (n // rows, 1))
        weights = np.tile(decoded, (n // rows, 1))
        group = 0 if name == "Q4_K" else 32
        super().__init__(
            "llama.cpp", name, "4-bit x int8", weights, self._stored.nbytes, group
        )
        self._library, self._type = library, kind
        self._repacked = None

    def describe(self, rows):
        return {"kernel": "repacked" if self._repacked else "as stored"}

    def _make_graph(self, activations, weights):
        """A context with one product, its result, and the graph."""
        library = self._library
        size = 8 * library.tensor_overhead() + library.graph_overhead()
        context = library.init(InitParams(size, None, True))
        product = library.mul_mat(context, weights, activations)
        buffer = library.backend_alloc_ctx_tensors_from_buft(
            context, library.backend_cpu_buffer_type()
        )
        graph = library.new_graph(context)
        library.build_forward_expand(graph, product)
        return context, buffer, product, graph

    def prepare(self, x, copies):
        library = self._library
        rows, (n, k) = len(x), self.weights.shape
        plain = library.backend_cpu_buffer_type()
        inputs = Context(
            library,
            1,
            plain,
            lambda context: [library.new_tensor_2d(context, F32, k, rows)],
        )
        activations = inputs.tensors[0]
        library.backend_tensor_set(activations, x.ctypes.data, 0, x.nbytes)

        graphs = []
        for buffer_type in library.weight_buffers():
            memory = Context(
                library,
                copies,
                buffer_type,
                lambda context: [
                    library.new_tensor_2d(context, self._type, k, n)
                    for _ in range(copies)
                ],
            )
            graphs = [self._make_graph(activations, w) for w in memory.tensors]
            if library.backend_dev_supports_op(library.device, graphs[0][2]):
                self._repacked = buffer_type != plain
                break
            self._release(graphs)
        for tensor in memory.tensors:
            library.backend_tensor_set(
                tensor, self._stored.ctypes.data, 0, self._stored.nbytes
            )
        owner = _Graphs(self, graphs, [inputs, memory])

        def bind(graph):
            compute, backend = library.backend_graph_compute, library.backend

            def call(owner=owner):  # it lives as long as the call
                if compute(backend, graph):
                    raise RuntimeError("ggml_backend_graph_compute failed")

            return call

        calls = [bind(graph) for _, _, _, graph in graphs]

        def result():
            calls[0]()
            out = np.empty((rows, n), np.float32)
            library.backend_tensor_get(graphs[0][2], out.ctypes.data, 0, out.nbytes)
            return out

        return Work(calls, result)

    def _release(self, graphs):
        for context, buffer, _, _ in graphs:
            self._library.backend_buffer_free(buffer)
            self._library.free(context)


class _Graphs:
    """Owns graphs and what they read."""

    def __init__(self, contestant, graphs, contexts):
        self._contestant, self._graphs, self._contexts = contestant, graphs, contexts

    def __del__(self):
        self._contestant._release(self._graphs)


def make_ggml(maker, threads):
    library = Library(threads)
    values = maker.make("i4", 32, "f32").dequantize().astype(np.float32)
    return [Ggml(library, name, values) for name in TYPES]
