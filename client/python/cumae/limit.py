# SPDX-License-Identifier: MIT
"""limit.py - an upper limit from toys that many processes throw

    study = cumae.LimitStudy("HNL 3 GeV", range=(0, 20), rel_tol=0.02)
    for t in study.work():
        with t:
            if t.want == "obs":
                t.tell_obs(q=qtilde(t.mu, data))
            else:
                t.tell_toys(throw(t.mu, t.hypothesis, t.ntoys, t.rng()))
    print(study.result())

All workers say the same. The service merges what they tell, decides where the
next toys are worth most, and ends when every curve is known well enough.
"""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from . import notebook
from .any_study import AnyStudy
from .client import Client
from .order import Order

POLL_S = 10.0  # between two looks at a study that others work on


class LimitStudy(AnyStudy[Order]):
    """Find the limit study of that name, or create it.

    poi         what the parameter of interest is called (mu)
    range       (low, high): where to look for the limit; beyond high where the
                curves do not cross before
    cl          confidence level of the limit (0.95)
    rule        CLs or CLsb
    test_stat   which q the workers compute, for the record: qtilde, q ...
    tail        right: larger q is less compatible with the signal; left: it
                is more compatible, as the q of LEP and the Tevatron
    curves      those that count, of obs, exp-2, exp-1, exp0, exp+1, exp+2: the
                observed limit and the quantiles of the expected one
    quantiles   which ones: sigma (those of 0, 1 and 2 standard deviations) or
                cms (0.025, 0.16, 0.5, 0.84, 0.975)
    rel_tol, abs_tol  the standard error of each limit, as a fraction of it and
                in units of poi, that ends the study; of both, both must be met
    min_toys, max_toys  per hypothesis and point; in all
    max_points  values of poi in all
    points      throw at these values only, until each is decided
    batch_seconds  how long an order should take
    batch_min, batch_max  toys in one order
    hint        where the limit may be
    share_b     have toys of the background evaluated at all points
    tie_tol     q that differ by less, relative to 1 + q, are equal
    max_failure_fraction  of toys, from which on the study is flagged
    toy_mode, expected  for the record: frequentist or hybrid; postfit or prefit
    context     what all workers should agree on, say the hash of a workspace:
                each order brings it
    budget, constants, lease_s, max_attempts, tags, notes, client
                as for Study

    None leaves a setting to the service; parentheses have its defaults. Raises
    as Study does.
    """

    kinds = ("limit",)

    def __init__(
        self,
        name: str,
        *,
        poi: str = "mu",
        range: Tuple[float, float],
        cl: Optional[float] = None,
        rule: Optional[str] = None,
        test_stat: Optional[str] = None,
        tail: Optional[str] = None,
        curves: Optional[Sequence[str]] = None,
        quantiles: Optional[str] = None,
        rel_tol: Optional[float] = None,
        abs_tol: Optional[float] = None,
        min_toys: Optional[int] = None,
        max_toys: Optional[int] = None,
        max_points: Optional[int] = None,
        points: Optional[Sequence[float]] = None,
        batch_seconds: Optional[float] = None,
        batch_min: Optional[int] = None,
        batch_max: Optional[int] = None,
        hint: Optional[float] = None,
        share_b: Optional[bool] = None,
        tie_tol: Optional[float] = None,
        max_failure_fraction: Optional[float] = None,
        toy_mode: Optional[str] = None,
        expected: Optional[str] = None,
        context: Any = None,
        budget: Optional[Mapping[str, Any]] = None,
        constants: Optional[Mapping[str, Any]] = None,
        lease_s: Optional[int] = None,
        max_attempts: Optional[int] = None,
        tags: Optional[Sequence[str]] = None,
        notes: Optional[str] = None,
        client: Optional[Client] = None,
    ) -> None:
        low, high = range
        limit = {
            "poi": poi,
            "low": low,
            "high": high,
            "hint": hint,
            "cl": cl,
            "rule": rule,
            "test_stat": test_stat,
            "tail": tail,
            "toy_mode": toy_mode,
            "expected": expected,
            "quantiles": quantiles,
            "tie_tol": tie_tol,
            "curves": curves,
            "rel_tol": rel_tol,
            "abs_tol": abs_tol,
            "min_toys": min_toys,
            "max_toys": max_toys,
            "max_points": max_points,
            "batch_min": batch_min,
            "batch_max": batch_max,
            "batch_seconds": batch_seconds,
            "share_b": share_b,
            "max_failure_fraction": max_failure_fraction,
            "mode": None if points is None else "grid",
            "points": points,
            "context": context,
        }
        wanted = {
            "name": name,
            "kind": "limit",
            "limit": {k: v for k, v in limit.items() if v is not None},
            "budget": budget,
            "constants": constants,
            "lease_s": lease_s,
            "max_attempts": max_attempts,
            "tags": tags,
            "notes": notes,
        }
        self._open(wanted, client)

    def _handed_out(self, document: Dict[str, Any]) -> Order:
        return Order(self, document)

    def limit(self) -> Dict[str, Any]:
        """Return all that the service knows of the limit, as it says it: the
        curves, the points with their counts, the failures by site."""
        answer: Dict[str, Any] = self.client.request(
            "GET", f"/studies/{self.id}/limit"
        )
        return answer

    def result(self) -> Dict[str, Any]:
        """Return the limits as they are known now.

            {"obs": {"limit": 1.48, "error": 0.012, "status": "ok", ...},
             "exp0": {...},
             "asymptotic": {"obs": 1.46, "exp0": ...},
             "status": "converged", "detail": ..., "toys_used": 41000}

        limit and error (of the toys), total_error (with that of interpolating
        between points) are in units of poi; without a limit they are None, and
        the curve's status says why. status: running, converged, budget.
        """
        return _result(self.limit())

    def wait(
        self, timeout_s: Optional[float] = None, every_s: float = POLL_S
    ) -> Dict[str, Any]:
        """Return the result when it is final: others do the work.

        every_s  between two looks

        Raises TimeoutError after timeout_s.
        """
        begun = time.monotonic()
        while True:
            answer = self.limit()
            if self._is_final(answer):
                return _result(answer)
            spent_s = time.monotonic() - begun
            if timeout_s is not None and spent_s >= timeout_s:
                raise TimeoutError(f"{self!r} is {answer['status']} still")
            left_s = every_s if timeout_s is None else timeout_s - spent_s
            time.sleep(min(every_s, left_s))

    def table(self) -> List[Dict[str, Any]]:
        """Return a row per point, by poi, for printing or a dataframe: poi, q,
        q_asimov, muhat, the counts n and k of both hypotheses, failed, CLsb,
        CLb, CLs each with _low and _high (68 %), and the expected exp-2 ...
        exp+2 of CLs. What is not known is None."""
        answer = self.limit()
        return [_row(answer["poi"], point) for point in answer["points"]]

    def histogram(self, mu: float, bins: int = 50) -> Dict[str, Any]:
        """Return the distributions of q of the toys thrown at mu: {"mu":, "q":
        of the data, "edges": bins + 1 of them, "sb": {"counts":, "overflow":,
        "total":, "failed":}, "b": ...}. Raises NotFound where mu is no point.
        """
        answer: Dict[str, Any] = self.client.request(
            "GET", f"/studies/{self.id}/limit/toys",
            query={"mu": repr(float(mu)), "bins": bins},
        )
        return answer

    def _pictures(self, facts: Mapping[str, Any]) -> Sequence[str]:
        answer = self.limit()
        rows = [
            (one["name"], one["status"], one["limit"], one["total_error"],
             one.get("asymptotic"))
            for one in answer["curves"]
        ]
        head = ("curve", "status", f"limit on {answer['poi']}", "error",
                "asymptotic")
        return [notebook.table(head, rows)]

    def _is_final(self, answer: Mapping[str, Any]) -> bool:
        """Return whether no more is to be expected, also when somebody has
        stopped the study."""
        if answer["status"] != "running":
            return True
        return bool(self.info()["state"] == "finished")


