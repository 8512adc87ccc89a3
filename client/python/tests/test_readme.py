# SPDX-License-Identifier: MIT
"""test_readme.py - the examples in the README run as they stand"""

import re
from pathlib import Path

import pytest

import cumae
from fake_service import TOKEN

README = Path(__file__).parents[1] / "README.md"


class Model:
    """What the example trains."""

    def __init__(self, **params):
        self.accuracy = 0.0

    def train(self):
        self.accuracy += 0.01
        return self.accuracy


@pytest.fixture
def example(fake, monkeypatch):
    """example(word): the code of the README that has it, ready to run."""
    monkeypatch.setenv("CUMAE_URL", fake.url)
    monkeypatch.setenv("CUMAE_TOKEN", TOKEN)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)

    def find(word):
        return next(block for block in blocks if word in block)

    return find


def run(code, **names):
    """Run code among names; return them."""
    names["cumae"] = cumae
    exec(compile(code, README, "exec"), names)
    return names


def test_the_example_of_the_readme_runs(example, capsys):
    code = example("cumae.Study(").replace('"max_trials": 200', '"max_trials": 3')
    run(code, Model=Model)
    assert "TrialRecord(" in capsys.readouterr().out
    study = cumae.Study.open("fake0")
    assert [t.state for t in study.trials()] == ["complete"] * 3
    assert len(study.record(0).reports) == 20


def throw(mu, hypothesis, ntoys, rng, context):
    assert hypothesis in ("sb", "b") and context["study"]
    return [abs(rng.normal()) for _ in range(ntoys - 1)], 1


def test_the_example_of_a_limit_runs(example, capsys):
    run(example("cumae.LimitStudy("), sha="abc", data=3, asimov=3.0,
        qtilde=lambda mu, n: 2.0 * mu, fitted=lambda mu: [mu, 1.0],
        throw=throw)
    assert "'obs': {'status': 'ok'" in capsys.readouterr().out
    answer = cumae.LimitStudy.open("fake0").limit()
    assert answer["status"] == "converged" and answer["toys"]["failed"] == 5


def test_the_example_of_a_contour_runs(example, capsys):
    run(example("cumae.ContourStudy("),
        exists=lambda m1, m2: m1 < 800,
        upper_limits=lambda m1, m2: (m1 / 800, m1 / 900, 0.01))
    assert "exp0 None []" in capsys.readouterr().out
    states = {t.state for t in cumae.ContourStudy.open("fake0").trials()}
    assert states == {"complete", "infeasible"}


def test_the_example_of_limits_in_a_contour_runs(example):
    study = cumae.ContourStudy("C1N2", {"m1": cumae.Float(0, 1)})

    def throw(t, params):
        assert list(params) == ["m1"]
        t.tell_obs(q=1.0) if t.want == "obs" else t.tell_toys([1.0] * t.ntoys)

    run(example("p.limit_study("), study=study, throw=throw)
    assert {t.state for t in study.trials()} == {"complete"}
