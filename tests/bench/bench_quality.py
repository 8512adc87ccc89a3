# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_quality.py - how good the points are that our samplers and others find

Runs the matrix problems x samplers x seeds x workers that is not there yet,
ours with the driver (optimize.c), and compares with the stored runs of the
peers. Writes build/bench/quality.json, quality.txt (every cell) and
quality.svg.

Variables: QUICK=1 for about five minutes; PROBLEMS, SAMPLERS, SEEDS and
WORKERS are comma-separated and narrow the matrix, PROBLEMS by names, families
or patterns (bbob_*_d5), SEEDS also as 0-4; HALF=tuning leaves out what is held
out; RESULTS is another file for our rows (to compare two versions); OPTIONS
is name=value,... for our samplers.
"""

import argparse
import fnmatch
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import environment  # noqa: E402

if __name__ == "__main__":
    environment.one_thread()  # before numpy looks
import learning  # noqa: E402
import ours  # noqa: E402
import peers  # noqa: E402
import problems  # noqa: E402
import results  # noqa: E402
import simulate  # noqa: E402

PROBLEMS = {
    problem.name: problem
    for problem in problems.CLASSIC + problems.MIXED + learning.SKLEARN
    + learning.LCBENCH + problems.BBOB
}
TRIALS = {"sklearn": 100}  # of a study, by family; 200 in the others
QUICK = {
    "PROBLEMS": "classic,noisy,mixed,conditional,bbob_f02_d5,bbob_f08_d5,"
    "bbob_f12_d5,bbob_f15_d5,bbob_f21_d5,lcbench",
    "SEEDS": "0-4",
    "WORKERS": "1,16",
}
FULL = {"PROBLEMS": "*", "SEEDS": "0-19", "WORKERS": "1,16"}
ROOM = ROOT / "build" / "bench" / "quality"


# ---- what to run ------------------------------------------------------------


def numbers(text: str) -> list:
    """Return the numbers of "0-3,7"."""
    found = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found


def chosen(patterns: str) -> list:
    """Return the problems that a list of names, families, patterns means."""
    wanted = patterns.split(",")
    return [
        problem
        for problem in PROBLEMS.values()
        if any(
            fnmatch.fnmatch(problem.name, want) or want == problem.family
            for want in wanted
        )
    ]


def serves(sampler: str, space: tuple) -> bool:
    """Is a sampler to be used on a space?"""
    if sampler in peers.PEERS:
        return peers.PEERS[sampler].serves(space)
    return sampler not in ours.CONTINUOUS or peers.continuous(space)


def trials(sampler: str, problem, quick: bool) -> int:
    """Return how many trials a study has."""
    n = TRIALS.get(problem.family, 200)
    if sampler in peers.PEERS:
        n = min(n, peers.PEERS[sampler].n)
    return min(n, 100) if quick else n


def held_out(problem, seed: int) -> bool:
    """Must tuning not look at it?"""
    return problem.held_out or seed % 2 == 1


def plan(settings: dict, samplers: list) -> list:
    """Return (problem, sampler, workers, seed), what matters most first."""
    seeds = numbers(settings["SEEDS"])
    cells = [
        (problem, sampler, workers, seed)
        for problem in chosen(settings["PROBLEMS"])
        for sampler in samplers
        for workers in numbers(settings["WORKERS"])
        for seed in seeds
        if serves(sampler, problem.space)
        and not (settings.get("HALF") == "tuning" and held_out(problem, seed))
    ]
    # Blocks of five seeds; ours with few seeds everywhere beats many somewhere.
    return sorted(cells, key=lambda cell: cell[3] // 5)


# ---- running ----------------------------------------------------------------


class Runner:
    """Runs cells and appends their rows."""

    def __init__(self, rows: results.Rows, program: Path, settings: dict):
        self._rows, self._program = rows, program
        self._quick = bool(settings.get("QUICK"))
        self._options = dict(
            option.split("=") for option in
            filter(None, settings.get("OPTIONS", "").split(","))
        )
        self._version = ours.version(program)
        if self._options:
            self._version += " " + settings["OPTIONS"]

    def version(self, sampler: str) -> str:
        """Return the version of a sampler."""
        if sampler in peers.PEERS:
            return peers.PEERS[sampler].version()
        return self._version

    def missing(self, cells: list) -> list:
        """Return the cells without a row.

        A peer's row counts whatever its version is, ours only if the driver
        has not changed since.
        """
        return [
            cell for cell in cells
            if not self._rows.has(
                (cell[0].name, *cell[1:]),
                "" if cell[1] in peers.PEERS else self._version,
                simulate.length(trials(cell[1], cell[0], self._quick)),
            )
        ]

    def study(self, driver, problem, sampler: str, workers: int, seed: int):
        """Return a new study of any sampler."""
        if sampler in peers.PEERS:
            return peers.PEERS[sampler](problem.space, seed, workers)
        return ours.Study(driver, sampler, problem.space, seed, self._options)

    def run(self, cells: list) -> None:
        """Run cells, one after the other."""
        begun = time.monotonic()
        with ours.Driver(self._program) as driver:
            for i, (problem, sampler, workers, seed) in enumerate(cells):
                study = self.study(driver, problem, sampler, workers, seed)
                n = trials(sampler, problem, self._quick)
                row = {
                    "problem": problem.name,
                    "sampler": sampler,
                    "workers": workers,
                    "seed": seed,
                    "version": self.version(sampler),
                    **simulate.run(problem, study, seed, workers, n),
                }
                self._rows.add(row)
                progress(i + 1, len(cells), begun, row)


def progress(done: int, total: int, begun: float, row: dict) -> None:
    """Say what was done, ten times in all or for each slow study."""
    elapsed = time.monotonic() - begun
    if done % max(total // 10, 1) == 0 or elapsed > 5 * done:
        print(
            f"{done} of {total}, {elapsed:.0f} s: {row['problem']}"
            f" {row['sampler']} {row['workers']} {row['seed']}",
            file=sys.stderr,
        )


def settings_of(environ) -> dict:
    """Return the settings, from the environment over the defaults."""
    settings = dict(QUICK if environ.get("QUICK") else FULL)
    names = ("QUICK", "PROBLEMS", "SAMPLERS", "SEEDS", "WORKERS", "HALF",
             "RESULTS", "OPTIONS")  # fmt: skip
    settings.update({k: environ[k] for k in names if environ.get(k)})
    return settings


def our_samplers(program: Path) -> list:
    """Return those of our samplers that the driver knows."""
    known = []
    with ours.Driver(program) as driver:
        for name in ours.NAMES:
            try:
                ours.Study(driver, name, problems.CLASSIC[0].space, 1)
                known.append(name)
            except ours.Refused:
                pass
    return known


def main() -> None:
    """Run what is missing, print the tables, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--peers", action="store_true",
                        help="run the peers named in SAMPLERS, not ours")
    parser.add_argument("--store", action="store_true",
                        help="add the peers' new rows to the table")
    args = parser.parse_args()
    settings = settings_of(os.environ)
    program = args.cumaed.parent / "tests" / "bench" / "optimize"
    theirs = results.Rows(ROOM / "peers.jsonl")
    if args.store:
        results.store_table(theirs.all())
        families = {problem.name: problem.family for problem in PROBLEMS.values()}
        print(results.coverage(results.load_table(), families))
        return
    if args.peers:
        run_peers(program, settings, theirs)
        return
    names = our_samplers(program)
    if settings.get("SAMPLERS"):
        names = [n for n in names if n in settings["SAMPLERS"].split(",")]
    rows = results.Rows(Path(settings.get("RESULTS", ROOM / "ours.jsonl")))
    runner = Runner(rows, program, settings)
    cells = plan(settings, names)
    runner.run(runner.missing(cells))
    wanted = {(p.name, s, w, seed) for p, s, w, seed in cells}
    found = [row for row in rows.all() if results.key(row) in wanted]
    stored = {results.key(row): row for row in results.load_table()}
    stored.update({results.key(row): row for row in theirs.all()})
    within = {(p.name, w) for p, _, w, _ in cells}
    found += [
        row for row in stored.values()
        if (row["problem"], row["workers"]) in within
    ]
    # The environments of the peers lack what this needs.
    import report

    report.write(found, PROBLEMS, names, ROOM.parent)


def run_peers(program: Path, settings: dict, theirs: results.Rows) -> None:
    """Run the peers that SAMPLERS names, in their own environments."""
    names = settings.get("SAMPLERS", ",".join(peers.PEERS)).split(",")
    for home in sorted({peers.PEERS[name].environment for name in names}):
        here = [name for name in names if peers.PEERS[name].environment == home]
        if not environment.inside(home):
            try:
                environment.run(home, {"SAMPLERS": ",".join(here)})
            except subprocess.CalledProcessError as error:
                print(f"without {', '.join(here)}: {error}", file=sys.stderr)
            continue
        runner = Runner(theirs, program, {})
        stored = {results.key(row) for row in results.load_table()}
        runner.run(
            [
                cell
                for cell in runner.missing(plan(settings, here))
                if (cell[0].name, *cell[1:]) not in stored
            ]
        )


if __name__ == "__main__":
    main()
