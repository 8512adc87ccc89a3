# SPDX-License-Identifier: GPL-3.0-or-later
"""test_enqueue.py - trials that users bring, over HTTP, on both databases"""

import itertools
from concurrent.futures import ThreadPoolExecutor

import harness
import hopaas_job
import pytest
from calls import RANDOM, Calls, definition, objective

TREE = {
    "model": {"type": "categorical", "choices": ["tree", "net"]},
    "depth": {"type": "int", "low": 1, "high": 9, "when": {"model": ["tree"]}},
    "rate": {"type": "float", "low": 1e-4, "high": 1, "log": True},
}


def bring(calls, study, *trials, status=201, **fields):
    """Bring trials, and return the answer or the problem."""
    path = f"/studies/{study['id']}/trials"
    return calls.ok("POST", path, {"trials": list(trials), **fields}, status)


def refuse(calls, study, *trials, status=422, **fields):
    """Bring trials in vain; return what was wrong. Nothing has changed."""
    before = calls.study(study), calls.trials(study)
    detail = bring(calls, study, *trials, status=status, **fields)["detail"]
    assert (calls.study(study), calls.trials(study)) == before
    return detail


def at(x, **fields):
    """A trial to enqueue."""
    return {"params": {"x": x}, **fields}


def result(x, value, **fields):
    """A trial to import."""
    return at(x, state="complete", value=value, **fields)


def xs(trials):
    """The points of some trials."""
    return [trial["params"]["x"] for trial in trials]


def states(calls, study):
    """The states of all trials, by number."""
    return [trial["state"] for trial in calls.trials(study)]


# ---- the queue --------------------------------------------------------------


def test_enqueued_trials_are_handed_out_before_anything_else(calls):
    study = calls.create()
    calls.ask(study)
    answer = bring(calls, study, at(0.25, meta={"by": "anna"}), at(0.75))
    assert answer == {"study_id": study["id"], "trials": [
        {"number": 1, "id": None, "state": "queued"},
        {"number": 2, "id": None, "state": "queued"},
    ]}
    waiting = calls.trials(study)[1]
    assert waiting["state"] == "queued" and waiting["meta"] == {"by": "anna"}
    assert waiting["started"] is waiting["lease_expires"] is None
    assert waiting["priority"] == 0 and waiting["sampler"] == "enqueued"
    first, second, third = calls.ask(study, 3)
    assert [t["number"] for t in (first, second, third)] == [1, 2, 3]
    assert xs([first, second]) == [0.25, 0.75]
    assert first["sampler"] == "enqueued" and third["sampler"] == "random"
    stored = calls.trial(first)
    for key, value in first.items():
        assert stored[key] == value, key
    assert stored["started"] and stored["worker"] is None
    calls.tell(first, value=1)
    assert calls.trial(first)["values"] == [1]
    assert states(calls, study) == ["running", "complete"] + 2 * ["running"]


def test_a_higher_priority_goes_first_then_a_lower_number(calls):
    study = calls.create()
    priorities = [0, 5, -3, 5, 7]
    bring(calls, study, *(at(0.5, priority=p) for p in priorities))
    assert [t["priority"] for t in calls.trials(study)] == priorities
    order = [calls.ask(study)[0]["number"] for _ in priorities]
    assert order == [4, 1, 3, 0, 2]


def test_trials_of_one_ask_come_by_number(calls):
    study = calls.create()
    bring(calls, study, *(at(0.5, priority=p) for p in (0, 5, 9)))
    assert [t["number"] for t in calls.ask(study, 2)] == [1, 2]


def test_a_repeated_ask_gets_the_same_queued_trials(calls):
    study = calls.create()
    bring(calls, study, *(at(0.1, priority=p) for p in (3, 1, 2)))
    path, key = f"/studies/{study['id']}/ask", {"Idempotency-Key": "again"}
    first, again = (
        calls.ok("POST", path, {"n": 2}, headers=key) for _ in range(2)
    )
    assert first == again
    assert [t["number"] for t in first["trials"]] == [0, 2]
    assert calls.ask(study)[0]["number"] == 1


def test_what_params_leave_out_is_drawn(calls):
    study = calls.create(space=TREE)
    bring(calls, study, *({"params": {"model": "tree"}} for _ in range(30)))
    bring(calls, study, *({"params": {}} for _ in range(30)))
    asked = [trial["params"] for trial in calls.ask(study, 60)]
    assert {params["model"] for params in asked[:30]} == {"tree"}
    assert {params["model"] for params in asked[30:]} == {"tree", "net"}
    for params in asked:
        assert 1e-4 <= params["rate"] <= 1
        assert ("depth" in params) == (params["model"] == "tree")
    assert len({params["rate"] for params in asked}) == 60


