# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_book.py - what the simulated workers know to have happened

Every worker writes down what it sends, before, and what was acknowledged,
after. What was sent and not acknowledged may or may not have happened; what was
acknowledged must be found in the end. Trials are named (study, number), values
by their bits (`bits`), so that -0.0 is not 0.0.
"""

import collections
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Optional


def bits(value: Optional[float]) -> Optional[str]:
    """Return the exact text of a number; None for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(value).hex()


def report_bits(value: Optional[float]) -> Optional[str]:
    """The same for a report: a REAL column of SQLite has no -0.0."""
    return bits(None if value is None else value + 0.0)


@dataclass
class Issue:
    """A trial that an ask was answered with."""

    ask: str  # which ask
    trial: dict  # as answered, less what changes with time
    asked_at: float
    got_at: float


@dataclass
class Page:
    """What became of one trial; an outcome is (state, bits of the value)."""

    issue: Optional[Issue] = None
    sent: list = field(default_factory=list)  # outcomes
    sent_at: Optional[float] = None  # the first of them, or its return
    told: Optional[tuple] = None  # the first outcome that was acknowledged
    refused: bool = False  # a first tell was answered with 409
    may_stop: bool = False  # a report was sent that may have ended it
    reports: dict = field(default_factory=dict)  # step -> [bits sent]
    reported: dict = field(default_factory=dict)  # step -> index of last ack


class Book:
    """The ledger of all workers.

    pages     (study, number) -> Page
    brought   (study, id of the client) -> number
    doubtful  study -> trials of asks that were never answered
    failures  what no worker may meet
    """

    def __init__(self):
        self.pages = collections.defaultdict(Page)
        self.brought = {}
        self.doubtful = collections.Counter()
        self.counts = collections.Counter()
        self.failures = []
        self._lock = threading.Lock()

    def issued(self, study: str, ask: str, asked_at: float,
               trials: list) -> None:
        """An ask was answered; asked again it gets the same trials."""
        with self._lock:
            for trial in trials:
                kept = {k: v for k, v in trial.items() if k != "lease_expires"}
                page = self.pages[study, trial["number"]]
                if page.issue is None:
                    page.issue = Issue(ask, kept, asked_at, time.time())
                assert page.issue.ask == ask, f"issued twice: {trial}"
                assert page.issue.trial == kept, f"was {page.issue}: {trial}"
            self.counts["trials"] += len(trials)

    def unanswered(self, study: str, n: int) -> None:
        """An ask for n trials got no answer and is not repeated."""
        with self._lock:
            self.doubtful[study] += n

    def telling(self, study: str, number: int, outcome: tuple) -> None:
        """A tell is about to be sent."""
        with self._lock:
            page = self.pages[study, number]
            page.sent.append(outcome)
            page.sent_at = page.sent_at or time.time()

    def returning(self, study: str, number: int) -> None:
        """A trial is about to be handed back or cancelled."""
        with self._lock:
            page = self.pages[study, number]
            page.sent_at = page.sent_at or time.time()

    def told(self, study: str, number: int, outcome: tuple) -> None:
        """A tell was acknowledged."""
        with self._lock:
            page = self.pages[study, number]
            page.told = page.told or outcome
            self.counts["tells"] += 1

    def refused(self, study: str, number: int) -> None:
        """A first tell was answered with 409."""
        with self._lock:
            self.pages[study, number].refused = True

    def reporting(self, study: str, number: int, step: int, value: Any,
                  may_stop: bool) -> None:
        """A report is about to be sent."""
        with self._lock:
            page = self.pages[study, number]
            sent = page.reports.setdefault(step, [])
            if not sent or sent[-1] != value:
                sent.append(value)
            page.may_stop = page.may_stop or may_stop

    def reported(self, study: str, number: int, step: int) -> None:
        """The last report of a step was acknowledged."""
        with self._lock:
            page = self.pages[study, number]
            page.reported[step] = len(page.reports[step]) - 1
            self.counts["reports"] += 1

    def bring(self, study: str, names: list, numbers: list) -> None:
        """Trials were brought, or found to have been brought before."""
        with self._lock:
            for name, number in zip(names, numbers, strict=True):
                known = self.brought.setdefault((study, name), number)
                assert known == number, f"{name} is {known} and {number}"

    def fail(self, failure: BaseException) -> None:
        """A worker met what it must not meet."""
        with self._lock:
            self.failures.append(failure)

    def check(self) -> bool:
        """Return True; raise what a worker has met."""
        if self.failures:
            raise self.failures[0]
        return True
