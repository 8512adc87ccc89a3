# SPDX-License-Identifier: MIT
"""test_edits.py - changing trials, against the fake service"""

import numpy
import pytest

import cumae
from cumae import Float


@pytest.fixture
def study(client):
    """A study with the results 3, 1 and 2."""
    study = cumae.Study("a", {"x": Float(0, 1)}, client=client)
    for trial, value in zip(study.ask(3), (3, 1, 2)):
        trial.tell(value)
    return study


def test_an_edit_says_only_what_was_given(study, fake):
    trial = study.edit(0, value=numpy.float64(0.5), notes="x", tags=("a",))
    assert (trial.value, trial.notes, trial.tags) == (0.5, "x", ["a"])
    assert trial.state == "complete" and not trial.invalid
    assert study.best.number == 0
    assert study.edit(0, meta={"n": numpy.int64(3)}).notes == "x"
    assert fake.state.trial("fake0", 0)["meta"] == {"n": 3}


def test_an_edit_of_what_has_changed_since_is_a_conflict(study):
    seen = study.record(1).revision
    study.edit(1, notes="mine", revision=seen)
    with pytest.raises(cumae.Conflict):
        study.edit(1, notes="yours", revision=seen)
    assert study.record(1).notes == "mine"


def test_an_invalid_trial_is_not_the_best_until_it_is_brought_back(study):
    trial = study.invalidate(1, "wrong sample")
    assert trial.invalid and trial.invalid_reason == "wrong sample"
    assert study.best.number == 2
    assert not study.revalidate(1).invalid
    assert study.best.number == 1


def test_a_deleted_trial_is_gone_and_may_be_deleted_again(study):
    study.delete_trial(1)
    study.delete_trial(1)
    assert [trial.number for trial in study.trials()] == [0, 2]
    with pytest.raises(cumae.NotFound):
        study.record(1)


def test_numbers_run_again_once(study):
    assert study.rerun(2) == [3]
    assert study.rerun([2, 0]) == [3, 4]
    assert study.record(4).params == study.record(0).params


def test_states_run_again_in_as_many_calls_as_it_takes(study):
    for trial in study.ask(5):
        trial.fail("out of memory")
    assert len(study.rerun()) == 5
    assert study.rerun() == []
    assert len(study.rerun(states=["complete"])) == 3
