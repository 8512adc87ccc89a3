# SPDX-License-Identifier: GPL-3.0-or-later
"""stand_in.py - answers about limits, contours, grids and campaigns

What they are made of is known in closed form, so that tests can derive what
the pages must draw. `serve` puts them in the place of those of the service.
"""

import json
import math
import re
from statistics import NormalDist

NORMAL = NormalDist()
NAMES = ["obs", "exp-2", "exp-1", "exp0", "exp+1", "exp+2"]
ALPHA = 0.05


def proportion(p, n):
    """Return a probability with its error."""
    sd = math.sqrt(p * (1 - p) / n) if n else 1
    return {"p": p, "low": max(p - sd, 0), "high": min(p + sd, 1)}


def point(mu, n, status="ok", **changes):
    """Return a point of a scan whose sigma is 1 and whose muhat is 0.2."""
    p_sb, p_b = 1 - NORMAL.cdf(mu - 0.2), 1 - NORMAL.cdf(-0.2)
    cls = p_sb / p_b
    error = cls * math.sqrt((1 - p_sb) / (n * p_sb) + 1 / n) if n else 0
    expected = [
        (1 - NORMAL.cdf(mu - s)) / NORMAL.cdf(s) for s in range(-2, 3)
    ]
    return {
        "mu": mu, "status": status, "q": (mu - 0.2) ** 2, "q_asimov": mu**2,
        "muhat": 0.2, "n_sb": n, "k_sb": round(n * p_sb), "n_b": n // 2,
        "k_b": round(n / 2 * p_b), "failed": n // 100, "running_sb": 500,
        "running_b": 0, "sb": proportion(p_sb, n), "b": proportion(p_b, n),
        "cls": {"value": cls, "low": cls - error, "high": cls + error,
                "wald": error},
        "expected": [{"cls": one, "low": 0.9 * one, "high": 1.1 * one}
                     for one in expected],
        "asymptotic": {"obs": cls * 1.02, "expected": expected},
        **changes,
    }


def curve(name, limit, **changes):
    """Return a curve with a limit that is precise to 2 %."""
    return {"name": name, "status": "ok", "limit": limit,
            "error": 0.015 * limit, "interpolation": 0.005 * limit,
            "total_error": 0.02 * limit, "precise": True,
            "linear": 1.01 * limit, "asymptotic": 0.99 * limit, **changes}


def limit(points=None, curves=None, **changes):
    """Return the answer of GET .../limit."""
    limits = [2.1, 1.052, 1.412, 1.96, 2.727, 3.656]
    return {
        "study_id": "1", "revision": 7, "poi": "mu", "cl": 0.95,
        "rule": "CLs", "test_stat": "qtilde", "tail": "right",
        "quantiles": "sigma", "expected": "postfit",
        "toy_mode": "frequentist", "status": "running", "detail": None,
        "forecast": {"toys": 12000, "seconds": 5400},
        "toys": {"sb": 30000, "b": 15000, "failed": 300, "negative": 12,
                 "running": 1500, "seconds": 900.0},
        "failures": {"fraction": 0.0066, "flagged": False, "sites": [
            {"site": "cnaf", "toys": 30000, "failed": 100, "negative": 12},
            {"site": "kek", "toys": 15000, "failed": 200, "negative": 0}]},
        "curves": curves or [curve(*one) for one in zip(NAMES, limits)],
        "points": [point(mu, n) for mu, n in zip(
            [0.5, 1.0, 1.5, 1.9, 2.1, 2.4, 3.0, 4.0],
            [1000, 2000, 4000, 9000, 9000, 6000, 2000, 1000])]
        if points is None else points,
        **changes,
    }


def toys(mu, bins, q=3.61):
    """Return the answer of GET .../limit/toys: exponential histograms."""
    edges = [12 * i / bins for i in range(bins + 1)]

    def counts(scale):
        return [round(5000 * (math.exp(-a / scale) - math.exp(-b / scale)))
                for a, b in zip(edges, edges[1:])]

    def side(scale):
        return {"counts": counts(scale), "total": 5000, "failed": 50,
                "overflow": 5000 - sum(counts(scale))}
    return {"mu": mu, "q": q, "edges": edges, "sb": side(1.3), "b": side(3)}


