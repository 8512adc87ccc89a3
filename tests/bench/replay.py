# SPDX-License-Identifier: GPL-3.0-or-later
"""replay.py - studies that replay recorded learning curves

A study takes TRIALS configurations of a task in random order. Its workers run
on a virtual clock; an epoch of a trial takes a time that is drawn for the
trial, so reports of many trials interleave. Whoever decides only hears (trial,
step, value) and says whether to stop; configurations, order and times depend on
the task, the workers and the seed alone.
"""

import csv
import heapq
import lzma
import random
import statistics
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TASKS = ("digits", "diabetes", "cancer", "boost", "folds")
MEANS = ("folds",)  # tasks whose value is the mean of the reports
TRIALS = 100


@dataclass(frozen=True)
class Cell:
    """One study to run."""

    task: str
    workers: int
    seed: int


def curves(task: str) -> list:
    """Return the recorded values of each configuration."""
    with lzma.open(HERE / "curves" / f"{task}.csv.xz", "rt") as file:
        return [[float(value) for value in row] for row in csv.reader(file)]


def final(task: str, curve: list) -> float:
    """Return the value of a configuration that was not stopped."""
    return statistics.fmean(curve) if task in MEANS else curve[-1]


@dataclass
class Study:
    """One study under way."""

    cell: Cell
    drawn: list  # the curve of each trial

    @staticmethod
    def of(cell: Cell, recorded: list) -> "Study":
        """Return the study of a cell; `recorded` is what curves() returns."""
        rng = random.Random(f"{cell.task} {cell.seed}")
        return Study(cell, rng.sample(recorded, TRIALS))

    def run(self):
        """Yield (trial, step, value, final value at the last step or None).

        Wants to be sent whether to stop the trial. Returns saved epochs and
        regret, see score().
        """
        rng = random.Random(f"{self.cell}")
        pace = [rng.lognormvariate(0, 0.5) for _ in self.drawn]
        waiting = list(range(len(self.drawn)))[::-1]
        clock, spent, told = [], 0, []
        for _ in range(min(self.cell.workers, len(waiting))):
            number = waiting.pop()
            heapq.heappush(clock, (pace[number], number, 1))
        while clock:
            now, number, step = heapq.heappop(clock)
            curve = self.drawn[number]
            value = final(self.cell.task, curve)
            last = step == len(curve)
            spent += 1
            stop = yield number, step, curve[step - 1], value if last else None
            if last:
                told.append(value)
            elif not stop:
                heapq.heappush(clock, (now + pace[number], number, step + 1))
                continue
            if waiting:
                number = waiting.pop()
                heapq.heappush(clock, (now + pace[number], number, 1))
        return self.score(spent, told)

    def bound(self) -> float:
        """Return a value that three quarters of the trials end below."""
        values = [final(self.cell.task, curve) for curve in self.drawn]
        return statistics.quantiles(values, n=4)[2]

    def score(self, spent: int, told: list) -> dict:
        """Return the share of epochs that were saved, and the regret.

        The regret is that of the best trial that ran to its end: 0 for the best
        configuration of the study, 1 for its median.
        """
        values = [final(self.cell.task, curve) for curve in self.drawn]
        best, middle = min(values), statistics.median(values)
        found = min(told, default=middle)
        return {
            "saved": 1 - spent / sum(map(len, self.drawn)),
            "regret": (found - best) / (middle - best),
        }


def run_all(studies: list, decide) -> list:
    """Run studies side by side; return the score of each.

    decide  gets a list of (index, what run() yielded), returns whether to stop
    """
    scores = [None] * len(studies)
    running = {}
    for index, study in enumerate(studies):
        generator = study.run()
        running[index] = generator, next(generator)
    while running:
        asked = [(index, report) for index, (_, report) in running.items()]
        for (index, _), stop in zip(asked, decide(asked), strict=True):
            generator = running[index][0]
            try:
                running[index] = generator, generator.send(stop)
            except StopIteration as end:
                scores[index] = end.value
                del running[index]
    return scores
