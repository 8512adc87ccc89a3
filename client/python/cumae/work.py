# SPDX-License-Identifier: MIT
"""work.py - trial after trial, until the study or the job ends

A job that asks for a trial which it cannot end wastes all it does. So each ask
says how long the job has left, and the loop ends when that is not enough.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import (
    TYPE_CHECKING,
    Callable,
    Iterator,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from .errors import StudyEnded
from .trial import Trial

if TYPE_CHECKING:
    from .campaign import Campaign
    from .study import Study

Objective = Callable[[Trial], Union[None, float, Sequence[float]]]
Walltime = Union[float, Callable[[], Optional[float]]]


def work(
    study: "Union[Study, Campaign]",
    n_trials: Optional[int],
    timeout_s: Optional[float],
    walltime: Optional[Walltime],
    spare_s: float = 60.0,
) -> Iterator[Trial]:
    """Yield trials of a study or campaign; the arguments are those of Study.work()."""
    ends = _Ends(timeout_s, walltime, spare_s)
    done = 0
    while n_trials is None or done < n_trials:
        left_s = ends.left_s()
        if ends.timed_out() or (left_s is not None and left_s <= 0.0):
            return
        try:
            trial = study.ask(wait=False, max_seconds=left_s)[0]
        except StudyEnded as end:
            if end.reason == "walltime" or end.retry_after_s <= 0.0:
                return
            time.sleep(ends.within(end.retry_after_s))
            continue
        done += 1
        yield trial


class _Ends:
    """When a loop that begins now has to end."""

    def __init__(
        self,
        timeout_s: Optional[float],
        walltime: Optional[Walltime],
        spare_s: float,
    ) -> None:
        self._begun = time.monotonic()
        self._timeout_s = timeout_s
        self._walltime = walltime
        self._spare_s = spare_s

    def timed_out(self) -> bool:
        return self._timeout_s is not None and self._spent_s() >= self._timeout_s

    def left_s(self) -> Optional[float]:
        """Return how long a trial may take from now; None: as long as it
        likes."""
        if callable(self._walltime):
            left_s = self._walltime()
        elif self._walltime is not None:
            left_s = self._walltime - self._spent_s()
        else:
            return None
        return None if left_s is None else round(left_s - self._spare_s, 1)

    def within(self, wait_s: float) -> float:
        """Return wait_s, or less where the loop has to end before."""
        waits = [wait_s]
        if self._timeout_s is not None:
            waits.append(self._timeout_s - self._spent_s())
        left_s = self.left_s()
        if left_s is not None:
            waits.append(left_s)
        return max(0.0, min(waits))

    def _spent_s(self) -> float:
        return time.monotonic() - self._begun


class Loop:
    """One call of optimize(), shared by its threads."""

    def __init__(
        self,
        objective: Objective,
        n_trials: Optional[int],
        catch: Tuple[Type[Exception], ...],
    ) -> None:
        self._objective = objective
        self._left = n_trials
        self._catch = catch
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def run(self, sources: Sequence[Iterator[Trial]]) -> None:
        """Run all trials of all sources, each source in a thread of its own."""
        if len(sources) == 1:
            self._run(sources[0])
            return
        with ThreadPoolExecutor(len(sources), "cumae-worker") as pool:
            threads = [pool.submit(self._run, source) for source in sources]
            try:
                for thread in threads:
                    thread.result()
            finally:
                self._stopped.set()

    def _run(self, trials: Iterator[Trial]) -> None:
        try:
            while self._may_begin():
                trial = next(trials, None)
                if trial is None:
                    return
                self._one(trial)
        except BaseException:
            self._stopped.set()
            raise

    def _may_begin(self) -> bool:
        with self._lock:
            if self._stopped.is_set() or self._left == 0:
                return False
            if self._left is not None:
                self._left -= 1
            return True

    def _one(self, trial: Trial) -> None:
        try:
            with trial:
                result = self._objective(trial)
                # An array without dimensions, as frameworks return, has a
                # length that cannot be asked for.
                dimensions = getattr(result, "ndim", None)
                if hasattr(result, "__len__") and dimensions != 0:
                    trial.values = result  # type: ignore[assignment]
                else:
                    trial.value = result  # type: ignore[assignment]
        except self._catch:
            pass
