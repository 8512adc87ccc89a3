# SPDX-License-Identifier: GPL-3.0-or-later
"""compare.py - who finds better points, told from rows (results.py)

A cell is (problem, workers). Regrets below the problem's floor count as the
floor. Two samplers are compared on the seeds that both have, and only where
both have as many results as the budget.
"""

import math
from collections import defaultdict

import numpy as np

from simulate import BUDGETS, STEPS

RESAMPLES = 1000


class Table:
    """Regrets by (problem, workers), sampler and seed.

    floors  the floor of each problem, by name
    """

    def __init__(self, rows: list, floors: dict):
        self.cells = defaultdict(lambda: defaultdict(dict))
        for row in rows:
            if row["problem"] not in floors:
                continue
            floor = floors[row["problem"]]
            regrets = [max(regret, floor) for regret in row["regrets"]]
            cell = (row["problem"], row["workers"])
            self.cells[cell][row["sampler"]][row["seed"]] = regrets

    def samplers(self) -> list:
        """Return the names of the samplers."""
        return sorted({name for cell in self.cells.values() for name in cell})

    def only(self, keep) -> "Table":
        """Return the part where keep(problem, workers, seed) holds."""
        part = Table([], {})
        for (problem, workers), samplers in self.cells.items():
            for name, seeds in samplers.items():
                kept = {
                    seed: regrets
                    for seed, regrets in seeds.items()
                    if keep(problem, workers, seed)
                }
                if kept:
                    part.cells[problem, workers][name] = kept
        return part

    def regrets(self, cell: tuple, sampler: str, budget: int) -> dict:
        """Return the regrets after `budget` results, by seed."""
        at = STEPS.index(budget)
        seeds = self.cells[cell].get(sampler, {})
        return {
            seed: regrets[at]
            for seed, regrets in seeds.items()
            if len(regrets) > at
        }


def quartiles(values) -> tuple:
    """Return the median and the quartiles around it."""
    low, middle, high = np.quantile(list(values), (0.25, 0.5, 0.75))
    return float(middle), float(low), float(high)


def ratio(table: Table, ours: str, peer: str, budget: int) -> dict:
    """Return how ours compares with a peer; {} where they never meet.

    ratio       geometric mean over cells of median regret / median regret
    low, high   its 95 % interval over resampled cells and seeds
    wins        share of cells where ours is the better one, ties as halves
    cells, runs how many cells, and pairs of studies in them
    """
    pairs = []
    for cell in sorted(table.cells):
        mine = table.regrets(cell, ours, budget)
        theirs = table.regrets(cell, peer, budget)
        seeds = sorted(set(mine) & set(theirs))
        if seeds:
            pairs.append(
                np.log([[mine[s] for s in seeds], [theirs[s] for s in seeds]])
            )
    if not pairs:
        return {}
    logs = [np.median(p[0]) - np.median(p[1]) for p in pairs]
    wins = np.mean([(log < 0) + 0.5 * (log == 0) for log in logs])
    low, high = np.exp(np.quantile(resampled(pairs), (0.025, 0.975)))
    return {
        "ratio": math.exp(np.mean(logs)),
        "low": float(low),
        "high": float(high),
        "wins": float(wins),
        "cells": len(pairs),
        "runs": sum(p.shape[1] for p in pairs),
    }


def resampled(pairs: list) -> list:
    """Return means of log ratios, of cells and seeds drawn with repetition."""
    rng = np.random.default_rng(1)
    # RESAMPLES draws of the seeds of each cell at once, then of the cells.
    logs = np.empty((len(pairs), RESAMPLES))
    for i, pair in enumerate(pairs):
        draws = rng.integers(pair.shape[1], size=(RESAMPLES, pair.shape[1]))
        logs[i] = np.median(pair[0][draws], axis=1)
        logs[i] -= np.median(pair[1][draws], axis=1)
    cells = rng.integers(len(pairs), size=(len(pairs), RESAMPLES))
    return np.take_along_axis(logs, cells, axis=0).mean(axis=0)


def ranks(table: Table, samplers: list, budget: int) -> dict:
    """Return the mean rank of each sampler, and how many studies it is from.

    A rank is that among the studies of one (problem, workers, seed), 1 the
    best, ties shared; only those that all samplers have count.
    """
    totals, n = np.zeros(len(samplers)), 0
    for cell in table.cells if samplers else ():
        found = [table.regrets(cell, name, budget) for name in samplers]
        for seed in set.intersection(*map(set, found)):
            totals += rank([regrets[seed] for regrets in found])
            n += 1
    if not n:
        return {}
    means = {name: float(t / n) for name, t in zip(samplers, totals)}
    return {"studies": n, "ranks": means}


def rank(values: list):
    """Return the rank of each value, 1 the least; ties share theirs."""
    values = np.asarray(values)
    below = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    return below + (equal + 1) / 2


def medians(table: Table, cell: tuple, sampler: str) -> dict:
    """Return median and quartiles of the regret at each budget."""
    found = {}
    for budget in BUDGETS:
        regrets = table.regrets(cell, sampler, budget)
        if regrets:
            found[budget] = quartiles(regrets.values())
    return found
