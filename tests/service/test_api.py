# SPDX-License-Identifier: GPL-3.0-or-later
"""test_api.py - the life of a study over HTTP, on both databases"""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import harness
import pytest
from calls import LINE, RANDOM, definition, fresh_name, objective

EVERY_KIND = {
    "eta": {"type": "float", "low": 0.01, "high": 0.3, "log": True},
    "width": {"type": "float", "low": 0, "high": 1, "step": 0.25},
    "depth": {"type": "int", "low": 3, "high": 20},
    "even": {"type": "int", "low": 0, "high": 10, "step": 2},
    "units": {"type": "int", "low": 1, "high": 1024, "log": True},
    "booster": {"type": "categorical", "choices": ["gbtree", "dart", None, 3]},
    "flag": {"type": "bool"},
    "batch": {"type": "discrete", "values": [32, 64, 128]},
    "rate": {"type": "float", "low": 0, "high": 0.5,
             "when": {"booster": ["dart"]}},
    "both": {"type": "int", "low": 0, "high": 1,
             "when": {"flag": [True], "booster": ["dart", None]}},
}


def contains(found, wanted):
    """Is every field of `wanted` in `found`, at every level?"""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and contains(found[key], value)
            for key, value in wanted.items()
        )
    return found == wanted


def test_a_new_study_is_created_with_what_was_asked_for(calls):
    body = definition(
        space=EVERY_KIND, objectives=objective("maximize"),
        constants={"dataset": "v3", "nested": {"a": [1, None, 0.5]}},
        sampler={"name": "tpe", "seed": 7},
        pruner={"name": "median", "options": {"n_warmup_steps": 5}},
        budget={"max_trials": 200, "max_running": 50}, lease_s=1200,
        max_attempts=2, tags=["tth", "bdt"], notes="# why",
    )
    study = calls.ok("POST", "/studies", body, 201)
    assert contains(study, body)
    assert study["state"] == "running" and study["reason"] is None
    assert study["best"] is None
    assert set(study["trials"].values()) == {0}
    assert calls.study(study) == study


def test_the_order_of_the_parameters_is_kept(calls):
    study = calls.create(space=EVERY_KIND)
    assert list(calls.study(study)["space"]) == list(EVERY_KIND)


def test_what_is_left_out_has_defaults(calls):
    body = {"name": fresh_name(), "space": LINE}
    study = calls.ok("POST", "/studies", body, 201)
    assert study["kind"] == "hpo"
    assert [o["direction"] for o in study["objectives"]] == ["minimize"]
    assert study["sampler"]["name"] == "auto"
    assert study["pruner"]["name"] == "nop"
    assert study["lease_s"] == 600
    assert study["max_attempts"] == 3
    assert study["tags"] == [] and study["notes"] is None


def test_the_same_definition_finds_the_study(calls):
    body = definition(space=EVERY_KIND, constants={"a": 1, "b": 2})
    study = calls.ok("POST", "/studies", body, 201)
    assert calls.ok("POST", "/studies", body) == study
    turned = dict(reversed(body.items()))
    turned["constants"] = {"b": 2, "a": 1}
    assert calls.ok("POST", "/studies", turned)["id"] == study["id"]


def test_the_same_name_with_another_definition_is_a_conflict(calls):
    study = calls.create()
    body = definition(name=study["name"], objectives=objective("maximize"))
    problem = calls.ok("POST", "/studies", body, 409)
    assert problem["code"] == "conflict"
    assert study["name"] in problem["detail"] or "name" in problem["detail"]
    assert calls.study(study) == study


@pytest.mark.parametrize("name", [
    "naïve Grüße", "前進", "😀 emoji", "عربى", "e\u0301", "a\\b\"c'd/e",
    "<script>alert(1)</script>", "'; DROP TABLE studies; --", "%s%n", " ",
    "tab\there", "\u202ereversed", "\U0010ffff",
])
def test_any_text_is_a_name(calls, name):
    unique = name + fresh_name("")
    study = calls.create(name=unique, space={unique: LINE["x"]}, notes=name)
    assert study["name"] == unique
    assert calls.study(study)["notes"] == name
    assert list(calls.ask(study)[0]["params"]) == [unique]


