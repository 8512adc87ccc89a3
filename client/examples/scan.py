# SPDX-License-Identifier: MIT
"""scan.py - one worker of a scan over mass points; start as many as you like

Usage: CUMAE_URL=... CUMAE_TOKEN=... python scan.py [SCAN]

Each point is a signal model: masses, and how many events it would add to a
counting experiment with b = 50 and 55 observed. The value is CLs in the
asymptotic approximation (Cowan et al., arXiv:1007.1727, q tilde for a known
background), the outputs are the expected band. Whoever ends last prints the
table. A point whose fit fails is run again, up to three times in all.
"""

import math
import sys

import cumae

BACKGROUND, OBSERVED = 50.0, 55.0


def points():
    """A grid of masses; the id of a point is what a patch set calls it."""
    for m1 in range(150, 650, 100):
        for m2 in range(0, m1 - 100, 100):
            signal = 2000 * math.exp(-m1 / 100) * (1 - m2 / m1)
            yield {"id": f"C1N2_{m1}_{m2}", "params": {"m1": m1, "m2": m2},
                   "meta": {"signal": signal}}


def phi(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def root_q(n, s):
    """The root of the test statistic for n events with signal s expected."""
    if n >= s + BACKGROUND:
        return 0.0
    best = max(n, BACKGROUND)
    q = 2 * (s + BACKGROUND - best + n * math.log(best / (s + BACKGROUND)))
    return math.sqrt(max(q, 0.0))


def hypotest(s):
    asimov = root_q(BACKGROUND, s)
    root = root_q(OBSERVED, s)
    observed = phi(-root) / phi(asimov - root)
    band = [phi(-(asimov + z)) / phi(-z) for z in (2, 1, 0, -1, -2)]
    return observed, band


def main(name):
    scan = cumae.Scan(name, points=points(), value="CLs_obs", max_attempts=3)
    with cumae.preemptible():
        for trial in scan.work(walltime=cumae.walltime_left):
            with trial:
                cls, band = hypotest(trial.meta["signal"])
                trial.tell(cls, outputs={"CLs_exp": band})
    done = scan.progress()
    print(f"{done['complete']} of {done['runs']} runs are complete, "
          f"{done['failed']} failed")
    for row in scan.results():
        print(f"{row['id']:14} CLs {row['CLs_obs']:.4f}"
              f"{'  excluded' if row['CLs_obs'] < 0.05 else ''}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "C1N2")
