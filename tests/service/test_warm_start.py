# SPDX-License-Identifier: GPL-3.0-or-later
"""test_warm_start.py - what studies learn from others, and what matters in one

Over HTTP, on both databases.
"""

import psycopg
import pytest
from calls import RANDOM, Calls, definition, objective
from test_enqueue import bring, result, xs

WIDE = {
    "x": {"type": "float", "low": 0, "high": 1},
    "n": {"type": "int", "low": 1, "high": 9},
    "c": {"type": "categorical", "choices": ["a", "b", None]},
}
NARROW = {
    "c": {"type": "categorical", "choices": [None, "b"]},
    "n": {"type": "discrete", "values": [1, 2, 4]},
    "x": {"type": "float", "low": 0.25, "high": 2},
}


def learn(*studies):
    """The field of a definition."""
    return {"warm_start": {"studies": [study["id"] for study in studies]}}


def priors(service, study):
    """The rows of a study's priors, from PostgreSQL."""
    with psycopg.connect(service.database) as connection:
        return connection.execute(
            """SELECT source, point, "values" FROM priors
            JOIN studies ON studies.id = study_id WHERE key = %s
            ORDER BY position""", (study["id"],)).fetchall()


def test_results_that_fit_are_copied_and_counted(calls):
    source = calls.create(space=WIDE)
    other = calls.create(space=WIDE, objectives=objective("maximize"))
    bring(calls, source, *(
        {"params": {"x": x, "n": n, "c": c}, "state": "complete", "value": x}
        for x, n, c in (
            (0.5, 2, "b"),
            (0.25, 4, None),
            (0.75, 1, "a"),  # no such choice
            (0.125, 1, "b"),  # x is too small
            (0.875, 3, "b"),  # n has no such level
        )))
    calls.ask(source)
    bring(calls, source, {"params": {"x": 0.5, "n": 1, "c": "b"},
                          "state": "failed"})
    bring(calls, other, {"params": {"x": 1, "n": 1, "c": "b"},
                         "state": "complete", "value": 7})
    study = calls.create(space=NARROW, **learn(source, other))
    expected = {"studies": [source["id"], other["id"]], "results": [2, 1]}
    assert study["warm_start"] == expected
    assert calls.study(study)["warm_start"] == expected
    assert study["trials"]["total"] == 0
    if calls.service.database.startswith("postgres"):
        # NARROW as it stands: c by choice, n by level, x itself; the best
        # first, and minimised.
        assert priors(calls.service, study) == [
            (0, [0, 2, 0.25], [0.25]),
            (0, [1, 1, 0.5], [0.5]),
            (1, [1, 0, 1], [-7]),
        ]
    calls.ok("DELETE", f"/studies/{study['id']}", status=204)


def test_the_best_300_of_a_study_are_taken(calls):
    source = calls.create()
    bring(calls, source, *(result(i / 400, -i) for i in range(400)))
    study = calls.create(**learn(source))
    assert study["warm_start"]["results"] == [300]
    if calls.service.database.startswith("postgres"):
        taken = [values[0] for _, _, values in priors(calls.service, study)]
        assert taken == [-i for i in range(399, 99, -1)]


def test_another_parameter_fits_nowhere(calls):
    source, other = calls.create(space=WIDE), calls.create()
    bring(calls, source, {"params": {"x": 1, "n": 1, "c": "b"},
                          "state": "complete", "value": 1})
    bring(calls, other, result(0.5, 1))
    fewer = calls.create(**learn(source))
    more = calls.create(space=WIDE, **learn(other))
    assert fewer["warm_start"]["results"] == [0]
    assert more["warm_start"]["results"] == [0]


def test_the_same_definition_finds_the_study_and_copies_nothing_again(calls):
    source = calls.create()
    bring(calls, source, result(0.5, 1))
    wanted = definition(**learn(source))
    first = calls.ok("POST", "/studies", wanted, 201)
    bring(calls, source, result(0.25, 0))
    again = calls.ok("POST", "/studies", wanted)
    assert first["id"] == again["id"]
    assert again["warm_start"]["results"] == [1]
    asked = calls.ok("POST", "/ask", {"study": wanted})
    assert asked["study_id"] == first["id"]
    calls.ok("POST", "/studies", {**wanted, "warm_start": None}, 409)


