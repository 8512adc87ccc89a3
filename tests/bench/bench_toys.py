# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_toys.py - limits by toys, through the service

Pulls: many seeded studies of two experiments with exact limits, each with eight
processes that throw toys. The quoted errors must be those that the limits have.
Volume: ten million toys in one study, in large tells and in small ones: how
long asks and limits take then, what it needs in memory, and how long a restart
takes. Writes build/bench/toys.json.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "service"))

import harness  # noqa: E402
import experiments  # noqa: E402

EXPERIMENTS = {
    "counting": (experiments.COUNTING, experiments.COUNTING_LIMIT),
    "on_off": (experiments.ON_OFF, experiments.ON_OFF_LIMIT),
}
SIZES = {"counting": (10000, 40000), "on_off": (10000,)}
TOYS = 10_000_000
TELLS = {"large": 50000, "small": 1000}


# ---- pulls ------------------------------------------------------------------


def make_studies(wire, name, size, n):
    """Create n studies that end after so many toys; return their ids."""
    fields = experiments.terms(
        rel_tol=0, max_toys=size, batch_min=300, batch_max=max(500, size // 40))
    return [
        wire.call("POST", "/studies", {"name": f"{name} {size} {i}", **fields})[
            "id"]
        for i in range(n)
    ]


def measure_pulls(service, name, size, n):
    """Return what the limits of n studies are worth."""
    experiment, exact = EXPERIMENTS[name]
    wire = experiments.Wire(service.url, service.token)
    studies = make_studies(wire, name, size, n)
    begun = time.monotonic()
    experiments.crowd(service, [(study, experiment) for study in studies])
    seconds = time.monotonic() - begun
    wire = experiments.Wire(service.url, service.token)  # the other one was idle
    curves = [
        wire.call("GET", f"/studies/{study}/limit")["curves"][0]
        for study in studies
    ]
    away = np.array([curve["limit"] - exact for curve in curves])
    errors = np.array([curve["total_error"] for curve in curves])
    pulls = away / errors
    return {
        "pull_mean": float(np.mean(pulls)),
        "pull_width": float(np.std(pulls, ddof=1)),
        "rmse_percent": float(100 * np.sqrt(np.mean(away**2)) / exact),
        "quoted_percent": float(100 * np.mean(errors) / exact),
        "seconds": seconds,
    }


# ---- volume -----------------------------------------------------------------


def rss_mib(service):
    """Return the memory of the process."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    line = next(x for x in status.splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def timed(call, *arguments):
    """Return the milliseconds of a call, and what it returned."""
    begun = time.perf_counter()
    answer = call(*arguments)
    return 1e3 * (time.perf_counter() - begun), answer


def fill(wire, study, batch, total):
    """Tell so many toys; return the times of asks, tells and limits."""
    path = f"/studies/{study}"
    asks, tells, looks, told = [], [], [], 0
    rng = np.random.default_rng(1)
    while told < total:
        ms, answer = timed(wire.call, "POST", path + "/ask", {})
        asks.append(ms)
        order = answer["trials"][0]
        if order["want"] == "obs":
            body = {"obs": {"q": 2.0 * order["mu"]}}
        else:
            shift = order["mu"] if order["hypothesis"] == "b" else 0.0
            q = rng.normal(np.sqrt(shift), 1, batch) ** 2
            told += batch
            body = {"toys": experiments.encode(q), "wall_s": 1}
        ms, _ = timed(
            wire.call, "POST", f"{path}/trials/{order['number']}/tell", body)
        tells.append(ms)
        if len(tells) % max(1, total // batch // 20) == 0:
            looks.append(timed(wire.call, "GET", path + "/limit")[0])
    return asks, tells, looks


def measure_volume(service, batch, total):
    """Return what a study with many toys costs."""
    wire = experiments.Wire(service.url, service.token)
    before = rss_mib(service)
    fields = experiments.terms(
        rel_tol=0, min_toys=0, max_toys=1000000000, batch_min=batch,
        batch_max=batch, curves=list(experiments.CURVES))
    study = wire.call("POST", "/studies", {"name": f"volume {batch}", **fields})
    begun = time.monotonic()
    asks, tells, looks = fill(wire, study["id"], batch, total)
    seconds = time.monotonic() - begun
    grown = rss_mib(service) - before
    service.terminate()
    service.restart()
    first, _ = timed(experiments.Wire(service.url, service.token).call,
                     "GET", f"/studies/{study['id']}/limit")
    late = asks[len(asks) // 2:]
    return {
        "ask_ms_p50": statistics.median(late),
        "ask_ms_p99": float(np.percentile(late, 99)),
        "tell_ms_p50": statistics.median(tells),
        "limit_ms_max": max(looks),
        "memory_mib": grown,
        "first_limit_after_restart_s": first / 1e3,
        "toys_per_s": total / seconds,
    }


# ---- all of it --------------------------------------------------------------


def show(title, figures):
    """Print one part of the table."""
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<30} {value:12.4g}")


def databases(directory):
    """Yield (name, URL) of fresh databases."""
    yield "sqlite", f"sqlite:{directory / 'cumae.db'}"
    cluster = harness.start_cluster(directory / "postgres")
    try:
        yield "postgresql", cluster.create()
    finally:
        harness.stop_cluster(directory / "postgres")


def main():
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cumaed", required=True)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--toys", type=int, default=TOYS)
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for database, url in databases(directory):
            service = harness.Service(url, directory).start()
            try:
                if database == "sqlite" and options.studies > 1:
                    for what, sizes in SIZES.items():
                        for size in sizes:
                            part = f"{what}_{size}"
                            figures = measure_pulls(
                                service, what, size, options.studies)
                            show(f"{part}, {options.studies} studies", figures)
                            found.update({f"{part}_{key}": value
                                          for key, value in figures.items()})
                for how, batch in TELLS.items():
                    if options.toys < batch:
                        continue
                    figures = measure_volume(service, batch, options.toys)
                    show(f"{options.toys} toys, {batch} in a tell, {database}",
                         figures)
                    found.update({f"{database}_{how}_{key}": value
                                  for key, value in figures.items()})
            finally:
                service.close()
    target = Path("build/bench/toys.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
