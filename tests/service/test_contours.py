# SPDX-License-Identifier: GPL-3.0-or-later
"""test_contours.py - exclusion contours, over HTTP, both databases"""

import json
import math
import random
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import two_masses
import pytest
from calls import at, fresh_name

UNIT = {"x": {"type": "float", "low": 0, "high": 1},
        "y": {"type": "float", "low": 0, "high": 1}}


def create(calls, space=None, constraints=None, **contour):
    """Create a study of a contour in the unit square."""
    return calls.ok("POST", "/studies", {
        "name": fresh_name(), "kind": "contour", "space": space or UNIT,
        "constraints": constraints or [], "contour": contour}, 201)


def contour(calls, study, query="", status=200):
    """Return what the service knows of the contours."""
    return calls.ok("GET", f"/studies/{study['id']}/contour{query}", None,
                    status)


def work(calls, study, value, **more):
    """Ask and tell until nothing is handed out; the reason."""
    while True:
        answer = calls.answer(study, **more)
        if not answer["trials"]:
            return answer["reason"]
        trial = answer["trials"][0]
        calls.tell(trial, **value(trial["params"]))


def circle(params):
    """Return the tell of a circle of radius 0.4 in the middle."""
    r = math.hypot(params["x"] - 0.5, params["y"] - 0.5)
    return {"mu_up": {"obs": math.exp(4 * (r - 0.4))}}


def refused(calls, path, body, status, *words):
    """Send what must be refused with these words."""
    problem = calls.ok("POST", path, body, status)
    for word in words:
        assert word in problem["detail"], problem["detail"]


# ---- the plane of two masses ------------------------------------------------


def test_eight_workers_find_the_contour_of_a_plane(calls):
    """Below 0.5 % of the area on the wrong side, with at most 44 points."""
    study = calls.ok("POST", "/studies", two_masses.definition(
        fresh_name(), max_points=44, stop_area=0, curves=["obs"], seed=1), 201)

    def tell(params):
        return {"mu_up": {"obs": two_masses.limit(params)}}

    with ThreadPoolExecutor(8) as workers:
        reasons = list(workers.map(
            lambda _: work(calls, study, tell), range(8)))
    assert set(reasons) <= {"budget", "finished"}
    now = calls.study(study)
    assert now["trials"]["complete"] == 44 == now["trials"]["total"]
    assert now["state"] == "finished" and "max_points 44" in now["reason"]
    found = contour(calls, study, "?n=201&grid=1")
    assert two_masses.misclassified(found) < 0.005
    curve, = found["curves"]
    assert curve["area"] < 0.005 and found["points"] == found["fitted"] == 44
    (line,) = curve["lines"]
    assert not line["closed"]
    for m1, m2 in line["points"]:
        if m1 < 1050:  # then it falls steeply, down to the nose
            assert abs(m2 - two_masses.edge(m1)) < 10
    # Where m2 = 0 the acceptance is 1, so N = s95 gives the nose.
    nose = 200 * (12510 / two_masses.S95["obs"]) ** (1 / 4.5)
    assert max(m1 for m1, _ in line["points"]) == pytest.approx(nose, abs=6)


def test_several_curves_share_the_points(calls):
    names = ["obs", "exp-1", "exp+1"]
    study = calls.ok("POST", "/studies", two_masses.definition(
        fresh_name(), max_points=44, stop_area=0, curves=names, seed=2), 201)
    assert work(calls, study, lambda params: {"mu_up": {
        name: two_masses.limit(params, name) for name in names}}) == "budget"
    found = contour(calls, study, "?n=201&grid=1")
    assert [curve["name"] for curve in found["curves"]] == names
    for i, name in enumerate(names):
        assert two_masses.misclassified(found, i, name) < 0.005


