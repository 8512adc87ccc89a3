# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_nemesis.py - kills what the workers rely on, and mends it

It ends only processes that it was given: services of the harness, and a private
PostgreSQL cluster with tests/postgres.sh.
"""

import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Optional

import harness
from lossy_proxy import ANSWER, REQUEST

SCRIPT = harness.ROOT / "tests" / "postgres.sh"
TIMEOUT_S = 120


class Nemesis:
    """Kills and freezes services and the database, and cuts commits.

    services  of the harness
    cluster   the folder of the PostgreSQL cluster, or None
    wires     LossyProxys between the services and the cluster
    """

    def __init__(self, services: list, cluster: Optional[Path], wires: list,
                 rng: random.Random):
        self._services, self._cluster = services, cluster
        self._wires, self._rng = wires, rng

    def strikes(self) -> list:
        """Return each kind of strike, in an order of its own."""
        kinds = [self._kill_service, self._kill_service, self._freeze]
        if self._cluster:
            kinds += [self._kill_database, self._kill_all]
        kinds += [self._cut] * 2 * len(self._wires)
        self._rng.shuffle(kinds)
        return kinds

    def strike(self, kind) -> None:
        """Do it, at a random moment."""
        time.sleep(self._rng.uniform(0, 0.02))
        kind()

    def _kill_service(self) -> None:
        service = self._rng.choice(self._services)
        service.kill()
        time.sleep(self._rng.uniform(0, 0.2))
        service.restart()

    def _kill_database(self) -> None:
        self._postgres("kill9")
        time.sleep(self._rng.uniform(0, 0.2))
        self._postgres("restart")

    def _kill_all(self) -> None:
        service = self._rng.choice(self._services)
        service.kill()
        self._kill_database()
        service.restart()

    def _freeze(self) -> None:
        """Stop a service in the middle of whatever it does, for a while."""
        service = self._rng.choice(self._services)
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(self._rng.uniform(0.1, 1.2))
        service.process.send_signal(signal.SIGCONT)

    def _cut(self) -> None:
        """Break a wire around the next commit."""
        where = self._rng.choice((REQUEST, ANSWER))
        self._rng.choice(self._wires).arm(where, self._rng.randint(-10, 30))

    def _postgres(self, command: str) -> None:
        subprocess.run([SCRIPT, command, self._cluster], check=True,
                       timeout=TIMEOUT_S)