def test_what_is_drawn_depends_on_the_seed_and_the_number_alone(calls):
    study, other = (calls.create(sampler=RANDOM) for _ in range(2))
    bring(calls, study, *({"params": {}} for _ in range(4)))
    calls.ask(other, 3)
    bring(calls, other, {"params": {}})
    drawn, expected = xs(calls.trials(other)), xs(calls.trials(study))
    assert drawn[3] == expected[3]
    assert len({*drawn, *expected}) == 7


def test_a_queued_trial_costs_budget_when_it_is_handed_out(calls):
    study = calls.create(budget={"max_trials": 2})
    bring(calls, study, *(at(x) for x in (0.1, 0.2, 0.3)))
    asked = calls.ask(study, 2)
    assert calls.answer(study)["reason"] == "budget"
    for trial in asked:
        calls.tell(trial, value=1)
    assert calls.study(study)["state"] == "finished"
    path = f"/studies/{study['id']}"
    changed = calls.ok("PATCH", path, {"budget": {"max_trials": 3}})
    assert changed["state"] == "running"
    assert xs(calls.ask(study)) == [0.3]


def test_a_paused_study_keeps_its_queue(calls):
    study = calls.create()
    calls.ok("POST", f"/studies/{study['id']}/pause", {})
    bring(calls, study, at(0.5))
    assert calls.answer(study)["reason"] == "paused"
    calls.ok("POST", f"/studies/{study['id']}/resume", {})
    assert xs(calls.ask(study)) == [0.5]


def test_nothing_is_enqueued_in_a_study_that_hands_out_no_more(calls):
    study = calls.create()
    calls.ask(study)
    bring(calls, study, at(0.5, id="before"))
    calls.ok("POST", f"/studies/{study['id']}/stop", {})
    assert "draining" in refuse(calls, study, at(0.5), status=409)
    again = bring(calls, study, at(0.5, id="before"), status=200)
    assert again["trials"][0]["number"] == 1
    bring(calls, study, result(0.5, 3))


def test_a_lost_enqueued_trial_is_tried_again(calls):
    study = calls.create()
    bring(calls, study, at(0.125))
    first = calls.ask(study, lease_s=1)[0]
    harness.wait_until(
        lambda: calls.trial(first)["state"] == "lost", "a lost trial"
    )
    again = calls.ask(study)[0]
    assert again["retry_of"] == 0 and again["params"] == {"x": 0.125}
    assert again["sampler"] == "retry" and again["attempt"] == 2


def test_a_trial_that_was_not_handed_out_cannot_be_told(calls):
    study = calls.create()
    bring(calls, study, at(0.5))
    path = f"/studies/{study['id']}/trials/0/tell"
    problem = calls.ok("POST", path, {"value": 1}, 409)
    assert "queued" in problem["detail"]


def test_what_exists_is_skipped_when_asked_to(calls):
    study = calls.create(space=TREE)
    net = {"params": {"model": "net", "rate": 0.5}}
    tree = {"params": {"model": "tree", "depth": 3, "rate": 0.5}}
    bring(calls, study, tree)
    answer = bring(calls, study, net, tree, net, skip_existing=True)
    assert [t["number"] for t in answer["trials"]] == [1, 0, 1]
    fixed = {"params": {"depth": 3, "model": "tree"}}
    answer = bring(calls, study, fixed, status=200, skip_existing=True)
    assert answer["trials"][0]["number"] == 0
    bring(calls, study, net, net)
    assert len(calls.trials(study)) == 4


def test_the_hopaas_face_hands_out_what_is_enqueued(calls):
    server, token = calls.service.url, calls.service.token
    job = hopaas_job.Job(server, token, definition()["name"],
                         {"x": "optuna#uniform(0, 1)"})
    job.ask()
    bring(calls, {"id": job.study_id}, at(0.375))
    assert job.ask()[1]["x"] == 0.375


# ---- results ----------------------------------------------------------------


