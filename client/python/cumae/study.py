# SPDX-License-Identifier: MIT
"""study.py - a search that many processes share

All workers say the same name and the same definition; the first one creates the
study, the others find it.
"""

from __future__ import annotations

import math
from typing import (
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from .any_study import AnyStudy
from .client import Client
from .space import Space, space_as_json
from .trial import Trial, TrialRecord
from .work import Loop, Objective, Walltime, work

Named = Union[str, Mapping[str, Any]]


class Study(AnyStudy[Trial]):
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
        self._open(wanted, client)

    def _handed_out(self, document: Dict[str, Any]) -> Trial:
        return Trial(self, document)

    # ---- work ---------------------------------------------------------------

    def trial(self) -> Trial:
        """Return one new trial, to be used in a `with` statement; see ask()."""
        return self.ask(1)[0]

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


def _named(thing: Optional[Named]) -> Optional[Dict[str, Any]]:
    """Return {"name": ...} for a name; dicts and None pass."""
    if thing is None:
        return None
    return {"name": thing} if isinstance(thing, str) else dict(thing)
