# SPDX-License-Identifier: GPL-3.0-or-later
"""test_leases.py - trials whose workers leave, or are told to leave

Hand-back, cancelling, asks of jobs that end soon, and leases while the wall
clock is set under the service.
"""

import threading
import time

import harness
import pytest
from calls import Calls, at

DAY_S, HOUR_S = 86_400, 3_600


def release(calls, trial, status=200, **body):
    """Hand a trial back and return the answer."""
    return calls.ok("POST", at(trial) + "/release", body, status)


def cancel(calls, trial, status=200, **body):
    """Cancel a trial and return the answer."""
    return calls.ok("POST", at(trial) + "/cancel", body, status)


def steer(calls, study, verb, status=200):
    """Steer a study and return the answer."""
    return calls.ok("POST", f"/studies/{study['id']}/{verb}", None, status)


def kinds(calls, study):
    """Return the kinds of the study's events, and their trials."""
    events = calls.ok("GET", f"/studies/{study['id']}/events")["events"]
    return [(event["event"], event["number"]) for event in events]


# ---- handed back ------------------------------------------------------------


def test_a_trial_that_is_handed_back_is_tried_again_at_once(calls):
    study = calls.create(max_attempts=1)
    trial = calls.ask(study)[0]
    answer = release(
        calls, trial, reason="SIGTERM", meta={"checkpoint": "/scratch/7"})
    assert answer == {"state": "lost", "retried": True}
    again = calls.ask(study)[0]
    assert again["retry_of"] == trial["number"]
    assert again["params"] == trial["params"]
    assert again["attempt"] == 1
    assert again["why"] == "trial 0 again, which was handed back"
    old = calls.trial(trial)
    assert old["meta"] == {"checkpoint": "/scratch/7"}
    assert old["error"] == "handed back: SIGTERM"
    assert old["ended"] and old["lease_expires"] is None
    assert ("trial_released", 0) in kinds(calls, study)
    late = calls.tell(trial, value=0.5)
    assert late["state"] == "complete"
    assert calls.trial(again)["state"] == "cancelled"


def test_the_meta_of_a_hand_back_joins_what_is_there(calls):
    study = calls.create()
    path = f"/studies/{study['id']}/trials"
    calls.ok("POST", path, {"trials": [
        {"params": {"x": 0.5}, "meta": {"who": "ada", "step": 1}}]}, 201)
    trial = calls.ask(study)[0]
    release(calls, trial, meta={"step": 5})
    assert calls.trial(trial)["meta"] == {"who": "ada", "step": 5}
    revision = calls.study(study)["revision"]
    release(calls, trial, meta={"step": 5})
    assert calls.study(study)["revision"] == revision
    release(calls, trial, meta={"path": "/x"})
    stored = calls.trial(trial)
    assert stored["meta"] == {"who": "ada", "step": 5, "path": "/x"}
    assert stored["state"] == "lost" and stored["error"] == "handed back"


def test_meta_may_not_grow_without_end(calls):
    trial = calls.ask(calls.create())[0]
    release(calls, trial, meta={"a": "x" * 200_000})
    problem = release(calls, trial, 422, meta={"b": "x" * 200_000})
    assert "meta" in problem["detail"] and "262144" in problem["detail"]
    assert set(calls.trial(trial)["meta"]) == {"a"}


def test_a_repeated_hand_back_is_harmless(calls):
    study = calls.create()
    trial = calls.ask(study)[0]
    first = release(calls, trial, reason="a")
    stored = calls.trial(trial)
    assert release(calls, trial, reason="b") == first
    assert calls.trial(trial) == stored
    calls.ask(study)
    assert release(calls, trial) == first
    assert calls.study(study)["trials"]["total"] == 2


def test_who_hands_back_what_has_ended_hears_how(calls):
    study = calls.create()
    done, stopped = calls.ask(study, 2)
    calls.tell(done, value=1)
    before = calls.trial(done)
    assert release(calls, done, meta={"a": 1}) == {
        "state": "complete", "retried": False}
    assert calls.trial(done) == before
    cancel(calls, stopped)
    assert release(calls, stopped)["state"] == "cancelled"


def test_what_nobody_has_cannot_be_handed_back(calls):
    study = calls.create()
    path = f"/studies/{study['id']}/trials"
    answer = calls.ok("POST", path, {"trials": [{"params": {}}]}, 201)
    queued = {"study_id": study["id"], **answer["trials"][0]}
    assert "queued" in release(calls, queued, 409)["detail"]