def _result(answer: Mapping[str, Any]) -> Dict[str, Any]:
    curves = {one["name"]: _without_name(one) for one in answer["curves"]}
    asymptotic = {
        name: curve.pop("asymptotic", None) for name, curve in curves.items()
    }
    toys = answer["toys"]
    return {
        **curves,
        "asymptotic": asymptotic,
        "status": answer["status"],
        "detail": answer.get("detail"),
        "toys_used": toys["sb"] + toys["b"],
    }


def _without_name(curve: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: value for key, value in curve.items() if key != "name"}


def _row(poi: str, point: Mapping[str, Any]) -> Dict[str, Any]:
    row = {poi: point["mu"]}
    for name in ("status", "q", "q_asimov", "muhat", "n_sb", "k_sb", "n_b",
                 "k_b", "failed"):
        row[name] = point[name]
    for name, key in (("CLsb", "sb"), ("CLb", "b"), ("CLs", "cls")):
        known = point.get(key) or {}
        row[name] = known.get("value" if key == "cls" else "p")
        row[f"{name}_low"] = known.get("low")
        row[f"{name}_high"] = known.get("high")
    band = point.get("expected") or [{}] * 5
    for name, known in zip(("exp-2", "exp-1", "exp0", "exp+1", "exp+2"), band):
        row[name] = known.get("cls")
    return row
