# SPDX-License-Identifier: GPL-3.0-or-later
"""test_signals.py - whichever thread gets the signal, the service drains"""

import ctypes
import signal
from pathlib import Path

import pytest


def others(pid, number):
    """Return the threads of a process but the first.

    Those in which the signal is not blocked come first.
    """
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        (line,) = [one for one in status.splitlines() if "SigBlk" in one]
        blocked = int(line.split()[1], 16) >> (number - 1) & 1
        if int(task.name) != pid:
            found.append((blocked, int(task.name)))
    return [thread for _, thread in sorted(found)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_given_to_any_thread_drains(instances, sqlite_database, number):
    """Libraries start threads of their own, in which nothing is blocked."""
    service = instances(sqlite_database)
    pid = service.process.pid
    libc = ctypes.CDLL(None)
    assert libc.tgkill(pid, others(pid, number)[0], number) == 0
    assert service.process.wait(60) == 0
    assert "draining" in [line["msg"] for line in service.log()]
