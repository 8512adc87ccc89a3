# SPDX-License-Identifier: GPL-3.0-or-later
"""test_copy.py - studies cloned and joined, over HTTP, on both databases"""

import contextlib
import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import harness
import httpx
import pytest
from calls import LINE, Calls, fresh_name, objective
from stored import count, execute

TREE = {
    "model": {"type": "categorical", "choices": ["tree", "net"]},
    "depth": {"type": "int", "low": 1, "high": 9, "when": {"model": ["tree"]}},
}
# What is the same of a trial and of its copy.
KEPT = ("state", "params", "values", "constraints", "uncertainty", "reports",
        "error", "outputs", "meta", "env", "wall_s", "cost", "tags", "notes",
        "worker", "stopped", "stop_reason", "created", "ended")


def clone(calls, study, status=201, **fields):
    """Clone a study, and return the answer or the problem."""
    path = f"/studies/{study['id']}/clone"
    return calls.ok("POST", path, {"name": fresh_name(), **fields}, status)


def merge(calls, study, *sources, status=200, **fields):
    """Merge studies into one, and return the answer or the problem."""
    body = {"from": [source["id"] for source in sources], **fields}
    return calls.ok("POST", f"/studies/{study['id']}/merge", body, status)


def at(x, value, **fields):
    """A trial to import."""
    return {"params": {"x": x}, "state": "complete", "value": value, **fields}


def bring(calls, study, *trials):
    """Import trials."""
    path = f"/studies/{study['id']}/trials"
    return calls.ok("POST", path, {"trials": list(trials)}, 201)


def filled(calls, n=4, **fields):
    """A study with n results: x = value = i / 10; with many, i / 1000."""
    study = calls.create(**fields)
    scale = 10 if n <= 10 else 1000
    bring(calls, study, *(at(i / scale, i / scale) for i in range(n)))
    return study


def details(calls, study, query="limit=1000&reports=1"):
    """The trials of a study, with their reports."""
    return calls.trials(study, query)


def xs(trials):
    """The points of some trials."""
    return [trial["params"]["x"] for trial in trials]


# ---- clone ------------------------------------------------------------------


def test_a_clone_has_the_definition_and_all_that_the_trials_brought(calls):
    study = calls.create(
        objectives=objective("maximize"), tags=["a"], notes="n",
        constants={"c": 1}, budget={"max_trials": 3, "max_cost": 9},
    )
    first, second, third = calls.ask(study, 3, worker={"name": "w1"})
    calls.report(first, 1, 0.5)
    calls.report(first, 2, 0.75)
    calls.tell(first, value=0.75, uncertainty=0.1, outputs={"o": 1}, cost=2.5,
               meta={"m": [1]}, env={"e": "x"}, wall_s=3)
    calls.ok("PATCH", f"/studies/{study['id']}/trials/0",
             {"tags": ["good"], "notes": "look"})
    calls.tell(second, state="failed", error="boom")
    copy = clone(calls, study)
    assert copy["copied_from"] == {
        "study": study["id"], "name": study["name"],
        "revision": calls.study(study)["revision"], "unfit": 0}
    for field in ("objectives", "space", "sampler", "pruner", "budget", "tags",
                  "notes", "constants", "lease_s"):
        assert copy[field] == study[field]
    assert copy["state"] == "running" and copy["owner"] == study["owner"]
    assert copy["budget_used"] == {"trials": 0, "cost": 0}
    assert copy["best"] == {"number": 0, "value": 0.75}
    originals, copies = details(calls, study)[:2], details(calls, copy)
    assert [t["number"] for t in copies] == [0, 1]
    for original, other in zip(originals, copies):
        assert {k: other[k] for k in KEPT} == {k: original[k] for k in KEPT}
        assert other["id"] == f"{study['id']}/{original['number']}"
        assert other["sampler"] == "imported" and other["started"] is None
    assert [t["number"] for t in calls.ask(copy, 3)] == [2, 3, 4]
    assert third["state"] == "running"


