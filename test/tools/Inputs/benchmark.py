# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks a line of lowbit-run --benchmark: benchmark.py FILE OPERATIONS BYTES."""

import json
import math
import sys

with open(sys.argv[1]) as file:
    line = json.loads(file.read())
assert list(line) == ["median_s", "min_s", "max_s", "gflops", "weight_gbps",
                      "threads", "cpu", "kernel"], list(line)
assert 0 < line["min_s"] <= line["median_s"] <= line["max_s"], line
# Four digits are printed, and the time to nanoseconds.
for key, amount in (("gflops", sys.argv[2]), ("weight_gbps", sys.argv[3])):
    expected = float(amount) / line["median_s"] / 1e9
    error = 1e-3 + 1e-9 / line["median_s"]
    assert math.isclose(line[key], expected, rel_tol=error), (key, expected, line)
