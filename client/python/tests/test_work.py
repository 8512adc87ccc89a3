# SPDX-License-Identifier: MIT
"""test_work.py - loops that end when the study or the job does"""

import pytest

import cumae

SPACE = {"x": cumae.Float(0, 1)}


@pytest.fixture
def study(client):
    return cumae.Study("a", SPACE, client=client)


class Clock:
    """Time passes in sleeps only; `left` is what the job has left."""

    def __init__(self, monkeypatch, left):
        self.left = left
        self.slept = []
        monkeypatch.setattr("cumae.work.time.sleep", self.sleep)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.left -= seconds

    def __call__(self):
        return self.left


def answers(monkeypatch, study, *given):
    """Let the service answer asks from a script; return the bodies."""
    bodies, script = [], list(given)
    real = study.client.request

    def request(method, path, body=None, **options):
        if not path.endswith("/ask"):
            return real(method, path, body, **options)
        bodies.append(body)
        return script.pop(0)

    monkeypatch.setattr(study.client, "request", request)
    return bodies


def empty(reason, retry_after_s=None):
    return {"study_id": "s", "trials": [], "reason": reason,
            "retry_after_s": retry_after_s}


def trial(number=0):
    return {"study_id": "s", "trials": [{"number": number, "params": {}}]}


def test_an_ask_says_how_long_the_job_has_left(study, monkeypatch):
    bodies = answers(monkeypatch, study, trial(), trial(1), trial(2))
    study.ask(max_seconds=120)
    study.ask()
    next(study.work(walltime=lambda: 600.0, spare_s=20.0))
    assert bodies[0]["max_seconds"] == 120
    assert "max_seconds" not in bodies[1]
    assert bodies[2]["max_seconds"] == 580.0


def test_work_ends_when_no_trial_fits_into_what_is_left(study, fake):
    fake.state.takes_s = 300.0
    left = iter([1000.0, 361.0, 359.0])
    done = [one.tell(1.0) for one in study.work(walltime=lambda: next(left))]
    assert done == ["complete"] * 2


def test_work_ends_when_nothing_but_the_spare_is_left(study, monkeypatch):
    bodies = answers(monkeypatch, study)
    assert list(study.work(walltime=lambda: 30.0, spare_s=30.0)) == []
    assert bodies == []


def test_where_nobody_knows_the_walltime_there_is_no_limit(study):
    assert len(list(study.work(n_trials=2, walltime=lambda: None))) == 2


def test_a_walltime_may_be_a_number(study, monkeypatch):
    bodies = answers(monkeypatch, study, trial())
    next(study.work(walltime=100.0))
    # 60 s are spare, and less than a second has passed.
    assert 39.0 < bodies[0]["max_seconds"] <= 40.0


@pytest.mark.parametrize(
    "reason", ["paused", "budget", "waiting_for_iteration"])
def test_work_waits_as_long_as_the_service_says(study, monkeypatch, reason):
    clock = Clock(monkeypatch, 1000.0)
    wait = empty(reason, 25.0)
    bodies = answers(monkeypatch, study, wait, wait, trial())
    assert next(study.work(walltime=clock)).number == 0
    assert clock.slept == [25.0, 25.0]
    assert [b["max_seconds"] for b in bodies] == [940.0, 915.0, 890.0]


def test_work_does_not_wait_beyond_the_end_of_the_job(study, monkeypatch):
    clock = Clock(monkeypatch, 100.0)
    answers(monkeypatch, study, empty("paused", 600.0))
    assert list(study.work(walltime=clock)) == []
    assert clock.slept == [40.0]


def test_work_does_not_wait_beyond_its_timeout(study, monkeypatch):
    clock = Clock(monkeypatch, 0.0)
    answers(monkeypatch, study, empty("paused", 600.0),
            empty("finished"))
    assert list(study.work(timeout_s=50.0)) == []
    assert 49.0 < clock.slept[0] <= 50.0


@pytest.mark.parametrize("answer", [
    empty("finished"), empty("budget"), empty("exhausted", 0),
    empty("walltime"), empty("walltime", 30.0),
])
def test_work_ends_when_there_will_be_no_more(study, monkeypatch, answer):
    clock = Clock(monkeypatch, 1000.0)
    answers(monkeypatch, study, answer)
    assert list(study.work(walltime=clock)) == []
    assert clock.slept == []


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_optimize_ends_with_the_walltime_too(study, fake, n_jobs):
    fake.state.takes_s = 300.0
    study.optimize(lambda one: 1.0, n_jobs=n_jobs, walltime=lambda: 359.0)
    assert study.trials() == []


def test_the_end_of_a_study_says_when_to_come_back(study):
    import pickle

    study.pause()
    with pytest.raises(cumae.StudyEnded) as caught:
        study.ask(wait=False)
    assert (caught.value.reason, caught.value.retry_after_s) == ("paused", 0.05)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.retry_after_s == 0.05
