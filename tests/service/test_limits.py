# SPDX-License-Identifier: GPL-3.0-or-later
"""test_limits.py - toy limits over HTTP, on both databases"""

import itertools
import json
import math
import random

import experiments
import harness
import numpy as np
import pytest
from calls import Calls, at, fresh_name
from experiments import COUNTING, COUNTING_LIMIT, encode, finite, result, terms


def limit_study(calls, **fields):
    """Create a limit study."""
    body = {"name": fresh_name("limit"), **terms(**fields)}
    return calls.ok("POST", "/studies", body, 201)


def limit(calls, study):
    """Return what is known; nothing in it may be NaN."""
    answer = calls.api("GET", f"/studies/{study['id']}/limit")
    assert answer.status == 200, answer.text
    assert not any(word in answer.text for word in ("NaN", "nan", "Inf", "inf,"))
    assert finite(answer.json)
    return answer.json


def known(calls, study):
    """Return the part that depends on what was told alone."""
    answer = limit(calls, study)
    return {key: answer[key] for key in ("curves", "points", "toys")}


def tell(calls, order, status=200, **body):
    """Tell, and return the answer or the problem."""
    return calls.ok("POST", at(order) + "/tell", body, status)


def work(calls, order, experiment=COUNTING):
    """Do as ordered."""
    return tell(calls, order, **result(experiment, order))


def ask(calls, study, **body):
    """Ask for one order."""
    return calls.ask(study, **body)[0]


def ask_toys(calls, study, **body):
    """Ask for toys; what is asked of the data is told on the way."""
    while True:
        order = ask(calls, study, **body)
        if order["want"] == "toys":
            return order
        work(calls, order)


def run(calls, study, experiment=COUNTING, most=500):
    """Work until nothing is handed out; return the reason."""
    for _ in range(most):
        answer = calls.answer(study)
        for order in answer["trials"]:
            work(calls, order, experiment)
        if not answer["trials"]:
            return answer["reason"]
    raise AssertionError("it goes on and on")


def total(answer):
    """Return the toys with a value."""
    return answer["toys"]["sb"] + answer["toys"]["b"]


# ---- orders -----------------------------------------------------------------


def test_an_order_says_all_that_a_worker_needs(calls):
    study = limit_study(calls, context={"workspace": "abc"}, poi="r")
    data = ask(calls, study)
    assert data["want"] == "obs" and data["mu"] == 1  # a quarter of the range
    assert data["params"] == {"r": 1, "want": "obs"}
    assert data["hypothesis"] is data["ntoys"] is data["mu_eval"] is None
    assert data["context"] == {"study": {"workspace": "abc"}, "mu": None}
    work(calls, data)
    order = ask_toys(calls, study)
    assert order["hypothesis"] in ("sb", "b") and order["ntoys"] == 300
    assert order["context"]["mu"] == {"gamma_mu": 1.0}
    assert 1 <= order["seed"] < 2**31
    assert order["sampler"] == "limit" and order["why"]


def test_a_repeated_ask_gets_the_same_order(calls):
    study = limit_study(calls)
    key = {"idempotency-key": fresh_name()}
    path = f"/studies/{study['id']}/ask"
    first, again = [calls.ok("POST", path, {}, headers=key) for _ in range(2)]
    assert first == again and first["trials"][0]["want"] == "obs"


def test_the_limit_is_that_of_the_experiment(calls):
    study = limit_study(
        calls, curves=["obs", "exp0"], rel_tol=0.02, batch_max=2000)
    assert run(calls, study) == "converged"
    answer = limit(calls, study)
    assert answer["status"] == "converged" and answer["forecast"]["toys"] == 0
    for curve in answer["curves"]:
        assert curve["precise"] and curve["status"] == "ok"
        assert curve["total_error"] <= 0.02 * curve["limit"]
        away = abs(curve["limit"] - COUNTING_LIMIT)
        assert away <= 4 * curve["total_error"]
    assert answer["curves"][0]["asymptotic"] == pytest.approx(1.6, abs=0.05)
    assert calls.study(study)["state"] == "finished"


