# SPDX-License-Identifier: MIT
"""test_examples.py - the workers for limits and contours, in Python and in C

They work for the fake service, and their statistics have known values: exact
ones of limits on Poisson counts, computed with sums over all outcomes, and those
that the documentation of pyhf has.
"""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cumae
from fake_service import TOKEN

CLIENT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CLIENT / "examples"))
numpy = pytest.importorskip("numpy")
import plane  # noqa: E402
import toys  # noqa: E402

# pyhf has not moved on yet.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver")


@pytest.fixture
def environment(fake, monkeypatch):
    """The address and the token of the fake service."""
    monkeypatch.setenv("CUMAE_URL", fake.url)
    monkeypatch.setenv("CUMAE_TOKEN", TOKEN)
    return {**os.environ, "CUMAE_URL": fake.url, "CUMAE_TOKEN": TOKEN}


def orders(fake):
    """Return the orders of the only study that were done."""
    study, = fake.state.studies.values()
    return [t for t in study["list"] if t["state"] == "complete"]


def poisson(n, mean):
    return math.exp(-mean + n * math.log(mean) - math.lgamma(n + 1))


# ---- statistics -------------------------------------------------------------


def test_a_deviance_has_all_its_digits_everywhere():
    # x ln(x / y) - (x - y) in 50 digits, as d = x - y = 1e-8 loses 16 of them:
    # d^2 / 2 y - d^3 / 6 y^2 ...
    assert toys.deviance(3 + 1e-8, 3) == pytest.approx(1e-16 / 6, rel=1e-8)
    assert toys.deviance(0, 3) == 3
    assert toys.deviance(5, 3) == pytest.approx(
        5 * math.log(5 / 3) - 2, rel=1e-14)
    # On both sides of where the formula changes.
    for t in (0.000999, 0.001001, -0.000999, -0.001001):
        exact = math.fsum(
            (-1) ** k * t**k / (k * (k - 1)) for k in range(2, 9))
        assert toys.deviance(3 * (1 + t), 3) == pytest.approx(
            3 * exact, rel=1e-9)


def test_q_of_counts_is_that_of_the_likelihood():
    experiment = toys.Counting(s=3.0, b=3.0)

    def log_l(n, mu):
        return math.log(poisson(n, 3 * mu + 3))

    n = numpy.arange(12)
    q = experiment.qtilde(1.5, n)
    for k in n:
        muhat = max((k - 3) / 3, 0.0)
        exact = 2 * (log_l(k, muhat) - log_l(k, 1.5)) if muhat < 1.5 else 0
        assert q[k] == pytest.approx(exact, abs=1e-12)


def test_the_limit_of_counts_is_that_of_poisson():
    # 3 of 3 seen: s_up = 5.395450 at 95 % CL by CLs.
    mu = 5.395450 / 3
    experiment = toys.Counting()
    rng = numpy.random.default_rng(1)
    tail = []
    for signal in (mu, 0.0):
        thrown = experiment.throw(signal, experiment.context(mu), rng, 400_000)
        q = experiment.qtilde(mu, thrown)
        tail.append(numpy.mean(q >= experiment.qtilde(mu, 3) - 1e-9))
    # CLs+b is 0.032: the error of its estimate is 0.9 %, that of CLb less.
    assert tail[0] / tail[1] == pytest.approx(0.05, rel=0.03)


def test_q_with_a_measured_background_is_the_known_one():
    experiment = toys.OnOff()
    # (n, m) = (9, 9), s = 6, b = tau = 9, mu = 1: q = 1.902591.
    assert experiment.qtilde(1.0, (9, 9)) == pytest.approx(1.902591, abs=1e-6)
    rng = numpy.random.default_rng(1)
    context = experiment.context(1.0)
    observed = experiment.qtilde(1.0, (9, 9))
    for mu, exact in ((1.0, 0.0907053), (0.0, 0.516431)):
        thrown = experiment.throw(mu, context, rng, 400_000)
        tail = numpy.mean(experiment.qtilde(1.0, thrown) >= observed - 1e-4)
        error = math.sqrt(exact * (1 - exact) / 400_000)
        assert abs(tail - exact) < 4 * error


def test_gamma_is_likeliest_everywhere():
    experiment = toys.OnOff(s=6.0, b=9.0, tau=4.0)
    for mu in (0.0, 0.5, 3.0):
        for n, m in ((0, 0), (0, 5), (7, 0), (9, 9), (40, 1)):
            gamma = experiment.gamma(mu, n, m)
            least = experiment.distance(mu, n, m)
            for near in (gamma * 0.999, gamma * 1.001, gamma + 1e-4):
                other = (toys.deviance(n, max(6 * mu + 9 * near, 1e-300))
                         + toys.deviance(m, max(4 * near, 1e-300)))
                assert least <= other + 1e-12


@pytest.mark.parametrize("m1, m2", [
    (500, 469.96), (700, 629.56), (900, 792.75), (1000, 869.58),
    (1100, 916.99),
])
def test_the_plane_is_excluded_where_it_should_be(m1, m2):
    # Where the observed limit is 1, in closed form: m2 = m1 - 120
    # + 25 ln(12510 (m1 / 200)^-4.5 / 5.39545 - 1).
    limits = plane.limits(m1, m2)
    # At 1119 GeV the reach ends: near it 0.005 in m2 is 1e-3 of the limit.
    assert limits["obs"] == pytest.approx(1.0, rel=1e-3)
    assert limits["exp-1"] < limits["obs"] < limits["exp+1"]


