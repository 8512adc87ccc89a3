# SPDX-License-Identifier: GPL-3.0-or-later
"""test_constraints.py - constraints on the space, over HTTP, both databases"""

import json

import pytest
from calls import Calls, fresh_name

SPACE = {
    "depth": {"type": "int", "low": 1, "high": 12},
    "eta": {"type": "float", "low": 0.01, "high": 1},
    "booster": {"type": "categorical", "choices": ["tree", "dart"]},
    "drop": {"type": "float", "low": 0, "high": 0.5,
             "when": {"booster": ["dart"]}},
}
LESS = ["depth * eta <= 3", "drop < 0.1 and eta > 0.05"]
PAIR = {"a": {"type": "int", "low": 0, "high": 4},
        "b": {"type": "int", "low": 0, "high": 4}}
SAMPLERS = ["auto", "random", "qmc", "tpe", "gp", "nsga2"]


def holds(params):
    """Are the constraints in LESS met, as the document defines it?"""
    drop = params.get("drop")
    return params["depth"] * params["eta"] <= 3 and (
        drop is None or (drop < 0.1 and params["eta"] > 0.05))


def bring(calls, study, *trials, status=201):
    """Bring trials, and return the answer or the problem."""
    path = f"/studies/{study['id']}/trials"
    return calls.ok("POST", path, {"trials": list(trials)}, status)


def patch(calls, study, status=200, **changes):
    """Change the study, and return it or the problem."""
    return calls.ok("PATCH", f"/studies/{study['id']}", changes, status)


def ended(calls, study, n):
    """Ask for n trials, one by one, and tell each one's value; the points."""
    points = []
    for _ in range(n):
        trial = calls.ask(study)[0]
        calls.tell(trial, value=trial["params"]["eta"])
        points.append(trial["params"])
    return points


# ---- the definition ---------------------------------------------------------


def test_constraints_are_part_of_the_definition_and_its_identity(calls):
    name = fresh_name()
    study = calls.create(name=name, space=SPACE, constraints=LESS)
    assert study["constraints"] == LESS == calls.study(study)["constraints"]
    body = {"name": name, "space": SPACE, "sampler": study["sampler"]}
    again = calls.ok("POST", "/studies", {**body, "constraints": LESS})
    assert again["id"] == study["id"]
    for other in ([], LESS[:1], LESS[::-1]):
        problem = calls.ok(
            "POST", "/studies", {**body, "constraints": other}, 409)
        assert "another definition" in problem["detail"]
    assert calls.create()["constraints"] == []


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_suggestion_meets_the_constraints(calls, sampler):
    study = calls.create(space=SPACE, constraints=LESS, sampler=sampler)
    points = ended(calls, study, 16)
    points += [trial["params"] for trial in calls.ask(study, 8)]
    assert all(holds(point) for point in points)
    assert len({json.dumps(point) for point in points}) == 24


def test_a_grid_is_exhausted_when_all_that_meets_them_was_tried(calls):
    study = calls.create(
        space=PAIR, constraints=["a + b == 4"], sampler="grid")
    trials = calls.ask(study, 5)
    assert sorted(t["params"]["a"] for t in trials) == [0, 1, 2, 3, 4]
    assert all(t["params"]["a"] + t["params"]["b"] == 4 for t in trials)
    answer = calls.answer(study)
    assert answer["reason"] == "exhausted" and not answer["trials"]
    assert "constraints" in answer["detail"]


@pytest.mark.parametrize("sampler", [*SAMPLERS, "cmaes"])
def test_an_ask_says_so_where_no_point_meets_them(calls, sampler):
    study = calls.create(constraints=["x > 0.5", "x < 0.5"], sampler=sampler)
    answer = calls.answer(study, n=3)
    assert answer["reason"] == "exhausted" and not answer["trials"]
    assert "constraints" in answer["detail"]


# ---- changes ----------------------------------------------------------------


def test_constraints_change_from_the_next_ask_on(calls):
    study = calls.create(constraints=["x < 0.5"])
    before = calls.ask(study, 8)
    study = patch(calls, study, constraints=["x > 0.5"])
    assert study["constraints"] == ["x > 0.5"]
    assert all(t["params"]["x"] > 0.5 for t in calls.ask(study, 8))
    assert all(t["params"]["x"] < 0.5 for t in before)
    assert patch(calls, study, notes="n")["constraints"] == ["x > 0.5"]
    assert patch(calls, study, constraints=None)["constraints"] == []


def test_constraints_are_read_again_when_the_space_becomes_wider(calls):
    choices = {"type": "categorical", "choices": ["a", "b"]}
    study = calls.create(space={"c": choices}, constraints=["c != 'a'"])
    wider = {"type": "categorical", "choices": ["a", "b", "c"]}
    problem = patch(calls, study, 422, constraints=["c == 'c'"])
    assert "constraints[0], column 6: c has no such choice" in problem["detail"]
    patch(calls, study, space={"c": wider}, constraints=["c == 'c'"])
    assert calls.ask(study)[0]["params"] == {"c": "c"}


