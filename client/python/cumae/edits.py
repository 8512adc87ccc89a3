# SPDX-License-Identifier: MIT
"""edits.py - changing the trials that a study has

The token needs the scope `steer`. Each change is an event that says who made it
and what was there before. All of these calls may be repeated.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from .plain import plain
from .trial import Constraints, TrialRecord

if TYPE_CHECKING:
    from .client import Client

RERUN_AT_ONCE = 1000  # trials in one call, of the service's limit


class Edits:
    """What a Study can do with trials that are there."""

    id: str
    client: "Client"

    def edit(
        self,
        number: int,
        *,
        value: Optional[float] = None,
        values: Optional[Sequence[float]] = None,
        constraints: Optional[Constraints] = None,
        uncertainty: Optional[float] = None,
        state: Optional[str] = None,
        notes: Optional[str] = None,
        tags: Optional[Sequence[str]] = None,
        meta: Optional[Mapping[str, Any]] = None,
        revision: Optional[int] = None,
    ) -> TrialRecord:
        """Annotate or correct a trial; return what it is now.

        What is not given stays. Either all of it changes, or nothing.

        value, values, constraints, uncertainty  what it should have told
        state     complete, pruned, failed or infeasible
        notes     Markdown
        tags, meta  take the place of what was there
        revision  that of the trial as you saw it: Conflict if somebody has
                  changed it since

        Raises Conflict for the result of a trial that has none, Unprocessable
        for an impossible one.
        """
        return self._patch(number, {
            "value": value, "values": values, "constraints": constraints,
            "uncertainty": uncertainty, "state": state, "notes": notes,
            "tags": tags, "meta": meta, "revision": revision,
        })

    def invalidate(
        self, number: int, reason: Optional[str] = None
    ) -> TrialRecord:
        """Let the result of a trial inform nobody; return what it is now.

        It keeps all it has, but samplers, pruners, the best, the front and
        budgets that count results know nothing of it.
        """
        return self._patch(number, {"invalid": True, "reason": reason})

    def revalidate(self, number: int) -> TrialRecord:
        """Bring back the result of an invalid trial; return what it is now."""
        return self._patch(number, {"invalid": False})

    def delete_trial(self, number: int) -> None:
        """Delete a trial that does not run; fine if it is deleted already.

        Its number is not issued again. Raises Conflict while it runs.
        """
        self.client.request("DELETE", f"{self._path}/trials/{number}")

    def rerun(
        self,
        numbers: Union[None, int, Sequence[int]] = None,
        *,
        states: Sequence[str] = ("failed", "lost"),
    ) -> List[int]:
        """Enqueue the points of trials again; return the numbers.

        numbers  of trials; the answer has for each the number of the trial
                 that runs it again, or has done so with success
        states   without numbers: all valid trials in these states that need
                 it; the answer has the numbers of those that were enqueued
        """
        if numbers is None:
            return self._rerun_all({"states": list(states)})
        listed = [numbers] if isinstance(numbers, int) else list(numbers)
        found: List[int] = []
        for begin in range(0, len(listed), RERUN_AT_ONCE):
            some = [int(n) for n in listed[begin:begin + RERUN_AT_ONCE]]
            found += self._rerun_all({"numbers": some})
        return found

    def _rerun_all(self, wanted: Dict[str, Any]) -> List[int]:
        found: List[int] = []
        while True:
            answer = self.client.request("POST", f"{self._path}/rerun", wanted)
            found += [trial["number"] for trial in answer["trials"]]
            if not answer["more"]:
                return found

    def _patch(self, number: int, fields: Mapping[str, Any]) -> TrialRecord:
        given = {k: plain(v) for k, v in fields.items() if v is not None}
        path = f"{self._path}/trials/{number}"
        return TrialRecord.from_json(self.client.request("PATCH", path, given))

    @property
    def _path(self) -> str:
        return f"/studies/{self.id}"
