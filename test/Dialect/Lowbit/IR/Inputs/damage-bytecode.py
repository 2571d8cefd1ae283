# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Feeds damaged bytecode to lowbit-opt.

usage: damage-bytecode.py truncate|flip|version FILE.mlirbc [STEP]

truncate: FILE cut off at every STEPth length must be an error.
flip:     FILE with a byte changed, at every STEPth of those that hold lowbit's
          types and attributes, must be read or be an error, and never end the
          program in another way. (The other bytes are read by MLIR alone,
          which in version 22 crashes or runs forever on some.)
version:  exactly one byte of FILE is the version of the lowbit dialect; with
          the next version there FILE is refused by name.
"""

import pathlib
import re
import subprocess
import sys


def run(data):
    """(exit status, diagnostics) of lowbit-opt on these bytes."""
    result = subprocess.run(["lowbit-opt", "-o", "/dev/null", "-"], input=data,
                            capture_output=True, timeout=60)
    return result.returncode, result.stderr.decode(errors="replace")


def check_error(what, status, diagnostics):
    if status != 1 or "error:" not in diagnostics:
        sys.exit(f"{what}: exit status {status}, expected 1 and a diagnostic\n"
                 + diagnostics)


def main():
    mode, path = sys.argv[1:3]
    data = pathlib.Path(path).read_bytes()
    step = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if run(data)[0] != 0:
        sys.exit("what is not damaged must be read")
    places = range(0, len(data), step)
    # lowbit's types and attributes are text, which ends with a 0.
    texts = list(re.finditer(rb"[!#]lowbit\.[^\0]*", data))
    if not texts:
        sys.exit("there is no type or attribute of lowbit")
    if mode == "flip":
        places = [place for text in texts
                  for place in range(text.start(), text.end(), step)]
    elif mode == "version":
        # What dialects there are stands before anything of theirs. A small
        # number n is the byte 2 n + 1.
        places = [place for place in range(texts[0].start()) if data[place] == 3]

    if mode == "truncate":
        for length in places:
            # Nothing at all is an empty module in text.
            if length != 0:
                check_error(f"{length} bytes", *run(data[:length]))
    elif mode == "flip":
        for place in places:
            for mask in (0x01, 0x80, 0xFF):
                changed = bytearray(data)
                changed[place] ^= mask
                status, diagnostics = run(bytes(changed))
                if status != 0:
                    check_error(f"byte {place} ^ {mask:#x}", status, diagnostics)
    elif mode == "version":
        refused = []
        for place in places:
            changed = bytearray(data)
            changed[place] = 5
            status, diagnostics = run(bytes(changed))
            if "lowbit bytecode has version 2" in diagnostics:
                check_error(f"byte {place}", status, diagnostics)
                refused.append(diagnostics.splitlines()[0])
        if len(refused) != 1:
            sys.exit(f"{len(refused)} bytes are the version, expected one")
        print(refused[0])
    print(f"{mode}: {len(places)} places")


main()