def test_a_grid_of_too_many_cells_takes_no_constraints(calls):
    wide = {"type": "int", "low": 0, "high": 2000}
    study = calls.create(space={"a": wide, "b": wide}, sampler="grid")
    problem = patch(calls, study, 422, constraints=["a < b"])
    assert "2^20 cells" in problem["detail"]
    assert calls.study(study)["constraints"] == []


# ---- trials that users bring ------------------------------------------------


def test_an_enqueued_point_that_breaks_one_is_refused(calls):
    study = calls.create(space=SPACE, constraints=LESS)
    good = {"depth": 3, "eta": 1, "booster": "tree"}
    bad = {"depth": 4, "eta": 1, "booster": "tree"}
    problem = bring(calls, study, {"params": good}, {"params": bad}, status=422)
    assert 'trials[1].params does not meet the constraint "depth * eta <= 3"' \
        in problem["detail"]
    assert calls.trials(study) == []
    bring(calls, study, {"params": good})
    assert calls.ask(study)[0]["params"] == good


def test_what_an_enqueued_point_leaves_out_is_drawn_to_meet_them(calls):
    study = calls.create(space=PAIR, constraints=["a + b == 4", "b < 3"])
    bring(calls, study, *({"params": {"a": a}} for a in (2, 3, 4)))
    points = [t["params"] for t in calls.ask(study, 3)]
    assert points == [{"a": a, "b": 4 - a} for a in (2, 3, 4)]
    problem = bring(calls, study, {"params": {"b": 3}}, status=422)
    assert '"b < 3"' in problem["detail"]


def test_a_result_that_breaks_one_is_kept(calls):
    study = calls.create(constraints=["x < 0.5"])
    bring(calls, study,
          {"params": {"x": 0.75}, "state": "complete", "value": 1})
    assert calls.best(study)["params"] == {"x": 0.75}
    assert calls.ask(study)[0]["params"]["x"] < 0.5


def test_a_queued_point_is_handed_out_although_constraints_came_later(calls):
    study = calls.create()
    bring(calls, study, {"params": {"x": 0.75}})
    patch(calls, study, constraints=["x < 0.5"])
    assert calls.ask(study)[0]["params"] == {"x": 0.75}


# ---- copies and restarts ----------------------------------------------------


def test_clones_and_merges_keep_the_constraints_and_all_trials(calls):
    study = calls.create(constraints=["x < 0.5"])
    bring(calls, study, {"params": {"x": 0.75}, "state": "complete",
                         "value": 1})
    path = f"/studies/{study['id']}/clone"
    copy = calls.ok("POST", path, {"name": fresh_name()}, 201)
    assert calls.study(copy)["constraints"] == ["x < 0.5"]
    assert [t["params"]["x"] for t in calls.trials(copy)] == [0.75]
    other = calls.ok("POST", path, {
        "name": fresh_name(), "changes": {"constraints": ["x < 0.25"]}}, 201)
    assert calls.study(other)["constraints"] == ["x < 0.25"]
    problem = calls.ok("POST", path, {
        "name": fresh_name(), "changes": {"constraints": ["y < 0.25"]}}, 422)
    assert "changes.constraints[0], column 1" in problem["detail"]
    merged = f"/studies/{calls.create()['id']}/merge"
    assert calls.ok("POST", merged, {"from": [study["id"]]})["added"] == 1


def test_an_export_is_imported_with_its_constraints(calls):
    study = calls.create(constraints=["x < 0.5"])
    calls.tell(calls.ask(study)[0], value=1)
    lines = calls.api("GET", f"/studies/{study['id']}/export").text
    answer = calls.api("POST", f"/studies/import?name={fresh_name()}",
                       data=lines.encode())
    assert answer.status == 201, answer.text
    assert calls.study(answer.json)["constraints"] == ["x < 0.5"]


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes"])
def test_a_restart_changes_no_suggestion(service, sampler):
    calls = Calls(service)
    space = {name: {"type": "float", "low": 0, "high": 1} for name in "xyz"}
    points = {}
    for restarts in (False, True):
        study = calls.create(
            name=fresh_name(), space=space, constraints=["x + y + z <= 0.5"],
            sampler={"name": sampler, "seed": 3})
        points[restarts] = []
        for i in range(20):
            if restarts and i in (5, 12, 18):
                service.terminate()
                service.restart()
            trial = calls.ask(study)[0]
            point = trial["params"]
            calls.tell(trial, value=point["x"] - point["y"])
            points[restarts].append(point)
            assert sum(point.values()) <= 0.5
    assert points[False] == points[True]
