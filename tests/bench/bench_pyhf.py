# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_pyhf.py - the limits of a real likelihood, beside those of pyhf itself

Workers of client/examples/pyhf_worker.py fit toys of pyhf's example of two bins
for a service. Then pyhf's own toy calculator throws toys at the limit of each
curve: CLs there should be 0.05 within the errors of both. The asymptotic limits
are compared with pyhf's root finding. Fails beyond 4 standard deviations, or
1e-4. Writes build/bench/pyhf.json.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from statistics import NormalDist

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "client" / "examples"
sys.path[:0] = [str(HERE.parent / "service"), str(EXAMPLES)]

import environment  # noqa: E402

environment.one_thread()
import cumae  # noqa: E402
import harness  # noqa: E402
import numpy as np  # noqa: E402
import pyhf  # noqa: E402
import pyhf_worker  # noqa: E402
import yardstick  # noqa: E402
from pyhf.infer.intervals.upper_limits import toms748_scan  # noqa: E402

SIGMAS = {"exp-1": -1, "exp0": 0, "exp+1": 1, "exp+2": 2}
ALPHA = 0.05
NORMAL = NormalDist()
STUDY = "two bins"


def served(service, workers):
    """Let workers find the limits; return the result and the seconds."""
    variables = {"CUMAE_URL": service.url, "CUMAE_TOKEN": service.token,
                 "CUMAE_SPOOL": "off", **environment.ONE_THREAD}
    command = [sys.executable, "-W", "ignore",
               EXAMPLES / "pyhf_worker.py", "", STUDY]
    begun = time.monotonic()
    running = [
        subprocess.Popen(command, env={**os.environ, **variables},
                         stdout=subprocess.DEVNULL)
        for _ in range(workers)
    ]
    if any([worker.wait() for worker in running]):
        sys.exit("a worker failed")
    with cumae.Client(service.url, service.token, spool=False) as client:
        study = pyhf_worker.open_study(pyhf_worker.TWO_BINS, STUDY, client)
        return study.result(), time.monotonic() - begun


def hypotest(mu, ntoys, seed):
    """Return CLs by pyhf's toys: {curve: CLs}, and CLs+b and CLb of the data."""
    likelihood = pyhf_worker.Likelihood(pyhf_worker.TWO_BINS)
    np.random.seed(seed)
    cls, tails, band = pyhf.infer.hypotest(
        mu, likelihood.data, likelihood.model, *likelihood.fit,
        test_stat="qtilde", calctype="toybased", ntoys=ntoys,
        track_progress=False, return_tail_probs=True,
        return_expected_set=True)
    found = dict(zip(SIGMAS, map(float, band[1:])), obs=float(cls))
    return found, [float(tail) for tail in tails]


def sd_of_log(curve, ntoys, tails):
    """Return the standard deviation of ln CLs of n toys of each hypothesis.

    Of the data from binomial counts; of a quantile of the background as the
    README of the optimizers has it, with densities of the Gaussian limit.
    """
    if curve == "obs":
        # No toy is beyond the data: as if half a one were.
        counted = [max(p, 0.5 / ntoys) for p in tails]
        return math.sqrt(sum((1 - p) / (ntoys * p) for p in counted))
    p_b = NORMAL.cdf(SIGMAS[curve])
    p_sb = ALPHA * p_b
    ratio = NORMAL.pdf(NORMAL.inv_cdf(p_sb)) / NORMAL.pdf(SIGMAS[curve])
    variance = (1 - p_sb) / p_sb + (ratio / p_sb) ** 2 * p_b * (1 - p_b)
    return math.sqrt(variance / ntoys)


def slope(curve, mu):
    """Return d ln CLs / d ln mu at mu, in the asymptotic limit."""
    ends = [asymptotic(mu * factor)[curve] for factor in (0.97, 1.03)]
    return math.log(ends[1] / ends[0]) / math.log(1.03 / 0.97)


