# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_job.py - one trial in the hands of a simulated worker

What a job can do with its trial on /api/v1, each with a note in the book before
and after. The same calls on the other face are in ledger_hopaas.py.
"""

from typing import Optional

from ledger_book import bits, report_bits

NAN, INFINITY = float("nan"), float("inf")


class Job:
    """A trial that was handed out, and the worker's way to the service."""

    def __init__(self, study, trial: dict, worker):
        self.study, self.trial = study, trial
        self.number = trial["number"]
        self.wire, self.book = worker.wire, worker.book
        self.batch, self.rng = worker.batch, worker.rng
        self._path = f"/api/v1/studies/{study.id}/trials/{self.number}"

    # ---- what it may say ----

    def value(self) -> float:
        """Return a value to tell; odd ones among them."""
        odd = (0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, 3.0, 1e22)
        if self.rng.random() < 0.1:
            return self.rng.choice(odd)
        return self.rng.gauss(0, 1)

    def moment(self) -> float:
        """Return the seconds of a step of work."""
        return self.rng.uniform(0, 0.1 * self.study.lease_s)

    # ---- what it can do ----

    def report(self, step: int, value: float) -> bool:
        """Report until it is acknowledged; return whether to stop."""
        number, exact = self.number, report_bits(value)
        self.book.reporting(self.study.id, number, step, exact, False)
        body = {"step": step, "value": value}
        _, answer = self.wire.call(f"{self._path}/report", body)
        self.book.reported(self.study.id, number, step)
        return answer["should_prune"]

    def beat(self) -> bool:
        """Send a sign of life; return whether to go on."""
        _, answer = self.wire.call(f"{self._path}/heartbeat", {})
        return answer["continue"]

    def release(self) -> None:
        """Hand the trial back, for another worker."""
        self.book.returning(self.study.id, self.number)
        self.wire.call(f"{self._path}/release", {"reason": "preempted"})

    def withdraw(self) -> None:
        """Cancel the trial, unless it has ended by now."""
        self.book.returning(self.study.id, self.number)
        self.wire.call(f"{self._path}/cancel", {}, expect=(200, 409))

    def tell(self, value: Optional[float] = None, state: str = "complete",
             repeat: bool = True) -> None:
        """Tell, until it is acknowledged unless `repeat` is False."""
        body, outcome = said(value, state)
        self.book.telling(self.study.id, self.number, outcome)
        path = f"{self._path}/tell"
        answer = (
            self.wire.call(path, body, expect=(200, 409)) if repeat
            else self.wire.once(path, body)
        )
        if answer is not None:
            self.settle(*answer, outcome)

    def settle(self, status: int, answer: dict, outcome: tuple) -> None:
        """Note the answer to a tell."""
        page = self.book.pages[self.study.id, self.number]
        if status == 409:
            if page.told is None:
                self.book.refused(self.study.id, self.number)
            assert page.told != outcome, f"an equal repeat: {answer}"
            return
        assert status == 200, answer
        known = page.told or outcome
        assert known == outcome, f"{known} was acknowledged: {answer}"
        state, value = outcome
        if answer["state"] == "cancelled":  # taken, and of no use any more
            self.book.refused(self.study.id, self.number)
            return
        assert answer["state"] == state, (outcome, answer)
        if value is not None:
            assert [bits(v) for v in answer["values"]] == [value], answer
        self.book.told(self.study.id, self.number, outcome)

    def contradict(self, value: float) -> None:
        """Tell another value after the first was acknowledged: 409."""
        page = self.book.pages[self.study.id, self.number]
        if page.told is None or page.told == ("complete", bits(value)):
            return
        body = {"value": value}
        self.wire.call(f"{self._path}/tell", body, expect=(409,))


def said(value: Optional[float], state: str) -> tuple:
    """Return (body, outcome) of a tell; what is not finite has failed."""
    body = {} if state == "complete" else {"state": state}
    if value is not None:
        body["value"] = value
    if state == "complete" and bits(value) is None:
        return body, ("failed", None)
    return body, (state, None if state == "failed" else bits(value))