def test_more_is_found_out_when_more_is_wanted(calls):
    study = limit_study(calls, rel_tol=0.1, batch_max=500)
    assert run(calls, study) == "converged"
    path = f"/studies/{study['id']}"
    changed = calls.ok("PATCH", path, {"limit": {"rel_tol": 0.03}})
    assert changed["state"] == "running"
    assert changed["limit"] == {**study["limit"], "rel_tol": 0.03}
    assert run(calls, study) == "converged"
    assert limit(calls, study)["curves"][0]["precise"]
    calls.ok("PATCH", path, {"limit": {"rel_tol": 0.001, "max_toys": 1000}})
    assert run(calls, study) == "budget"


def test_a_fixed_grid_is_thrown_until_each_point_is_decided(calls):
    study = limit_study(
        calls, mode="grid", points=[0.5, 1.5, 3], max_toys=100000)
    assert run(calls, study) == "converged"
    points = {point["mu"]: point for point in limit(calls, study)["points"]}
    assert set(points) == {0.5, 1.5, 3}
    assert points[0.5]["cls"]["low"] > 0.05 > points[3]["cls"]["high"]


def test_shared_background_toys_are_told_as_a_matrix(calls):
    study = limit_study(calls, share_b=True, rel_tol=0.05)
    order = ask_toys(calls, study)
    while order["hypothesis"] == "sb":
        work(calls, order)
        order = ask_toys(calls, study)
    assert order["mu_eval"] == [order["mu"]] + [
        mu for mu in (1, 2, 3) if mu != order["mu"]]
    q = COUNTING.throw(order)
    problem = tell(calls, order, 422, toys=encode(q[:, 0]))
    assert "mu_eval" in problem["detail"]
    tell(calls, order, toys={"q": q.tolist()}, wall_s=1)
    tell(calls, order, toys=encode(q))  # the same in other words
    answer = limit(calls, study)
    assert answer["toys"]["b"] == 300
    assert [point["n_b"] for point in answer["points"]] == [300] * 3
    assert run(calls, study) == "converged"


# ---- what was told ----------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "base64"])
def test_toys_that_fail_are_counted_and_flagged(calls, form):
    study = limit_study(calls)
    order = ask_toys(calls, study, worker={"site": "alpha"})
    q = [math.nan, math.inf, -1.0, -0.005, 0.0] + [1.0] * 15
    body = {"q": q} if form == "json" else encode(q)
    tell(calls, order, toys={**body, "n_failed": 2})
    answer = limit(calls, study)
    assert answer["toys"]["sb"] == 17
    assert answer["toys"]["failed"] == 5 and answer["toys"]["negative"] == 1
    assert answer["failures"]["flagged"]
    assert answer["failures"]["sites"] == [
        {"site": "alpha", "toys": 17, "failed": 5, "negative": 1,
         "flagged": True}]


def test_a_fifth_of_failed_toys_is_flagged_and_the_limit_returned(calls):
    study = limit_study(calls, rel_tol=0.05, batch_max=500)
    for _ in range(200):
        answer = calls.answer(study, worker={"site": "beta"})
        if not answer["trials"]:
            break
        order = answer["trials"][0]
        body = result(COUNTING, order)
        if order["want"] == "toys":
            q = COUNTING.throw(order)
            q[::5] = np.nan
            body["toys"] = encode(q)
        tell(calls, order, **body)
    answer = limit(calls, study)
    assert answer["failures"]["fraction"] == pytest.approx(0.2, abs=0.001)
    assert answer["failures"]["flagged"]
    curve = answer["curves"][0]
    assert abs(curve["limit"] - COUNTING_LIMIT) <= 4 * curve["total_error"]


def test_an_equal_repeat_is_harmless_and_another_a_conflict(calls):
    study = limit_study(calls)
    data = ask(calls, study)
    work(calls, data)
    work(calls, data)
    problem = tell(calls, data, 409, obs={"q": 7.5})
    assert "other data" in problem["detail"]
    order = ask_toys(calls, study)
    q = COUNTING.throw(order)
    tell(calls, order, toys=encode(q))
    before = known(calls, study)
    tell(calls, order, toys={"q": sorted(q)})
    problem = tell(calls, order, 409, toys=encode(q[1:]))
    assert "other toys" in problem["detail"]
    assert known(calls, study) == before


