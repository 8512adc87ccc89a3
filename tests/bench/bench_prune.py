# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_prune.py - epochs saved by pruners against the regret that they cost

Replays recorded learning curves (curves/, replay.py) for our pruners (prune.c)
and, in the same run, for Optuna's (peer_pruners.py). Prints a table, which of
Optuna's pruners have none of ours as good (paired.py), and writes
build/bench/prune.json.

Variables: SEEDS=0-9, WORKERS=1,16, PRUNERS=name,... (ours), PEERS=0 leaves
Optuna out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import environment  # noqa: E402
import figures_prune  # noqa: E402
import paired  # noqa: E402
import replay  # noqa: E402
import yardstick  # noqa: E402

OURS = {
    "nop": "nop",
    "median": "median",
    "median.warmup5": "median n_warmup_steps=5",
    "percentile": "percentile",
    "asha": "asha",
    "asha.factor2": "asha reduction_factor=2",
    "asha.factor4": "asha reduction_factor=4",
    "asha.factor8": "asha reduction_factor=8",
    "hyperband": "hyperband max_resource={epochs}",
    "hyperband.factor4": "hyperband max_resource={epochs} reduction_factor=4",
    "threshold": "threshold upper={bound} n_warmup_steps=10",
    "patient": "patient",
    "median.patience5": "median patience=5",
    "asha.patience5": "asha patience=5",
    "wilcoxon": "wilcoxon",
    "extrapolate": "extrapolate max_resource={epochs}",
    "extrapolate.p05": "extrapolate max_resource={epochs} probability=0.05",
    "extrapolate.p40": "extrapolate max_resource={epochs} probability=0.4",
    "extrapolate.p60": "extrapolate max_resource={epochs} probability=0.6",
    "extrapolate.p70_from4": "extrapolate max_resource={epochs}"
    " probability=0.7 n_min_reports=4",
}

EPOCHS = tuple(task for task in replay.TASKS if task not in replay.MEANS)


class Driver:
    """Our pruners, in a process of their own."""

    def __init__(self, program: Path, studies: list, pruner: str):
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for study in studies:
            words = pruner.format(
                epochs=len(study.drawn[0]), bound=study.bound()
            )
            self._send(f"study {study.cell.seed} {words}\n")

    def _send(self, text: str) -> None:
        self._process.stdin.write(text)

    def decide(self, asked: list) -> list:
        """Answer what replay.run_all asks."""
        for index, (number, step, value, _) in asked:
            self._send(f"{index} {number} {step} {value!r}\n")
        self._send(".\n")
        self._process.stdin.flush()
        return [self._process.stdout.readline() == "1\n" for _ in asked]

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        if self._process.wait(10):
            raise RuntimeError("prune failed")


def numbers(text: str) -> list:
    """Return the numbers of "0-3,7"."""
    found = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found


# ---- running ----------------------------------------------------------------


def ours(program: Path, cells: list, names: list) -> dict:
    """Return the scores of our pruners by name."""
    recorded = {cell.task: replay.curves(cell.task) for cell in cells}
    found = {}
    for name in names:
        studies = [replay.Study.of(c, recorded[c.task]) for c in cells]
        driver = Driver(program, studies, OURS[name])
        found[name] = replay.run_all(studies, driver.decide)
        driver.close()
        print(f"cumae {name}", file=sys.stderr)
    return found


def peers(cells: list) -> list:
    """Return what peer_pruners.py says of Optuna's pruners."""
    done = subprocess.run(
        [environment.python("pruners"), HERE / "peer_pruners.py"],
        input=json.dumps([[c.task, c.workers, c.seed] for c in cells]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **environment.ONE_THREAD},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- figures ----------------------------------------------------------------


def summary(cells: list, scores: list) -> dict:
    """Return the figures of one pruner.

    Per workers and task: medians over the seeds, in percent. Over the tasks with
    epochs: the mean of those; and the mean regret of all their studies, which
    shows what the median hides.
    """
    figures = {}
    for workers in sorted({cell.workers for cell in cells}):
        by_task = {}
        for cell, score in zip(cells, scores, strict=True):
            if cell.workers == workers:
                by_task.setdefault(cell.task, []).append(score)
        for figure in ("saved", "regret"):
            medians = {
                task: 100 * statistics.median(s[figure] for s in found)
                for task, found in by_task.items()
            }
            for task, value in medians.items():
                figures[f"{workers}.{task}.{figure}"] = value
            figures[f"{workers}.{figure}"] = statistics.fmean(
                medians[task] for task in EPOCHS
            )
        figures[f"{workers}.mean_regret"] = 100 * statistics.fmean(
            score["regret"] for task in EPOCHS for score in by_task[task]
        )
    return figures


def table(result: dict, workers: list) -> str:
    """Return saved epochs and regrets in percent, for people.

    A star marks what no other pruner beats in both saved epochs and regret.
    """
    names = figures_prune.pruners_of(result)
    columns = ("saved", "regret", "mean_regret")
    head = "".join(f"{w} workers: saved regret  mean ".rjust(34) for w in workers)
    lines = ["percent".ljust(28) + head]
    best = {w: figures_prune.front(result, names, w) for w in workers}
    for name in names:
        line = name.ljust(28)
        for w in workers:
            saved, regret, mean = (result[f"{name}.{w}.{c}"] for c in columns)
            star = "*" if name in best[w] else " "
            line += f"{saved:20.1f}{regret:7.1f}{mean:6.1f}{star}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cumaed", type=Path, required=True)
    args = parser.parse_args()
    workers = numbers(os.environ.get("WORKERS", "1,16"))
    seeds = numbers(os.environ.get("SEEDS", "0-9"))
    names = os.environ.get("PRUNERS", ",".join(OURS)).split(",")
    cells = [
        replay.Cell(task, w, seed)
        for task in replay.TASKS
        for w in workers
        for seed in seeds
    ]
    result = yardstick.machine(HERE)
    result["seeds"] = len(seeds)
    program = args.cumaed.resolve().parent / "tests" / "bench" / "prune"
    mine, theirs = ours(program, cells, names), {}
    if os.environ.get("PEERS") != "0":
        for row in peers(cells):
            result["versions.optuna"] = row["version"]
            theirs[row["name"]] = row["scores"]
    for house, found in (("cumae", mine), ("optuna", theirs)):
        for name, scores in found.items():
            for key, value in summary(cells, scores).items():
                result[f"{house}.{name}.{key}"] = round(value, 3)
    for key, value in paired.compare(cells, mine, theirs, EPOCHS).items():
        result[key] = round(value, 3) if isinstance(value, float) else value
    print(table(result, workers))
    for w in workers:
        print(f"{w} workers, unmatched:", result[f"unmatched.{w}.names"] or "-")
    if "PRUNERS" not in os.environ and os.environ.get("PEERS") != "0":
        room = HERE.parents[1] / "build" / "bench"
        room.mkdir(parents=True, exist_ok=True)
        (room / "prune.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