def test_what_is_copied_leaves_gaps_out_and_is_numbered_anew(calls):
    study = filled(calls, 5)
    calls.ask(study)
    path = f"/studies/{study['id']}/trials"
    calls.ok("DELETE", f"{path}/0", status=204)
    calls.ok("PATCH", f"{path}/3", {"invalid": True, "reason": "bad"})
    copies = details(calls, clone(calls, study))
    assert [(t["number"], t["params"]["x"]) for t in copies] == [
        (0, 0.1), (1, 0.2), (2, 0.4)]


@pytest.mark.parametrize("trials, expected", [
    ("none", []),
    ("ended", [0, 0.1, 0.2, 0.3, 0.9]),
    ("results", [0, 0.1, 0.2, 0.3]),
    ({}, [0, 0.1, 0.2, 0.3, 0.9]),
    ({"states": ["failed"]}, [0.9]),
    ({"states": ["failed", "complete"], "numbers": [2, 4]}, [0.2, 0.3, 0.9]),
    ({"numbers": [1, 1]}, [0.1]),
    ({"value_min": 0.1, "value_max": 0.2}, [0.1, 0.2]),
    ({"value_min": 0.3}, [0.3]),
    ({"tags": ["red", "green"]}, [0.1, 0.2]),
    ({"tags": ["red"], "value_max": 0}, []),
])
def test_a_clone_takes_the_trials_that_are_wanted(calls, trials, expected):
    study = filled(calls)
    bring(calls, study, {"params": {"x": 0.9}, "state": "failed"})
    for number, tags in ((1, ["red"]), (2, ["blue", "green"]), (3, ["redder"])):
        calls.ok("PATCH", f"/studies/{study['id']}/trials/{number}",
                 {"tags": tags})
    assert xs(details(calls, clone(calls, study, trials=trials))) == expected


def test_a_clone_may_differ_in_what_it_is_told(calls):
    study = filled(calls, budget={"max_trials": 5, "max_running": 2})
    copy = clone(calls, study, changes={
        "space": {"x": {"type": "float", "low": -1, "high": 2}},
        "sampler": {"name": "qmc", "seed": 9}, "budget": {"max_trials": 50},
        "tags": ["new"], "notes": None, "constants": {"k": 2}})
    assert copy["space"]["x"]["low"] == -1
    assert copy["sampler"]["name"] == "qmc" and copy["sampler"]["seed"] == 9
    assert copy["budget"]["max_trials"] == 50
    assert copy["budget"]["max_running"] == 2
    assert copy["tags"] == ["new"] and copy["constants"] == {"k": 2}
    assert copy["trials"]["complete"] == 4


def test_points_that_are_not_in_the_changed_space_are_named_or_skipped(calls):
    study = filled(calls)
    before = len(calls.ok("GET", "/studies")["studies"])
    changes = {"space": {"x": {"type": "float", "low": 0.15, "high": 1}}}
    detail = clone(calls, study, 422, changes=changes)["detail"]
    assert "trial 0" in detail and "'x' must be between 0.15 and 1" in detail
    assert len(calls.ok("GET", "/studies")["studies"]) == before
    copy = clone(calls, study, changes=changes, unfit="skip")
    assert xs(details(calls, copy)) == [0.2, 0.3]
    assert copy["copied_from"]["unfit"] == 2
    assert [t["id"][-2:] for t in details(calls, copy)] == ["/2", "/3"]


def test_choices_are_found_by_what_they_say_and_parameters_by_their_names(calls):
    study = calls.create(space={**TREE, "x": LINE["x"]})
    bring(calls, study,
          {"params": {"model": "net", "x": 0.5}, "state": "complete",
           "value": 1},
          {"params": {"model": "tree", "depth": 3, "x": 0.25},
           "state": "complete", "value": 2})
    changes = {"space": {"model": {"type": "categorical",
                                   "choices": ["forest", "net", "tree"]}}}
    copy = clone(calls, study, changes=changes)
    assert [t["params"] for t in details(calls, copy)] == [
        {"model": "net", "x": 0.5}, {"model": "tree", "depth": 3, "x": 0.25}]
    # Without depth, the second one is no point any more.
    changes = {"space": {"depth": None}}
    assert "depth" in clone(calls, study, 422, changes=changes)["detail"]
    copy = clone(calls, study, changes=changes, unfit="skip")
    assert [t["params"] for t in details(calls, copy)] == [
        {"model": "net", "x": 0.5}]


