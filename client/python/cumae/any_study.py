# SPDX-License-Identifier: MIT
"""any_study.py - what studies of all kinds have in common

Whatever is searched for, work is handed out by ask, and what became of it is
listed, followed and steered in the same way.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from typing import (
    Any,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from .client import Client
from .copies import Copies
from .edits import Edits
from .errors import CumaeError, NotFound, StudyEnded
from .held import Held
from .plain import plain
from .sharing import Sharing
from .trial import TrialRecord
from .work import Walltime, work

BROUGHT_AT_ONCE = 1000  # trials in one call, of the service's limit
JOB_VARIABLES = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "PANDAID")

Found = TypeVar("Found", bound="AnyStudy[Any]")
Handed = TypeVar("Handed", bound=Held)


class AnyStudy(Edits, Copies, Sharing, Generic[Handed]):
    """A study of a kind that says what it hands out, by _handed_out().

    id    of the service
    name  as all workers say it
    """

    kinds: Tuple[str, ...] = ("hpo", "grid")  # that this class is for

    def _open(
        self, definition: Mapping[str, Any], client: Optional[Client]
    ) -> None:
        """Find the study of this definition, or create it.

        definition  of which what is None is left to the service
        """
        said = {k: plain(v) for k, v in definition.items() if v is not None}
        self.client = client or Client()
        self._take(self.client.request("POST", "/studies", said))

    def _take(self, document: Dict[str, Any]) -> None:
        """Take over what a study needs of what the service says about it."""
        kind = document.get("kind", "hpo")
        if kind not in self.kinds:
            wanted = " or ".join(self.kinds)
            raise CumaeError(
                f"study {document['id']} is of kind {kind}, not {wanted}"
            )
        self.id: str = document["id"]
        self.name: str = document["name"]
        self.lease_s: float = document["lease_s"]

    def _handed_out(self, document: Dict[str, Any]) -> Handed:
        """Return what an ask was answered with, as something to be told."""
        raise NotImplementedError

    @classmethod
    def open(
        cls: Type[Found], study_id: str, client: Optional[Client] = None
    ) -> Found:
        """Return an existing study by its id; raises NotFound, or
        CumaeError for one of another kind."""
        study = cls.__new__(cls)
        study.client = client or Client()
        study._take(study.client.request("GET", f"/studies/{study_id}"))
        return study

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, id={self.id!r})"

    # ---- work ---------------------------------------------------------------

    def ask(
        self,
        n: int = 1,
        *,
        wait: bool = True,
        max_seconds: Optional[float] = None,
    ) -> List[Handed]:
        """Return up to n new trials, at least one, to run in this process.

        wait  whether to wait while the study is paused, as many trials run
              as its budget allows at once, or an iteration has to end
        max_seconds  get no trial that is expected to take longer

        Raises StudyEnded when there are no further trials.
        """
        asked: Dict[str, Any] = {"n": n, "worker": worker_as_json()}
        if max_seconds is not None:
            asked["max_seconds"] = max_seconds
        while True:
            answer = self.client.request(
                "POST",
                f"/studies/{self.id}/ask",
                asked,
                key=str(uuid.uuid4()),
            )
            if answer["trials"]:
                return [self._handed_out(one) for one in answer["trials"]]
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
    ) -> Iterator[Handed]:
        """Yield trials, one by one, until the study has none any more.

        n_trials   at most so many, in this loop
        timeout_s  begin no further trial after so many seconds
        walltime   the seconds that the job has left, or a function that says
                   so, such as cumae.walltime_left; None of it: no limit
        spare_s    of these, how many to keep for telling and for the end. The
                   rest is what the next trial may be expected to take.

        Waits while the study is paused or as many trials run as may. Ends
        early when no trial would end before the job does.
        """
        return work(self, n_trials, timeout_s, walltime, spare_s)

    def _bring(
        self, trials: Iterable[Mapping[str, Any]], **fields: Any
    ) -> List[int]:
        """Bring trials under ids, so that the call may be repeated."""
        named = [
            {"id": str(uuid.uuid4()), **{
                k: plain(v) for k, v in trial.items() if v is not None}}
            for trial in trials
        ]
        numbers: List[int] = []
        for begin in range(0, len(named), BROUGHT_AT_ONCE):
            answer = self.client.request(
                "POST",
                f"/studies/{self.id}/trials",
                {"trials": named[begin:begin + BROUGHT_AT_ONCE], **fields},
                patience_s=self.client.tell_patience_s,
            )
            numbers += [trial["number"] for trial in answer["trials"]]
        return numbers

    # ---- what there is -------------------------------------------------------

    def trials(
        self,
        *,
        state: Union[None, str, Sequence[str]] = None,
        tag: Optional[str] = None,
        worker: Optional[str] = None,
        value_min: Optional[float] = None,
        value_max: Optional[float] = None,
    ) -> List[TrialRecord]:
        """Return all trials by number, without their reports.

        state   only those in this state, say `complete`, or one of several
        tag     only those with this tag
        worker  only those of the worker with this name
        value_min, value_max  only those whose first value is in this range
        """
        states = [state] if isinstance(state, str) else state
        wanted = {
            "state": states and ",".join(states),
            "tag": tag,
            "worker": worker,
            "value_min": value_min,
            "value_max": value_max,
        }
        query: Dict[str, Any] = {"limit": 1000, "order": "asc"}
        query.update({k: v for k, v in wanted.items() if v is not None})
        path = f"/studies/{self.id}/trials"
        listed = self.client.pages(path, "trials", query)
        return [TrialRecord.from_json(trial) for trial in listed]

    def record(self, number: int) -> TrialRecord:
        """Return one trial with its reports; raises NotFound."""
        path = f"/studies/{self.id}/trials/{number}"
        return TrialRecord.from_json(self.client.request("GET", path))

    def events(
        self, since: Optional[int] = None, wait_s: int = 25
    ) -> Iterator[Dict[str, Any]]:
        """Yield what happened to the study, and then what happens, as it does.

        since   only events after this one, by its `seq`; default: all
        wait_s  how long one request waits for the next event, up to 60 and
                shorter than the client's timeout_s; 0: end when there are no
                more for now

        An event is {"seq":, "event":, "number":, "state":, "at":, "by":}; one
        of an edit also has "detail": {"before":, "after":}.
        Raises NotFound when the study was deleted.
        """
        path = f"/studies/{self.id}/events"
        longest_s = max(1, int(self.client.timeout_s) - 5)
        asked = {"since": since or 0, "wait_s": min(wait_s, longest_s)}
        while True:
            answer = self.client.request("GET", path, query=asked)
            yield from answer["events"]
            asked["since"] = answer["next"]
            if not answer["events"] and wait_s == 0:
                return

    def trials_dataframe(self) -> Any:
        """Return all trials as a pandas.DataFrame, indexed by number.

        Columns: state, value, params.NAME ..., worker, started, ended, wall_s,
        error. Raises CumaeError where pandas is not installed.
        """
        try:
            import pandas  # type: ignore[import-untyped,unused-ignore]
        except ImportError as error:
            raise CumaeError("pip install pandas for dataframes") from error
        rows = [_row(trial) for trial in self.trials()]
        frame = pandas.DataFrame(rows)
        return frame.set_index("number") if rows else frame

    def info(self) -> Dict[str, Any]:
        """Return the study as the service knows it now: state, counts, best."""
        answer: Dict[str, Any] = self.client.request(
            "GET", f"/studies/{self.id}"
        )
        return answer

    # ---- steering -----------------------------------------------------------

    def pause(self) -> None:
        """Hand out no trials for now; running ones go on."""
        self.client.request("POST", f"/studies/{self.id}/pause", {})

    def resume(self) -> None:
        """Hand out trials again."""
        self.client.request("POST", f"/studies/{self.id}/resume", {})

    def stop(self) -> None:
        """Hand out no further trials; running ones may still be told."""
        self.client.request("POST", f"/studies/{self.id}/stop", {})

    def delete(self) -> None:
        """Delete the study with all its trials; fine if it is gone already."""
        try:
            self.client.request("DELETE", f"/studies/{self.id}")
        except NotFound:
            pass


def worker_as_json() -> Dict[str, str]:
    """Return who asks: the machine, the process, the batch job if any."""
    worker = {"name": f"{socket.gethostname()}:{os.getpid()}"}
    jobs = [os.environ[name] for name in JOB_VARIABLES if name in os.environ]
    if jobs:
        worker["job"] = jobs[0]
    return worker


def _row(trial: TrialRecord) -> Dict[str, Any]:
    row = {"number": trial.number, "state": trial.state, "value": trial.value}
    row.update({f"params.{k}": v for k, v in trial.params.items()})
    for name in ("worker", "started", "ended", "wall_s", "error"):
        row[name] = getattr(trial, name)
    return row