# ---- taken back -------------------------------------------------------------


def test_the_worker_of_a_cancelled_trial_hears_of_it(calls):
    study = calls.create()
    trial = calls.ask(study)[0]
    assert cancel(calls, trial, reason="too dear") == {"state": "cancelled"}
    assert cancel(calls, trial) == {"state": "cancelled"}
    assert calls.trial(trial)["error"] == "cancelled: too dear"
    beat = calls.ok("POST", at(trial) + "/heartbeat", {})
    assert (beat["continue"], beat["reason"]) == (False, "cancelled")
    answer = calls.report(trial, 0, 1)
    assert answer["should_prune"] is True
    assert answer["reason"] == "the trial was cancelled"
    assert calls.tell(trial, state="pruned")["state"] == "cancelled"
    assert calls.tell(trial, state="failed")["state"] == "cancelled"
    assert kinds(calls, study)[-1] == ("trial_cancelled", 0)


def test_the_value_of_a_cancelled_trial_is_kept_when_it_comes(calls):
    study = calls.create()
    trial = calls.ask(study)[0]
    cancel(calls, trial)
    for _ in range(2):
        assert calls.tell(trial, value=0.5)["values"] == [0.5]
    assert calls.trial(trial)["state"] == "complete"
    assert calls.best(study)["number"] == 0
    calls.ok("POST", at(trial) + "/tell", {"value": 0.25}, 409)
    assert "complete" in cancel(calls, trial, 409)["detail"]


def test_a_trial_is_cancelled_in_the_queue(calls):
    study = calls.create()
    path = f"/studies/{study['id']}/trials"
    answer = calls.ok("POST", path, {"trials": [{"params": {"x": 0.5}}]}, 201)
    queued = {"study_id": study["id"], **answer["trials"][0]}
    cancel(calls, queued)
    assert calls.ask(study)[0]["number"] == 1
    calls.ok("POST", at(queued) + "/tell", {"value": 1}, 409)


def test_a_cancelled_study_ends_and_can_be_resumed(calls):
    study = calls.create()
    first, second = calls.ask(study, 2)
    path = f"/studies/{study['id']}/trials"
    calls.ok("POST", path, {"trials": [{"params": {"x": 0.5}}]}, 201)
    ended = steer(calls, study, "cancel")
    assert (ended["state"], ended["reason"]) == ("finished", "cancelled")
    assert ended["trials"]["cancelled"] == 3
    assert steer(calls, study, "cancel") == ended
    assert calls.answer(study)["reason"] == "finished"
    beat = calls.ok("POST", at(first) + "/heartbeat", {})
    assert (beat["continue"], beat["reason"]) == (False, "cancelled")
    assert calls.tell(first, value=1)["state"] == "complete"
    assert kinds(calls, study).count(("study_cancelled", None)) == 1
    assert steer(calls, study, "resume")["state"] == "running"
    assert calls.ask(study)[0]["number"] == 3
    assert calls.trial(second)["state"] == "cancelled"


def test_tells_of_many_kinds_in_one_call_have_a_result_each(calls):
    study = calls.create()
    trials = calls.ask(study, 5)
    cancel(calls, trials[0])
    cancel(calls, trials[1])
    release(calls, trials[2])
    calls.tell(trials[3], value=3)
    said = [{"value": 1}, {"state": "failed"}, {"value": 2}, {"value": 4},
            {"value": 5}]
    results = calls.ok("POST", "/tell", {"tells": [
        {"study_id": study["id"], "number": number, **body}
        for number, body in enumerate(said)]})["results"]
    assert [result["status"] for result in results] == [200, 200, 200, 409, 200]
    assert [calls.trial(trial)["state"] for trial in trials] == [
        "complete", "cancelled", "complete", "complete", "complete"]
    assert calls.trial(trials[3])["values"] == [3]


# ---- the time that is left --------------------------------------------------


def test_a_job_that_ends_soon_gets_no_long_trial(calls):
    study = calls.create()
    for trial in calls.ask(study, 3, max_seconds=1):
        calls.tell(trial, value=1, wall_s=90)
    answer = calls.answer(study, max_seconds=60)
    assert answer["trials"] == [] and answer["reason"] == "walltime"
    # 90 s lies in the bin that ends at 2^(104/16) s.
    assert answer["detail"] == "a trial is expected to take 91 s, 60 s are left"
    assert answer["retry_after_s"] is None
    assert len(calls.ask(study, max_seconds=3600)) == 1
    assert len(calls.ask(study)) == 1