def test_many_tells_in_one_call(calls):
    study = limit_study(calls)
    orders = calls.ask(study, 3)
    tells = [{"study_id": study["id"], "number": order["number"],
              **result(COUNTING, order)} for order in orders]
    answer = calls.ok("POST", "/tell", {"tells": tells})
    assert [one["status"] for one in answer["results"]] == [200] * 3
    assert [p["status"] for p in limit(calls, study)["points"]] == [
        "no_toys"] * 3


@pytest.mark.parametrize("scale, status", [
    (1e3, "no_crossing_low"), (1e-6, "no_crossing_high")])
def test_where_there_is_no_limit_a_status_says_so(calls, scale, status):
    study = limit_study(calls, max_toys=40000, max_points=12, rel_tol=0.05,
                        mode="grid", points=[1, 2, 3])
    run(calls, study, experiments.Experiment(s=3 * scale, b=3, n=3))
    curve = limit(calls, study)["curves"][0]
    assert curve["status"] == status and curve["limit"] is None
    assert curve["error"] is None and not curve["precise"]


def ties(calls, tie_tol):
    """Return the point mu = 1 of the counting experiment of the traps."""
    study = limit_study(calls, mode="grid", points=[1], tie_tol=tie_tol,
                        min_toys=20000, max_toys=20000)
    run(calls, study, experiments.Experiment(s=3, b=0.3, n=0))
    return limit(calls, study)["points"][0]


def test_ties_with_the_data_count(calls):
    for tie_tol in (0, 1e-8, 1e-4):
        point = ties(calls, tie_tol)
        p, n = math.exp(-3.3), point["n_sb"]
        p_b, n_b = math.exp(-0.3), point["n_b"]
        error = math.sqrt((1 - p) / (n * p) + (1 - p_b) / (n_b * p_b))
        value = point["cls"]["value"]
        assert value > 0
        assert abs(math.log(value) + 3) <= 4 * error


def test_sites_that_disagree_on_the_data_are_named(calls):
    study = limit_study(calls)
    first = ask(calls, study, worker={"site": "alpha"}, lease_s=1)
    calls.ok("POST", at(first) + "/release", {"reason": "gone"})
    twin = ask(calls, study, worker={"site": "beta"})
    assert twin["retry_of"] == first["number"]
    tell(calls, twin, obs={"q": 1.5})
    tell(calls, first, obs={"q": 1.51})
    answer = limit(calls, study)
    point = answer["points"][0]
    assert point["status"] == "inconsistent_qobs"
    assert point["sites"] == [
        {"site": "beta", "q": 1.5}, {"site": "alpha", "q": 1.51}]
    assert answer["curves"][0]["status"] == "inconsistent_qobs"


def test_a_histogram_holds_every_toy(calls):
    study = limit_study(calls)
    order = ask_toys(calls, study)
    work(calls, order)
    path = f"/studies/{study['id']}/limit/toys?mu={order['mu']}&bins=7"
    answer = calls.ok("GET", path)
    counts = answer["sb"]
    assert len(answer["edges"]) == 8 and len(counts["counts"]) == 7
    assert sum(counts["counts"]) + counts["overflow"] == counts["total"] == 300
    assert answer["edges"][0] <= answer["q"] < answer["edges"][-1]
    assert answer["b"]["total"] == 0
    calls.ok("GET", path.replace("mu=", "mu=7"), status=404)


# ---- lost, late, withdrawn --------------------------------------------------


def test_a_late_tell_counts_once_and_totals_are_exact(calls):
    study = limit_study(calls)
    order = ask_toys(calls, study)
    calls.ok("POST", at(order) + "/release", {})
    twin = ask(calls, study)
    assert twin["retry_of"] == order["number"]
    assert twin["seed"] != order["seed"]
    assert twin["mu"] == order["mu"] and twin["ntoys"] == order["ntoys"]
    work(calls, twin)
    for _ in range(2):
        work(calls, order)
    answer = limit(calls, study)
    assert total(answer) == 2 * order["ntoys"]
    assert calls.trial(twin)["state"] == "complete"


def test_seeds_are_never_the_same(calls):
    study = limit_study(calls, rel_tol=0.001, batch_max=300)
    seeds = []
    for _ in range(40):
        order = ask(calls, study)
        seeds.append(order["seed"])
        work(calls, order)
    assert len(set(seeds)) == 40