def test_a_repeated_clone_is_the_same_study(calls):
    study = filled(calls)
    name = fresh_name()
    copy = clone(calls, study, name=name)
    bring(calls, study, at(0.9, 9))
    assert clone(calls, study, 200, name=name)["id"] == copy["id"]
    assert calls.study(copy)["trials"]["total"] == 4
    detail = clone(calls, study, 409, name=name, trials="results")["detail"]
    assert name in detail
    detail = clone(calls, study, 409, name=study["name"])["detail"]
    assert study["name"] in detail


def test_racing_clones_of_one_name_make_one_study(calls):
    study = filled(calls, 30)
    name = fresh_name()
    path = f"/studies/{study['id']}/clone"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda _: calls.api("POST", path, {"name": name}), range(8)))
    assert {a.status for a in answers} <= {200, 201}
    assert len({a.json["id"] for a in answers}) == 1
    found = calls.ok("GET", f"/studies?q={name}")["studies"]
    assert [s["trials"]["total"] for s in found] == [30]


def test_a_clone_of_many_trials_comes_in_steps_and_stays_in_order(calls):
    study = calls.create()
    path = f"/studies/{study['id']}/trials"
    for start in range(0, 1400, 700):  # a step has 250
        calls.ok("POST", path, {"trials": [
            at(i / 2000, i, reports=[{"step": 1, "value": i}])
            for i in range(start, start + 700)]}, 201)
    copy = clone(calls, study)
    assert copy["trials"]["complete"] == 1400
    assert copy["best"] == {"number": 0, "value": 0}
    trials = details(calls, copy, "limit=1000&reports=1") + details(
        calls, copy, "limit=1000&reports=1&cursor=999")
    assert [t["values"] for t in trials] == [[i] for i in range(1400)]
    assert [t["reports"] for t in trials] == [
        [{"step": 1, "value": i}] for i in range(1400)]
    # What was built in several transactions is one history.
    assert calls.ask(copy)[0]["number"] == 1400


def test_a_clone_goes_on_like_a_study_of_its_own(calls):
    study = filled(calls, 12, sampler={"name": "tpe", "seed": 4})
    one, other = clone(calls, study), clone(calls, study)
    assert [t["params"] for t in calls.ask(one, 3)] == [
        t["params"] for t in calls.ask(other, 3)]
    kinds = [e["event"] for e in calls.ok(
        "GET", f"/studies/{one['id']}/events")["events"]]
    assert kinds[0] == "study_created" and "trial_imported" not in kinds


def test_a_target_that_a_copy_reaches_finishes_the_clone(calls):
    study = filled(calls)
    copy = clone(calls, study, changes={"budget": {"target": 0.1}})
    assert copy["state"] == "finished" and "target 0.1" in copy["reason"]


# ---- merge ------------------------------------------------------------------


def test_a_merge_appends_each_trial_once(calls):
    target, first, second = (filled(calls, n) for n in (1, 3, 2))
    answer = merge(calls, target, first, second)
    assert answer == {"study_id": target["id"], "added": 5, "present": 0,
                      "unfit": 0}
    assert xs(details(calls, target)) == [0, 0, 0.1, 0.2, 0, 0.1]
    assert [t["id"] for t in details(calls, target)][1:] == [
        *(f"{first['id']}/{i}" for i in range(3)),
        *(f"{second['id']}/{i}" for i in range(2))]
    bring(calls, first, at(0.5, 0.5))
    answer = merge(calls, target, second, first)
    assert (answer["added"], answer["present"]) == (1, 5)
    assert calls.study(target)["budget_used"]["trials"] == 0
    kinds = [e["event"] for e in calls.ok(
        "GET", f"/studies/{target['id']}/events?limit=1000")["events"]]
    assert kinds.count("trial_imported") == 7


