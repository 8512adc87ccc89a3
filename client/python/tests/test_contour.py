# SPDX-License-Identifier: MIT
"""test_contour.py - contour studies, and limit studies in their points"""

import math

import pytest

import cumae

SPACE = {"m1": cumae.Float(200, 1400), "m2": cumae.Float(0, 1390)}
BOTH = ["obs", "exp0"]


@pytest.fixture
def study(client):
    return cumae.ContourStudy("c", SPACE, curves=BOTH, client=client)


def told(fake, number, study="fake0"):
    return fake.state.studies[study]["list"][number]


def test_a_definition_says_what_was_said(scripted):
    made = {"id": "s", "name": "c", "kind": "contour", "lease_s": 600,
            "contour": {"target": "ln_mu_up", "curves": ["obs"], "cl": 0.95}}
    client, script = scripted((201, made))
    study = cumae.ContourStudy(
        "c", SPACE, constraints=["m2 <= m1 - 10"], features=["m1"],
        stop_area=0.01, client=client)
    assert script.bodies() == [{
        "name": "c", "kind": "contour", "constraints": ["m2 <= m1 - 10"],
        "space": {"m1": {"type": "float", "low": 200, "high": 1400},
                  "m2": {"type": "float", "low": 0, "high": 1390}},
        "contour": {"features": ["m1"], "stop_area": 0.01}}]
    assert (study.target, study.curves) == ("ln_mu_up", ["obs"])


def test_points_are_told_by_curve(fake, study):
    for p in study.work(n_trials=1):
        with p:
            assert set(p.params) == {"m1", "m2"} and p["m1"] >= 200
            p.tell(mu_up={"exp0": 1.1, "obs": 1.2}, err={"obs": 0.02},
                   meta={"xsec_fb": 3.5})
    point = told(fake, 0)
    assert (point["state"], point["values"]) == ("complete", [1.2, 1.1])
    assert point["constraints"] == {"err.obs": 0.02}
    assert point["meta"] == {"xsec_fb": 3.5}


def test_work_ends_with_the_study(study):
    done = [p.tell(mu_up={"obs": 1, "exp0": 1}) for p in study.work()]
    assert done == ["complete"] * 5


def test_a_point_may_be_invalid(fake, study):
    point, = study.ask()
    assert point.invalid("no EWSB") == "infeasible"
    assert told(fake, 0)["error"] == "no EWSB"


def test_a_limit_that_is_not_finite_has_failed(fake, study):
    point, = study.ask()
    assert point.tell(mu_up={"obs": math.nan, "exp0": 1.0}) == "failed"
    assert told(fake, 0)["error"] == "mu_up of obs is nan"
    point, = study.ask()
    state = point.tell(mu_up={"obs": 1, "exp0": 1}, err={"obs": math.inf})
    assert (state, told(fake, 1)["error"]) == ("failed", "err of obs is inf")


@pytest.mark.parametrize("tell, words", [
    ({}, "ln_mu_up is told as mu_up, not as nothing"),
    ({"cls": {"obs": 1}}, "told as mu_up, not as cls"),
    ({"mu_up": {"obs": 1}}, "mu_up has obs; the curves are obs, exp0"),
    ({"mu_up": {"obs": 0, "exp0": 1}}, "mu_up of obs is 0.0, not above 0"),
    ({"mu_up": {"obs": 1, "exp0": 1}, "err": {"obs": -1}},
     "err of obs is -1.0, not at least 0"),
    ({"mu_up": {"obs": 1, "exp0": 1}, "err": {"exp1": 1}}, "err of exp1"),
])
def test_what_makes_no_sense_is_named(study, tell, words):
    with pytest.raises(ValueError, match=words):
        study.ask()[0].tell(**tell)


def test_the_target_may_be_cls(fake, client):
    study = cumae.ContourStudy("c", SPACE, target="ln_cls", client=client)
    point, = study.ask()
    with pytest.raises(ValueError, match="ln_cls is no limit"):
        point.limit_study(range=(0, 20))
    assert point.tell(cls={"obs": 0.0}, err={"obs": 0.01}) == "complete"
    assert told(fake, 0)["values"] == [0.0]