def test_a_source_that_changes_changes_no_suggestion(
    instances, sqlite_database
):
    calls = Calls(instances(sqlite_database))
    source = calls.create()
    bring(calls, source, *(result(i / 50, (i / 50 - 0.7) ** 2)
                           for i in range(50)))
    for sampler in ("tpe", "gp"):
        fields = {"sampler": {"name": sampler, "seed": 1}, **learn(source)}
        study, twin = (calls.create(**fields) for _ in range(2))
        expected = xs(calls.ask(twin, 4))
        bring(calls, source, *(result(0.1, -1e6) for _ in range(3)))
        calls.service.kill()
        calls.service.restart()
        path = f"/studies/{study['id']}"
        wider = {"x": {"type": "float", "low": 0, "high": 1}}
        calls.ok("PATCH", path, {"space": wider})
        assert xs(calls.ask(study, 4)) == expected


@pytest.mark.parametrize("studies, status, word", [
    (["AAAAAAAAAAAA"], 422, "studies[0]: there is no study AAAAAAAAAAAA"),
    ([5], 400, "warm_start.studies"),
    ("x", 400, "warm_start.studies"),
    (["AAAAAAAAAAAA"] * 11, 422, "at most 10"),
])
def test_a_study_that_is_not_there_cannot_be_learnt_from(
    calls, studies, status, word
):
    wanted = definition(warm_start={"studies": studies})
    problem = calls.ok("POST", "/studies", wanted, status)
    assert word in problem["detail"]
    assert calls.ok("GET", f"/studies?q={wanted['name'][-8:]}")["studies"] == []


def test_as_many_objectives_are_needed(calls):
    source = calls.create()
    wanted = definition(objectives=[{"name": "a"}, {"name": "b"}],
                        **learn(source))
    problem = calls.ok("POST", "/studies", wanted, 422)
    assert "as many objectives as this study, 2, not 1" in problem["detail"]


# ---- importances ------------------------------------------------------------


def importances(calls, study, query="", status=200):
    """Return the answer."""
    path = f"/studies/{study['id']}/importances{query}"
    return calls.ok("GET", path, status=status)


@pytest.mark.parametrize("method", ["fanova", "ped_anova"])
def test_the_parameter_that_matters_comes_first(calls, method):
    space = {name: {"type": "float", "low": -1, "high": 1} for name in "abc"}
    study = calls.create(space=space, sampler=RANDOM)
    for trial in calls.ask(study, 200):
        params = trial["params"]
        calls.tell(trial, value=10 * params["b"] ** 2 + params["c"])
    answer = importances(calls, study, f"?method={method}")
    assert answer == importances(calls, study, f"?method={method}")
    assert answer["method"] == method and answer["n_trials"] == 200
    found = answer["importances"]
    assert [entry["name"] for entry in found][0] == "b"
    shares = [entry["importance"] for entry in found]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.7 and abs(sum(shares) - 1) < 1e-9


def test_each_objective_has_its_own_importances(calls):
    space = {name: {"type": "float", "low": 0, "high": 1} for name in "ab"}
    study = calls.create(space=space, sampler=RANDOM, objectives=[
        {"name": "first"}, {"name": "second", "direction": "maximize"}])
    for trial in calls.ask(study, 100):
        params = trial["params"]
        calls.tell(trial, values=[params["a"], params["b"]])
    for name, best in (("first", "a"), ("second", "b")):
        answer = importances(calls, study, f"?objective={name}")
        assert answer["objective"] == name
        assert answer["importances"][0]["name"] == best
    assert importances(calls, study) == importances(
        calls, study, "?objective=first")


def test_new_results_are_seen(calls):
    study = calls.create()
    assert importances(calls, study)["importances"] == []
    bring(calls, study, *(result(i / 999, i) for i in range(1000)))
    assert importances(calls, study)["n_trials"] == 1000
    bring(calls, study, result(0.5, 0))
    assert importances(calls, study)["n_trials"] == 1001


@pytest.mark.parametrize("query, status, word", [
    ("?method=shap", 422, "method"),
    ("?objective=beauty", 422, "objective"),
    ("?top=0.1", 400, "top"),
])
def test_an_unknown_method_or_objective_is_refused(calls, query, status, word):
    study = calls.create()
    assert word in importances(calls, study, query, status)["detail"]
