# SPDX-License-Identifier: GPL-3.0-or-later
"""hopaas_job.py - a job that speaks the Hopaas protocol

It behaves on the wire like the published client: a connection per call, no
Content-Type, the token raw in the path, Python's JSON with its NaN, only
status 200 accepted, the body of should_prune compared with true and false.
"""

import contextlib
import gzip
import http.client
import json
from urllib.parse import urlsplit

TPE = {"name": "TPESampler", "args": {
    "n_startup_trials": 10, "n_ei_candidates": 24, "consider_magic_clip": True,
}}
NOP = {"name": "NopPruner", "args": {}}
MEDIAN = {"name": "MedianPruner", "args": {
    "n_startup_trials": 5, "n_warmup_steps": 0, "interval_steps": 1,
    "n_min_trials": 1,
}}
THRESHOLD = {"name": "ThresholdPruner", "args": {
    "lower": None, "upper": 2, "n_warmup_steps": 0, "interval_steps": 1,
}}
HYPERBAND = {"name": "HyperbandPruner", "args": {
    "min_resources": 1, "max_resources": "auto", "bootstrap_count": 0,
}}


class Refused(Exception):
    """An answer other than 200: it ends a user's job."""

    def __init__(self, status, body):
        super().__init__(status, body)
        self.status, self.body = status, body


def send(server, method, path, body=None, headers=()):
    """One call on a connection of its own; return (status, headers, bytes)."""
    where = urlsplit(server)
    line = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    sent = {
        "User-Agent": "python-requests/2.32.5", "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive",
        **dict(headers),
    }
    try:
        line.request(method, where.path + path, body, sent)
        answer = line.getresponse()
        data = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return answer.status, answer.headers, data
    finally:
        line.close()


def ask_body(title, properties, special=None, direction="minimize",
             sampler=TPE, pruner=NOP):
    """Return the object that an ask sends."""
    config = {"title": title, "direction": direction, "sampler": sampler,
              "pruner": pruner}
    special = {f"_{key}": value for key, value in (special or {}).items()}
    return {**properties, "hopaas_config": config, **special}


class Job:
    """A study as one job sees it."""

    def __init__(self, server, token, title, properties, **config):
        self.server, self.token = server, token
        self.body = ask_body(title, properties, **config)
        self.study_id = None
        self.seen = set()

    def call(self, name, body, headers=()):
        """POST one call; return the text of a 200, raise Refused otherwise."""
        status, _, data = send(
            self.server, "POST", f"/api/{name}/{self.token}",
            json.dumps(body), headers)
        if status != 200:
            raise Refused(status, data)
        return data.decode()

    def ask(self):
        """Ask; return (trial number, properties)."""
        answer = json.loads(self.call("ask", self.body))
        self.study_id, number = answer.pop("hopaas_trial").split(":")
        assert int(number) not in self.seen, "a number came twice"
        self.seen.add(int(number))
        return int(number), answer

    def should_prune(self, number, loss, step):
        """Report; only the bare words true and false are understood."""
        text = self.call("should_prune", {
            "hopaas_trial": f"{self.study_id}:{number}", "loss": loss,
            "step": step})
        assert text.lower() in ("true", "false"), text
        return text.lower() == "true"

    def tell(self, number, loss):
        """Tell the final loss."""
        self.call("tell", {
            "hopaas_trial": f"{self.study_id}:{number}", "loss": loss})

    def fail(self, number):
        """Say that the computation was aborted."""
        self.call("mark_as_failed", {
            "hopaas_trial": f"{self.study_id}:{number}",
            "error": "Computation aborted"})

    def best(self):
        """Return (status, text) of get_best_trial; its number is always 0."""
        status, _, data = send(
            self.server, "GET", f"/api/get_best_trial/{self.token}"
            f"?hopaas_trial={self.study_id}:0")
        return status, data.decode()

    @contextlib.contextmanager
    def trial(self):
        """A trial as the client runs it, with its last calls at the end."""
        number, properties = self.ask()
        trial = Trial(self, number, properties)
        try:
            yield trial
        except Exception:
            trial.losses = []
            raise
        finally:
            if not trial.losses:
                self.fail(number)
            elif not trial.should_prune():
                self.tell(number, float(trial.losses[-1]))


class Trial:
    """What a `with job.trial()` block gets; step counts the losses."""

    def __init__(self, job, number, properties):
        self.job, self.number = job, number
        self.properties = properties
        self.losses = []

    def should_prune(self):
        """Ask about the last loss."""
        step = len(self.losses) - 1
        return bool(self.losses) and self.job.should_prune(
            self.number, float(self.losses[-1]), step)


def race(server, token, title):
    """Run one short trial in a process of its own; return what it got."""
    job = Job(server, token, title, {"x": "optuna#uniform(-50,50)", "y": None})
    with job.trial() as trial:
        for _ in range(5):
            trial.losses.append(trial.properties["x"] ** 2)
            if trial.should_prune():
                break
    return job.study_id, trial.number
