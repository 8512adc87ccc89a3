# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_http.py - ask -> tell cycles over HTTP: cumaed, its limits, a peer

Every figure is the median over rounds; a round measures everything once, on
fresh databases, so that what the machine does meanwhile hits all alike. Client,
service and database share the machine. A study of 1000 trials has them at the
start and grows while it is measured (`trials_end`); the faster service
therefore works on the longer history. Writes build/bench/http.json.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "service"))

import harness  # noqa: E402
import yardstick  # noqa: E402

DATABASES = ("sqlite", "postgresql")
SAMPLERS = ("random", "tpe")
PEER_SAMPLERS = {"random": "RandomSampler", "tpe": "TPESampler"}
SPREAD = 8  # studies that "spread" means
GOAL_RATIO = 100
GOAL_ASK_P99_MS = 20


@dataclass(frozen=True)
class Cell:
    """One thing to measure."""

    sampler: str
    trials: int  # finished ones at the start
    shape: str  # hot: one study; spread: SPREAD studies
    clients: int
    parameters: int = 5

    def name(self, service: str) -> str:
        """Return the prefix of this cell's figures."""
        suffix = "" if self.parameters == 5 else f".p{self.parameters}"
        return (
            f"{service}.{self.sampler}.{self.trials}.{self.shape}"
            f".{self.clients}{suffix}"
        )


@dataclass(frozen=True)
class Plan:
    """How much to measure; windows are (warm-up, measurement) in seconds."""

    cells: tuple
    rounds: int
    window: tuple
    peer_cells: tuple
    peer_rounds: int
    peer_window: tuple
    commit_s: int


FULL = Plan(
    cells=tuple(
        Cell(sampler, trials, "hot", clients)
        for sampler in SAMPLERS
        for trials in (0, 1000)
        for clients in (1, 8, 32, 128)
    )
    + tuple(
        Cell(sampler, trials, "spread", clients)
        for sampler in SAMPLERS
        for trials, clients in ((0, 8), (0, 32), (0, 128), (1000, 32))
    )
    + tuple(Cell(sampler, 1000, "hot", 32, 20) for sampler in SAMPLERS),
    rounds=3,
    window=(0.5, 1.5),
    peer_cells=tuple(
        Cell(sampler, trials, "hot", 32)
        for sampler in SAMPLERS
        for trials in (0, 1000)
    ),
    peer_rounds=2,
    peer_window=(3, 6),
    commit_s=2,
)
QUICK = Plan(
    cells=tuple(
        Cell(sampler, trials, "hot", 32)
        for sampler in SAMPLERS
        for trials in (0, 1000)
    ),
    rounds=1,
    window=(0.5, 1),
    peer_cells=(Cell("random", 0, "hot", 32), Cell("tpe", 1000, "hot", 32)),
    peer_rounds=1,
    peer_window=(3, 4),
    commit_s=1,
)


# ---- studies ----------------------------------------------------------------


def space(parameters: int) -> dict:
    """Return a search space: in five, three floats, a log float and an int."""
    kinds = (
        {"type": "float", "low": 0.0, "high": 1.0},
        {"type": "float", "low": 0.0, "high": 1.0},
        {"type": "float", "low": 0.0, "high": 1.0},
        {"type": "float", "low": 0.001, "high": 1000.0, "log": True},
        {"type": "int", "low": 0, "high": 10},
    )
    return {f"x{i}": kinds[i % 5] for i in range(parameters)}


def value_of(params: dict) -> float:
    """Return the value that load.c tells."""
    return sum((v / (1 + abs(v)) - 0.3) ** 2 for v in params.values())


def hopaas_body(cell: Cell, title: str) -> dict:
    """Return the body of the peer's ask for the same study."""
    kinds = {"int": "optuna#int({low},{high},1,false)"}
    body = {
        name: kinds.get(
            domain["type"],
            "optuna#loguniform({low},{high})"
            if domain.get("log")
            else "optuna#uniform({low},{high})",
        ).format(**domain)
        for name, domain in space(cell.parameters).items()
    }
    body["hopaas_config"] = {
        "title": title,
        "direction": "minimize",
        "sampler": {"name": PEER_SAMPLERS[cell.sampler], "args": {}},
        "pruner": {"name": "NopPruner", "args": {}},
    }
    return body


