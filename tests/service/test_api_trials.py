# SPDX-License-Identifier: GPL-3.0-or-later
"""test_api_trials.py - ask, report and tell over HTTP, on both databases"""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import harness
import pytest
from calls import LINE, RANDOM, at, definition, objective

GRID = {"name": "grid"}
EXACT = [
    0.1 + 0.2, 1 / 3, math.pi, 5e-324, 2.2250738585072014e-308, -1e-300,
    1.7976931348623157e308, 123456789.12345678, 0, -1, 2**53, 1e22,
]


def test_trials_are_numbered_from_zero_without_gaps(calls):
    study = calls.create()
    numbers = [calls.ask(study)[0]["number"] for _ in range(3)]
    numbers += [trial["number"] for trial in calls.ask(study, 4)]
    assert numbers == list(range(7))


def test_a_suggestion_says_what_to_do_and_where_it_came_from(calls):
    study = calls.create(sampler={"name": "random", "seed": 7})
    trial = calls.ask(study)[0]
    assert trial["study_id"] == study["id"]
    assert trial["state"] == "running"
    assert 0 <= trial["params"]["x"] <= 1
    assert trial["attempt"] == 1 and trial["retry_of"] is None
    assert trial["sampler"].startswith("random")
    assert trial["seen_revision"] >= 0
    stored = calls.trial(trial)
    for key, value in trial.items():
        assert stored[key] == value, key
    assert stored["started"] and stored["ended"] is None
    assert stored["values"] is None and stored["reports"] == []


def test_a_seed_makes_the_same_suggestions_again(calls):
    asked = [
        [t["params"] for t in calls.ask(calls.create(sampler=RANDOM), 5)]
        for _ in range(2)
    ]
    assert asked[0] == asked[1]
    assert len({json.dumps(params) for params in asked[0]}) == 5


def test_values_stay_in_their_ranges_and_on_their_steps(calls):
    study = calls.create(space={
        "log": {"type": "float", "low": 1e-5, "high": 10, "log": True},
        "quarter": {"type": "float", "low": -1, "high": 1, "step": 0.25},
        "even": {"type": "int", "low": -4, "high": 5, "step": 2},
        "power": {"type": "int", "low": 1, "high": 1000, "log": True},
        "level": {"type": "discrete", "values": [0.5, 2, 4]},
        "flag": {"type": "bool"},
    })
    for trial in calls.ask(study, 50):
        params = trial["params"]
        assert 1e-5 <= params["log"] <= 10
        assert params["quarter"] in [i / 4 for i in range(-4, 5)]
        assert params["even"] in (-4, -2, 0, 2, 4)
        assert 1 <= params["power"] <= 1000
        assert params["level"] in (0.5, 2, 4)
        assert type(params["flag"]) is bool
        assert type(params["even"]) is type(params["power"]) is int


def test_ints_are_json_integers_and_floats_are_not(calls):
    study = calls.create(space={
        "i": {"type": "int", "low": 4, "high": 4},
        "l": {"type": "int", "low": 2**53, "high": 2**53},
        "f": {"type": "float", "low": 4, "high": 4},
    })
    params = calls.ask(study)[0]["params"]
    assert params == {"i": 4, "l": 2**53, "f": 4.0}
    assert [type(params[key]) for key in "ilf"] == [int, int, float]


def test_a_choice_comes_back_with_its_type(calls):
    choices = ["1", 1, 1.5, True, None, False, 0, "null", "", "é\"\\/\n"]
    study = calls.create(sampler=GRID, space={
        "c": {"type": "categorical", "choices": choices},
    })
    kinds = {(type(c), c) for c in choices}
    asked = calls.ask(study, len(choices))
    assert {(type(t["params"]["c"]), t["params"]["c"]) for t in asked} == kinds
    stored = calls.trials(study)
    assert {
        (type(t["params"]["c"]), t["params"]["c"]) for t in stored
    } == kinds


