# SPDX-License-Identifier: MIT
"""scan.py - every point of a grid or of a list, once per replica

    scan = cumae.Scan("1Lbb", points=[
        {"id": "C1N2_150_25", "params": {"m1": 150, "m2": 25}}, ...])
    for trial in scan.work():
        with trial:
            cls, band = hypotest(trial.point_id)
            trial.tell(cls, outputs={"CLs_exp": band})
    print(scan.results().dataframe())

All workers make the same scan. A point whose attempt fails, or whose worker is
lost, is run again, by whoever asks next.
"""

from __future__ import annotations

import hashlib
import json
import logging
from types import TracebackType
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
)

from .client import Client
from .errors import CumaeError
from .plain import plain
from .space import Space, space_as_json
from .study import Study
from .trial import Trial
from .work import Walltime

log = logging.getLogger("cumae")

Point = Mapping[str, Any]


class ScanTrial(Trial):
    """One run of a point, as a context manager like Trial.

    point_id  what you call the point, or None in a grid
    meta      what came with it
    replica   which of its runs this is, from 1
    outputs   set this to what the end of the block tells beside the value, or
              instead of it

    An exception fails the attempt, is logged, and stays inside: the point is
    run again, and the loop goes on.
    """

    def __init__(self, study: Study, document: Dict[str, Any]) -> None:
        super().__init__(study, document)
        self.point_id: Optional[str] = document.get("point_id")
        self.meta: Any = document.get("meta")
        self.replica: int = document.get("replica") or 1
        self.outputs: Any = None
        self.exception: Optional[Exception] = None

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        if super().__exit__(kind, error, trace):
            return True
        if not isinstance(error, Exception):
            return False
        self.exception = error
        log.warning("trial %d failed: %r", self.number, error)
        return True

    def _tell_the_end(self) -> None:
        if self.value is None and self.values is None and self.outputs is None:
            super()._tell_the_end()
            return
        self.tell(self.value, values=self.values, outputs=self.outputs,
                  constraints=self.constraints)


class Results(List[Dict[str, Any]]):
    """The results of a scan: a dictionary for each run that is complete."""

    def dataframe(self) -> Any:
        """Return them as a pandas.DataFrame.

        Raises CumaeError where pandas is not installed.
        """
        try:
            import pandas  # type: ignore[import-untyped,unused-ignore]
        except ImportError as error:
            raise CumaeError("pip install pandas for dataframes") from error
        return pandas.DataFrame(list(self))


