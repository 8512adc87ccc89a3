# SPDX-License-Identifier: GPL-3.0-or-later
"""report.py - tables, figures and a plot from the rows of bench_quality.py"""

import json
import math
from pathlib import Path

import compare
import yardstick
from simulate import BUDGETS, STEPS

# The families whose problems have figures of their own.
DETAILED = ("classic", "noisy", "mixed", "conditional", "lcbench")
# Which of the others does the same as ours; `auto` meets everyone.
COUNTERPARTS = {
    "tpe": ("optuna-tpe",),
    "gp": ("optuna-gp", "botorch", "hebo", "smac"),
    "cmaes": ("optuna-cmaes", "pycma"),
}
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b",
           "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#111111",
           "#aec7e8", "#98df8a", "#ff9896")  # fmt: skip


def halves(table: compare.Table, problems: dict) -> dict:
    """Return the table, and its two parts: what tuning may look at or not."""

    def tuning(problem, _, seed):
        return not problems[problem].held_out and seed % 2 == 0

    def kept(problem, workers, seed):
        return not tuning(problem, workers, seed)

    return {
        "all": table,
        "tuning": table.only(tuning),
        "held_out": table.only(kept),
    }


def by_family(table: compare.Table, problems: dict) -> dict:
    """Return the part of each family, in the order of the problems."""
    there = {problem for problem, _ in table.cells}
    names = dict.fromkeys(p.family for p in problems.values() if p.name in there)
    return {
        name: table.only(lambda p, _w, _s, name=name: problems[p].family == name)
        for name in names
    }


# ---- figures ----------------------------------------------------------------


def figures(table: compare.Table, problems: dict, names: list) -> dict:
    """Return the named numbers."""
    found = {}
    others = [name for name in table.samplers() if name not in names]
    for w in sorted({workers for _, workers in table.cells}):
        mine = table.only(lambda _p, x, _s, w=w: x == w)
        for half, part in halves(mine, problems).items():
            add_ratios(found, f"{half}.w{w}", part, names, others)
        add_ranks(found, f"all.w{w}", mine, names, others)
        for family, part in by_family(mine, problems).items():
            add_ratios(found, f"{family}.w{w}", part, names, others, ("ratio",))
    for (problem, w), samplers in table.cells.items():
        if problems[problem].family in DETAILED:
            for sampler in samplers:
                add_regrets(found, table, (problem, w), sampler)
    return found


def rounded(value: float) -> float:
    """Return a number with three digits."""
    return float(f"{value:.3g}")


def counterparts(mine: str, others: list) -> list:
    """Return the peers that one of ours is compared with."""
    if mine == "auto":
        return others
    return [peer for peer in COUNTERPARTS.get(mine, ()) if peer in others]


def add_ratios(found: dict, prefix: str, table, names, others, keys=()) -> None:
    """Add how each of ours compares with each counterpart."""
    for mine in names:
        for peer in counterparts(mine, others):
            for budget in BUDGETS:
                compared = compare.ratio(table, mine, peer, budget)
                for key, value in compared.items():
                    if not keys or key in keys:
                        name = f"ratio.{prefix}.{mine}.{peer}.n{budget}.{key}"
                        found[name] = rounded(value)


def add_regrets(found: dict, table, cell: tuple, sampler: str) -> None:
    """Add the median regrets of a cell."""
    problem, w = cell
    medians = compare.medians(table, cell, sampler)
    for budget, (middle, _, _) in medians.items():
        found[f"regret.{problem}.w{w}.{sampler}.n{budget}"] = rounded(middle)


def add_ranks(found: dict, prefix: str, table, names, others) -> None:
    """Add the mean ranks in each field."""
    for label, field in fields(table, names, others).items():
        for budget in BUDGETS:
            ranked = compare.ranks(table, field, budget)
            if not ranked:
                continue
            base = f"rank.{prefix}.{label}"
            found[f"{base}.n{budget}.studies"] = ranked["studies"]
            for name, value in ranked["ranks"].items():
                found[f"{base}.{name}.n{budget}"] = rounded(value)


