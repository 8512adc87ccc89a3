# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_worker.py - a thread that lives many trials at once

It asks, also with keys and for many, gives each trial a life, enqueues, steers,
and gathers results that are told together. What it does is drawn from its own
stream of random numbers; when it happens depends on the machine.
"""

import heapq
import itertools
import random
import threading
import time
import uuid

import ledger_hopaas
import ledger_lives
from ledger_book import Book
from ledger_job import Job, said
from ledger_wire import Wire

LIVES_AT_ONCE = 6
BATCH = 6


class Batch:
    """Results that are told in one call."""

    def __init__(self, wire: Wire, book: Book):
        self._wire, self._book = wire, book
        self._items = []

    def add(self, job: Job, value: float) -> None:
        """Leave a result; tell all when there are enough."""
        if job.study.hopaas:
            job.tell(value)
            return
        self._items.append((job, *said(value, "complete")))
        if len(self._items) >= BATCH:
            self.send()

    def send(self) -> None:
        """Tell all, until each is acknowledged."""
        for job, _, outcome in self._items:
            self._book.telling(job.study.id, job.number, outcome)
        while self._items:
            tells = [{"study_id": job.study.id, "number": job.number, **body}
                     for job, body, _ in self._items]
            _, answer = self._wire.call("/api/v1/tell", {"tells": tells})
            results = zip(self._items, answer["results"], strict=True)
            self._items = []
            for (job, body, outcome), result in results:
                if result["status"] == 503:
                    self._items.append((job, body, outcome))
                else:
                    job.settle(result["status"], result, outcome)


class Worker(threading.Thread):
    """A worker of all studies, until `leave` is set."""

    def __init__(self, name: str, urls: list, token: str, studies: list,
                 book: Book, leave: threading.Event):
        super().__init__(name=name, daemon=True)
        self.rng = random.Random(name)
        self.wire = Wire(urls, token, self.rng, leave)
        self.book = book
        self.batch = Batch(self.wire, book)
        self._open = list(studies)
        self._leave = leave
        self._lives = []  # heap of (due, order, life)
        self._order = itertools.count()

    def run(self) -> None:
        """Live; what goes wrong is left in the book."""
        try:
            while not self._leave.is_set():
                self._act()
        except Exception as failure:  # for the thread that waits for us
            self.book.fail(failure)
        finally:
            self.wire.close()

    def key(self) -> str:
        """Return a name that no other ask has."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    # ---- asking ----

    def ask(self, study, n: int = 0) -> tuple:
        """Ask; return (jobs, whether the study has no more)."""
        if study.hopaas:
            return ledger_hopaas.ask(self, study)
        body = {"n": n or self.rng.choice((1, 1, 1, 2, 5)),
                "worker": {"name": self.name}}
        key = self.key()
        path = f"/api/v1/studies/{study.id}/ask"
        if self.rng.random() < 0.2:  # find or create, and ask
            path, body["study"] = "/api/v1/ask", study.definition()
        asked_at = time.time()
        manner = self.rng.random()
        if manner < 0.6:
            answer = self.wire.call(path, body, key)
        else:  # without a key; or with one, and dies
            answer = self.wire.once(path, body, key if manner < 0.7 else None)
        if answer is None:
            self.book.unanswered(study.id, body["n"])
            return [], False
        assert answer[0] == 200, answer
        trials = answer[1]["trials"]
        self.book.issued(study.id, key, asked_at, trials)
        if trials and manner < 0.2:
            again = self.wire.call(path, body, key)[1]["trials"]
            assert len(again) == len(trials), (trials, again)
            self.book.issued(study.id, key, asked_at, again)
        closed = not trials and answer[1]["retry_after_s"] is None
        return [Job(study, trial, self) for trial in trials], closed

    def widen(self, study) -> None:
        """Allow more trials, be the study finished or not."""
        body = {"budget": {"max_trials": study.widen_to}}
        path = f"/api/v1/studies/{study.id}"
        self.wire.call(path, body, method="PATCH")
        study.widened = True

    # ---- acting ----

    def _act(self) -> None:
        now = time.monotonic()
        if self._lives and self._lives[0][0] <= now:
            _, _, life = heapq.heappop(self._lives)
            self._go_on(life)
        elif len(self._lives) < LIVES_AT_ONCE and self._open:
            self._begin(self.rng.choice(self._open))
        else:
            due = self._lives[0][0] if self._lives else now + 0.1
            self._leave.wait(max(0, due - now))

    def _go_on(self, life) -> None:
        wait_s = next(life, None)
        if wait_s is not None:
            due = time.monotonic() + wait_s
            heapq.heappush(self._lives, (due, next(self._order), life))

    def _begin(self, study) -> None:
        if study.brings and self.rng.random() < 0.3:
            self._bring(study)
        if study.steered and self.rng.random() < 0.05:
            self._steer(study)
        jobs, closed = self.ask(study)
        for job in jobs:
            self._go_on(ledger_lives.choose(job))
        if closed and study.widen_to and not study.widened:
            self.widen(study)
        elif closed and self.rng.random() < 0.5:
            self._open.remove(study)
        if not jobs:
            self._leave.wait(0.05)

    def _steer(self, study) -> None:
        for verb in ("pause", "resume"):
            self.wire.call(f"/api/v1/studies/{study.id}/{verb}", {})

    def _bring(self, study) -> None:
        """Enqueue trials, which others may have brought before."""
        path = f"/api/v1/studies/{study.id}/trials"
        first = self.rng.randrange(60)
        trials = [brought(k) for k in range(first, first + 3)]
        names = [trial["id"] for trial in trials]
        _, answer = self.wire.call(path, {"trials": trials}, expect=(200, 201))
        numbers = [trial["number"] for trial in answer["trials"]]
        self.book.bring(study.id, names, numbers)
        if self.rng.random() < 0.3:  # the same name for something else
            trials[0]["params"]["x"] -= 0.001
            self.wire.call(path, {"trials": trials}, expect=(409,))


def brought(k: int) -> dict:
    """Return the k-th trial that workers bring."""
    return {"id": f"point {k}", "params": {"x": k / 64}, "priority": k % 3}
