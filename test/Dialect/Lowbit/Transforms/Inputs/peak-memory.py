# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""peak-memory.py MIB FLAG COMMAND...: runs COMMAND without and with FLAG, and
fails if FLAG raises the peak of its memory by more than MIB, in each of three
attempts."""

import ctypes
import os
import sys

PR_SET_THP_DISABLE = 41

# What the system rounds up or shares is not the program's: huge pages, and the
# pages of libraries that happen to be in memory already. The former is turned
# off, for the latter there are several attempts.
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


def run(command):
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return usage.ru_maxrss / 1024


limit, flag, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
for attempt in range(3):
    before, after = run(command), run(command + [flag])
    print(f"{before:.1f} MiB, with {flag} {after:.1f} MiB", flush=True)
    if after - before <= limit:
        sys.exit(0)
sys.exit(f"more than {limit} MiB above what it takes without")
