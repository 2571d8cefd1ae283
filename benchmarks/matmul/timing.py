# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Contestants, and turns in which their calls are timed."""

import dataclasses
import os
import pathlib
import random
import statistics
import time
from typing import Callable

# Contestants of the same kind do the same, as far as there are peers that do.
KINDS = ("4-bit x int8", "4-bit x f32", "8-bit", "f32")


class Missing(Exception):
    """A contestant that cannot take part here; says why."""


@dataclasses.dataclass
class Work:
    """Calls with everything bound that they need."""

    # Called in turns. Several if each has other weights.
    calls: list
    # The M x N result of a call.
    result: Callable
    # Products that one call computes, one after the other.
    products: int = 1


class Contestant:
    """One way to multiply M x K activations by N x K weights.

    `prepare(x, copies)` returns Work for the activations `x`, which goes
    through `copies` copies of the weights.
    """

    def __init__(self, by, name, kind, weights, nbytes, group, activations="unknown"):
        """
        by: the program, "lowbit" or a package.
        weights: what the result is compared with, `Weights` or N x K.
        nbytes: of one copy of weights and scales.
        group: weights that share a scale, 0 if that is a row or more.
        activations: how they are quantized, see Reference.compare().
        """
        assert kind in KINDS
        self.by, self.name, self.kind = by, name, kind
        self.weights, self.nbytes = weights, nbytes
        self.group, self.activations = group, activations

    @property
    def title(self):
        group = f", group {self.group}" if self.group else ""
        return f"{self.by}: {self.name}{group}"

    def describe(self, rows):
        """More for the record of M = `rows`: the kernel, if it is known."""
        return {}

    def prepare(self, x, copies):
        raise NotImplementedError


class OtherPrograms:
    """How many processors other programs have kept busy since this was made."""

    def __init__(self):
        self._start = self._read()

    @staticmethod
    def _read():
        """Seconds that have passed, that all programs ran, that this one ran."""
        try:
            line = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0]
            # user, nice, system; idle and waiting are left out; interrupts, and
            # what other virtual machines took.
            ticks = [int(word) for word in line.split()[1:]]
            busy = sum(ticks[:3]) + sum(ticks[5:8])
        except (OSError, ValueError):
            return None
        seconds = busy / os.sysconf("SC_CLK_TCK")
        return time.perf_counter(), seconds, time.process_time()

    def processors(self):
        """None where the system does not tell."""
        now = self._read()
        if not now or not self._start:
            return None
        passed, busy, own = (n - s for n, s in zip(now, self._start))
        return max(0.0, (busy - own) / passed)


def take_turn(work, seconds, clock):
    """Seconds of each product in a turn, at least one.

    The first call brings the weights into the cache after others had it, and
    does not count. If it is so long that this makes no difference, it does.
    """
    times, spent, next_call = [], 0.0, 0
    begin = time.perf_counter()
    while not times or spent < seconds:
        call = work.calls[next_call % len(work.calls)]
        start = clock()
        call()
        took = clock() - start
        is_first = next_call == 0
        next_call += 1
        spent = time.perf_counter() - begin
        if not is_first or took > 0.1:
            times.append(took / work.products)
        elif len(work.calls) == 1:
            # Once more: some caches admit what they are asked for twice.
            call()
            begin = time.perf_counter()
    return times


def run_rounds(works, rounds, seconds, threads):
    """Every contestant once per round; {name: median seconds of each round}.

    One thread is timed by the processor time of the process, which leaves out
    what other programs take; more threads by the clock.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    medians = {name: [] for name in works}
    for round_number in range(rounds):
        # Nobody always comes after the same one. The same order in every run.
        order = list(works)
        random.Random(round_number).shuffle(order)
        for name in order:
            times = take_turn(works[name], seconds, clock)
            medians[name].append(statistics.median(times))
            if threads > 1:
                # Threads of a runtime wait for more work in a loop for a while.
                time.sleep(0.04)
    return medians
