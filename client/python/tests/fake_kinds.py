# SPDX-License-Identifier: MIT
"""fake_kinds.py - what the fake service does for limit and contour studies

A limit study orders the data and toys of both hypotheses in turn at three values
of mu, and has converged when `max_toys` were told. A contour study draws points,
and has converged when `max_points` were told.
"""

import base64
import math
import struct

CURVES = ["obs", "exp-2", "exp-1", "exp0", "exp+1", "exp+2"]
LIMIT = {"poi": "mu", "cl": 0.95, "rule": "CLs", "curves": CURVES,
         "max_toys": 2000, "batch_max": 500, "context": None,
         "share_b": False, "limits": {}}
CONTOUR = {"target": "ln_mu_up", "curves": ["obs"], "cl": 0.95,
           "max_points": 5}


def completed(definition):
    """Return a definition with what the service adds to it."""
    kind = definition.get("kind", "hpo")
    if kind == "limit":
        limit = {**LIMIT, **definition["limit"]}
        return {**definition, "limit": limit, "space": {}, "objectives": [{}]}
    if kind == "contour":
        contour = {**CONTOUR, **definition["contour"]}
        return {**definition, "contour": contour, "objectives": [{}]}
    return definition


def counted(study, *states):
    return [t for t in study["list"] if t["state"] in states]


def toys(study, *states):
    """Return how many toys the orders in these states have."""
    return sum(len(t["q"]) if t["state"] == "complete" else t["ntoys"] or 0
               for t in counted(study, *states))


def reason(study):
    """Return why nothing is handed out, or None."""
    if study["kind"] == "limit":
        most = study["limit"]["max_toys"]
        if toys(study, "complete") >= most:
            return "converged"
        if toys(study, "complete", "running") >= most:
            return "waiting_for_data"
    if study["kind"] == "contour":
        told = counted(study, "complete", "infeasible")
        if len(told) >= study["contour"]["max_points"]:
            return "converged"
    return None


def fill(study, trial):
    """Make an order of a trial of a limit study."""
    if study["kind"] != "limit":
        return
    limit, turn = study["limit"], len(study["list"])
    if trial["retry_of"] is None:
        mu = limit["low"] + (limit["high"] - limit["low"]) * (
            turn // 3 % 3 + 1) / 4
        trial["params"] = {
            limit["poi"]: mu, "want": ("obs", "sb", "b")[turn % 3],
            "ntoys": limit["batch_max"]}
    mu, want = trial["params"][limit["poi"]], trial["params"]["want"]
    data = [t["obs"].get("context") for t in study["list"]
            if t.get("obs") and t["mu"] == mu]
    shared = limit["share_b"] and want == "b"
    trial.update(
        q=[], n_failed=0, obs=None, mu=mu, seed=turn + 1,
        want="obs" if want == "obs" else "toys",
        hypothesis=None if want == "obs" else want,
        ntoys=None if want == "obs" else trial["params"]["ntoys"],
        mu_eval=[mu, 2 * mu] if shared else None,
        context={"study": limit["context"], "mu": data[0] if data else None})


def understood(study, trial, body):
    """Return the body of a tell as one of a value, and keep what it has."""
    if "obs" in body:
        trial["obs"] = body["obs"]
        return {**body, "value": body["obs"]["q"]}
    if "toys" in body:
        told = body["toys"]
        data = base64.b64decode(told["q_b64"])
        q = list(struct.unpack(f"<{len(data) // 8}d", data))
        assert len(q) == math.prod(told["shape"]) <= 50_000
        assert told["shape"][0] <= trial["ntoys"]
        good = [number for number in q if math.isfinite(number)]
        trial.update(q=good, n_failed=len(q) - len(good) + told["n_failed"])
        return {**body, "value": 0.0}
    if "invalid" in body:
        return {**body, "state": "infeasible", "error": body["invalid"]}
    if study["kind"] == "contour" and "state" not in body:
        told = body.get("mu_up") or body["cls"]
        errors = body.get("err", {})
        return {**body, "values": [told[c] for c in study["contour"]["curves"]],
                "constraints": {f"err.{k}": v for k, v in errors.items()}}
    return body


def limit(study, query):
    """Answer GET /limit: the limits are those that the definition has."""
    done = reason(study) == "converged"
    told = counted(study, "complete")
    number = {h: sum(len(t["q"]) for t in told if t["hypothesis"] == h)
              for h in ("sb", "b")}
    failed = sum(t["n_failed"] for t in told)
    return {
        "study_id": study["id"], "revision": study["revision"],
        "poi": study["limit"]["poi"], "cl": 0.95,
        "status": "converged" if done else "running", "detail": "as told",
        "toys": {**number, "failed": failed, "negative": 0,
                 "running": toys(study, "running"), "seconds": 1.0},
        "curves": [curve(study, name) for name in study["limit"]["curves"]],
        "points": [point(study, mu) for mu in sorted({t["mu"] for t in told})],
    }


def curve(study, name):
    known = study["limit"]["limits"].get(name, 1.5)
    return {"name": name, "status": "ok" if known else "no_crossing_high",
            "limit": known, "error": known and 0.012, "interpolation": 0.005,
            "total_error": known and 0.013, "precise": True, "linear": None,
            "asymptotic": 1.46}


def point(study, mu):
    told = [t for t in counted(study, "complete") if t["mu"] == mu]
    data = [t["obs"] for t in told if t["obs"]]
    q = {h: [x for t in told if t["hypothesis"] == h for x in t["q"]]
         for h in ("sb", "b")}
    return {
        "mu": mu, "status": "ok", "q": data[0]["q"] if data else None,
        "q_asimov": None, "muhat": None, "n_sb": len(q["sb"]), "k_sb": 0,
        "n_b": len(q["b"]), "k_b": 0,
        "failed": sum(t["n_failed"] for t in told),
        "sb": {"p": 0.1, "low": 0.05, "high": 0.2}, "b": None,
        "cls": {"value": None, "low": 0.0, "high": 1.0, "wald": None},
        "expected": None,
    }


def histogram(study, query):
    bins = int(query["bins"])
    half = {"counts": [0] * bins, "overflow": 0, "total": 0, "failed": 0}
    return {"mu": float(query["mu"]), "q": None,
            "edges": list(range(bins + 1)), "sb": half, "b": half}


def contour(study, query):
    return {"study_id": study["id"], "revision": 0, "status": "running",
            "asked": query,
            "points": len(counted(study, "complete")), "curves": [
                {"name": name, "area": None, "converged": False, "lines": [],
                 "inner": [], "outer": []}
                for name in study["contour"]["curves"]]}


VERBS = {"/limit": limit, "/limit/toys": histogram, "/contour": contour}
