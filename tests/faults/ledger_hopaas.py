# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_hopaas.py - a trial in the hands of a worker of the Hopaas face

Its calls know no keys and no conflict: an ask is never repeated, and what
contradicts is answered with 200 and changes nothing.
"""

import time
from typing import Optional

from ledger_book import report_bits
from ledger_job import Job, said

PROPERTIES = {"x": "optuna#uniform(-1,1)", "constant": 7}


def body_of(study) -> dict:
    """Return the body of an ask, which also creates the study."""
    config = {
        "title": study.name,
        "direction": "maximize" if study.maximize else "minimize",
        "sampler": {"name": "RandomSampler", "args": {}},
        "pruner": {"name": "MedianPruner", "args": {}},
    }
    return {**PROPERTIES, "hopaas_config": config, "_lease_s": study.lease_s,
            "_max_trials": study.max_trials}


def ask(worker, study) -> tuple:
    """Ask once; return (jobs, whether the study has no more)."""
    asked_at = time.time()
    answer = worker.wire.once(f"/api/ask/{worker.wire.token}", body_of(study))
    if answer is None:
        worker.book.unanswered(study.id, 1)
        return [], False
    status, body = answer
    if status == 409 and "max_trials" in body["detail"]:
        return [], True
    assert status == 200, answer
    key, number = body.pop("hopaas_trial").split(":")
    assert key == study.id, f"{key} is not {study.id}"
    trial = {"number": int(number), "params": {"x": body["x"]}}
    worker.book.issued(study.id, worker.key(), asked_at, [trial])
    return [HopaasJob(study, trial, worker)], False


class HopaasJob(Job):
    """A trial that speaks the protocol of Hopaas."""

    def report(self, step: int, value: float) -> bool:
        """Report until it is acknowledged; a stop is the end of the trial."""
        exact = report_bits(value)
        self.book.reporting(self.study.id, self.number, step, exact, True)
        answer = self._call("should_prune", {"step": step, "loss": value})
        self.book.reported(self.study.id, self.number, step)
        assert isinstance(answer, bool), answer
        return answer

    def beat(self) -> bool:
        """Do nothing: there is no such call."""
        return True

    def release(self) -> None:
        """Fall silent: there is no such call."""

    def withdraw(self) -> None:
        """Fall silent: there is no such call."""

    def tell(self, value: Optional[float] = None, state: str = "complete",
             repeat: bool = True) -> None:
        """Tell, or mark as failed; a pruned trial is not told."""
        if state == "pruned":
            return
        _, outcome = said(value, state)
        self.book.telling(self.study.id, self.number, outcome)
        name = "tell" if state == "complete" else "mark_as_failed"
        body = {"loss": value} if state == "complete" else {"error": "aborted"}
        if self._call(name, body, repeat) is not None:
            self.book.told(self.study.id, self.number, outcome)

    def contradict(self, value: float) -> None:
        """Tell another value: 200, and the first one stays."""
        self._call("tell", {"loss": value})

    def _call(self, name: str, body: dict, repeat: bool = True):
        body["hopaas_trial"] = f"{self.study.id}:{self.number}"
        path = f"/api/{name}/{self.wire.token}"
        send = self.wire.call if repeat else self.wire.once
        answer = send(path, body)
        if answer is None:
            return None
        assert answer[0] == 200, answer
        return answer[1]