def test_an_inactive_parameter_is_absent(calls):
    study = calls.create(space={
        "model": {"type": "categorical", "choices": ["tree", "net"]},
        "deep": {"type": "bool", "when": {"model": ["net"]}},
        "width": {"type": "int", "low": 1, "high": 9, "when": {"deep": [True]}},
    })
    seen = set()
    for trial in calls.ask(study, 40) + calls.trials(study):
        params = trial["params"]
        seen.add(frozenset(params))
        assert ("deep" in params) == (params["model"] == "net")
        assert ("width" in params) == (params.get("deep") is True)
    assert len(seen) == 3


def test_a_space_without_parameters_is_served(calls):
    study = calls.create(space={})
    assert [t["params"] for t in calls.ask(study, 2)] == [{}, {}]


def test_numbers_come_back_exactly(calls):
    study = calls.create()
    for trial, value in zip(calls.ask(study, len(EXACT)), EXACT):
        calls.report(trial, 3, value)
        told = calls.tell(trial, value=value, uncertainty=1 / 7, wall_s=0.1)
        stored = calls.trial(trial)
        assert told["values"] == stored["values"] == [value]
        assert stored["reports"] == [{"step": 3, "value": value}]
        assert stored["uncertainty"] == 1 / 7 and stored["wall_s"] == 0.1


def test_what_is_told_is_kept(calls):
    trial = calls.ask(calls.create())[0]
    told = {
        "values": [0.25], "uncertainty": 0.5, "wall_s": 12.5,
        "outputs": {"auc": 0.9, "curve": [1, None]}, "meta": {"job": "7"},
        "env": {"python": "3.11"},
    }
    answer = calls.tell(trial, **told)
    assert answer == {
        "study_id": trial["study_id"], "number": 0, "state": "complete",
        "values": [0.25],
    }
    stored = calls.trial(trial)
    assert {key: stored[key] for key in told} == told
    assert stored["ended"] >= stored["started"]


@pytest.mark.parametrize("body, state, values", [
    ({"state": "failed", "error": "segmentation fault"}, "failed", None),
    ({"state": "infeasible"}, "infeasible", None),
    ({"state": "pruned", "value": 3}, "pruned", [3]),
    ({"state": "pruned"}, "pruned", None),
    ({"state": "complete", "value": 3}, "complete", [3]),
])
def test_a_trial_ends_as_it_is_told(calls, body, state, values):
    trial = calls.ask(calls.create())[0]
    answer = calls.tell(trial, **body)
    assert (answer["state"], answer["values"]) == (state, values)
    stored = calls.trial(trial)
    assert (stored["state"], stored["values"]) == (state, values)
    assert stored["error"] == body.get("error")


def test_a_pruned_trial_has_its_last_report_as_value(calls):
    trial = calls.ask(calls.create())[0]
    for step, value in ((0, 3), (2, 1.5), (1, 7)):
        calls.report(trial, step, value)
    assert calls.tell(trial, state="pruned")["values"] == [1.5]


def test_an_equal_repeat_of_a_tell_is_harmless(calls):
    trial = calls.ask(calls.create())[0]
    first = calls.tell(trial, value=0.1)
    stored = calls.trial(trial)
    assert calls.tell(trial, value=0.1) == first
    assert calls.tell(trial, values=[0.1], state="complete") == first
    assert calls.trial(trial) == stored


def test_an_equal_repeat_of_a_failure_is_harmless(calls):
    trial = calls.ask(calls.create())[0]
    first = calls.tell(trial, state="failed", error="x")
    assert calls.tell(trial, state="failed", error="x") == first


