# SPDX-License-Identifier: MIT
"""order.py - what a limit study wants to know from a worker

The test statistic of the data at a signal strength, or those of toys there. The
service only needs the numbers; how they are computed is the worker's. Larger q
means less compatible with the signal, and q has the factor 2 of -2 ln lambda.
"""

from __future__ import annotations

import base64
import logging
import math
import sys
from array import array
from itertools import chain
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from .errors import CumaeError
from .held import Held
from .plain import plain

if TYPE_CHECKING:
    from .any_study import AnyStudy

log = logging.getLogger("cumae")

MOST_VALUES = 50_000  # test statistics in one tell, of the service's limit


class Order(Held):
    """An order of a limit study. Use it as a context manager:

        with order as t:
            if t.want == "obs":
                t.tell_obs(q=q_of_the_data(t.mu))
            else:
                t.tell_toys(throw(t.mu, t.hypothesis, t.ntoys, t.rng()))

    A block that raises tells `failed`, and another worker gets an order like
    it, with another seed. While it runs, a thread renews its lease.

    want    "obs" or "toys"
    mu      the signal strength at which q is wanted
    hypothesis  what to throw toys of: "sb", the signal of strength mu and the
            background, or "b", the background alone; None for the data
    ntoys   how many toys; fewer are fine; None for the data
    seed    from 1 to 2^31 - 1, of no other order of the study
    mu_eval  all signal strengths at which q of each toy is wanted, where toys
            are shared by several; else None
    context  {"study": what the study was given as context, "mu": what was told
            with the data at this mu, or None before that}
    """

    def __init__(
        self, study: "AnyStudy[Any]", document: Dict[str, Any]
    ) -> None:
        super().__init__(study, document)
        self.want: str = document["want"]
        self.mu: float = document["mu"]
        self.hypothesis: Optional[str] = document.get("hypothesis")
        self.ntoys: Optional[int] = document.get("ntoys")
        self.mu_eval: Optional[List[float]] = document.get("mu_eval")
        self.context: Dict[str, Any] = document.get("context") or {}

    def rng(self) -> Any:
        """Return a numpy.random.Generator from the seed and the hypothesis, at
        its beginning. Raises CumaeError where numpy is not installed."""
        try:
            import numpy
        except ImportError as error:
            raise CumaeError("pip install numpy for generators") from error
        stream = 0 if self.hypothesis == "b" else 1
        return numpy.random.default_rng([self.seed or 0, stream])

    def tell_obs(
        self,
        q: float,
        q_asimov: Optional[float] = None,
        muhat: Optional[float] = None,
        context: Any = None,
    ) -> str:
        """Tell the test statistic of the data at mu; return the state that was
        stored, or `spooled` as Trial.tell() does.

        q         of the data
        q_asimov  of the Asimov data without signal: then there are asymptotic
                  limits to compare with, and the search begins near them
        muhat     the signal strength that the data like best
        context   for those who throw toys at this mu, such as the parameters
                  to throw them with: anything that is JSON; numpy is fine

        A number that is NaN or infinite makes the order `failed`.
        """
        self._check("obs")
        obs = {"q": q, "q_asimov": q_asimov, "muhat": muhat}
        known = {k: float(v) for k, v in obs.items() if v is not None}
        for name, number in known.items():
            if not math.isfinite(number):
                return self.fail(f"{name} is {number}")
        if context is not None:
            known["context"] = plain(context)
        return self._end({"obs": known})

    def tell_toys(self, q: Sequence[Any], n_failed: int = 0) -> str:
        """Tell the test statistics of toys; return the state that was stored,
        or `spooled` as Trial.tell() does.

        q         (n,) of n toys at mu, n up to ntoys; or (n, len(mu_eval)).
                  Lists, or what has tolist(), such as numpy arrays
        n_failed  toys that were thrown but have no q, as a fit did not converge

        What is NaN, infinite or below -0.01 counts as failed too: tell it as
        it is. Of more than 50 000 values as many toys are told as fit. Raises
        ValueError, which names both shapes, for any other shape.
        """
        self._check("toys")
        if n_failed != int(n_failed) or n_failed < 0:
            raise ValueError(f"n_failed is {n_failed}, not 0 or more")
        toys = packed(q, self.ntoys or 0, len(self.mu_eval or ()))
        toys["n_failed"] = int(n_failed)
        return self._end({"toys": toys})

    def _check(self, want: str) -> None:
        if self.want != want:
            raise ValueError(
                f"order {self.number} wants {self.want}, not {want}"
            )


def packed(q: Sequence[Any], ntoys: int, n_mu: int) -> Dict[str, Any]:
    """Return test statistics as the service reads them: float64, the least
    significant byte first, in base64.

    q      (n,) or (n, n_mu), n up to ntoys
    n_mu   0: only (n,) will do
    """
    values = _listed(q)
    shape = _shape(values)
    wide = len(shape) == 2 and 0 < n_mu == shape[1]
    if not (len(shape) == 1 or wide) or shape[0] > ntoys:
        wanted = f"({ntoys},)" + (f" or ({ntoys}, {n_mu})" if n_mu else "")
        raise ValueError(f"q has shape {tuple(shape)}, not {wanted} or fewer")
    most = MOST_VALUES // (n_mu if wide else 1)
    if shape[0] > most:
        log.warning("%d of %d toys fit into one tell", most, shape[0])
        values, shape[0] = values[:most], most
    flat = array("d", chain.from_iterable(values) if wide else values)
    if sys.byteorder == "big":
        flat.byteswap()
    text = base64.b64encode(flat.tobytes()).decode("ascii")
    return {"q_b64": text, "shape": shape}


def _listed(thing: Any) -> Any:
    """Return lists in lists of whatever has a length."""
    if hasattr(thing, "tolist"):
        return thing.tolist()
    if hasattr(thing, "__len__"):
        return [_listed(one) for one in thing]
    return thing


def _shape(values: Any) -> List[int]:
    """Return the shape of nested lists. Raises ValueError where the rows differ
    in length."""
    if not isinstance(values, list):
        return []
    shapes = {tuple(_shape(one)) for one in values} or {()}
    if len(shapes) > 1:
        raise ValueError(f"q has rows of different shapes: {sorted(shapes)}")
    return [len(values), *shapes.pop()]
