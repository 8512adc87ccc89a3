# SPDX-License-Identifier: GPL-3.0-or-later
"""test_grid.py - studies of kind grid over HTTP"""

import csv
import io
import json
import threading

import harness
import httpx
import pytest
from calls import Calls, at, fresh_name

SQUARE = {"m1": {"type": "int", "low": 0, "high": 2},
          "m2": {"type": "categorical", "choices": ["a", "b"]}}


def grid(calls, **fields):
    """Create a study of kind grid; cartesian unless told otherwise."""
    body = {"name": fresh_name("grid"), "kind": "grid", "space": SQUARE,
            "grid": {"points": "cartesian"}, **fields}
    return calls.ok("POST", "/studies", body, 201)


def listed(calls, n, **fields):
    """Create a list of n points with ids and meta."""
    study = grid(calls, grid={"points": "list", **fields.pop("grid", {})},
                 space={"x": {"type": "float", "low": 0, "high": n}}, **fields)
    bring(calls, study, n)
    return study


def bring(calls, study, n, status=201):
    points = [{"id": f"p{i}", "params": {"x": i}, "meta": {"i": i}}
              for i in range(n)]
    for begin in range(0, n, 1000):
        calls.ok("POST", f"/studies/{study['id']}/trials",
                 {"trials": points[begin:begin + 1000]}, status)


def look(calls, study, query=""):
    """Return how far the grid is."""
    return calls.ok("GET", f"/studies/{study['id']}/grid{query}")


def runs(calls, study, state):
    """Return all runs in a state, page by page."""
    found, cursor = [], ""
    while cursor is not None:
        page = look(calls, study, f"?state={state}&limit=7{cursor}")
        found += page["items"]
        cursor = page["next"] and f"&cursor={page['next']}"
    return found


def test_a_study_shows_its_kind_its_grid_and_how_far_it_is(calls):
    study = grid(calls, grid={"points": "cartesian", "replicas": 2})
    assert study["kind"] == "grid"
    assert study["grid"] == {"points": "cartesian", "replicas": 2}
    assert study["sampler"]["name"] == "grid"
    assert study["progress"] == {
        "points": 6, "runs": 12, "complete": 0, "failed": 0, "missing": 12}
    calls.tell(calls.ask(study)[0], value=1)
    assert calls.study(study)["progress"]["complete"] == 1
    assert calls.create()["progress"] is None


def test_studies_are_listed_by_kind(calls):
    study, other = grid(calls), calls.create()
    name = {one["id"]: one["name"] for one in (study, other)}
    for kind, wanted in (("grid", study), ("hpo", other)):
        found = calls.ok("GET", f"/studies?kind={kind}&limit=1000")["studies"]
        assert {one["kind"] for one in found} == {kind}
        assert [one["id"] for one in found if one["id"] in name] == [
            wanted["id"]]
    others = calls.ok("GET", "/studies?kind=contour&limit=1000")["studies"]
    assert not {one["id"] for one in others} & set(name)


@pytest.mark.parametrize("field, value", [
    ("sampler", "random"), ("pruner", "median"), ("iteration", {"points": 3}),
    ("warm_start", {"studies": []}),
])
def test_what_makes_no_sense_for_a_grid_is_refused(calls, field, value):
    answer = calls.api("POST", "/studies", {
        "name": fresh_name(), "kind": "grid", "space": SQUARE,
        "grid": {"points": "cartesian"}, field: value}, validate=False)
    assert answer.status == 422
    assert f"{field} is not a member of a study of kind grid" in answer.json[
        "detail"]


def test_nothing_but_a_grid_has_a_grid(calls):
    body = {"name": fresh_name(), "space": SQUARE,
            "grid": {"points": "cartesian"}}
    answer = calls.api("POST", "/studies", body)
    assert answer.status == 422
    assert "grid is not a member of a study of kind hpo" in answer.json[
        "detail"]
    detail = look_at_none(calls)
    assert "grid is for a study of kind grid, not hpo" in detail


def look_at_none(calls):
    study = calls.create()
    return calls.ok("GET", f"/studies/{study['id']}/grid", status=422)["detail"]


def test_a_change_of_a_member_that_a_grid_has_not_is_refused(calls):
    study = grid(calls)
    path = f"/studies/{study['id']}"
    detail = calls.ok("PATCH", path, {"sampler": "random"}, 422)["detail"]
    assert "sampler" in detail and "grid" in detail
    changed = calls.ok("PATCH", path, {"grid": {"replicas": 3}})
    assert changed["progress"]["runs"] == 18
    assert changed["grid"] == {"points": "cartesian", "replicas": 3}
    body = {key: study[key] for key in ("name", "kind", "space", "grid")}
    assert calls.ok("POST", "/studies", body)["id"] == study["id"]


