#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fake_service.py - a small stand-in for cumaed, for tests of the client

It keeps studies in memory, suggests at random, never prunes unless the pruner
is `threshold`, and answers like /api/v1: the same fields, statuses and problem
documents. Run as a program it takes the flags of cumaed and prints its lines.
"""

import argparse
import gzip
import json
import math
import random
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fake_kinds

TOKEN = "cum_fake"
MOLD = {
    "kind": "hpo", "constants": {}, "sampler": {"name": "tpe"},
    "pruner": {"name": "nop"}, "budget": {}, "lease_s": 600,
    "max_attempts": 3, "tags": [], "notes": "",
}
STATES = ("queued", "running", "complete", "pruned", "failed", "infeasible",
          "lost", "cancelled")
PASSING = ("paused", "waiting_for_data")
TRIAL = dict.fromkeys((
    "values", "uncertainty", "retry_of", "worker", "started", "ended",
    "stop_reason", "error", "outputs", "meta", "env", "wall_s", "notes",
    "constraints", "why", "invalid_reason"))


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status, code, detail):
        super().__init__(detail)
        self.status, self.code = status, code


def stamp(offset_s=0):
    """Return the time, as RFC 3339 in UTC."""
    now = time.time() + offset_s
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{whole}.{int(now % 1 * 1000):03d}Z"


def drawn(parameter, stream):
    """Return a random value of a parameter."""
    kind = parameter["type"]
    if kind == "bool":
        return stream.random() < 0.5
    if kind in ("categorical", "discrete"):
        return stream.choice(parameter.get("choices", parameter.get("values")))
    low, high = parameter["low"], parameter["high"]
    if low > high:
        raise Problem(422, "invalid", f"low must be below high: {low}, {high}")
    step = parameter.get("step") or (1 if kind == "int" else None)
    if step:
        return low + step * stream.randint(0, int((high - low) / step))
    if parameter.get("log"):
        return math.exp(stream.uniform(math.log(low), math.log(high)))
    return stream.uniform(low, high)


def suggestion(space, stream):
    """Return random values of the parameters that are active."""
    params = {}
    for name, parameter in space.items():
        when = parameter.get("when", {})
        if all(params.get(other) in wanted for other, wanted in when.items()):
            params[name] = drawn(parameter, stream)
    return params


def dominates(one, other):
    """Return whether it is nowhere worse and somewhere better."""
    return one != other and all(a <= b for a, b in zip(one, other))


class State:
    """All studies, under one lock."""

    def __init__(self):
        self.lock = threading.RLock()
        self.studies = {}
        self.keys = {}
        self.takes_s = 0.0  # how long each trial is expected to take

    def open(self, definition):
        """Return (status, study): found, or made."""
        for study in self.studies.values():
            if study["name"] == definition["name"]:
                if study["definition"] != definition:
                    raise Problem(409, "conflict", "another definition")
                return 200, study
        whole = fake_kinds.completed(definition)
        for parameter in whole["space"].values():
            drawn(parameter, random.Random(0))
        study = {**MOLD, **whole, "definition": definition,
                 "id": f"fake{len(self.studies)}", "owner": "fake",
                 "state": "running", "reason": None, "created": stamp(),
                 "changed": stamp(), "revision": 0, "list": [], "events": [], "back": []}
        self.studies[study["id"]] = study
        return 201, study

    def study(self, key):
        if key not in self.studies:
            raise Problem(404, "not_found", f"no study {key}")
        return self.studies[key]

    def trial(self, key, number):
        trials = self.study(key)["list"]
        if number >= len(trials) or trials[number]["deleted"]:
            raise Problem(404, "not_found", f"no trial {number}")
        return trials[number]

    def shown(self, study):
        counts = dict.fromkeys(STATES, 0)
        for trial in study["list"]:
            counts[trial["state"]] += 1
        best = self.best(study)
        hidden = ("definition", "list", "events", "back")
        shown = {k: v for k, v in study.items() if k not in hidden}
        shown["trials"] = {"total": len(study["list"]), **counts}
        shown["best"] = best and {
            "number": best["number"], "value": best["values"][0]}
        return shown

    def results(self, study):
        """Return the trials that inform: complete, valid and there."""
        return [t for t in study["list"] if t["state"] == "complete"
                and not t["invalid"] and not t["deleted"]]

    def best(self, study):
        if len(study["objectives"]) > 1:
            return None
        sign = study["objectives"][0].get("direction") == "maximize"
        done = self.results(study)
        rank = (max if sign else min)
        return rank(done, key=lambda t: t["values"][0]) if done else None

    def front(self, study):
        """Return the complete trials that no other one dominates."""
        signs = [-1 if objective.get("direction") == "maximize" else 1
                 for objective in study["objectives"]]
        done = self.results(study)
        costs = [[sign * value for sign, value in zip(signs, t["values"])]
                 for t in done]
        return [t for t, mine in zip(done, costs)
                if not any(dominates(other, mine) for other in costs)]

    def ask(self, study, body):
        refused = {"paused": "paused", "finished": "finished"}
        limit = study["budget"].get("max_trials")
        reason = refused.get(study["state"])
        if reason is None and limit and len(study["list"]) >= limit:
            reason = "budget"
        if reason is None:
            reason = fake_kinds.reason(study)
        if reason is None and body.get("max_seconds", math.inf) < self.takes_s:
            reason = "walltime"
        answer = {"study_id": study["id"], "trials": []}
        if reason:
            return {**answer, "reason": reason,
                    "detail": f"because it is {reason}",
                    "retry_after_s": 0.05 if reason in PASSING else None}
        for _ in range(body.get("n", 1)):
            if limit and len(study["list"]) >= limit:
                break
            answer["trials"].append(self.issue(study, body))
        return answer

    def issue(self, study, body):
        number = len(study["list"])
        lease_s = body.get("lease_s") or study["lease_s"]
        trial = {
            **TRIAL, "study_id": study["id"], "number": number,
            "state": "running", "attempt": 1, "seed": number,
            "params": suggestion(study["space"], random.Random(number)),
            "worker": body.get("worker"), "lease_expires": stamp(lease_s),
            "created": stamp(), "started": stamp(), "stopped": False,
            "reports": [], "tags": [], "sampler": "random",
            "seen_revision": study["revision"], "revision": 0,
            "lease_s": lease_s, "beats": 0, "invalid": False, "deleted": False,
        }
        if study["back"]:
            lost = study["back"].pop(0)
            trial.update(params=lost["params"], retry_of=lost["number"])
        fake_kinds.fill(study, trial)
        study["list"].append(trial)
        self.happened(study, "trial_started", trial)
        return trial

    def happened(self, study, kind, trial):
        study["events"].append({
            "seq": len(study["events"]) + 1, "event": kind,
            "number": trial["number"], "state": trial["state"],
            "at": stamp(), "by": "fake"})

    def tell(self, key, number, body):
        trial = self.trial(key, number)
        body = fake_kinds.understood(self.study(key), trial, body)
        values = body.get("values")
        if "value" in body:
            values = [body["value"]]
        state = body.get("state", "complete")
        told = (state, values if state == "complete" else None)
        constraints = body.get("constraints")
        bounds = self.study(key).get("outcome_constraints", [])
        if isinstance(constraints, list):
            constraints = {
                bound["name"]: n for bound, n in zip(bounds, constraints)}
        for bound in bounds if told[1] else []:
            if constraints[bound["name"]] > bound["upper"]:
                told = ("infeasible", values)
        if trial["state"] == "running":
            trial.update(state=told[0], values=told[1], ended=stamp(),
                         constraints=constraints)
            trial.update({k: body.get(k) for k in
                          ("error", "outputs", "meta", "env", "wall_s",
                           "cost")})
            self.study(key)["revision"] += 1
            self.happened(self.study(key), "trial_ended", trial)
        elif (trial["state"], trial["values"]) != told:
            raise Problem(409, "conflict", f"trial {number} was told already")
        return {k: trial[k] for k in ("study_id", "number", "state", "values")}

    def bring(self, study, body):
        """Enqueue or import; an id that is known brings nothing."""
        answer = []
        known = {t["id"]: t for t in study["list"] if t.get("id")}
        for item in body["trials"]:
            trial = known.get(item.get("id"))
            if trial is None:
                trial = self.issue(study, {})
                trial.update({"state": "queued", "reports": [], **item})
                if "value" in item:
                    trial["values"] = [trial.pop("value")]
            answer.append({k: trial.get(k) for k in ("number", "id", "state")})
        return 201, {"study_id": study["id"], "trials": answer}

    def report(self, key, number, body):
        trial = self.trial(key, number)
        trial["reports"].append({"step": body["step"], "value": body["value"]})
        pruner = self.study(key)["pruner"]
        upper = pruner.get("options", {}).get("upper", math.inf)
        prune = pruner["name"] == "threshold" and body["value"] > upper
        return {"should_prune": prune, "reason": "threshold" if prune else None,
                "lease_expires": stamp(trial["lease_s"])}

    def edit(self, study, trial, body):
        """Change a trial, of which there may be another revision by now."""
        if body.pop("revision", trial["revision"]) != trial["revision"]:
            raise Problem(409, "conflict", "revision")
        if "value" in body:
            body["values"] = [body.pop("value")]
        if trial["state"] == "running" and "values" in body:
            raise Problem(409, "conflict", "trial is running")
        body["invalid_reason"] = body.pop("reason", None)
        study["revision"] += 1
        trial.update(body, revision=study["revision"])
        self.happened(study, "trial_edited", trial)
        return trial

    def rerun(self, study, body):
        """Enqueue trials again, two in a call, unless that was done."""
        again = {t["retry_of"]: t for t in study["list"]}
        if "numbers" in body:
            wanted = [self.trial(study["id"], n) for n in body["numbers"]]
        else:
            wanted = [t for t in study["list"] if t["state"] in body["states"]
                      and t["number"] not in again]
        answer = []
        for trial in wanted if "numbers" in body else wanted[:2]:
            copy = again.get(trial["number"])
            if copy is None:
                copy = self.issue(study, {})
                copy.update(state="queued", params=trial["params"],
                            retry_of=trial["number"])
                again[trial["number"]] = copy
            answer.append({"of": trial["number"], "number": copy["number"],
                           "state": copy["state"]})
        return 201, {"study_id": study["id"], "trials": answer,
                     "more": "numbers" not in body and len(wanted) > 2}

    def heartbeat(self, key, number, body):
        trial = self.trial(key, number)
        trial["beats"] += 1
        running = trial["state"] == "running"
        return {"continue": running, "reason": None if running else "ended",
                "lease_expires": stamp(trial["lease_s"])}

    def release(self, key, number, body):
        """The trial is lost, and its point is handed out by the next ask."""
        trial = self.trial(key, number)
        if trial["state"] == "running":
            trial.update(state="lost", ended=stamp(),
                         stop_reason=body.get("reason"),
                         meta=body.get("meta", trial["meta"]))
            self.study(key)["back"].append(trial)
        return {"state": trial["state"], "retried": trial["state"] == "lost"}

    def page(self, study, listed, query):
        """Return one page of trials, two long: clients must follow `next`."""
        start = int(query.get("cursor", 0))
        more = start + 2 < len(listed)
        return {"trials": listed[start:start + 2],
                "next": str(start + 2) if more else None,
                "revision": study["revision"]}

    def answer(self, method, path, query, body):
        """Return (status, document) for a request."""
        trial = re.fullmatch(r"/studies/([^/]+)/trials/(\d+)(/\w+)?", path)
        study = re.fullmatch(r"/studies/([^/]+)(/\w+(?:/toys)?)?", path)
        if path == "/info":
            return 200, {"name": "cumae", "version": "fake"}
        if (method, path) == ("POST", "/studies"):
            status, found = self.open(body)
            return status, self.shown(found)
        if (method, path) == ("GET", "/studies"):
            every = [self.shown(s) for s in self.studies.values()
                     if query.get("q", "") in s["name"]]
            return 200, {"studies": every, "next": None}
        if (method, path) == ("POST", "/ask"):
            return 200, self.ask(self.open(body["study"])[1], body)
        if (method, path) == ("POST", "/tell"):
            return 200, {"results": [self.tell_one(t) for t in body["tells"]]}
        if trial:
            return self.on_trial(method, *trial.groups(), body)
        if study:
            return self.on_study(method, *study.groups(), query, body)
        raise Problem(404, "not_found", path)

    def tell_one(self, told):
        try:
            key, number = told["study_id"], told["number"]
            return {"status": 200, **self.tell(key, number, told)}
        except Problem as problem:
            return {"status": problem.status, "code": problem.code,
                    "detail": str(problem)}

    def on_trial(self, method, key, number, verb, body):
        number = int(number)
        if method == "DELETE":
            self.study(key)["list"][number]["deleted"] = True
            return 204, None
        if method == "GET":
            return 200, self.trial(key, number)
        if method == "PATCH":
            return 200, self.edit(
                self.study(key), self.trial(key, number), body)
        verbs = {"/report": self.report, "/tell": self.tell,
                 "/heartbeat": self.heartbeat, "/release": self.release}
        return 200, verbs[verb](key, number, body)

    def on_study(self, method, key, verb, query, body):
        study = self.study(key)
        if method == "DELETE":
            del self.studies[key]
            return 204, None
        if method == "PATCH":
            study.update(body)
        states = {"/pause": "paused", "/resume": "running",
                  "/stop": "finished"}
        if verb == "/ask":
            return 200, self.ask(study, body)
        if verb in fake_kinds.VERBS:
            return 200, fake_kinds.VERBS[verb](study, query)
        if (method, verb) == ("POST", "/trials"):
            return self.bring(study, body)
        if verb == "/rerun":
            return self.rerun(study, body)
        if verb == "/importances":
            names = list(study["space"])
            return 200, {
                "method": query["method"], "n_trials": len(study["list"]),
                "objective": query.get("objective", "value"),
                "importances": [
                    {"name": name, "importance": 1 / len(names)}
                    for name in names]}
        if verb == "/best":
            return 200, {"trial": self.best(study)}
        if verb == "/pareto":
            return 200, self.page(study, self.front(study), query)
        if verb == "/events":
            # Two at a time, and never a wait: clients must come back.
            since = int(query["since"])
            events = [e for e in study["events"] if e["seq"] > since][:2]
            return 200, {"events": events,
                         "next": events[-1]["seq"] if events else since}
        if verb == "/trials":
            listed = [t for t in study["list"] if not t["deleted"] and
                      query.get("state", t["state"]) == t["state"]]
            return 200, self.page(study, listed, query)
        if verb:
            study["state"] = states[verb]
        return 200, self.shown(study)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # Without these a loopback answer waits 40 ms for a delayed ACK.
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        if self.headers.get("Content-Encoding") == "gzip":
            text = gzip.decompress(text)
        path, _, query = self.path.partition("?")
        if path in ("/healthz", "/readyz", "/"):
            return self.reply(200, {"status": "ok"})
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Problem(401, "unauthorized", "no or unknown token")
            if not path.startswith("/api/v1"):
                raise Problem(404, "not_found", path)
            self.reply(*self.decided(path[len("/api/v1"):], query, text))
        except Problem as problem:
            self.reply(problem.status, {
                "type": f"/errors/{problem.code}", "title": problem.code,
                "status": problem.status, "detail": str(problem),
                "code": problem.code, "request_id": "fake-1"})

    def decided(self, path, query, text):
        body = json.loads(text) if text else None
        pairs = dict(p.split("=", 1) for p in query.split("&") if p)
        state, key = self.server.state, self.headers.get("Idempotency-Key")
        with state.lock:
            if key in state.keys:
                if state.keys[key][0] != text:
                    raise Problem(422, "key_reused", "another body")
                return state.keys[key][1]
            status, document = state.answer(self.command, path, pairs, body)
            # A copy: the stored answer is the first one, word for word.
            answer = status, json.loads(json.dumps(document))
            if key:
                state.keys[key] = text, answer
            return answer

    def reply(self, status, document):
        body = b"" if document is None else json.dumps(document).encode()
        kind = "problem+json" if status >= 400 else "json"
        self.send_response(status)
        self.send_header("Content-Type", f"application/{kind}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def log_message(self, *_):
        """Be silent."""


class FakeServer(ThreadingHTTPServer):
    """The server; `state` holds the studies."""

    daemon_threads = True

    def __init__(self, address=("127.0.0.1", 0)):
        super().__init__(address, Handler)
        self.state = State()
        self.url = "http://127.0.0.1:%d" % self.server_address[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1:8080")
    parser.add_argument("--database")
    arguments = parser.parse_args()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    host, port = arguments.listen.rsplit(":", 1)
    server = FakeServer((host, int(port)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {server.url}\ntoken: {TOKEN}\n"
          f"sign in: {server.url}/#code=cuml_fake", flush=True)
    signal.sigwait(ends)
    sys.exit(0)


if __name__ == "__main__":
    main()
