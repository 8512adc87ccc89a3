# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_ask.py - time per ask and memory per trial, next to Optuna

Ours are measured by ask.c: a fit with nothing kept, a suggestion with the model
at hand, the bytes per trial. Optuna is asked in its own environment, in memory;
its studies hold the same kind of results. All is processor time on one core.
Writes build/bench/ask.json.

Variables: SAMPLERS narrows ours and Optuna's; QUICK=1 stops at 1000 trials.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import environment  # noqa: E402

DIMENSIONS = (5, 20)
TRIALS = (100, 1000, 10000, 100000)
FIGURES = ("fit_ms", "ask_ms", "ask_p99_ms", "bytes", "model_bytes")
OPTUNA = {
    "optuna-random": "RandomSampler",
    "optuna-tpe": "TPESampler",
    "optuna-cmaes": "CmaEsSampler",
    "optuna-gp": "GPSampler",
}
# A cell of Optuna is left out when the ones before say that it takes longer.
PATIENCE_S = 120
# The goals are milliseconds for a suggestion, d = 20.
GOALS = {
    "tpe": {100: 0.5, 1000: 3, 10000: 12},
    "gp": {100: 5, 1000: 45, 10000: 40},
    "random": {100: 0.1, 1000: 0.1, 10000: 0.1},
    "cmaes": {100: 0.1, 1000: 0.1, 10000: 0.1},
}


# ---- ours -------------------------------------------------------------------


def measure_ours(program: Path, names: list, trials: tuple) -> dict:
    """Return the figures of our samplers; "all" are all."""
    found = {}
    for n in trials:
        for d in DIMENSIONS:
            for name in names:
                done = subprocess.run(
                    [program, name, str(d), str(n)],
                    stdout=subprocess.PIPE, text=True, check=True,
                )
                found.update(parse(done.stdout))
    return found


def parse(printed: str) -> dict:
    """Return the figures of a table that ask.c printed."""
    found = {}
    for line in printed.splitlines()[1:]:
        sampler, d, n, *numbers = line.split()
        for name, number in zip(FIGURES, map(float, numbers)):
            found[f"{sampler}.d{d}.n{n}.{name}"] = number
    return found


# ---- Optuna -----------------------------------------------------------------


def fill(optuna, study, d: int, n: int) -> None:
    """Give a study n results that crowd around one point, as ask.c does."""
    import numpy as np

    rng = np.random.default_rng(7)
    uniform = optuna.distributions.FloatDistribution(0.0, 1.0)
    distributions = {f"x{k}": uniform for k in range(d)}
    points = 0.37 + rng.normal(size=(n, d)) * np.where(
        np.arange(n) % 4, 0.1, 10.0
    ).reshape(-1, 1)
    wild = (points < 0) | (points > 1)
    points[wild] = rng.uniform(size=wild.sum())
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={f"x{k}": float(u) for k, u in enumerate(point)},
                distributions=distributions,
                value=float(((point - 0.37) ** 2).sum()),
            )
            for point in points
        ]
    )


def loss(params: dict) -> float:
    """Return the value of a point."""
    return sum((u - 0.37) ** 2 for u in params.values())


def ask_optuna(study, d: int) -> float:
    """Return the milliseconds of one ask; what the tell costs is left out."""
    begun = time.process_time()
    trial = study.ask()
    params = {f"x{k}": trial.suggest_float(f"x{k}", 0.0, 1.0) for k in range(d)}
    elapsed = 1e3 * (time.process_time() - begun)
    study.tell(trial, loss(params))
    return elapsed


def optuna_cell(optuna, name: str, d: int, n: int) -> tuple:
    """Return the median of some asks, and the seconds that all of it took."""
    begun = time.process_time()
    sampler = getattr(optuna.samplers, OPTUNA[name])(seed=1)
    study = optuna.create_study(sampler=sampler)
    if name == "optuna-cmaes":
        # Its state is stored with the trials that it suggested itself.
        for _ in range(n):
            ask_optuna(study, d)
    else:
        fill(optuna, study, d, n)
    times = []
    while len(times) < 3 or (len(times) < 30 and sum(times) < 5000):
        times.append(ask_optuna(study, d))
    return statistics.median(times), time.process_time() - begun