def test_imported_results_are_results(calls):
    study = calls.create(objectives=objective("maximize"))
    answer = bring(
        calls, study, result(0.1, 3, wall_s=5, meta={"run": 1}, id="a"),
        result(0.2, 7, uncertainty=0.5, outputs={"auc": 1}),
        at(0.3, state="pruned", reports=[
            {"step": 2, "value": 6}, {"step": 1, "value": 5}]),
        at(0.4, state="failed", error="diverged"),
        at(0.5, state="infeasible"),
        at(0.6, state="complete", value=float("nan")),
    )
    told = ["complete", "complete", "pruned", "failed", "infeasible", "failed"]
    assert [t["state"] for t in answer["trials"]] == told
    assert states(calls, study) == told
    now = calls.study(study)
    assert now["best"] == {"number": 1, "value": 7}
    assert now["trials"]["total"] == 6 and now["trials"]["complete"] == 2
    first, second, pruned, failed = (
        calls.trial({"study_id": study["id"], "number": n}) for n in range(4)
    )
    assert first["values"] == [3] and first["wall_s"] == 5
    assert first["meta"] == {"run": 1} and first["id"] == "a"
    assert first["sampler"] == "imported" and first["started"] is None
    assert first["ended"] and first["created"]
    assert second["uncertainty"] == 0.5 and second["outputs"] == {"auc": 1}
    assert pruned["values"] == [6] and len(pruned["reports"]) == 2
    assert failed["error"] == "diverged" and failed["values"] is None


def test_imported_results_have_all_values_and_constraints(calls):
    study = calls.create(
        objectives=[{"name": "loss"},
                    {"name": "auc", "direction": "maximize"}],
        outcome_constraints=[{"name": "ms", "upper": 20}],
    )
    good = at(0.1, state="complete", values=[1, 2], constraints={"ms": 5})
    slow = at(0.2, state="complete", values=[0, 9], constraints=[25])
    answer = bring(calls, study, good, slow)
    told = [trial["state"] for trial in answer["trials"]]
    assert told == ["complete", "infeasible"]
    first, second = calls.trials(study)
    assert first["values"] == [1, 2] and first["constraints"] == {"ms": 5}
    assert second["values"] == [0, 9] and second["constraints"] == {"ms": 25}
    for wrong, word in (
        ({"values": [1]}, "trials[1].values"),
        ({"values": [1, 2]}, "trials[1].constraints"),
    ):
        detail = refuse(calls, study, good,
                        at(0.3, state="complete", **wrong))
        assert word in detail


def test_imported_results_cost_no_budget(calls):
    study = calls.create(
        budget={"max_trials": 2, "max_failed": 1, "patience": 2}
    )
    bring(calls, study, result(0.1, 1), *(result(0.2, 2) for _ in range(5)))
    bring(calls, study, *(at(0.3, state="failed") for _ in range(5)))
    first, second = calls.ask(study, 2)
    calls.tell(first, value=3)
    calls.tell(second, value=3)
    assert calls.study(study)["reason"].startswith("max_trials")


def test_an_imported_result_may_reach_the_target(calls):
    study = calls.create(budget={"target": 0.5})
    bring(calls, study, result(0.1, 1), result(0.2, 0.25), result(0.3, 1))
    assert calls.study(study)["state"] == "finished"
    assert states(calls, study) == 3 * ["complete"]


def test_samplers_learn_from_imported_results(calls):
    """tpe begins at random; with results it looks where they are good."""
    study = calls.create(sampler={"name": "tpe", "seed": 3})
    grid = [i / 40 for i in range(41)]
    bring(calls, study, *(result(x, (x - 0.3) ** 2) for x in grid))
    near = [x for x in xs(calls.ask(study, 40)) if abs(x - 0.3) < 0.2]
    assert len(near) > 25


def test_a_restart_keeps_the_queue_and_the_suggestions(
    instances, sqlite_database
):
    calls = Calls(instances(sqlite_database))
    study, twin = (
        calls.create(sampler={"name": "tpe", "seed": 3}) for _ in range(2)
    )
    for one in (study, twin):
        results = (result(i / 20, (i / 20 - 0.3) ** 2) for i in range(20))
        bring(calls, one, *results, at(0.5, id="q", priority=2), at(0.25))
    expected = [t["params"] for t in calls.ask(twin, 5)]
    calls.service.kill()
    calls.service.restart()
    assert [t["params"] for t in calls.ask(study, 5)] == expected
    again = bring(calls, study, at(0.5, id="q", priority=2), status=200)
    assert again["trials"] == [{"number": 20, "id": "q", "state": "running"}]


# ---- all or nothing, once ---------------------------------------------------


