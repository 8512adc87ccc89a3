# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_hostile.py - what hostile clients take from the ordinary ones

A worker asks and tells in turn on one connection, and every tenth time on a new
one, while clients of tests/bench/hostile.py hold what they can: alone by kind,
then all at once, over plain HTTP and over TLS. Each crowd is compared with the
quiet before and after it. Writes build/bench/hostile.json.
"""

import argparse
import http.client
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "service"))

import harness  # noqa: E402
import yardstick  # noqa: E402

GOAL_RATIO = 2.0
HELD = 4  # undelivered exports of a user (USER_SLOW_HELD in service/main.c)
FRESH = 10  # one cycle in so many is on a new connection
SPACE = {f"x{i}": {"type": "float", "low": 0, "high": 1} for i in range(5)}
FULL = {
    "headers": {"headers": 1000},
    "bodies": {"bodies": 1000},
    "idle": {"idle": 10000},
    "deaf": {"deaf": 50},
    "all": {"headers": 500, "bodies": 500, "idle": 10000, "deaf": 50},
}
QUICK = {"all": {"headers": 100, "bodies": 100, "idle": 300, "deaf": 10}}


def certificate(folder: Path) -> list:
    """Make a certificate; return the settings that use it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-noenc", "-days", "2",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, stderr=subprocess.DEVNULL,
    )
    return ["--tls-certificate", str(folder / "tls.crt"),
            "--tls-key", str(folder / "tls.key")]


class Worker:
    """Asks and tells, and takes the time of the asks."""

    def __init__(self, service, study: str):
        self._service, self._study = service, study
        self._connection = None

    def _open(self):
        address = self._service.url.split("//")[1]
        if self._service.url.startswith("https"):
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(address, context=context)
        return http.client.HTTPConnection(address)

    def _post(self, connection, path: str, body: dict) -> dict:
        headers = {"Authorization": f"Bearer {self._service.token}",
                   "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]}")
        return json.loads(text)

    def work(self, seconds: float) -> dict:
        """Work for a while; return milliseconds: p50, p99, fresh p99."""
        self._connection = self._open()
        took = {False: [], True: []}
        end, n = time.monotonic() + seconds, 0
        path = f"/api/v1/studies/{self._study}"
        while time.monotonic() < end:
            n += 1
            fresh = n % FRESH == 0
            start = time.perf_counter()
            connection = self._open() if fresh else self._connection
            trial, = self._post(connection, f"{path}/ask", {})["trials"]
            took[fresh].append(1000 * (time.perf_counter() - start))
            if fresh:
                connection.close()
            self._post(self._connection, f"{path}/trials/{trial['number']}/tell",
                       {"value": trial["params"]["x0"]})
        self._connection.close()
        return {"p50": quantile(took[False], 0.5),
                "p99": quantile(took[False], 0.99),
                "fresh_p99": quantile(took[True], 0.99), "asks": n}


def quantile(values: list, q: float) -> float:
    """Return a quantile: the smallest value that a share q does not exceed."""
    return round(sorted(values)[min(len(values) - 1, int(q * len(values)))], 3)


