# SPDX-License-Identifier: GPL-3.0-or-later
"""experiments.py - workers of limit studies that throw real toys

The experiment counts n events where mu s + gamma b are expected. gamma is 1, or
known from m events in a control region where gamma tau are expected ("on/off").
All maximum-likelihood estimates have closed forms. Toys are thrown at the
conditional estimates of the data, and the statistic is q~_mu, equation 16 of
Cowan et al., arXiv:1007.1727.
"""

import base64
import http.client
import json
import math
import time
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Optional
from urllib.parse import urlsplit

import numpy as np


def deviance(n, expected):
    """Return 2 (expected - n + n ln(n / expected))."""
    ratio = np.where(n > 0, n / expected, 1)
    return 2 * (expected - n + n * np.log(ratio))


@dataclass(frozen=True)
class Experiment:
    """Data and expectations; tau None: the background is known."""

    s: float
    b: float
    n: float
    tau: Optional[float] = None
    m: float = 0

    def gamma(self, n, m, mu):
        """Return the best background factor for a given mu."""
        if self.tau is None:
            return np.ones_like(np.asarray(n, dtype=float))
        s, b, tau = self.s, self.b, self.tau
        a = b * (b + tau)
        linear = mu * s * (b + tau) - b * (n + m)
        constant = -m * mu * s
        root = np.sqrt(linear * linear - 4 * a * constant)
        return np.where(
            linear < 0,
            (root - linear) / (2 * a),
            -2 * constant / np.where(linear + root > 0, linear + root, 1),
        )

    def q(self, n, m, mu):
        """Return q~_mu of counts."""
        n, m = np.asarray(n, dtype=float), np.asarray(m, dtype=float)
        fixed = self.gamma(n, m, mu)
        if self.tau is None:
            best, muhat = np.ones_like(n), (n - self.b) / self.s
        else:
            best = m / self.tau
            muhat = (n - best * self.b) / self.s
            best = np.where(
                muhat < 0, (n + m) / (self.b + self.tau), best
            )
        free = np.maximum(muhat, 0) * self.s + best * self.b
        q = deviance(n, mu * self.s + fixed * self.b)
        q = q - deviance(n, np.where(free > 0, free, 1e-300))
        if self.tau is not None:
            q = q + deviance(m, np.where(fixed > 0, fixed, 1) * self.tau)
            q = q - deviance(m, np.where(best > 0, best, 1e-300) * self.tau)
        return np.where(muhat > mu, 0.0, np.maximum(q, 0))

    def observe(self, mu):
        """Return what a worker tells of the data."""
        muhat = (self.n - self.b) / self.s
        asimov = self.b if self.tau is None else self.b * self.gamma(
            self.n, self.m, 0)
        control = 0 if self.tau is None else self.tau * self.gamma(
            self.n, self.m, 0)
        return {
            "q": float(self.q(self.n, self.m, mu)),
            "q_asimov": float(self.q(asimov, control, mu)),
            "muhat": muhat,
            "context": {"gamma_mu": float(self.gamma(self.n, self.m, mu))},
        }

    def throw(self, order):
        """Return the statistics of the toys that are ordered."""
        b = order["hypothesis"] == "b"
        rng = np.random.default_rng([order["seed"], int(b)])
        mu = 0 if b else order["mu"]
        gamma = float(self.gamma(self.n, self.m, mu))
        size = order["ntoys"]
        n = rng.poisson(mu * self.s + gamma * self.b, size)
        m = rng.poisson(gamma * (self.tau or 0), size)
        if order["mu_eval"] is None:
            return self.q(n, m, order["mu"])
        return np.stack([self.q(n, m, at) for at in order["mu_eval"]], axis=1)


CURVES = ("obs", "exp-2", "exp-1", "exp0", "exp+1", "exp+2")
COUNTING = Experiment(s=3, b=3, n=3)
ON_OFF = Experiment(s=6, b=9, n=9, tau=9, m=9)
COUNTING_LIMIT = 1.798483  # exact: 5.395450 / 3
ON_OFF_LIMIT = 1.48152  # by enumeration of all counts


def encode(q):
    """Return an array as a tell holds it."""
    q = np.ascontiguousarray(q, dtype="<f8")
    text = base64.b64encode(q.tobytes()).decode()
    return {"q_b64": text, "shape": list(q.shape)}


def result(experiment, order):
    """Return what a good worker tells of an order."""
    if order["want"] == "obs":
        return {"obs": experiment.observe(order["mu"]), "wall_s": 0.001}
    q = experiment.throw(order)
    return {"toys": encode(q), "wall_s": 1e-6 * order["ntoys"]}


def terms(**fields):
    """Return a definition of a limit study, but for its name."""
    standard = {"low": 0, "high": 4, "curves": ["obs"]}
    return {"kind": "limit", "limit": {**standard, **fields}}


def finite(value):
    """Return whether no number in some JSON is NaN or infinite."""
    if isinstance(value, dict):
        return all(finite(one) for one in value.values())
    if isinstance(value, list):
        return all(finite(one) for one in value)
    return not isinstance(value, float) or math.isfinite(value)


class Wire:
    """One connection of one worker; every call must succeed."""

    def __init__(self, url, token):
        parts = urlsplit(url)
        self._http = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=120)
        self._token = token

    def call(self, method, path, body=None):
        """Send a request and return its JSON."""
        headers = {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._http.request(method, f"/api/v1{path}", data, headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {text[:300]}")
        return json.loads(text)


def work_off(wire, study, experiment, site=None):
    """Work for a study until it is finished."""
    path = f"/studies/{study}"
    while True:
        answer = wire.call(
            "POST", path + "/ask", {"worker": {"site": site}})
        for order in answer["trials"]:
            wire.call("POST", f"{path}/trials/{order['number']}/tell",
                      result(experiment, order))
        if answer["trials"]:
            continue
        if answer["reason"] != "waiting_for_data":
            return
        time.sleep(0.002)


def live(url, token, jobs, site):
    """Work for one study after the other: the life of a process."""
    wire = Wire(url, token)
    for study, experiment in jobs:
        work_off(wire, study, experiment, site)


def crowd(service, jobs, workers=8):
    """Let processes work for the studies of jobs, [(id, experiment)]."""
    context = get_context("fork")
    processes = [
        context.Process(target=live, args=(
            service.url, service.token, jobs, f"site {i % 3}"))
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    failed = [p.exitcode for p in processes if p.exitcode]
    if failed:
        raise RuntimeError(f"workers ended with {failed}")
