# SPDX-License-Identifier: GPL-3.0-or-later
"""bad_contours.py - requests about contours that must be refused

Rows as those of bad_input.py. {contour} is a study with a running trial 0.
"""

from bad_input import (
    EITHER, FLOAT, GONE, INFINITY, NAN, SIZE, Case, get, post)

GOOD = {"name": "bad", "kind": "contour", "space": {"p": FLOAT, "q": FLOAT},
        "contour": {}}
CONTOUR = "/studies/{contour}"
RUNNING = CONTOUR + "/trials/0"


def study(name, status, word, /, **fields):
    """POST a definition that is good but for these fields."""
    body = {k: v for k, v in {**GOOD, **fields}.items() if v is not GONE}
    return Case(name, "POST", "/studies", status, word, body)


def plan(name, status, word, /, **fields):
    """POST a definition that is good but for these members of its plan."""
    return study(name, status, r"contour.*" + word, contour=fields)


def told(name, status, word, /, **body):
    """Tell the running trial."""
    return post(name, RUNNING + "/tell", status, word, **body)


def seed(name, status, word, /, **fields):
    """Bring a point with a result."""
    trial = {"params": {"p": 0.5, "q": 0.5}, **fields}
    return post(name, CONTOUR + "/trials", status, r"trials\[0\].*" + word,
                trials=[trial])


def patch(name, status, word, /, **body):
    """Change the study."""
    return Case(name, "PATCH", CONTOUR, status, word, body)


