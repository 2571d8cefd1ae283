# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records of measurements, put into tables: speeds, ratios, what is asked for."""

import statistics

from timing import KINDS

FMA = "f32 FMA"
# What a cold case reads at most, by its state.
DRAM = {"cold": "DRAM read", "cold, huge pages": "DRAM read, huge pages"}
# Formats that take the integer path of i4.
LIKE_I4 = ("E2M1 x i8", "log<4> x i8", "IQ4_NL x i8", "MXFP4 x i8", "NVFP4 x i8")


class Results:
    """Records by what they are of. A record is what one contestant did for one
    M, state of the cache and number of threads; see __main__.py."""

    def __init__(self, records, limits):
        self.records, self.limits = records, limits
        self._by_key = {
            (r["threads"], r["rows"], r["state"], r["title"]): r for r in records
        }
        # Those that peers were run with.
        self._groups = {r["group"] for r in records if r["by"] == "onnxruntime"}
        self._groups |= {r["group"] for r in records if r["by"] == "openvino"}

    def threads(self):
        return sorted({r["threads"] for r in self.records})

    def columns(self, threads):
        """(M, state) in the order of measurement."""
        found = (
            (r["rows"], r["state"]) for r in self.records if r["threads"] == threads
        )
        return sorted(dict.fromkeys(found), key=lambda c: (c[0], c[1] != "hot", c[1]))

    def titles(self):
        """(kind, title) of all contestants: lowbit first in each kind."""
        found = dict.fromkeys((r["kind"], r["by"], r["title"]) for r in self.records)
        order = sorted(found, key=lambda f: (KINDS.index(f[0]), f[1] != "lowbit"))
        return [(kind, title) for kind, _, title in order]

    def find(self, threads, rows, state, title):
        return self._by_key.get((threads, rows, state, title))

    def ours(self, threads, rows, state, name, group=None):
        for r in self.records:
            if (r["threads"], r["rows"], r["state"]) != (threads, rows, state):
                continue
            if (
                r["by"] == "lowbit"
                and r["name"] == name
                and group in (None, r["group"])
            ):
                return r
        return None

    def peers(self, record):
        """Records of peers that do the same: of the same kind, and in the same
        groups as far as those can be chosen."""
        kind, group = record["kind"], record["group"]
        if record["name"].startswith("FP8"):
            # No peer has it on a CPU: they make the weights f32 first.
            kind = "f32"

        def does_the_same(peer):
            if peer["by"] == "lowbit" or peer["kind"] != kind:
                return False
            if any(peer[key] != record[key] for key in ("threads", "rows", "state")):
                return False
            is_open = kind.startswith("4-bit") and peer["by"] != "llama.cpp"
            return not is_open or group not in self._groups or peer["group"] == group

        return [peer for peer in self.records if does_the_same(peer)]

    def best_peer(self, record):
        return min(self.peers(record), key=lambda r: r["seconds"], default=None)

    def limit(self, threads, name):
        """10^9 per second, or None if it was not measured."""
        for limit in self.limits:
            if limit["threads"] == threads and limit["limit"] == name:
                return limit["median"]
        return None


def speedup(record, other):
    """How much faster `record` is: the median over rounds if both took part in
    the same ones."""
    if record["threads"] == other["threads"]:
        pairs = zip(record["round_seconds"], other["round_seconds"])
        return statistics.median(theirs / ours for ours, theirs in pairs)
    return other["seconds"] / record["seconds"]


def name_column(rows, state):
    return f"M={rows} {state}"


