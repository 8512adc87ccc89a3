# SPDX-License-Identifier: MIT
"""plane.py - one worker that looks for an exclusion contour; start several

Usage: CUMAE_URL=... CUMAE_TOKEN=... python plane.py [STUDY]

Two masses m1 and m2 make a plane. In 139 / fb a search with an efficiency of
5 % sees signal with a cross section that falls as m1^-4.5, if the masses are
not too near to each other. It expects 3 events of background and sees 3: where
is the signal excluded? Limits are exact, by CLs of Poisson counts.
"""

import math
import sys

import cumae

SPACE = {"m1": cumae.Float(200, 1400), "m2": cumae.Float(0, 1390)}
BACKGROUND = 3.0
SEEN = {"obs": 3, "exp-1": 1, "exp+1": 5}


def poisson_cdf(n, mean):
    """Return the probability of at most n events."""
    return sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1))
               for k in range(n + 1))


def excluded_signal(n, alpha=0.05):
    """Return the number of signal events at which CLs is alpha."""
    low, high = 0.0, 100.0
    for _ in range(60):
        s = (low + high) / 2
        cls = poisson_cdf(n, s + BACKGROUND) / poisson_cdf(n, BACKGROUND)
        low, high = (s, high) if cls > alpha else (low, s)
    return low


def signal(m1, m2):
    """Return the number of signal events."""
    cross_section_fb = 1800 * (m1 / 200) ** -4.5
    acceptance = 1 / (1 + math.exp(-(m1 - m2 - 120) / 25))
    return 139 * 0.05 * cross_section_fb * acceptance


LIMITS = {curve: excluded_signal(n) for curve, n in SEEN.items()}


def limits(m1, m2):
    """Return the upper limits on the strength of the signal, by curve."""
    return {name: s / signal(m1, m2) for name, s in LIMITS.items()}


def main(name="C1N2"):
    study = cumae.ContourStudy(
        name, SPACE, constraints=["m2 <= m1 - 10"],
        features=["m1", "log(m1 - m2 + 20)"], curves=list(SEEN),
        max_points=60, stop_area=0.005)
    with cumae.preemptible():
        for p in study.work(walltime=cumae.walltime_left):
            with p:
                p.tell(mu_up=limits(**p.params))
    for curve in study.contour()["curves"]:
        for line in curve["lines"]:
            ends = [f"({x:.0f}, {y:.0f})" for x, y in
                    (line["points"][0], line["points"][-1])]
            print(curve["name"], "from", *ends[:1], "to", *ends[1:])


if __name__ == "__main__":
    main(*sys.argv[1:])
