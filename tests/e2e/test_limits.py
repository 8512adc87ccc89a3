# SPDX-License-Identifier: GPL-3.0-or-later
"""test_limits.py - eight processes throw toys, and the limit is the exact one

`make bench-toys` does the same for a hundred studies and looks at their pulls.
"""

import pytest
import toys

SEEDS = 3


@pytest.mark.parametrize("experiment, exact", [
    (toys.COUNTING, toys.COUNTING_LIMIT),
    (toys.ON_OFF, toys.ON_OFF_LIMIT),
], ids=["counting", "on-off"])
def test_eight_processes_find_the_limit(service, experiment, exact):
    wire = toys.Wire(service.url, service.token)
    jobs = []
    for seed in range(SEEDS):
        terms = toys.terms(rel_tol=0.03, batch_max=1000)
        study = wire.call("POST", "/studies", {"name": f"toys {seed}", **terms})
        jobs.append((study["id"], experiment))
    toys.crowd(service, jobs)
    for study, _ in jobs:
        answer = wire.call("GET", f"/studies/{study}/limit")
        curve = answer["curves"][0]
        assert answer["status"] == "converged" and curve["precise"]
        assert abs(curve["limit"] - exact) <= 4 * curve["total_error"]
        told = answer["toys"]["sb"] + answer["toys"]["b"]
        counted = sum(p["n_sb"] + p["n_b"] for p in answer["points"])
        assert told == counted and answer["toys"]["running"] == 0
