# SPDX-License-Identifier: MIT
"""held.py - what this process holds on lease until it has told how it went

A point to try, toys to throw, a place of a contour: whatever is handed out has a
number and a lease, is told once, and goes to another worker when this one falls
silent or hands it back.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, Optional, Type, TypeVar

from .client import Client
from .errors import CumaeError, ServiceUnreachable
from .heartbeat import Heartbeat
from .plain import plain
from .preempt import running

if TYPE_CHECKING:
    from .any_study import AnyStudy

Self = TypeVar("Self", bound="Held")

log = logging.getLogger("cumae")

# An interrupted program wants to end: handing back gets a few seconds.
INTERRUPTED_PATIENCE_S = 5.0
ERROR_TEXT_LIMIT = 4000


class Held:
    """What a study has handed out to this process. As a context manager it is
    told as failed when the block raises, and handed back by Ctrl-C and
    SystemExit. While it is held, a thread renews its lease.

    number  its number in the study, from 0
    params  the values of the parameters, by name
    seed    a number for random generators, different for every trial
    why     why this was chosen, in words, or None
    segment  of which segment of a Campaign it is, or None
    cost    set this to what it cost, in a unit of yours: it is told with any
            end, also when the block raises
    segment  of a campaign that handed it out, or None
    """

    def __init__(self, study: "AnyStudy[Any]", document: Dict[str, Any]) -> None:
        self.study = study
        self.number: int = document["number"]
        self.params: Dict[str, Any] = document["params"]
        self.seed: Optional[int] = document.get("seed")
        self.why: Optional[str] = document.get("why")
        self.segment: Optional[str] = None
        self.cost: Optional[float] = None
        self.segment: Optional[str] = None
        self._path = f"/studies/{study.id}/trials/{self.number}"
        self._begun = time.monotonic()
        self._prune = False
        self._told: Optional[str] = None
        self._telling = False
        self._ending = threading.RLock()
        self._heartbeat = Heartbeat(self, Held._beat, study.lease_s / 3.0)
        self.pid = os.getpid()
        running[id(self)] = self

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(number={self.number}, params={self.params!r})"

    def __getitem__(self, name: str) -> Any:
        """Return the value of one parameter; KeyError if it is not active."""
        return self.params[name]

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> Optional[bool]:
        if self._told is not None:
            self._heartbeat.stop()
        elif error is None:
            self._tell_the_end()
        elif isinstance(error, Exception):
            self._tell_failure(error)
        else:
            self.hand_back(self.study.client, type(error).__name__)
        return None

    @property
    def state(self) -> str:
        """`running` until told; then the state that the service stored, or
        `spooled` while it was away."""
        return self._told or "running"

    def should_prune(self) -> bool:
        """Return whether the service said, at the last report or heartbeat,
        that going on is not worth it. Asks nothing, so call it freely."""
        return self._prune

    def fail(self, error: str) -> str:
        """End this as failed, with a text for people; return the state."""
        return self._end(
            {"state": "failed", "error": error[-ERROR_TEXT_LIMIT:]}
        )

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

    def _end(self, told: Dict[str, Any], **more: Any) -> str:
        """Tell a result with more beside it, of which None is left out, with
        the seconds it took and with its cost; return the state."""
        known = {k: v for k, v in more.items() if v is not None}
        beside: Dict[str, Any] = {
            "wall_s": round(time.monotonic() - self._begun, 3),
            "cost": self.cost, **known,
        }
        return self._tell({**told, **{
            name: plain(thing) for name, thing in beside.items()
            if thing is not None and name not in told
        }})

    def _tell_the_end(self) -> None:
        """The block ended and nothing was told."""
        self.fail("the block ended and nothing was told")
        raise CumaeError(f"trial {self.number} was not told")

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
