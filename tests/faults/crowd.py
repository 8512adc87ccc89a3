# SPDX-License-Identifier: GPL-3.0-or-later
"""crowd.py - clients that never give up, and what must be true afterwards

A Crowd is a number of threads that ask and tell on one study until they are
told to leave. A request that got no answer, or 503, is sent again with the same
Idempotency-Key until it is answered; whoever breaks the service meanwhile has to
mend it. So in the end every trial in the store belongs to exactly one ask of
the crowd, and every value that was acknowledged is there.
"""

import threading
import time
import uuid

import httpx

PATIENCE_S = 30.0
SPACE = {
    "x": {"type": "float", "low": -1.0, "high": 1.0},
    "n": {"type": "int", "low": 0, "high": 9},
}


def definition(name: str, sampler: str = "random", seed: int = 7) -> dict:
    """Return the definition of a study to work on."""
    return {
        "name": name,
        "objectives": [{"name": "loss", "direction": "minimize"}],
        "space": SPACE,
        "sampler": {"name": sampler, "seed": seed},
    }


def value_of(params: dict) -> float:
    """Return the value that the crowd tells for a point."""
    return (params["x"] - 0.3) ** 2 + params["n"]


class Crowd:
    """Threads that ask and tell on `study`; thread i talks to urls[i % n].

    asked        (number, params) of every ask that was answered
    told         number -> value of every tell that was answered with 200
    refused      how often the answer was 503
    interrupted  how often there was no answer
    """

    def __init__(self, urls: list, token: str, study: str, clients: int = 8):
        self.asked, self.told = [], {}
        self.refused = self.interrupted = 0
        self._study = f"/api/v1/studies/{study}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._lock = threading.Lock()
        self._leave = threading.Event()
        self._failures = []
        self._threads = [
            threading.Thread(target=self._live, args=(urls[i % len(urls)],))
            for i in range(clients)
        ]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def leave(self) -> None:
        """Let everyone finish the present trial; raise what went wrong."""
        self.__exit__()
        if self._failures:
            raise self._failures[0]

    def alive(self) -> bool:
        """Return True; raise when a client has met a wrong answer."""
        if self._failures:
            raise self._failures[0]
        return True

    def _live(self, url: str) -> None:
        try:
            with httpx.Client(base_url=url, headers=self._headers) as client:
                while not self._leave.is_set():
                    self._one_trial(client)
        except Exception as failure:  # for the thread that waits for us
            self._failures.append(failure)

    def _one_trial(self, client: httpx.Client) -> None:
        asked = self._post(client, f"{self._study}/ask", {})
        trial = asked["trials"][0]
        number, value = trial["number"], value_of(trial["params"])
        with self._lock:
            self.asked.append((number, trial["params"]))
        path = f"{self._study}/trials/{number}/tell"
        self._post(client, path, {"value": value})
        with self._lock:
            self.told[number] = value

    def _post(self, client: httpx.Client, path: str, body: dict) -> dict:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = client.post(
                    path, json=body, headers=headers, timeout=PATIENCE_S
                )
            except httpx.TransportError:
                with self._lock:
                    self.interrupted += 1
                time.sleep(0.02)  # between two tries, as a client would
                continue
            if answer.status_code == 200:
                return answer.json()
            if answer.status_code != 503:
                raise AssertionError(
                    f"{path}: {answer.status_code} {answer.text[:400]}"
                )
            assert "retry-after" in answer.headers, "503 without Retry-After"
            with self._lock:
                self.refused += 1
            time.sleep(0.02)
        raise AssertionError(f"{path}: no answer within {PATIENCE_S:g} s")


def read(service, path: str) -> dict:
    """Read below /api/v1; 503 may come once per connection that had died."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = service.api("GET", path)
        if answer.status == 200:
            return answer.json
        assert answer.status == 503, f"{path}: {answer.status} {answer.text}"
        assert time.monotonic() < deadline, f"{path}: {answer.text}"
        time.sleep(0.02)


def trials_of(service, study: str) -> list:
    """Return all trials of a study, page by page, in order of number."""
    trials, cursor = [], None
    while True:
        path = f"/studies/{study}/trials?limit=1000"
        page = read(service, path + (f"&cursor={cursor}" if cursor else ""))
        trials += page["trials"]
        cursor = page["next"]
        if cursor is None:
            return trials


def check(service, study: str, crowd: Crowd) -> None:
    """Assert that the study holds exactly what the crowd was told."""
    trials = trials_of(service, study)
    numbers = [trial["number"] for trial in trials]
    assert numbers == list(range(len(trials))), "numbers are not dense"
    issued = sorted(number for number, _ in crowd.asked)
    assert issued == numbers, "issued twice, or never answered"
    for number, params in crowd.asked:
        assert trials[number]["params"] == params
    for number, value in crowd.told.items():
        assert trials[number]["state"] == "complete"
        assert trials[number]["values"] == [value]
    state = read(service, f"/studies/{study}")
    assert state["trials"]["total"] == len(trials)
    assert state["trials"]["complete"] == len(crowd.told)
    assert state["best"]["value"] == min(crowd.told.values())