@contextmanager
def crowd(service, study: str, sizes: dict):
    """Yield while hostile clients are there; put what they met into sizes."""
    command = [sys.executable, HERE / "hostile.py"]
    command += ["--port", service.url.rsplit(":", 1)[1], "--study", study]
    command += ["--token", service.token]
    command += ["--tls"] if service.url.startswith("https") else []
    for kind, number in sizes.items():
        command += [f"--{kind}", str(number)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    met = {}
    try:
        assert process.stdout.readline() == "ready\n"
        # What the exports cost to make is not what is measured: those of a user
        # that may be undelivered at once are made, the others wait.
        waiting = max(sizes.get("deaf", 0) - HELD, 0)
        harness.wait_until(
            lambda: gauge(service, "requests_in_flight") <= waiting + 1,
            "the exports")
        yield met
    finally:
        out, _ = process.communicate()
        met.update(json.loads(out))


def create_study(service, trials: int) -> str:
    """Make a study with finished trials and large outputs; return its id."""
    definition = {"name": f"hostile {trials}", "space": SPACE,
                  "sampler": {"name": "random"}}
    study = service.api("POST", "/studies", definition).json["id"]
    for _ in range(trials // 100):
        asked = service.api("POST", f"/studies/{study}/ask", {"n": 100}).json
        tells = [{"study_id": study, "number": t["number"], "value": 1.0,
                  "outputs": {"log": "x" * 5000}} for t in asked["trials"]]
        assert service.api("POST", "/tell", {"tells": tells}).status == 200
    return study


def memory_mib(service) -> float:
    """Return what the process has in memory."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1)


def gauge(service, name: str) -> int:
    """Return a number that the service tells of itself."""
    text = service.api("GET", "/metrics").text
    return int(re.search(rf"^cumae_{name} (\d+)", text, re.M)[1])


def connections(service) -> int:
    """Return how many the service says that it has."""
    return gauge(service, "connections")


def measure(service, crowds: dict, seconds: float) -> dict:
    """Return the figures of each crowd, each with the quiet around it."""
    large, small = create_study(service, 1000), create_study(service, 0)
    worker, found = Worker(service, small), {}
    worker.work(1)
    for name, sizes in crowds.items():
        before, memory = worker.work(seconds), memory_mib(service)
        with crowd(service, large, sizes) as met:
            during = worker.work(seconds)
            during["memory_mib"] = round(memory_mib(service) - memory, 1)
            during["connections"] = connections(service)
        harness.wait_until(lambda: connections(service) < 10, "their end")
        after = worker.work(seconds)
        for figure in ("p50", "p99", "fresh_p99"):
            quiet = statistics.mean((before[figure], after[figure]))
            during[f"quiet_{figure}"] = round(quiet, 3)
            during[f"ratio_{figure}"] = round(during[figure] / quiet, 2)
        found[name] = {**during, **met}
        show(name, found[name])
    return found


def show(name: str, row: dict) -> None:
    """Print one row of the table."""
    print(f"{name:14} {row['quiet_p50']:8.2f} {row['p50']:8.2f}"
          f" {row['quiet_p99']:10.2f} {row['p99']:8.2f} {row['ratio_p99']:6.2f}"
          f" {row['quiet_fresh_p99']:10.2f} {row['fresh_p99']:8.2f}"
          f" {row['connections']:8} {row['memory_mib']:8.1f} {row['cut']:7}",
          flush=True)


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cumaed", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--schemes", nargs="+", default=["plain", "tls"])
    parser.add_argument("--max-connections", type=int, default=16384)
    args = parser.parse_args()
    os.environ["CUMAE_BUILD"] = str(args.cumaed.resolve().parent)
    seconds = args.seconds or (2 if args.quick else 10)
    settings = ["--max-connections", str(args.max_connections),
                "--log-level", "error",
                # It takes a while until ten thousand have shaken hands.
                "--idle-s", "600"]
    print(f"{'ms':14} {'p50':>8} {'hostile':>8} {'p99':>10} {'hostile':>8}"
          f" {'ratio':>6} {'fresh p99':>10} {'hostile':>8} {'connect.':>8}"
          f" {'MiB':>8} {'cut':>7}", flush=True)
    result = {}
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        result.update(yardstick.machine(room))
        files = certificate(room)
        for scheme in args.schemes:
            print(scheme)
            service = harness.Service(
                f"sqlite:{room}/{scheme}.db", room, verify=False,
                arguments=[*settings, *(files if scheme == "tls" else [])])
            try:
                service.start()
                crowds = QUICK if args.quick else FULL
                result[scheme] = measure(service, crowds, seconds)
            finally:
                service.close()
    for scheme in args.schemes:
        ratio = result[scheme]["all"]["ratio_p99"]
        met = "met" if ratio <= GOAL_RATIO else "MISSED"
        print(f"{scheme}: p99 with all {ratio} times the quiet one,"
              f" goal <= {GOAL_RATIO}: {met}")
    out = args.cumaed.resolve().parents[1] / "bench" / "hostile.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