def test_a_trial_says_which_point_and_replica_it_is(calls):
    study = listed(calls, 2, grid={"replicas": 2})
    trials = calls.ask(study, 4)
    assert [(t["point_id"], t["meta"], t["replica"]) for t in trials] == [
        ("p0", {"i": 0}, 1), ("p1", {"i": 1}, 1),
        ("p0", {"i": 0}, 2), ("p1", {"i": 1}, 2)]
    calls.tell(trials[2], outputs={"CLs_exp": [0.1, 0.2], "fit_time": 12.5})
    told = calls.trial(trials[2])
    assert told["state"] == "complete" and told["values"] is None
    assert told["outputs"] == {"CLs_exp": [0.1, 0.2], "fit_time": 12.5}
    assert (told["id"], told["point_id"], told["replica"]) == (None, "p0", 2)
    assert calls.best(study) is None


def test_an_ask_that_is_repeated_says_the_same(calls):
    study = listed(calls, 3)
    asked = [
        calls.ok("POST", f"/studies/{study['id']}/ask", {"n": 2},
                 headers={"Idempotency-Key": "k"})["trials"]
        for _ in range(2)]
    assert asked[0] == asked[1]
    assert [trial["point_id"] for trial in asked[1]] == ["p0", "p1"]


def test_meta_passes_from_attempt_to_attempt(calls):
    study = listed(calls, 1)
    first, = calls.ask(study)
    calls.ok("POST", at(first) + "/release",
             {"meta": {**first["meta"], "checkpoint": 7}})
    second, = calls.ask(study)
    assert second["meta"] == {"i": 0, "checkpoint": 7}
    assert second["point_id"] == "p0"


def test_missing_and_failed_runs_are_listed_and_run_again(calls):
    study = grid(calls, max_attempts=2)
    for number in range(2):
        trial, = calls.ask(study)
        calls.tell(trial, value=number)
    bad, = calls.ask(study)
    calls.tell(bad, state="failed", error="no convergence")
    rest = calls.ask(study, 3)
    worse, = calls.ask(study)
    assert worse["retry_of"] == bad["number"] and worse["attempt"] == 2
    calls.tell(worse, state="failed", error="again not")
    page = look(calls, study)
    assert [page[key] for key in (
        "points", "runs", "complete", "running", "queued", "failed", "missing",
        "attempts")] == [6, 6, 2, 3, 0, 1, 3, 7]
    failed, = runs(calls, study, "failed")
    assert failed == {
        "point_id": None, "params": bad["params"], "meta": None, "replica": 1,
        "state": "failed", "numbers": [bad["number"], worse["number"]],
        "error": "again not"}
    missing = runs(calls, study, "missing")
    assert [run["params"] for run in missing] == [t["params"] for t in rest]
    assert {run["state"] for run in missing} == {"running"}
    for trial in rest:
        calls.tell(trial, value=0)
    assert calls.study(study)["state"] == "finished"
    again = calls.ok("POST", f"/studies/{study['id']}/rerun",
                     {"states": ["failed"]}, 201)["trials"]
    assert len(again) == 1
    last, = calls.ask(study)
    assert last["params"] == bad["params"]
    calls.tell(last, value=3)
    done = calls.study(study)
    assert done["state"] == "finished"
    assert done["reason"] == (
        "points are done: 6 of 6 runs are complete, 0 failed")
    assert len(runs(calls, study, "complete")) == 6


def test_a_clone_has_the_same_runs(calls):
    source = listed(calls, 5, grid={"replicas": 2}, max_attempts=1)
    trials = calls.ask(source, 8)
    for trial in trials[:6]:
        calls.tell(trial, outputs={"n": trial["number"]})
    calls.tell(trials[6], state="failed")
    clone = calls.ok("POST", f"/studies/{source['id']}/clone",
                     {"name": fresh_name()}, 201)
    assert clone["kind"] == "grid" and clone["grid"] == source["grid"]
    page = look(calls, clone)
    assert (page["points"], page["complete"], page["failed"]) == (5, 6, 1)
    ids = {run["point_id"] for run in page["items"]}
    assert ids == {f"p{i}" for i in range(5)}
    # Points that it has are known by their ids.
    bring(calls, clone, 5, 200)
    assert {t["point_id"] for t in calls.ask(clone, 3)} == {"p2", "p3", "p4"}


def exported(calls, study, form):
    return calls.api("GET", f"/studies/{study['id']}/export?format={form}",
                     validate=False).text


