# SPDX-License-Identifier: GPL-3.0-or-later
"""test_api_several.py - several objectives, constraints, noise and reasons

Over HTTP, on both databases.
"""

import harness
import pytest
from calls import RANDOM, Calls, at, objective

TWO = [
    {"name": "loss", "direction": "minimize"},
    {"name": "auc", "direction": "maximize"},
]
BOUNDS = [
    {"name": "ms", "upper": 20},
    {"name": "mb", "lower": -1, "upper": 8},
]


def pareto(calls, study, query=""):
    """Return the Pareto front of a study."""
    return calls.ok("GET", f"/studies/{study['id']}/pareto{query}")


def tell_all(calls, study, values):
    """Ask for as many trials, tell them these values, return them."""
    trials = calls.ask(study, len(values))
    for trial, told in zip(trials, values):
        calls.tell(trial, values=told)
    return trials


# ---- several objectives -----------------------------------------------------


def test_a_study_shows_its_objectives_and_has_no_best(calls):
    study = calls.create(objectives=TWO)
    assert study["objectives"] == TWO
    assert study["outcome_constraints"] == []
    tell_all(calls, study, [[1, 2], [0, 3]])
    now = calls.study(study)
    assert now["best"] is None and now["trials"]["complete"] == 2


def test_the_same_objectives_find_the_same_study(calls):
    study = calls.create(objectives=TWO, outcome_constraints=BOUNDS)
    wanted = {
        "name": study["name"], "space": study["space"], "sampler": RANDOM,
        "objectives": TWO, "outcome_constraints": BOUNDS,
    }
    assert calls.ok("POST", "/studies", wanted)["id"] == study["id"]
    for other in ({"objectives": TWO[::-1]}, {"objectives": TWO[:1]},
                  {"outcome_constraints": BOUNDS[:1]}):
        calls.ok("POST", "/studies", {**wanted, **other}, 409)


def test_values_come_back_in_the_order_of_the_objectives(calls):
    trial = calls.ask(calls.create(objectives=TWO))[0]
    told = calls.tell(trial, values=[0.1 + 0.2, -1e300])
    assert told["values"] == calls.trial(trial)["values"]
    assert told["values"] == [0.1 + 0.2, -1e300]


def test_an_equal_repeat_is_harmless_and_another_a_conflict(calls):
    trial = calls.ask(calls.create(objectives=TWO))[0]
    first = calls.tell(trial, values=[1, 2])
    stored = calls.trial(trial)
    assert calls.tell(trial, values=[1, 2]) == first
    problem = calls.ok("POST", at(trial) + "/tell", {"values": [1, 3]}, 409)
    assert "values 1, 2" in problem["detail"]
    assert calls.trial(trial) == stored


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_any_told_nan_makes_the_trial_failed(calls, token):
    trial = calls.ask(calls.create(objectives=TWO))[0]
    data = b'{"values": [1, %s]}' % token.encode()
    answer = calls.ok("POST", at(trial) + "/tell", data=data)
    assert (answer["state"], answer["values"]) == ("failed", None)
    assert "auc" in calls.trial(trial)["error"]


def test_tells_of_several_studies_have_their_own_number_of_values(calls):
    one, two = calls.create(), calls.create(objectives=TWO)
    calls.ask(one)
    calls.ask(two, 2)
    results = calls.ok("POST", "/tell", {"tells": [
        {"study_id": one["id"], "number": 0, "value": 1},
        {"study_id": two["id"], "number": 0, "values": [1, 2]},
        {"study_id": two["id"], "number": 1, "value": 1},
    ]})["results"]
    assert [r["status"] for r in results] == [200, 200, 422]
    assert results[1]["values"] == [1, 2]
    assert "2 numbers" in results[2]["detail"]


def test_reports_are_kept_and_stop_nothing(calls):
    trial = calls.ask(calls.create(objectives=TWO))[0]
    assert calls.report(trial, 0, 5)["should_prune"] is False
    assert calls.tell(trial, state="pruned")["values"] is None
    assert calls.trial(trial)["reports"] == [{"step": 0, "value": 5}]


