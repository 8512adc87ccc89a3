# SPDX-License-Identifier: MIT
"""campaign.py - many studies from one template

A worker of a campaign does not care which of its studies it works for: each
trial comes from the one with the fewest running ones, and knows its study.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from .any_study import AnyStudy, worker_as_json
from .client import Client
from .copies import write_export
from .errors import NotFound, StudyEnded
from .kinds import met_study, open_study
from .plain import plain
from .space import space_as_json
from .work import Loop, Objective, Walltime, work

SegmentLike = Union[str, Mapping[str, Any]]


class Campaign:
    """Find the campaign of that name, or create it with all its studies.

    template   what the studies have in common: the arguments of Study but for
               the name, such as {"space": ..., "budget": ...}
    segments   names, or {"name":, "x":, "overrides":}, where x is a place on
               the axis and overrides is merged into the template; each becomes
               a study with the name CAMPAIGN/SEGMENT
    axis       what x is, such as "m [GeV]"
    client     default: a Client() of its own

    Raises Conflict when the name is taken by another campaign, or that of a
    study by another study, Unprocessable when a definition is impossible.
    """

    def __init__(
        self,
        name: str,
        *,
        template: Mapping[str, Any],
        segments: Sequence[SegmentLike],
        axis: Optional[str] = None,
        notes: Optional[str] = None,
        client: Optional[Client] = None,
    ) -> None:
        wanted = {
            "name": name,
            "template": _definition(template),
            "segments": [_segment(one) for one in segments],
            "axis": axis,
            "notes": notes,
        }
        body = {k: plain(v) for k, v in wanted.items() if v is not None}
        self.client = client or Client()
        self._take(self.client.request("POST", "/campaigns", body))

    @classmethod
    def open(
        cls, campaign_id: str, client: Optional[Client] = None
    ) -> "Campaign":
        """Return an existing campaign by its id; raises NotFound."""
        campaign = cls.__new__(cls)
        campaign.client = client or Client()
        path = f"/campaigns/{campaign_id}"
        campaign._take(campaign.client.request("GET", path))
        return campaign

    def __repr__(self) -> str:
        return f"Campaign({self.name!r}, id={self.id!r})"

    # ---- work ---------------------------------------------------------------

    def ask(
        self,
        n: int = 1,
        *,
        segment: Optional[str] = None,
        wait: bool = True,
        max_seconds: Optional[float] = None,
    ) -> List[Any]:
        """Return up to n new trials of one study, at least one; orders and
        points where it is of kind limit or contour.

        segment  its name; default: the one with the fewest running trials that
                 has something to give
        wait, max_seconds  as for Study.ask()

        `trial.study` is the study that a trial is of, `trial.segment` the name
        of the segment. Raises StudyEnded when there are no further trials.
        """
        asked: Dict[str, Any] = {"n": n, "worker": worker_as_json()}
        if segment is not None:
            asked["segment"] = segment
        if max_seconds is not None:
            asked["max_seconds"] = max_seconds
        while True:
            answer = self.client.request(
                "POST", self._at("ask"), asked, key=str(uuid.uuid4())
            )
            if answer["trials"]:
                return self._trials(answer)
            wait_s = answer.get("retry_after_s") or 0.0
            if not wait or wait_s <= 0.0:
                raise StudyEnded(
                    answer["reason"], answer.get("detail", ""), wait_s
                )
            time.sleep(wait_s)

    def work(
        self,
        n_trials: Optional[int] = None,
        timeout_s: Optional[float] = None,
        walltime: Optional[Walltime] = None,
        spare_s: float = 60.0,
    ) -> Iterator[Any]:
        """Yield trials of all studies, until none has any more; see
        Study.work().
        """
        return work(self, n_trials, timeout_s, walltime, spare_s)

    def optimize(
        self,
        objective: Objective,
        n_trials: Optional[int] = None,
        *,
        n_jobs: int = 1,
        timeout_s: Optional[float] = None,
        walltime: Optional[Walltime] = None,
        catch: Tuple[Type[Exception], ...] = (),
    ) -> None:
        """Call objective(trial) for trial after trial; see Study.optimize()."""
        trials = [
            work(self, None, timeout_s, walltime) for _ in range(n_jobs)
        ]
        Loop(objective, n_trials, catch).run(trials)

    # ---- results ------------------------------------------------------------

    def progress(self) -> Dict[str, Any]:
        """Return what all studies have come to.

        {"progress": {"running": ...}, "segments": [{"name":, "x":,
        "study_id":, "state":, "reason":, "trials": {...}, "best": {...}}]}
        """
        answer: Dict[str, Any] = self.client.request("GET", self._at())
        return answer

    def studies(self) -> Dict[str, AnyStudy[Any]]:
        """Return the studies by the names of their segments."""
        return {
            one["name"]: open_study(one["study_id"], self.client)
            for one in self.progress()["segments"]
        }

    def study(self, segment: str) -> AnyStudy[Any]:
        """Return the study of a segment; raises KeyError."""
        for one in self.progress()["segments"]:
            if one["name"] == segment:
                return open_study(one["study_id"], self.client)
        raise KeyError(segment)

    def limits(self) -> List[Dict[str, Any]]:
        """Return the limits of all studies of kind limit, in their order.

        [{"name":, "x":, "study_id":, "limits": [{"name": "obs", "limit":,
        "error":, "status":, ...}, ...]}], where each limit is as
        LimitStudy.limit() has it.
        """
        answer = self.client.request("GET", self._at("limits"))
        found: List[Dict[str, Any]] = answer["segments"]
        return found

    def export(self, path: Union[str, Path]) -> None:
        """Write all trials of all studies to a file; see Study.export()."""
        write_export(self.client, self._at("export"), Path(path))

    # ---- steering -----------------------------------------------------------

    def add_segments(self, segments: Sequence[SegmentLike]) -> None:
        """Add segments; those that are there already stay as they are."""
        body = {"segments": [_segment(one) for one in segments]}
        self.client.request("POST", self._at("segments"), plain(body))

    def pause(self) -> None:
        """Hand out no trials for now; running ones go on."""
        self.client.request("POST", self._at("pause"), {})

    def resume(self) -> None:
        """Hand out trials again."""
        self.client.request("POST", self._at("resume"), {})

    def stop(self) -> None:
        """Hand out no further trials; running ones may still be told."""
        self.client.request("POST", self._at("stop"), {})

    def delete(self, *, studies: bool = False) -> None:
        """Delete the campaign; with all its studies, or when they are gone."""
        query = {"studies": 1} if studies else None
        try:
            self.client.request("DELETE", self._at(), query=query)
        except NotFound:
            pass

    def share(
        self,
        user: Optional[str] = None,
        role: str = "viewer",
        *,
        group: Optional[str] = None,
    ) -> None:
        """Give a user or a group a role on the campaign and all its studies;
        see Study.share().
        """
        body = {k: v for k, v in (("user", user), ("group", group)) if v}
        self.client.request("PUT", self._at("members"), {**body, "role": role})

    def unshare(
        self, user: Optional[str] = None, *, group: Optional[str] = None
    ) -> None:
        """Take the role of a user or a group away, at once."""
        query = {k: v for k, v in (("user", user), ("group", group)) if v}
        self.client.request("DELETE", self._at("members"), query=query)

    # ---- inside -------------------------------------------------------------

    def _at(self, what: str = "") -> str:
        return f"/campaigns/{self.id}" + (f"/{what}" if what else "")

    def _take(self, document: Dict[str, Any]) -> None:
        self.id: str = document["id"]
        self.name: str = document["name"]
        self._studies: Dict[str, AnyStudy[Any]] = {}  # by id

    def _trials(self, answer: Mapping[str, Any]) -> List[Any]:
        key = answer["study_id"]
        study = self._studies.get(key)
        if study is None:
            known = {
                "id": key,
                "name": f"{self.name}/{answer['segment']}",
                "kind": answer["kind"],
                "lease_s": answer["lease_s"],
            }
            study = self._studies[key] = met_study(known, self.client)
        trials = [study._handed_out(one) for one in answer["trials"]]
        for trial in trials:
            trial.segment = answer["segment"]
        return trials


def _segment(one: SegmentLike) -> Dict[str, Any]:
    if isinstance(one, str):
        return {"name": one}
    segment = {k: v for k, v in one.items() if v is not None}
    if "overrides" in segment:
        segment["overrides"] = _definition(segment["overrides"])
    return segment


def _definition(part: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a part of a definition, its space in the words of the service."""
    definition = dict(part)
    if "space" in definition:
        definition["space"] = space_as_json(definition["space"])
    for name in ("sampler", "pruner"):
        if isinstance(definition.get(name), str):
            definition[name] = {"name": definition[name]}
    if "direction" in definition:
        direction = definition.pop("direction")
        definition["objectives"] = [{"name": "value", "direction": direction}]
    return definition