def measure_optuna(names: list, trials: tuple) -> dict:
    """Return the figures of Optuna."""
    import warnings

    import optuna

    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = {"versions.optuna": optuna.__version__}
    for name in names:
        for d in DIMENSIONS:
            took = 0.0
            for n in trials:
                if 10 * took > PATIENCE_S:
                    break
                median, took = optuna_cell(optuna, name, d, n)
                found[f"{name}.d{d}.n{n}.ask_ms"] = float(f"{median:.4g}")
                print(f"{name} {d} {n}: {median:.3f} ms", file=sys.stderr)
    return found


# ---- output -----------------------------------------------------------------


def table(figures: dict, trials: tuple) -> str:
    """Return what is printed."""
    names = sorted({key.split(".")[0] for key in figures if ".ask_ms" in key})
    lines = [
        f"{figures['machine']}, {figures['date']}",
        "",
        "ms per ask; of ours with the model at hand (+ the fit of a model)",
        f"{'':16}{'d':>3} " + "".join(f"{f'n={n}':>24}" for n in trials),
    ]
    for name in names:
        for d in DIMENSIONS:
            cells = ""
            for n in trials:
                ask = figures.get(f"{name}.d{d}.n{n}.ask_ms")
                fit = figures.get(f"{name}.d{d}.n{n}.fit_ms")
                text = "" if ask is None else f"{ask:.4g}"
                text += f" (+ {fit:.4g})" if fit else ""
                cells += f"{text:>24}"
            lines.append(f"{name:16}{d:3} {cells}")
    lines += ["", "bytes per trial, and of the model"]
    for key in sorted(figures):
        if key.startswith("random.") and key.endswith(".bytes"):
            lines.append(f"{key:32} {figures[key]:8.0f}")
    return "\n".join([*lines, "", *goals(figures)])


def goals(figures: dict) -> list:
    """Return the lines that say which goals are met."""
    lines = []
    for sampler, wanted in GOALS.items():
        for n, goal in wanted.items():
            name = f"{sampler}.d20.n{n}.ask_ms"
            if name in figures:
                met = "met" if figures[name] <= goal else "MISSED"
                lines.append(
                    f"{name:32} {figures[name]:9.3f}  goal <= {goal}: {met}"
                )
    return lines


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--optuna", type=Path,
                        help="measure Optuna only, and write its figures there")
    args = parser.parse_args()
    trials = TRIALS[:2] if os.environ.get("QUICK") else TRIALS
    wanted = list(filter(None, os.environ.get("SAMPLERS", "").split(",")))
    theirs = [name for name in OPTUNA if name in wanted or not wanted]
    if args.optuna:
        args.optuna.write_text(json.dumps(measure_optuna(theirs, trials)))
        return
    # The environment of Optuna lacks what this needs.
    import yardstick

    room = ROOT / "build" / "bench"
    room.mkdir(parents=True, exist_ok=True)
    figures = yardstick.machine(room)
    names = [name for name in wanted if name not in OPTUNA]
    figures.update(
        measure_ours(
            args.cumaed.parent / "tests" / "bench" / "ask",
            names if wanted else ["all"],
            trials,
        )
    )
    if theirs:
        answer = room / "ask.optuna"
        sys.argv += ["--optuna", str(answer)]
        environment.run("optuna", {})
        figures.update(json.loads(answer.read_text()))
        answer.unlink()
    (room / "ask.json").write_text(
        json.dumps(figures, indent=1, sort_keys=True) + "\n"
    )
    print(table(figures, trials))


if __name__ == "__main__":
    main()