def test_a_different_repeat_is_a_conflict_and_changes_nothing(calls):
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=0.1)
    stored = calls.trial(trial)
    for body in ({"value": 0.2}, {"state": "failed"}):
        problem = calls.ok("POST", at(trial) + "/tell", body, 409)
        assert problem["code"] == "conflict"
    assert calls.trial(trial) == stored


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("form", ['{"value": %s}', '{"values": [%s]}'])
def test_a_told_nan_makes_the_trial_failed(calls, token, form):
    study = calls.create()
    trial, other = calls.ask(study, 2)
    data = (form % token).encode()
    for _ in range(2):
        answer = calls.ok("POST", at(trial) + "/tell", data=data)
        assert (answer["state"], answer["values"]) == ("failed", None)
    stored = calls.trial(trial)
    assert stored["state"] == "failed" and stored["error"]
    calls.tell(other, value=1)
    assert calls.best(study)["number"] == 1
    assert len(calls.ask(study)) == 1


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_reported_nan_is_taken(calls, token):
    trial = calls.ask(calls.create())[0]
    data = b'{"step": 0, "value": %s}' % token.encode()
    answer = calls.ok("POST", at(trial) + "/report", data=data)
    assert answer["should_prune"] is False
    assert calls.trial(trial)["reports"] == [{"step": 0, "value": None}]
    assert calls.tell(trial, value=1)["state"] == "complete"


def test_nan_as_a_word_in_a_text_stays_a_text(calls):
    study = calls.create(notes="NaN, Infinity", constants={"NaN": "-Infinity"})
    trial = calls.ask(study)[0]
    calls.tell(trial, state="failed", error='got "NaN" \\ Infinity')
    assert calls.trial(trial)["error"] == 'got "NaN" \\ Infinity'
    assert calls.study(study)["constants"] == {"NaN": "-Infinity"}


def test_reports_are_listed_by_step_and_a_step_again_replaces(calls):
    trial = calls.ask(calls.create())[0]
    for step, value in ((5, 0.5), (1, 0.1), (3, 0.9), (3, 0.3), (0, 2)):
        answer = calls.report(trial, step, value)
        assert answer["should_prune"] is False and answer["reason"] is None
    assert calls.trial(trial)["reports"] == [
        {"step": 0, "value": 2}, {"step": 1, "value": 0.1},
        {"step": 3, "value": 0.3}, {"step": 5, "value": 0.5},
    ]


def test_a_stop_is_never_taken_back(calls):
    study = calls.create(pruner={"name": "threshold", "options": {"upper": 1}})
    trial = calls.ask(study)[0]
    assert calls.report(trial, 0, 0.5)["should_prune"] is False
    answer = calls.report(trial, 1, 2)
    assert answer["should_prune"] is True and answer["reason"]
    assert calls.report(trial, 1, 0.5)["should_prune"] is True
    assert calls.report(trial, 2, 0.5)["should_prune"] is True
    stored = calls.trial(trial)
    assert stored["stopped"] is True and stored["stop_reason"]
    assert stored["state"] == "running"
    assert calls.tell(trial, state="pruned")["values"] == [0.5]


@pytest.mark.parametrize("direction, sign", [("minimize", 1), ("maximize", -1)])
def test_the_median_stops_what_is_worse_in_the_users_sense(
    calls, direction, sign
):
    study = calls.create(objectives=objective(direction), pruner={
        "name": "median", "options": {"n_startup_trials": 2},
    })
    for trial in calls.ask(study, 4):
        assert not calls.report(trial, 0, 1 * sign)["should_prune"]
        calls.tell(trial, value=1 * sign)
    good, bad = calls.ask(study, 2)
    assert calls.report(good, 0, 0.5 * sign)["should_prune"] is False
    assert calls.report(bad, 0, 2 * sign)["should_prune"] is True


def test_many_tells_have_a_result_each(calls):
    study = calls.create()
    first, second, third = calls.ask(study, 3)
    calls.tell(third, value=3)
    body = {"tells": [
        {"study_id": study["id"], "number": 0, "value": 0.5},
        {"study_id": study["id"], "number": 77, "value": 0.5},
        {"study_id": "AAAAAAAAAAAA", "number": 0, "value": 0.5},
        {"study_id": study["id"], "number": 2, "value": 4},
        {"study_id": study["id"], "number": 2, "value": 3},
        {"study_id": study["id"], "number": 1, "state": "failed"},
    ]}
    results = calls.ok("POST", "/tell", body)["results"]
    assert [r["status"] for r in results] == [200, 404, 404, 409, 200, 200]
    assert results[0]["values"] == [0.5]
    assert results[3]["code"] == "conflict"
    assert calls.trial(first)["state"] == "complete"
    assert calls.trial(second)["state"] == "failed"
    assert calls.trial(third)["values"] == [3]


