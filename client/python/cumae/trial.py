# SPDX-License-Identifier: MIT
"""trial.py - one point to try, and what became of it

`Trial` is a running trial of this process. `TrialRecord` is what the service
knows about any trial.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
import traceback
from dataclasses import dataclass, fields
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    Mapping,
    Optional,
    Sequence,
    Type,
    Union,
)

from .client import Client
from .errors import CumaeError, Pruned, ServiceUnreachable
from .heartbeat import Heartbeat
from .plain import plain
from .preempt import running

if TYPE_CHECKING:
    from .study import Study

# What was measured, by the name of the outcome constraint or in their order.
Constraints = Union[Mapping[str, float], Sequence[float]]

log = logging.getLogger("cumae")

# An interrupted program wants to end: handing back gets a few seconds.
INTERRUPTED_PATIENCE_S = 5.0
ERROR_TEXT_LIMIT = 4000


@dataclass(frozen=True)
class TrialRecord:
    """A trial as the service knows it.

    state   queued, running, complete, pruned, failed, infeasible, lost,
            cancelled
    values  one per objective, or None without a result
    constraints  what was measured, by name, or None
    why     why this point was chosen, in words, or None
    invalid  its result informs nobody: see Study.invalidate()
    revision  changes with the trial: see Study.edit()
    reports  [{"step": ..., "value": ...}] where they were asked for
    wall_s  seconds the worker took, as it said
    cost    what it cost, as it said, in a unit of yours
    iteration  in which it was handed out, from 1, or None
    lease_expires, created, started, ended  RFC 3339 times in UTC
    """

    study_id: str
    number: int
    state: str
    params: Dict[str, Any]
    values: Optional[List[float]] = None
    constraints: Optional[Dict[str, float]] = None
    uncertainty: Any = None
    reports: Optional[List[Dict[str, Any]]] = None
    attempt: int = 1
    retry_of: Optional[int] = None
    seed: Optional[int] = None
    worker: Any = None
    lease_expires: Optional[str] = None
    created: Optional[str] = None
    started: Optional[str] = None
    ended: Optional[str] = None
    error: Optional[str] = None
    outputs: Any = None
    meta: Any = None
    env: Any = None
    wall_s: Optional[float] = None
    cost: Optional[float] = None
    iteration: Optional[int] = None
    sampler: Optional[str] = None
    why: Optional[str] = None
    tags: Optional[List[str]] = None
    notes: Optional[str] = None
    invalid: bool = False
    invalid_reason: Optional[str] = None
    revision: Optional[int] = None

    @property
    def value(self) -> Optional[float]:
        """The first of the values, or None."""
        return self.values[0] if self.values else None

    @classmethod
    def from_json(cls, document: Dict[str, Any]) -> "TrialRecord":
        """Return the record of an answer; fields unknown here are dropped."""
        known = {item.name for item in fields(cls)}
        return cls(**{k: v for k, v in document.items() if k in known})


class Trial:
    """A running trial. Use it as a context manager:

        with trial:
            trial.value = train(**trial.params)

    The end of the block tells the value. An exception tells `failed` with its
    text and goes on; Pruned tells `pruned` and stays inside; Ctrl-C and
    SystemExit hand the trial back. While the trial runs, a thread renews its
    lease.

    number  its number in the study, from 0
    params  the values of the parameters, by name
    seed    a number to seed the training with, different for every trial
    why     why these values were chosen, in words, or None
    segment  of which segment of a Campaign it is, or None
    value   set this to the result; meanings and units are yours
    values  or this, with one per objective
    constraints  and this, where the study has outcome constraints: by name, or
                 in their order
    cost    set this to what it cost, in a unit of yours: it is told with any
            end, also when the block raises
    """

    def __init__(self, study: "Study", document: Dict[str, Any]) -> None:
        self.study = study
        self.number: int = document["number"]
        self.params: Dict[str, Any] = document["params"]
        self.seed: Optional[int] = document.get("seed")
        self.why: Optional[str] = document.get("why")
        self.segment: Optional[str] = None
        self.value: Optional[float] = None
        self.values: Optional[Sequence[float]] = None
        self.constraints: Optional[Constraints] = None
        self.cost: Optional[float] = None
        self._path = f"/studies/{study.id}/trials/{self.number}"
        self._begun = time.monotonic()
        self._steps = 0
        self._prune = False
        self._told: Optional[str] = None
        self._telling = False
        self._ending = threading.RLock()
        self._heartbeat = Heartbeat(self, Trial._beat, study.lease_s / 3.0)
        self.pid = os.getpid()
        running[id(self)] = self

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, params={self.params!r})"

    def __getitem__(self, name: str) -> Any:
        """Return the value of one parameter; KeyError if it is not active."""
        return self.params[name]

    def __enter__(self) -> "Trial":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        if self._told is not None:
            self._heartbeat.stop()
            return isinstance(error, Pruned)
        if error is None:
            self._tell_the_end()
            return False
        if isinstance(error, Pruned):
            self.prune()
            return True
        if isinstance(error, Exception):
            self._tell_failure(error)
        else:
            self.hand_back(self.study.client, type(error).__name__)
        return False

    @property
    def state(self) -> str:
        """`running` until told; then the state that the service stored, or
        `spooled` while it was away."""
        return self._told or "running"

    def report(self, value: float, step: Optional[int] = None) -> bool:
        """Report an intermediate value; return what should_prune() returns.

        step  epoch, fold, number of trees ...; default: 0, 1, 2 ...
              The same step again replaces the value.

        A value that is NaN or infinite is not sent: the run has diverged, and
        should be pruned. Nor does a lost report end the run: when the service
        is unreachable, the last decision stands.
        """
        if step is None:
            step = self._steps
        self._steps = step + 1
        value = float(value)
        if not math.isfinite(value):
            log.warning("trial %d: step %d is %s", self.number, step, value)
            self._prune = True
            return True
        try:
            answer = self._post("/report", {"step": int(step), "value": value})
        except ServiceUnreachable as error:
            log.warning("trial %d: report dropped: %s", self.number, error)
            return self._prune
        self._prune = self._prune or bool(answer["should_prune"])
        return self._prune

    def should_prune(self) -> bool:
        """Return whether the service said, at the last report or heartbeat,
        that going on is not worth it. Asks nothing, so call it freely."""
        return self._prune

    def tell(
        self,
        value: Optional[float] = None,
        *,
        values: Optional[Sequence[float]] = None,
        constraints: Optional[Constraints] = None,
        state: Optional[str] = None,
        uncertainty: Optional[float] = None,
        outputs: Any = None,
        meta: Any = None,
        error: Optional[str] = None,
        wall_s: Optional[float] = None,
        cost: Optional[float] = None,
    ) -> str:
        """End the trial with a result; return the state that was stored, or
        `spooled` when the service is away for longer than patience lasts: the
        result waits on disk until it is back.

        value    the result, or `values` with one per objective
        constraints  what was measured, by the name of the outcome constraint
                 or in their order; beyond a bound the trial is `infeasible`
        state    complete (default), pruned, failed, infeasible
        uncertainty  standard error of the value, in its units
        outputs  further results to keep; numpy is fine, NaN becomes null
        meta     anything about how the trial ran
        wall_s   seconds it took; default: since the trial was handed out
        cost     what it cost, in the unit of the budget's `max_cost`; default:
                 trial.cost

        A number that is NaN or infinite makes the trial `failed`. Telling the
        same again is harmless. Raises Conflict when something else was told,
        ServiceUnreachable after Client.tell_patience_s where there is no spool.
        """
        if wall_s is None:
            wall_s = round(time.monotonic() - self._begun, 3)
        told = _result_of(value, values, constraints)
        told.update(
            {
                name: plain(thing)
                for name, thing in {
                    "state": state,
                    "uncertainty": uncertainty,
                    "outputs": outputs,
                    "meta": meta,
                    "error": error,
                    "wall_s": wall_s,
                    "cost": self.cost if cost is None else cost,
                }.items()
                if thing is not None and name not in told
            }
        )
        return self._tell(told)

    def prune(self) -> str:
        """End the trial as pruned; return the state that was stored."""
        return self.tell(state="pruned")

    def fail(self, error: str) -> str:
        """End the trial as failed, with a text for people; return the state."""
        return self.tell(state="failed", error=error[-ERROR_TEXT_LIMIT:])

    def release(
        self, reason: Optional[str] = None, meta: Optional[Any] = None
    ) -> str:
        """Hand the trial back, so that another worker gets it at once and not
        when the lease has run out; return the state that was stored.

        reason  why, for people: preempted, maintenance ...
        meta    anything about how the trial ran

        A trial that was told is not released: its state is returned.
        """
        return self._release(
            self.study.client, {"reason": reason, "meta": plain(meta)}
        )

    def hand_back(self, client: Client, reason: str) -> bool:
        """Release the trial within a few seconds, unless it was told or is
        being told; what goes wrong is only logged, the lease will end.

        client  whom to call

        Returns whether the service was there.
        """
        try:
            if not self._telling:
                self._release(client, {"reason": reason})
        except CumaeError as trouble:
            log.warning("trial %d: not released: %s", self.number, trouble)
            return not isinstance(trouble, ServiceUnreachable)
        finally:
            self._heartbeat.stop()
        return True

    def _release(self, client: Client, body: Dict[str, Any]) -> str:
        # Two threads may want it: a signal's and the one that it interrupted.
        with self._ending:
            if self._told is None:
                given = {k: v for k, v in body.items() if v is not None}
                answer = client.request(
                    "POST", self._path + "/release", given,
                    patience_s=INTERRUPTED_PATIENCE_S,
                )
                self._prune = True
                self._heartbeat.stop()
                self._told = str(answer["state"])
            return self._told

    def _tell(self, told: Dict[str, Any]) -> str:
        client = self.study.client
        self._telling = True
        try:
            state = client.delivery.tell(
                self.study.id, self.number, told, client.tell_patience_s
            )
        except Exception:
            self._telling = False
            raise
        self._heartbeat.stop()
        self._told = state
        return state

    def _tell_the_end(self) -> None:
        if self.value is None and self.values is None:
            self.fail("the block ended without a value")
            raise CumaeError(
                f"trial {self.number} has no value: set trial.value"
            )
        self.tell(self.value, values=self.values, constraints=self.constraints)

    def _tell_failure(self, error: Exception) -> None:
        """Tell an exception; what goes wrong here must not hide it."""
        text = "".join(
            traceback.format_exception(type(error), error, error.__traceback__)
        )
        told: Dict[str, Any] = {
            "state": "failed", "error": text[-ERROR_TEXT_LIMIT:]
        }
        if self.cost is not None:
            told["cost"] = plain(self.cost)
        try:
            self._tell(told)
        except CumaeError as trouble:
            log.warning("trial %d: failure not told: %s", self.number, trouble)
        finally:
            self._heartbeat.stop()

    def _beat(self) -> bool:
        interval_s = self.study.lease_s / 3.0
        answer = self._post("/heartbeat", {}, interval_s)
        goes_on = bool(answer["continue"])
        self._prune = self._prune or not goes_on
        return goes_on

    def _post(
        self, verb: str, body: Any, patience_s: Optional[float] = None
    ) -> Any:
        return self.study.client.request(
            "POST", self._path + verb, body, patience_s=patience_s
        )


def _result_of(
    value: Optional[float],
    values: Optional[Sequence[float]],
    constraints: Optional[Constraints],
) -> Dict[str, Any]:
    """Return the fields of a result; JSON cannot say NaN, so `failed` it is."""
    told: Dict[str, Any] = {}
    if values is not None:
        told["values"] = [float(number) for number in values]
    elif value is not None:
        told["value"] = float(value)
    if isinstance(constraints, Mapping):
        told["constraints"] = {k: float(v) for k, v in constraints.items()}
    elif constraints is not None:
        told["constraints"] = [float(number) for number in constraints]
    for name, thing in told.items():
        for number in _numbers(thing):
            if not math.isfinite(number):
                text = f"{name.rstrip('s')} is {number}"
                return {"state": "failed", "error": text}
    return told


def _numbers(thing: Any) -> List[float]:
    """Return the numbers of one result, some, or some with names."""
    if isinstance(thing, dict):
        return list(thing.values())
    return thing if isinstance(thing, list) else [thing]
