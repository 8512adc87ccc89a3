# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_wire.py - how a simulated worker calls the service

A worker has several ways to the service: every instance, and to each of them
one that loses answers. Each try takes one at random. `once` tries once, like a
job that dies; `call` repeats until there is an answer, like one that does not.
"""

import http.client
import json
import random
import threading
import time
from typing import Any, Optional
from urllib.parse import urlsplit

PATIENCE_S = 60.0
PAUSE_S = 0.03  # between two tries


class Refused(AssertionError):
    """An answer that a worker cannot have deserved."""


class Wire:
    """The ways of one worker; not to be shared between threads.

    lost     how many calls got no answer
    refused  how many were refused for the moment
    """

    def __init__(self, urls: list, token: str, rng: random.Random,
                 leave: threading.Event):
        self.token = token
        self.lost = self.refused = 0
        self._ways = [urlsplit(url).netloc for url in urls]
        self._lines = {}
        self._rng = rng
        self._leave = leave

    def once(self, path: str, body: Any = None, key: Optional[str] = None,
             method: str = "POST") -> Optional[tuple]:
        """Send a request; return (status, JSON), None when nothing came.

        503 is nothing: the service does not say whether it did it.
        """
        way = self._rng.choice(self._ways)
        line = self._lines.pop(way, None)
        try:
            line = line or http.client.HTTPConnection(way, timeout=PATIENCE_S)
            line.request(method, path, json.dumps(body).encode(),
                         self._headers(key))
            answer = line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.lost += 1
            line.close()
            return None
        self._lines[way] = line
        if answer.status == 503:
            assert answer.headers["Retry-After"], "503 without Retry-After"
            self.refused += 1
            return None
        return answer.status, json.loads(text) if text else None

    def call(self, path: str, body: Any = None, key: Optional[str] = None,
             expect: tuple = (200,), method: str = "POST") -> tuple:
        """Repeat a request until it is answered; return (status, JSON)."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self.once(path, body, key, method)
            if answer is None:
                time.sleep(PAUSE_S)
                continue
            if answer[0] not in expect:
                raise Refused(f"{method} {path} {json.dumps(body)[:300]}: "
                              f"{answer[0]} {json.dumps(answer[1])[:600]}")
            return answer
        raise Refused(f"{path}: no answer within {PATIENCE_S:g} s")

    def pause(self, seconds: float) -> None:
        """Wait, unless everybody is to leave."""
        self._leave.wait(seconds)

    def close(self) -> None:
        """End the connections."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def _headers(self, key: Optional[str]) -> dict:
        headers = {"Authorization": f"Bearer {self.token}",
                   "Content-Type": "application/json"}
        return {**headers, "Idempotency-Key": key} if key else headers