def fields(table: compare.Table, names: list, others: list) -> dict:
    """Return who is ranked with whom.

    any_space   ours that take any space, with Optuna's default
    floats      everyone with a run in at least half of the cells of floats
    everyone    everyone
    """
    present = [name for name in [*names, *others] if name in table.samplers()]
    wide = {*names, "optuna-tpe", "random-numpy"} - {"cmaes"}
    cells = [c for c in table.cells.values() if "cmaes" in c or "pycma" in c]
    return {
        "any_space": [name for name in present if name in wide],
        "floats": [
            name
            for name in present
            if 2 * sum(name in c for c in cells) >= max(len(cells), 1)
        ],
        "everyone": present,
    }


# ---- tables for people ------------------------------------------------------


def summary(table: compare.Table, problems: dict, names: list) -> str:
    """Return what the benchmark prints."""
    lines = []
    others = [name for name in table.samplers() if name not in names]
    for w in sorted({workers for _, workers in table.cells}):
        part = table.only(lambda _p, x, _s, w=w: x == w)
        lines += ["", f"==== {w} worker{'s' if w > 1 else ''} ===="]
        lines += rank_lines(part, names, others)
        for mine in names:
            lines += ratio_lines(part, problems, mine, others)
    return "\n".join(lines)


def rank_lines(table, names, others) -> list:
    """Return the mean ranks by budget."""
    lines = []
    for label, field in fields(table, names, others).items():
        columns = {b: compare.ranks(table, field, b) for b in BUDGETS}
        counts = [c.get("studies", 0) for c in columns.values()]
        if not any(counts) or len(field) < 2:
            continue
        head = " ".join(f"{f'n={b}':>9}" for b in BUDGETS)
        lines += ["", f"{'mean rank, ' + label:32} {head}"]
        lines.append(f"{'  studies':32} " + " ".join(f"{n:9}" for n in counts))
        for name in field:
            cells = [
                format(c["ranks"][name], "9.2f") if c else " " * 9
                for c in columns.values()
            ]
            lines.append(f"  {name:30} " + " ".join(cells))
    return lines


def ratio_lines(table, problems, mine, others) -> list:
    """Return how one of ours compares with its counterparts."""
    parts = {**halves(table, problems), **by_family(table, problems)}
    lines = []
    for peer in counterparts(mine, others):
        rows = []
        for label, part in parts.items():
            cells = [compare.ratio(part, mine, peer, b) for b in BUDGETS]
            if any(cells):
                rows.append(f"  {label:22}" + "".join(map(ratio_cell, cells)))
        if rows:
            head = "".join(f"{f'n={b}':>26}" for b in BUDGETS)
            lines += ["", f"{mine + ' / ' + peer:24}{head}", *rows]
    return lines


def ratio_cell(compared: dict) -> str:
    """Return ratio, interval and share of cells won, in 26 columns."""
    if not compared:
        return " " * 26
    interval = f"[{compared['low']:.2g}, {compared['high']:.2g}]"
    text = f"{compared['ratio']:.3g} {interval} {100 * compared['wins']:.0f}%"
    return f"{text:>26}"


def every_cell(table: compare.Table) -> str:
    """Return median and quartiles of each cell and sampler."""
    head = "".join(f"{f'n={b}':>30}" for b in BUDGETS)
    lines = [f"{'median [quartiles] of the regret':48}{head}"]
    for problem, w in sorted(table.cells):
        for sampler in sorted(table.cells[problem, w]):
            found = compare.medians(table, (problem, w), sampler)
            n = len(table.cells[problem, w][sampler])
            line = f"{problem + ' w' + str(w):26} {sampler:14} {n:3}x   "
            for budget in BUDGETS:
                text = ""
                if budget in found:
                    middle, low, high = found[budget]
                    text = f"{middle:.3g} [{low:.2g}, {high:.2g}]"
                line += f"{text:>30}"
            lines.append(line)
    return "\n".join(lines) + "\n"


# ---- plot -------------------------------------------------------------------

WIDE, TALL, GAP = 300, 220, 56


