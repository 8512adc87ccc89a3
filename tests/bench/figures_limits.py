# SPDX-License-Identifier: GPL-3.0-or-later
"""figures_limits.py - the README's section on limits from toys"""

import re

from figures_text import number, origin, rows

METHODS = {
    "grid_linear": "grid, linear",
    "grid_probit": "grid, our fit",
    "adaptive_1": "1 worker",
    "adaptive_8": "8 workers",
    "adaptive_10": "10 workers",
}
NAMES = {"counting": "counting", "on_off": "on/off"}


def limits(_: str, figures: dict) -> str:
    """Return the section on errors for equal numbers of toys."""
    lines = [line(figures, cell) for cell in cells(figures)]
    head = ["rms error in percent"]
    head += [METHODS[method] for method in METHODS]
    head += ["pulls, 8 workers", "toys of the grid / ours"]
    times = [
        f"{number(figures.get(f'cost.{name}_ms'))} ms"
        for name in ("site", "study", "next")
    ]
    return "\n\n".join(
        [
            "### Limits from toys",
            "Upper limits of a counting experiment and of one with a control"
            " region, both with exact answers, from"
            f" {figures.get('seeds', '–')} simulated studies each. *Grid*: 20"
            " even points that share the toys evenly, CLs interpolated linearly"
            " (the common practice) or fitted as we do. The other columns let"
            " workers ask. *Pulls*: mean and width of (limit - exact) / quoted"
            " error. The last column is the ratio of toys for equal errors,"
            f" linear grid over 8 workers. {origin(figures)}",
            rows(head, lines),
            "With ten million toys at 20 points, six curves: the summary of the"
            f" point that was told takes {times[0]}, all curves {times[1]}, and"
            f" an ask {times[2]}.",
        ]
    )


def line(figures: dict, cell: str) -> list:
    """Return the cells of one experiment and number of toys."""

    def get(name):
        return figures.get(f"{cell}.{name}")

    name, _, toys = cell.partition(".")
    pulls = [get("adaptive_8.pull_mean"), get("adaptive_8.pull_width")]
    shown = ["–" if value is None else f"{value:.2f}" for value in pulls]
    return [
        f"{NAMES.get(name, name)}, {int(toys):,} toys",
        *(number(get(f"{method}.rmse")) for method in METHODS),
        f"{shown[0]}, {shown[1]}",
        number(get("grid_linear.toys_ratio")),
    ]


def cells(figures: dict) -> list:
    """Return the `experiment.toys` that there are figures of."""
    pattern = re.compile(r"(\w+\.\d+)\.adaptive_8\.rmse")
    found = map(pattern.fullmatch, figures)
    return [match.group(1) for match in found if match]
