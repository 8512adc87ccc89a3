# SPDX-License-Identifier: MIT
"""point.py - a place where a contour study wants to know the limit

The limit may be known at once, or be the result of a limit study of its own, on
which any number of workers may throw toys.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, Optional

from .client import Client
from .held import ERROR_TEXT_LIMIT, Held
from .limit import POLL_S, LimitStudy
from .order import Order
from .work import Ends, Walltime

if TYPE_CHECKING:
    from .contour import ContourStudy

Curves = Mapping[str, float]


class Point(Held):
    """A point of a contour study. Use it as a context manager:

        with point as p:
            obs, exp = limits(**p.params)
            p.tell(mu_up={"obs": obs, "exp0": exp})

    A block that raises tells `failed`. While it runs, a thread renews its
    lease.
    """

    study: "ContourStudy"

    def __init__(
        self, study: "ContourStudy", document: Dict[str, Any]
    ) -> None:
        super().__init__(study, document)
        self._retry_of: Optional[int] = document.get("retry_of")
        self._limit: Optional[PointLimit] = None

    def tell(
        self,
        *,
        mu_up: Optional[Curves] = None,
        cls: Optional[Curves] = None,
        err: Optional[Curves] = None,
        outputs: Any = None,
        meta: Any = None,
        cost: Optional[float] = None,
    ) -> str:
        """Tell the limits here; return the state that was stored, or `spooled`
        as Trial.tell() does.

        mu_up  the upper limit on the signal strength, above 0, of every curve
               of the study by name: 1 is on the contour, less is excluded
        cls    instead, where the target is ln_cls: CLs at signal strength 1
        err    their standard errors, in their units; who is missing is exact
        outputs, meta, cost  as for Trial.tell()

        A number that is NaN or infinite makes the point `failed`. Raises
        ValueError when a curve is missing or unknown, or a number is out of
        range.
        """
        told = {"mu_up": mu_up, "cls": cls}
        wanted = self.study.quantity
        given = [name for name, curves in told.items() if curves is not None]
        if given != [wanted]:
            raise ValueError(
                f"{self.study.target} is told as {wanted}, not as"
                f" {' and '.join(given) or 'nothing'}"
            )
        numbers = {wanted: _floats(told[wanted]), "err": _floats(err)}
        for name, curves in numbers.items():
            for curve, number in curves.items():
                if not math.isfinite(number):
                    return self.fail(f"{name} of {curve} is {number}")
        self._check(numbers)
        if not numbers["err"]:
            del numbers["err"]
        return self._end(
            dict(numbers), outputs=outputs, meta=meta, cost=cost
        )

    def invalid(self, why: str, meta: Any = None) -> str:
        """Say that there is nothing to know here, as the theory makes no sense
        ("no EWSB"); return the state. The study keeps away from here."""
        return self._end({"invalid": why[-ERROR_TEXT_LIMIT:]}, meta=meta)

    def limit_study(self, **settings: Any) -> "PointLimit":
        """Return a limit study whose end tells this point its limits.

        settings  those of LimitStudy but the name; curves and cl are by
                  default those of the contour study

        Its name is that of the contour study and the number of the point, of
        its first attempt when it was lost: toys of that one are not thrown
        again. Other processes may help: LimitStudy.open(limit.id).work().
        Raises ValueError where the target is ln_cls, or a curve is left out.
        """
        if self.study.quantity != "mu_up":
            raise ValueError(f"{self.study.target} is no limit")
        number, earlier = self.number, self._retry_of
        while earlier is not None:
            number, earlier = earlier, self.study.record(earlier).retry_of
        shared = {"curves": self.study.curves, "cl": self.study.cl}
        wanted = {**shared, **settings}
        left_out = set(self.study.curves) - set(wanted["curves"])
        if left_out:
            raise ValueError(f"curves: {', '.join(left_out)} is left out")
        self._limit = PointLimit(
            self, f"{self.study.name}/{number}", wanted
        )
        return self._limit

    def _check(self, numbers: Mapping[str, Curves]) -> None:
        wanted = self.study.quantity
        limits, errors = numbers[wanted], numbers["err"]
        if sorted(limits) != sorted(self.study.curves):
            raise ValueError(
                f"{wanted} has {', '.join(limits)}; the curves are"
                f" {', '.join(self.study.curves)}"
            )
        for curve, number in limits.items():
            if number < 0.0 or (number == 0.0 and wanted == "mu_up"):
                least = "above 0" if wanted == "mu_up" else "at least 0"
                raise ValueError(
                    f"{wanted} of {curve} is {number}, not {least}"
                )
        for curve, number in errors.items():
            if curve not in limits or number < 0.0:
                raise ValueError(
                    f"err of {curve} is {number}, not at least 0 and of one"
                    f" of {', '.join(limits)}"
                )

    def _tell_the_end(self) -> None:
        if self._limit is None:
            super()._tell_the_end()
        elif not self._limit.close():
            self.release("its limit study goes on")


class PointLimit(LimitStudy):
    """The limit study of a point, which is told when this one has ended:
    completed with the limits and their total errors, or failed where a curve
    has none, as it does not cross in the range.

    The point is told by work() and by wait(). When work() has to end before, as
    a job does, the block of the point hands it back, and another worker goes
    on with the same toys.
    """

    def __init__(
        self, point: Point, name: str, settings: Dict[str, Any]
    ) -> None:
        self.point = point
        client: Client = settings.pop("client", point.study.client)
        super().__init__(name, client=client, **settings)

    def work(
        self,
        n_trials: Optional[int] = None,
        timeout_s: Optional[float] = None,
        walltime: Optional[Walltime] = None,
        spare_s: float = 60.0,
    ) -> Iterator[Order]:
        """As AnyStudy.work(); in the end the point is told, if need be after
        waiting for the orders of other workers."""
        ends = Ends(timeout_s, walltime, spare_s)
        yield from super().work(n_trials, timeout_s, walltime, spare_s)
        while not self.close() and self._is_worked_on():
            wait_s = ends.within(POLL_S)
            if n_trials is not None or wait_s <= 0.0:
                return
            time.sleep(wait_s)

    def wait(
        self, timeout_s: Optional[float] = None, every_s: float = POLL_S
    ) -> Dict[str, Any]:
        """As LimitStudy.wait(); then the point is told."""
        result = super().wait(timeout_s, every_s)
        self.close()
        return result

    def close(self) -> bool:
        """Tell the point its limits, unless that was done; return whether they
        are final."""
        answer = self.limit()
        if not self._is_final(answer):
            return False
        if self.point.state == "running":
            self._tell_point(answer)
        return True

    def _tell_point(self, answer: Mapping[str, Any]) -> None:
        wanted = self.point.study.curves
        curves = {c["name"]: c for c in answer["curves"] if c["name"] in wanted}
        without = [
            f"{name} is {curve['status']}"
            for name, curve in curves.items() if curve["limit"] is None
        ]
        if without or len(curves) < len(wanted):
            self.point.fail(f"{self.name}: no limit, {', '.join(without)}")
            return
        self.point.tell(
            mu_up={name: curve["limit"] for name, curve in curves.items()},
            err={
                name: curve["total_error"] for name, curve in curves.items()
                if curve["total_error"] is not None
            },
            meta={"limit_study": self.id},
        )

    def _is_worked_on(self) -> bool:
        return bool(self.limit()["toys"]["running"])


def _floats(curves: Optional[Curves]) -> Dict[str, float]:
    return {name: float(number) for name, number in (curves or {}).items()}
