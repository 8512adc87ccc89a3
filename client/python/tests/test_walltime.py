# SPDX-License-Identifier: MIT
"""test_walltime.py - what batch systems say about the time that is left"""

import os
import time

import pytest

import cumae
from cumae import walltime

BATCH = ("SLURM_JOB_END_TIME", "SLURM_JOB_ID", "_CONDOR_JOB_AD",
         "PBS_WALLTIME")


@pytest.fixture(autouse=True)
def no_batch_system(monkeypatch):
    for name in BATCH:
        monkeypatch.delenv(name, raising=False)
    walltime._scontrol_end.cache_clear()


def left(at_most):
    """Assert that it is that, less the moment of asking."""
    seconds = cumae.walltime_left()
    assert at_most - 5.0 <= seconds <= at_most


def test_outside_of_a_batch_job_nothing_is_known():
    assert cumae.walltime_left() is None


def test_slurm_says_when_the_job_ends(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 600))
    left(600)


def test_no_time_left_is_zero(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_END_TIME", "1000000000")
    assert cumae.walltime_left() == 0.0


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """scontrol(answer): a Slurm that says only what its command says."""

    def install(answer, status=0):
        command = tmp_path / "bin" / "scontrol"
        command.parent.mkdir()
        command.write_text(
            f"#!/bin/sh\necho \"$@\" >> {tmp_path}/asked\n"
            f"echo '{answer}'\nexit {status}\n")
        command.chmod(0o755)
        path = f"{command.parent}:{os.environ['PATH']}"
        monkeypatch.setenv("PATH", path)
        monkeypatch.setenv("SLURM_JOB_ID", "4711")
        return tmp_path / "asked"

    return install


def test_an_older_slurm_is_asked_once(scontrol):
    end = time.strftime(
        "%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 900))
    asked = scontrol(f"JobId=4711 StartTime=2030-01-01T00:00:00 EndTime={end} "
                     "Deadline=N/A")
    left(900)
    left(900)
    assert asked.read_text() == "--oneliner show job 4711\n"


@pytest.mark.parametrize("answer, status", [
    ("JobId=4711 EndTime=Unknown", 0),
    ("slurm_load_jobs error: Invalid job id specified", 1),
])
def test_a_slurm_that_does_not_know_is_believed(scontrol, answer, status):
    scontrol(answer, status)
    assert cumae.walltime_left() is None


def test_slurm_without_its_command_says_nothing(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    monkeypatch.setenv("PATH", "/nowhere")
    assert cumae.walltime_left() is None


@pytest.fixture
def ad(tmp_path, monkeypatch):
    """ad(text): an HTCondor job with that ad."""

    def write(text):
        path = tmp_path / ".job.ad"
        path.write_text(text)
        monkeypatch.setenv("_CONDOR_JOB_AD", str(path))
        return path

    return write


def test_htcondor_says_how_long_a_job_may_run(ad):
    start = int(time.time()) - 100
    ad(f'MyType = "Job"\nJobCurrentStartDate = {start}\n'
       "JobStartDate = 1000000000\n"
       "AllowedJobDuration = 3600\nMaxRuntime = 7200\n")
    left(3500)


def test_without_a_date_the_job_began_when_its_ad_was_written(ad):
    path = ad("MaxRuntime = 600\n")
    began = time.time() - 100
    os.utime(path, (began, began))
    left(500)


@pytest.mark.parametrize("text", [
    "", "JobCurrentStartDate = 1\n", "MaxRuntime = 60 * 60\n",
])
def test_an_ad_without_a_limit_says_nothing(ad, text):
    ad(text)
    assert cumae.walltime_left() is None


def test_an_ad_that_is_gone_says_nothing(ad):
    ad("MaxRuntime = 600\n").unlink()
    assert cumae.walltime_left() is None


@pytest.mark.parametrize("text, seconds", [
    ("3600", 3600), ("10:00", 600), ("1:02:03", 3723), ("1:00:00:00", 86400),
])
def test_pbs_counts_from_the_start_of_the_session(monkeypatch, text, seconds):
    monkeypatch.setattr(
        walltime, "_session_start", lambda: time.time() - 100.0)
    monkeypatch.setenv("PBS_WALLTIME", text)
    left(seconds - 100)


def test_the_start_of_a_session_is_that_of_its_leader():
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.write(writer, str(walltime._session_start()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    # /proc counts in ticks of 10 ms and from a boot time in whole seconds.
    assert abs(float(os.read(reader, 100)) - time.time()) < 5.0
    os.close(reader)


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4:5", "-5", ":"])
def test_a_strange_limit_of_pbs_says_nothing(monkeypatch, text):
    monkeypatch.setenv("PBS_WALLTIME", text)
    assert cumae.walltime_left() is None
