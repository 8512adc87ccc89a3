# SPDX-License-Identifier: GPL-3.0-or-later
"""paired.py - pruners compared seed by seed, with the noise

Two pruners see the same studies, so their differences are taken per seed, each
a mean over the tasks with epochs; the noise is the standard error of the mean
of these differences. Scores are lists of {"saved", "regret"}, shares, in the
order of the cells.
"""

import math
import statistics

FIGURES = ("saved", "regret")

# Ours and Optuna's by the same rule and the same options.
NAMESAKES = {
    "median": "median",
    "median.warmup5": "median.warmup5",
    "percentile": "percentile",
    "asha": "halving.factor3",
    "asha.factor2": "halving.factor2",
    "asha.factor4": "halving",
    "hyperband": "hyperband",
    "hyperband.factor4": "hyperband.factor4",
    "wilcoxon": "wilcoxon",
}


def difference(cells: list, ours: list, theirs: list, tasks: tuple) -> dict:
    """Return ours - theirs in percent by figure: (mean, standard error)."""
    seeds = sorted({cell.seed for cell in cells})
    found = {}
    for figure in FIGURES:
        by_seed = {seed: [] for seed in seeds}
        for cell, a, b in zip(cells, ours, theirs, strict=True):
            if cell.task in tasks:
                by_seed[cell.seed].append(100 * (a[figure] - b[figure]))
        means = [statistics.fmean(by_seed[seed]) for seed in seeds]
        spread = statistics.stdev(means) if len(means) > 1 else 0.0
        found[figure] = statistics.fmean(means), spread / math.sqrt(len(means))
    return found


def as_good(difference: dict) -> bool:
    """Are our saved epochs and our regret as good, but for one error each?"""
    saved, saved_error = difference["saved"]
    regret, regret_error = difference["regret"]
    return saved >= -saved_error and regret <= regret_error


def only(workers: int, cells: list, scores: list) -> tuple:
    """Return the cells and the scores with so many workers."""
    kept = [
        pair
        for pair in zip(cells, scores, strict=True)
        if pair[0].workers == workers
    ]
    return [cell for cell, _ in kept], [score for _, score in kept]


def compare(cells: list, ours: dict, theirs: dict, tasks: tuple) -> dict:
    """Return the figures of the comparison.

    paired.OURS.WORKERS.FIGURE and .FIGURE_error for the namesakes;
    unmatched.WORKERS: how many of theirs have none of ours as good, and
    unmatched.WORKERS.names: which.
    """
    figures = {}
    for workers in sorted({cell.workers for cell in cells}):
        some, _ = only(workers, cells, cells)
        left = {n: only(workers, cells, s)[1] for n, s in ours.items()}
        right = {n: only(workers, cells, s)[1] for n, s in theirs.items()}
        for name, namesake in NAMESAKES.items():
            if name not in left or namesake not in right:
                continue
            pair = difference(some, left[name], right[namesake], tasks)
            for figure, (mean, error) in pair.items():
                figures[f"paired.{name}.{workers}.{figure}"] = mean
                figures[f"paired.{name}.{workers}.{figure}_error"] = error
        alone = [
            name
            for name, scores in right.items()
            if not any(
                as_good(difference(some, mine, scores, tasks))
                for mine in left.values()
            )
        ]
        figures[f"unmatched.{workers}"] = len(alone)
        figures[f"unmatched.{workers}.names"] = " ".join(alone)
    return figures
