# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plots of the records: everybody's speed, and a roofline."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from report import DRAM, name_column, name_threads  # noqa: E402

COLORS = {
    "lowbit": "tab:red",
    "onnxruntime": "tab:blue",
    "openvino": "tab:purple",
    "llama.cpp": "tab:green",
    "numpy": "tab:gray",
}


def plot_speeds(results, threads, file):
    """A bar for each contestant, the fastest on top; one field for each M."""
    columns = results.columns(threads)
    across = min(4, len(columns))
    down = -(-len(columns) // across)
    count = len(results.titles())
    figure, fields = plt.subplots(
        down, across, figsize=(7 * across, 1 + 0.24 * count * down), squeeze=False
    )
    for field in fields.flat[len(columns) :]:
        field.axis("off")
    for field, column in zip(fields.flat, columns):
        records = [
            results.find(threads, *column, title) for _, title in results.titles()
        ]
        records = sorted(filter(None, records), key=lambda r: r["gflops"])
        field.barh(
            [r["title"] for r in records],
            [r["gflops"] for r in records],
            color=[COLORS[r["by"]] for r in records],
        )
        field.set_title(name_column(*column))
        field.set_xlabel("GFLOP/s")
        field.tick_params(axis="y", labelsize=7)
    shape = results.records[0]
    figure.suptitle(f"K = {shape['K']}, N = {shape['N']}, {name_threads(threads)}")
    figure.tight_layout()
    figure.savefig(file, dpi=80)
    plt.close(figure)


def plot_roofline(results, threads, file):
    """Operations per byte and second of every contestant, under what memory
    and arithmetic allow. Bytes: weights, scales, f32 activations and results."""
    figure, field = plt.subplots(figsize=(12, 7))
    intensity = np.geomspace(0.25, 1000, 200)
    limits = [m for m in results.limits if m["threads"] == threads]
    roofs = [m for m in limits if m["limit"] not in DRAM.values()]
    highest = max((roof["median"] for roof in roofs), default=np.inf)
    for (state, name), style in zip(DRAM.items(), ("--", "-")):
        bandwidth = results.limit(threads, name)
        if not bandwidth:
            continue
        memory = intensity * bandwidth
        below = memory <= highest
        label = f"{name}, {bandwidth:.0f} GB/s"
        field.plot(intensity[below], memory[below], style, color="black", label=label)
    for roof, style in zip(roofs, ("-", "--", ":", "-.")):
        label = f"{roof['limit']}, {roof['median']:.0f} {roof['unit']}"
        field.axhline(roof["median"], color="black", linestyle=style, label=label)
    for state, marker in (("hot", "x"), ("cold", "o"), ("cold, huge pages", "s")):
        for by, color in COLORS.items():
            points = [
                r
                for r in results.records
                if (r["threads"], r["state"], r["by"]) == (threads, state, by)
            ]
            field.plot(
                [r["intensity"] for r in points],
                [r["gflops"] for r in points],
                marker,
                color=color,
                label=f"{by}, {state}",
                linestyle="none",
                alpha=0.7,
            )
    field.set_xscale("log")
    field.set_yscale("log")
    field.set_xlabel("operations per byte of weights, scales, activations and results")
    field.set_ylabel("GFLOP/s")
    shape = results.records[0]
    field.set_title(f"K = {shape['K']}, N = {shape['N']}, {name_threads(threads)}")
    field.grid(True, which="both", alpha=0.3)
    field.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    figure.savefig(file, dpi=80)
    plt.close(figure)
