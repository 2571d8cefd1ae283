# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the machine can do at most: limits.c, compiled and run."""

import json
import pathlib
import subprocess
import tempfile

import compiled
from operands import cold_bytes
from timing import Missing

SOURCE = pathlib.Path(__file__).resolve().parent / "limits.c"


def measure_limits(build, threads, rounds):
    """[{limit, unit, threads, median, best}] of this machine, in 10^9 bytes or
    operations per second. Raises Missing where that cannot be done."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "limits"
        clang = compiled.llvm_folder(build) / "clang"
        # AVX2 as such: for a newer machine clang would use other instructions.
        command = [clang, "-O3", "-mavx2", "-mfma", "-pthread", SOURCE, "-o", program]
        mebibytes = 2 * cold_bytes() >> 20
        run = [program, str(threads), str(mebibytes), str(rounds)]
        output = ""
        for step in (command, run):
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode != 0:
                lines = done.stderr.strip().splitlines() or ["failed"]
                raise Missing(f"limits.c: {lines[0]}")
            output = done.stdout
    return [json.loads(line) for line in output.splitlines()]


def highest(limits):
    """Of several measurements of a limit, that with the highest median: other
    programs can only make it look lower."""
    found = {}
    for limit in limits:
        kept = found.setdefault(limit["limit"], limit)
        if limit["median"] > kept["median"]:
            found[limit["limit"]] = limit
    return list(found.values())