CONTOURS = [
    study("a contour without a plan", EITHER, "contour", contour=GONE),
    study("a string as contour", 400, "contour", contour="m1"),
    study("a contour without a space", EITHER, "space", space=GONE),
    study("a contour of one parameter", 422, "2 to 4 parameters",
          space={"p": FLOAT}),
    study("a contour of five parameters", 422, "2 to 4 parameters",
          space={f"p{i}": FLOAT for i in range(5)}),
    study("a contour over choices", 422, "q.*float", space={
        "p": FLOAT, "q": {"type": "categorical", "choices": ["a", "b"]}}),
    study("a contour where nothing is allowed", 422, "at least 16",
          constraints=["p > 2"]),
    study("a contour with a sampler", 422, "sampler.*contour", sampler="gp"),
    study("a contour with objectives", 422, "objectives.*contour",
          objectives=[{"name": "loss"}]),
    study("a contour with patience", 422, "patience.*best",
          budget={"patience": 3}),
    study("a plan without a kind", 422, "contour.*hpo", kind=GONE),
    study("an unknown kind beside a contour", 422, "kind.*contour.*scan", kind="scan"),
    plan("an unknown member of the plan", 400, "grid", grid=3),
    plan("a string as features", 400, "features", features="p"),
    plan("a number as feature", 400, "features", features=[1]),
    plan("NaN as feature", 400, "features|json", features=[NAN]),
    plan("9 features", SIZE, "features.*8.*9", features=["p"] * 9),
    plan("an empty feature", 422, r"features\[0\].*column", features=[""]),
    plan("a truth as feature", 422, r"features\[1\].*truth",
         features=["p", "p < q"]),
    plan("a feature of 1001 bytes", SIZE, r"features\[0\].*1000",
         features=["p" + " " * 1000]),
    plan("a feature of an unknown parameter", 422, r"features\[0\].*r",
         features=["p + r"]),
    plan("a feature that is nowhere finite", 422, "at least 16",
         features=["log(-1 - p)"]),
    plan("an unknown target", 422, "target", target="mu"),
    plan("a number as target", 400, "target", target=1),
    plan("a contour without curves", 422, "curves", curves=[]),
    plan("9 curves", SIZE, "curves.*8.*9", curves=[f"c{i}" for i in range(9)]),
    plan("a curve of a contour twice", 422, "curves.*obs", curves=["obs", "obs"]),
    plan("a curve without a name", 422, "curves.*1 to 80", curves=[""]),
    plan("a curve's name of 81 bytes", SIZE, "curves.*80", curves=["c" * 81]),
    plan("a confidence level of 1", 422, "cl", cl=1),
    plan("a confidence level of 0.4", 422, "cl", cl=0.4),
    plan("an infinite confidence level", 422, "cl", cl=INFINITY),
    plan("one initial point", 422, "initial", initial=1),
    plan("101 initial points", SIZE, "initial", initial=101),
    plan("501 points", SIZE, "max_points.*500", max_points=501),
    plan("no points", 422, "max_points", max_points=0),
    plan("half a point", EITHER, "max_points", max_points=1.5),
    plan("a negative area", 422, "stop_area", stop_area=-0.1),
    plan("an area of 0.6", 422, "stop_area", stop_area=0.6),
    plan("1001 points that run", SIZE, "min_unevaluated",
         min_unevaluated=1001),
    plan("a negative seed of a contour", 422, "seed", seed=-1),
    patch("other curves", 422, "curves", contour={"curves": ["exp"]}),
    patch("another target", 422, "target", contour={"target": "ln_cls"}),
    patch("features that cannot be read", 422, r"features\[0\]",
          contour={"features": ["p +"]}),
    patch("a sampler for a contour", 422, "sampler", sampler="tpe"),
    told("a limit of 0", 422, r"mu_up\.obs.*above 0", mu_up={"obs": 0}),
    told("a negative limit", 422, r"mu_up\.obs", mu_up={"obs": -1}),
    told("NaN as limit", 422, r"mu_up\.obs.*finite", mu_up={"obs": NAN}),
    told("Infinity as limit", 422, r"mu_up\.obs.*finite",
         mu_up={"obs": INFINITY}),
    told("a string as limit", 400, r"mu_up\.obs", mu_up={"obs": "1"}),
    told("a number as limits", 400, "mu_up", mu_up=1),
    told("no limits", 422, r"mu_up\.obs is missing", mu_up={}),
    told("a limit of an unknown curve", 422, r"mu_up\.exp0.*curve",
         mu_up={"exp0": 1}),
    told("9 limits", SIZE, "mu_up.*8", mu_up={f"c{i}": 1 for i in range(9)}),
    told("a negative error", 422, r"err\.obs.*at least 0", mu_up={"obs": 1},
         err={"obs": -1}),
    told("NaN as error", 422, r"err\.obs.*finite", mu_up={"obs": 1},
         err={"obs": NAN}),
    told("an error of an unknown curve", 422, r"err\.exp0", mu_up={"obs": 1},
         err={"exp0": 1}),
    told("an error alone", 422, "err.*mu_up", err={"obs": 1}),
    told("CLs where limits are told", 422, "cls.*mu_up", cls={"obs": 0.1}),
    told("limits and CLs", 422, "mu_up and cls", mu_up={"obs": 1},
         cls={"obs": 0.1}),
    told("a limit and a value", 422, "mu_up and value", mu_up={"obs": 1},
         value=1),
    told("an invalid point with a limit", 422, "invalid and mu_up",
         invalid="no", mu_up={"obs": 1}),
    told("an invalid point that is complete", 422, "state.*infeasible",
         invalid="no", state="complete"),
    told("a number as reason", 400, "invalid", invalid=1),
    told("a reason of 10 001 bytes", SIZE, "invalid", invalid="x" * 10_001),
    told("a limit that failed", 422, "state.*complete", mu_up={"obs": 1},
         state="failed"),
    told("a pruned point", 422, "state.*pruned", state="pruned", value=1),
    told("a value of 0", 422, "obs.*above 0", value=0),
    told("a point without a value", 422, "value"),
    seed("a seed point with a limit of 0", 422, r"mu_up\.obs",
         mu_up={"obs": 0}),
    seed("a seed point of an unknown curve", 422, r"mu_up\.exp",
         mu_up={"exp": 1}),
    seed("a seed point with half its coordinates", 422, "q",
         params={"p": 0.5}, mu_up={"obs": 1}),
    get("a contour with an unknown axis", CONTOUR + "/contour?x=r", 422, "x"),
    get("a contour with the same axis twice", CONTOUR + "/contour?x=p&y=p",
        422, "two parameters"),
    get("a contour with 202 nodes", CONTOUR + "/contour?n=202", 422, "n must"),
    get("a contour with a word as n", CONTOUR + "/contour?n=x", 400, "n must"),
    get("a contour at no object", CONTOUR + "/contour?at=1", 400, "at"),
    get("a contour at an unknown parameter",
        CONTOUR + "/contour?at=%7B%22r%22%3A1%7D", EITHER, "at"),
    get("a contour with an unknown parameter", CONTOUR + "/contour?z=1", 400,
        "z"),
    get("the contour of another study", "/studies/{study}/contour", 422,
        "kind.*hpo"),
]
