#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long lowbit-opt takes to start, and to read and print a large module.

Wall time of whole processes. Needs nothing but Python and lowbit-opt.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
START_TARGET = 0.15
MODULE_TARGET = 1.0


def make_module(operations):
    """A module of lowbit ops of every kind, in functions of 100."""
    body = """\
  %s{i} = lowbit.choose_scale %x{p} for i4 block [1, 32]
      : (tensor<64x64xf32>) -> tensor<64x2xf32>
  %q{i} = lowbit.quantize %x{p} scale(%s{i}) block [1, 32]
      : (tensor<64x64xf32>, tensor<64x2xf32>) -> tensor<64x64xi4>
  %d{i} = lowbit.convert %x{p} {{overflow = #lowbit.overflow<ieee>}}
      : tensor<64x64xf32> to tensor<64x64x!lowbit.minifloat<e3m4fn>>
  %m{i} = lowbit.matmul %x{p}, %q{i} scale(%s{i}) block [1, 32] transpose_b
      : (tensor<64x64xf32>, tensor<64x64xi4>, tensor<64x2xf32>)
     -> tensor<64x64xf32>
  %x{i} = lowbit.dequantize %q{i} scale(%s{i}) block [1, 32]
      : (tensor<64x64xi4>, tensor<64x2xf32>) -> tensor<64x64xf32>
"""
    per_step, per_function = 5, 100
    functions = []
    for number in range(operations // per_function):
        steps = per_function // per_step
        lines = "".join(body.format(i=i, p=i - 1) for i in range(1, steps + 1))
        functions.append(
            f"func.func @f{number}(%x0: tensor<64x64xf32>) -> tensor<64x64xf32> {{\n"
            f"{lines}  return %x{steps} : tensor<64x64xf32>\n}}\n"
        )
    return "".join(functions)


def run_times(command, repetitions):
    times = []
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    # The first run reads the program from disk.
    return times[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--build-dir",
        type=pathlib.Path,
        default=FOLDER.parent / "build",
        help="where lowbit-opt was built (default: build, in the checkout)",
    )
    parser.add_argument(
        "--operations",
        type=int,
        default=10000,
        help="lowbit ops of the large module, a multiple of 100 (default: 10000)",
    )
    parser.add_argument("--repetitions", type=int, default=15, help="default: 15")
    parser.add_argument("--json", type=pathlib.Path, help="also write all figures here")
    options = parser.parse_args()
    if options.operations <= 0 or options.operations % 100:
        parser.error("--operations must be a positive multiple of 100")
    if options.repetitions <= 0:
        parser.error("--repetitions must be positive")
    optimizer = options.build_dir.resolve() / "bin" / "lowbit-opt"
    if not optimizer.exists():
        sys.exit(
            f"{optimizer} is missing: build it, or name the folder with --build-dir"
        )

    records = []
    with tempfile.TemporaryDirectory() as folder:
        empty = pathlib.Path(folder) / "empty.mlir"
        empty.write_text("")
        large = pathlib.Path(folder) / "large.mlir"
        large.write_text(make_module(options.operations))
        printed = subprocess.run(
            [optimizer, large], check=True, capture_output=True, text=True
        ).stdout
        count = printed.count(" = lowbit.")
        if count != options.operations:
            sys.exit(
                f"the module has {count} lowbit ops, expected {options.operations}"
            )
        for title, argument, target in (
            ("start, empty module", empty, START_TARGET),
            (
                f"parse, verify, print {options.operations} ops",
                large,
                MODULE_TARGET if options.operations == 10000 else None,
            ),
        ):
            times = run_times([optimizer, argument], options.repetitions)
            records.append(
                {
                    "what": title,
                    "median_s": statistics.median(times),
                    "min_s": min(times),
                    "max_s": max(times),
                    "target_s": target,
                }
            )
    print(
        f"{'':34}{'median':>9}{'min':>9}{'max':>9}   seconds, {options.repetitions} runs"
    )
    missed = False
    for record in records:
        note = ""
        if record["target_s"] is not None:
            met = record["median_s"] < record["target_s"]
            missed |= not met
            note = f"   target {record['target_s']}: {'met' if met else 'MISSED'}"
        print(
            f"{record['what']:34}{record['median_s']:9.3f}{record['min_s']:9.3f}"
            f"{record['max_s']:9.3f}{note}"
        )
    if options.json:
        options.json.write_text(json.dumps({"records": records}, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
