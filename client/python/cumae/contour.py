# SPDX-License-Identifier: MIT
"""contour.py - an exclusion contour in few points

    study = cumae.ContourStudy(
        "C1N2", {"m1": cumae.Float(200, 1400), "m2": cumae.Float(0, 1390)},
        constraints=["m2 <= m1 - 10"], features=["m1", "log(m1 - m2 + 20)"],
        curves=["obs", "exp0"])
    for p in study.work():
        with p:
            p.tell(mu_up={"obs": 1.2, "exp0": 1.1}, err={"obs": 0.02})

The service learns from what is told where the contour runs, and asks for points
near it, until little of the plane is in doubt.
"""

from __future__ import annotations

import hashlib
import json
from typing import (
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from . import notebook
from .any_study import AnyStudy
from .client import Client
from .plain import plain
from .point import Point
from .space import Space, space_as_json


class ContourStudy(AnyStudy[Point]):
    """Find the contour study of that name, or create it.

    space       the plane: 2 to 4 parameters by name, as for Study
    constraints  expressions that every point meets, such as "m2 <= m1 - 10"
    features    expressions of the parameters in which the limit is smooth,
                such as ["m1", "log(m1 - m2 + 20)"]: the right ones save most
                of the points (default: the parameters)
    target      ln_mu_up: points are told by their upper limits (the default),
                or ln_cls: by their CLs
    curves      the contours that count, of obs, exp-2 ... exp+2
    cl          confidence level
    initial     points of an even spread, before the first guess (12)
    max_points  in all
    stop_area   end when less than this fraction of the plane is expected to be
                taken for the wrong side (0.005)
    min_unevaluated  how many points may at most be under way (0: any number)
    seed_points  points that are known, as [{"params": {...}, "mu_up": {...},
                "err": {...}}] or {"params": {...}, "invalid": "why"}: cheap or
                published limits to begin with, with large errors. Each is
                brought once, however many workers say it
    budget, constants, lease_s, max_attempts, tags, notes, client
                as for Study

    curves and target are then also attributes. None leaves a setting to the
    service. Raises as Study does.
    """

    kinds = ("contour",)

    def __init__(
        self,
        name: str,
        space: Space,
        *,
        constraints: Optional[Sequence[str]] = None,
        features: Optional[Sequence[str]] = None,
        target: Optional[str] = None,
        curves: Optional[Sequence[str]] = None,
        cl: Optional[float] = None,
        initial: Optional[int] = None,
        max_points: Optional[int] = None,
        stop_area: Optional[float] = None,
        min_unevaluated: Optional[int] = None,
        seed_points: Iterable[Mapping[str, Any]] = (),
        budget: Optional[Mapping[str, Any]] = None,
        constants: Optional[Mapping[str, Any]] = None,
        lease_s: Optional[int] = None,
        max_attempts: Optional[int] = None,
        tags: Optional[Sequence[str]] = None,
        notes: Optional[str] = None,
        client: Optional[Client] = None,
    ) -> None:
        contour = {
            "features": features,
            "target": target,
            "curves": curves,
            "cl": cl,
            "initial": initial,
            "max_points": max_points,
            "stop_area": stop_area,
            "min_unevaluated": min_unevaluated,
        }
        wanted = {
            "name": name,
            "kind": "contour",
            "space": space_as_json(space),
            "constraints": constraints,
            "contour": {k: v for k, v in contour.items() if v is not None},
            "budget": budget,
            "constants": constants,
            "lease_s": lease_s,
            "max_attempts": max_attempts,
            "tags": tags,
            "notes": notes,
        }
        self._open(wanted, client)
        known = [_seed(point) for point in seed_points]
        if known:
            self._bring(known)

    def _take(self, document: Dict[str, Any]) -> None:
        super()._take(document)
        contour = document["contour"]
        self.target: str = contour["target"]
        self.quantity = "mu_up" if self.target == "ln_mu_up" else "cls"
        self.curves: List[str] = contour["curves"]
        self.cl: Optional[float] = contour.get("cl")

    def _handed_out(self, document: Dict[str, Any]) -> Point:
        return Point(self, document)

    def contour(
        self,
        n: int = 101,
        *,
        x: Optional[str] = None,
        y: Optional[str] = None,
        at: Optional[Mapping[str, Any]] = None,
        grid: bool = False,
    ) -> Dict[str, Any]:
        """Return the contours as they are known now.

            {"x": "m1", "y": "m2", "status": "converged", "curves": [
                {"name": "obs", "area": 0.004, "converged": True,
                 "lines": [{"closed": False, "points": [[x, y], ...]}],
                 "inner": [...], "outer": [...]}], ...}

        Lines are in units of the parameters; inner and outer ones are where the
        prediction less and plus one standard deviation crosses. area is the
        expected fraction of the plane on the wrong side, None before there is a
        prediction.

        n     points per side of the grid on which the lines are found
        x, y  the parameters of the plane (the first two)
        at    the values of all others, by name
        grid  also return the predictions on the grid: mean and sd of the
              target, n * n row by row of y, None outside of the constraints
        """
        asked: Dict[str, Union[str, int]] = {"n": n, "grid": int(grid)}
        asked.update({} if x is None else {"x": x})
        asked.update({} if y is None else {"y": y})
        asked.update({} if at is None else {"at": json.dumps(plain(at))})
        answer: Dict[str, Any] = self.client.request(
            "GET", f"/studies/{self.id}/contour", query=asked
        )
        return answer

    def _pictures(self, facts: Mapping[str, Any]) -> Sequence[str]:
        answer = self.contour()
        curves = [
            (one["name"], [line["points"] for line in one["lines"]])
            for one in answer["curves"]
        ]
        label = f"contours after {answer['points']} points"
        return [notebook.lines(label, (answer["x"], answer["y"]), curves)]


def _seed(point: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a known point as it is brought, under an id that follows from it,
    so that it is brought once."""
    known: Dict[str, Any] = plain(dict(point))
    text = json.dumps(known, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:32]
    return {"id": f"seed-{name}", **known}
