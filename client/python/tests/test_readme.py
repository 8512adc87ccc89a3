# SPDX-License-Identifier: MIT
"""test_readme.py - the example in the README runs as it stands"""

import re
from pathlib import Path

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


def test_the_example_of_the_readme_runs(fake, monkeypatch, capsys):
    monkeypatch.setenv("CUMAE_URL", fake.url)
    monkeypatch.setenv("CUMAE_TOKEN", TOKEN)
    code = re.search(r"```python\n(.*?)```", README.read_text(), re.S)[1]
    code = code.replace('"max_trials": 200', '"max_trials": 3')
    exec(compile(code, README, "exec"), {"Model": Model})
    assert "TrialRecord(" in capsys.readouterr().out
    study = cumae.Study.open("fake0")
    assert [t.state for t in study.trials()] == ["complete"] * 3
    assert len(study.record(0).reports) == 20
