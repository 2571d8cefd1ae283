# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Peers with a Python interface: numpy, ONNX Runtime, OpenVINO."""

import numpy as np
from timing import Contestant, Missing, Work


def other_weights(array, copy):
    """Weights of the same kind that no program takes for the same constant."""
    return array if copy == 0 else np.roll(array, copy, axis=0)


class Numpy(Contestant):
    """Dense f32: what it costs to dequantize beforehand and be done with it."""

    def __init__(self, maker, group):
        weights = maker.make("i4", group, "f32").dequantize().astype(np.float32)
        super().__init__("numpy", "dense f32", "f32", weights, weights.nbytes, 0, None)

    def prepare(self, x, copies):
        rows, n = len(x), self.weights.shape[0]
        out = np.empty((rows, n), np.float32)
        # Each with the order that suits it: rows of N x K for a vector.
        order = self.weights if rows == 1 else self.weights.T
        matrices = [order.copy() for _ in range(copies)]
        if rows == 1:
            calls = [lambda w=w: np.dot(w, x[0], out=out[0]) for w in matrices]
        else:
            calls = [lambda w=w: np.matmul(x, w, out=out) for w in matrices]

        def result():
            calls[0]()
            return out

        return Work(calls, result)


class OnnxRuntime(Contestant):
    """A model with one node for each copy of the weights."""

    def __init__(self, name, kind, weights, group, threads, make_node):
        activations = None if kind == "4-bit x f32" else "unknown"
        super().__init__(
            "onnxruntime", name, kind, weights, weights.nbytes, group, activations
        )
        self._threads, self._make_node = threads, make_node
        # {copies: session}
        self._sessions = {}

    def _session(self, copies):
        import onnx
        import onnxruntime

        if copies in self._sessions:
            return self._sessions[copies]
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        n, k = self.weights.shape
        nodes, constants, outputs = [], [], []
        for copy in range(copies):
            node, node_constants = self._make_node(self.weights, copy)
            nodes.append(node)
            constants += node_constants
            outputs.append(helper.make_tensor_value_info(f"Y{copy}", kind, [None, n]))
        x = helper.make_tensor_value_info("X", kind, [None, k])
        graph = helper.make_graph(nodes, "products", [x], outputs, constants)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = 10
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._sessions[copies] = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return self._sessions[copies]

    def prepare(self, x, copies):
        session = self._session(copies)
        inputs = {"X": x}
        # Outputs that nobody takes to numpy: their copies are not timed.
        return Work(
            [lambda: session.run(None, inputs)],
            lambda: session.run(["Y0"], inputs)[0],
            copies,
        )


def make_nbits_node(level):
    """MatMulNBits: weights of 4 bits, read as code - 8."""

    def make(weights, copy):
        from onnx import helper, numpy_helper

        n, k = weights.shape
        group = weights.group
        # i4 codes are two's complement: flip the sign bit of both halves.
        packed = (weights.stored ^ 0x88).reshape(n, k // group, group // 2)
        node = helper.make_node(
            "MatMulNBits",
            ["X", f"W{copy}", f"S{copy}"],
            [f"Y{copy}"],
            domain="com.microsoft",
            N=n,
            K=k,
            bits=4,
            block_size=group,
            accuracy_level=level,
        )
        return node, [
            numpy_helper.from_array(other_weights(packed, copy), f"W{copy}"),
            numpy_helper.from_array(
                other_weights(weights.scales, copy).reshape(-1), f"S{copy}"
            ),
        ]

    return make


def make_int8_node(weights, copy):
    """DynamicQuantizeMatMul: the activations are quantized as one tensor."""
    from onnx import helper, numpy_helper

    node = helper.make_node(
        "DynamicQuantizeMatMul",
        ["X", f"W{copy}", f"S{copy}"],
        [f"Y{copy}"],
        domain="com.microsoft",
    )
    transposed = other_weights(weights.stored.view(np.int8), copy).T.copy()
    scales = other_weights(weights.scales, copy).reshape(-1)
    return node, [
        numpy_helper.from_array(transposed, f"W{copy}"),
        numpy_helper.from_array(scales, f"S{copy}"),
    ]


class OpenVino(Contestant):
    """Compressed weights: u4 with zero point 8 and f16 scales."""

    def __init__(self, weights, threads, dynamic):
        """dynamic: activations are quantized to int8, in groups."""
        n, k = weights.shape
        nbytes = weights.stored.nbytes + weights.scales.size * 2
        name = "u4 x int8" if dynamic else "u4 x f32"
        kind = "4-bit x int8" if dynamic else "4-bit x f32"
        activations = "unknown" if dynamic else None
        super().__init__(
            "openvino", name, kind, weights, nbytes, weights.group, activations
        )
        self._threads, self._dynamic = threads, dynamic

    def prepare(self, x, copies):
        import openvino
        import openvino.opset13 as op

        n, k = self.weights.shape
        group = self.weights.group
        parameter = op.parameter(list(x.shape), np.float32)
        packed = self.weights.stored ^ 0x88
        scales = self.weights.scales.astype(np.float16)[:, :, None]
        eight = openvino.Tensor(np.array([8], np.uint8), [1, 1, 1], openvino.Type.u4)
        products = []
        for copy in range(copies):
            codes = openvino.Tensor(
                other_weights(packed, copy), [n, k // group, group], openvino.Type.u4
            )
            values = op.subtract(
                op.convert(op.constant(codes), "f16"),
                op.convert(op.constant(eight), "f16"),
            )
            values = op.multiply(values, op.constant(other_weights(scales, copy)))
            values = op.reshape(values, op.constant(np.array([n, k])), False)
            values = op.convert(values, "f32")
            products.append(op.matmul(parameter, values, False, True))
        model = openvino.Model(products, [parameter], "products")
        settings = {
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": group if self._dynamic else 0,
        }
        request = (
            openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
        )
        request.set_input_tensor(openvino.Tensor(x, shared_memory=True))

        def result():
            request.infer()
            return request.get_output_tensor(0).data.copy()

        return Work([request.infer], result, copies)


def make_onnxruntime(maker, groups, threads):
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as missing:
        raise Missing(f"{missing.name} is not installed") from missing
    contestants = []
    for group in groups:
        weights = maker.make("i4", group, "f32")
        for level, kind in ((4, "4-bit x int8"), (0, "4-bit x f32")):
            name = f"MatMulNBits level {level}"
            node = make_nbits_node(level)
            contestants.append(OnnxRuntime(name, kind, weights, group, threads, node))
    contestants.append(
        OnnxRuntime(
            "int8",
            "8-bit",
            maker.make("i8", 0, "f32"),
            0,
            threads,
            make_int8_node,
        )
    )
    return contestants


def make_openvino(maker, groups, threads):
    try:
        import openvino  # noqa: F401
    except ImportError as missing:
        raise Missing(f"{missing.name} is not installed") from missing
    return [
        OpenVino(maker.make("i4", group, "f32"), threads, dynamic)
        for group in groups
        for dynamic in (False, True)
    ]
