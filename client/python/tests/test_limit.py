# SPDX-License-Identifier: MIT
"""test_limit.py - limit studies: orders, toys, results"""

import base64
import gzip
import json
import logging
import struct
import sys

import httpx
import pytest

import cumae
from cumae.order import packed
from fake_service import TOKEN


@pytest.fixture
def study(client):
    return cumae.LimitStudy("a", range=(0, 20), client=client)


def worked(study, **options):
    """Do all orders with made up numbers; return them."""
    done = []
    for t in study.work(**options):
        with t:
            if t.want == "obs":
                t.tell_obs(q=1.0)
            else:
                t.tell_toys([0.0] * t.ntoys)
        done.append(t)
    return done


def order(study, want="toys"):
    """Return the next order of a kind; others are told."""
    while True:
        t, = study.ask()
        if t.want == want:
            return t
        t.tell_obs(q=1.0) if t.want == "obs" else t.tell_toys([])


def told(fake, number):
    return fake.state.studies["fake0"]["list"][number]


# ---- definitions ------------------------------------------------------------


def test_what_is_not_said_is_left_to_the_service(scripted):
    made = {"id": "s", "name": "a", "kind": "limit", "lease_s": 600}
    client, script = scripted((201, made))
    cumae.LimitStudy("a", range=(0, 20), rel_tol=0.02, client=client)
    assert script.bodies() == [{
        "name": "a", "kind": "limit",
        "limit": {"poi": "mu", "low": 0, "high": 20, "rel_tol": 0.02}}]


def test_points_make_a_grid(scripted):
    made = {"id": "s", "name": "a", "kind": "limit", "lease_s": 600}
    client, script = scripted((201, made))
    cumae.LimitStudy("a", range=(0, 2), points=[0.5, 1.0], client=client)
    limit = script.bodies()[0]["limit"]
    assert (limit["mode"], limit["points"]) == ("grid", [0.5, 1.0])


def test_a_study_of_another_kind_is_not_opened(client, study):
    with pytest.raises(cumae.CumaeError, match="kind limit, not hpo or grid"):
        cumae.Study.open(study.id, client)
    with pytest.raises(cumae.CumaeError, match="kind limit, not contour"):
        cumae.ContourStudy.open(study.id, client)
    assert cumae.LimitStudy.open(study.id, client).name == "a"


# ---- orders -----------------------------------------------------------------


def test_work_ends_when_the_study_has_converged(fake, study):
    done = worked(study)
    assert [t.want for t in done[:3]] == ["obs", "toys", "toys"]
    assert [t.hypothesis for t in done[:3]] == [None, "sb", "b"]
    assert {t.ntoys for t in done if t.want == "toys"} == {500}
    assert len({t.seed for t in done}) == len(done)
    assert study.result()["toys_used"] == 2000


def test_context_comes_with_orders(client):
    study = cumae.LimitStudy(
        "a", range=(0, 20), context={"sha": "abc"}, client=client)
    data, = study.ask()
    assert data.context == {"study": {"sha": "abc"}, "mu": None}
    data.tell_obs(q=1.0, context={"theta": (1.0, 2.0)})
    toys, = study.ask()
    assert toys.context["mu"] == {"theta": [1.0, 2.0]}


def test_generators_follow_from_seed_and_hypothesis(study):
    numpy = pytest.importorskip("numpy")
    sb = order(study)
    b = order(study)
    assert (sb.hypothesis, b.hypothesis) == ("sb", "b")
    assert sb.rng().random() == sb.rng().random()
    again = numpy.random.default_rng([sb.seed, 1]).random()
    assert sb.rng().random() == again
    assert b.rng().random() == numpy.random.default_rng([b.seed, 0]).random()


