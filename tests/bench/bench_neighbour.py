# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_neighbour.py - what one user feels of what another one does

A quiet user asks and tells, one call after the other, while a noisy one does
one kind of thing from many connections. Noise and quiet turns alternate, so
that what the machine does meanwhile hits both alike. The programs that make
the noise run at the lowest priority: it is the service that is measured, not
their share of the processor. Writes build/bench/neighbour.json.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "service"))

import harness  # noqa: E402
import yardstick  # noqa: E402

DATABASES = ("sqlite", "postgresql")
SPACE = {
    f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(5)
}
GOAL = 2  # noisy p99 over quiet p99
PAUSE_S = 0.004


class Wire:
    """One connection of one user."""

    def __init__(self, url: str, token: str):
        parts = urlsplit(url)
        self._http = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=120
        )
        self._token = token

    def call(self, method: str, path: str, body=None):
        """Send a request; return its status and its bytes."""
        headers = {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._http.request(method, f"/api/v1{path}", data, headers)
        answer = self._http.getresponse()
        return answer.status, answer.read()

    def json(self, method: str, path: str, body=None):
        """Send a request that must succeed; return its JSON."""
        status, data = self.call(method, path, body)
        if status not in (200, 201):
            raise RuntimeError(f"{path}: {status} {data[:300]}")
        return json.loads(data)


def point() -> dict:
    """Return a random point."""
    return {name: random.random() for name in SPACE}


def make_study(wire: Wire, name: str, trials: int, sampler="random") -> str:
    """Create a study with so many results; return its id."""
    study = wire.json("POST", "/studies", {
        "name": name, "space": SPACE, "sampler": {"name": sampler},
    })["id"]
    for start in range(0, trials, 1000):
        wire.json("POST", f"/studies/{study}/trials", {"trials": [
            {"params": point(), "values": [random.random()],
             "state": "complete"}
            for _ in range(min(1000, trials - start))
        ]})
    return study


# ---- noises: what one connection does, again and again ----------------------


def exports(wire, studies, _):
    """Download a page of an export."""
    wire.call("GET", f"/studies/{random.choice(studies)}/export?format=jsonl")


def importances(wire, studies, _):
    """Ask for importances of a study that has just changed."""
    study = random.choice(studies)
    asks(wire, [study], _)
    wire.call("GET", f"/studies/{study}/importances")


def lists(wire, studies, _):
    """List a thousand trials, with a filter."""
    wire.call(
        "GET", f"/studies/{random.choice(studies)}/trials?limit=1000"
        f"&order=value&value_max={random.random()}"
    )


def enqueues(wire, _, own):
    """Enqueue a thousand trials."""
    wire.call("POST", f"/studies/{own}/trials", {
        "trials": [{"params": point()} for _ in range(1000)],
    })


def clones(wire, studies, _):
    """Clone a large study."""
    wire.call("POST", f"/studies/{studies[0]}/clone",
              {"name": f"clone {random.random()}"})


def asks(wire, studies, _):
    """Ask and tell."""
    study = random.choice(studies)
    status, data = wire.call("POST", f"/studies/{study}/ask", {})
    trials = json.loads(data).get("trials") if status == 200 else None
    if trials:
        wire.call(
            "POST", f"/studies/{study}/trials/{trials[0]['number']}/tell",
            {"value": random.random()},
        )


def creates(wire, _, __):
    """Create a study."""
    wire.call("POST", "/studies", {
        "name": f"new {random.random()}", "space": SPACE,
    })


@dataclass(frozen=True)
class Noise:
    """A kind of noise."""

    act: callable
    connections: int
    studies: int  # of the noisy user
    trials: int  # in each of them, in the full measurement
    sampler: str = "random"
    quiet: str = "tpe"  # the sampler of the quiet user

    @property
    def name(self) -> str:
        """Return how the table calls it."""
        same = self.act is asks
        return f"asks, {self.sampler}" if same else self.act.__name__


NOISES = (
    Noise(exports, 200, 2, 100000),
    Noise(importances, 16, 8, 10000),
    Noise(lists, 64, 2, 100000),
    Noise(enqueues, 16, 0, 0),
    Noise(clones, 8, 1, 20000),
    Noise(creates, 64, 0, 0),
    Noise(asks, 128, 64, 1000, "tpe"),
    Noise(asks, 64, 32, 100, "gp"),
    Noise(asks, 64, 32, 100, "gp", quiet="gp"),
)


def make_noise(noise: Noise, url, token, studies, loud, stop) -> None:
    """Be a noisy user, while `loud` is set, until `stop` is."""
    os.nice(19)

    def connection(number):
        wire, own = Wire(url, token), None
        while not stop.is_set():
            if not loud.wait(0.1):
                continue
            try:
                if noise.act is enqueues and own is None:
                    own = make_study(wire, f"queue {number}", 0)
                noise.act(wire, studies, own)
            except (OSError, http.client.HTTPException, RuntimeError):
                wire = Wire(url, token)

    for number in range(noise.connections):
        threading.Thread(
            target=connection, args=(number,), daemon=True
        ).start()
    stop.wait()
    os._exit(0)  # whatever its connections wait for


# ---- measuring --------------------------------------------------------------


def listen(wire: Wire, study: str, seconds: float, times: dict) -> None:
    """Ask and tell for so long; add the milliseconds of each call."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        trial = wire.json("POST", f"/studies/{study}/ask", {})["trials"][0]
        asked = time.monotonic()
        wire.json("POST", f"/studies/{study}/trials/{trial['number']}/tell",
                  {"value": trial["params"]["x0"]})
        told = time.monotonic()
        wire.json("GET", f"/studies/{study}")
        times["ask"].append(1000 * (asked - start))
        times["tell"].append(1000 * (told - asked))
        times["look"].append(1000 * (time.monotonic() - told))
        time.sleep(PAUSE_S)


def percentiles(times: dict) -> dict:
    """Return p50 and p99 of each call."""
    return {
        f"{call}_{name}_ms": round(
            sorted(values)[int(len(values) * part)], 3
        )
        for call, values in times.items()
        for name, part in (("p50", 0.5), ("p99", 0.99))
    }


def measure_noise(plan, noise: Noise, service, token: str) -> dict:
    """Measure one kind of noise; return quiet and noisy percentiles."""
    noisy, quiet = Wire(service.url, token), Wire(service.url, service.token)
    mark = f"{noise.name} {random.random()}"
    trials = int(noise.trials * plan.scale)
    studies = [
        make_study(noisy, f"{mark} {i}", trials, noise.sampler)
        for i in range(noise.studies)
    ]
    mine = make_study(quiet, mark, 50, noise.quiet)
    fork = get_context("fork")
    loud, stop = fork.Event(), fork.Event()
    process = fork.Process(
        target=make_noise,
        args=(noise, service.url, token, studies, loud, stop),
    )
    process.start()
    times = {way: {"ask": [], "tell": [], "look": []} for way in (0, 1)}
    listen(quiet, mine, 1, {"ask": [], "tell": [], "look": []})
    for turn in range(2 * plan.turns):
        (loud.set if turn % 2 else loud.clear)()
        # What is under way comes to its end, or begins.
        listen(quiet, mine, plan.settle_s, {"ask": [], "tell": [], "look": []})
        listen(quiet, mine, plan.seconds, times[turn % 2])
    stop.set()
    process.join(10)
    return {"quiet": percentiles(times[0]), "noisy": percentiles(times[1])}


def measure(plan) -> dict:
    """Measure every noise on every database."""
    result = {}
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        result.update(yardstick.machine(room))
        cluster = harness.start_cluster(room / "postgresql")
        try:
            yardstick.make_durable(cluster.url)
            for database in plan.databases:
                for noise in plan.noises:
                    measure_fresh(plan, cluster, database, noise, room, result)
        finally:
            harness.stop_cluster(room / "postgresql")
    return result


def measure_fresh(plan, cluster, database, noise, room, result) -> None:
    """Measure one noise with a service and a database of its own."""
    with tempfile.TemporaryDirectory(dir=room) as here:
        url = f"sqlite:{here}/bench.db"
        if database == "postgresql":
            url = cluster.create()
        service = harness.Service(url, here).start()
        try:
            found = measure_noise(plan, noise, service, service.second_user())
        finally:
            service.kill()
            service.close()
    name = f"{database}.{noise.name}.{noise.quiet}"
    print(line(name, found), file=sys.stderr)
    for way, figures in found.items():
        for figure, value in figures.items():
            result[f"{name}.{way}.{figure}"] = value


# ---- output -----------------------------------------------------------------


def line(name: str, found: dict) -> str:
    """Return a line of the table: quiet and noisy p50/p99 of each call."""
    cells = [f"{name:34}"]
    for call in ("ask", "tell", "look"):
        for way in ("quiet", "noisy"):
            p50, p99 = (found[way][f"{call}_{p}_ms"] for p in ("p50", "p99"))
            cells.append(f"{p50:7.1f}/{p99:7.1f}")
    ratio = found["noisy"]["ask_p99_ms"] / found["quiet"]["ask_p99_ms"]
    cells.append(f"x{ratio:6.1f}{'' if ratio <= GOAL else '  over the goal'}")
    return " ".join(cells)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    scale: float
    turns: int
    settle_s: float
    seconds: float
    databases: tuple = DATABASES
    noises: tuple = NOISES


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument("--noise", help="part of the name of a noise")
    args = parser.parse_args()
    os.environ["CUMAE_BUILD"] = str(args.cumaed.resolve().parent)
    chosen = {
        "databases": (args.database,) if args.database else DATABASES,
        "noises": tuple(n for n in NOISES if (args.noise or "") in n.name),
    }
    plan = (
        Plan(0.1, 2, 0.5, 3, **chosen)
        if args.quick
        else Plan(1, 4, 2, 8, **chosen)
    )
    random.seed(1)
    print(
        f"{'ms: p50/p99':34} {'ask quiet':>15} {'ask noisy':>15}"
        f" {'tell quiet':>15} {'tell noisy':>15} {'look quiet':>15}"
        f" {'look noisy':>15} ask p99",
        file=sys.stderr,
    )
    result = measure(plan)
    ratios = [
        result[name.replace(".quiet.", ".noisy.")] / value
        for name, value in result.items()
        if name.endswith(".quiet.ask_p99_ms")
    ]
    result["median_ratio"] = round(statistics.median(ratios), 2)
    out = args.cumaed.resolve().parents[1] / "bench" / "neighbour.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    print(f"median of noisy over quiet ask p99: {result['median_ratio']}")


if __name__ == "__main__":
    main()