def contour(n=41, curves=("obs", "exp0"), grid=True):
    """Return the answer of GET .../contour: quarters of circles.

    The observed one has a radius of 800 around (200, 0), the expected 700; one
    standard deviation is 20.
    """
    xs = [200 + 1200 * i / (n - 1) for i in range(n)]
    ys = [1390 * i / (n - 1) for i in range(n)]
    radii = dict(zip(curves, [800, 700]))

    def arc(radius):
        angles = [math.pi / 2 * i / 40 for i in range(41)]
        points = [[200 + radius * math.cos(a), radius * math.sin(a)]
                  for a in angles]
        return [{"closed": False,
                 "points": [p for p in points if p[1] <= p[0] - 10]}]
    answer = {
        "study_id": "1", "revision": 7, "x": "m1", "y": "m2",
        "status": "running", "detail": None, "points": 6, "pending": 1,
        "invalid": 1, "fitted": 3, "curves": [
            {"name": name, "area": 0.02 / (i + 1), "converged": i == 1,
             "lines": arc(radii[name]), "inner": arc(radii[name] - 20),
             "outer": arc(radii[name] + 20)}
            for i, name in enumerate(curves)],
    }
    nodes = [(x, y) for y in ys for x in xs]
    if grid:
        answer["grid"] = {
            "x": xs, "y": ys,
            "allowed": [int(y <= x - 10) for x, y in nodes],
            "valid": [1.0] * len(nodes),
            "curves": [{"name": name,
                        "mean": [(math.hypot(x - 200, y) - radii[name]) / 400
                                 for x, y in nodes],
                        "sd": [0.05 + 0.2 * x / 1400 for x, y in nodes]}
                       for name in curves]}
    return answer


def run(i, state="complete", **changes):
    """Return a run of a grid: the i-th of the points of `grid`."""
    return {"point_id": f"p{i}", "params": {"m": 100 * (i % 4), "f": i // 4},
            "meta": None, "replica": 1, "state": state,
            "numbers": [] if state == "missing" else [i], "error": None,
            **changes}


def grid(items):
    """Return the answer of GET .../grid."""
    def of(state):
        return sum(item["state"] == state for item in items)
    return {"study_id": "1", "revision": 7, "points": len(items),
            "replicas": 1, "runs": len(items),
            **{s: of(s) for s in ("complete", "running", "queued", "failed",
                                  "missing")},
            "attempts": sum(len(item["numbers"]) for item in items),
            "items": items, "next": None}


def segment(i, **changes):
    """Return a segment of a campaign, at x = 100 i."""
    scale = 10 / (i + 1)
    factors = [1.07, 0.53, 0.72, 1.0, 1.39, 1.86]
    return {
        "name": f"m{100 * i}", "x": 100.0 * i, "study_id": str(i + 1),
        "kind": "limit", "state": "running", "reason": None,
        "trials": {"total": 20, "complete": 12 + i % 8, "running": 2,
                   "queued": 0, "pruned": 0, "failed": i % 3, "lost": 0,
                   "infeasible": 0, "cancelled": 0},
        "best": None,
        "limits": [curve(n, scale * f) for n, f in zip(NAMES, factors)],
        **changes,
    }


def limits_of(segments):
    """Return the answer of GET /campaigns/{id}/limits."""
    names = ("name", "x", "study_id", "limits")
    return {"campaign_id": "7",
            "segments": [{k: one[k] for k in names} for one in segments]}


def campaign(segments):
    """Return the answer of GET /campaigns/{id}."""
    total = {"total": 0}
    for one in segments:
        for state, n in one["trials"].items():
            total[state] = total.get(state, 0) + n
    return {"id": "7", "name": "HNL masses", "owner": "admin",
            "role": "owner", "axis": "m [GeV]", "notes": "first pass",
            "created": "2026-11-20T10:00:00.000000Z", "progress": total,
            "segments": [{k: v for k, v in one.items() if k != "limits"}
                         for one in segments]}


def serve(page, answers, study=None):
    """Answer GETs whose path (below /api/v1) matches a key of `answers`.

    A value is an answer or a function of the match and of the query. Studies
    are those of the service, with `study` added.
    """
    def handle(route):
        path = route.request.url.split("/api/v1", 1)[1]
        for pattern, answer in answers.items():
            match = re.fullmatch(pattern, path)
            if match and route.request.method == "GET":
                body = answer(match) if callable(answer) else answer
                route.fulfill(status=200, body=json.dumps(body),
                              content_type="application/json")
                return
        if study and re.fullmatch(r"/studies/[^/?]+", path):
            reply = route.fetch()
            route.fulfill(response=reply, json={**reply.json(), **study})
            return
        route.fallback()
    page.route("**/api/v1/**", handle)