def test_studies_are_listed_newest_first_in_pages(calls):
    word = fresh_name("page")
    made = [calls.create(name=f"{word} {i}")["id"] for i in range(5)]
    query, found, pages = f"/studies?limit=2&q={word}", [], 0
    cursor = ""
    while cursor is not None:
        page = calls.ok("GET", query + (cursor and f"&cursor={cursor}"))
        assert len(page["studies"]) <= 2
        found += [study["id"] for study in page["studies"]]
        cursor, pages = page["next"], pages + 1
    assert found == made[::-1]
    assert pages == 3


def test_studies_are_found_by_a_part_of_the_name_in_any_case(calls):
    word = fresh_name("needle").replace(" ", "")
    study = calls.create(name=f"before {word} after")
    calls.create()
    page = calls.ok("GET", f"/studies?q={word.upper()}")
    assert [s["id"] for s in page["studies"]] == [study["id"]]
    assert calls.ok("GET", f"/studies?q=%25{word}")["studies"] == []


def test_studies_are_found_by_state(calls):
    word = fresh_name("state").replace(" ", "")
    calls.create(name=f"{word} a")
    paused = calls.create(name=f"{word} b")
    calls.ok("POST", f"/studies/{paused['id']}/pause")
    page = calls.ok("GET", f"/studies?q={word}&state=paused")
    assert [s["id"] for s in page["studies"]] == [paused["id"]]


def test_a_space_becomes_wider_while_its_trials_stay(calls):
    study = calls.create(space={
        "x": {"type": "float", "low": 0, "high": 1},
        "kind": {"type": "categorical", "choices": ["a", "b"]},
    }, sampler={"name": "tpe", "options": {"n_startup_trials": 2}})
    before = calls.ask(study, 5)
    for trial in before[:4]:
        calls.tell(trial, value=trial["params"]["x"])
    wider = {"x": {"type": "float", "low": -50, "high": 50}}
    changed = calls.ok("PATCH", f"/studies/{study['id']}", {"space": wider})
    assert (changed["space"]["x"]["low"], changed["space"]["x"]["high"]) == (
        -50, 50)
    assert changed["space"]["kind"] == study["space"]["kind"]
    assert [t["params"] for t in calls.trials(study)] == [
        t["params"] for t in before]
    found = [t["params"]["x"] for t in calls.ask(study, 40)]
    assert min(found) < 0 and max(found) > 1


@pytest.mark.parametrize("change", [
    {"x": {"type": "float", "low": 0.1, "high": 1}},
    {"x": {"type": "float", "low": 0, "high": 1, "log": True}},
    {"x": {"type": "int", "low": 0, "high": 1}},
    {"kind": {"type": "categorical", "choices": ["b", "a", "c"]}},
    {"kind": {"type": "categorical", "choices": ["a"]}},
    {"new": {"type": "bool"}},
])
def test_a_space_that_would_lose_its_trials_is_refused(calls, change):
    study = calls.create(space={
        "x": {"type": "float", "low": 0, "high": 1},
        "kind": {"type": "categorical", "choices": ["a", "b"]},
    })
    problem = calls.ok("PATCH", f"/studies/{study['id']}", {"space": change},
                       422)
    assert "space" in problem["detail"]
    assert calls.study(study) == study


def test_a_change_leaves_the_rest_and_raises_the_revision(calls):
    study = calls.create(space=EVERY_KIND, tags=["a"], notes="old")
    changed = calls.ok("PATCH", f"/studies/{study['id']}", {
        "notes": "new", "budget": {"max_trials": 7},
    })
    assert changed["notes"] == "new"
    assert changed["budget"]["max_trials"] == 7
    assert changed["revision"] > study["revision"]
    moving = ("notes", "budget", "revision", "changed")
    for key in study.keys() - set(moving):
        assert changed[key] == study[key], key
    assert calls.study(study) == changed


