# SPDX-License-Identifier: GPL-3.0-or-later
"""figures_optimizers.py - the README's sections on quality and time of asks"""

import re

from figures_text import number, origin, rows

BUDGETS = (25, 50, 100, 200)
NAMES = {
    "optuna-tpe": "Optuna TPE",
    "optuna-gp": "Optuna GP",
    "optuna-cmaes": "Optuna CMA-ES",
    "optuna-random": "Optuna random",
    "random-numpy": "random search",
    "botorch": "BoTorch",
    "hebo": "HEBO",
    "smac": "SMAC3",
}
FIELDS = {
    "any_space": "on all spaces",
    "floats": "on spaces of floats",
    "everyone": "where everyone has runs",
}


def title(name: str) -> str:
    """Return how a sampler is called."""
    return NAMES.get(name, f"`{name}`" if name != "pycma" else name)


# ---- quality ----------------------------------------------------------------


def quality(_: str, figures: dict) -> str:
    """Return the section on how good the suggested points are."""
    return "\n\n".join(
        [
            "### Quality of the suggestions",
            "Median regret on functions with shifted optima, some noisy, and on"
            " mixed and conditional spaces, paired seeds (`tests/bench/README.md` says how; the peers' part of the"
            f" matrix is not complete). {studies(figures)} {origin(figures)}",
            "Ours divided by theirs: geometric mean over problems, with its 95 %"
            " interval, and the share of problems where ours is better."
            " *Held out* is what nobody looked at while tuning.",
            quality_ratios(figures),
            *quality_ranks(figures),
            "Median regret after 100 results, one worker:",
            quality_regrets(figures),
        ]
    )


def studies(figures: dict) -> str:
    """Return how many studies each sampler made."""
    counts = [
        f"{title(name.removeprefix('studies.'))} {count}"
        for name, count in sorted(figures.items())
        if name.startswith("studies.")
    ]
    return f"Studies: {', '.join(counts)}."


def quality_ratios(figures: dict) -> str:
    """Return the table of ratios to the counterparts."""
    pattern = re.compile(
        r"ratio\.(all|held_out)\.w(\d+)\.([\w-]+)\.([\w-]+)\.n\d+\.ratio"
    )
    found = {m.groups() for m in map(pattern.fullmatch, figures) if m}
    order = sorted(found, key=lambda g: (g[2], g[3], int(g[1]), g[0]))
    lines = []
    for half, workers, mine, peer in order:
        base = f"ratio.{half}.w{workers}.{mine}.{peer}"
        what = f"{title(mine)} / {title(peer)}"
        what += f", {workers} workers" if workers != "1" else ""
        what += ", held out" if half == "held_out" else ""
        lines.append([what] + [ratio_cell(figures, base, n) for n in BUDGETS])
    return rows(["ratio of regrets", *(f"n = {n}" for n in BUDGETS)], lines)


def ratio_cell(figures: dict, base: str, n: int) -> str:
    """Return ratio, interval and share won at a budget."""
    def get(name):
        return figures.get(f"{base}.n{n}.{name}")

    if get("ratio") is None:
        return "–"
    return (
        f"{number(get('ratio'))} [{number(get('low'))}, {number(get('high'))}]"
        f" {100 * get('wins'):.0f} %"
    )


def quality_ranks(figures: dict) -> list:
    """Return a table of mean ranks per field and number of workers."""
    pattern = re.compile(r"rank\.all\.w(\d+)\.(\w+)\.([\w-]+)\.n\d+")
    found = {m.groups() for m in map(pattern.fullmatch, figures) if m}
    tables = []
    fields = sorted({g[:2] for g in found}, key=lambda g: (int(g[0]), g[1]))
    for workers, field in fields:
        base = f"rank.all.w{workers}.{field}"
        names = sorted(g[2] for g in found if g[:2] == (workers, field))
        lines = [
            [title(name)]
            + [number(figures.get(f"{base}.{name}.n{n}")) for n in BUDGETS]
            for name in names
        ]
        counts = [figures.get(f"{base}.n{n}.studies") for n in BUDGETS]
        lines.append(["studies", *("–" if c is None else str(c) for c in counts)])
        head = f"mean rank {FIELDS[field]}, {workers} worker"
        head += "s" if workers != "1" else ""
        tables.append(rows([head, *(f"n = {n}" for n in BUDGETS)], lines))
    return tables


def quality_regrets(figures: dict) -> str:
    """Return the table of median regrets per problem."""
    pattern = re.compile(r"regret\.(\w+)\.w1\.([\w-]+)\.n100")
    found = {m.groups() for m in map(pattern.fullmatch, figures) if m}
    samplers = sorted({sampler for _, sampler in found})
    lines = [
        [problem]
        + [number(figures.get(f"regret.{problem}.w1.{s}.n100")) for s in samplers]
        for problem in sorted({problem for problem, _ in found})
    ]
    return rows(["regret", *map(title, samplers)], lines)


# ---- asks -------------------------------------------------------------------


def ask(_: str, figures: dict) -> str:
    """Return the section on time per ask and memory per trial."""
    pattern = re.compile(r"([\w-]+)\.d(\d+)\.n(\d+)\.ask_ms")
    found = [m.groups() for m in map(pattern.fullmatch, figures) if m]
    trials = sorted({int(n) for _, _, n in found})
    lines = []
    for name, d in sorted({(name, int(d)) for name, d, _ in found}):
        lines.append(
            [f"{title(name)}, d = {d}"]
            + [ask_cell(figures, f"{name}.d{d}.n{n}") for n in trials]
        )
    return "\n\n".join(
        [
            "### Time per ask",
            "Milliseconds of processor time for a suggestion, in memory; in"
            " brackets those of fitting the model, which the service does in the"
            f" background. {origin(figures)}",
            rows(["ms", *(f"n = {n:,}" for n in trials)], lines),
            memory(figures),
        ]
    )


def ask_cell(figures: dict, base: str) -> str:
    """Return the times of a cell."""
    text = number(figures.get(f"{base}.ask_ms"))
    fit = figures.get(f"{base}.fit_ms")
    return f"{text} ({number(fit)})" if fit else text


def memory(figures: dict) -> str:
    """Return the sentence on memory."""
    sizes = [
        f"{number(figures[name])} bytes with {d} parameters"
        for d in (5, 20)
        if (name := f"random.d{d}.n10000.bytes") in figures
    ]
    return f"A trial takes {' and '.join(sizes) or '–'} in a history of 10,000."
