#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares compiled products with the reference over many combinations.

Each case is a module with a product of drawn formats, scales, shapes and
options (cases.py), which `lowbit-run --check` compiles, runs and compares. With
two threads the results must also be those of one thread, bit for bit. A module
that fails is printed and kept.
"""

import argparse
import concurrent.futures
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time

import cases
import formats
import module

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
# A small module takes a fraction of a second; this is a hang, even in valgrind.
TIMEOUT_S = 300


# As test/lit.cfg.py has it, for a build with sanitizers.
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=0:allow_user_poisoning=0:"
                               "allocator_may_return_null=1",
               "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
               **os.environ}


def get_cpus():
    """The values of --cpu, apart from the host, that this machine can run."""
    if platform.machine() != "x86_64":
        return set()
    flags = re.search(r"^flags\s*:(.*)", pathlib.Path(
        "/proc/cpuinfo").read_text(), re.MULTILINE).group(1).split()
    v3 = {"avx2", "bmi2", "f16c", "fma", "movbe"} <= set(flags)
    return {"x86-64-v2", "x86-64-v3"} if v3 else {"x86-64-v2"}


class Runner:
    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.cpus = get_cpus()

    def run(self, arguments):
        """(whether it succeeded, what it printed)."""
        try:
            done = subprocess.run(
                [*self.command, *arguments], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=TIMEOUT_S, env=ENVIRONMENT)
        except subprocess.TimeoutExpired:
            return False, f"no end after {TIMEOUT_S} s"
        if done.returncode < 0:
            return False, f"{done.stdout}\nkilled by signal {-done.returncode}"
        return done.returncode == 0, done.stdout

    def run_case(self, name, case, codes):
        """None, or what failed; and the seconds that it took."""
        writer = module.ModuleWriter(case, codes)
        path = self.folder / f"{name}.mlir"
        path.write_text(writer.write())
        arguments = [str(path), *(f"--input={text}" for text in writer.inputs),
                     f"--seed={case['seed'] % 1000}"]
        if case["cpu"] in self.cpus:
            arguments.append(f"--cpu={case['cpu']}")
        start = time.monotonic()
        outputs = []
        for threads in (1, 2)[:case["threads"]]:
            outputs.append([self.folder / f"{name}.{threads}.{i}.npy"
                            for i in range(len(writer.results))])
            command = [*arguments, "--check", f"--threads={threads}",
                       *(f"--output={output}" for output in outputs[-1])]
            succeeded, text = self.run(command)
            if not succeeded:
                return self.explain(command, text), time.monotonic() - start
        seconds = (time.monotonic() - start) / case["threads"]
        if len(outputs) == 2 and any(
                one.read_bytes() != two.read_bytes()
                for one, two in zip(*outputs)):
            return self.explain(
                command, "two threads give other bits than one"), seconds
        for output in sum(outputs, []):
            output.unlink()
        path.unlink()
        return None, seconds

    def explain(self, command, text):
        shown = " ".join(shlex.quote(word) for word in
                         [*self.command, *command])
        return f"$ {shown}\n{text}"


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=600, help="how many cases")
    parser.add_argument("--seed", type=int, default=4,
                        help="of the random choices (default 4)")
    parser.add_argument("--filter", default="",
                        help="only cases whose name has this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(),
                        help="how many run at a time")
    parser.add_argument("--lowbit-run", default=str(BUILD / "bin/lowbit-run"),
                        help="the program (default: of build/); lowbit-formats "
                        "is in the same folder")
    parser.add_argument("--wrapper", default="", metavar="COMMAND",
                        help="what runs the program, such as 'valgrind -q "
                        "--leak-check=full --error-exitcode=9'")
    parser.add_argument("--keep", default=None, metavar="DIR",
                        help="where modules are written; those that pass are "
                        "removed (default: a new folder)")
    parser.add_argument("--results", default=None, metavar="FILE.tsv",
                        help="write a line for each case: pass or fail, name")
    parser.add_argument("--list", action="store_true",
                        help="print the names and run nothing")
    return parser.parse_args()


def main():
    options = parse_arguments()
    drawn = [(cases.get_name(index, case), case) for index, case in
             enumerate(cases.draw_cases(options.seed, options.count))]
    chosen = [(name, case) for name, case in drawn if options.filter in name]
    if options.list:
        print("\n".join(name for name, _ in chosen))
        return 0
    if not chosen:
        sys.exit(f"sweep.py: error: no case has '{options.filter}' in its name")
    folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="sweep-"))
    folder.mkdir(parents=True, exist_ok=True)
    lowbit_formats = pathlib.Path(options.lowbit_run).parent / "lowbit-formats"
    codes = formats.Codes(str(lowbit_formats))
    runner = Runner([*shlex.split(options.wrapper), options.lowbit_run], folder)
    failed, times = [], []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(runner.run_case, name, case, codes): name
                   for name, case in chosen}
        for future in concurrent.futures.as_completed(futures):
            name = futures[future]
            problem, seconds = future.result()
            times.append((seconds, name))
            if problem is None:
                continue
            failed.append(name)
            path = folder / f"{name}.mlir"
            text = path.read_text()
            print(f"FAIL {name}\n{problem.rstrip()}\n--- {path}\n"
                  f"{text if len(text) < 4000 else text[:4000] + '...'}")
            sys.stdout.flush()
    if options.results:
        pathlib.Path(options.results).write_text("".join(
            f"{'fail' if name in failed else 'pass'}\t{name}\n"
            for name, _ in chosen))
    slowest, slowest_name = max(times)
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed; the "
          f"slowest took {slowest:.1f} s ({slowest_name})")
    if failed:
        print("run again with --filter=" + failed[0][:4])
        return 1
    if options.keep is None:
        folder.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