def test_a_merge_of_the_source_into_its_clone_brings_what_is_new(calls):
    study = filled(calls)
    copy = clone(calls, study)
    bring(calls, study, at(0.9, 0.9))
    answer = merge(calls, copy, study)
    assert (answer["added"], answer["present"]) == (1, 4)


def test_studies_with_other_objectives_are_not_merged(calls):
    target = filled(calls)
    for objectives, word in (
            ([{"name": "loss", "direction": "maximize"}], "to maximize loss"),
            ([{"name": "auc", "direction": "minimize"}], "minimize auc"),
            (objective("minimize") + [{"name": "b", "direction": "maximize"}],
             "2 objectives")):
        other = calls.create(objectives=objectives)
        assert word in merge(calls, target, other, status=422)["detail"]
    bounds = [{"name": "ms", "upper": 20}]
    other = calls.create(outcome_constraints=bounds)
    assert "1 outcome constraints" in merge(
        calls, target, other, status=422)["detail"]


def test_a_bound_of_the_target_decides_what_is_infeasible(calls):
    target = calls.create(outcome_constraints=[{"name": "ms", "upper": 20}])
    other = calls.create(outcome_constraints=[{"name": "ms", "upper": 50}])
    bring(calls, other, at(0.1, 1, constraints={"ms": 10}),
          at(0.2, 1, constraints={"ms": 30}),
          at(0.3, 1, constraints={"ms": 60}))
    merge(calls, target, other)
    assert [t["state"] for t in details(calls, target)] == [
        "complete", "infeasible", "infeasible"]


def test_points_outside_the_target_are_named_or_skipped(calls):
    target = calls.create(space={"x": {"type": "float", "low": 0, "high": 0.1}})
    other = filled(calls)
    detail = merge(calls, target, other, status=422)["detail"]
    assert f"trial 2 of study {other['id']}" in detail
    answer = merge(calls, target, other, unfit="skip",
                   trials={"numbers": [1, 3]})
    assert (answer["added"], answer["unfit"]) == (1, 2)


def test_racing_merges_bring_each_trial_once(calls):
    target, other = calls.create(), filled(calls, 200)
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: merge(calls, target, other), range(4)))
    assert sum(a["added"] for a in answers) == 200
    assert calls.study(target)["trials"]["complete"] == 200


# ---- who may ----------------------------------------------------------------


def test_only_what_one_may_read_is_copied(calls):
    study, target = filled(calls), calls.create()
    token = calls.ok("POST", "/tokens", {
        "name": "asks", "expires": "1d", "scopes": ["ask"]}, 201)["token"]
    answer = calls.api("POST", f"/studies/{study['id']}/clone",
                       {"name": fresh_name()}, token=token)
    assert answer.status == 403 and "read" in answer.json["detail"]
    answer = calls.api("POST", f"/studies/{target['id']}/merge",
                       {"from": [study["id"]]}, token=token)
    assert answer.status == 403 and "steer" in answer.json["detail"]
    detail = calls.ok("POST", f"/studies/{target['id']}/merge",
                      {"from": ["nothing"]}, 422)["detail"]
    assert "from[0]" in detail


# ---- crashes and abandoned ones ---------------------------------------------


def test_a_crash_in_a_clone_leaves_nothing_and_a_repeat_makes_it(instances,
                                                                 database):
    service = instances(database)
    calls = Calls(service)
    study = calls.create()
    path = f"/studies/{study['id']}/trials"
    for start in range(0, 6000, 1000):
        calls.ok("POST", path, {"trials": [
            at(i / 6000, i) for i in range(start, start + 1000)]}, 201)
    name = fresh_name()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(attempt, calls, study, name)
        harness.wait_until(lambda: count(database, "trials") > 6000,
                           "the first step of a clone")
        service.kill()
        answer.result()
    building = "studies WHERE building_ms IS NOT NULL"
    assert count(database, building) == 1
    # Nobody goes on with it, as if ten minutes had passed.
    execute(database, "UPDATE studies SET building_ms = 1"
            " WHERE building_ms IS NOT NULL")
    service.restart()
    listed = calls.ok("GET", "/studies")["studies"]
    assert [s["id"] for s in listed] == [study["id"]]
    assert clone(calls, study, name=name)["trials"]["complete"] == 6000
    harness.wait_until(lambda: count(database, building) == 0, "the reaper")
    assert count(database, "studies") == 2
    assert count(database, "trials") == 12000