class Ours(harness.Service):
    """A cumaed with what the load generator wants to know."""

    hopaas = False

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rsplit(":", 1)[1])

    def call(self, method: str, path: str, body=None):
        """Send a request that must succeed; return its JSON."""
        answer = self.api(method, path, body, validate=False)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {answer.text[:400]}")
        return answer.json

    def study(self, cell: Cell, name: str) -> str:
        """Create a study with its finished trials; return its id."""
        definition = {
            "name": name,
            "objectives": [{"name": "loss", "direction": "minimize"}],
            "space": space(cell.parameters),
            "sampler": {"name": cell.sampler},
        }
        study = self.call("POST", "/studies", definition)["id"]
        tells = []
        while len(tells) < cell.trials:
            n = min(100, cell.trials - len(tells))
            asked = self.call("POST", f"/studies/{study}/ask", {"n": n})
            tells += [
                {
                    "study_id": study,
                    "number": trial["number"],
                    "value": value_of(trial["params"]),
                }
                for trial in asked["trials"]
            ]
        if tells:
            self.call("POST", "/tell", {"tells": tells})
        return study


# ---- rounds -----------------------------------------------------------------


class Figures:
    """Samples by name, and their medians."""

    def __init__(self):
        self._samples = {}

    def add(self, prefix: str, measured: dict) -> None:
        """Add one sample of each of several figures."""
        for name, value in measured.items():
            self._samples.setdefault(f"{prefix}.{name}", []).append(value)

    def medians(self) -> dict:
        """Return the median of each; errors are added up instead."""
        return {
            name: sum(values)
            if name.endswith(".errors")
            else round(statistics.median(values), 4)
            for name, values in self._samples.items()
        }


@contextmanager
def fresh(cluster, service: str, directory: Path):
    """Yield the URL of an empty database for one round."""
    with tempfile.TemporaryDirectory(dir=directory) as room:
        if service == "sqlite":
            yield f"sqlite:{room}/bench.db"
            return
        url = cluster.create()
        try:
            yield url
        finally:
            cluster.drop(url)


def measure_ours(args, plan, database: str, url: str, room: Path, figures):
    """Measure every cell once with a fresh cumaed; return its version."""
    # All clients have one address and one user.
    unlimited = ["--requests-per-minute-per-address", "0",
                 "--requests-per-minute", "0"]
    service = Ours(url, room, unlimited).start()
    try:
        version = service.call("GET", "/info").get("version", "unknown")
        for cell in plan.cells:
            name = cell.name(database)
            count = 1 if cell.shape == "hot" else SPREAD
            studies = [service.study(cell, f"{name} {i}") for i in range(count)]
            measured = yardstick.load(
                args.load, service, studies, cell.clients, plan.window
            )
            study = service.call("GET", f"/studies/{studies[0]}")
            measured["trials_end"] = study["trials"]["total"]
            figures.add(name, measured)
            show(name, measured)
        service.terminate()
    finally:
        service.close()
    return version


def measure_commits(plan, url: str, room: Path, figures) -> None:
    """Measure what the bare databases can commit."""
    rate = yardstick.sqlite_commits(room / "commits.db", plan.commit_s)
    figures.add("sqlite.commit.1", {"per_s": rate})
    for clients in (1, 16):
        rate = yardstick.postgres_commits(
            url, room / "commit.sql", clients, plan.commit_s
        )
        figures.add(f"postgresql.commit.{clients}", {"per_s": rate})


def measure_peer(args, plan, url: str, room: Path, figures) -> dict:
    """Measure the peer in every round; return its versions."""
    python = yardstick.peer_python(args.cumaed.parents[1])
    with yardstick.Peer(python, url, room) as peer:
        bodies = {}
        for cell in plan.peer_cells:
            bodies[cell] = room / f"{cell.name('peer')}.json"
            body = hopaas_body(cell, cell.name("peer"))
            bodies[cell].write_text(json.dumps(body))
            if cell.trials:
                peer.manage("fill", bodies[cell], str(cell.trials))
        for _ in range(plan.peer_rounds):
            for cell in plan.peer_cells:
                name = cell.name("peer")
                measured = yardstick.load(
                    args.load, peer, [bodies[cell]], cell.clients,
                    plan.peer_window,
                )
                figures.add(name, measured)
                show(name, measured)
        return peer.versions()


