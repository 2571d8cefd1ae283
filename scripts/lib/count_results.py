#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adds up the results of test suites.

Reads the files of a results folder, whose names start with the suite's name
and a dot: GoogleTest and JUnit .xml, lit's .json, and .tsv with lines
"pass|fail|skip <name> <detail>" of checks that have no framework. Prints
what failed and what was skipped and why, one line for each suite, and last
"N passed, N failed, N skipped". The exit status is 1 if anything failed.
A suite without results, and a file that cannot be read, count as failed.
"""

import argparse
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

# (outcome, name, detail), outcome one of these.
OUTCOMES = ("pass", "fail", "skip")

LIT_OUTCOMES = {
    "PASS": "pass", "FLAKYPASS": "pass",
    "FAIL": "fail", "XPASS": "fail", "UNRESOLVED": "fail", "TIMEOUT": "fail",
    "UNSUPPORTED": "skip", "XFAIL": "skip", "SKIPPED": "fail",
    "EXCLUDED": None,
}


def read_xml(path):
    """GoogleTest's XML and pytest's JUnit XML."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = ".".join(filter(None, [case.get("classname"), case.get("name")]))
        failures = case.findall("failure") + case.findall("error")
        skipped = case.find("skipped")
        if failures:
            yield "fail", name, failures[0].get("message") or ""
        elif skipped is not None:
            yield "skip", name, skipped.get("message") or skipped.text or ""
        elif case.get("status") == "notrun":
            yield "skip", name, "disabled in the source"
        elif case.get("result") == "skipped":
            yield "skip", name, ""
        else:
            yield "pass", name, ""


def first_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:200] if lines else ""


def first_complaint(output):
    """What the first command that failed had to say, of lit's output."""
    said = re.search(r"^# \.---command (?:stderr|stdout)-+\n((?:# \|.*\n)+)"
                     r"(?:(?!# executed command).*\n)*?# error: command failed",
                     output, re.MULTILINE)
    if not said:
        return first_line(output)
    lines = [line[3:].strip() for line in said.group(1).splitlines()]
    return next((line for line in lines if "error" in line), first_line("\n".join(lines)))


def read_lit(path):
    for test in json.loads(path.read_text())["tests"]:
        outcome = LIT_OUTCOMES.get(test["code"], "fail")
        if outcome is None:
            continue
        detail = test.get("output", "")
        if test["code"] == "XFAIL":
            detail = "a known failure, by its XFAIL line"
        elif outcome == "skip":
            missing = re.search(r"unavailable features: *(.*)", detail)
            detail = f"needs {missing.group(1)}" if missing else detail
        elif outcome == "fail":
            detail = f"{test['code']}: {first_complaint(detail)}"
        yield outcome, test["name"], detail


def read_tsv(path):
    for line in path.read_text().splitlines():
        outcome, name, detail = (line.split("\t", 2) + ["", ""])[:3]
        if outcome not in OUTCOMES:
            raise ValueError(f"no outcome: '{outcome}'")
        yield outcome, name, detail


READERS = {".xml": read_xml, ".json": read_lit, ".tsv": read_tsv}


def read_folder(folder):
    """The results of a folder: {suite: [(outcome, name, detail)]}."""
    suites = collections.defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.suffix not in READERS:
            continue
        suite = path.name.split(".")[0]
        try:
            suites[suite] += READERS[path.suffix](path)
        except Exception as error:  # A broken file is a failed test.
            suites[suite].append(("fail", path.name, f"cannot be read: {error}"))
    return suites


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", default="",
                        help="suites that must be there, by commas")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()

    suites = {name: [] for name in arguments.suites.split(",") if name}
    for folder in arguments.folders:
        if not folder.is_dir():
            suites[str(folder)] = [("fail", str(folder), "no such folder")]
            continue
        for name, results in read_folder(folder).items():
            suites.setdefault(name, []).extend(results)
    for name, results in suites.items():
        if not results:
            results.append(("fail", name, "the suite left no results"))

    skips = collections.Counter()
    for name, results in suites.items():
        for outcome, test, detail in results:
            if outcome == "fail":
                print(f"FAILED  {name}: {test}: {first_line(detail)}")
            elif outcome == "skip":
                skips[name, first_line(detail) or f"{test}: no reason given"] += 1
    for (name, reason), count in skips.items():
        print(f"skipped {name}: {count} x {reason}")

    total = collections.Counter()
    for name, results in suites.items():
        counts = collections.Counter(outcome for outcome, _, _ in results)
        total += counts
        print(f"{name:12} {counts['pass']:6} passed {counts['fail']:4} failed "
              f"{counts['skip']:4} skipped")
    print(f"{total['pass']} passed, {total['fail']} failed, "
          f"{total['skip']} skipped")
    return 1 if total["fail"] or not total["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())
