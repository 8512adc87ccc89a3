# SPDX-License-Identifier: GPL-3.0-or-later
"""two_masses.py - a small realistic exclusion in a plane of two masses

m1 in [200, 1400], m2 in [0, m1 - 10] GeV. Signal events beside 3 of background:
  N = 12510 (m1 / 200)^-4.5 / (1 + exp(-(m1 - m2 - 120) / 25))
and 12510 is 139 / fb * 0.05 * 1800 fb. The limit on the signal strength is
s95 / N with the exact CLs limit s95 of a counting experiment.
"""

import math
import random

# Exact 95 % CLs upper limits for n observed events beside b = 3 expected ones:
# the s with P(<= n | s + 3) / P(<= n | 3) = 0.05 (Read, J. Phys. G 28, 2002).
S95 = {"obs": 5.395450, "exp+1": 7.663059, "exp-1": 3.643262}  # n = 3, 5, 1

SPACE = {"m1": {"type": "float", "low": 200, "high": 1400},
         "m2": {"type": "float", "low": 0, "high": 1390}}
CONSTRAINTS = ["m2 <= m1 - 10"]
FEATURES = ["m1", "log(m1-m2+20)"]


def definition(name, **contour):
    """Return a study of this plane."""
    return {"name": name, "kind": "contour", "space": SPACE,
            "constraints": CONSTRAINTS,
            "contour": {"features": FEATURES, **contour}}


def limit(params, curve="obs"):
    """Return mu_up, the limit on the signal strength."""
    m1, m2 = params["m1"], params["m2"]
    tail = 1 + math.exp(-(m1 - m2 - 120) / 25)
    return S95[curve] * tail / (12510 * (m1 / 200) ** -4.5)


def edge(m1, curve="obs"):
    """Return the m2 where the contour is at m1, None beyond its nose."""
    ratio = 12510 * (m1 / 200) ** -4.5 / S95[curve] - 1
    return m1 - 120 + 25 * math.log(ratio) if ratio > 0 else None


def misclassified(contour, curve=0, name="obs"):
    """Return the fraction of the allowed area on the wrong side.

    `contour` is the service's answer, with a grid of 201 x 201 nodes: its
    means, interpolated between the nodes, at 20,000 random points.
    """
    grid = contour["grid"]
    mean, xs, ys = grid["curves"][curve]["mean"], grid["x"], grid["y"]
    n, drawn, wrong, seen = len(xs), random.Random(1), 0, 0
    while seen < 20_000:
        m1, m2 = drawn.uniform(200, 1400), drawn.uniform(0, 1390)
        if m2 > m1 - 10:
            continue
        x = (m1 - xs[0]) / (xs[1] - xs[0])
        y = (m2 - ys[0]) / (ys[1] - ys[0])
        i, j = min(int(x), n - 2), min(int(y), n - 2)
        corners = [mean[(j + b) * n + i + a] for b in (0, 1) for a in (0, 1)]
        a, b = x - i, y - j
        at = ((corners[0] * (1 - a) + corners[1] * a) * (1 - b)
              + (corners[2] * (1 - a) + corners[3] * a) * b)
        wrong += (at < 0) != (limit({"m1": m1, "m2": m2}, name) < 1)
        seen += 1
    return wrong / seen
