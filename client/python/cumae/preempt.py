# SPDX-License-Identifier: MIT
"""preempt.py - a job that has to go hands its trials back

A batch system that wants its machine back sends a signal, and SIGKILL some time
later. In between, the running trials of this process are released, so that
other workers get them now and not when their leases run out.

Python runs handlers in the main thread, between two of its own steps: in the
middle of a request, with locks held, or not at all while a library computes. So
the handler does no more than raise SystemExit. Releasing is done by a thread
that the interpreter itself wakes when the signal arrives (set_wakeup_fd), over
connections of its own. It needs Python's global lock: code that keeps it keeps
the trials, too.

A trial that is being told is not released: its result exists.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import weakref
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Type

if TYPE_CHECKING:
    from .held import Held

# A release is one small call: nobody waits longer for an answer.
RELEASE_TIMEOUT_S = 5.0

# All that this process may hold, trials or orders, by what Python calls them.
running: "weakref.WeakValueDictionary[int, Held]" = (
    weakref.WeakValueDictionary()
)

_installed: "List[Preemptible]" = []


def preemptible(*signals: int) -> "Preemptible":
    """Release the running trials of this process and end it, with status
    128 + signal, when a signal arrives; to be called in the main thread.

    signals  default: SIGTERM and SIGUSR1

    The program ends by SystemExit in the main thread. Other threads should end
    when their trial's should_prune() says so. A child after fork has the
    handlers that were there before.

    As a context manager it restores them at the end of the block:

        with cumae.preemptible():
            for trial in study.work():
                ...
    """
    return Preemptible(signals or (signal.SIGTERM, signal.SIGUSR1))


class Preemptible:
    """What preemptible() installed; close() takes it away."""

    def __init__(self, signals: Any) -> None:
        self.signals = frozenset(int(one) for one in signals)
        self._released = threading.Event()
        self._asked = threading.Event()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._before: Dict[int, Any] = {}
        others = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        if others != -1:
            signal.set_wakeup_fd(others)  # then the handler has to do it
        for one in self.signals:
            self._before[one] = signal.signal(one, self._handle)
        self._thread = threading.Thread(
            target=self._watch, name="cumae-preemptible", daemon=True
        )
        self._thread.start()
        _installed.append(self)

    def __enter__(self) -> "Preemptible":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Restore the handlers, after a release that is under way."""
        if self not in _installed:
            return
        self.await_release()
        self.restore()
        os.write(self._writer, b"\0")
        self._thread.join(RELEASE_TIMEOUT_S)
        if not self._thread.is_alive():
            os.close(self._reader)
            os.close(self._writer)

    def await_release(self) -> None:
        """Wait for a release that is under way."""
        if self._asked.is_set():
            self._released.wait(2.0 * RELEASE_TIMEOUT_S)

    def restore(self) -> None:
        """Let signals do what they did before."""
        _installed.remove(self)
        others = signal.set_wakeup_fd(-1)
        if others != self._writer:
            signal.set_wakeup_fd(others)
        for one, before in self._before.items():
            # None: a handler that Python does not know, which it cannot restore.
            signal.signal(one, signal.SIG_DFL if before is None else before)

    def _handle(self, number: int, frame: Optional[FrameType]) -> None:
        """End the program, in the main thread, once."""
        if self._asked.is_set() and not self._released.is_set():
            return
        self._asked.set()
        self._wake(number)
        raise SystemExit(128 + number)

    def _wake(self, number: int) -> None:
        """Wake the thread where somebody else has taken the wakeup fd."""
        try:
            os.write(self._writer, bytes([number]))
        except BlockingIOError:
            pass  # it has enough to read

    def _watch(self) -> None:
        """Wait for a signal, release all trials, until close()."""
        while True:
            for number in os.read(self._reader, 64):
                if number == 0:
                    return
                if number in self.signals and not self._released.is_set():
                    try:
                        release_all(signal.Signals(number).name)
                    finally:
                        self._released.set()


def release_all(reason: str) -> None:
    """Release all running trials of this process; log what fails."""
    alive = [found for found in map(_called, running.valuerefs()) if found]
    trials = [
        trial for trial in alive
        if trial.state == "running" and trial.pid == os.getpid()
    ]
    if not trials:
        return
    # The client's own locks may be held by the code that was interrupted.
    spares = {
        client: client.spare(RELEASE_TIMEOUT_S)
        for client in {trial.study.client for trial in trials}
    }
    # One by one: an interpreter that ends starts no threads. A service that is
    # away to one trial is away to all.
    for trial in trials:
        if not trial.hand_back(spares[trial.study.client], reason):
            return


def _called(reference: "weakref.ref[Held]") -> "Optional[Held]":
    return reference()


@atexit.register
def _await_releases() -> None:
    for one in list(_installed):
        one.await_release()


# A child has the pipe of its parent until its handlers are restored: a signal
# in between would release the parent's trials. So it has to wait.


def _before_fork() -> None:
    signals = [number for one in _installed for number in one.signals]
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, signals)


def _after_fork_in_child() -> None:
    for one in list(_installed):
        one.restore()
    _after_fork_in_parent()


def _after_fork_in_parent() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


_forking = threading.local()
os.register_at_fork(
    before=_before_fork,
    after_in_child=_after_fork_in_child,
    after_in_parent=_after_fork_in_parent,
)
