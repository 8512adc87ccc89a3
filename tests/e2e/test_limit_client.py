# SPDX-License-Identifier: GPL-3.0-or-later
"""test_limit_client.py - the workers for limits and contours, and the real service"""

import os
import subprocess
import sys

import cumae
import harness
import pytest

EXAMPLES = harness.ROOT / "client" / "examples"
sys.path.insert(0, str(EXAMPLES))
import plane  # noqa: E402
import toys  # noqa: E402

# pyhf has not moved on yet.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver")
# 95 % CL by CLs: 3 events of 3 are 5.395450 of signal; in OnOff by sums over
# all outcomes.
EXACT = {"counting": 5.395450 / 3, "onoff": 1.48152}


@pytest.fixture
def client(service):
    with cumae.Client(service.url, service.token, patience_s=30.0) as one:
        yield one


def crowd(service, *command, n=3):
    """Run a worker n times at once, until the study ends."""
    environment = {**os.environ, "CUMAE_URL": service.url,
                   "CUMAE_TOKEN": service.token, "CUMAE_SPOOL": "off",
                   "OPENBLAS_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(command, env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(n)
    ]
    for worker in workers:
        said, _ = worker.communicate(timeout=2 * harness.PATIENCE_S)
        assert worker.returncode == 0, said


def opened(client, kind, name):
    """Return the study of a name."""
    found, = client.studies(q=name)
    return kind.open(found["id"], client)


def check_toys(study):
    """Is every toy that was told counted once, and every seed used once?"""
    done = study.trials(state="complete")
    assert len({order.seed for order in done}) == len(done)
    counted = sum(row["n_sb"] + row["n_b"] for row in study.table())
    assert counted == study.result()["toys_used"] > 0


@pytest.mark.parametrize("kind", ["counting", "onoff"])
def test_workers_find_an_upper_limit(service, client, kind):
    crowd(service, sys.executable, EXAMPLES / "toys.py", kind, f"py {kind}")
    study = opened(client, cumae.LimitStudy, f"py {kind}")
    result = study.result()
    assert result["status"] == "converged", result
    off = result["obs"]["limit"] - EXACT[kind]
    assert abs(off) < 5 * result["obs"]["total_error"]
    check_toys(study)


def test_workers_in_c_find_it_too(service, client):
    example = harness.binary().parent / "examples" / "toys"
    crowd(service, example, "c counting", n=2)
    study = opened(client, cumae.LimitStudy, "c counting")
    observed = study.result()["obs"]
    off = observed["limit"] - EXACT["counting"]
    assert abs(off) < 5 * observed["total_error"]
    check_toys(study)


def test_toys_that_were_told_late_count_once(service, client):
    study = cumae.LimitStudy("late", range=(0, 6), client=client)
    experiment = toys.Counting()
    for order in study.work(n_trials=12):
        with order:
            toys.answer(order, experiment)
            if order.want == "toys":
                mu = order.mu if order.hypothesis == "sb" else 0.0
                thrown = experiment.throw(
                    mu, {"b": 3.0}, order.rng(), order.ntoys)
                # The same again, as a delivery does that got no answer.
                order.tell_toys(experiment.qtilde(order.mu, thrown))
    check_toys(study)


def test_fits_that_fail_are_counted(client):
    study = cumae.LimitStudy("failing", range=(0, 6), client=client)
    thrown = 0
    for order in study.work(n_trials=12):
        with order:
            if order.want == "obs":
                order.tell_obs(q=1.0)
                continue
            q = [0.5] * (order.ntoys - 20)
            order.tell_toys([*q[10:], *[float("nan")] * 10], n_failed=20)
            thrown += 1
    failed = study.limit()["toys"]["failed"]
    assert thrown > 0 and failed == 30 * thrown


def test_the_asymptotic_limits_are_those_of_pyhf(client):
    worker = pytest.importorskip("pyhf_worker")
    from pyhf.infer.intervals.upper_limits import toms748_scan

    likelihood = worker.Likelihood(worker.TWO_BINS)
    mus = [0.5, 0.75, 1.0, 1.05, 1.5, 2.05, 2.1]
    study = cumae.LimitStudy(
        "asymptotic", range=(0, 5), points=mus, client=client,
        curves=["obs", "exp-2", "exp-1", "exp0", "exp+1", "exp+2"])
    for order in study.work(n_trials=len(mus)):
        with order:
            worker.answer(order, likelihood)
    observed, band = toms748_scan(
        likelihood.data, likelihood.model, 0.0, 5.0, level=0.05, rtol=1e-8)
    found = list(study.result()["asymptotic"].values())
    exact = [float(limit) for limit in (observed, *band)]
    assert found == pytest.approx(exact, rel=1e-4)


def test_workers_find_a_contour(service, client):
    crowd(service, sys.executable, EXAMPLES / "plane.py", "a plane", n=4)
    study = opened(client, cumae.ContourStudy, "a plane")
    drawn = study.contour(n=101, grid=True)
    assert drawn["status"] == "converged" and drawn["points"] <= 44
    grid = drawn["grid"]
    places = [(x, y) for y in grid["y"] for x in grid["x"]]
    for curve in grid["curves"]:
        known = [
            (mean < 0, plane.limits(*place)[curve["name"]] < 1)
            for place, mean in zip(places, curve["mean"]) if mean is not None
        ]
        wrong = sum(said != true for said, true in known)
        # The study ended when 0.5 % were expected to be wrong.
        assert wrong < 0.01 * len(known)


def test_a_point_of_a_contour_owns_a_limit_study(client):
    study = cumae.ContourStudy(
        "nested", {"m": cumae.Float(1, 10), "x": cumae.Float(0, 1)},
        initial=2, client=client)
    for p in study.work(n_trials=2):
        experiment = toys.Counting(s=p["m"])
        with p:
            limit = p.limit_study(range=(0, 20), rel_tol=0.1, batch_max=1000)
            for order in limit.work():
                with order:
                    toys.answer(order, experiment)
    for point in study.trials():
        limit = opened(client, cumae.LimitStudy, f"nested/{point.number}")
        observed = limit.result()["obs"]
        assert point.values == [observed["limit"]]
        assert point.constraints == {"err.obs": observed["total_error"]}
        off = observed["limit"] - 5.395450 / point.params["m"]
        assert abs(off) < 5 * observed["total_error"]
