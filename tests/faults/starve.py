# SPDX-License-Identifier: GPL-3.0-or-later
"""starve.py - a service whose n-th allocation fails, for every n

Usage: starve.py

Most of the service takes a lack of memory for the end: it aborts, and whoever
supervises it starts it again. Libraries answer with an error, which becomes a
503 or a connection that ends. Either way the client must see nothing but a call
to be repeated, and nothing that was acknowledged may be lost. `Starved` repeats the calls of a worker, arms
tests/faults/starve.c before each round, and starts the service again when it
has died.
"""

import contextlib
import itertools
import mmap
import random
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))
import harness  # noqa: E402
from crowd import read, trials_of  # noqa: E402
from ledger_wire import PAUSE_S, Wire  # noqa: E402

SPACE = {"x": {"type": "float", "low": 0.0, "high": 1.0},
         "c": {"type": "categorical", "choices": ["a", 1, None, True]}}


def library() -> Optional[Path]:
    """Return the built starve.c; None where a sanitizer brings its malloc."""
    program = harness.binary().read_bytes()
    if b"__asan_init" in program or b"__tsan_init" in program:
        return None
    return harness.binary().parent / "tests" / "faults" / "starve.so"


class Hunger:
    """The countdown of starve.c, in a file that both have mapped."""

    def __init__(self, library: Path, directory: Path):
        path = directory / "countdown"
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library),
                            "CUMAE_STARVE": str(path)}

    def arm(self, n: int) -> None:
        """Let the n-th allocation from now fail; 0: none."""
        struct.pack_into("q", self._map, 0, n)

    def left(self) -> int:
        """Return how many allocations are left; 0 when one has failed."""
        return struct.unpack_from("q", self._map, 0)[0]


class Starved:
    """A worker that does the same round of calls again and again.

    fired  rounds in which an allocation failed
    died   those of which the service did not survive
    """

    def __init__(self, service: harness.Service, hunger: Hunger):
        self.service, self.hunger = service, hunger
        self.fired = self.died = 0
        self._told = {}  # number -> value
        self._brought = {}  # id -> number
        self._wire = Wire([service.url], service.token, random.Random(0),
                          threading.Event())
        self._rounds = 0
        self._study = self._call("/studies", {
            "name": "starved", "space": SPACE,
            "sampler": {"name": "tpe", "seed": 1},
            "pruner": {"name": "median"},
        })["id"]

    def round(self, n: int) -> bool:
        """Do a round in which the n-th allocation fails; return whether."""
        self._rounds += 1
        self.hunger.arm(n)
        self._work()
        fired = self.hunger.left() <= 0
        self.hunger.arm(0)
        self.fired += fired
        return fired

    def check(self) -> None:
        """Assert that all that was acknowledged is there once."""
        trials = trials_of(self.service, self._study)
        assert [t["number"] for t in trials] == list(range(len(trials)))
        assert len(trials) == len(self._told), "a trial too many"
        for number, value in self._told.items():
            assert trials[number]["state"] == "complete", trials[number]
            assert trials[number]["values"] == [value], trials[number]
        for name, number in self._brought.items():
            assert trials[number]["id"] == name, trials[number]
        progress = read(self.service, f"/studies/{self._study}")["trials"]
        assert progress["complete"] == progress["total"] == len(trials)

    def _work(self) -> None:
        at = f"/studies/{self._study}"
        name = f"point {self._rounds}"
        body = {"trials": [{"id": name, "params": {"x": 0.5}}]}
        brought = self._call(f"{at}/trials", body)["trials"]
        self._brought[name] = brought[0]["number"]
        key = f"round {self._rounds}"
        asked = self._call(f"{at}/ask", {"n": 2}, key)["trials"]
        assert len(asked) == 2 and asked[0]["number"] not in self._told
        for trial in asked:
            number, value = trial["number"], trial["params"]["x"]
            one = f"{at}/trials/{number}"
            self._call(f"{one}/report", {"step": 1, "value": value})
            self._call(f"{one}/heartbeat", {})
            told = self._call(f"{one}/tell", {"value": value})
            assert told["values"] == [value], told
            self._told[number] = value
            seen = self._call(one, method="GET")
            assert seen["values"] == [value], seen

    def _call(self, path: str, body=None, key=None, method="POST") -> dict:
        """Repeat a call, over any number of deaths, until it is answered."""
        deadline = time.monotonic() + harness.PATIENCE_S
        while time.monotonic() < deadline:
            answer = self._wire.once(f"/api/v1{path}", body, key, method)
            if answer is not None:
                assert answer[0] in (200, 201), f"{path}: {answer}"
                return answer[1]
            time.sleep(PAUSE_S)
            if self.service.process.poll() is not None:
                self.died += 1
                self.hunger.arm(0)
                self.service.restart()
        raise AssertionError(f"{path}: no answer")


def main() -> int:
    """Starve at every allocation, on both databases."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = harness.start_cluster(directory / "postgres")
        stack.callback(harness.stop_cluster, directory / "postgres")
        hunger = Hunger(library(), directory)
        for database in (f"sqlite:{directory}/cumae.db", cluster.create()):
            service = harness.Service(database, directory,
                                      environment=hunger.environment)
            stack.callback(service.close)
            starved = Starved(service.start(), hunger)
            for n in itertools.count(1):
                if not starved.round(n):
                    break
            starved.check()
            print(f"{database.split(':')[0]}: {starved.fired} allocations "
                  f"failed, {starved.died} times the service died, nothing "
                  "was lost", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