def test_a_thousand_at_a_time(calls):
    study = calls.create()
    trials = calls.ask(study, 1000)
    assert [t["number"] for t in trials] == list(range(1000))
    tells = [
        {"study_id": t["study_id"], "number": t["number"],
         "value": t["params"]["x"]} for t in trials
    ]
    results = calls.ok("POST", "/tell", {"tells": tells})["results"]
    assert {(r["status"], r["state"]) for r in results} == {(200, "complete")}
    assert calls.study(study)["trials"]["complete"] == 1000
    assert calls.best(study)["values"] == [min(t["value"] for t in tells)]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_trials_are_listed_in_pages(calls, order):
    study = calls.create()
    calls.ask(study, 7)
    path = f"/studies/{study['id']}/trials?limit=3&order={order}"
    found, cursor = [], ""
    while cursor is not None:
        page = calls.ok("GET", path + (cursor and f"&cursor={cursor}"))
        found += [trial["number"] for trial in page["trials"]]
        cursor = page["next"]
    expected = list(range(7))
    assert found == (expected if order == "asc" else expected[::-1])


def test_trials_are_listed_by_state_and_with_their_reports(calls):
    study = calls.create()
    trials = calls.ask(study, 3)
    calls.report(trials[1], 4, 0.5)
    calls.tell(trials[1], value=1)
    running = calls.trials(study, "state=running")
    assert [t["number"] for t in running] == [0, 2]
    (done,) = calls.trials(study, "state=complete&reports=1")
    assert done["reports"] == [{"step": 4, "value": 0.5}]
    assert calls.trials(study, "state=lost") == []


def test_since_lists_only_what_changed(calls):
    study = calls.create()
    trials = calls.ask(study, 5)
    path = f"/studies/{study['id']}/trials?since="
    revision = calls.ok("GET", path + "0")["revision"]
    assert calls.ok("GET", path + str(revision))["trials"] == []
    calls.tell(trials[3], value=1)
    page = calls.ok("GET", path + str(revision))
    assert [t["number"] for t in page["trials"]] == [3]
    assert page["revision"] > revision
    assert page["trials"][0]["revision"] <= page["revision"]
    assert calls.study(study)["revision"] == page["revision"]


def test_a_heartbeat_renews_the_lease(calls):
    study = calls.create(lease_s=60)
    trial = calls.ask(study, lease_s=30)[0]
    before = datetime.fromisoformat(trial["lease_expires"])
    time.sleep(0.02)  # Times have milliseconds.
    answer = calls.ok("POST", at(trial) + "/heartbeat", {})
    assert answer["continue"] is True and answer["reason"] is None
    assert datetime.fromisoformat(answer["lease_expires"]) > before


def test_a_heartbeat_of_an_ended_trial_says_stop(calls):
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=1)
    answer = calls.ok("POST", at(trial) + "/heartbeat", {})
    assert answer["continue"] is False and answer["reason"]


def test_a_report_that_comes_after_the_end_is_kept(calls):
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=1)
    late = calls.ok("POST", at(trial) + "/report", {"step": 3, "value": 2})
    assert late["should_prune"] is False
    stored = calls.trial(trial)
    assert stored["reports"] == [{"step": 3, "value": 2}]
    assert (stored["state"], stored["values"]) == ("complete", [1])


def test_an_asked_lease_is_granted(calls):
    trial = calls.ask(calls.create(), lease_s=5000)[0]
    granted = datetime.fromisoformat(trial["lease_expires"])
    started = datetime.fromisoformat(calls.trial(trial)["started"])
    assert abs((granted - started).total_seconds() - 5000) < 1


def lose(calls, trial):
    """Wait until the lease of a trial has run out."""
    harness.wait_until(
        lambda: calls.trial(trial)["state"] == "lost", "a lost trial", 15
    )