# ---- workers ----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["counting", "onoff"])
def test_toys_are_thrown_until_the_limit_is_known(
    fake, environment, capsys, kind
):
    experiment = toys.EXPERIMENTS[kind]()
    study = cumae.LimitStudy("small", range=(0, 6), max_toys=1000)
    for order in study.work():
        with order:
            toys.answer(order, experiment)
    done = orders(fake)
    for order in done:
        if order["want"] == "obs":
            assert order["obs"]["q"] == pytest.approx(
                float(experiment.qtilde(order["mu"], experiment.data())))
            assert order["obs"]["q_asimov"] > 0
        else:
            assert len(order["q"]) == 500 and order["n_failed"] == 0
            assert min(order["q"]) == 0.0 < max(order["q"])
    assert {t["hypothesis"] for t in done} == {None, "sb", "b"}


def test_the_program_prints_the_limits(fake, environment, capsys, monkeypatch):
    real = cumae.LimitStudy

    def small(*arguments, **settings):
        return real(*arguments, **{**settings, "max_toys": 1000})

    monkeypatch.setattr(cumae, "LimitStudy", small)
    toys.main("counting", "a name")
    assert "obs          {'status': 'ok', 'limit': 1.5" in capsys.readouterr().out
    assert fake.state.studies["fake0"]["name"] == "a name"


def test_a_worker_looks_for_a_contour(fake, environment):
    plane.main("a plane")
    done = orders(fake)
    assert len(done) == 60
    for point in done:
        limits = plane.limits(**point["params"])
        assert point["values"] == [limits[c] for c in plane.SEEN]


def test_a_worker_in_c_throws_the_same_toys(fake, environment):
    build = os.environ.get("CUMAE_BUILD", CLIENT.parent / "build/release")
    example = Path(build) / "examples" / "toys"
    assert example.exists(), f"{example} is not built: make examples"
    ended = subprocess.run(
        [example, "in C"], env=environment, capture_output=True, text=True,
        timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert "no trial: converged" in ended.stderr
    experiment = toys.Counting()
    counted = {}
    for order in orders(fake):
        mu = order["mu"]
        assert order["wall_s"] >= 0
        if order["want"] == "obs":
            assert order["obs"] == {
                "q": pytest.approx(float(experiment.qtilde(mu, 3)), abs=1e-12),
                "q_asimov": pytest.approx(float(experiment.qtilde(mu, 3))),
                "muhat": 0.0}
            continue
        counted.setdefault((mu, order["hypothesis"]), []).extend(order["q"])
    assert sum(map(len, counted.values())) == 60_000
    for (mu, hypothesis), q in counted.items():
        check_counts(experiment, mu, hypothesis, numpy.array(q))


def check_counts(experiment, mu, hypothesis, q):
    """Are toys as frequent as Poisson numbers are, within five deviations?"""
    mean = 3 + (3 * mu if hypothesis == "sb" else 0)
    left = len(q)
    for n in range(math.ceil(3 * mu + 3)):
        mine = numpy.isclose(q, experiment.qtilde(mu, n), rtol=0, atol=1e-9)
        expected = len(q) * poisson(n, mean)
        assert abs(mine.sum() - expected) < 5 * math.sqrt(expected) + 5
        left -= mine.sum()
    # All others, whose muhat is above mu, pile up at 0.
    assert left == numpy.sum(q == 0.0)


# ---- pyhf -------------------------------------------------------------------


@pytest.fixture
def worker():
    pytest.importorskip("pyhf")
    import pyhf_worker

    return pyhf_worker


def test_a_workspace_has_the_statistics_that_pyhf_publishes(worker):
    likelihood = worker.Likelihood(worker.TWO_BINS)
    told = likelihood.observed(1.0)
    # From the documentation of pyhf.infer.test_statistics.qmu_tilde.
    assert told["q"] == pytest.approx(3.93824492, rel=1e-4)
    # In closed form: 3.418869072.
    assert told["q_asimov"] == pytest.approx(3.418869072, rel=1e-4)
    assert told["muhat"] == pytest.approx(0.0, abs=1e-6)
    assert told["context"]["sb"][likelihood.model.config.poi_index] == 1.0
    assert told["context"]["b"][likelihood.model.config.poi_index] == 0.0


def test_a_worker_fits_toys_of_a_workspace(fake, environment, worker):
    study = worker.open_study(worker.TWO_BINS, "two bins")
    kept = fake.state.studies[study.id]["limit"]
    kept.update(max_toys=20, batch_max=10)
    assert len(kept["context"]["workspace_sha256"]) == 64
    likelihood = worker.Likelihood(worker.TWO_BINS)
    for order in study.work():
        with order:
            worker.answer(order, likelihood)
    done = {t["hypothesis"]: t for t in orders(fake)}
    assert done["sb"]["context"]["mu"] == done[None]["obs"]["context"]
    # Toys of the background are further from a signal of strength 1.25.
    assert numpy.mean(done["b"]["q"]) > numpy.mean(done["sb"]["q"])
    assert done["b"]["n_failed"] == 0


def test_a_fit_that_fails_is_a_toy_that_failed(worker, monkeypatch):
    import pyhf

    def fails(*_, **__):
        raise pyhf.exceptions.FailedMinimization(type("", (), {"message": ""}))

    likelihood = worker.Likelihood(worker.TWO_BINS)
    monkeypatch.setattr(worker, "qmu_tilde", fails)
    parameters = likelihood.model.config.suggested_init()
    q = likelihood.throw(1.0, parameters, [1, 0], 3)
    assert numpy.isnan(q).all() and len(q) == 3
