# SPDX-License-Identifier: MIT
"""test_preempt.py - signals to real processes: their trials come back"""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import cumae
from fake_service import TOKEN

PREFACE = """
import os, signal, sys, threading, time, cumae
study = cumae.Study("a", {"x": cumae.Float(0, 1)})
def ready():
    print("ready", flush=True)
"""


def wait_until(condition, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def stored(fake, number=0):
    return fake.state.trial("fake0", number)


@pytest.fixture
def started(fake):
    """started(code): a process that has said `ready`."""
    processes = []

    def start(code):
        environment = {
            **os.environ, "CUMAE_URL": fake.url, "CUMAE_TOKEN": TOKEN}
        process = subprocess.Popen(
            [sys.executable, "-c", PREFACE + code], env=environment,
            stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(60.0, process.kill)
        watchdog.start()
        processes.append((process, watchdog))
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process, watchdog in processes:
        watchdog.cancel()
        process.kill()
        process.communicate()


IN_A_BLOCK = """
cumae.preemptible()
with study.trial() as trial:
    ready()
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_releases_the_trial_and_ends_the_program(
    started, fake, number
):
    process = started(IN_A_BLOCK)
    process.send_signal(number)
    assert process.wait(20) == 128 + number
    assert stored(fake)["state"] == "lost"
    assert stored(fake)["stop_reason"] in (number.name, "SystemExit")


COMPUTING = """
import hashlib
cumae.preemptible()
def watch(clock, begun):
    while time.clock_gettime(clock) < begun + 0.1:
        time.sleep(0.01)
    ready()
with study.trial() as trial:
    clock = time.pthread_getcpuclockid(threading.get_ident())
    threading.Thread(
        target=watch, args=(clock, time.clock_gettime(clock))).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1 << 30)
"""


def test_a_trial_is_released_while_a_library_computes(started, fake):
    process = started(COMPUTING)
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: stored(fake)["state"] == "lost")
    assert stored(fake)["stop_reason"] == "SIGTERM"
    assert process.poll() is None


IN_THREADS = """
cumae.preemptible()
trials = study.ask(12)
def work(trial):
    with trial:
        while not trial.should_prune():
            time.sleep(0.01)
        raise cumae.Pruned
threads = [threading.Thread(target=work, args=(t,)) for t in trials]
for thread in threads:
    thread.start()
ready()
for thread in threads:
    thread.join()
"""


def test_trials_of_all_threads_are_released_and_the_threads_told(
    started, fake
):
    process = started(IN_THREADS)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    states = {stored(fake, n)["state"] for n in range(12)}
    assert states == {"lost"}


TELLING = """
import httpx
cumae.preemptible()
trial = study.trial()
def slow(request):
    ready()
    time.sleep(600)
real, study.client._http = study.client._http, httpx.Client(
    transport=httpx.MockTransport(slow))
with trial:
    trial.tell(0.5)
"""


def test_a_trial_that_is_being_told_is_delivered_and_not_released(
    started, fake
):
    process = started(TELLING)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    assert stored(fake)["state"] == "complete"
    assert stored(fake)["values"] == [0.5]


FORKED = """
cumae.preemptible()
with study.trial() as trial:
    for _ in range(50):  # the signal comes at any moment of the fork
        child = os.fork()
        if child == 0:
            time.sleep(600)
        os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGTERM, status
    time.sleep(0.2)  # how long nothing happens is the test
    assert trial.state == "running"
    trial.value = 1.0
ready()
"""


def test_a_signal_to_a_child_is_none_to_the_parent(started, fake):
    process = started(FORKED)
    assert process.wait(20) == 0
    assert stored(fake)["state"] == "complete"


WOKEN = """
import socket
mine, others = socket.socketpair()
others.setblocking(False)
signal.set_wakeup_fd(others.fileno())
with cumae.preemptible():
    with study.trial() as trial:
        ready()
        time.sleep(600)
"""


def test_a_program_with_a_wakeup_of_its_own_is_served_too(started, fake):
    process = started(WOKEN)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    assert stored(fake)["state"] == "lost"


AWAY = """
cumae.preemptible()
with study.trial() as trial:
    study.client.base_url = "http://127.0.0.1:1"
    ready()
    time.sleep(600)
"""


def test_without_the_service_a_program_ends_in_seconds(started, fake):
    process = started(AWAY)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    # The patience of a release is 5 s; of the exit, 10 s.
    assert time.monotonic() - begun < 15.0
    assert stored(fake)["state"] == "running"


def test_at_the_end_of_the_block_signals_do_what_they_did_before(client):
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append("mine"))
    try:
        with cumae.preemptible(signal.SIGUSR1):
            with pytest.raises(SystemExit) as caught:
                os.kill(os.getpid(), signal.SIGUSR1)
                time.sleep(20)
            assert caught.value.code == 128 + signal.SIGUSR1
        os.kill(os.getpid(), signal.SIGUSR1)
        wait_until(lambda: seen == ["mine"])
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_it_is_for_the_main_thread_only():
    errors = []

    def install():
        try:
            cumae.preemptible()
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=install)
    thread.start()
    thread.join()
    assert len(errors) == 1