def test_info_says_which_samplers_serve_several_objectives(calls):
    samplers = calls.ok("GET", "/info")["samplers"]
    assert {s["several"] for s in samplers} == {True, False}
    for sampler in samplers:
        body = {
            "name": f"several {sampler['name']}", "objectives": TWO,
            "space": {"n": {"type": "int", "low": 1, "high": 9}},
            "sampler": sampler["name"],
        }
        answer = calls.api("POST", "/studies", body)
        assert answer.status in ((200, 201) if sampler["several"] else (422,))
        if not sampler["several"]:
            assert "random" in answer.json["detail"]


# ---- the front --------------------------------------------------------------


def test_the_front_is_what_nothing_dominates(calls):
    study = calls.create(objectives=TWO)
    empty = pareto(calls, study)
    assert empty["trials"] == [] and empty["total"] == 0
    assert empty["reference"] is None and empty["hypervolume"] is None
    # Loss down, auc up: (3, 1) is worse than (1, 1), and (2, 0) than all.
    tell_all(calls, study, [[3, 1], [1, 1], [2, 0], [2, 4], [1, 1]])
    calls.ask(study)
    front = pareto(calls, study)
    assert [t["number"] for t in front["trials"]] == [1, 3, 4]
    assert front["total"] == 3 and front["next"] is None
    assert front["trials"][1] == {
        k: v for k, v in calls.trial(front["trials"][1]).items()
        if k != "reports"
    }
    # The range of the front is [1, 2] x [1, 4]; a tenth beyond its worst.
    assert front["reference"] == pytest.approx([2.1, 0.7])
    # (1, 1) covers 1.1 x 0.3, and (2, 4) adds 0.1 x 3.
    assert front["hypervolume"] == pytest.approx(0.63)
    assert front["revision"] == calls.study(study)["revision"]


def test_the_front_comes_in_pages(calls):
    study = calls.create(objectives=TWO)
    tell_all(calls, study, [[i, i] for i in range(7)])
    found, cursor = [], ""
    while cursor is not None:
        page = pareto(calls, study, f"?limit=3{cursor and '&cursor='}{cursor}")
        assert page["total"] == 7
        found += [trial["number"] for trial in page["trials"]]
        cursor = page["next"]
    assert found == list(range(7))


@pytest.mark.parametrize("direction, best", [("minimize", 1), ("maximize", 2)])
def test_the_front_of_one_objective_is_the_best_trial(calls, direction, best):
    study = calls.create(objectives=objective(direction))
    assert pareto(calls, study)["trials"] == []
    tell_all(calls, study, [[2], [1], [3]])
    front = pareto(calls, study)
    assert [t["number"] for t in front["trials"]] == [best]
    assert front["total"] == 1 and front["hypervolume"] is None


def test_infeasible_trials_are_not_on_the_front(calls):
    study = calls.create(objectives=TWO, outcome_constraints=BOUNDS[:1])
    good, bad = calls.ask(study, 2)
    calls.tell(good, values=[5, 5], constraints=[20])
    calls.tell(bad, values=[1, 9], constraints=[21])
    assert [t["number"] for t in pareto(calls, study)["trials"]] == [0]


def test_there_is_no_best_of_several_objectives(calls):
    study = calls.create(objectives=TWO)
    path = f"/studies/{study['id']}/best"
    assert "/pareto" in calls.ok("GET", path, status=422)["detail"]


# ---- constraints ------------------------------------------------------------


def test_a_study_shows_its_bounds(calls):
    study = calls.create(outcome_constraints=BOUNDS)
    assert study["outcome_constraints"] == [
        {"name": "ms", "lower": None, "upper": 20},
        {"name": "mb", "lower": -1, "upper": 8},
    ]