def attempt(calls, study, name):
    """Clone a study on a service that may die meanwhile."""
    with contextlib.suppress(httpx.HTTPError):
        calls.api("POST", f"/studies/{study['id']}/clone", {"name": name})


# ---- lists ------------------------------------------------------------------


def names(calls, query):
    """The names of the studies that a query finds."""
    return [s["name"] for s in calls.ok("GET", f"/studies?{query}")["studies"]]


def test_studies_are_found_by_name_state_tag_and_owner(calls):
    word = fresh_name("Needle")
    one, two, three = (
        calls.create(name=f"{word} {i}", tags=tags)["name"]
        for i, tags in enumerate((["red", "big"], ["red"], ["redder"])))
    query = f"q={word.upper()}"
    assert names(calls, query) == [three, two, one]
    assert names(calls, f"{query}&tag=red") == [two, one]
    assert names(calls, f"{query}&tag=big&kind=hpo&state=running") == [one]
    assert names(calls, f"{query}&tag=re") == []
    assert names(calls, f"{query}&tag=red&state=paused") == []
    assert names(calls, f"{query}&owner=admin") == [three, two, one]
    assert names(calls, f"{query}&owner=nobody") == []
    page = calls.ok("GET", f"/studies?{query}&tag=red&limit=1")
    assert [s["name"] for s in page["studies"]] == [two]
    rest = f"{query}&tag=red&limit=1&cursor={page['next']}"
    assert names(calls, rest) == [one]


def test_trials_are_found_by_states_tag_worker_and_value(calls):
    study = calls.create()
    for i, worker in enumerate(("w1", "w2", "w1")):
        trial = calls.ask(study, worker={"name": worker})[0]
        calls.tell(trial, value=i)
    calls.tell(calls.ask(study)[0], state="failed")
    calls.ask(study, worker={"site": "w1"})
    for number, tags in ((0, ["a", 'q"b']), (2, ["b"])):
        calls.ok("PATCH", f"/studies/{study['id']}/trials/{number}",
                 {"tags": tags})

    def found(query):
        return [t["number"] for t in calls.trials(study, query)]

    assert found("state=complete,failed") == [0, 1, 2, 3]
    assert found("state=running,failed&order=desc") == [4, 3]
    assert found("worker=w1") == [0, 2]
    assert found("worker=w1&value_min=1") == [2]
    assert found("value_min=1&value_max=1") == [1]
    assert found("value_max=-0.5") == []
    assert found("tag=b") == [2] and found("tag=q%22b") == [0]
    assert found("limit=1&worker=w1&cursor=0") == [2]
    revision = calls.trials(study)[1]["revision"]
    assert found(f"since={revision}&state=complete") == [0, 2]
    assert found(f"since={revision}&state=complete&tag=a") == [0]


# ---- export -----------------------------------------------------------------


def exported(calls, study, form="jsonl"):
    """The lines of an export, and how many pages it had."""
    path, pages = f"/studies/{study['id']}/export", []
    query = f"?format={form}"
    while query:
        answer = calls.api("GET", path + query)
        assert answer.status == 200, answer.text
        pages.append(answer.text)
        link = answer.headers.get("link")
        query = link and re.fullmatch(r'<(\?.*)>; rel="next"', link).group(1)
    return "".join(pages), len(pages)


def test_an_export_has_the_study_and_all_trials(calls):
    study = filled(calls, 3)
    trial = calls.ask(study)[0]
    calls.report(trial, 1, 0.5)
    calls.ok("DELETE", f"/studies/{study['id']}/trials/1", status=204)
    text, pages = exported(calls, study)
    first, *rest = [json.loads(line) for line in text.splitlines()]
    assert pages == 1 and first == {"study": calls.study(study)}
    assert rest == details(calls, study)
    assert [t["number"] for t in rest] == [0, 2, 3]
    assert rest[2]["reports"] == [{"step": 1, "value": 0.5}]