class Scan(Study):
    """Find the scan of that name, or create it.

    space       parameters by name. Without points every cell of it is a point:
                Int, Categorical, Discrete, Bool, or Float with a step
    points      a list of points instead, as for add_points(); more may be added
                later. Without a space they span it.
    replicas    how often each point is run
    max_attempts  how often a run that fails or is lost is handed out in all
    value       the name of the value that is told, if any is; or `objectives`
                as for Study
    constraints, budget, constants, lease_s, tags, notes, client  as for Study

    Raises Conflict when the name is taken by a study with another definition,
    Unprocessable when the definition is impossible, ServiceUnreachable.
    """

    trial_type = ScanTrial

    def __init__(
        self,
        name: str,
        space: Optional[Space] = None,
        *,
        points: Optional[Iterable[Point]] = None,
        replicas: int = 1,
        max_attempts: Optional[int] = None,
        value: str = "value",
        objectives: Optional[Sequence[Mapping[str, Any]]] = None,
        constraints: Optional[Sequence[str]] = None,
        budget: Optional[Mapping[str, Any]] = None,
        constants: Optional[Mapping[str, Any]] = None,
        lease_s: Optional[int] = None,
        tags: Optional[Sequence[str]] = None,
        notes: Optional[str] = None,
        client: Optional[Client] = None,
    ) -> None:
        listed = None if points is None else [dict(one) for one in points]
        if space is None and not listed:
            raise ValueError("a scan needs a space, or points that span one")
        wanted = {
            "name": name,
            "kind": "grid",
            "space": _spanned(listed or []) if space is None
            else space_as_json(space),
            "grid": {"points": "cartesian" if listed is None else "list",
                     "replicas": replicas},
            "objectives": list(objectives or [{"name": value}]),
            "constraints": constraints,
            "budget": budget,
            "constants": constants,
            "lease_s": lease_s,
            "max_attempts": max_attempts,
            "tags": tags,
            "notes": notes,
        }
        definition = {k: plain(v) for k, v in wanted.items() if v is not None}
        self.client = client or Client()
        self._take(self.client.request("POST", "/studies", definition))
        if listed:
            self.add_points(listed)

    def __repr__(self) -> str:
        return f"Scan({self.name!r}, id={self.id!r})"

    # ---- points and work ----------------------------------------------------

    def add_points(self, points: Iterable[Point]) -> List[int]:
        """Add points to a list; return the numbers of their first trials.

        Each is {"params": ..., "id": ..., "meta": ..., "priority": ...}, of
        which the params are required. A point whose id came before is not added
        again; without one its id is made of its params, so that the same point
        is there once.
        """
        named = [{"id": _id_of(one["params"]), **one} for one in points]
        return self._bring(named)

    def work(
        self,
        n_trials: Optional[int] = None,
        timeout_s: Optional[float] = None,
        walltime: Optional[Walltime] = None,
        spare_s: float = 60.0,
        max_failures: int = 5,
    ) -> Iterator[ScanTrial]:
        """Yield runs, one by one, until there are none any more; the arguments
        are those of Study.work(), and

        max_failures  raise the last exception after so many runs in a row have
                      failed here: then it is this machine, and the points are
                      for another one
        """
        failures = 0
        for trial in super().work(n_trials, timeout_s, walltime, spare_s):
            assert isinstance(trial, ScanTrial)
            yield trial
            failures = failures + 1 if trial.exception else 0
            if trial.exception and failures >= max_failures:
                raise trial.exception

    # ---- how far it is ------------------------------------------------------

    def progress(self) -> Dict[str, Any]:
        """Return the counts of runs: runs, complete, running, queued, failed,
        missing (neither complete nor failed); and points, replicas, attempts.
        """
        answer = self.client.request(
            "GET", f"/studies/{self.id}/grid", query={"limit": 1}
        )
        others = ("items", "next", "study_id", "revision")
        return {k: v for k, v in answer.items() if k not in others}

    def missing(self) -> List[Dict[str, Any]]:
        """Return the runs that are neither complete nor failed: point_id,
        params, meta, replica, state, the numbers of their trials, error."""
        return self._runs("missing")

    def failed(self) -> List[Dict[str, Any]]:
        """Return the runs that failed and have no attempt left.

        rerun() has them run again.
        """
        return self._runs("failed")

    def results(self) -> Results:
        """Return what the complete runs told, one dictionary for each.

        It has id, replica, the params, the values by the names of their
        objectives, the outputs, meta, site and name of the worker, wall_s and
        number. An output called like something before it is `outputs.NAME`.
        """
        names = [one["name"] for one in self.info()["objectives"]]
        listed = self.client.pages(
            f"/studies/{self.id}/trials", "trials",
            {"limit": 1000, "order": "asc", "state": "complete"},
        )
        seen: Set[Tuple[str, int]] = set()
        found = Results()
        for trial in listed:
            run = (trial["point_id"] or json.dumps(trial["params"]),
                   trial["replica"])
            if trial["replica"] is None or trial["invalid"] or run in seen:
                continue
            seen.add(run)
            found.append(_result(trial, names))
        return found

    def _runs(self, state: str) -> List[Dict[str, Any]]:
        query = {"state": state, "limit": 1000}
        return list(
            self.client.pages(f"/studies/{self.id}/grid", "items", query)
        )


def _result(trial: Dict[str, Any], names: Sequence[str]) -> Dict[str, Any]:
    """Return a complete trial as one flat dictionary."""
    row: Dict[str, Any] = {
        "id": trial["point_id"], "replica": trial["replica"]}
    row.update(trial["params"])
    row.update(zip(names, trial["values"] or [None] * len(names)))
    worker = trial["worker"] or {}
    rest = {"meta": trial["meta"], "worker": worker.get("name"),
            "site": worker.get("site"), "wall_s": trial["wall_s"],
            "number": trial["number"]}
    for name, thing in (trial["outputs"] or {}).items():
        taken = name in row or name in rest
        row[f"outputs.{name}" if taken else name] = thing
    return {**row, **rest}


def _id_of(params: Mapping[str, Any]) -> str:
    """Return an id that the same params always have."""
    text = json.dumps(plain(params), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _spanned(points: Sequence[Point]) -> Dict[str, Any]:
    """Return the JSON of the space that the points span, with a parameter for
    each name that the first of them has."""
    rows = [plain(dict(one["params"])) for one in points]
    return {
        name: _parameter([row[name] for row in rows if name in row])
        for name in rows[0]
    }


def _parameter(values: Sequence[Any]) -> Dict[str, Any]:
    """Return a parameter that takes all the values."""
    numbers = all(
        isinstance(value, (int, float)) and not isinstance(value, bool)
        for value in values
    )
    if not numbers or min(values) == max(values):
        distinct: List[Any] = []
        for value in values:
            if value not in distinct:
                distinct.append(value)
        return {"type": "categorical", "choices": distinct}
    whole = all(isinstance(value, int) for value in values)
    return {"type": "int" if whole else "float",
            "low": min(values), "high": max(values)}