def test_a_paused_study_answers_no_ask_until_it_is_resumed(calls):
    study = calls.create()
    running = calls.ask(study)[0]
    path = f"/studies/{study['id']}"
    assert calls.ok("POST", path + "/pause")["state"] == "paused"
    answer = calls.answer(study)
    assert answer["trials"] == [] and answer["reason"] == "paused"
    assert answer["retry_after_s"] > 0
    assert calls.tell(running, value=1)["state"] == "complete"
    assert calls.ok("POST", path + "/resume")["state"] == "running"
    assert len(calls.ask(study)) == 1


def test_a_stopped_study_takes_what_is_still_running_and_finishes(calls):
    study = calls.create()
    running = calls.ask(study)[0]
    path = f"/studies/{study['id']}"
    stopped = calls.ok("POST", path + "/stop")
    assert stopped["state"] == "draining"
    assert calls.answer(study)["reason"] == "draining"
    calls.tell(running, value=1)
    assert calls.study(study)["state"] == "finished"
    assert calls.answer(study)["reason"] == "finished"


def test_no_more_than_max_trials_are_issued(calls):
    study = calls.create(budget={"max_trials": 3})
    trials = calls.answer(study, n=5)["trials"]
    assert [t["number"] for t in trials] == [0, 1, 2]
    assert calls.answer(study)["reason"] in ("budget", "draining")
    for trial in trials:
        calls.tell(trial, value=1)
    done = calls.study(study)
    assert done["state"] == "finished" and done["reason"]
    assert calls.answer(study)["reason"] == "finished"


def test_no_more_than_max_running_run_at_once(calls):
    study = calls.create(budget={"max_running": 2})
    first, _ = calls.answer(study, n=5)["trials"]
    answer = calls.answer(study)
    assert answer["trials"] == [] and answer["reason"] == "budget"
    assert answer["retry_after_s"] > 0
    calls.tell(first, value=1)
    assert len(calls.answer(study, n=5)["trials"]) == 1


def test_too_many_failures_finish_a_study(calls):
    study = calls.create(budget={"max_failed": 2})
    for trial in calls.ask(study, 2):
        assert calls.study(study)["state"] == "running"
        calls.tell(trial, state="failed", error="no such file")
    done = calls.study(study)
    assert done["state"] == "finished" and "fail" in done["reason"]
    assert calls.answer(study)["reason"] == "finished"


@pytest.mark.parametrize("direction, near, there", [
    ("minimize", 0.2, 0.1), ("maximize", 0.8, 0.9),
])
def test_a_reached_target_finishes_a_study(calls, direction, near, there):
    study = calls.create(
        objectives=objective(direction),
        budget={"target": there, "max_trials": 100},
    )
    first, second = calls.ask(study, 2)
    calls.tell(first, value=near)
    assert calls.study(study)["state"] == "running"
    calls.tell(second, value=there)
    done = calls.study(study)
    assert done["state"] == "finished" and "target" in done["reason"]


def test_nothing_is_issued_after_the_deadline(calls):
    soon = datetime.now(timezone.utc) + timedelta(seconds=0.8)
    study = calls.create(budget={"deadline": soon.isoformat()})
    calls.ask(study)
    answer = harness.wait_until(
        lambda: (lambda a: not a["trials"] and a)(calls.answer(study)),
        "the deadline", 10,
    )
    assert datetime.now(timezone.utc) >= soon
    assert answer["reason"] in ("budget", "draining", "finished")
    assert len(calls.trials(study)) >= 1


@pytest.mark.parametrize("direction, best", [("minimize", 1), ("maximize", 2)])
def test_the_best_is_that_of_the_direction(calls, direction, best):
    study = calls.create(objectives=objective(direction))
    assert calls.best(study) is None
    values = (0.5, -3.25, 7.5)
    for trial, value in zip(calls.ask(study, 3), values):
        calls.tell(trial, value=value)
    found = calls.best(study)
    assert found["number"] == best and found["values"] == [values[best]]
    assert calls.study(study)["best"] == {
        "number": best, "value": values[best]
    }