def test_a_long_export_comes_in_pages(calls):
    study = calls.create()
    for i in range(4):
        bring(calls, study, *(
            at(j / 30, i, meta={"text": "x" * 200_000}) for j in range(15)))
    text, pages = exported(calls, study)
    assert pages == 2  # of 12 MB
    numbers = [json.loads(line)["number"] for line in text.splitlines()[1:]]
    assert numbers == list(range(60))


def test_a_table_has_what_readers_of_csv_expect(calls):
    study = calls.create(
        space={**TREE, "x, y": LINE["x"]},
        outcome_constraints=[{"name": "ms", "upper": 20}])
    bring(calls, study,
          {"params": {"model": "tree", "depth": 3, "x, y": 0.25}, "value": 1.5,
           "state": "complete", "constraints": {"ms": 7}, "id": 'a"b'},
          {"params": {"model": "net", "x, y": 0.5}, "state": "failed",
           "error": "line one\nline two", "cost": 2})
    text, _ = exported(calls, study, "csv")
    assert text.count("\r\n") == 3
    one, two = csv.DictReader(io.StringIO(text, newline=""))
    assert one["params.model"] == "tree" and one["params.depth"] == "3"
    assert one["params.x, y"] == "0.25" and one["id"] == 'a"b'
    assert one["values.value"] == "1.5" and one["constraints.ms"] == "7.0"
    assert one["state"] == "complete" and one["invalid"] == "false"
    assert two["params.depth"] == two["values.value"] == two["started"] == ""
    assert two["error"] == "line one\nline two" and two["cost"] == "2.0"
    assert two["ended"].endswith("Z")


# ---- import -----------------------------------------------------------------


def imported(calls, text, status=201, name=None):
    """Import a file, and return the study or the problem."""
    query = "?" + urlencode({"name": name}) if name else ""
    answer = calls.api("POST", "/studies/import" + query, data=text.encode())
    assert answer.status == status, answer.text
    return answer.json


def test_a_study_comes_back_from_its_file(calls):
    study = calls.create(
        space={**TREE, "x": LINE["x"]}, objectives=objective("maximize"),
        outcome_constraints=[{"name": "ms", "upper": 20}], tags=["t"],
        budget={"max_trials": 90, "deadline": "2100-01-01T00:00:00Z"},
        iteration={"points": 5, "trigger_fraction": 0.5}, constants={"c": [1]},
        sampler={"name": "tpe", "seed": 5}, notes="é", lease_s=77)
    tree = {"model": "tree", "depth": 3, "x": 0.125}
    bring(calls, study,
          {"params": tree, "value": 1.5, "state": "complete", "id": "mine",
           "constraints": {"ms": 7}, "outputs": {"o": [1.5]}, "wall_s": 3,
           "cost": 2.5, "uncertainty": 0.25, "meta": {"m": None},
           "env": {"e": "x"}},
          {"params": tree, "value": 9, "state": "complete",
           "constraints": {"ms": 21}},
          {"params": {"model": "net", "x": 0.5}, "state": "failed",
           "error": "boom"},
          {"params": {"model": "net", "x": 1}, "state": "pruned", "value": 1,
           "reports": [{"step": 1, "value": 0.5}, {"step": 3, "value": 1}]},
          {"params": tree, "value": 99, "state": "complete",
           "constraints": {"ms": 1}})
    path = f"/studies/{study['id']}/trials"
    calls.ok("PATCH", f"{path}/0", {"tags": ["a", "b"], "notes": "look"})
    calls.ok("PATCH", f"{path}/4", {"invalid": True, "reason": "bad"})
    text, _ = exported(calls, study)
    imported(calls, text, 409)  # the study is there
    name = fresh_name()
    copy = imported(calls, text, name=name)
    assert copy["best"] == {"number": 0, "value": 1.5}
    assert copy["trials"]["invalid"] == 1
    assert copy["copied_from"]["study"] == study["id"]
    again, _ = exported(calls, copy)
    one, other = ([json.loads(line) for line in each.splitlines()]
                  for each in (text, again))
    for field in ("objectives", "outcome_constraints", "space", "sampler",
                  "pruner", "budget", "lease_s", "max_attempts", "constants",
                  "tags", "notes", "trials", "best"):
        assert other[0]["study"][field] == one[0]["study"][field], field
    kept = KEPT + ("number", "id", "invalid", "invalid_reason", "special")
    assert [{k: t[k] for k in kept} for t in other[1:]] == [
        {k: t[k] for k in kept} for t in one[1:]]
    assert imported(calls, text, 200, name=name)["id"] == copy["id"]
    calls.ok("PATCH", f"/studies/{copy['id']}/trials/4", {"invalid": False})
    assert calls.study(copy)["best"]["number"] == 4