def test_without_numpy_there_is_no_generator(study, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(cumae.CumaeError, match="pip install numpy"):
        order(study).rng()


def test_the_data_are_told_with_what_is_known(fake, study):
    t, = study.ask()
    assert t.tell_obs(q=1.9, q_asimov=3.4, muhat=-0.2) == "complete"
    assert told(fake, 0)["obs"] == {"q": 1.9, "q_asimov": 3.4, "muhat": -0.2}
    assert told(fake, 0)["wall_s"] >= 0


@pytest.mark.parametrize("numbers, error", [
    ({"q": float("nan")}, "q is nan"),
    ({"q": 1.0, "muhat": float("-inf")}, "muhat is -inf"),
])
def test_data_that_are_not_finite_have_failed(fake, study, numbers, error):
    t, = study.ask()
    assert t.tell_obs(**numbers) == "failed"
    assert told(fake, 0)["error"] == error


def test_an_order_is_not_told_what_it_does_not_want(study):
    data, = study.ask()
    with pytest.raises(ValueError, match="order 0 wants obs, not toys"):
        data.tell_toys([1.0])
    with pytest.raises(ValueError, match="order 1 wants toys, not obs"):
        order(study).tell_obs(q=1.0)


def test_a_block_that_tells_nothing_has_failed(fake, study):
    with pytest.raises(cumae.CumaeError, match="trial 0 was not told"):
        with study.ask()[0]:
            pass
    assert told(fake, 0)["state"] == "failed"


def test_a_block_that_raises_has_failed(fake, study):
    with pytest.raises(ZeroDivisionError):
        with order(study):
            1 / 0
    assert "ZeroDivisionError" in told(fake, 1)["error"]


def test_an_interrupted_order_is_handed_back_and_gets_another_seed(
    fake, study
):
    with pytest.raises(KeyboardInterrupt):
        with order(study) as t:
            raise KeyboardInterrupt
    assert told(fake, 1)["state"] == "lost"
    again, = study.ask()
    assert (again.mu, again.hypothesis) == (t.mu, t.hypothesis)
    assert again.seed != t.seed


def test_a_lease_is_renewed_and_a_lost_order_says_so(fake, client):
    study = cumae.LimitStudy("a", range=(0, 2), lease_s=0.03, client=client)
    t, = study.ask()
    fake.state.studies["fake0"]["list"][0]["state"] = "lost"
    t._heartbeat._thread.join(10.0)  # it ends when there is nothing to renew
    assert t.should_prune()


# ---- toys -------------------------------------------------------------------


def test_toys_are_float64_in_base64():
    q = [0.0, 1.5, 1e-300]
    toys = packed(q, 3, 0)
    assert toys["shape"] == [3]
    data = base64.b64decode(toys["q_b64"])
    assert data == struct.pack("<3d", *q)


def test_numpy_is_as_good_as_lists():
    numpy = pytest.importorskip("numpy")
    matrix = numpy.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    wide = packed(matrix, 3, 2)
    assert wide["shape"] == [3, 2]
    assert wide == packed(matrix.tolist(), 3, 2)
    assert wide == packed(list(matrix), 3, 2)
    assert wide == packed(matrix.T.copy().T, 3, 2)
    column = matrix.astype("float32")[:, 0]
    assert packed(column, 3, 2) == packed([1.0, 3.0, 5.0], 3, 2)


@pytest.mark.parametrize("q, n_mu, words", [
    ([1.0] * 4, 0, r"shape \(4,\), not \(3,\) or fewer"),
    ([[1.0, 2.0]] * 3, 0, r"shape \(3, 2\), not \(3,\) or fewer"),
    ([[1.0, 2.0]] * 3, 4, r"shape \(3, 2\), not \(3,\) or \(3, 4\) or fewer"),
    ([[1.0, 2.0]] * 4, 2, r"shape \(4, 2\)"),
    ([[[1.0]]] * 3, 2, r"shape \(3, 1, 1\)"),
    (1.0, 0, r"shape \(\)"),
    ([[1.0, 2.0], [1.0]], 2, r"rows of different shapes: \[\(1,\), \(2,\)\]"),
    ([[1.0, 2.0], 1.0], 2, r"rows of different shapes: \[\(\), \(2,\)\]"),
])
def test_wrong_shapes_are_named(q, n_mu, words):
    with pytest.raises(ValueError, match=words):
        packed(q, 3, n_mu)


def test_what_is_no_number_is_a_type_error():
    with pytest.raises(TypeError):
        packed([1.0, None], 3, 0)


def test_no_toys_at_all_may_be_told(fake, study):
    t = order(study)
    assert t.tell_toys([], n_failed=500) == "complete"
    assert told(fake, t.number)["n_failed"] == 500


def test_more_values_than_fit_are_cut_to_whole_toys(caplog):
    caplog.set_level(logging.WARNING, "cumae")
    toys = packed([[1.0] * 30] * 2000, 2000, 30)
    assert toys["shape"] == [1666, 30]  # 50 000 // 30
    assert len(base64.b64decode(toys["q_b64"])) == 8 * 1666 * 30
    assert "1666 of 2000 toys fit" in caplog.text


def test_shared_toys_have_a_value_per_mu(fake, client):
    study = cumae.LimitStudy("a", range=(0, 20), share_b=True, client=client)
    t = order(study)
    assert (t.hypothesis, t.mu_eval) == ("sb", None)
    t.tell_toys([0.0])
    t = order(study)
    assert (t.hypothesis, t.mu_eval) == ("b", [5.0, 10.0])
    assert t.tell_toys([[1.0, 2.0]] * 3) == "complete"
    assert told(fake, t.number)["q"] == [1.0, 2.0] * 3


def test_toys_that_failed_are_told(fake, study):
    t = order(study)
    t.tell_toys([1.0, float("nan"), float("inf"), 2.0], n_failed=3)
    assert told(fake, t.number)["q"] == [1.0, 2.0]
    assert told(fake, t.number)["n_failed"] == 5
    with pytest.raises(ValueError, match="n_failed is -1"):
        order(study).tell_toys([1.0], n_failed=-1)
    with pytest.raises(ValueError, match="n_failed is 0.5"):
        order(study).tell_toys([1.0], n_failed=0.5)


def test_many_toys_are_sent_packed(fake, client, monkeypatch):
    study = cumae.LimitStudy("a", range=(0, 20), client=client)
    fake.state.studies[study.id]["limit"]["batch_max"] = 1000
    sent = []
    real = httpx.Client.request

    def request(self, method, url, **options):
        sent.append(options)
        return real(self, method, url, **options)

    few, many = order(study), order(study)
    monkeypatch.setattr(httpx.Client, "request", request)
    few.tell_toys([1.0, 2.0])
    many.tell_toys([float(n % 7) for n in range(1000)])
    assert "Content-Encoding" not in sent[0]["headers"]
    assert sent[1]["headers"]["Content-Encoding"] == "gzip"
    body = json.loads(gzip.decompress(sent[1]["content"]))
    assert body["toys"]["shape"] == [1000]
    # 8 kB of numbers, which are seven.
    assert len(sent[1]["content"]) < 500


def test_toys_wait_in_the_spool_while_the_service_is_away(
    fake, client, monkeypatch
):
    """And are delivered by the next client: another job, say."""
    study = cumae.LimitStudy("a", range=(0, 20), client=client)
    t = order(study)
    client.tell_patience_s = 0.0
    with monkeypatch.context() as away:
        away.setattr(client, "base_url", "http://127.0.0.1:1")
        assert t.tell_toys([0.5] * 500, n_failed=2) == "spooled"
    path, result = next(client.delivery.spool.waiting())
    # It is for the service that the client had when it was told.
    path.write_text(path.read_text().replace("http://127.0.0.1:1", fake.url))
    assert told(fake, t.number)["state"] == "running"
    with cumae.Client(fake.url, TOKEN) as later:
        assert later.delivery.deliver().delivered == 1
    kept = told(fake, t.number)
    assert (kept["state"], kept["q"]) == ("complete", [0.5] * 500)
    assert kept["n_failed"] == 2


# ---- results ----------------------------------------------------------------


def test_the_result_has_curves_by_name(study):
    worked(study)
    result = study.result()
    assert result["obs"]["limit"] == 1.5
    assert result["obs"]["total_error"] == 0.013
    assert result["obs"]["status"] == "ok" and "name" not in result["obs"]
    assert result["asymptotic"]["exp+2"] == 1.46
    assert (result["status"], result["toys_used"]) == ("converged", 2000)


def test_wait_returns_when_others_have_done_it(study, monkeypatch):
    naps = []

    def others_work(seconds):
        naps.append(seconds)
        worked(study)

    monkeypatch.setattr("cumae.limit.time.sleep", others_work)
    assert study.wait()["status"] == "converged"
    assert naps == [10.0]


def test_wait_ends_in_time(study):
    with pytest.raises(TimeoutError, match="is running still"):
        study.wait(timeout_s=0.0)


def test_wait_ends_when_the_study_is_stopped(study):
    study.stop()
    assert study.wait()["status"] == "running"


def test_the_table_has_a_row_per_point(study):
    assert study.table() == []
    worked(study)
    rows = study.table()
    assert [row["mu"] for row in rows] == sorted(row["mu"] for row in rows)
    assert sum(row["n_sb"] + row["n_b"] for row in rows) == 2000
    assert rows[0]["CLsb"] == 0.1 and rows[0]["CLsb_high"] == 0.2
    assert rows[0]["CLs"] is None and rows[0]["CLs_high"] == 1.0
    assert rows[0]["CLb"] is None and rows[0]["exp0"] is None


def test_a_histogram_has_bins(study):
    drawn = study.histogram(0.1, bins=3)
    assert (drawn["mu"], len(drawn["edges"])) == (0.1, 4)


def test_a_campaign_of_limits_hands_out_orders(scripted):
    asked = {"study_id": "s", "segment": "500", "kind": "limit",
             "lease_s": 600, "trials": [
        {"number": 0, "params": {}, "want": "obs", "mu": 1.0, "seed": 7}]}
    client, script = scripted(
        (201, {"id": "c", "name": "scan"}), (200, asked),
        (200, {"state": "complete"}), (200, asked))
    campaign = cumae.Campaign(
        "scan", template={"kind": "limit", "limit": {"low": 0, "high": 20}},
        segments=["500"], client=client)
    order, = campaign.ask()
    assert isinstance(order.study, cumae.LimitStudy)
    assert (order.want, order.segment) == ("obs", "500")
    assert order.tell_obs(q=1.0) == "complete"
    again, = campaign.ask()  # the study is known by now
    assert again.study is order.study
    assert not script.answers
