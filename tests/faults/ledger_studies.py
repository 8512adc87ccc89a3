# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_studies.py - the studies that the simulated workers share

One per budget and kind of demand, so that each rule is held against all
failures at once.
"""

from dataclasses import dataclass
from typing import Optional

X = {"type": "float", "low": -1.0, "high": 1.0}


@dataclass
class Study:
    """A study and what its checks need to know.

    lease_s      of its trials
    max_*        its budgets; None: none
    widen_to     its max_trials once the first are used up
    brings       workers enqueue trials
    steered      workers pause and resume it
    hopaas       it is worked on through the other face
    maximize     larger values are better
    cells        points of its finite space; None: any number
    """

    name: str
    lease_s: int = 1
    max_attempts: int = 3
    max_trials: Optional[int] = None
    max_running: Optional[int] = None
    max_failed: Optional[int] = None
    widen_to: Optional[int] = None
    sampler: str = "random"
    pruner: Optional[str] = None
    brings: bool = False
    steered: bool = False
    hopaas: bool = False
    maximize: bool = False
    cells: Optional[int] = None
    seed: int = 0
    id: str = ""
    widened: bool = False

    @property
    def ends(self) -> bool:
        """Return whether it hands out a limited number of trials."""
        return bool(self.max_trials or self.max_failed or self.cells)

    def definition(self) -> dict:
        """Return the body that creates it."""
        space = {"x": X}
        if self.cells:
            space = {"k": {"type": "int", "low": 1, "high": self.cells}}
        budget = {
            name: getattr(self, name)
            for name in ("max_trials", "max_running", "max_failed")
            if getattr(self, name)
        }
        direction = "maximize" if self.maximize else "minimize"
        body = {
            "name": self.name,
            "objectives": [{"name": "loss", "direction": direction}],
            "space": space,
            "sampler": {"name": self.sampler, "seed": self.seed},
            "budget": budget,
            "lease_s": self.lease_s,
            "max_attempts": self.max_attempts,
        }
        return {**body, "pruner": {"name": self.pruner}} if self.pruner else body


def plan(scale: int) -> list:
    """Return the studies of a run; those with a budget grow with `scale`."""
    return [
        Study("budget", max_trials=3 * scale, max_running=7, pruner="median"),
        Study("failures", max_failed=scale // 3, max_running=12, maximize=True),
        Study("widened", max_trials=scale, widen_to=2 * scale, lease_s=2),
        Study("queue", brings=True, lease_s=2),
        Study("steered", steered=True, sampler="tpe", pruner="asha"),
        Study("grid", sampler="grid", cells=2 * scale, max_attempts=5),
        Study("hopaas", hopaas=True, max_trials=2 * scale, max_attempts=1,
              maximize=True),
    ]
