# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the module of a case, and the arguments that it is called with."""

import random
import struct

import formats


class Value:
    """An SSA value: its name, element type, and shape (None: a scalar)."""

    def __init__(self, name, element, shape, dynamic=()):
        self.name, self.element, self.shape = name, element, shape
        self.dynamic = set(dynamic)
        if shape and len(shape) - 1 in self.dynamic:
            # The size of such a row is known by its bytes only.
            multiple = formats.get_dynamic_multiple(element)
            if shape[-1] % multiple != 0:
                self.dynamic.discard(len(shape) - 1)

    @property
    def type(self):
        if self.shape is None:
            return self.element
        extents = "".join(
            ("?" if dim in self.dynamic else str(extent)) + "x"
            for dim, extent in enumerate(self.shape))
        return f"tensor<{extents}{self.element}>"

    def with_element(self, name, element):
        return Value(name, element, self.shape, self.dynamic)


class ModuleWriter:
    def __init__(self, case, codes):
        self.case, self.codes = case, codes
        self.chance = random.Random(case["seed"])
        self.arguments, self.inputs = [], []
        self.lines, self.results, self.blobs = [], [], []
        self.count = 0

    def new_name(self):
        self.count += 1
        return f"%{self.count}"

    def emit(self, text, value):
        self.lines.append(f"  {value.name} = {text}")
        return value

    # Where operands come from.

    def take(self, source, element, shape, dynamic=(), low=None, high=None,
             finite=True):
        """A value of random data: an argument, or a constant of values in
        [low, high], one of them infinite or NaN unless `finite`."""
        value = Value("", element, shape, dynamic)
        if source in ("dense", "resource") and shape is not None:
            return self.take_constant(source, element, shape, low, high,
                                      finite)
        value.name = f"%a{len(self.arguments)}"
        mark = (" {lowbit.weight}" if source == "weight" and shape is not None
                else "")
        self.arguments.append(f"{value.name}: {value.type}{mark}")
        self.inputs.append("random" if not shape else
                           "random:" + "x".join(map(str, shape)))
        return value

    def take_constant(self, source, element, shape, low, high, finite):
        count = 1
        for extent in shape:
            count *= extent
        bits = formats.get_bits(element)
        codes = self.codes.draw(self.chance, element, count, low, high, finite)
        value = Value(self.new_name(), element, shape)
        # `dense` has no !lowbit types, and arith.constant no signed integers.
        stored = value
        if source == "dense" and (formats.is_lowbit(element) or (
                formats.is_integer(element) and not element.startswith("i"))):
            stored = value.with_element(self.new_name(), f"i{bits}")
        size = 1 if bits <= 8 else 2 if bits <= 16 else 4
        if count == 0:
            text = "dense<>" if shape[0] == 0 or len(shape) == 1 else None
            if text is None:
                source = "resource"
        if source == "dense":
            if count:
                data = b"".join(code.to_bytes(size, "little") for code in codes)
                text = f'dense<"0x{data.hex().upper()}">'
        else:
            stored = value
            data = pack(codes, bits, shape)
            text = f"dense_resource<blob{len(self.blobs)}>"
            self.blobs.append(data)
        self.emit(f"arith.constant {text} : {stored.type}", stored)
        if stored is not value:
            self.emit(f"lowbit.bitcast {stored.name} : {stored.type} to "
                      f"{value.type}", value)
        return value

    # Operands with their scales.

    def get_scale_shape(self, operand, data, block):
        if operand["granularity"] == "scalar":
            return None
        if operand["granularity"] == "rank0":
            return ()
        return tuple(1 if b == 0 else -(-extent // b)
                     for extent, b in zip(data.shape, block))

    def take_scale(self, source, operand, shape, dynamic):
        low, high = (0.0, 16.0) if self.case["wild"] else (0.5, 2.0)
        element = operand["scale"]
        if operand["levels"] == 1:
            return self.take(source, element, shape, dynamic, low, high)
        if formats.is_integer(element):
            low, high = 1, 7
        inner = self.take(source, element, shape, dynamic, low, high)
        kind = operand["outer"]
        outer_shape = {"scalar": None, "rank0": (), "tensor": (1,) * len(shape),
                       "row": (shape[0],) + (1,) * (len(shape) - 1)}[kind]
        outer_dynamic = {0} & inner.dynamic if kind == "row" else ()
        outer = self.take(source, "f32", outer_shape, outer_dynamic, 0.5, 2.0)
        block = ""
        if kind == "row":
            block = f" block [{', '.join(['1'] + ['0'] * (len(shape) - 1))}]"
        scale = inner.with_element(self.new_name(), "f32")
        return self.emit(
            f"lowbit.dequantize {inner.name} scale({outer.name}){block} : "
            f"({inner.type}, {outer.type}) -> {scale.type}", scale)

    def take_zero_point(self, source, operand, scale):
        element, zero = operand["element"], operand["zero"]
        low, high = -4, 4
        if formats.is_integer(element):
            low, high = formats.get_range(element)
        if formats.is_integer(zero) and self.case["wild"]:
            low, high = formats.get_range(zero)
            # Beyond this f32 has not every integer, and neither has a sum.
            low, high = max(low, -30000), min(high, 30000)
        return self.take(source, zero, scale.shape, scale.dynamic, low, high)

    def write_operand(self, data, block_text, scale, zero):
        """The words after an operand of a matmul, and the types."""
        text, types = data.name, [data.type]
        if scale:
            text += f" scale({scale.name})"
            types.append(scale.type)
            if zero:
                text += f" zero_point({zero.name})"
                types.append(zero.type)
            text += block_text
        return text, types

    def is_block_needed(self, data, scale, block):
        """Whether rule S3 asks for `block`, and whether it may be there."""
        if scale is None or not scale.shape:
            return False
        for dim, b in enumerate(block):
            if dim not in scale.dynamic and scale.shape[dim] == 1:
                if b != 0:
                    return True
                continue
            if dim in scale.dynamic or dim in data.dynamic:
                return True
            extent = scale.shape[dim]
            if extent == 0 or data.shape[dim] % extent != 0 or data.shape[
                    dim] // extent != b:
                return True
        return self.case["write block"]

    def get_block(self, operand, roles):
        """The block of each dimension: roles are "batch", "other", "k"."""
        if operand["granularity"] in ("scalar", "rank0"):
            return [0] * len(roles)
        sizes = {"other": operand["block"][0], "k": operand["block"][1],
                 "batch": operand["batch block"]}
        if operand["granularity"] == "tensor":
            sizes["batch"] = 0
        return [sizes[role] for role in roles]

    def take_operand(self, which, source, scale_source, roles, shape, dynamic):
        operand = self.case[which]
        block = self.get_block(operand, roles)
        if which == "a" and self.case["before"] != "none":
            return self.quantize_activations(operand, shape, dynamic, block)
        element = operand["element"]
        low, high = -65536.0, 65536.0
        if element == "f32":
            low, high = -1.0, 1.0
        # An infinite scale would give other results before a sum than after.
        data = self.take(source, element, shape, dynamic, low, high,
                         finite=not self.case["wild"])
        scale = zero = None
        if operand["granularity"] != "none":
            scale_shape = self.get_scale_shape(operand, data, block)
            # Dimensions of one entry are static.
            scale_dynamic = [dim for dim in data.dynamic
                             if scale_shape and block[dim] != 0]
            # A scale and its zero point have one type of shape.
            for element in (operand["scale"], operand["zero"] or "i8"):
                scale_dynamic = Value("", element, scale_shape,
                                      scale_dynamic).dynamic
            scale = self.take_scale(scale_source, operand, scale_shape,
                                    scale_dynamic)
            if operand["zero"]:
                zero = self.take_zero_point(scale_source, operand, scale)
        text = ""
        if self.is_block_needed(data, scale, block):
            text = f" block [{', '.join(map(str, block))}]"
        return data, self.write_operand(data, text, scale, zero)

    def quantize_activations(self, operand, shape, dynamic, block):
        x = self.take("argument",
                      self.chance.choice(["f32", "f32", "bf16", "f16"]), shape,
                      dynamic)
        # The type of the codes may ask for a static row.
        data = Value(self.new_name(), operand["element"], shape, x.dynamic)
        x.dynamic = data.dynamic
        self.arguments[-1] = f"{x.name}: {x.type}"
        scale_shape = self.get_scale_shape(operand, data, block)
        scale = Value(self.new_name(), operand["scale"], scale_shape,
                      [dim for dim in data.dynamic
                       if scale_shape and block[dim] != 0])
        zero = None
        names, types = scale.name, scale.type
        if self.case["before"] == "minmax":
            zero = Value(self.new_name(), operand["zero"], scale.shape,
                         scale.dynamic)
            # A static row of the zero points asks for one of the scales.
            scale.dynamic = zero.dynamic
            names = f"{scale.name}, {zero.name}"
            types = f"({scale.type}, {zero.type})"
        text = ""
        if self.is_block_needed(data, scale, block):
            text = f" block [{', '.join(map(str, block))}]"
        method = ""
        if self.case["before"] != "absmax":
            method = (" {method = #lowbit.scale_method<"
                      f"{self.case['before']}>}}")
        self.lines.append(
            f"  {names} = lowbit.choose_scale {x.name} for "
            f"{operand['element']}{text}{method} : ({x.type}) -> {types}")
        zero_text = f" zero_point({zero.name})" if zero else ""
        zero_type = f", {zero.type}" if zero else ""
        self.emit(
            f"lowbit.quantize {x.name} scale({scale.name}){zero_text}{text} : "
            f"({x.type}, {scale.type}{zero_type}) -> {data.type}", data)
        return data, self.write_operand(data, text, scale, zero)

    # The products.

    def write_matmul(self, a, b, a_words, b_words, result, bias=None,
                     transpose=False, acc="f32", promote=0):
        text = f"lowbit.matmul {a_words[0]}, {b_words[0]}"
        types = a_words[1] + b_words[1]
        if bias:
            text += f" bias({bias.name})"
            types = types + [bias.type]
        if transpose:
            text += " transpose_b"
        attributes = []
        if acc != "f32":
            attributes.append(f"acc = {acc}")
        if promote:
            attributes.append(f"promote_every = {promote}")
        if attributes:
            text += f" {{{', '.join(attributes)}}}"
        return self.emit(f"{text} : ({', '.join(types)}) -> {result.type}",
                         result)

    def get_dynamic(self, which):
        """The dimensions of A, B and the result that are dynamic, as letters."""
        return {
            "none": ("", "", ""), "M": ("M", "", "M"), "MN": ("M", "N", "MN"),
            "K": ("K", "K", ""), "all": ("MKB", "NKB", "MNB"),
            "A": ("MKB", "", "M"), "B": ("", "NKB", "N"),
        }[self.case["dynamic"]][which]

    def write(self):
        case = self.case
        m, n, k = case["M"], case["N"], case["K"]
        batch = {"none": (), "A": (3,), "both": (3,), "both 2": (2, 3),
                 "A 2": (3, 2)}[case["batch"]]
        b_batch = batch if case["batch"].startswith("both") else ()

        def mark(letters, names):
            return [dim for dim, name in enumerate(names) if name in letters]

        a_names = "B" * len(batch) + "MK"
        a, a_words = self.take_operand(
            "a", "argument", "argument",
            ["batch"] * len(batch) + ["other", "k"], batch + (m, k),
            mark(self.get_dynamic(0), a_names))
        source = case["source"]
        scale_source = ("argument" if case["scale source"] == "argument"
                        else source)
        tail, tail_roles, tail_names = (
            ((n, k), ["other", "k"], "NK") if case["transpose"]
            else ((k, n), ["k", "other"], "KN"))
        b, b_words = self.take_operand(
            "b", source, scale_source, ["batch"] * len(b_batch) + tail_roles,
            b_batch + tail,
            mark(self.get_dynamic(1), "B" * len(b_batch) + tail_names))
        bias = None
        if case["bias"] != "none":
            bias_dynamic = [0] if "N" in self.get_dynamic(1) else []
            if case["bias"] != "argument":
                bias_dynamic = []
            bias = self.take(case["bias"], "f32", (n,), bias_dynamic, -8.0, 8.0)
        result = Value(self.new_name(), case["result"], batch + (m, n),
                       mark(self.get_dynamic(2), "B" * len(batch) + "MN"))
        promote = self.chance.choice([0, 0, 0, 0, 32, 100])
        self.write_matmul(a, b, a_words, b_words, result, bias,
                          case["transpose"], case["acc"], promote)
        self.results.append(result)
        self.write_after(a, b, a_words, b_words, result)
        return self.get_text()

    def write_after(self, a, b, a_words, b_words, result):
        after = self.case["after"]
        rank = len(result.shape)
        if after in ("quantize", "choose"):
            block = [1] * (rank - 1) + [0]
            scale = Value("", "f32", result.shape[:-1] + (1,),
                          result.dynamic - {rank - 1})
            words = f" block [{', '.join(map(str, block))}]"
            if after == "quantize":
                scale = self.take("argument", "f32", scale.shape, scale.dynamic)
            else:
                scale.name = self.new_name()
                self.emit(f"lowbit.choose_scale {result.name} for i8{words} : "
                          f"({result.type}) -> {scale.type}", scale)
            codes = result.with_element(self.new_name(), "i8")
            self.emit(f"lowbit.quantize {result.name} scale({scale.name})"
                      f"{words} : ({result.type}, {scale.type}) -> "
                      f"{codes.type}", codes)
            back = result.with_element(self.new_name(), "bf16")
            self.emit(f"lowbit.dequantize {codes.name} scale({scale.name})"
                      f"{words} : ({codes.type}, {scale.type}) -> {back.type}",
                      back)
            self.results += [codes, back]
        elif after == "shared A":
            # Another product of the same activations.
            k = a.shape[-1]
            other = self.take("weight", "i4", (20, k))
            scale = self.take("weight", "f32", (20, 1))
            second = Value(self.new_name(), "f32", a.shape[:-1] + (20,),
                           a.dynamic - {len(a.shape) - 1})
            self.write_matmul(
                a, other, a_words,
                (f"{other.name} scale({scale.name}) block [1, 0]",
                 [other.type, scale.type]), second, transpose=True)
            self.results.append(second)
        elif after == "shared B":
            # Another product of the same weights.
            k = a.shape[-1]
            x = self.take("argument", "f32", (5, k))
            n = result.shape[-1]
            second = Value(self.new_name(), "f32", (5, n),
                           [1] if rank - 1 in result.dynamic else [])
            self.write_matmul(x, b, (x.name, [x.type]), b_words, second,
                              transpose=self.case["transpose"])
            self.results.append(second)
        elif after == "chain":
            # The result is the next product's activations.
            n = result.shape[-1]
            other = self.take("weight", "f8E4M3FN", (10, n))
            second = Value(self.new_name(), "f32", result.shape[:-1] + (10,),
                           result.dynamic - {rank - 1})
            self.write_matmul(result, other, (result.name, [result.type]),
                              (other.name, [other.type]), second,
                              transpose=True)
            self.results.append(second)

    def get_text(self):
        types = ", ".join(result.type for result in self.results)
        names = ", ".join(result.name for result in self.results)
        text = f"func.func @main({', '.join(self.arguments)}) -> ({types}) {{\n"
        text += "\n".join(self.lines)
        text += f"\n  return {names} : {types}\n}}\n"
        if self.blobs:
            text += "{-# dialect_resources: { builtin: {\n"
            text += ",\n".join(
                f'  blob{i}: "0x{(struct.pack("<I", 64) + blob).hex().upper()}"'
                for i, blob in enumerate(self.blobs))
            text += "\n}}\n#-}\n"
        return text


def pack(codes, bits, shape):
    """The bytes of codes by rules P1 to P3."""
    if bits >= 8:
        size = 1 if bits == 8 else 2 if bits <= 16 else 4
        return b"".join(code.to_bytes(size, "little") for code in codes)
    length = shape[-1] if shape else 1
    data = b""
    for begin in range(0, len(codes), length or 1):
        row = 0
        for i, code in enumerate(codes[begin:begin + length]):
            row |= code << (i * bits)
        data += row.to_bytes(-(-length * bits // 8), "little")
    return data
