#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Speed of low-bit matmuls on this machine, next to other programs.

All contestants take turns in one process for each number of threads. See
benchmarks/README.md for what is measured and how to read it.
"""

import argparse
import functools
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

MISSING_PACKAGE = None  # --help does not need numpy
try:
    import ggml
    import limits
    import lowbit_cases
    import numpy as np
    import operands
    import peers
    import report
    from timing import Missing, OtherPrograms, run_rounds
except ModuleNotFoundError as error:
    if error.name != "numpy":
        raise
    MISSING_PACKAGE = error.name

# What is measured in a process whose memory has such pages. Huge ones matter
# only to what comes from memory.
STATES = {"small": ("hot", "cold"), "huge": ("cold, huge pages",)}
PACKAGES = ("numpy", "onnxruntime", "openvino", "llama_cpp_python", "matplotlib")


# ------------------------------------------------------- one number of threads


def gather(options, threads, folder, skipped):
    """All contestants that can take part. Adds reasons of others to `skipped`."""
    formats = operands.Formats(options.build_dir)
    maker = operands.WeightMaker(formats, options.n, options.k)
    wanted = lambda c: options.only in c.title  # noqa: E731
    ours = [
        c for c in lowbit_cases.make_contestants(maker, options.groups) if wanted(c)
    ]
    ours, reasons = lowbit_cases.compile_all(
        ours, options.rows, threads, options, folder
    )
    skipped.update(reasons)
    contestants = [*ours]
    for name, make in (
        ("numpy", lambda: [peers.Numpy(maker, options.groups[0])]),
        ("onnxruntime", lambda: peers.make_onnxruntime(maker, options.groups, threads)),
        ("openvino", lambda: peers.make_openvino(maker, options.groups, threads)),
        ("llama.cpp", lambda: ggml.make_ggml(maker, threads)),
    ):
        try:
            contestants += make()
        except Missing as reason:
            skipped[name] = str(reason)
    return contestants


def expect_all(contestants, reference):
    """{title: {activations: Expected}}; each matrix is made f64 once."""
    by_weights = {}
    for contestant in contestants:
        by_weights.setdefault(id(contestant.weights), []).append(contestant)
    expected = {}
    for sharing in by_weights.values():
        groups = {c.activations for c in sharing} - {"unknown"} | {None}
        products = reference.expect(sharing[0].weights, groups)
        expected.update((c.title, products) for c in sharing)
    return expected


def make_record(contestant, rows, state, threads, round_seconds, errors):
    n, k = contestant.weights.shape
    seconds = float(np.median(round_seconds))
    operations = 2 * rows * n * k
    traffic = contestant.nbytes + 4 * rows * (n + k)
    return {
        "title": contestant.title,
        "by": contestant.by,
        "name": contestant.name,
        "kind": contestant.kind,
        "group": contestant.group,
        "rows": rows,
        "K": k,
        "N": n,
        "state": state,
        "threads": threads,
        "seconds": seconds,
        "round_seconds": round_seconds,
        "gflops": operations / seconds / 1e9,
        "weight_bytes": contestant.nbytes,
        "weight_gbps": contestant.nbytes / seconds / 1e9,
        "intensity": operations / traffic,
        "error": errors and errors.from_floats,
        "operand_error": errors and errors.from_operands,
        "of_bound": errors and errors.of_bound,
        **contestant.describe(rows),
    }


def run_threads(options, threads):
    """Everything that is measured with so many threads."""
    skipped, records = {}, []
    random = np.random.default_rng(7)
    x = random.standard_normal((max(options.rows), options.k), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        contestants = gather(options, threads, pathlib.Path(folder), skipped)
        reference = operands.Reference(x, options.rows)
        expected = expect_all(contestants, reference)
        for rows in options.rows:
            for state in STATES[options.child_pages]:
                if state != "hot" and rows not in options.cold_rows:
                    continue
                print(f"{report.name_column(rows, state)} ...", file=sys.stderr)
                works, errors = {}, {}
                for c in contestants:
                    copies = 1
                    if state != "hot":
                        copies = operands.cold_bytes() // c.nbytes + 1
                    try:
                        work = c.prepare(x[:rows], copies)
                        result = work.result()
                    except Exception as error:  # whatever a peer raises
                        reason = " ".join(str(error).split())[:300]
                        column = report.name_column(rows, state)
                        skipped[f"{c.title}, {column}"] = reason or repr(error)
                        continue
                    works[c.title] = work
                    errors[c.title] = reference.compare(
                        result, expected[c.title], c.activations
                    )
                others = OtherPrograms()
                medians = run_rounds(works, options.rounds, options.turn, threads)
                others = others.processors()
                for c in contestants:
                    if c.title in medians:
                        record = make_record(
                            c, rows, state, threads, medians[c.title], errors[c.title]
                        )
                        records.append({**record, "busy_elsewhere": others})
    return {"records": records, "skipped": skipped}


def run_child(arguments, threads, pages):
    """The same in a process of its own: libraries read their number of threads
    when they are loaded, the allocator which pages it shall ask for."""
    environment = dict(os.environ)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[variable] = str(threads)
    # How long threads of LLVM's OpenMP keep a processor after their work, in
    # milliseconds, and those of OpenBLAS, as a power of 2 of clock ticks. 200 ms
    # and 100 ms would take it from the next contestant.
    environment["KMP_BLOCKTIME"] = "10"
    environment["OPENBLAS_THREAD_TIMEOUT"] = "24"
    # The same for all: numpy asks for huge pages by itself, others do not.
    environment["NUMPY_MADVISE_HUGEPAGE"] = "0"
    if pages == "huge":
        environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "records.json"
        command = [sys.executable, FOLDER, *arguments]
        command += [f"--child-threads={threads}", f"--child-pages={pages}"]
        command.append(f"--json={file}")
        if subprocess.run(command, env=environment).returncode != 0:
            sys.exit(f"measuring with {report.name_threads(threads)} failed")
        return json.loads(file.read_text())


def add_limits(options, threads, found, skipped):
    try:
        found += limits.measure_limits(options.build_dir, threads, 3 * options.rounds)
    except Missing as reason:
        skipped["limits"] = str(reason)


# ---------------------------------------------------------------------- output


def describe_machine():
    model = "unknown processor"
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
    except OSError:
        pass
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "last_level_cache": operands.last_level_cache(),
    }


def versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def write_text(document, options):
    """The tables, as Markdown, and whether everything is as it should be."""
    results = report.Results(document["records"], document["limits"])
    machine = document["machine"]
    known = (f"{p} {v}" for p, v in document["versions"].items() if v)
    parts = [
        f"{machine['processor']}, {machine['processors']} processors, "
        f"{machine['last_level_cache'] >> 20} MiB last-level cache; "
        f"lowbit compiled with --cpu={options.cpu}; {', '.join(known)}.",
        f"K = {options.k}, N = {options.n}; medians of {options.rounds} rounds.",
        report.limit_table(results),
        report.describe_others(results),
    ]
    for threads in results.threads():
        parts += [
            f"## {report.name_threads(threads).capitalize()}: 10^9 operations/s",
            report.speed_table(results, threads),
            f"## {report.name_threads(threads).capitalize()}: lowbit / best peer",
            report.peer_table(results, threads),
        ]
    targets = report.Targets(results, options.groups)
    parts += ["## What the project asks for", targets.table()]
    fallbacks = sorted({r["title"] for r in results.records if r.get("fallback")})
    if fallbacks:
        parts += ["Without a kernel of this machine: " + "; ".join(fallbacks) + "."]
    wrong = report.wrong_results(results.records)
    for r in wrong:
        column = report.name_column(r["rows"], r["state"])
        parts.append(
            f"WRONG: {r['title']}, {column}, {report.name_threads(r['threads'])}: "
            f"error {r['operand_error']:.1e}, {r['of_bound']:.2f} of the bound"
        )
    for name, reason in document["skipped"].items():
        parts.append(f"Skipped: {name}: {reason}")
    return "\n\n".join(parts) + "\n", results, targets.missed(), wrong


def write_plots(results, folder):
    try:
        import plots
    except ImportError as missing:
        print(f"no plots: {missing.name} is not installed")
        return
    for threads in results.threads():
        plots.plot_speeds(results, threads, folder / f"speed-{threads}.png")
        plots.plot_roofline(results, threads, folder / f"roofline-{threads}.png")


# --------------------------------------------------------------------- options


def numbers(text):
    values = [int(word) for word in text.split(",")]
    if min(values) <= 0:
        raise argparse.ArgumentTypeError("must be positive")
    return values


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__, prog="benchmarks/matmul")
    add = parser.add_argument
    add("--quick", action="store_true", help="a smaller matrix, fewer rounds and Ms")
    add(
        "--build-dir",
        type=pathlib.Path,
        default=FOLDER.parent.parent / "build",
        help="where lowbit was built (default: build, in the checkout)",
    )
    add("--cpu", default="host", help="lowbit-compile's (default: host)")
    add("--threads", type=numbers, help="default: 1,2, or 1 if quick")
    add("--rows", type=numbers, help="M (default: 1,8,32,128,512)")
    add("--cold-rows", type=numbers, default=[1, 8], help="M, also cold (default: 1,8)")
    add("--k", type=int, help="default: 4096")
    add("--n", type=int, help="default: 4096")
    add("--groups", type=numbers, help="weights that share a scale (default: 32,128)")
    add("--rounds", type=int, help="default: 7")
    add("--turn", type=float, help="seconds of a turn at least (default: 0.03)")
    add("--only", default="", help="of lowbit, only cases whose name has this in it")
    add(
        "--output",
        type=pathlib.Path,
        help="folder for results.json, results.md and plots",
    )
    add("--json", type=pathlib.Path, help="also write all figures here")
    add("--child-threads", type=int, help=argparse.SUPPRESS)
    add("--child-pages", choices=list(STATES), help=argparse.SUPPRESS)
    return parser


def parse_options(parser):
    options = parser.parse_args()
    if MISSING_PACKAGE:
        requirements = FOLDER.parent / "requirements.txt"
        sys.exit(
            f"{MISSING_PACKAGE} is missing; install what this benchmark needs "
            "(python3 -m venv is in Debian's python3-venv):\n"
            f"    python3 -m venv .venv && .venv/bin/pip install -r {requirements}"
        )
    full = dict(
        threads=[1, 2],
        rows=[1, 8, 32, 128, 512],
        k=4096,
        n=4096,
        groups=[32, 128],
        rounds=7,
        turn=0.03,
    )
    quick = dict(
        threads=[1],
        rows=[1, 32, 128],
        k=2048,
        n=2048,
        groups=[32],
        rounds=3,
        turn=0.01,
    )
    for name, value in (quick if options.quick else full).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.build_dir = options.build_dir.resolve()
    if not (options.build_dir / "bin" / "lowbit-compile").exists():
        parser.error(
            f"{options.build_dir} has no bin/lowbit-compile: build it, or "
            "name the folder with --build-dir"
        )
    if min(options.k, options.n, options.rounds) <= 0 or options.turn <= 0:
        parser.error("--k, --n, --rounds and --turn must be positive")
    for group in [32, 256, *options.groups]:
        if options.k % group:
            parser.error(f"--k must be a multiple of {group}")
    return options


def main():
    parser = make_parser()
    options = parse_options(parser)
    if options.child_threads:
        result = run_threads(options, options.child_threads)
        options.json.write_text(json.dumps(result))
        return 0

    document = {
        "machine": describe_machine(),
        "versions": versions(),
        "cpu": options.cpu,
        "rounds": options.rounds,
        "limits": [],
        "records": [],
        "skipped": {},
    }
    for threads in options.threads:
        print(f"{report.name_threads(threads)}:", file=sys.stderr)
        found = []
        measure = functools.partial(
            add_limits, options, threads, found, document["skipped"]
        )
        measure()
        for pages in STATES:
            if pages == "huge" and not set(options.rows) & set(options.cold_rows):
                continue
            result = run_child(sys.argv[1:], threads, pages)
            document["records"] += result["records"]
            document["skipped"].update(result["skipped"])
        measure()
        document["limits"] += limits.highest(found)
    if not document["records"]:
        sys.exit("nothing was measured")
    text, results, missed, wrong = write_text(document, options)
    print(text, end="")
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "results.md").write_text(text)
        write_plots(results, options.output)
    for file in (options.json, options.output and options.output / "results.json"):
        if file:
            file.write_text(json.dumps(document, indent=1) + "\n")
    # A short run of a small matrix shows that everything works, no more.
    return 1 if wrong or (missed and not options.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