def test_a_study_stops_by_itself_and_goes_on_when_more_is_wanted(calls):
    study = calls.ok("POST", "/studies", two_masses.definition(
        fresh_name(), stop_area=0.005, seed=3), 201)

    def value(params):
        return {"mu_up": {"obs": two_masses.limit(params)}}

    assert work(calls, study, value) == "converged"
    now = calls.study(study)
    assert now["state"] == "finished" and "stop_area 0.005" in now["reason"]
    assert 17 <= now["trials"]["complete"] < 60
    found = contour(calls, study, "?n=201&grid=1")
    assert found["status"] == "converged" and found["curves"][0]["converged"]
    assert two_masses.misclassified(found) < 0.01
    path = f"/studies/{study['id']}"
    assert calls.ok("PATCH", path, {"notes": "x"})["state"] == "finished"
    more = calls.ok("PATCH", path, {"contour": {"stop_area": 0.0005}})
    assert more["state"] == "running"
    assert more["contour"]["features"] == two_masses.FEATURES
    assert calls.answer(study)["trials"]


def test_noise_is_known_and_does_not_mislead(calls):
    """5 % noise on the limit leaves the errors large, and the contour right."""
    drawn = random.Random(4)
    study = calls.ok("POST", "/studies", two_masses.definition(
        fresh_name(), max_points=60, stop_area=0, seed=4), 201)

    def tell(params):
        limit = two_masses.limit(params) * math.exp(drawn.gauss(0, 0.05))
        return {"mu_up": {"obs": limit}, "err": {"obs": 0.05 * limit}}

    work(calls, study, tell)
    found = contour(calls, study, "?n=201&grid=1")
    assert two_masses.misclassified(found) < 0.02
    trial = calls.trials(study, "limit=1")[0]
    assert trial["constraints"]["err.obs"] == pytest.approx(
        0.05 * trial["values"][0])


# ---- what else is told ------------------------------------------------------


def test_cls_is_told_instead_of_a_limit(calls):
    study = create(calls, target="ln_cls", max_points=30, stop_area=0)

    def tell(params):  # CLs = 0.05 on the circle, 0 at its middle
        r = math.hypot(params["x"] - 0.5, params["y"] - 0.5)
        cls = math.exp(math.log(0.05) * math.exp(-8 * (r - 0.4)))
        return {"cls": {"obs": cls}, "err": {"obs": 0.01 * cls}}

    work(calls, study, tell)
    (line,) = contour(calls, study)["curves"][0]["lines"]
    assert line["closed"]
    for x, y in line["points"]:
        assert math.hypot(x - 0.5, y - 0.5) == pytest.approx(0.4, abs=0.02)
    trial = calls.ask(create(calls, target="ln_cls"))[0]
    assert calls.tell(trial, cls={"obs": 0}, err={"obs": 0.002})[
        "values"] == [0]


def test_invalid_points_have_a_region_without_contour(calls):
    study = create(calls, max_points=40, stop_area=0)

    def tell(params):
        return ({"invalid": "no EWSB"} if params["x"] > 0.7
                else circle(params))

    work(calls, study, tell)
    now = calls.study(study)["trials"]
    assert now["infeasible"] + now["complete"] == 40 and now["infeasible"] > 2
    found = contour(calls, study)
    assert found["invalid"] == now["infeasible"]
    assert found["points"] == now["complete"]
    points = [p for line in found["curves"][0]["lines"] for p in line["points"]]
    assert max(x for x, _ in points) < 0.8
    lost = [t for t in calls.trials(study) if t["state"] == "infeasible"]
    assert {t["error"] for t in lost} == {"no EWSB"}
    assert all(t["values"] is None and t["params"]["x"] > 0.7 for t in lost)