def measure(args, plan: Plan) -> dict:
    """Measure everything; return what http.json holds."""
    figures, result = Figures(), {}
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        result.update(yardstick.machine(room))
        cluster = harness.start_cluster(room / "postgresql")
        try:
            result["versions.postgresql"] = yardstick.make_durable(cluster.url)
            for place in (room, yardstick.data_directory(cluster.url)):
                if yardstick.filesystem(place) == "tmpfs":
                    sys.exit(f"{place} is in memory: commits cost nothing")
            for number in range(plan.rounds):
                print(f"round {number + 1} of {plan.rounds}", file=sys.stderr)
                with fresh(cluster, "postgresql", room) as url:
                    with tempfile.TemporaryDirectory(dir=room) as here:
                        measure_commits(plan, url, Path(here), figures)
                for database in DATABASES:
                    with fresh(cluster, database, room) as url:
                        result["versions.cumaed"] = measure_ours(
                            args, plan, database, url, room, figures
                        )
            with fresh(cluster, "postgresql", room) as url:
                result.update(measure_peer(args, plan, url, room, figures))
        finally:
            harness.stop_cluster(room / "postgresql")
    result.update(figures.medians())
    result.update(ratios(plan, result))
    return result


def ratios(plan: Plan, result: dict) -> dict:
    """Return ours to the peer, and ours to the bare commit rates."""
    found = {}
    bare = {"sqlite": "sqlite.commit.1", "postgresql": "postgresql.commit.16"}
    for database in DATABASES:
        for cell in plan.cells:
            name = cell.name(database)
            rate = result[f"{name}.cycles_per_s"]
            commits = result[f"{bare[database]}.per_s"]
            found[f"{name}.per_commit"] = round(rate / commits, 4)
    for cell in plan.peer_cells:
        peer = result[f"{cell.name('peer')}.cycles_per_s"]
        for database in DATABASES:
            ours = result[f"{cell.name(database)}.cycles_per_s"]
            name = f"{cell.name(database)}.over_peer"
            found[name] = round(ours / peer, 1) if peer else 0.0
    return found


# ---- output -----------------------------------------------------------------


def show(name: str, measured: dict) -> None:
    """Print one measurement as it is made."""
    print(
        f"{name:36} {measured['cycles_per_s']:10.1f} cycles/s"
        f"  ask {measured['ask_p50_ms']:8.2f} {measured['ask_p99_ms']:8.2f}"
        f"  tell {measured['tell_p50_ms']:8.2f} {measured['tell_p99_ms']:8.2f}"
        f"  errors {measured['errors']}",
        file=sys.stderr,
    )


def table(plan: Plan, result: dict) -> str:
    """Return the medians as a table for people."""
    lines = [
        f"{result['machine']}, {result['date']}",
        "",
        f"{'medians':36} {'cycles/s':>9} {'ask p50':>8} {'p99 ms':>8}"
        f" {'tell p50':>8} {'p99 ms':>8} {'x commits':>9} {'errors':>6}",
    ]
    rows = [(d, cell) for d in DATABASES for cell in plan.cells]
    rows += [("peer", cell) for cell in plan.peer_cells]
    for service, cell in rows:
        name = cell.name(service)
        share = result.get(f"{name}.per_commit")
        lines.append(
            f"{name:36} {result[name + '.cycles_per_s']:9.1f}"
            f" {result[name + '.ask_p50_ms']:8.2f}"
            f" {result[name + '.ask_p99_ms']:8.2f}"
            f" {result[name + '.tell_p50_ms']:8.2f}"
            f" {result[name + '.tell_p99_ms']:8.2f}"
            f" {'' if share is None else format(share, '.2f'):>9}"
            f" {result[name + '.errors']:6}"
        )
    lines.append("")
    for name in result:
        if ".commit." in name:
            lines.append(f"{name:36} {result[name]:9.1f}")
    lines.append("")
    return "\n".join(lines + goals(plan, result))


def goals(plan: Plan, result: dict) -> list:
    """Return the lines that say which goals are met."""
    lines = []
    for name, value in result.items():
        if name.endswith(".over_peer"):
            met = "met" if value >= GOAL_RATIO else "MISSED"
            lines.append(
                f"{name:46} {value:9.1f}  goal >= {GOAL_RATIO}: {met}"
            )
    for database in DATABASES:
        name = Cell("tpe", 1000, "hot", 32).name(database) + ".ask_p99_ms"
        met = "met" if result[name] < GOAL_ASK_P99_MS else "MISSED"
        lines.append(
            f"{name:46} {result[name]:9.2f}  goal < {GOAL_ASK_P99_MS}: {met}"
        )
    return lines


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    args.cumaed = args.cumaed.resolve()
    args.load = args.cumaed.parent / "tests" / "bench" / "load"
    os.environ["CUMAE_BUILD"] = str(args.cumaed.parent)
    plan = QUICK if args.quick else FULL
    result = measure(args, plan)
    out = args.cumaed.parents[1] / "bench" / "http.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    print(table(plan, result))


if __name__ == "__main__":
    main()
