# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger.py - thousands of trials among failures, and the books must agree

Usage: ledger.py [--minutes M] [--seed SEED]

Simulated workers work on several studies while services and database are killed
and frozen. In the end the book of the workers must agree with the service,
before and after a restart. Without a seed one is drawn; it is printed, and
makes the workers draw the same again.
"""

import argparse
import contextlib
import os
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))
import harness  # noqa: E402
import ledger_check  # noqa: E402
import ledger_hopaas  # noqa: E402
from ledger_book import Book  # noqa: E402
from ledger_nemesis import Nemesis  # noqa: E402
from ledger_studies import plan  # noqa: E402
from ledger_worker import Worker  # noqa: E402
from lossy_http import LossyHttp  # noqa: E402
from lossy_proxy import LossyProxy  # noqa: E402

LOSE_EVERY = 9  # answers on a wire that loses some


@dataclass
class Size:
    """How much of everything.

    rounds   in each of which every kind of strike comes once or twice
    tells    between two strikes, at most
    scale    of the studies with a budget
    """

    workers: int = 6
    rounds: int = 1
    tells: int = 30
    scale: int = 12


class Ledger:
    """One run: services on a database, studies, workers and their book."""

    def __init__(self, services: list, wires: list, seed: str, size: Size):
        self._wires, self.services = wires, services
        self.seed, self.size = seed, size
        self.book = Book()
        self.rng = random.Random(f"ledger {seed}")
        self.studies = plan(size.scale)
        self._leave = threading.Event()
        self._proxies = [LossyHttp(s.url, LOSE_EVERY) for s in services]
        urls = [s.url for s in services] + [p.url for p in self._proxies]
        self._sweeper = self._worker("sweeper", [services[0].url])
        self._workers = [
            self._worker(f"worker {i}", urls) for i in range(size.workers)
        ]

    def run(self, cluster: Optional[Path]) -> None:
        """Create the studies, work among failures, sweep up and check."""
        for study in self.studies:
            study.seed = self.rng.randrange(1 << 31)
            self._create(study)
        for worker in self._workers:
            worker.start()
        nemesis = Nemesis(self.services, cluster, self._wires, self.rng)
        try:
            for _ in range(self.size.rounds):
                for kind in nemesis.strikes():
                    self._work(self.rng.randint(1, self.size.tells))
                    nemesis.strike(kind)
            self._work(self.size.tells)
        finally:
            self._leave.set()
            for worker in self._workers:
                worker.join()
            for proxy in self._proxies:
                proxy.close()
        self.book.check()
        self._sweep()
        self._check()

    def lines(self) -> str:
        """Return what happened, for people."""
        lost = sum(worker.wire.lost for worker in self._workers)
        cuts = sum(wire.cuts for wire in self._wires)
        refused = sum(worker.wire.refused for worker in self._workers)
        counts = self.book.counts
        return (
            f"{len(self.book.pages)} trials, {counts['tells']} tells and "
            f"{counts['reports']} reports acknowledged, {lost} calls without "
            f"an answer, {refused} refused, {cuts} commits cut"
        )

    # ---- before ----

    def _worker(self, name: str, urls: list) -> Worker:
        return Worker(f"{self.seed} {name}", urls, self.services[0].token,
                      self.studies, self.book, self._leave)

    def _create(self, study) -> None:
        if study.hopaas:
            path = f"/api/ask/{self.services[0].token}"
            answer = self._sweeper.wire.once(path, ledger_hopaas.body_of(study))
            study.id = answer[1]["hopaas_trial"].split(":")[0]
            self.book.unanswered(study.id, 1)  # nobody lives this one
            return
        answer = self._sweeper.wire.call(
            "/api/v1/studies", study.definition(), expect=(201,)
        )
        study.id = answer[1]["id"]

    # ---- meanwhile ----

    def _work(self, tells: int) -> None:
        """Wait until so many more tells were acknowledged."""
        target = self.book.counts["tells"] + tells
        harness.wait_until(
            lambda: self.book.check() and self.book.counts["tells"] >= target,
            f"{tells} tells", timeout_s=2 * harness.PATIENCE_S,
        )

    # ---- afterwards ----

    def _sweep(self) -> None:
        """Wait for the last leases, then work off what is left to do."""
        for study in self.studies:
            harness.wait_until(
                lambda one=study: not self._running(one),
                f"the leases of {study.name}",
            )
            harness.wait_until(
                lambda one=study: self._sweep_some(one), f"all of {study.name}"
            )

    def _running(self, study) -> int:
        path = f"/studies/{study.id}"
        return ledger_check.read(self.services[0], path)["trials"]["running"]

    def _sweep_some(self, study) -> bool:
        """Ask and tell; return whether nothing is left to do."""
        jobs, closed = self._sweeper.ask(study, n=3)
        state = "failed" if study.max_failed else "complete"
        for job in jobs:
            job.tell(None if state == "failed" else job.value(), state)
        if closed and study.widen_to and not study.widened:
            self._sweeper.widen(study)
            return False
        if study.ends:
            return closed
        return any(job.trial["retry_of"] is None
                   and job.trial["sampler"] != "enqueued" for job in jobs)

    def _check(self) -> None:
        """Check what every service says, now and after a restart."""
        first = self._snapshots(self.services[0])
        found = ledger_check.read(self.services[0], "/studies")["studies"]
        names = sorted(study.name for study in self.studies)
        assert sorted(study["name"] for study in found) == names
        for study, seen in zip(self.studies, first, strict=True):
            ledger_check.check(study, seen, self.book)
        for service in self.services[1:]:
            assert self._snapshots(service) == first, "services disagree"
        for service in self.services:
            service.kill()
            service.restart()
            assert self._snapshots(service) == first, "a restart changed it"

    def _snapshots(self, service) -> list:
        return [ledger_check.snapshot(service, s) for s in self.studies]


def start(stack: contextlib.ExitStack, database: str, directory: Path,
          n: int = 1) -> tuple:
    """Start n services on a database; return them and the wires to it.

    A PostgreSQL is reached through wires that can be cut. All end with the
    stack.
    """
    services, wires = [], []
    for _ in range(n):
        token = services[0].token if services else None
        url = database
        if not database.startswith("sqlite:"):
            wires.append(LossyProxy(database))
            stack.callback(wires[-1].close)
            url = wires[-1].url
        one = harness.Service(url, directory, token=token)
        stack.callback(one.close)
        services.append(one.start())
    return services, wires


def drawn_seed() -> str:
    """Return $SEED, or a seed of our own."""
    return os.environ.get("SEED") or str(random.SystemRandom().getrandbits(32))


# ---- the long form ----------------------------------------------------------

LONG = Size(workers=12, rounds=2, tells=100, scale=60)


def rounds(stack: contextlib.ExitStack, directory: Path):
    """Yield (name, services, wires, cluster) of one after another."""
    home = directory / "postgres"
    cluster = harness.start_cluster(home)
    stack.callback(harness.stop_cluster, home)
    while True:
        for name, n in (("SQLite", 1), ("PostgreSQL", 1), ("two instances", 2)):
            with contextlib.ExitStack() as services:
                if name == "SQLite":
                    place = Path(tempfile.mkdtemp(dir=directory))
                    database, mortal = f"sqlite:{place}/cumae.db", None
                else:
                    database, mortal = cluster.create(), home
                yield name, *start(services, database, directory, n), mortal


def main() -> int:
    """Run until the time is up; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", default=drawn_seed())
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        turns = rounds(stack, directory)
        stack.callback(turns.close)
        for turn, (name, services, wires, home) in enumerate(turns):
            seed = f"{given.seed}-{turn}"
            print(f"{name}, SEED={given.seed}, round {turn}", flush=True)
            run = Ledger(services, wires, seed, LONG)
            run.run(home)
            print(f"  {run.lines()}", flush=True)
            if time.monotonic() > until:
                break
    print("the books agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
