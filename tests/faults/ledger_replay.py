# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_replay.py - the life of a study, told again from its events

Events are numbered in the order in which the changes were made, so walking
through them shows every moment of the study, and every rule that must hold at
every moment can be asked: how many run, what waits, what is lost and by whom it
is retried. An event says what a trial is now and not what it became then; but
an end that is not a trial's last one was the loss of its lease or, for a twin,
that it was cancelled; on the Hopaas face also a failure. A result followed all
the same.
"""

import collections
from typing import Optional

OPEN = ("running", "lost", "cancelled")
OPEN_HOPAAS = (*OPEN, "failed")


class Replay:
    """The state of a study at a moment; `run` leads to its last one.

    states  number -> state
    """

    def __init__(self, study, trials: list):
        self.states = {}
        self._study, self._trials = study, trials
        self._handed_back = set()
        self._points = self._failed = 0
        self._max_trials = study.max_trials
        self._retries = {}  # number -> who retries it
        self._paused = self._finished = False
        self._ends_left = collections.Counter()
        self._twin = None  # whom a late tell has made superfluous

    def run(self, events: list) -> None:
        """Walk through all events; assert the rules at each."""
        self._ends_left = collections.Counter(
            e["number"] for e in events if e["event"] == "trial_ended"
        )
        before = 0
        for event in events:
            assert event["seq"] > before, f"{event} after {before}"
            before = event["seq"]
            handle = getattr(self, f"_{event['event']}", None)
            assert handle, f"unknown kind: {event}"
            assert self._twin in (None, event["number"]), (
                f"{event}: {self._twin} should have been cancelled"
            )
            try:
                handle(event["number"])
            except AssertionError as failure:
                raise AssertionError(f"at {event}: {failure}") from failure

    # ---- the study ----

    def _study_created(self, _) -> None:
        assert not self.states

    def _study_paused(self, _) -> None:
        self._paused = True

    def _study_resumed(self, _) -> None:
        self._paused = False

    def _study_finished(self, _) -> None:
        assert self._count("running") == 0, "finished with trials running"
        self._finished = True

    def _study_changed(self, _) -> None:
        self._max_trials, self._finished = self._study.widen_to, False

    # ---- trials ----

    def _trial_queued(self, number: int) -> None:
        self._enter(number, "queued")

    def _trial_started(self, number: int) -> None:
        retry = self._trials[number]["retry_of"] is not None
        self._check_budget(retry)
        if self.states.get(number) == "queued":
            self.states[number] = "running"
        else:
            self._enter(number, "running")
            assert not self._count("queued"), "before what was enqueued"
            self._check_retry(self._trials[number])
        self._points += not retry

    def _trial_stopped(self, number: int) -> None:
        assert self.states[number] in OPEN, self.states[number]

    def _trial_ended(self, number: int) -> None:
        before = self.states[number]
        self._ends_left[number] -= 1
        last = self._ends_left[number] == 0
        state = self._trials[number]["state"]
        if not last:
            state = (
                "cancelled" if self._twin == number
                else "lost" if before == "running" else "failed"
            )
        may_end = OPEN_HOPAAS if self._study.hopaas else OPEN
        assert before in may_end and before != state, f"{before}, then {state}"
        assert state != "failed" or last or self._study.hopaas, "ended twice"
        assert self._twin is None or state == "cancelled", "not cancelled"
        if state == "cancelled":
            assert self._answered(number), "cancelled without a reason"
        self.states[number] = state
        self._failed += state == "failed"
        self._twin = self._superfluous(number) if before == "lost" else None

    def _trial_released(self, number: int) -> None:
        assert self.states[number] == "running", self.states[number]
        self.states[number] = "lost"
        self._handed_back.add(number)

    def _trial_cancelled(self, number: int) -> None:
        assert self.states[number] in ("queued", "running")
        self.states[number] = "cancelled"

    # ---- rules ----

    def _enter(self, number: int, state: str) -> None:
        assert number == len(self.states), f"not number {len(self.states)}"
        self.states[number] = state

    def _count(self, state: str) -> int:
        return sum(found == state for found in self.states.values())

    def _check_budget(self, retry: bool) -> None:
        """A retry is no new point for max_trials; all else holds for it, too."""
        study = self._study
        assert not self._paused, "paused"
        assert not self._finished, "finished"
        if study.max_trials and not retry:
            assert self._points < self._max_trials, "max_trials"
        if study.max_failed:
            assert self._failed < study.max_failed, "max_failed"
        if study.max_running:
            assert self._count("running") < study.max_running, "max_running"

    def _check_retry(self, trial: dict) -> None:
        """A retry is of a lost trial, and comes before anything new."""
        first = trial["retry_of"]
        waiting = [n for n in self.states if self._retriable(n)]
        if first is None:
            assert trial["attempt"] == 1, trial
            assert not waiting, f"before retries of {waiting}"
            return
        assert first in waiting, f"{first} is not to be retried"
        used = first not in self._handed_back
        assert trial["attempt"] == self._trials[first]["attempt"] + used, trial
        assert trial["params"] == self._trials[first]["params"], trial
        self._retries[first] = trial["number"]

    def _retriable(self, number: int) -> bool:
        return (
            self.states[number] == "lost"
            and number not in self._retries
            and (
                number in self._handed_back
                or self._trials[number]["attempt"] < self._study.max_attempts
            )
            and not self._answered(number)
        )

    def _answered(self, number: int) -> bool:
        """Has one of those that this one retries told after all?"""
        before = self._trials[number]["retry_of"]
        while before is not None:
            if self.states[before] != "lost":
                return True
            before = self._trials[before]["retry_of"]
        return False

    def _superfluous(self, number: int) -> Optional[int]:
        """Return the trial that runs in the place of this one."""
        twin = self._retries.get(number)
        while twin is not None and self.states[twin] == "lost":
            twin = self._retries.get(twin)
        running = twin is not None and self.states[twin] == "running"
        return twin if running else None

    def check_end(self) -> None:
        """Assert that nothing is left to do, and what a full budget says."""
        study = self._study
        assert not self._count("running") and not self._count("queued")
        if study.max_trials:
            most = study.widen_to or study.max_trials
            assert self._points == most, "budget not used"
        if study.max_failed:
            assert self._failed >= study.max_failed, "budget not used"
        if study.max_trials or study.max_failed:
            assert self._finished, "not finished"
        if not study.max_failed:
            waiting = [n for n in self.states if self._retriable(n)]
            assert not waiting, f"never retried: {waiting}"
