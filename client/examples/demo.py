#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""demo.py - watch eight workers tune a classifier through the service

Starts cumaed on a free port (or uses the one at --url), then starts tune.py
eight times, as a batch system would, and prints a line per trial that ends. The
study stays in the database; the end says how to look at it again.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import cumae
from tune import open_study

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
START_S = 60.0


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0].split(" - ")[1])
    parser.add_argument("--cumaed", default=ROOT / "build/release/cumaed",
                        type=Path, help="the service to start")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--data", type=Path, default=ROOT / "build/demo",
                        help="folder of the database, token and log")
    parser.add_argument("--database", help="default: a SQLite file in --data")
    parser.add_argument("--url", help="use this service; start none")
    parser.add_argument("--token", help="default: the one kept in --data")
    parser.add_argument("--keep", action="store_true",
                        help="leave the service running until Ctrl-C")
    return parser.parse_args()


class Service:
    """A cumaed of our own; its address, token and sign-in link."""

    def __init__(self, cumaed, database, data):
        data.mkdir(parents=True, exist_ok=True)
        self.database, self.data = database, data
        self.stdout = data / "cumaed.out"
        with open(self.stdout, "wb") as out, \
                open(data / "cumaed.log", "ab") as log:
            # A session of its own: Ctrl-C is for the demo, which ends both.
            self.process = subprocess.Popen(
                [cumaed, "--listen", "127.0.0.1:0", "--database", database],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                start_new_session=True)
        self.url = self._awaited("listening on")
        self.sign_in = self._line("sign in:")
        self.token = self._kept_token(self._line("token:"))

    def stop(self):
        """Let the service drain and end."""
        self.process.terminate()
        self.process.wait()

    def _line(self, label):
        found = re.search(f"^{label} (.+)$", self.stdout.read_text(), re.M)
        return found and found.group(1)

    def _awaited(self, label):
        deadline = time.monotonic() + START_S
        while not self._line(label):
            if self.process.poll() is not None:
                sys.exit(f"cumaed did not start: see {self.data}/cumaed.log")
            if time.monotonic() > deadline:
                self.stop()
                sys.exit(f"cumaed was not up after {START_S:g} s")
            time.sleep(0.02)
        return self._line(label)

    def _kept_token(self, printed):
        """Keep the token: a database prints it once, at its first start."""
        path = self.data / "token"
        if printed:
            path.touch(mode=0o600)
            path.write_text(printed + "\n")
        return path.read_text().strip() if path.exists() else None


def start_workers(count, study, trials, environment):
    command = [sys.executable, HERE / "tune.py", study, str(trials)]
    # One thread each: the workers share the machine, not each model all of it.
    environment = {**os.environ, **environment, "OMP_NUM_THREADS": "1"}
    return [subprocess.Popen(command, env=environment) for _ in range(count)]


def watch(study, workers):
    """Print a line per ended trial until the workers have ended."""
    shown, best = set(), None
    while True:
        working = any(worker.poll() is None for worker in workers)
        ended = [t for t in study.trials() if t.ended and t.number not in shown]
        for trial in sorted(ended, key=lambda t: t.ended):
            shown.add(trial.number)
            if trial.state == "complete":
                best = max(trial.value, best or trial.value)
            print_trial(trial, best)
        if not working:
            return len(shown)
        time.sleep(0.3)


def print_trial(trial, best):
    value = "-" if trial.value is None else f"{trial.value:.5f}"
    so_far = "-" if best is None else f"{best:.5f}"
    print(f"trial {trial.number:4d}  {trial.state:9s}  AUC {value:8s}"
          f"  best {so_far}", flush=True)


def print_best(study):
    best = study.best
    if best is None:
        print("no trial was completed")
        return
    print(f"\nbest: trial {best.number}, AUC {best.value:.5f}")
    for name, value in best.params.items():
        shown = f"{value:.6g}" if isinstance(value, float) else value
        print(f"  {name:20s} {shown}")


def run(url, token, arguments):
    """Tune; return whether all trials ended and all workers were content."""
    os.environ["CUMAE_URL"] = url
    environment = {"CUMAE_URL": url}
    if token:
        os.environ["CUMAE_TOKEN"] = environment["CUMAE_TOKEN"] = token
    name = time.strftime("breast cancer %Y-%m-%d %H:%M:%S")
    study = open_study(name, arguments.trials)
    print(f"study:        {url}/#/study/{study.id}\n", flush=True)
    workers = start_workers(
        arguments.workers, name, arguments.trials, environment)
    try:
        ended = watch(study, workers)
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()
    print_best(study)
    return ended >= arguments.trials and not any(w.returncode for w in workers)


def with_service(arguments):
    data = arguments.data.resolve()
    database = arguments.database or f"sqlite:{data / 'cumae.db'}"
    service = Service(arguments.cumaed, database, data)
    print(f"service:      {service.url}")
    print(f"database:     {database}")
    if service.sign_in:
        print(f"sign in:      {service.sign_in}")
    print(f"access token: in {data / 'token'}")
    try:
        good = run(service.url, arguments.token or service.token, arguments)
        if arguments.keep:
            print("\nthe service runs until Ctrl-C")
            service.process.wait()
    finally:
        service.stop()
    print(f"\nto look again: {os.path.relpath(arguments.cumaed)}"
          f" --database '{database}'")
    return good


def main():
    arguments = parsed_arguments()
    try:
        if arguments.url:
            good = run(arguments.url.rstrip("/"), arguments.token, arguments)
        else:
            good = with_service(arguments)
    except KeyboardInterrupt:
        return 130
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
