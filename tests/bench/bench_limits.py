# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_limits.py - how few toys a limit takes

Runs limits.c: studies of two experiments whose limits are known, with adaptive
toys and with the grid that people submit by hand. Prints a table and writes
build/bench/limits.json. Nothing but the times depends on the machine.

Variables: SEEDS=0-199.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import environment  # noqa: E402
import figures_limits  # noqa: E402
import yardstick  # noqa: E402

SEEDS = "0-199"


def measure(program: Path, first: str, last: str) -> dict:
    """Return what limits.c printed, and how many times as many toys a grid needs.

    The error of a limit goes with one over the root of the toys, so that the
    ratio of squared errors with equal toys is the ratio of toys for equal errors.
    """
    done = subprocess.run(
        [program, first, last],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **environment.ONE_THREAD},
    )
    pairs = (line.split() for line in done.stdout.splitlines())
    figures = {name: float(value) for name, value in pairs}
    for cell in figures_limits.cells(figures):
        for method in ("grid_linear", "grid_probit"):
            ratio = (
                figures[f"{cell}.{method}.rmse"]
                / figures[f"{cell}.adaptive_8.rmse"]
            )
            figures[f"{cell}.{method}.toys_ratio"] = round(ratio**2, 2)
    return figures


def table(figures: dict) -> str:
    """Return the figures for people."""
    lines = [
        "percent".ljust(34)
        + "rmse    bias  quoted  pull mean  width  toys ratio"
    ]
    for cell in figures_limits.cells(figures):
        for method, title in figures_limits.METHODS.items():

            def get(name, prefix=f"{cell}.{method}"):
                return figures.get(f"{prefix}.{name}", float("nan"))

            lines.append(
                f"{cell:16}{title:16}"
                + f"{get('rmse'):6.2f}{get('bias'):8.2f}{get('quoted'):8.2f}"
                + f"{get('pull_mean'):11.2f}{get('pull_width'):7.2f}"
                + f"{get('toys_ratio'):12.1f}"
            )
    for name in ("site", "study", "next"):
        lines.append(f"{name}: {figures[f'cost.{name}_ms']:.2f} ms")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cumaed", type=Path, required=True)
    args = parser.parse_args()
    seeds = os.environ.get("SEEDS", SEEDS)
    first, _, last = seeds.partition("-")
    result = yardstick.machine(HERE)
    result["seeds"] = int(last or first) - int(first) + 1
    program = args.cumaed.resolve().parent / "tests" / "bench" / "limits"
    result |= measure(program, first, last or first)
    print(table(result))
    if seeds == SEEDS:
        room = HERE.parents[1] / "build" / "bench"
        room.mkdir(parents=True, exist_ok=True)
        (room / "limits.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