def test_seed_points_come_with_their_results(calls):
    study = create(calls, max_points=20)
    grid = [(x / 3, y / 3) for x in range(4) for y in range(4)]
    seeds = [{"id": f"p{i}", "params": {"x": x, "y": y},
              "meta": {"from": "a grid"}, **circle({"x": x, "y": y})}
             for i, (x, y) in enumerate(grid)]
    seeds[0] = {"id": "p0", "params": {"x": 0, "y": 0}, "invalid": "no EWSB"}
    seeds[1] = {"id": "p1", "params": {"x": 0, "y": 1 / 3}, "state": "complete",
                "values": [2.0], "constraints": {"err.obs": 0.1}}
    path = f"/studies/{study['id']}/trials"
    calls.ok("POST", path, {"trials": seeds}, 201)
    calls.ok("POST", path, {"trials": seeds}, 200)
    states = [t["state"] for t in calls.trials(study)]
    assert states == ["infeasible"] + ["complete"] * 15
    assert "in doubt" in calls.ask(study)[0]["why"]
    assert contour(calls, study)["points"] == 15
    refused(calls, path, {"trials": [{**seeds[2], "id": "q", "priority": 1}]},
            422, "priority")
    refused(calls, path, {"trials": [
        {"params": {"x": 0, "y": 1}, "mu_up": {"exp": 1}}]}, 422,
        "trials[0].mu_up.exp is not a curve")


def test_many_tells_in_a_call_and_a_failed_one(calls):
    study = create(calls)
    trials = calls.ask(study, 3)
    head = [{"study_id": study["id"], "number": t["number"]} for t in trials]
    results = calls.ok("POST", "/tell", {"tells": [
        {**head[0], "mu_up": {"obs": 2}, "err": {"obs": 0.1}},
        {**head[1], "invalid": "no EWSB"},
        {**head[2], "state": "failed", "error": "crashed"}]})["results"]
    assert [r["state"] for r in results] == ["complete", "infeasible", "failed"]
    assert calls.trial(trials[2])["error"] == "crashed"


def test_what_is_asked_waits_for_points_and_for_the_budget(calls):
    study = create(calls, min_unevaluated=2)
    answer = calls.answer(study, n=4)
    assert len(answer["trials"]) == 2
    assert answer["reason"] == "waiting_for_points"
    assert answer["retry_after_s"] > 0
    calls.tell(answer["trials"][0], mu_up={"obs": 1})
    assert len(calls.ask(study)) == 1
    other = calls.ok("POST", "/studies", {
        "name": fresh_name(), "kind": "contour", "space": UNIT, "contour": {},
        "budget": {"max_running": 1}}, 201)
    answer = calls.answer(other, n=2)
    assert len(answer["trials"]) == 1 and answer["reason"] == "budget"


# ---- the definition ---------------------------------------------------------


def test_a_definition_is_found_again_and_says_what_it_is(calls):
    name = fresh_name()
    body = two_masses.definition(name, curves=["obs", "exp0"])
    study = calls.ok("POST", "/studies", body, 201)
    assert calls.ok("POST", "/studies", body)["id"] == study["id"]
    assert study["kind"] == "contour" and study["best"] is None
    assert study["contour"] == {
        "features": two_masses.FEATURES, "target": "ln_mu_up",
        "curves": ["obs", "exp0"], "cl": 0.95, "initial": 12, "max_points": 60,
        "stop_area": 0.005, "min_unevaluated": 0,
        "seed": study["sampler"]["seed"]}
    assert [o["name"] for o in study["objectives"]] == ["obs", "exp0"]
    assert study["outcome_constraints"] == [
        {"name": f"err.{name}", "lower": None, "upper": None}
        for name in ("obs", "exp0")]
    again = calls.ok("POST", "/ask", {"study": body})
    assert again["study_id"] == study["id"]


def test_a_study_is_exported_imported_and_cloned_with_its_results(calls):
    study = create(calls, initial=3, seed=5)
    for i, trial in enumerate(calls.ask(study, 4)):
        calls.tell(trial, **({"invalid": "no EWSB"} if i == 1 else {
            **circle(trial["params"]), "err": {"obs": 0.01 * i}}))
    path = f"/studies/{study['id']}"
    text = calls.api("GET", path + "/export").text
    made = calls.api("POST", f"/studies/import?name={quote(fresh_name())}",
                     data=text.encode())
    assert made.status == 201, made.text
    clone = calls.ok("POST", path + "/clone", {
        "name": fresh_name(), "changes": {"contour": {"max_points": 9}}}, 201)
    assert clone["contour"] == {**study["contour"], "max_points": 9}
    seen = [contour(calls, {"id": key})
            for key in (study["id"], made.json["id"], clone["id"])]
    for one in seen[1:]:
        assert (one["points"], one["invalid"]) == (3, 1)
        assert one["curves"] == seen[0]["curves"]
    csv = calls.api("GET", path + "/export?format=csv").text
    assert "err.obs" in csv.splitlines()[0]


