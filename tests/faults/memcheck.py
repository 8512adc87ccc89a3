# SPDX-License-Identifier: GPL-3.0-or-later
"""memcheck.py - cumaed under valgrind: no invalid access, nothing lost

Usage: memcheck.py CUMAED [CYCLES]

Runs the service on a SQLite file in a temporary directory, drives ask, report
and tell on a random and a TPE study, the Hopaas face and requests that must be
refused, ends it with SIGTERM and reads valgrind's verdict. OpenBLAS and the
others allocate once and keep it until the end ("still reachable"): that is no
leak.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

START_S = 120  # valgrind is some thirty times slower
STOP_S = 300
SPACE = {
    "a": {"type": "float", "low": 0.0, "high": 1.0},
    "b": {"type": "float", "low": 0.001, "high": 10.0, "log": True},
    "c": {"type": "int", "low": 0, "high": 9},
    "d": {"type": "categorical", "choices": ["x", 1, None, True]},
}
HOPAAS = {
    "x": "optuna#uniform(0,1)",
    "i": "optuna#int(0,10,2,false)",
    "c": "optuna#categorical(a,b c,d)",
    "nested": {"a": [1, None]},
    "_node_name": "n1",
    "hopaas_config": {
        "title": "memcheck",
        "direction": "maximize",
        "sampler": {"name": "TPESampler", "args": {"n_startup_trials": 5}},
        "pruner": {"name": "MedianPruner", "args": {}},
    },
}


class Service:
    """A cumaed under valgrind."""

    def __init__(self, binary: str, directory: Path):
        self.verdict = directory / "valgrind.log"
        self._out = directory / "out"
        with open(self._out, "wb") as out, open(directory / "err", "wb") as log:
            self._process = subprocess.Popen(
                ["valgrind", "--leak-check=full", "--error-exitcode=99"]
                + ["--errors-for-leak-kinds=definite,indirect"]
                + ["--child-silent-after-fork=yes", "--num-callers=30"]
                + [f"--log-file={self.verdict}", binary]
                + ["--listen", "127.0.0.1:0"]
                + ["--database", f"sqlite:{directory}/cumae.db"],
                stdout=out,
                stderr=log,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        url, self.token = self._line("listening on "), self._line("token: ")
        self._client = httpx.Client(base_url=url, timeout=START_S)

    def call(self, method: str, path: str, body=None, expect=200, headers=None):
        """Send a request; fail unless the answer has the expected status."""
        content = body if isinstance(body, bytes) else None
        if body is not None and content is None:
            content = json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        answer = self._client.request(
            method, path, content=content, headers=given
        )
        if answer.status_code != expect:
            raise AssertionError(
                f"{method} {path}: {answer.status_code} instead of {expect}:"
                f" {answer.text[:500]}"
            )
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.json() if is_json and answer.content else answer.text

    def stop(self) -> int:
        """Send SIGTERM; return the exit status."""
        self._client.close()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(STOP_S)

    def close(self) -> None:
        """End the process whatever happened."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _line(self, label: str) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            for line in self._out.read_text().splitlines():
                if line.startswith(label):
                    return line[len(label) :].strip()
            if self._process.poll() is not None:
                raise AssertionError(f"ended:\n{self.verdict.read_text()}")
            time.sleep(0.05)
        raise AssertionError(f"waited {START_S} s for '{label}'")


def drive_study(service: Service, sampler: str, cycles: int) -> None:
    """Ask, report and tell on a study of its own; a tenth of them fail."""
    definition = {
        "name": sampler,
        "objectives": [{"name": "loss", "direction": "minimize"}],
        "space": SPACE,
        "sampler": {"name": sampler},
        "pruner": {"name": "median"},
    }
    study = service.call("POST", "/api/v1/studies", definition, expect=201)
    at = f"/api/v1/studies/{study['id']}"
    for i in range(cycles):
        key = {"Idempotency-Key": f"{sampler}-{i}"}
        asked = service.call("POST", f"{at}/ask", {}, headers=key)
        number, params = (asked["trials"][0][k] for k in ("number", "params"))
        value = (params["a"] - 0.3) ** 2 + params["b"] / 10
        trial = f"{at}/trials/{number}"
        report = {"step": 0, "value": value}
        service.call("POST", f"{trial}/report", report)
        if i % 10 == 9:
            told = {"state": "failed", "error": "out of luck"}
        else:
            told = {"value": value}
        service.call("POST", f"{trial}/tell", told)
    service.call("GET", f"{at}/best")
    service.call("GET", f"{at}/trials?limit=100&order=desc")
    service.call("GET", f"{at}/trials/0")