def test_what_has_no_outcome_is_left_out_of_an_import(calls):
    study = filled(calls, 2)
    calls.ask(study, 3)
    text, _ = exported(calls, study)
    copy = imported(calls, text, name=fresh_name())
    assert copy["trials"]["total"] == 2 and copy["copied_from"]["unfit"] == 3


def test_a_large_file_is_imported_and_other_bodies_stay_small(calls):
    study = calls.create()
    for i in range(3):
        bring(calls, study, *(
            at(j / 300, i, meta={"text": "x" * 12_000}) for j in range(250)))
    text, _ = exported(calls, study)
    assert len(text) > 9e6
    copy = imported(calls, text, name=fresh_name())
    assert copy["trials"]["complete"] == 750
    assert [t["values"] for t in details(calls, copy)] == [
        t["values"] for t in details(calls, study)]
    answer = calls.api("POST", "/studies", data=text.encode())
    assert answer.status == 413


@pytest.mark.parametrize("change, word", [
    (lambda lines: [], "line 1"),
    (lambda lines: lines[1:], "line 1"),
    (lambda lines: ["[]"] + lines[1:], "line 1"),
    (lambda lines: [lines[0], "{"], "line 2"),
    (lambda lines: [lines[0], "1"], "line 2"),
    (lambda lines: [lines[0], lines[0]], "line 2: *state|line 2.state"),
    (lambda lines: [lines[0].replace('"low":0', '"low":5')], "space.x"),
    (lambda lines: [lines[0].replace('"random"', '"magic"')], "sampler"),
    (lambda lines: [lines[0], lines[1].replace('"x":0', '"x":7')],
     "line 2.*x"),
    (lambda lines: [lines[0], lines[1].replace('"x":0', '"y":0')],
     "line 2.*y"),
    (lambda lines: [lines[0], lines[1].replace('complete', 'odd')],
     "line 2.state"),
    (lambda lines: [lines[0], lines[1].replace('[0.0]', 'null')],
     "line 2.values"),
    (lambda lines: [lines[0], lines[1].replace('[0.0]', '[NaN]')], "line 2"),
    (lambda lines: [lines[0], lines[1].replace('[0.0]', '[1,2]')],
     "line 2.values"),
    (lambda lines: [lines[0], lines[1].replace('"tags":null', '"tags":7')],
     "line 2.tags"),
    (lambda lines: [lines[0], lines[1].replace('[]', '[{"step":-1}]')],
     "line 2.reports"),
    (lambda lines: [lines[0]] + 2 * [lines[1].replace('"id":null', '"id":"i"')],
     "line 3.*i"),
])
def test_a_file_that_makes_no_sense_is_refused(calls, change, word):
    study = filled(calls, 2)
    text, _ = exported(calls, study)
    lines = change(text.splitlines())
    name = fresh_name()
    answer = calls.api("POST", "/studies/import?" + urlencode({"name": name}),
                       data="\n".join(lines).encode())
    assert answer.status in (400, 422), answer.text
    assert re.search(word, answer.json["detail"]), answer.json["detail"]
    assert names(calls, f"q={name}") == []