def test_a_repeat_by_id_finds_the_trials_of_the_first_time(calls):
    study = calls.create()
    trials = [at(0.5, id="a", meta={"k": [1]}), result(0.25, 3, id="b")]
    first = bring(calls, study, *trials)
    again = bring(calls, study, *reversed(trials), status=200)
    assert again["trials"] == first["trials"][::-1]
    running = calls.ask(study)[0]
    more = bring(calls, study, trials[0], at(0.75, id="c"))
    assert more["trials"] == [
        {"number": running["number"], "id": "a", "state": "running"},
        {"number": 2, "id": "c", "state": "queued"},
    ]
    assert len(calls.trials(study)) == 3


def test_an_id_with_something_else_is_a_conflict(calls):
    study = calls.create()
    bring(calls, study, at(0.5, id="a"))
    for other in (at(0.25, id="a"), result(0.5, 1, id="a")):
        detail = refuse(calls, study, at(0.5), other, status=409)
        assert 'trials[1].id "a"' in detail and "trial 0" in detail


def test_an_id_is_unique_in_its_study_only(calls):
    for _ in range(2):
        bring(calls, calls.create(), at(0.5, id="a"))


@pytest.mark.parametrize("trial, word", [
    (at(1.5), "trials[1].params.x must be from 0 to 1, not 1.5"),
    ({"params": {"y": 1}}, "trials[1].params.y is no parameter"),
    (at(0.5, id="twice"), "trials[1].id is the id of trials[0]"),
    (at(0.5, state="complete"), "trials[1].value is required"),
    ({"params": {}, "state": "complete", "value": 1},
     "trials[1].params.x is required"),
])
def test_one_impossible_trial_refuses_the_whole_call(calls, trial, word):
    study = calls.create()
    assert word in refuse(calls, study, at(0.5, id="twice"), trial)


def test_an_inactive_parameter_cannot_be_given(calls):
    study = calls.create(space=TREE)
    for params, word in (
        ({"depth": 3, "model": "net"}, "depth is given, but its `when`"),
        ({"depth": 3}, "depth is given without model"),
    ):
        assert word in refuse(calls, study, {"params": params})


def test_values_are_put_on_their_steps(calls):
    study = calls.create(space={
        "x": {"type": "float", "low": 0, "high": 1, "step": 0.1},
        "n": {"type": "int", "low": 0, "high": 10, "step": 5},
    })
    bring(calls, study, {"params": {"x": 0.1 + 0.2, "n": 5.0}})
    assert calls.ask(study)[0]["params"] == {"x": 0.3, "n": 5}
    detail = refuse(calls, study, {"params": {"x": 0.25}})
    assert "in steps of 0.1" in detail
    refuse(calls, study, {"params": {"n": 4}})


def test_a_thousand_trials_come_in_one_call(calls):
    study = calls.create()
    results = [
        result(i / 1000, i, id=str(i), reports=[{"step": 1, "value": i}])
        for i in range(1000)
    ]
    bring(calls, study, *results)
    assert calls.study(study)["best"] == {"number": 0, "value": 0}
    bring(calls, study, *results, status=200)
    assert calls.study(study)["trials"]["total"] == 1000


def test_who_may_only_read_brings_nothing(calls):
    study = calls.create()
    body = {"name": "r", "scopes": ["read"], "expires": "1d"}
    reader = calls.ok("POST", "/tokens", body, 201)["token"]
    path = f"/studies/{study['id']}/trials"
    calls.ok("POST", path, {"trials": [at(0.5)]}, 403, token=reader)


def test_racing_calls_on_two_instances_bring_each_id_once(
    instances, postgres_database
):
    pair = [Calls(instances(postgres_database)) for _ in range(1)]
    pair.append(Calls(instances(postgres_database, token=pair[0].service.token)))
    study = pair[0].create()

    def enqueue(i):
        calls = pair[i % 2]
        trials = [at(k / 50, id=f"p{k}") for k in range(50)]
        answer = calls.api("POST", f"/studies/{study['id']}/trials",
                           {"trials": trials})
        assert answer.status in (200, 201), answer.text
        return [t["number"] for t in answer.json["trials"]]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(enqueue, range(24)))
    assert all(numbers == found[0] for numbers in found)
    assert sorted(found[0]) == list(range(50))

    def ask(i):
        return [t["number"] for t in pair[i % 2].ask(study, 5)]

    with ThreadPoolExecutor(8) as pool:
        asked = list(itertools.chain(*pool.map(ask, range(10))))
    assert sorted(asked) == list(range(50))
