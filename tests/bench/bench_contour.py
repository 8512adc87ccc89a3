# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_contour.py - the area on the wrong side of an exclusion contour

Studies of the plane in tests/service/two_masses.py over HTTP, beside the usual: a
regular grid, and linear interpolation of ln mu_up in its triangles. Eight
workers ask, and always the one that asked first tells and asks again, so the
order is the same in each run. Writes build/bench/contour.json: the mean over
the seeds, in percent.
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "service"))

import harness  # noqa: E402
import two_masses  # noqa: E402
import yardstick  # noqa: E402
from calls import Calls  # noqa: E402

POINTS = (20, 28, 36, 44)
COLUMNS = (7, 9, 12, 15)  # of a regular grid
CHECKED = 20_000
NOISE = 0.05
DESIGNS = {
    "features": {"workers": 8},
    "one_worker": {"workers": 1},
    "no_features": {"workers": 8, "features": []},
    "ln_cls": {"workers": 8, "target": "ln_cls"},
    "noise": {"workers": 8, "noise": NOISE},
}


# ---- ours -------------------------------------------------------------------


def tell(params: dict, design: dict, drawn: random.Random) -> dict:
    """Return what a worker tells of a point."""
    limit = two_masses.limit(params)
    if design.get("target") == "ln_cls":  # s = N events are CLs = exact Poisson
        return {"cls": {"obs": cls(two_masses.S95["obs"] / limit)}}
    noise = design.get("noise", 0)
    limit *= math.exp(noise * drawn.gauss(0, 1))
    return {"mu_up": {"obs": limit}, "err": {"obs": noise * limit}}


def cls(signal: float) -> float:
    """Return CLs of 3 observed events beside 3 expected ones."""

    def below(mean):
        return math.exp(-mean) * sum(
            mean**n / math.factorial(n) for n in range(4))

    return below(signal + 3) / below(3)


def run(calls: Calls, name: str, design: dict, seed: int) -> dict:
    """Return the misclassified percentage after so many results."""
    plan = {"features": design.get("features", two_masses.FEATURES), "seed": seed,
            "target": design.get("target", "ln_mu_up"), "stop_area": 0,
            "max_points": POINTS[-1]}
    study = calls.ok("POST", "/studies", two_masses.definition(
        f"{name} {seed}", **plan), 201)
    drawn, running, told, found = random.Random(seed), [], 0, {}
    while told < POINTS[-1]:
        while len(running) < design["workers"]:
            trials = calls.answer(study)["trials"]
            if not trials:
                break
            running += trials
        trial = running.pop(0)
        calls.tell(trial, **tell(trial["params"], design, drawn))
        told += 1
        if told in POINTS:
            picture = calls.ok(
                "GET", f"/studies/{study['id']}/contour?n=201&grid=1")
            found[told] = 100 * two_masses.misclassified(picture)
    return found


# ---- a regular grid ---------------------------------------------------------


def regular(columns: int) -> dict:
    """Return points, wrong and uncovered percentages of a regular grid.

    Its squares are halved along the diagonal of the plane. An area is covered
    when all corners of its triangle are allowed.
    """
    step = 1200 / (columns - 1)
    nodes = {(i, j): math.log(two_masses.limit(at(i, j, step)))
             for i in range(columns) for j in range(columns + 2)
             if at(i, j, step)["m2"] <= at(i, j, step)["m1"] - 10}
    drawn, seen, wrong, bare = random.Random(1), 0, 0, 0
    while seen < CHECKED:
        m1, m2 = drawn.uniform(200, 1400), drawn.uniform(0, 1390)
        if m2 > m1 - 10:
            continue
        seen += 1
        mean = interpolate(nodes, (m1 - 200) / step, m2 / step)
        if mean is None:
            bare += 1
        else:
            limit = two_masses.limit({"m1": m1, "m2": m2})
            wrong += (mean < 0) != (limit < 1)
    return {"points": len(nodes), "wrong": 100 * wrong / max(1, seen - bare),
            "uncovered": 100 * bare / seen}


def at(i: int, j: int, step: float) -> dict:
    """Return the point of a node."""
    return {"m1": 200 + i * step, "m2": j * step}


def interpolate(nodes: dict, x: float, y: float):
    """Return the value in the triangle around a place, None without one."""
    i, j = int(x), int(y)
    a, b = x - i, y - j
    third = (i + 1, j) if a >= b else (i, j + 1)
    low, high, middle = (nodes.get(key) for key in
                         ((i, j), (i + 1, j + 1), third))
    if low is None or high is None or middle is None:
        return None
    small, large = min(a, b), max(a, b)
    return low * (1 - large) + middle * (large - small) + high * small


# ---- the table --------------------------------------------------------------


def measure(calls: Calls, seeds: int) -> dict:
    """Print the table and return the figures."""
    figures = {"seeds": seeds}
    print("misclassified %    " + "".join(f"{n:>16}" for n in POINTS))
    for name, design in DESIGNS.items():
        rows = [run(calls, name, design, seed) for seed in range(seeds)]
        line = f"{name:19}"
        for n in POINTS:
            values = [row[n] for row in rows]
            mean, most = statistics.mean(values), max(values)
            figures[f"{name}.n{n}_percent"] = round(mean, 4)
            figures[f"{name}.n{n}_most_percent"] = round(most, 4)
            line += f"{mean:8.3f} ({most:5.2f})"
        print(line, flush=True)
    for columns in COLUMNS:
        grid = regular(columns)
        figures[f"grid.n{grid['points']}_percent"] = round(grid["wrong"], 2)
        figures[f"grid.n{grid['points']}_uncovered_percent"] = round(
            grid["uncovered"], 2)
        print(f"regular grid of {grid['points']:3}: {grid['wrong']:.2f},"
              f" {grid['uncovered']:.1f} not covered")
    return figures


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    args = parser.parse_args()
    os.environ["CUMAE_BUILD"] = str(args.cumaed.resolve().parent)
    out = args.cumaed.resolve().parents[1] / "bench" / "contour.json"
    with tempfile.TemporaryDirectory() as folder:
        service = harness.Service(
            f"sqlite:{folder}/cumae.db", Path(folder)).start()
        try:
            figures = {**yardstick.machine(Path(folder)),
                       **measure(Calls(service), args.seeds)}
        finally:
            service.terminate()
            service.close()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