@pytest.mark.parametrize("told, state", [
    ({"ms": 20, "mb": 8}, "complete"),
    ({"mb": -1, "ms": -1e300}, "complete"),
    ({"ms": 20.000000000000004, "mb": 0}, "infeasible"),
    ({"ms": 0, "mb": 8.5}, "infeasible"),
    ({"ms": 0, "mb": -1.5}, "infeasible"),
])
def test_a_broken_bound_makes_a_trial_infeasible(calls, told, state):
    study = calls.create(outcome_constraints=BOUNDS)
    trial = calls.ask(study)[0]
    for constraints in (told, [told["ms"], told["mb"]]):
        answer = calls.tell(trial, value=3, constraints=constraints)
        assert (answer["state"], answer["values"]) == (state, [3])
    stored = calls.trial(trial)
    assert stored["constraints"] == told
    assert (stored["state"], stored["values"]) == (state, [3])
    now = calls.study(study)
    assert now["trials"][state] == 1
    assert (now["best"] is None) == (state == "infeasible")


def test_without_constraints_there_is_nothing_to_show(calls):
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=1)
    assert calls.trial(trial)["constraints"] is None


def test_the_best_is_feasible(calls):
    study = calls.create(outcome_constraints=BOUNDS[:1])
    for trial, ms, value in zip(calls.ask(study, 3), (30, 10, 20), (1, 3, 2)):
        calls.tell(trial, value=value, constraints={"ms": ms})
    assert calls.best(study)["number"] == 2


def test_a_constraint_that_is_no_number_fails_the_trial(calls):
    trial = calls.ask(calls.create(outcome_constraints=BOUNDS))[0]
    data = b'{"value": 1, "constraints": {"ms": NaN, "mb": 1}}'
    answer = calls.ok("POST", at(trial) + "/tell", data=data)
    assert (answer["state"], answer["values"]) == ("failed", None)
    stored = calls.trial(trial)
    assert "ms" in stored["error"] and stored["constraints"] is None


def test_other_constraints_are_a_conflict(calls):
    trial = calls.ask(calls.create(outcome_constraints=BOUNDS))[0]
    calls.tell(trial, value=1, constraints=[2, 3])
    body = {"value": 1, "constraints": [2, 4]}
    problem = calls.ok("POST", at(trial) + "/tell", body, 409)
    assert "constraints 2, 3" in problem["detail"]


def test_a_pruned_trial_may_lack_constraints(calls):
    trial = calls.ask(calls.create(outcome_constraints=BOUNDS))[0]
    calls.report(trial, 0, 5)
    assert calls.tell(trial, state="pruned")["values"] == [5]


def test_bounds_stay_as_they_are(calls):
    study = calls.create(outcome_constraints=BOUNDS)
    path = f"/studies/{study['id']}"
    for field in ("outcome_constraints", "objectives"):
        problem = calls.ok("PATCH", path, {field: []}, 400)
        assert field in problem["detail"]
    assert calls.ok("PATCH", path, {"notes": "x"})["notes"] == "x"
    assert calls.study(study)["outcome_constraints"][0]["upper"] == 20


# ---- over a restart ---------------------------------------------------------


def test_all_of_it_survives_a_restart(instances, sqlite_database):
    service = instances(sqlite_database)
    calls = Calls(service)
    study = calls.create(objectives=TWO, outcome_constraints=BOUNDS)
    first, second = calls.ask(study, 2)
    calls.tell(first, values=[1, 2], constraints=[30, 3])
    calls.tell(second, values=[3, 4], constraints=[3, 3])
    before = calls.trials(study)
    assert service.terminate() == 0
    service.restart()
    assert calls.trials(study) == before
    again = calls.tell(first, values=[1, 2], constraints={"mb": 3, "ms": 30})
    assert again["state"] == "infeasible"
    calls.ok("POST", at(second) + "/tell",
             {"values": [3, 5], "constraints": [3, 3]}, 409)


# ---- why --------------------------------------------------------------------


def test_why_a_lost_trial_comes_again_is_said(calls):
    study = calls.create(lease_s=1)
    lost = calls.ask(study)[0]
    harness.wait_until(
        lambda: calls.trial(lost)["state"] == "lost", "the lease to run out")
    headers = {"Idempotency-Key": "why"}
    path = f"/studies/{study['id']}/ask"
    asked = [
        calls.ok("POST", path, {}, headers=headers)["trials"][0]
        for _ in range(2)
    ]
    assert asked[0] == asked[1]
    assert asked[0]["why"] == "trial 0 again, which was lost"
    assert calls.trial(asked[0])["why"] == asked[0]["why"]