def test_what_makes_no_sense_is_refused(calls):
    for field, value in (
            ("objectives", [{"name": "a"}]), ("sampler", "tpe"),
            ("direction", "minimize"), ("pruner", "median"),
            ("outcome_constraints", [{"name": "a", "upper": 1}]),
            ("warm_start", {"studies": []})):
        refused(calls, "/studies", {**two_masses.definition("x"), field: value},
                422, field, "kind contour")
    for limit in ({"patience": 3}, {"target": 1}):
        refused(calls, "/studies", {**two_masses.definition("x"), "budget": limit},
                422, next(iter(limit)), "best value")
    study = create(calls)
    path = f"/studies/{study['id']}"
    for changes, word in (({"sampler": "tpe"}, "sampler"),
                          ({"contour": {"curves": ["exp"]}}, "curves"),
                          ({"contour": {"target": "ln_cls"}}, "target"),
                          ({"constraints": ["x < 0"]}, "at least 16")):
        problem = calls.ok("PATCH", path, changes, 422)
        assert word in problem["detail"]
    other = calls.create()
    problem = calls.ok("PATCH", f"/studies/{other['id']}", {"contour": {}}, 422)
    assert "kind hpo" in problem["detail"]
    assert "kind hpo" in contour(calls, other, status=422)["detail"]
    refused(calls, at(calls.ask(other)[0]) + "/tell", {"mu_up": {"obs": 1}},
            422, "kind contour")


def test_expressions_that_cannot_be_read_are_named(calls):
    for features, *words in (
            (["m1", "log(m1 -"], "contour.features[1]", "column"),
            (["m3"], "contour.features[0]", "m3"),
            (["m1 < m2"], "contour.features[0]", "a number"),
            (["m1"] * 9, "contour.features", "8"),
            (["m1 + " * 250 + "1"], "contour.features[0]", "1000"),
            (["log(-m1)"], "contour: ", "at least 16")):
        refused(calls, "/studies", two_masses.definition("x", features=features),
                422, *words)
    refused(calls, "/studies", {**two_masses.definition("x"), "space": {
        "m1": UNIT["x"]}, "constraints": [], "contour": {}}, 422,
        "2 to 4 parameters")


# ---- the picture ------------------------------------------------------------


def test_three_dimensions_are_looked_at_in_planes(calls):
    study = create(calls, max_points=40, stop_area=0,
                   space={**UNIT, "z": {"type": "float", "low": 0, "high": 1}})
    work(calls, study, lambda p: {
        "mu_up": {"obs": math.exp(p["x"] + p["y"] + p["z"] - 1.5)}})
    at_z = quote(json.dumps({"z": 0.75}))
    found = contour(calls, study, f"?x=y&y=x&at={at_z}")
    assert (found["x"], found["y"], found["at"]) == ("y", "x", {"z": 0.75})
    for x, y in found["curves"][0]["lines"][0]["points"]:
        assert x + y == pytest.approx(0.75, abs=0.02)
    assert contour(calls, study)["at"] == {"z": 0.5}
    for query, word in (("?x=w", "x must be"), ("?x=x&y=x", "two parameters"),
                        ("?at=" + quote('{"z": 2}'), "at.z"),
                        ("?n=202", "n must be"), ("?n=1", "n must be")):
        assert word in contour(calls, study, query, 422)["detail"]
    assert "at" in contour(calls, study, "?at=%7B", 400)["detail"]


def test_before_anything_is_told_there_is_no_contour(calls):
    study = create(calls)
    calls.ask(study, 2)
    found = contour(calls, study, "?n=5&grid=1")
    assert found["pending"] == 2 and found["points"] == 0
    curve, = found["curves"]
    assert curve["area"] is None and curve["lines"] == []
    assert found["grid"]["allowed"] == [1] * 25
    assert found["grid"]["curves"][0]["mean"] == [None] * 25
