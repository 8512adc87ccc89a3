# SPDX-License-Identifier: MIT
"""toys.py - one worker that throws toys for an upper limit; start many of them

Usage: CUMAE_URL=... CUMAE_TOKEN=... python toys.py counting|onoff [STUDY]

Two experiments whose q-tilde has a closed form, so that a toy takes less than a
microsecond: a background that is known, and one that is measured beside the
signal. The formulas are those of Cowan, Cranmer, Gross, Vitells, Eur. Phys. J.
C 71 (2011) 1554, eq. 16. Needs numpy.
"""

import sys

import cumae
import numpy as np


def deviance(x, y):
    """Return x ln(x / y) - (x - y): 0 where x is y, else positive, with all its
    digits also where x is near y."""
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    far = np.where(x > 0, x * np.log(np.where(x > 0, x, 1) / y) - (x - y), y)
    t = (x - y) / y
    # With t = (x - y) / y it is y ((1 + t) ln(1 + t) - t).
    near = y * t * t * (0.5 - t / 6 + t * t / 12 - t**3 / 20)
    return np.where(np.abs(t) < 1e-3, near, np.maximum(far, 0))


class Counting:
    """n events are seen where b were expected, s more for a signal of 1."""

    def __init__(self, s=3.0, b=3.0, n=3):
        self.s, self.b, self.n = s, b, n

    def data(self):
        return self.n

    def asimov(self):
        return self.b

    def context(self, mu):
        """Return what toys at mu are thrown with."""
        return {"b": self.b}

    def muhat(self, n):
        return (n - self.b) / self.s

    def throw(self, mu, context, rng, size):
        return rng.poisson(mu * self.s + context["b"], size)

    def qtilde(self, mu, n):
        """Return q-tilde of one n, or of many."""
        n = np.asarray(n)
        # Without signal the denominator has mu = 0 where muhat is negative.
        best = np.where(n < self.b, deviance(n, self.b), 0)
        q = 2 * (deviance(n, mu * self.s + self.b) - best)
        return np.where(self.muhat(n) >= mu, 0, np.maximum(q, 0))


class OnOff:
    """n events are seen with the signal on, m with it off, where tau times as
    much background is expected: n ~ Poisson(mu s + gamma b) and
    m ~ Poisson(gamma tau), with gamma unknown."""

    def __init__(self, s=6.0, b=9.0, tau=9.0, n=9, m=9):
        self.s, self.b, self.tau, self.n, self.m = s, b, tau, n, m

    def data(self):
        return self.n, self.m

    def asimov(self):
        gamma = self.gamma(0, *self.data())
        return gamma * self.b, gamma * self.tau

    def context(self, mu):
        """Return the gamma that the data like best at mu and without signal:
        toys are thrown with these, by all workers."""
        return {"sb": float(self.gamma(mu, *self.data())),
                "b": float(self.gamma(0, *self.data()))}

    def gamma(self, mu, n, m):
        """Return the gamma that is likeliest at mu: the positive root of
        A gamma^2 + B gamma + C, of which no term cancels another."""
        signal, both = mu * self.s, self.b + self.tau
        A, B, C = self.b * both, signal * both - self.b * (n + m), -signal * m
        root = np.sqrt(B * B - 4 * A * C)
        plus = np.where(B + root > 0, B + root, 1)
        return np.where(B < 0, (root - B) / (2 * A), -2 * C / plus)

    def muhat(self, data):
        n, m = data
        return (n - m * self.b / self.tau) / self.s

    def throw(self, mu, context, rng, size):
        gamma = context["sb" if mu > 0 else "b"]
        return (rng.poisson(mu * self.s + gamma * self.b, size),
                rng.poisson(gamma * self.tau, size))

    def qtilde(self, mu, data):
        """Return q-tilde of one (n, m), or of many."""
        n, m = np.asarray(data[0]), np.asarray(data[1])
        # Where muhat is positive, the best fit meets both counts exactly.
        best = np.where(self.muhat((n, m)) < 0, self.distance(0, n, m), 0)
        q = 2 * (self.distance(mu, n, m) - best)
        return np.where(self.muhat((n, m)) >= mu, 0, np.maximum(q, 0))

    def distance(self, mu, n, m):
        """Return the negative log likelihood above its least value."""
        gamma = np.maximum(self.gamma(mu, n, m), 1e-300)
        return (deviance(n, mu * self.s + gamma * self.b)
                + deviance(m, gamma * self.tau))


EXPERIMENTS = {"counting": Counting, "onoff": OnOff}


def answer(order, experiment):
    """Do one order of a limit study."""
    if order.want == "obs":
        data = experiment.data()
        order.tell_obs(
            q=experiment.qtilde(order.mu, data),
            q_asimov=experiment.qtilde(order.mu, experiment.asimov()),
            muhat=experiment.muhat(data),
            context=experiment.context(order.mu),
        )
        return
    context = order.context["mu"] or experiment.context(order.mu)
    mu = order.mu if order.hypothesis == "sb" else 0.0
    toys = experiment.throw(mu, context, order.rng(), order.ntoys)
    order.tell_toys(experiment.qtilde(order.mu, toys))


def main(kind="counting", name=None):
    study = cumae.LimitStudy(
        name or kind, range=(0, 6), rel_tol=0.05, max_toys=100_000,
        # These toys cost nothing: small orders make for more points.
        batch_max=1000, curves=["obs", "exp-1", "exp0", "exp+1"])
    experiment = EXPERIMENTS[kind]()
    with cumae.preemptible():
        for order in study.work(walltime=cumae.walltime_left):
            with order:
                answer(order, experiment)
    for name, curve in study.result().items():
        print(f"{name:12}", curve)


if __name__ == "__main__":
    main(*sys.argv[1:])