def table(header, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def print_error(value):
    return "" if value is None else f"{value:.1e}"


def speed_table(results, threads):
    """10^9 operations per second of everybody, and errors."""
    columns = results.columns(threads)
    rows = []
    for kind, title in results.titles():
        found = [results.find(threads, *column, title) for column in columns]
        if not any(found):
            continue
        speeds = [f"{r['gflops']:.0f}" if r else "" for r in found]
        errors = [r for r in found if r and r["error"] is not None]

        def worst(key):
            values = [r[key] for r in errors if r[key] is not None]
            return max(values, default=None)

        rows.append(
            [kind, title, *speeds]
            + [print_error(worst("error")), print_error(worst("operand_error"))]
        )
    header = ["kind", "by", *(name_column(*column) for column in columns)]
    return table(header + ["error", "of own operands"], rows)


def limit_table(results):
    threads = results.threads()
    names = dict.fromkeys((m["limit"], m["unit"]) for m in results.limits)
    rows = []
    for name, unit in names:
        cells = []
        for count in threads:
            found = [
                m
                for m in results.limits
                if m["limit"] == name and m["threads"] == count
            ]
            cells.append(
                f"{found[0]['median']:.0f} ({found[0]['best']:.0f})" if found else ""
            )
        rows.append([f"{name}, {unit}", *cells])
    return table(["limit, median (best)", *map(name_threads, threads)], rows)


def describe_others(results):
    """How much of the machine others had meanwhile."""
    busy = [r["busy_elsewhere"] for r in results.records]
    busy = [value for value in busy if value is not None]
    if not busy:
        return "How busy other programs kept the machine is not known."
    return (
        f"Other programs kept {statistics.median(busy):.2f} processors busy "
        f"meanwhile, at most {max(busy):.2f} in one of the columns below."
    )


def name_threads(threads):
    return "1 thread" if threads == 1 else f"{threads} threads"


def peer_table(results, threads):
    """lowbit relative to the best peer, wherever there is one; bold where it is
    slower. A line tells how often."""
    columns = results.columns(threads)
    rows, ratios = [], []
    for _, title in results.titles():
        cells = []
        for column in columns:
            record = results.find(threads, *column, title)
            peer = record and record["by"] == "lowbit" and results.best_peer(record)
            if not peer:
                cells.append("")
                continue
            ratio = speedup(record, peer)
            ratios.append(ratio)
            text = f"{ratio:.2f} {peer['by']} {peer['name']}"
            cells.append(text if ratio >= 1 else f"**{text}**")
        if any(cells):
            rows.append([title, *cells])
    header = ["by", *(name_column(*column) for column in columns)]
    slower = sum(ratio < 1 for ratio in ratios)
    line = f"lowbit is slower than the best peer in {slower} of {len(ratios)} cases."
    return table(header, rows) + "\n\n" + line


class Targets:
    """What the project asks for, with what was measured."""

    def __init__(self, results, groups):
        self._results, self._groups = results, groups
        # {what, against, figure, wanted}; `figure` None: not measured.
        self.rows = []
        for threads in results.threads():
            for rows, state in results.columns(threads):
                self._add(threads, rows, state)

    def _check(self, record, what, against, figure, wanted):
        where = name_column(record["rows"], record["state"])
        self.rows.append(
            {
                "what": f"{what}, {where}, {name_threads(record['threads'])}",
                "against": against,
                "figure": figure,
                "wanted": wanted,
            }
        )

    def _check_speedup(self, record, other, wanted):
        if record and other:
            title = record["title"].split(": ", 1)[1]
            self._check(record, title, other["title"], speedup(record, other), wanted)

    def _check_limit(self, record, limit, key, wanted):
        value = record and self._results.limit(record["threads"], limit)
        if value:
            title = record["title"].split(": ", 1)[1]
            self._check(record, title, limit, record[key] / value, wanted)

    def _add(self, threads, rows, state):
        results = self._results

        def ours(name, group=None, threads=threads):
            return results.ours(threads, rows, state, name, group)

        dense = results.find(threads, rows, state, "numpy: dense f32")
        vector, cold = rows == 1, state != "hot"
        for group in self._groups:
            i4, floats = ours("i4 x i8", group), ours("i4 x f32", group)
            if i4 and not (vector and cold and threads > 1):
                wanted = 1.3 if vector and cold else 1.8 if rows <= 32 else 1.6
                self._check_speedup(i4, results.best_peer(i4), wanted)
            if i4 and vector and cold and threads == 1:
                self._check_limit(i4, DRAM[state], "weight_gbps", 0.9)
            if not vector and not cold:
                self._check_limit(i4, FMA, "gflops", 1.6)
                if threads == 2:
                    self._check_speedup(i4, ours("i4 x i8", group, 1), 1.8)
            if floats and vector:
                self._check_speedup(floats, results.best_peer(floats), 1.5)
            if floats and rows >= 128:
                self._check_speedup(floats, dense, 1.0)
            self._check_speedup(ours("NF4 x f32", group), floats, 0.85)
            for name in LIKE_I4:
                # Elsewhere the number of instructions decides; see the table.
                if vector and cold and name in ("E2M1 x i8", "log<4> x i8"):
                    self._check_speedup(ours(name, group), i4, 0.85)
        if vector and cold:
            for name in LIKE_I4[2:]:
                self._check_speedup(ours(name), ours("i4 x i8", 32), 0.85)
            self._check_limit(ours("FP8 E4M3 x f32"), DRAM[state], "weight_gbps", 0.8)
        if rows >= 128:
            self._check_speedup(ours("FP8 E4M3 x f32"), dense, 1.0)

    def missed(self):
        return [row for row in self.rows if row["figure"] < row["wanted"]]

    def table(self):
        return table(
            ["case", "against", "ratio", "asked for", ""],
            [
                [
                    row["what"],
                    row["against"],
                    f"{row['figure']:.2f}",
                    f"{row['wanted']:.2f}",
                    "met" if row["figure"] >= row["wanted"] else "**missed**",
                ]
                for row in self.rows
            ],
        )


def wrong_results(records):
    """lowbit's results that are outside the bound of docs/Formats.md, and
    integer products that are not as exact as such can be."""
    wrong = []
    for r in records:
        if r["by"] != "lowbit" or r["error"] is None:
            continue
        if not r["of_bound"] <= 1 or (
            "i8" in r["name"] and not r["operand_error"] <= 1e-6
        ):
            wrong.append(r)
    return wrong
