#!/usr/bin/env python3
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every example in the documentation.

Looks at README.md, CONTRIBUTING.md and docs/**/*.md for fenced blocks:

```mlir      parsed, verified, printed and parsed again by lowbit-opt. A block
             that uses values which it does not define (as an example of one
             op does) is put into a function with these values as arguments;
             their types are those that the parser expects. A block of types
             or attributes only is put where such may stand. A block with
             `// expected-error` comments is run with --verify-diagnostics.
```console   a line `$ command` is run in the checkout, and what it prints must
             be the lines below it, with exit status 0. A line `...` stands
             for any number of lines; `build/` is the build folder.
```sh        not run: set-up, and commands whose effect is not their output.

An untagged block is not an example (grammars, pictures). --update rewrites
the outputs in console blocks, except those with a `...`.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)```(.*)$")
KINDS = ("mlir", "console", "sh", "cpp", "cmake", "python", "json",
         "yaml", "text", "tablegen", "")
VALUE = re.compile(r"%[A-Za-z0-9_$.\-]+")
OTHER_TYPE = re.compile(
    r"use of value '(%[^'#]+)(?:#0)?' expects different type than prior uses: "
    r"'(.*)' vs 'none'")
UNDECLARED = re.compile(r":(\d+):(\d+): error: use of undeclared SSA value name")


class Failure(Exception):
    pass


def find_blocks(path):
    """(line number, indent, kind, [line]) of each fenced block."""
    block = None
    for number, line in enumerate(path.read_text().split("\n"), 1):
        fence = FENCE.match(line)
        if fence and block is None:
            block = (number, len(fence.group(1)), fence.group(2).strip(), [])
        elif fence and not fence.group(2):
            yield block
            block = None
        elif block is not None:
            indent = block[1]
            block[3].append(line[indent:] if not line[:indent].strip() else line)
    if block is not None:
        raise Failure(f"{path}:{block[0]}: the block has no end")


class Runner:
    def __init__(self, build_dir):
        self.build_dir = build_dir
        self.opt = build_dir / "bin" / "lowbit-opt"

    def run_opt(self, text, *arguments):
        """(succeeded, standard output, diagnostics)."""
        result = subprocess.run(
            [self.opt, "-", *arguments], input=text, capture_output=True,
            text=True, timeout=60)
        if result.returncode < 0 or "Stack dump" in result.stderr:
            raise Failure(f"lowbit-opt crashed:\n{result.stderr}")
        return result.returncode == 0, result.stdout, result.stderr

    def check_mlir(self, lines):
        text = "\n".join(lines) + "\n"
        if "expected-error" in text:
            succeeded, _, errors = self.run_opt(
                text, "--verify-diagnostics", "--split-input-file")
            if not succeeded:
                raise Failure(errors)
            return
        statements = [line for line in lines
                      if line.strip() and not line.strip().startswith("//")]
        if not statements:
            raise Failure("the block is empty")
        if all(re.match(r"[!#](?![\w$.]+ *=)", line.strip())
               for line in statements):
            types = [line.strip() for line in statements if line.strip()[0] == "!"]
            attributes = [line.strip() for line in statements if line.strip()[0] == "#"]
            text = (f"func.func private @example({', '.join(types)}) attributes {{"
                    + ", ".join(f"example{i} = {attribute}"
                                for i, attribute in enumerate(attributes))
                    + "}\n")
        elif not re.search(r"^ *(func\.func|module|builtin\.module)\b", text, re.M):
            text = self.add_function(text)
        self.round_trip(text)

    def round_trip(self, text):
        succeeded, printed, errors = self.run_opt(text)
        if not succeeded:
            raise Failure(errors)
        succeeded, again, errors = self.run_opt(printed)
        if not succeeded or again != printed:
            raise Failure(f"what was printed is not parsed to the same:\n"
                          f"{printed}\n{errors}")

    def add_function(self, text):
        """Wraps ops into a function whose arguments are the values that they
        use but do not define. The parser says which these are, and, once they
        are there with a wrong type, what their types are."""
        types = {}
        for _ in range(4 * len(set(VALUE.findall(text))) + 4):
            arguments = ", ".join(f"{name}: {t}" for name, t in types.items())
            module = f"func.func @example({arguments}) {{\n{text}return\n}}\n"
            succeeded, _, errors = self.run_opt(module)
            if succeeded:
                return module
            undeclared = UNDECLARED.findall(errors)
            lines = module.split("\n")
            for line, column in undeclared:
                name = VALUE.match(lines[int(line) - 1], int(column) - 1)
                if not name:
                    raise Failure(errors)
                types.setdefault(name.group(), "none")
            other = OTHER_TYPE.search(errors)
            if other and types.get(other.group(1)) == "none":
                types[other.group(1)] = other.group(2)
            elif not undeclared:
                raise Failure(errors)
        raise Failure(f"no types found for the values of this block:\n{errors}")

    def run_command(self, command):
        environment = dict(os.environ)
        environment["PATH"] = f"{self.build_dir / 'bin'}:{environment['PATH']}"
        command = re.sub(r"(?<![\w/.-])build/", lambda _: f"{self.build_dir}/", command)
        with tempfile.TemporaryDirectory() as folder:
            environment["TMPDIR"] = folder
            result = subprocess.run(
                ["bash", "-c", f"set -o pipefail\n{command}"], cwd=ROOT,
                env=environment, stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        output = result.stdout.replace(f"{self.build_dir}/", "build/")
        return [line.rstrip() for line in output.rstrip("\n").split("\n")], \
            result.returncode

    def check_console(self, lines):
        """The lines as they should be."""
        if not lines or not lines[0].startswith("$ "):
            raise Failure("a console block starts with `$ command`")
        updated, problems, i = [], [], 0
        while i < len(lines):
            command = lines[i][2:]
            updated.append(lines[i])
            i += 1
            while command.endswith("\\"):
                command = command[:-1] + lines[i].removeprefix("> ")
                updated.append(lines[i])
                i += 1
            expected = []
            while i < len(lines) and not lines[i].startswith("$ "):
                expected.append(lines[i])
                i += 1
            actual, status = self.run_command(command)
            if status != 0:
                raise Failure(f"$ {command}\nended with status {status}\n  "
                              + "\n  ".join(actual))
            if not matches(expected, actual):
                problems.append(f"$ {command}\nprinted\n  "
                                + "\n  ".join(actual) + "\nnot\n  "
                                + "\n  ".join(expected))
            updated += expected if "..." in expected else [
                line for line in actual if actual != [""]]
        return updated, problems


def matches(expected, actual):
    pattern = ""
    for line in expected:
        pattern += r"(?:[^\n]*\n)*" if line.strip() == "..." else \
            re.escape(line.rstrip()) + "\n"
    text = "".join(line + "\n" for line in actual if actual != [""])
    return re.fullmatch(pattern, text) is not None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--results", type=pathlib.Path,
                        help="append a line for each example to this .tsv file")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    runner = Runner(arguments.build_dir.resolve())
    files = arguments.files or sorted(
        [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
    outcomes = []
    for path in files:
        path = path.resolve()
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        text_lines = path.read_text().split("\n")
        try:
            blocks = list(find_blocks(path))
        except Failure as failure:
            print(failure)
            outcomes.append(("fail", str(name), str(failure)))
            continue
        # From the end, so that --update moves no block that is still to come.
        for line, indent, kind, lines in reversed(blocks):
            problem = None
            try:
                if kind == "mlir":
                    runner.check_mlir(lines)
                elif kind == "console":
                    updated, problems = runner.check_console(lines)
                    if arguments.update and updated != lines:
                        text_lines[line:line + len(lines)] = [
                            (" " * indent + new).rstrip() for new in updated]
                        path.write_text("\n".join(text_lines))
                        print(f"updated {name}:{line}")
                    elif problems:
                        problem = "\n".join(problems)
                elif kind not in KINDS:
                    problem = f"a block of unknown kind '{kind}'"
                else:
                    continue
            except Failure as failure:
                problem = str(failure)
            except (OSError, subprocess.TimeoutExpired) as error:
                problem = f"cannot be run: {error}"
            if problem is not None:
                print(f"{name}:{line}: error in this example\n{problem}\n")
            short = problem.strip().split("\n")[0] if problem else ""
            outcomes.append(("fail" if problem is not None else "pass",
                             f"{name}:{line}", short.replace("\t", " ")))
    if arguments.results:
        with arguments.results.open("a") as results:
            for outcome in outcomes:
                results.write("\t".join(outcome) + "\n")
    failed = sum(outcome == "fail" for outcome, _, _ in outcomes)
    print(f"{len(outcomes)} examples, {failed} failed")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
