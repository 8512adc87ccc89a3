# SPDX-License-Identifier: GPL-3.0-or-later
"""figures_prune.py - the README's section on pruners"""

import re

from figures_text import origin, rows

HOUSES = "(?:cumae|optuna)"


def prune(_: str, figures: dict) -> str:
    """Return the section on saved epochs and regret."""
    names, workers = pruners_of(figures), workers_of(figures)
    head = ["percent"]
    for w in workers:
        label = f"{w} worker{'s' if w > 1 else ''}"
        head += [f"{label}: saved", "regret", "mean", "folds"]
    best = {w: front(figures, names, w) for w in workers}
    lines = []
    for name in names:
        line = [title(name)]
        for w in workers:
            line += cells(figures, f"{name}.{w}", name in best[w])
        lines.append(line)
    return "\n\n".join(
        [
            "### Pruners",
            "Learning curves of small networks, linear models and boosted trees,"
            " recorded once (`tests/bench/curves`) and replayed by workers on a"
            " virtual clock to our pruners and to Optuna's. *Saved*: epochs that"
            " were not run; *regret*: of the best trial that ran to its end, 0"
            " for the best configuration and 100 for the median one; both are"
            f" medians over {figures.get('seeds', '–')} seeds, then means over"
            " the tasks; *mean*: the mean regret, which shows rare misses;"
            " *folds*: saved / regret for a cross-validation, a value per fold."
            " In bold: no other pruner saves as much with as little regret."
            f" {origin(figures)}",
            rows(head, lines),
            *matches(figures, workers),
        ]
    )


def matches(figures: dict, workers: list) -> list:
    """Return the sentence on which of Optuna's pruners ours do not match."""
    parts = []
    for w in workers:
        alone = figures.get(f"unmatched.{w}.names")
        if alone is None:
            continue
        names = ", ".join(title(f"optuna.{name}") for name in alone.split())
        label = f"{w} worker{'s' if w > 1 else ''}"
        parts.append(f"{names or 'none'} with {label}")
    if not parts:
        return []
    return [
        "Optuna's pruners that no pruner of ours matches in both saved epochs"
        " and mean regret, within one standard error of the differences over"
        f" the seeds: {'; '.join(parts)}."
    ]


def title(name: str) -> str:
    """Return how a pruner is called: `cumae.asha.factor4` is ours."""
    house, _, rest = name.partition(".")
    algorithm, _, variant = rest.partition(".")
    variant = f", {variant}" if variant else ""
    return f"{'Optuna ' if house == 'optuna' else ''}`{algorithm}`{variant}"


def cells(figures: dict, prefix: str, bold: bool) -> list:
    """Return the four cells of a pruner with so many workers."""

    def get(name):
        value = figures.get(f"{prefix}.{name}")
        return "–" if value is None else f"{value:.1f}"

    saved, regret = get("saved"), get("regret")
    if bold:
        saved, regret = f"**{saved}**", f"**{regret}**"
    folds = f"{get('folds.saved')} / {get('folds.regret')}"
    return [saved, regret, get("mean_regret"), folds]


def front(figures: dict, names: list, workers: int) -> list:
    """Return those that no other one beats in saved epochs and regret."""

    def at(name):
        return (
            figures[f"{name}.{workers}.saved"],
            -figures[f"{name}.{workers}.regret"],
        )

    def beats(a, b):
        return a != b and a[0] >= b[0] and a[1] >= b[1]

    return [
        name
        for name in names
        if not any(beats(at(other), at(name)) for other in names)
    ]


def pruners_of(figures: dict) -> list:
    """Return the pruners that there are figures of."""
    pattern = re.compile(rf"({HOUSES}\..*?)\.\d+\.saved")
    found = map(pattern.fullmatch, figures)
    return list(dict.fromkeys(match.group(1) for match in found if match))


def workers_of(figures: dict) -> list:
    """Return the numbers of workers that there are figures of."""
    pattern = re.compile(rf"{HOUSES}\..*?\.(\d+)\.saved")
    found = map(pattern.fullmatch, figures)
    return sorted({int(match.group(1)) for match in found if match})
