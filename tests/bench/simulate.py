# SPDX-License-Identifier: GPL-3.0-or-later
"""simulate.py - one study on a virtual clock

W workers ask, work for a log-normal time and tell; nobody really waits. With
one worker this is the plain loop. Noise and working times depend on (problem,
seed, number of the ask) alone: they are the same for every sampler.
"""

import heapq
import math
import statistics
import time

BUDGETS = (25, 50, 100, 200)
# The curves are kept at these numbers of results.
STEPS = (1, 2, 3, 5, 7, 10, 13, 16, 20, 25, 30, 35, 40, 50, 60, 70, 80, 100,
         120, 140, 160, 180, 200)  # fmt: skip
SPREAD = 0.5  # standard deviation of the logarithm of the working time


def length(n: int) -> int:
    """Return how many numbers the curve of n results has."""
    return sum(step <= n for step in STEPS)


class Curve:
    """The regret of the best observed point, by number of results."""

    def __init__(self):
        self.regrets = []
        self._seen = math.inf
        self._regret = math.inf

    def add(self, seen: float, regret: float) -> None:
        """Add a result: what was observed, and its true regret."""
        if seen < self._seen:
            self._seen, self._regret = seen, regret
        self.regrets.append(self._regret)

    def steps(self) -> list:
        """Return the curve at STEPS, as far as it goes."""
        return [
            rounded(self.regrets[n - 1])
            for n in STEPS
            if n <= len(self.regrets)
        ]


class Meter:
    """Processor time spent in a sampler, per ask.

    Ours measures itself; of the others, what tell costs belongs to the ask
    before it.
    """

    def __init__(self, study):
        self._study = study
        self.ms = []

    def ask(self) -> tuple:
        """Ask the study."""
        begun = time.process_time()
        answer = self._study.ask()
        elapsed = 1e3 * (time.process_time() - begun)
        self.ms.append(getattr(self._study, "ask_ms", elapsed))
        return answer

    def tell(self, handle, seen: float) -> None:
        """Tell the study."""
        begun = time.process_time()
        self._study.tell(handle, seen)
        if not hasattr(self._study, "ask_ms"):
            self.ms[-1] += 1e3 * (time.process_time() - begun)


def run(problem, study, seed: int, workers: int, n: int) -> dict:
    """Make n trials; return the curve and the time per ask.

    study  has ask() -> (handle, params), tell(handle, value), and, if it
           measures its own asks, ask_ms
    """
    curve, meter, busy = Curve(), Meter(study), []
    durations = problem.rng(seed, 2, workers)
    clock = 0.0
    for trial in range(n):
        if trial >= workers:
            clock = finish(problem, seed, meter, curve, busy)
        handle, params = meter.ask()
        ends = clock + math.exp(SPREAD * durations.normal())
        heapq.heappush(busy, (ends, trial, handle, params))
    while busy:
        finish(problem, seed, meter, curve, busy)
    return {
        "regrets": curve.steps(),
        "ask_ms": rounded(sum(meter.ms) / n),
        "ask_p50_ms": rounded(statistics.median(meter.ms)),
    }


def finish(problem, seed: int, meter: Meter, curve: Curve, busy: list):
    """End the trial that ends first; return when that is."""
    clock, trial, handle, params = heapq.heappop(busy)
    seen, regret = problem.observe(params, seed, trial)
    meter.tell(handle, seen)
    curve.add(seen, regret)
    return clock


def rounded(value: float) -> float:
    """Return a number with four digits."""
    return float(f"{value:.4g}")