def test_a_lost_trial_is_retried_under_a_new_number(calls):
    study = calls.create(lease_s=1, max_attempts=2)
    trial = calls.ask(study)[0]
    lose(calls, trial)
    again = calls.ask(study, lease_s=600)[0]
    assert again["number"] == 1 and again["retry_of"] == 0
    assert again["attempt"] == 2
    assert again["params"] == trial["params"]
    late = calls.tell(trial, value=0.5)
    assert (late["state"], late["values"]) == ("complete", [0.5])
    assert calls.trial(again)["state"] == "cancelled"
    beat = calls.ok("POST", at(again) + "/heartbeat", {})
    assert beat["continue"] is False and beat["reason"]


def test_a_trial_is_not_retried_beyond_its_attempts(calls):
    study = calls.create(lease_s=1, max_attempts=1)
    trial = calls.ask(study)[0]
    lose(calls, trial)
    fresh = calls.ask(study, lease_s=600)[0]
    assert fresh["retry_of"] is None and fresh["attempt"] == 1


def test_a_key_makes_an_ask_repeatable(calls):
    study = calls.create()
    path, key = f"/studies/{study['id']}/ask", {"Idempotency-Key": study["id"]}
    first = calls.ok("POST", path, {"n": 3}, headers=key)["trials"]
    calls.ask(study)
    again = calls.ok("POST", path, {"n": 3}, headers=key)["trials"]
    for before, after in zip(first, again, strict=True):
        assert before["number"] == after["number"]
        assert before["params"] == after["params"]
    calls.ok("POST", path, {"n": 2}, 422, headers=key)
    assert calls.study(study)["trials"]["total"] == 4


def test_racing_asks_with_one_key_get_one_trial(calls):
    body = {"study": definition()}
    key = {"Idempotency-Key": body["study"]["name"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: calls.ok(
            "POST", "/ask", body, headers=key, validate=False), range(16)))
    numbers = [[t["number"] for t in a["trials"]] for a in answers]
    assert numbers == [[0]] * 16


def test_the_worker_is_kept(calls):
    worker = {"name": "wn042", "site": "CNAF", "job": "123.0",
              "resources": {"gpus": 1}}
    trial = calls.ask(calls.create(), worker=worker)[0]
    assert calls.trial(trial)["worker"] == worker


@pytest.mark.parametrize(
    "sampler",
    ["auto", "tpe", "gp", "random", "qmc", "grid", "cmaes", "nsga2"])
def test_every_sampler_serves_a_space_of_levels(calls, sampler):
    condition = {} if sampler == "cmaes" else {"when": {"c": ["b"]}}
    study = calls.create(sampler={"name": sampler, "seed": 3}, space={
        "n": {"type": "int", "low": 0, "high": 9},
        "c": {"type": "categorical", "choices": ["a", "b"]},
        "m": {"type": "bool", **condition},
    })
    for _ in range(25):
        trial = calls.ask(study)[0]
        calls.tell(trial, value=(trial["params"]["n"] - 3) ** 2)
    assert calls.study(study)["trials"]["complete"] == 25


@pytest.mark.parametrize("pruner, options", [
    ("nop", {}),
    ("median", {}),
    ("median", {"patience": 1, "min_delta": 0.5}),
    ("percentile", {}),
    ("threshold", {"upper": 3}),
    ("asha", {}),
    ("hyperband", {}),
    ("patient", {"patience": 1}),
    ("wilcoxon", {}),
    ("extrapolate", {"max_resource": 3}),
])
def test_every_pruner_takes_reports(calls, pruner, options):
    study = calls.create(
        space=LINE, pruner={"name": pruner, "options": options}
    )
    for trial in calls.ask(study, 8):
        for step in range(4):
            if calls.report(trial, step, trial["number"])["should_prune"]:
                assert pruner != "nop"
                calls.tell(trial, state="pruned")
                break
        else:
            calls.tell(trial, value=trial["number"])
    counts = calls.study(study)["trials"]
    assert counts["complete"] + counts["pruned"] == 8
