# SPDX-License-Identifier: GPL-3.0-or-later
"""test_spool.py - a told result is in the service exactly once, whatever dies

Workers are killed at every step of a tell, the wire loses answers, the service
goes away: what was in the spool of a worker is delivered by another process.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cumae
import harness
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from cumae.spool import Spool  # noqa: E402
from lossy_http import LossyHttp  # noqa: E402

SPACE = {"x": cumae.Float(-1, 1)}
STRIDE = 5  # lines between two deaths; every line in the module of the spool
MOST_STEPS = 5000


@pytest.fixture
def site(instances, sqlite_database):
    """A ready service on SQLite: the database is not what is tested here."""
    return instances(sqlite_database)


def value_of(number):
    """Return the result of a trial: one that no other trial has."""
    return (number + 1) / 7


class Death:
    """Kills this process at a line of the client, counted from now.

    Where the count ends between two strides, it is at the next line of
    spool.py or after a stride.
    """

    def __init__(self, step):
        self.left = step
        self.package = str(Path(cumae.__file__).parent)

    def trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(self.package):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace

    def begin(self):
        import threading

        threading.settrace(self.trace)
        sys.settrace(self.trace)


def die_at(step, url, token, study_id):
    """Fork a worker that tells its trial and dies at a step; return the number
    of its trial and whether it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        client = cumae.Client(url, token)
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


def deliver(url, token, expect=0):
    """Deliver with the command, in another process."""
    ended = subprocess.run(
        [sys.executable, "-m", "cumae", "spool", "deliver"],
        env={**os.environ, "CUMAE_URL": url, "CUMAE_TOKEN": token},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120,
    )
    assert ended.returncode == expect, ended.stdout
    return ended.stdout


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


@pytest.mark.parametrize("every", [None, 2], ids=["wire", "lossy wire"])
def test_workers_killed_at_any_step_of_a_tell_lose_no_result_on_disk(
    site, spool, every
):
    client = cumae.Client(site.url, site.token, spool=False)
    study = cumae.Study("killed", SPACE, sampler="random", client=client)
    wire = LossyHttp(site.url, every) if every else None
    kept, arrived, lost = set(), set(), set()
    died, step = True, 1
    while died:
        assert step < MOST_STEPS
        number, died = die_at(step, site.url, site.token, study.id)
        step += STRIDE
        waiting = {each.number for _, each in Spool(spool).waiting()}
        if number in waiting:
            kept.add(number)
        elif study.record(number).state == "complete":
            arrived.add(number)
        else:
            lost.add(number)
    # Only who died before the file was there lost anything: the first ones.
    assert kept and arrived and (not lost or max(lost) < min(kept))
    before = {t.number for t in study.trials(state="complete")}
    assert arrived <= before
    if wire:
        deliver(wire.url, site.token, expect=1)  # it is not that service
    deliver(site.url, site.token)
    check(study, kept | arrived)
    assert list(Spool(spool).waiting()) == []
    assert list(Spool(spool).refused()) == list(Spool(spool).bad()) == []
