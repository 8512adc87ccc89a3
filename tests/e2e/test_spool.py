# SPDX-License-Identifier: GPL-3.0-or-later
"""test_spool.py - a told result is in the service exactly once, whatever dies

Workers are killed at every step of a tell, the wire loses answers, the service
goes away: what was in the spool of a worker is delivered by another process.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import cumae
import harness
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from cumae.spool import Spool  # noqa: E402
from lossy_http import LossyHttp  # noqa: E402

SPACE = {"x": cumae.Float(-1, 1)}
MOST_STEPS = 5000  # of a tell, in lines of the client; it has about 200


@pytest.fixture
def site(instances, sqlite_database):
    """A ready service on SQLite: the database is not what is tested here."""
    return instances(sqlite_database)


def value_of(number):
    """Return the result of a trial: one that no other trial has."""
    return (number + 1) / 7


class Death:
    """Kills this process at a line of the client, counted from begin()."""

    def __init__(self, step):
        self.left = step
        self.package = str(Path(cumae.__file__).parent)

    def begin(self):
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def _trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(self.package):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._trace


def die_at(step, url, token, study_id, folder):
    """Fork a worker with that spool that tells its trial and dies at a step;
    return the number of its trial and whether it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(int(harness.PATIENCE_S))
        client = cumae.Client(url, token, spool=folder)
        trial = cumae.Study.open(study_id, client).trial()
        os.write(writer, str(trial.number).encode())
        Death(step).begin()
        trial.tell(value_of(trial.number))
        os._exit(0)
    os.close(writer)
    number = int(os.read(reader, 20))
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert status == 0
        return number, False
    assert os.WTERMSIG(status) == signal.SIGKILL
    return number, True


def deliver(url, token):
    """Deliver everything with the command, in another process."""
    ended = subprocess.run(
        [sys.executable, "-m", "cumae", "spool", "deliver"],
        env={**os.environ, "CUMAE_URL": url, "CUMAE_TOKEN": token},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout


def check(study, expected):
    """Assert that exactly these trials are complete, with their values."""
    complete = study.trials(state="complete")
    assert {trial.number for trial in complete} == expected
    for trial in complete:
        assert trial.values == [value_of(trial.number)]
    assert study.info()["trials"]["complete"] == len(expected)
    ends = [event["number"] for event in study.events(wait_s=0)
            if event["event"] == "trial_ended"]
    assert sorted(ends) == sorted(expected), "told twice, or never"


def move(folder, spool):
    """Move all files of a spool to another one."""
    spool.mkdir(exist_ok=True)
    for path in list(folder.glob("*")):
        path.rename(spool / path.name)


def is_empty(spool):
    """Return whether the spool holds nothing of any kind."""
    spool = Spool(spool)
    return not [*spool.waiting(), *spool.refused(), *spool.bad()]


@pytest.mark.parametrize("every, stride", [(None, 3), (3, 11)])
def test_workers_killed_at_any_step_of_a_tell_lose_no_result_on_disk(
    site, spool, tmp_path, every, stride
):
    client = cumae.Client(site.url, site.token, spool=False)
    study = cumae.Study("killed", SPACE, sampler="random", client=client)
    wire = LossyHttp(site.url, every) if every else site
    kept, arrived, lost = set(), set(), set()
    died, step = True, 1
    while died:
        assert step < MOST_STEPS
        # A spool of its own: in a full one, a tell has more steps.
        folder = tmp_path / "worker"
        number, died = die_at(step, wire.url, site.token, study.id, folder)
        step += stride
        if list(Spool(folder).waiting()):
            kept.add(number)
        elif study.record(number).state == "complete":
            arrived.add(number)
        else:
            lost.add(number)
        move(folder, spool)
    # Only who died before the file was there lost anything: the first ones.
    assert kept and arrived and lost and max(lost) < min(kept)
    deliver(wire.url, site.token)
    check(study, kept | arrived)
    assert is_empty(spool)


def test_results_told_while_the_service_was_away_are_delivered_once(
    site, spool
):
    with cumae.Client(site.url, site.token, tell_patience_s=0.0) as client:
        study = cumae.Study("away", SPACE, sampler="random", client=client)
        trials = study.ask(20)
        site.kill()
        said = {trial.tell(value_of(trial.number)) for trial in trials}
        assert said == {"spooled"}
        site.restart()
        study.info()
        harness.wait_until(lambda: is_empty(spool), "an empty spool")
        check(study, set(range(20)))


WORKER = """
import sys, time, cumae
client = cumae.Client(patience_s=60.0, tell_patience_s=0.0)
study = cumae.Study.open(sys.argv[1], client)
for trial in study.work():
    with trial:
        time.sleep(0.05)  # most of the time it has something to tell
        trial.value = (trial.number + 1) / 7
    print(trial.state, flush=True)
"""


def test_a_crowd_with_one_spool_and_a_service_that_is_often_away(site, spool):
    client = cumae.Client(site.url, site.token, spool=False)
    study = cumae.Study(
        "crowd", SPACE, sampler="random", budget={"max_trials": 300},
        client=client,
    )
    environment = {
        **os.environ, "CUMAE_URL": site.url, "CUMAE_TOKEN": site.token}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, study.id], env=environment,
            stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for share in (30, 90, 150):
        harness.wait_until(
            lambda at=share: study.info()["trials"]["total"] > at, "trials")
        site.kill()
        harness.wait_until(lambda: not is_empty(spool), "a spooled result")
        site.restart()
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    states = [line for out in said for line in out.split()]
    assert len(states) == 300 and set(states) <= {"complete", "spooled"}
    assert "spooled" in states
    deliver(site.url, site.token)
    check(study, set(range(300)))
    assert is_empty(spool)