def drive_hopaas(service: Service, cycles: int) -> None:
    """Work as the Hopaas client does."""
    token = service.token
    for i in range(cycles):
        asked = service.call("POST", f"/api/ask/{token}", HOPAAS)
        trial = {"hopaas_trial": asked["hopaas_trial"]}
        if i % 10 == 9:
            failed = {**trial, "error": "Computation aborted"}
            service.call("POST", f"/api/mark_as_failed/{token}", failed)
            continue
        report = {**trial, "loss": asked["x"], "step": 0}
        stop = service.call("POST", f"/api/should_prune/{token}", report)
        if str(stop).lower() == "false":
            told = {**trial, "loss": asked["x"]}
            service.call("POST", f"/api/tell/{token}", told)
    nan = b'{"hopaas_trial": "%s", "loss": NaN}'
    asked = service.call("POST", f"/api/ask/{token}", HOPAAS)
    told = nan % asked["hopaas_trial"].encode()
    service.call("POST", f"/api/tell/{token}", told)
    service.call("GET", "/api/version")


def drive_refusals(service: Service) -> None:
    """Send what must be refused, for the paths that clean up after errors."""
    studies = "/api/v1/studies"
    low_above_high = {
        "name": "bad",
        "objectives": [{"name": "loss", "direction": "minimize"}],
        "space": {"a": {"type": "float", "low": 3, "high": 1}},
    }
    for _ in range(5):
        service.call("POST", studies, b'{"name": ', expect=400)
        service.call("POST", studies, b"\x00\xff[", expect=400)
        service.call("POST", studies, {"nonsense": 1}, expect=400)
        service.call("POST", studies, low_above_high, expect=422)
        service.call("GET", f"{studies}/nowhere", expect=404)
        service.call("POST", f"{studies}/nowhere/ask", {}, expect=404)
        service.call("PUT", studies, {}, expect=405)
        stranger = {"Authorization": "Bearer cum_nobody"}
        service.call("GET", studies, expect=401, headers=stranger)


def verdict(text: str) -> list:
    """Return valgrind's complaints: errors, and lost blocks."""
    found = [
        f"{kind} lost: {count} bytes"
        for kind, count in re.findall(
            r"(definitely|indirectly) lost: ([\d,]+) bytes", text
        )
        if count != "0"
    ]
    errors = re.search(r"ERROR SUMMARY: ([\d,]+) errors", text)
    if errors is None:
        found.append("no summary")
    elif errors.group(1) != "0":
        found.append(f"{errors.group(1)} errors")
    return found


def main(arguments: list) -> int:
    """Run it all; return the exit status."""
    if len(arguments) not in (1, 2):
        sys.exit("usage: memcheck.py CUMAED [CYCLES]")
    cycles = int(arguments[1]) if len(arguments) == 2 else 1000
    with tempfile.TemporaryDirectory() as name:
        service = Service(arguments[0], Path(name))
        try:
            drive_study(service, "random", cycles * 4 // 10)
            drive_study(service, "tpe", cycles * 4 // 10)
            drive_hopaas(service, cycles * 2 // 10)
            drive_refusals(service)
            status = service.stop()
        finally:
            service.close()
        text = service.verdict.read_text()
    found = verdict(text)
    if status != 0:
        found.append(f"exit status {status}")
    if found:
        print(text)
        print(f"memcheck: {cycles} cycles: {', '.join(found)}")
        return 1
    print(f"memcheck: {cycles} cycles, no error, nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
