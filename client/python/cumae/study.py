# SPDX-License-Identifier: MIT
"""study.py - a search that many processes share

All workers say the same name and the same definition; the first one creates the
study, the others find it.
"""

from __future__ import annotations

import math
import os
import socket
import time
import uuid
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from .client import Client
from .copies import Copies
from .edits import Edits
from .errors import CumaeError, NotFound, StudyEnded
from .plain import plain
from .sharing import Sharing
from .space import Space, space_as_json
from .trial import Trial, TrialRecord
from .work import Loop, Objective, Walltime, work

Named = Union[str, Mapping[str, Any]]
BROUGHT_AT_ONCE = 1000  # trials in one call, of the service's limit
JOB_VARIABLES = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "PANDAID")


class Study(Edits, Copies, Sharing):
    """Find the study of that name, or create it.

    space       parameters by name: Float, Int, Categorical, Discrete, Bool
    direction   minimize or maximize, for the one objective `value`
    objectives  instead of direction: [{"name": ..., "direction": ...}]; of
                several, the best is a front: see pareto()
    outcome_constraints  [{"name": ..., "lower": ..., "upper": ...}], of which
                one bound may be missing: bounds of what is told with a value
    constraints  expressions over the parameters that every point meets, such
                as "max_depth * eta <= 3" or "booster != 'dart' or flag"
    sampler     a name (auto, tpe, gp, random, qmc, grid, cmaes,
                nsga2) or
                {"name":, "options":, "seed":}
    pruner      a name (nop, median, asha, extrapolate, ...) or {"name":,
                "options":}; `client.info()` lists all of them
    budget      {"max_trials":, "max_running":, "max_failed":, "deadline":,
                "target":, "patience":, "max_cost":}, each optional; costs are
                told with the trials, in a unit of yours
    iteration   {"points":, "trigger_fraction":}: points come in batches; the
                next one begins when this fraction (default: all) of the
                latest one has ended
    warm_start  studies, or ids of studies, to learn from: their best results
                are copied where they fit, when the study is created
    constants   what all trials have in common, for the record
    lease_s     a trial unheard of for so many seconds goes to another worker
    max_attempts  how often a lost trial is handed out in all
    client      default: a Client() of its own

    Raises Conflict when the name is taken by a study with another definition,
    Unprocessable when the definition is impossible, ServiceUnreachable.
    """

    trial_type: Type[Trial] = Trial  # of what ask() returns

    def __init__(
        self,
        name: str,
        space: Space,
        *,
        direction: str = "minimize",
        objectives: Optional[Sequence[Mapping[str, Any]]] = None,
        outcome_constraints: Optional[Sequence[Mapping[str, Any]]] = None,
        constraints: Optional[Sequence[str]] = None,
        sampler: Optional[Named] = None,
        pruner: Optional[Named] = None,
        budget: Optional[Mapping[str, Any]] = None,
        iteration: Optional[Mapping[str, Any]] = None,
        warm_start: Optional[Sequence[Union["Study", str]]] = None,
        constants: Optional[Mapping[str, Any]] = None,
        lease_s: Optional[int] = None,
        max_attempts: Optional[int] = None,
        tags: Optional[Sequence[str]] = None,
        notes: Optional[str] = None,
        client: Optional[Client] = None,
    ) -> None:
        if objectives is None:
            objectives = [{"name": "value", "direction": direction}]
        wanted = {
            "name": name,
            "space": space_as_json(space),
            "objectives": list(objectives),
            "outcome_constraints": outcome_constraints,
            "constraints": constraints,
            "sampler": _named(sampler),
            "pruner": _named(pruner),
            "budget": budget,
            "iteration": iteration,
            "warm_start": warm_start and {
                "studies": [getattr(one, "id", one) for one in warm_start]
            },
            "constants": constants,
            "lease_s": lease_s,
            "max_attempts": max_attempts,
            "tags": tags,
            "notes": notes,
        }
        definition = {k: plain(v) for k, v in wanted.items() if v is not None}
        self.client = client or Client()
        self._take(self.client.request("POST", "/studies", definition))

    @classmethod
    def open(cls, study_id: str, client: Optional[Client] = None) -> "Study":
        """Return an existing study by its id; raises NotFound."""
        study = cls.__new__(cls)
        study.client = client or Client()
        study._take(study.client.request("GET", f"/studies/{study_id}"))
        return study

    def __repr__(self) -> str:
        return f"Study({self.name!r}, id={self.id!r})"

    # ---- work ---------------------------------------------------------------

    def ask(
        self,
        n: int = 1,
        *,
        wait: bool = True,
        max_seconds: Optional[float] = None,
    ) -> List[Trial]:
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
                return [
                    self.trial_type(self, trial) for trial in answer["trials"]
                ]
            wait_s = answer.get("retry_after_s") or 0.0
            if not wait or wait_s <= 0.0:
                raise StudyEnded(
                    answer["reason"], answer.get("detail", ""), wait_s
                )
            time.sleep(wait_s)

    def trial(self) -> Trial:
        """Return one new trial, to be used in a `with` statement; see ask()."""
        return self.ask(1)[0]

    def work(
        self,
        n_trials: Optional[int] = None,
        timeout_s: Optional[float] = None,
        walltime: Optional[Walltime] = None,
        spare_s: float = 60.0,
    ) -> Iterator[Trial]:
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
        """Call objective(trial) for trial after trial and tell what it returns:
        a value, or a sequence with one per objective.

        n_trials   at most so many in this call; default: until the study ends
        n_jobs     threads; for work in pure Python start processes instead
        timeout_s  begin no further trial after so many seconds
        walltime   see work()
        catch      exceptions that fail the trial but do not end the loop

        An exception that is not caught fails its trial, ends the loop when the
        trials of the other threads have ended, and is raised.
        """
        trials = [
            work(self, None, timeout_s, walltime) for _ in range(n_jobs)
        ]
        Loop(objective, n_trials, catch).run(trials)

    # ---- trials of your own -------------------------------------------------

    def enqueue(
        self,
        params: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]],
        *,
        priority: int = 0,
        meta: Optional[Mapping[str, Any]] = None,
        skip_existing: bool = False,
    ) -> List[int]:
        """Have points tried before anything else; return their numbers.

        params    values of parameters by name, or a list of such points; what
                  a point leaves out is drawn
        priority  higher ones go first
        meta      anything to remember with the trials
        skip_existing  enqueue no point that was enqueued or tried before; its
                  number is that of the older trial
        """
        points = [params] if isinstance(params, Mapping) else params
        shared = {"priority": priority, "meta": meta}
        trials = [
            {"params": point, **{k: v for k, v in shared.items() if v}}
            for point in points
        ]
        return self._bring(trials, skip_existing=skip_existing)

    def add_trial(
        self,
        params: Mapping[str, Any],
        value: Optional[float] = None,
        *,
        state: str = "complete",
        **fields: Any,
    ) -> int:
        """Import one result from elsewhere; return its number.

        state   complete, pruned, failed or infeasible
        fields  those of import_trials()
        """
        known = {"params": params, "value": value, "state": state, **fields}
        return self.import_trials([known])[0]

    def import_trials(self, trials: Iterable[Mapping[str, Any]]) -> List[int]:
        """Import results from elsewhere, a thousand in a call; return numbers.

        Each has params, a state, and what there is of value or values,
        constraints, uncertainty, reports ([{"step":, "value":}]), outputs,
        meta, env, error, wall_s, cost, and id: your own name for it. A result with
        an id that came before is not imported again.
        """
        listed = []
        for trial in trials:
            told = {"state": "complete", **trial}
            numbers = [told.get("value"), *(told.get("values") or ())]
            if not all(n is None or math.isfinite(n) for n in numbers):
                told.update(state="failed", error="a value is not finite",
                            value=None, values=None)
            listed.append(told)
        return self._bring(listed)

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

    # ---- results ------------------------------------------------------------

    @property
    def best(self) -> Optional[TrialRecord]:
        """The complete trial with the best value, or None before the first.

        With several objectives there is none (Unprocessable): see pareto().
        """
        answer = self.client.request("GET", f"/studies/{self.id}/best")
        best = answer["trial"]
        return None if best is None else TrialRecord.from_json(best)

    def pareto(self) -> List[TrialRecord]:
        """Return the complete trials that no other one dominates, by number.

        With one objective it is the best trial alone.
        """
        path = f"/studies/{self.id}/pareto"
        listed = self.client.pages(path, "trials", {"limit": 1000})
        return [TrialRecord.from_json(trial) for trial in listed]

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

    def importances(
        self, *, method: str = "fanova", objective: Optional[str] = None
    ) -> Dict[str, float]:
        """Return how much each parameter matters, the most important first.

        method     fanova, or ped_anova: what decides who is among the best
        objective  the name of one; default: the first

        They add up to 1; empty before there are two complete trials.
        """
        query: Dict[str, Union[str, int]] = {"method": method}
        query.update({} if objective is None else {"objective": objective})
        answer = self.client.request(
            "GET", f"/studies/{self.id}/importances", query=query
        )
        return {one["name"]: one["importance"] for one in answer["importances"]}

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

    def _take(self, document: Dict[str, Any]) -> None:
        self.id: str = document["id"]
        self.name: str = document["name"]
        self.lease_s: float = document["lease_s"]


def _named(thing: Optional[Named]) -> Optional[Dict[str, Any]]:
    """Return {"name": ...} for a name; dicts and None pass."""
    if thing is None:
        return None
    return {"name": thing} if isinstance(thing, str) else dict(thing)


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