def test_the_best_of_equals_is_the_first(calls):
    study = calls.create()
    trials = calls.ask(study, 3)
    for trial in reversed(trials):
        calls.tell(trial, value=1)
    assert calls.best(study)["number"] in range(3)
    assert calls.study(study)["best"]["value"] == 1


def test_only_complete_trials_are_the_best(calls):
    study = calls.create()
    trials = calls.ask(study, 4)
    calls.tell(trials[0], state="pruned", value=0.1)
    calls.tell(trials[1], state="failed")
    calls.tell(trials[2], state="infeasible")
    assert calls.best(study) is None
    calls.tell(trials[3], value=0.9)
    assert calls.best(study)["number"] == 3


def test_the_counts_add_up(calls):
    study = calls.create()
    trials = calls.ask(study, 6)
    calls.tell(trials[0], value=1)
    calls.tell(trials[1], state="pruned", value=1)
    calls.tell(trials[2], state="failed")
    calls.tell(trials[3], state="infeasible")
    assert calls.study(study)["trials"] == {
        "total": 6, "invalid": 0, "queued": 0, "running": 2, "complete": 1,
        "pruned": 1, "failed": 1, "infeasible": 1, "lost": 0, "cancelled": 0,
    }


def test_a_deleted_study_is_gone_and_its_name_is_free(calls):
    body = definition()
    study = calls.ok("POST", "/studies", body, 201)
    path = f"/studies/{study['id']}"
    calls.tell(calls.ask(study)[0], value=1)
    assert calls.ok("DELETE", path, status=204) is None
    for call in (path, path + "/trials", path + "/trials/0", path + "/best"):
        calls.ok("GET", call, status=404)
    calls.ok("POST", path + "/trials/0/tell", {"value": 1}, 404)
    calls.ok("DELETE", path, status=404)
    again = calls.ok("POST", "/studies", body, 201)
    assert again["id"] != study["id"]
    assert calls.trials(again) == []


def test_a_grid_is_gone_through_once(calls):
    study = calls.create(sampler={"name": "grid"}, space={
        "a": {"type": "int", "low": 1, "high": 3}, "b": {"type": "bool"},
    })
    trials = calls.ask(study, 6)
    points = {(t["params"]["a"], t["params"]["b"]) for t in trials}
    assert points == {(a, b) for a in (1, 2, 3) for b in (False, True)}
    answer = calls.answer(study)
    assert answer["trials"] == [] and answer["reason"] == "exhausted"


def test_asking_with_a_definition_finds_or_creates(calls):
    body = {"study": definition(), "n": 2}
    first = calls.ok("POST", "/ask", body)
    assert [t["number"] for t in first["trials"]] == [0, 1]
    second = calls.ok("POST", "/ask", body)
    assert second["study_id"] == first["study_id"]
    assert [t["number"] for t in second["trials"]] == [2, 3]


def test_racing_asks_make_one_study_with_distinct_numbers(calls):
    body = {"study": definition(sampler=RANDOM), "n": 2}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda _: calls.ok("POST", "/ask", body, validate=False), range(24)
        ))
    assert len({answer["study_id"] for answer in answers}) == 1
    numbers = [t["number"] for answer in answers for t in answer["trials"]]
    assert sorted(numbers) == list(range(48))


def test_times_are_utc_and_near_now(calls):
    study = calls.create()
    created = datetime.fromisoformat(study["created"])
    assert abs(datetime.now(timezone.utc) - created) < timedelta(minutes=1)
    assert re.search(r"Z$", study["created"])
    assert study["changed"] >= study["created"]


def test_null_as_space_changes_no_space(calls):
    study = calls.create()
    patch = {"space": None, "notes": "x"}
    changed = calls.ok("PATCH", f"/studies/{study['id']}", patch)
    assert changed["space"] == study["space"]
    assert changed["notes"] == "x"