def test_an_exported_grid_is_imported_whole(calls):
    study = grid(calls, grid={"points": "cartesian", "replicas": 2})
    for trial in calls.ask(study, 8):
        calls.tell(trial, outputs={"i": trial["number"]})
    lines = exported(calls, study, "jsonl")
    answer = calls.api(
        "POST", f"/studies/import?name={fresh_name().replace(' ', '-')}",
        data=lines.encode(), headers={"Content-Type": "application/x-ndjson"})
    assert answer.status == 201, answer.text
    copy = answer.json
    assert copy["progress"] == calls.study(study)["progress"]
    assert sorted(map(json.dumps, (r["params"] for r in runs(
        calls, copy, "missing")))) == sorted(map(json.dumps, (
            r["params"] for r in runs(calls, study, "missing"))))


def test_a_table_has_ids_meta_and_the_outputs_one_by_one(calls):
    study = listed(calls, 3, max_attempts=1)
    one, two, three = calls.ask(study, 3)
    calls.tell(one, value=0.5, outputs={
        "CLs_exp": [0.1, 0.25], "fit": {"time": 12.5, "ok": True}, "n": None})
    calls.tell(two, outputs={"n": 3, "CLs_exp": [1], "note": 'a "b", c'})
    calls.tell(three, state="failed")
    text = exported(calls, study, "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["point_id"] for row in rows] == ["p0", "p1", "p2"]
    assert [row["replica"] for row in rows] == ["1"] * 3
    assert json.loads(rows[1]["meta"]) == {"i": 1}
    assert [name for name in rows[0] if name.startswith("outputs")] == [
        "outputs.CLs_exp.0", "outputs.CLs_exp.1", "outputs.fit.time",
        "outputs.fit.ok", "outputs.n", "outputs.note"]
    told = [[row[name] for name in row if name.startswith("outputs")]
            for row in rows]
    assert told == [["0.1", "0.25", "12.5", "true", "", ""],
                    ["1", "", "", "", "3", 'a "b", c'], [""] * 6]
    assert calls.api(
        "GET", f"/studies/{study['id']}/export?format=csv&cursor=0&columns=7",
        validate=False).status == 409


# ---- crowds -----------------------------------------------------------------


def work(service, study, patience):
    """Ask and tell until the grid is done; a third of the attempts fails."""
    turn = 0
    with httpx.Client(base_url=service.url + "/api/v1", headers={
            "Authorization": f"Bearer {service.token}"}, timeout=30) as http:
        while not patience.is_set():
            try:
                answer = http.post(f"/studies/{study}/ask", json={"n": 3})
                if answer.status_code != 200:
                    continue
                said = answer.json()
                for trial in said["trials"]:
                    turn += 1
                    body = {"state": "failed"} if turn % 3 == 0 else {
                        "outputs": {"square": trial["params"]["x"] ** 2}}
                    http.post(at(trial) + "/tell", json=body)
                if said.get("reason") in ("exhausted", "finished") and not (
                        said["trials"]):
                    patience.wait(0.05)
            except httpx.TransportError:
                patience.wait(0.05)


def test_killed_instances_leave_no_point_out_and_run_none_twice(
    instances, database
):
    n = 120
    one = instances(database)
    shared = database.startswith("postgresql")
    services = [one] + ([instances(database, token=one.token)] if shared else [])
    calls = Calls(one)
    # What was handed out when the service died is lost after a second.
    study = listed(calls, n, lease_s=1, max_attempts=100,
                   grid={"replicas": 2})
    over = threading.Event()
    crowd = [
        threading.Thread(target=work, args=(services[i % len(services)],
                                            study["id"], over))
        for i in range(4)]
    for each in crowd:
        each.start()
    try:
        for service in services:
            harness.wait_until(
                lambda: look(calls, study)["complete"] > 20, "a beginning")
            service.kill()
            service.restart()
        harness.wait_until(
            lambda: look(calls, study)["complete"] == 2 * n, "all runs", 120)
    finally:
        over.set()
        for each in crowd:
            each.join()
    page = look(calls, study, "?state=complete&limit=1000")
    assert page["missing"] == 0
    wanted = {(f"p{i}", r) for i in range(n) for r in (1, 2)}
    assert {(run["point_id"], run["replica"]) for run in page["items"]} == wanted
    done = calls.trials(study, "limit=1000&state=complete")
    assert sorted((t["point_id"], t["replica"]) for t in done) == sorted(wanted)
    for trial in done:
        assert trial["outputs"] == {"square": trial["params"]["x"] ** 2}