def test_seed_points_are_brought_once(fake, client):
    seeds = [{"params": {"m1": 500, "m2": 400}, "mu_up": {"obs": 0.5}},
             {"params": {"m1": 600, "m2": 590}, "invalid": "tachyon"}]
    for _ in range(2):
        cumae.ContourStudy("c", SPACE, seed_points=seeds, client=client)
    brought = fake.state.studies["fake0"]["list"]
    assert [t["params"]["m1"] for t in brought] == [500, 600]
    assert len({t["id"] for t in brought}) == 2


def test_contours_are_asked_for_as_they_are_wanted(study):
    drawn = study.contour(n=51, y="m2", at={"m1": 300}, grid=True)
    assert [curve["name"] for curve in drawn["curves"]] == BOTH
    assert drawn["asked"]["n"] == "51" and drawn["asked"]["grid"] == "1"
    assert "x" not in drawn["asked"]


# ---- limit studies of points ------------------------------------------------


def throw(t):
    if t.want == "obs":
        return t.tell_obs(q=1.0)
    return t.tell_toys([0.0] * t.ntoys)


def test_a_point_is_told_when_its_limit_study_has_converged(fake, study):
    for p in study.work(n_trials=1):
        with p:
            limit = p.limit_study(range=(0, 20))
            assert (limit.name, limit.kinds) == ("c/0", ("limit",))
            for t in limit.work():
                throw(t)
    point = told(fake, 0)
    assert (point["state"], point["values"]) == ("complete", [1.5, 1.5])
    assert point["constraints"] == {"err.obs": 0.013, "err.exp0": 0.013}
    assert point["meta"] == {"limit_study": limit.id}
    asked = fake.state.studies[limit.id]["definition"]["limit"]
    assert asked["curves"] == BOTH and asked["cl"] == 0.95


def test_a_point_is_told_when_others_have_thrown_the_toys(
    fake, client, study
):
    point, = study.ask()
    limit = point.limit_study(range=(0, 20))
    for t in cumae.LimitStudy.open(limit.id, client).work():
        throw(t)
    assert point.state == "running"
    assert limit.wait()["toys_used"] == 2000
    assert point.state == "complete"
    assert limit.close() and point.state == "complete"


def test_work_waits_for_the_orders_of_others(client, study, monkeypatch):
    point, = study.ask()
    limit = point.limit_study(range=(0, 20))
    theirs = []
    with pytest.raises(cumae.StudyEnded, match="waiting_for_data"):
        while True:
            theirs += cumae.LimitStudy.open(limit.id, client).ask(wait=False)

    def sleep(seconds):
        assert point.state == "running"
        while theirs:
            throw(theirs.pop())

    # As if the service had said that there will be no more, such as `budget`.
    monkeypatch.setattr(cumae.LimitStudy, "work", lambda *_: iter(()))
    monkeypatch.setattr("cumae.point.time.sleep", sleep)
    assert list(limit.work(walltime=1000.0)) == []
    assert point.state == "complete"


def test_a_job_that_ends_hands_its_point_back_and_the_toys_stay(fake, study):
    with study.ask()[0] as p:
        for t in p.limit_study(range=(0, 20)).work(n_trials=2):
            throw(t)
    assert told(fake, 0)["state"] == "lost"
    with study.ask()[0] as p:
        assert p.number == 1
        limit = p.limit_study(range=(0, 20))
        assert limit.name == "c/0"
        left = [throw(t) for t in limit.work()]
    assert told(fake, 1)["state"] == "complete"
    # Of the orders for 2000 toys, one for data and one for 500 were done.
    assert 0 < len(left) < len(fake.state.studies[limit.id]["list"])


def test_a_point_without_a_limit_has_failed(fake, study):
    point, = study.ask()
    limit = point.limit_study(range=(0, 20))
    fake.state.studies[limit.id]["limit"]["limits"] = {"exp0": None}
    for t in limit.work():
        throw(t)
    assert told(fake, 0)["state"] == "failed"
    assert "no limit, exp0 is no_crossing_high" in told(fake, 0)["error"]


def test_a_limit_study_needs_the_curves_of_the_contour(fake, study):
    point, = study.ask()
    with pytest.raises(ValueError, match="curves"):
        point.limit_study(range=(0, 20), curves=["obs"])
