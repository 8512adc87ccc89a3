# SPDX-License-Identifier: GPL-3.0-or-later
"""test_bench.py - problems, driver and virtual clock of the benchmark of quality"""

import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import bench_quality  # noqa: E402
import learning  # noqa: E402
import ours  # noqa: E402
import peers  # noqa: E402
import problems  # noqa: E402
import simulate  # noqa: E402

BUILD = Path(os.environ.get("CUMAE_BUILD", ROOT / "build" / "release"))
DRIVER = BUILD / "tests" / "bench" / "optimize"
BY_NAME = bench_quality.PROBLEMS
BRANIN = BY_NAME["branin2"]


@pytest.fixture
def driver():
    """A running driver."""
    with ours.Driver(DRIVER) as running:
        yield running


def point(problem, x):
    """Return the parameters of a vector."""
    return {param.name: float(v) for param, v in zip(problem.space, x)}


def bbob_number(name):
    """Return the BBOB functions of a number, in all dimensions."""
    return [p for p in problems.BBOB if p.number == name]


# ---- problems ---------------------------------------------------------------


@pytest.mark.parametrize("problem", problems.CLASSIC, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_function_is_least_where_the_seed_put_its_optimum(problem, seed):
    best = np.array(problem.best) + problem.shift(seed)
    least = problem.value(point(problem, best), seed)
    assert least == pytest.approx(problem.optimum(seed), abs=1e-5)
    rng = np.random.default_rng(1)
    for _ in range(200):
        near = best + 0.01 * rng.normal(size=len(best))
        assert problem.value(point(problem, near), seed) >= least - 1e-9


@pytest.mark.parametrize("problem", problems.CLASSIC, ids=lambda p: p.name)
def test_optima_are_inside_and_off_the_centre(problem):
    low, high = np.array(problem.low), np.array(problem.high)
    places = np.array(
        [
            (np.array(problem.best) + problem.shift(seed) - low) / (high - low)
            for seed in range(20)
        ]
    )
    assert places.min() >= 0.05 and places.max() <= 0.95
    assert np.abs(places - 0.5).min() >= 0.05
    assert len(np.unique(places[:, 0])) == 20


def best_of(problem, seed):
    """Return the best point of a Tower, found by its definition."""
    params = {}
    for k, param in enumerate(problem.space):
        if not param.active(params):
            continue
        target = problems.target_of(problem, seed, k)
        if param.kind == "categorical":
            params[param.name] = param.choices[int(np.argmin(target))]
            continue
        first = problem.space[0]
        u = target[first.choices.index(params[first.name])]
        params[param.name] = peers.from_unit(param, u)
        if param.kind == "int":
            span = range(int(param.low), int(param.high) + 1)
            params[param.name] = min(
                span, key=lambda v: abs(problems.fraction(param, v) - u)
            )
    return params


@pytest.mark.parametrize("problem", problems.MIXED, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_mixed_problem_reaches_its_least_value(problem, seed):
    best = best_of(problem, seed)
    seen, regret = problem.observe(best, seed, 0)
    assert regret == pytest.approx(0, abs=1e-12)
    rng = np.random.default_rng(2)
    for _ in range(300):
        other = problems.uniform(problem.space, rng)
        assert problem.value(other, seed) >= seen


@pytest.mark.parametrize("number", range(1, 25))
def test_a_bbob_function_is_least_at_the_optimum_it_names(number):
    for problem in bbob_number(number):
        function, least = problems.instance_of(number, 3, len(problem.space))
        assert problem.optimum(3) == least
        rng = np.random.default_rng(3)
        for _ in range(50):
            x = problems.uniform(problem.space, rng)
            assert problem.value(x, 3) >= least


def test_bbob_instances_differ_by_seed_and_stay_the_same():
    sphere = bbob_number(1)[0]
    x = {"x0": 1.0, "x1": -2.0}
    values = {sphere.value(x, seed) - sphere.optimum(seed) for seed in range(5)}
    assert len(values) == 5
    problems.instance_of.cache_clear()
    assert sphere.value(x, 4) - sphere.optimum(4) in values


def test_half_of_the_problems_of_each_family_are_held_out():
    for family in {p.family for p in BY_NAME.values()} - {"conditional"}:
        held = [p.held_out for p in BY_NAME.values() if p.family == family]
        assert 0.3 <= sum(held) / len(held) <= 0.7, family


@pytest.mark.parametrize(
    "problem", problems.MIXED + learning.SKLEARN, ids=lambda p: p.name
)
def test_random_points_have_the_parameters_that_are_active(problem):
    rng = np.random.default_rng(4)
    for _ in range(100):
        params = problems.uniform(problem.space, rng)
        for param in problem.space:
            assert (param.name in params) == param.active(params)
            if param.name in params and param.kind != "categorical":
                assert param.low <= params[param.name] <= param.high


def test_noise_belongs_to_the_trial_and_not_to_the_sampler():
    noisy = BY_NAME["hartmann6_noisy"]
    x = point(noisy, [0.5] * 6)
    first = [noisy.observe(x, 1, trial) for trial in range(400)]
    assert first == [noisy.observe(x, 1, trial) for trial in range(400)]
    seen = np.array([seen for seen, _ in first])
    # The standard error of a standard deviation of 400 is 0.1 / sqrt(800).
    assert seen.std() == pytest.approx(0.1, abs=4 * 0.1 / math.sqrt(800))
    assert len({regret for _, regret in first}) == 1


def test_a_learning_problem_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "MEMORY", tmp_path / "learning.db")
    learning.memory.cache_clear()
    problem = next(p for p in learning.SKLEARN if p.name == "neighbours_iris")
    params = {"n_neighbors": 7, "p": 2.00049, "weights": "uniform"}
    value = problem.value(params, 0)
    assert 0 < value < 1
    monkeypatch.setattr(learning.Sklearn, "_fit", None)
    assert problem.value({**params, "p": 2.0004}, 5) == value
    learning.memory.cache_clear()


def test_every_learning_problem_has_a_best_value():
    for problem in learning.SKLEARN:
        assert problem.optimum(0) == learning.best()[problem.name]


# ---- the driver -------------------------------------------------------------


def curve(driver, sampler, problem, workers=1, n=40, options=None):
    """Run a study of ours."""
    study = ours.Study(driver, sampler, problem.space, 5, options)
    return simulate.run(problem, study, 5, workers, n)["regrets"]


@pytest.mark.parametrize("sampler", ["random", "tpe", "gp"])
@pytest.mark.parametrize("workers", [1, 16])
def test_the_driver_gives_the_same_answers_again(driver, sampler, workers):
    problem = BY_NAME["conditional"]
    first = curve(driver, sampler, problem, workers)
    assert curve(driver, sampler, problem, workers) == first
    with ours.Driver(DRIVER) as other:
        assert curve(other, sampler, problem, workers) == first


def test_the_driver_speaks_of_points_of_the_space(driver):
    for problem in problems.MIXED:
        study = ours.Study(driver, "tpe", problem.space, 1)
        for trial in range(30):
            number, params = study.ask()
            assert number == trial and study.ask_ms >= 0
            for param in problem.space:
                assert (param.name in params) == param.active(params)
                if param.choices and param.name in params:
                    assert params[param.name] in param.choices
            study.tell(number, problem.value(params, 1))


def test_the_driver_says_what_is_wrong(driver):
    for command, message in (
        ("ask", "no study is defined"),
        ("study nothing 1 1 0", "no sampler nothing"),
        ("study random 1 0 0", "no such number of objectives"),
        ("study random 1 1 0 x=1", "x"),
        ("jump", "no command jump"),
    ):
        with pytest.raises(ours.Refused, match=message):
            driver.call(command)
    driver.call("study random 1 1 0")
    driver.call("param a float 0 1 0 0")
    driver.call("ask")
    for tell in ("0 complete", "0 complete x", "0 asleep 1", "7 complete 1"):
        with pytest.raises(ours.Refused):
            driver.call(f"tell {tell}")
    assert driver.call("tell 0 complete 1.5") == "ok"
    with pytest.raises(ours.Refused, match="no study is being defined"):
        driver.call("param b float 0 1 0 0")


def test_options_reach_the_sampler(driver):
    ten = curve(driver, "tpe", BRANIN)
    assert curve(driver, "tpe", BRANIN, options={"n_startup_trials": 10}) == ten
    assert curve(driver, "tpe", BRANIN, options={"n_startup_trials": 20}) != ten


def test_several_objectives_and_constraints_can_be_told(driver):
    study = ours.Study(
        driver, "random", BRANIN.space, 1, objectives=2, constraints=1
    )
    number, _ = study.ask()
    study.tell(number, 1.0, 2.0, -1.0)
    number, _ = study.ask()
    study.tell(number, 1.0, 2.0, -1.0, 0.01)
    number, _ = study.ask()
    with pytest.raises(ours.Refused, match="3 numbers are missing"):
        study.tell(number, 1.0, 2.0)
    study.tell(number, state="failed")


# ---- simulation -------------------------------------------------------------


class Recorder:
    """A study of random points that remembers who was under way."""

    def __init__(self, space):
        self._space, self._rng = space, np.random.default_rng(1)
        self.told, self.under_way, self.most = [], set(), 0

    def ask(self):
        trial = len(self.told) + len(self.under_way)
        self.under_way.add(trial)
        self.most = max(self.most, len(self.under_way))
        return trial, problems.uniform(self._space, self._rng)

    def tell(self, trial, value):
        self.under_way.remove(trial)
        self.told.append(trial)


def test_one_worker_tells_before_it_asks():
    study = Recorder(BRANIN.space)
    simulate.run(BRANIN, study, 1, 1, 30)
    assert study.told == list(range(30)) and study.most == 1


def test_sixteen_workers_finish_in_random_order_and_lose_nothing():
    study = Recorder(BRANIN.space)
    row = simulate.run(BRANIN, study, 1, 16, 200)
    assert sorted(study.told) == list(range(200)) and not study.under_way
    assert study.most == 16
    assert study.told != sorted(study.told)
    assert len(row["regrets"]) == len(simulate.STEPS)
    again = Recorder(BRANIN.space)
    simulate.run(BRANIN, again, 1, 16, 200)
    assert again.told == study.told


def test_the_curve_follows_what_was_observed_and_not_the_truth():
    line = simulate.Curve()
    for seen, regret in ((3.0, 2.0), (1.0, 4.0), (2.0, 0.5)):
        line.add(seen, regret)
    assert line.steps() == [2.0, 4.0, 4.0]
