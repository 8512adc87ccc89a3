# SPDX-License-Identifier: GPL-3.0-or-later
"""test_budget.py - limits of what is handed out, over HTTP

Also by two services on one database, whose asks race for what is left.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from calls import Calls, at, definition

ASKERS = 8  # at each of two services


def patch(calls, study, **changes):
    return calls.ok("PATCH", f"/studies/{study['id']}", changes)


# ---- what an ask hears ------------------------------------------------------


def test_an_ask_gets_what_is_left_and_hears_why(calls):
    study = calls.create(budget={"max_trials": 5})
    assert "reason" not in calls.answer(study, n=2)
    answer = calls.answer(study, n=10)
    assert [t["number"] for t in answer["trials"]] == [2, 3, 4]
    assert answer["reason"] == "budget" and answer["retry_after_s"] is None
    assert answer["detail"] == "max_trials 5 reached: 5 handed out"
    assert calls.study(study)["budget_used"] == {"trials": 5, "cost": 0}


def test_what_is_left_of_a_grid_comes_with_the_reason(calls):
    study = calls.create(space={"x": {"type": "bool"}}, sampler="grid")
    answer = calls.answer(study, n=5)
    assert len(answer["trials"]) == 2 and answer["reason"] == "exhausted"


def test_every_refusal_names_the_limit_and_the_count(calls):
    past = "2001-01-01T00:00:00Z"
    for budget, reason, detail in (
        ({"max_failed": 1}, "budget", "max_failed 1 reached: 1 failed"),
        ({"max_running": 2}, "budget", "max_running 2 reached: 2 running"),
        ({"deadline": past}, "budget", f"deadline {past} passed"),
        ({"target": 3}, "converged", "target 3 reached: trial 0 has 2.5"),
        ({"patience": 1}, "converged",
         "patience 1: 1 results without a new best"),
        ({"max_cost": 1.5}, "budget", "max_cost 1.5 reached: 1.5 was spent"),
    ):
        study = calls.create()
        best, worse, failed, *_ = calls.ask(study, 5)
        calls.tell(best, value=2.5, cost=1.5)
        calls.tell(worse, value=3)
        calls.tell(failed, state="failed")
        patch(calls, study, budget=budget)
        answer = calls.answer(study)
        assert answer["trials"] == []
        assert (answer["reason"], answer["detail"]) == (reason, detail)


# ---- cost -------------------------------------------------------------------


def test_a_cost_is_kept_and_counted_once(calls):
    study = calls.create(budget={"max_cost": 3})
    assert calls.study(study)["budget"]["max_cost"] == 3
    trial, other = calls.ask(study, 2)
    for _ in range(2):
        calls.tell(trial, value=1, cost=0.5)
    calls.tell(trial, value=1)
    answer = calls.api("POST", at(trial) + "/tell", {"value": 1, "cost": 0.75})
    assert answer.status == 409 and "at a cost of 0.5" in answer.json["detail"]
    tells = [{**key(other), "state": "failed", "cost": 2}] * 2
    results = calls.ok("POST", "/tell", {"tells": tells})["results"]
    assert [result["status"] for result in results] == [200, 200]
    assert [calls.trial(t)["cost"] for t in (trial, other)] == [0.5, 2]
    assert calls.study(study)["budget_used"] == {"trials": 2, "cost": 2.5}
    calls.tell(calls.ask(study)[0], value=1, cost=0.5)
    done = calls.study(study)
    assert done["state"] == "finished"
    assert done["reason"] == "max_cost 3 reached: 3 was spent"


def key(trial):
    return {name: trial[name] for name in ("study_id", "number")}


def test_an_imported_cost_is_kept_and_not_spent(calls):
    study = calls.create(budget={"max_cost": 3})
    trials = [{"params": {"x": 0.5}, "state": "complete", "value": 1,
               "cost": 2}]
    calls.ok("POST", f"/studies/{study['id']}/trials", {"trials": trials}, 201)
    assert [t["cost"] for t in calls.trials(study)] == [2]
    assert calls.study(study)["budget_used"] == {"trials": 0, "cost": 0}
    answer = calls.answer(study, n=5)
    assert len(answer["trials"]) == 2  # each expected to cost 2
    assert answer["detail"] == (
        "max_cost 3 reached: 0 was spent, and 2 running are expected to cost 4"
    )
    assert answer["retry_after_s"] > 0


# ---- iterations -------------------------------------------------------------


def test_an_iteration_begins_when_enough_of_the_last_one_ended(calls):
    rule = {"points": 4, "trigger_fraction": 0.75}
    study = calls.create(iteration=rule)
    assert study["iteration"] == {**rule, "number": 0}
    answer = calls.answer(study, n=10)
    first = answer["trials"]
    assert [t["iteration"] for t in first] == [1] * 4
    assert answer["reason"] == "waiting_for_iteration"
    for trial in first[:2]:
        calls.tell(trial, value=1)
    answer = calls.answer(study)
    assert answer["trials"] == [] and answer["retry_after_s"] > 0
    assert answer["detail"] == (
        "iteration 1: 2 of 4 trials have ended, the next one begins at 3"
    )
    calls.tell(first[2], state="failed")
    assert [t["iteration"] for t in calls.ask(study, 4)] == [2] * 4
    assert calls.study(study)["iteration"] == {**rule, "number": 2}
    assert [t["iteration"] for t in calls.trials(study)] == [1] * 4 + [2] * 4


def test_a_study_without_iterations_has_none(calls):
    study = calls.create()
    trial, = calls.ask(study)
    assert trial["iteration"] is None and study["iteration"] is None
    assert calls.trial(trial)["iteration"] is None


def test_iterations_can_be_begun_and_ended(calls):
    study = calls.create()
    changed = patch(calls, study, iteration={"points": 1})
    assert changed["iteration"] == {
        "points": 1, "trigger_fraction": 1, "number": 0}
    assert len(calls.answer(study, n=3)["trials"]) == 1
    assert patch(calls, study, iteration=None)["iteration"] is None
    calls.ask(study, 3)


def test_the_same_definition_finds_a_study_with_iterations(calls):
    same = definition(
        iteration={"points": 2}, budget={"max_cost": 5, "max_trials": 3})
    study = calls.ok("POST", "/studies", same, 201)
    assert calls.ok("POST", "/studies", same)["id"] == study["id"]
    other = {**same, "iteration": {"points": 3}}
    assert calls.api("POST", "/studies", other).status == 409


# ---- two services, one budget -----------------------------------------------


@pytest.fixture
def pair(instances, postgres_database):
    """Two services on one database."""
    one = instances(postgres_database)
    return one, instances(postgres_database, token=one.token)


def race(pair, study, n=1, ends=None, first=0):
    """Ask both services from many threads until nothing more comes.

    ends   what is told of each trial that comes; None: it runs on
    first  the number of the first trial
    Returns the trials that came, and the reasons of the empty answers.
    """
    def work(service):
        http = httpx.Client(headers={
            "Authorization": f"Bearer {service.token}"}, timeout=60)
        base = f"{service.url}/api/v1/studies/{study['id']}"
        got = []
        while True:
            answer = http.post(base + "/ask", json={"n": n}).json()
            for trial in answer["trials"]:
                got.append(trial)
                if ends:
                    path = f"{base}/trials/{trial['number']}/tell"
                    assert http.post(path, json=ends).status_code == 200
            if not answer["trials"]:
                return got, answer["reason"]

    with ThreadPoolExecutor(2 * ASKERS) as pool:
        done = list(pool.map(work, ASKERS * list(pair)))
    trials = [trial for got, _ in done for trial in got]
    numbers = sorted(trial["number"] for trial in trials)
    assert numbers == list(range(first, first + len(numbers)))
    return trials, {reason for _, reason in done}


LONG_AGO = (datetime.now(timezone.utc) - timedelta(days=1)).isoformat()
DONE = {"value": 1, "cost": 1}


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("limits, ends, most", [
    ({"budget": {"max_trials": 50}}, None, 50),
    ({"budget": {"max_trials": 50}}, DONE, 50),
    ({"budget": {"max_running": 25}}, None, 25),
    ({"budget": {"deadline": LONG_AGO}}, None, 0),
    ({"iteration": {"points": 30}}, None, 30),
    ({"budget": {"max_trials": 40}, "iteration": {"points": 60}}, None, 40),
])
def test_racing_asks_meet_a_limit_exactly(pair, n, limits, ends, most):
    study = Calls(pair[0]).create(**limits)
    trials, reasons = race(pair, study, n, ends)
    assert len(trials) == most
    assert reasons <= {"budget", "finished", "waiting_for_iteration"}
    for service in pair:
        seen = Calls(service).study(study)
        assert seen["budget_used"]["trials"] == most


def test_racing_asks_spend_what_was_granted(pair):
    """No first wave is larger than what is expected of an imported cost.

    Trials cost 1 and are expected to, so a sum of 20 allows exactly 20 trials,
    ended or running.
    """
    calls = Calls(pair[0])
    study = calls.create(budget={"max_cost": 20})
    known = {"params": {"x": 0.5}, "state": "complete", **DONE}
    calls.ok("POST", f"/studies/{study['id']}/trials", {"trials": [known]}, 201)
    trials, _ = race(pair, study, ends=DONE, first=1)
    assert len(trials) == 20
    done = Calls(pair[1]).study(study)
    assert done["budget_used"] == {"trials": 20, "cost": 20}
    assert done["state"] == "finished"
    spent = sum(t["cost"] for t in calls.trials(study) if t["started"])
    assert spent == 20


@pytest.mark.parametrize("budget, end, reason", [
    ({"max_failed": 6}, {"state": "failed"}, "max_failed 6 reached"),
    ({"target": 2}, {"value": 2}, "target 2 reached"),
    ({"patience": 6}, {"value": 1}, "patience 6"),
])
def test_what_others_told_closes_both_services(pair, budget, end, reason):
    """A limit that ends reach is seen by the next ask, wherever it comes."""
    one, two = (Calls(service) for service in pair)
    study = one.create(budget=budget)
    ended = 0
    while one.study(study)["state"] == "running":
        asker, teller = (one, two) if ended % 2 else (two, one)
        teller.tell(asker.ask(study)[0], **end)
        ended += 1
        assert ended < 20
    assert ended == {"max_failed": 6, "target": 1, "patience": 7}[
        next(iter(budget))]
    for calls in (one, two):
        answer = calls.answer(study)
        assert answer["reason"] == "finished"
        assert answer["detail"].startswith(reason)


def test_a_patch_on_one_service_holds_on_the_other(pair):
    one, two = (Calls(service) for service in pair)
    study = one.create(budget={"max_trials": 2})
    one.ask(study, 2)
    assert two.answer(study)["reason"] == "budget"
    patch(one, study, budget={"max_trials": 3})
    assert len(two.answer(study, n=5)["trials"]) == 1
    patch(two, study, budget={"max_trials": None, "max_running": 4})
    assert len(one.answer(study, n=5)["trials"]) == 1


def test_iterations_survive_a_kill(instances, database):
    service = instances(database)
    calls = Calls(service)
    study = calls.create(iteration={"points": 3, "trigger_fraction": 0.6})
    first = calls.ask(study, 3)
    calls.tell(first[0], value=1, cost=0.1)
    service.kill()
    service.restart()
    assert calls.answer(study)["reason"] == "waiting_for_iteration"
    calls.tell(first[1], value=1, cost=0.2)
    service.kill()
    service.restart()
    assert [t["iteration"] for t in calls.ask(study, 3)] == [2] * 3
    assert calls.study(study)["budget_used"]["cost"] == pytest.approx(0.3)
