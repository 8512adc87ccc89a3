# SPDX-License-Identifier: GPL-3.0-or-later
"""test_limits.py - eight processes throw toys, and the limit is the exact one

`make bench-toys` does the same for a hundred studies and looks at their pulls.
"""

import experiments
import pytest

SEEDS = 3


@pytest.mark.parametrize("experiment, exact", [
    (experiments.COUNTING, experiments.COUNTING_LIMIT),
    (experiments.ON_OFF, experiments.ON_OFF_LIMIT),
], ids=["counting", "on-off"])
def test_eight_processes_find_the_limit(service, experiment, exact):
    wire = experiments.Wire(service.url, service.token)
    jobs = []
    for seed in range(SEEDS):
        terms = experiments.terms(rel_tol=0.03, batch_max=1000)
        study = wire.call("POST", "/studies", {"name": f"toys {seed}", **terms})
        jobs.append((study["id"], experiment))
    experiments.crowd(service, jobs)
    for study, _ in jobs:
        answer = wire.call("GET", f"/studies/{study}/limit")
        curve = answer["curves"][0]
        assert answer["status"] == "converged" and curve["precise"]
        assert abs(curve["limit"] - exact) <= 4 * curve["total_error"]
        told = answer["toys"]["sb"] + answer["toys"]["b"]
        counted = sum(p["n_sb"] + p["n_b"] for p in answer["points"])
        assert told == counted and answer["toys"]["running"] == 0