def plot(table: compare.Table, problems: dict) -> str:
    """Return an SVG: per family, how the regret falls with one worker.

    A curve is the geometric mean over problems of the median regret, over that
    of random search after as many results.
    """
    table = table.only(lambda _p, w, _s: w == 1)
    shown = by_family(table, problems)
    samplers = [s for s in table.samplers() if s != "random-numpy"]
    colour = dict(zip(samplers, COLOURS * 2))
    columns = 3
    width = columns * (WIDE + GAP) + GAP
    height = (len(shown) + columns - 1) // columns * (TALL + GAP) + 80
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}"'
        f' height="{height}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for i, name in enumerate(samplers):
        x, y = GAP + (i % 7) * 140, 20 + 16 * (i // 7)
        parts.append(
            f'<text x="{x}" y="{y}" fill="{colour[name]}">&#9644; {name}</text>'
        )
    for i, (family, part) in enumerate(shown.items()):
        curves = {s: c for s in samplers if (c := curve(part, s))}
        x = GAP + (i % columns) * (WIDE + GAP)
        y = 70 + (i // columns) * (TALL + GAP)
        parts.append(panel(family, curves, colour, x, y))
    return "\n".join([*parts, "</svg>", ""])


def curve(table: compare.Table, sampler: str) -> list:
    """Return (n, logarithm of the mean ratio to random search)."""
    points = []
    for n in STEPS[5:]:
        logs = []
        for cell in table.cells:
            mine = table.regrets(cell, sampler, n)
            base = table.regrets(cell, "random-numpy", n)
            if mine and base:
                logs.append(
                    math.log10(compare.quartiles(mine.values())[0])
                    - math.log10(compare.quartiles(base.values())[0])
                )
        if logs:
            points.append((n, sum(logs) / len(logs)))
    return points


def panel(title: str, curves: dict, colour: dict, x0: int, y0: int) -> str:
    """Return the part of the plot for one family."""
    values = [v for points in curves.values() for _, v in points] or [0]
    low, high = math.floor(min(*values, -0.5)), math.ceil(max(*values, 0.5))
    first, last = math.log(STEPS[5]), math.log(STEPS[-1])

    def place(n, value):
        x = x0 + WIDE * (math.log(n) - first) / (last - first)
        y = y0 + TALL * (high - value) / (high - low)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<rect x="{x0}" y="{y0}" width="{WIDE}" height="{TALL}" fill="none"'
        ' stroke="#999"/>',
        f'<text x="{x0}" y="{y0 - 5}">{title}: regret / random search</text>',
    ]
    for decade in range(low, high + 1):
        y = float(place(10, decade).split(",")[1])
        parts.append(f'<text x="{x0 - 34}" y="{y + 4}">1e{decade}</text>')
        parts.append(
            f'<line x1="{x0}" x2="{x0 + WIDE}" y1="{y}" y2="{y}" stroke="#eee"/>'
        )
    for n in (10, *BUDGETS):
        x = float(place(n, 0).split(",")[0])
        parts.append(f'<text x="{x - 8}" y="{y0 + TALL + 14}">{n}</text>')
    for name, points in curves.items():
        path = " ".join(place(n, v) for n, v in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour[name]}"'
            f' stroke-width="1.6"><title>{name}</title></polyline>'
        )
    return "\n".join(parts)


# ---- everything -------------------------------------------------------------


def write(rows: list, problems: dict, names: list, room: Path) -> None:
    """Print the summary; write quality.json, quality.txt and quality.svg."""
    floors = {problem.name: problem.floor for problem in problems.values()}
    table = compare.Table(rows, floors)
    found = {**yardstick.machine(room), **versions(rows)}
    found.update(figures(table, problems, names))
    (room / "quality.json").write_text(
        json.dumps(found, indent=1, sort_keys=True) + "\n"
    )
    (room / "quality.txt").write_text(every_cell(table))
    (room / "quality.svg").write_text(plot(table, problems))
    print(summary(table, problems, names))
    print(f"\nevery cell: {room}/quality.txt, plot: {room}/quality.svg")


def versions(rows: list) -> dict:
    """Return the version of each peer, and how many studies each has."""
    found = {}
    for row in rows:
        name = row["sampler"]
        found[f"studies.{name}"] = found.get(f"studies.{name}", 0) + 1
        words = row["version"].split()
        for package, version in zip(words[::2], words[1::2]):
            found[f"versions.{package}"] = version
    return found