def asymptotic(mu):
    """Return pyhf's asymptotic CLs by curve."""
    likelihood = pyhf_worker.Likelihood(pyhf_worker.TWO_BINS)
    cls, band = pyhf.infer.hypotest(
        mu, likelihood.data, likelihood.model, *likelihood.fit,
        test_stat="qtilde", return_expected_set=True)
    return dict(zip(SIGMAS, map(float, band[1:])), obs=float(cls))


def asymptotic_limits():
    """Return pyhf's asymptotic limits by curve."""
    likelihood = pyhf_worker.Likelihood(pyhf_worker.TWO_BINS)
    observed, band = toms748_scan(
        likelihood.data, likelihood.model, 0.0, 5.0, level=ALPHA, rtol=1e-8)
    return dict(zip(SIGMAS, map(float, band[1:])), obs=float(observed))


def compared(curve, known, cls, tails, ntoys):
    """Return how CLs of pyhf at the limit of a curve compares with ALPHA."""
    steep = slope(curve, known["limit"])
    ours = steep * known["total_error"] / known["limit"]
    theirs = sd_of_log(curve, ntoys, tails)
    return {
        "limit": known["limit"], "error": known["total_error"],
        "pyhf_cls": cls, "pyhf_cls_error": cls * theirs,
        "pull": math.log(max(cls, 0.5 / ntoys) / ALPHA)
        / math.hypot(ours, theirs),
    }


def measured(service, workers, ntoys):
    """Return the rows by curve, and numbers of the whole."""
    result, seconds = served(service, workers)
    curves = [name for name in result["asymptotic"] if name in result]
    jobs = [(result[name]["limit"], ntoys, seed)
            for seed, name in enumerate(curves, 1)]
    with get_context("spawn").Pool(workers) as pool:
        tested = pool.starmap(hypotest, jobs)
    rows = {
        name: compared(name, result[name], found[name], tails, ntoys)
        for name, (found, tails) in zip(curves, tested)
    }
    for name, exact in asymptotic_limits().items():
        ours = result["asymptotic"][name]
        rows[name]["asymptotic"] = ours
        rows[name]["asymptotic_difference"] = abs(ours - exact) / exact
    toys = result["toys_used"]
    return rows, {"toys": toys, "seconds": seconds, "status": result["status"]}


def show(rows, whole):
    print(f"{whole['toys']} toys in {whole['seconds']:.0f} s,"
          f" {whole['status']}\n")
    print(f"{'curve':6} {'limit':>8} {'error':>8} {'CLs by pyhf':>18}"
          f" {'pull':>6} {'asymptotic':>11} {'from pyhf':>10}")
    for name, row in rows.items():
        cls = f"{row['pyhf_cls']:.4f} +- {row['pyhf_cls_error']:.4f}"
        print(f"{name:6} {row['limit']:8.4f} {row['error']:8.4f} {cls:>18}"
              f" {row['pull']:6.2f} {row['asymptotic']:11.6f}"
              f" {row['asymptotic_difference']:10.1e}")


def parsed_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--toys", type=int, default=1500,
                        help="of pyhf, per hypothesis and curve")
    return parser.parse_args()


def main():
    arguments = parsed_arguments()
    # pyhf's toy calculator does not work with the newest numpy.
    if not environment.inside("pyhf"):
        client = HERE.parents[1] / "client" / "python"
        try:
            environment.run("pyhf", {"PYTHONPATH": str(client)})
        except subprocess.CalledProcessError:
            return 1
        return 0
    room = Path("build/bench")
    room.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CUMAE_BUILD"] = str(arguments.cumaed.resolve().parent)
        place = Path(folder)
        service = harness.Service(f"sqlite:{place}/cumae.db", place).start()
        try:
            rows, whole = measured(service, arguments.workers, arguments.toys)
        finally:
            service.terminate()
    show(rows, whole)
    figures = {f"{name}.{key}": value for name, row in rows.items()
               for key, value in row.items()}
    numbers = {**yardstick.machine(room), **whole, **figures}
    (room / "pyhf.json").write_text(json.dumps(numbers, indent=1) + "\n")
    worst = max(abs(row["pull"]) for row in rows.values())
    far = max(row["asymptotic_difference"] for row in rows.values())
    return 0 if worst < 4 and far < 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
