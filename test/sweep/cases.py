# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws cases: one product with all its formats, shapes and options.

A case is a dict of choices, one for each axis. They are drawn at random, a few
for each place, of which the one with the most pairs of choices that no case had
before is taken: so all pairs are covered long before all combinations are.
"""

import itertools
import random

import formats

# How the elements of an operand share a scale. Blocks are over (the other
# dimension, K); 0 is the whole dimension.
GRANULARITIES = ["none", "scalar", "rank0", "tensor", "row", "group", "block",
                 "shared group"]
SOURCES = ["argument", "weight", "dense", "resource"]
# One less than a tile, a tile, one more; odd; two tiles.
ROWS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 16, 17, 33, 65, 130]
COLUMNS = [0, 1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 33, 40, 72]
DEPTHS = [0, 1, 2, 7, 8, 31, 32, 33, 40, 64, 96, 100, 128, 130, 192, 256, 257,
          512]
# The blocks along K that kernels like, and some that none does.
GROUPS = [32, 64, 128, 16, 8, 4, 2, 1, 5, 7, 24, 48, 1000]
BLOCKS = [(128, 128), (32, 32), (3, 8), (16, 64), (5, 7), (2, 32), (1000, 16)]


def _pick(chance, choices, weights):
    return chance.choices(choices, weights)[0]


def _draw_zero_point(chance, element, granularity):
    """The type of a zero point for `element`, None for none."""
    if granularity == "none" or chance.random() < 0.55:
        return None
    if not formats.is_integer(element) or chance.random() < 0.25:
        return chance.choice(["f32", "f16", "bf16"])
    if chance.random() < 0.5:
        return element
    bits = formats.get_bits(element)
    # An unsigned element needs one bit more where the zero point has a sign.
    least = bits + (0 if formats.is_signed(element) else 1)
    return f"i{chance.choice([least, least + 1, max(least, 8), max(least, 9), 16, 32])}"


def _draw_operand(chance, types, common, granularities):
    element = chance.choice(common if chance.random() < 0.5 else types)
    granularity = _pick(chance, GRANULARITIES, granularities)
    scale = None
    levels = 1
    if granularity != "none":
        scale = chance.choice(formats.SCALES)
        if granularity not in ("scalar", "rank0") and chance.random() < 0.2:
            levels = 2
            scale = chance.choice(["f8E4M3FN", "f8E8M0FNU", "ui4", "i8",
                                   "!lowbit.minifloat<ue5m3fn>", "f32"])
    block = (0, 0)
    if granularity == "row":
        block = (1, 0)
    elif granularity == "group":
        block = (1, chance.choice(GROUPS[:3] if chance.random() < 0.5
                                  else GROUPS))
    elif granularity == "shared group":
        block = (0, chance.choice(GROUPS))
    elif granularity == "block":
        block = chance.choice(BLOCKS)
    return {
        "element": element, "granularity": granularity, "scale": scale,
        "levels": levels, "block": block,
        # Blocks over batches: each has its own, two share one, all do.
        "batch block": chance.choice([1, 1, 0, 2]),
        "outer": chance.choice(["scalar", "rank0", "tensor", "row"]),
        "zero": _draw_zero_point(chance, element, granularity),
    }


def _make_typical(chance, a, b):
    """What layers of real models have: this is what the fast kernels take."""
    nothing = {"granularity": "none", "scale": None, "levels": 1,
               "block": (0, 0), "zero": None}
    a.update(nothing)
    a["element"] = chance.choice(["f32", "f32", "bf16", "f16", "i8", "i8", "i8",
                                  "f8E4M3FN", "f8E5M2", "f4E2M1FN"])
    if a["element"] not in formats.WIDE and chance.random() < 0.9:
        row = {"granularity": "row", "block": (1, 0), "scale": "f32"}
        group = {"granularity": "group", "block": (1, 32), "scale": "f32"}
        a.update(chance.choice([row, row, group]))
    b.update(nothing)
    b["element"] = chance.choice(formats.COMMON_WEIGHTS)
    if chance.random() < 0.9:
        group = {"granularity": "group",
                 "block": (1, chance.choice([32, 32, 64, 128, 16])),
                 "scale": chance.choice(["f32", "f16", "bf16", "f8E8M0FNU",
                                         "f8E4M3FN"])}
        row = {"granularity": "row", "block": (1, 0), "scale": "f32"}
        b.update(chance.choice([group, group, row]))
        if b["granularity"] == "group" and b["scale"].startswith("f8E4"):
            b["levels"] = chance.choice([1, 2])
        if b["element"] == "ui4" or chance.random() < 0.2:
            b["zero"] = (b["element"] if formats.is_integer(b["element"])
                         else None)
    a["outer"] = b["outer"] = chance.choice(["scalar", "rank0", "tensor"])


def _draw_case(chance):
    b = _draw_operand(chance, formats.WEIGHTS, formats.COMMON_WEIGHTS,
                      [2, 1, 1, 2, 4, 8, 3, 1])
    a = _draw_operand(chance, formats.ACTIVATIONS, formats.COMMON_ACTIVATIONS,
                      [6, 1, 1, 1, 4, 3, 1, 1])
    if a["element"] in formats.WIDE and chance.random() < 0.7:
        a.update(granularity="none", scale=None, levels=1, block=(0, 0),
                 zero=None)
    if a["granularity"] == "group" and b["block"][1] and chance.random() < 0.6:
        a["block"] = (1, b["block"][1])
    typical = chance.random() < 0.4
    if typical:
        _make_typical(chance, a, b)
    case = {
        "a": a, "b": b,
        "batch": chance.choice(["none", "none", "none", "A", "both", "both 2",
                                "A 2"]),
        "transpose": chance.random() < 0.7,
        "acc": _pick(chance, ["f32", "f16", "i32"], [6, 1, 3]),
        "result": _pick(chance, ["f32", "f16", "bf16"], [4, 1, 1]),
        "bias": _pick(chance, ["none", "argument", "weight", "dense"],
                      [4, 2, 1, 1]),
        "source": _pick(chance, SOURCES, [2, 3, 1, 2]),
        "scale source": chance.choice(["same", "same", "same", "argument"]),
        "dynamic": _pick(chance, ["none", "M", "MN", "K", "all", "A", "B"],
                         [8, 3, 1, 1, 3, 1, 1]),
        # choose_scale and quantize before the product, ops behind it.
        "before": "none", "after": _pick(
            chance, ["none", "quantize", "choose", "chain", "shared A",
                     "shared B"], [14, 1, 1, 1, 1, 1]),
        "cpu": _pick(chance, ["host", "x86-64-v3", "x86-64-v2"], [2, 2, 2]),
        "threads": _pick(chance, [1, 2], [3, 1]),
        "write block": chance.random() < 0.7,
        "wild": chance.random() < 0.15,
        "M": chance.choice(ROWS), "N": chance.choice(COLUMNS),
        "K": chance.choice(DEPTHS), "seed": chance.randrange(1 << 30),
    }
    if typical and chance.random() < 0.7:
        case["K"] = chance.choice([32, 64, 96, 128, 256, 384, 512])
    # Sizes of 0 say little about all else.
    for extent in "MNK":
        if case[extent] == 0 and chance.random() < 0.6:
            case[extent] = {"M": 6, "N": 34, "K": 160}[extent]
    if (a["granularity"] not in ("none", "scalar") and a["levels"] == 1 and
            chance.random() < 0.5):
        case["before"] = chance.choice(["absmax", "mse"])
    return _make_valid(chance, case)


def _get_largest_difference(operand):
    """The largest |code - zero point| by the types alone."""
    low, high = formats.get_range(operand["element"])
    zero_low = zero_high = 0
    if operand["zero"]:
        zero_low, zero_high = formats.get_range(operand["zero"])
    return max(high - zero_low, zero_high - low)


def _make_valid(chance, case):
    a, b = case["a"], case["b"]
    integers = all(formats.is_integer(operand["element"]) and
                   (not operand["zero"] or formats.is_integer(operand["zero"]))
                   for operand in (a, b))
    if case["acc"] == "i32":
        if not integers:
            case["acc"] = "f32"
        else:
            depth = min([case["K"]] + [operand["block"][1] for operand in (a, b)
                                       if operand["block"][1]])
            # A dynamic K bounds nothing, and neither do blocks over all of it.
            if case["dynamic"] in ("K", "all", "A", "B"):
                case["dynamic"] = "M"
            if depth * _get_largest_difference(a) * _get_largest_difference(
                    b) >= 1 << 31:
                case["acc"] = "f32"
    if case["before"] != "none":
        # minmax has the zero point in the element's type, and chooses it; the
        # others want a sign.
        if (not formats.is_signed(a["element"]) and
                not formats.is_integer(a["element"]) or
                a["element"] in formats.WIDE):
            case["before"] = "none"
        elif not formats.is_signed(a["element"]) or (
                formats.is_integer(a["element"]) and chance.random() < 0.3):
            case["before"] = "minmax"
            a["zero"] = a["element"]
        else:
            a["zero"] = None
            if a["scale"] == "f8E8M0FNU" and not formats.is_integer(
                    a["element"]) and a["element"].startswith("f"):
                case["before"] = chance.choice(
                    ["mx_floor", "mx_ceil", "mx_even", "mx_rceil"])
    if case["source"] in ("dense", "resource", "weight"):
        # Constants and packed weights have static shapes.
        if case["dynamic"] not in ("none", "M"):
            case["dynamic"] = chance.choice(["none", "M", "A"])
    if case["after"] in ("shared A", "shared B", "chain") and case[
            "batch"] != "none":
        case["after"] = "none"
    if case["after"] in ("quantize", "choose", "chain"):
        case["wild"] = False
    return case


def get_choices(case):
    """(axis, choice) for all that pairs are made of."""
    a, b = case["a"], case["b"]
    choices = [("a." + axis, a[axis]) for axis in
               ("element", "granularity", "scale", "zero", "levels")]
    choices += [("b." + axis, b[axis]) for axis in
                ("element", "granularity", "scale", "zero", "levels")]
    choices += [(axis, case[axis]) for axis in (
        "batch", "transpose", "acc", "result", "bias", "source", "dynamic",
        "before", "after", "cpu", "threads")]
    choices += [("group", min(b["block"][1], 256)), ("M", min(case["M"], 9)),
                ("N", case["N"]), ("K", case["K"])]
    return choices


def draw_cases(seed, count, candidates=12):
    chance = random.Random(seed)
    seen = set()
    cases = []
    for _ in range(count):
        best = None
        for _ in range(candidates):
            case = _draw_case(chance)
            pairs = set(itertools.combinations(get_choices(case), 2))
            new = len(pairs - seen)
            if best is None or new > best[0]:
                best = new, case, pairs
        seen |= best[2]
        cases.append(best[1])
    return cases


def get_name(index, case):
    """A short name that says what is most likely to matter."""
    def describe(operand):
        element = operand["element"].removeprefix("!lowbit.")
        element = "".join(c if c.isalnum() else "_" for c in element)[:20]
        return element.strip("_") + {
            "none": "", "scalar": "-s", "rank0": "-s", "tensor": "-t",
            "row": "-r"}.get(operand["granularity"],
                             "-g" + "x".join(map(str, operand["block"]))) + (
                                 "-z" if operand["zero"] else "")
    return (f"{index:04}-{describe(case['a'])}--{describe(case['b'])}--"
            f"{case['M']}x{case['N']}x{case['K']}-{case['cpu']}")
