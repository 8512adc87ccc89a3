# SPDX-License-Identifier: MIT
"""pyhf_worker.py - one worker that fits toys of a HistFactory workspace

Usage: CUMAE_URL=... CUMAE_TOKEN=... python pyhf_worker.py [WORKSPACE [STUDY]]

WORKSPACE is the JSON file of a likelihood, as HEPData has them; without one, two
bins with an uncertain background. Toys are thrown at the parameters that fit
the data best for the given strength of the signal (those of the LHC), which the
first worker at each strength finds and tells the others. Needs pyhf and scipy.
"""

import hashlib
import json
import sys

import cumae
import numpy as np
import pyhf
from pyhf.infer import mle
from pyhf.infer.test_statistics import qmu_tilde

TWO_BINS = {
    "version": "1.0.0",
    "channels": [{"name": "all", "samples": [
        {"name": "signal", "data": [12.0, 11.0], "modifiers": [
            {"name": "mu", "type": "normfactor", "data": None}]},
        {"name": "background", "data": [50.0, 52.0], "modifiers": [
            {"name": "gamma", "type": "shapesys", "data": [3.0, 7.0]}]},
    ]}],
    "observations": [{"name": "all", "data": [51.0, 48.0]}],
    "measurements": [
        {"name": "limit", "config": {"poi": "mu", "parameters": []}}],
}


class Likelihood:
    """The model and the data of a workspace."""

    def __init__(self, spec):
        workspace = pyhf.Workspace(spec)
        self.model = workspace.model()
        self.data = np.asarray(workspace.data(self.model))
        config = self.model.config
        self.poi = config.poi_name
        self.fit = (config.suggested_init(), config.suggested_bounds(),
                    config.suggested_fixed())

    def qtilde(self, mu, data):
        """Return q-tilde, and the parameters of both fits."""
        q, (fixed, free) = qmu_tilde(
            mu, data, self.model, *self.fit, return_fitted_pars=True)
        return float(q), fixed, free

    def observed(self, mu):
        """Return what is told of the data."""
        q, at_mu, best = self.qtilde(mu, self.data)
        without = mle.fixed_poi_fit(0.0, self.data, self.model, *self.fit)
        asimov = np.asarray(self.model.expected_data(without))
        return {
            "q": q, "q_asimov": self.qtilde(mu, asimov)[0],
            "muhat": best[self.model.config.poi_index],
            "context": {"sb": at_mu, "b": without},
        }

    def throw(self, mu, parameters, rng_seed, size):
        """Return q-tilde of toys; NaN where a fit did not converge."""
        # scipy, which pyhf draws with, uses the generator of all numpy.
        np.random.seed(rng_seed)
        pdf = self.model.make_pdf(np.asarray(parameters))
        return [self.qtilde_or_nan(mu, toy) for toy in pdf.sample((size,))]

    def qtilde_or_nan(self, mu, toy):
        try:
            return self.qtilde(mu, toy)[0]
        except pyhf.exceptions.FailedMinimization:
            return float("nan")


def answer(order, likelihood):
    """Do one order of a limit study."""
    if order.want == "obs":
        order.tell_obs(**likelihood.observed(order.mu))
        return
    found = order.context["mu"] or likelihood.observed(order.mu)["context"]
    seed = [order.seed, 0 if order.hypothesis == "b" else 1]
    order.tell_toys(likelihood.throw(
        order.mu, found[order.hypothesis], seed, order.ntoys))


def open_study(spec, name, client=None):
    """Return the limit study of a workspace."""
    text = json.dumps(spec, sort_keys=True).encode()
    return cumae.LimitStudy(
        name, poi="mu", range=(0, 5), rel_tol=0.05, max_toys=50_000,
        curves=["obs", "exp-1", "exp0", "exp+1", "exp+2"], batch_seconds=60,
        context={"workspace_sha256": hashlib.sha256(text).hexdigest()},
        client=client)


def main(path=None, name="two bins"):
    spec = json.load(open(path)) if path else TWO_BINS
    likelihood = Likelihood(spec)
    study = open_study(spec, name)
    with cumae.preemptible():
        for order in study.work(walltime=cumae.walltime_left):
            with order:
                answer(order, likelihood)
    for curve, known in study.result().items():
        print(f"{curve:12}", known)


if __name__ == "__main__":
    main(*sys.argv[1:])