def test_an_invalid_result_takes_its_toys_out_until_it_is_valid(calls):
    study = limit_study(calls)
    order = ask_toys(calls, study)
    work(calls, order)
    before = known(calls, study)
    calls.ok("PATCH", at(order), {"invalid": True, "reason": "wrong seed"})
    assert total(limit(calls, study)) == 0
    calls.ok("PATCH", at(order), {"invalid": False})
    assert known(calls, study) == before
    calls.ok("DELETE", at(order), status=204)
    assert total(limit(calls, study)) == 0


def test_what_is_lent_or_changed_keeps_what_was_told(calls):
    study = limit_study(calls)
    path = f"/studies/{study['id']}"
    for changes, word in (
        ({"limit": {"high": 9}}, "limit.high"),
        ({"space": {"x": {"type": "float", "low": 0, "high": 1}}}, "space"),
    ):
        answer = calls.api("PATCH", path, changes)
        assert answer.status in (400, 422) and word in answer.json["detail"]
    problem = calls.ok("POST", path + "/trials", {
        "trials": [{"params": {"mu": 1, "want": "obs"}}]}, 422)
    assert "ordered by the service" in problem["detail"]
    problem = calls.ok("POST", path + "/clone", {"name": fresh_name()}, 422)
    assert "none" in problem["detail"]
    clone = calls.ok("POST", path + "/clone", {
        "name": fresh_name(), "trials": "none",
        "changes": {"limit": {"high": 9}}}, 201)
    assert clone["limit"] == {**study["limit"], "high": 9}


# ---- several instances, crashes ---------------------------------------------


def test_two_instances_know_the_same(instances, postgres_database):
    first = instances(postgres_database)
    second = instances(postgres_database, token=first.token)
    here, there = Calls(first), Calls(second)
    study = limit_study(here, rel_tol=0.03, batch_max=500)
    both = itertools.cycle([(here, there), (there, here)])
    for (asked, told), _ in zip(both, range(40)):
        answer = asked.answer(study)
        for order in answer["trials"]:
            work(told, order)
        if not answer["trials"]:
            break
    assert limit(here, study) == limit(there, study)
    trials = here.trials(study)
    orders = [t for t in trials if t["params"]["want"] != "obs"]
    seeds = {t["seed"] for t in trials}
    assert len(seeds) == len(trials)
    assert total(limit(here, study)) == sum(
        t["params"]["ntoys"] for t in orders)
    order = next(t for t in reversed(orders))
    here.ok("PATCH", at(order), {"invalid": True})
    assert limit(there, study) == limit(here, study)
    late = instances(postgres_database, token=first.token)
    assert limit(Calls(late), study) == limit(here, study)


def test_a_crash_loses_no_toy_and_no_bit(instances, database):
    service = instances(database)
    calls = Calls(service)
    study = limit_study(calls, rel_tol=0.01, batch_max=400,
                        curves=["obs", "exp-1", "exp0"])
    for _ in range(3):
        for _ in range(random.randint(3, 9)):
            order = ask(calls, study)
            work(calls, order)
        before = limit(calls, study)
        service.kill()
        service.restart()
        assert limit(calls, study) == before
        work(calls, order)  # the answer to it may have been lost
        assert limit(calls, study) == before


def test_a_large_batch_is_told_in_either_form(calls):
    study = limit_study(calls, batch_min=50000, batch_max=50000)
    q = np.random.default_rng(1).chisquare(1, 50000)
    for form in (lambda q: {"q": q.tolist()}, encode):
        order = ask_toys(calls, study)
        assert order["ntoys"] == 50000
        tell(calls, order, toys=form(q))
        order = ask_toys(calls, study)
        body = json.loads(json.dumps(form(np.append(q, 1.0))))
        problem = tell(calls, order, 422, toys=body)
        assert "50000" in problem["detail"]
    assert total(limit(calls, study)) == 100000


def test_the_reaper_gives_a_silent_workers_batch_to_another(calls):
    study = limit_study(calls)
    order = ask_toys(calls, study, lease_s=1)
    harness.wait_until(
        lambda: calls.trial(order)["state"] == "lost", "the end of a lease")
    twin = ask(calls, study)
    assert twin["retry_of"] == order["number"]
    work(calls, order)
    work(calls, twin)
    assert total(limit(calls, study)) == 600