def test_every_instance_expects_the_same(instances, postgres):
    url = postgres.create()
    one, two = Calls(instances(url)), None
    second = instances(url)
    second.token = one.service.token
    two = Calls(second)
    study = one.create()
    for trial in one.ask(study, 3):
        two.tell(trial, value=1, wall_s=90)
    for calls in (one, two, one):
        assert calls.answer(study, max_seconds=60)["reason"] == "walltime"
    for trial in two.ask(study, 30, max_seconds=100):
        one.tell(trial, value=1, wall_s=9)
    for calls in (two, one):
        assert len(calls.ask(study, max_seconds=60)) == 1


# ---- clocks -----------------------------------------------------------------


class Clock:
    """The wall clock of a service, which the test sets."""

    def __init__(self, directory):
        self.path = directory / "offset"
        self.path.write_text("0")
        library = harness.binary().parent / "tests" / "faults" / "set_clock.so"
        self.environment = {
            "LD_PRELOAD": str(library),
            "SET_CLOCK_FILE": str(self.path),
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }

    def set(self, seconds):
        """Set it this far from the time that it is."""
        new = self.path.with_suffix(".new")
        new.write_text(str(seconds * 1000))
        new.rename(self.path)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def set_calls(tmp_path, clock):
    """The calls on a service with that clock, on SQLite."""
    service = harness.Service(
        f"sqlite:{tmp_path / 'cumae.db'}", tmp_path,
        environment=clock.environment).start()
    try:
        yield Calls(service)
    finally:
        service.close()


class Worker(threading.Thread):
    """A worker that is alive: it calls four times a second until the end."""

    def __init__(self, service, trial):
        super().__init__()
        self.service, self.trial = service, trial
        self.told_to_stop = None
        self.over = threading.Event()

    def run(self):
        # A client of its own, for the harness's is not for several threads.
        import httpx

        with httpx.Client(timeout=30) as client:
            while not self.over.wait(0.25):
                answer = client.post(
                    self.service.url + "/api/v1" + at(self.trial) + "/heartbeat",
                    json={}, headers={
                        "Authorization": f"Bearer {self.service.token}"})
                if not answer.json()["continue"]:
                    self.told_to_stop = answer.text
                    return


@pytest.mark.parametrize(
    "jumps", [[DAY_S], [-HOUR_S], [DAY_S, 0]],
    ids=["a day forward", "an hour back", "a day forward and back"])
def test_a_clock_that_jumps_loses_no_trial_and_keeps_no_zombie(
    set_calls, clock, jumps
):
    lease_s = 3
    study = set_calls.create(lease_s=lease_s)
    alive, dead = set_calls.ask(study, 2)
    worker = Worker(set_calls.service, alive)
    worker.start()
    try:
        for seconds in jumps:
            logged = noticed(set_calls)
            clock.set(seconds)
            harness.wait_until(
                lambda: noticed(set_calls) > logged, "a look at the clock")
            jumped = time.monotonic()
        harness.wait_until(
            lambda: set_calls.trial(dead)["state"] == "lost",
            "the end of a dead worker's trial")
        # A whole lease more, less the second between two looks and the
        # lateness of the log; a day forward would end it at once.
        if jumps == [DAY_S]:
            assert time.monotonic() - jumped > lease_s - 1.5
        assert set_calls.trial(alive)["state"] == "running"
    finally:
        worker.over.set()
        worker.join()
    assert worker.told_to_stop is None
    assert set_calls.tell(alive, value=1)["state"] == "complete"
    again = set_calls.ask(study)[0]
    assert again["retry_of"] == dead["number"]


def noticed(calls):
    """Return how often the service said that its clock was set."""
    return sum(
        line["msg"] == "the wall clock was set"
        for line in calls.service.log())


def test_a_restart_after_a_long_time_spares_the_trials(set_calls, clock):
    study = set_calls.create(lease_s=5)
    trial = set_calls.ask(study)[0]
    set_calls.service.kill()
    clock.set(HOUR_S)  # for so long it was down
    set_calls.service.restart()
    beat = set_calls.ok("POST", at(trial) + "/heartbeat", {})
    assert beat["continue"] is True
    assert set_calls.trial(trial)["state"] == "running"
