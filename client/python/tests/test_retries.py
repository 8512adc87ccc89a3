# SPDX-License-Identifier: MIT
"""test_retries.py - what the client does when the network does not"""

import email.utils
import os
import time

import httpx
import pytest

import cumae
from cumae import retry

STUDY = {"id": "s1", "name": "a", "lease_s": 600}
TRIALS = {"study_id": "s1", "trials": [{"number": 0, "params": {"x": 1}}]}
TOLD = {"study_id": "s1", "number": 0, "state": "complete", "values": [1.0]}
LOST = httpx.ReadTimeout("no answer")
REFUSED = httpx.ConnectError("connection refused")


def opened(client):
    return cumae.Study("a", {"x": cumae.Float(0, 1)}, client=client)


@pytest.mark.parametrize("trouble", [
    LOST, REFUSED, httpx.RemoteProtocolError("cut off"),
    (429, {}), (502, {}), (503, {}), (504, {}),
])
def test_trouble_of_the_network_is_tried_again(scripted, naps, trouble):
    client, script = scripted(trouble, trouble, (200, {"version": "1"}))
    assert client.info() == {"version": "1"}
    assert len(script.requests) == 3 and len(naps) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 500])
def test_a_refusal_is_not_tried_again(scripted, naps, status):
    client, script = scripted((status, {"code": "c", "detail": "d"}))
    with pytest.raises(cumae.ServiceError) as caught:
        client.info()
    assert caught.value.status == status
    assert len(script.requests) == 1 and naps == []


def test_all_attempts_of_one_ask_carry_one_key(scripted, naps):
    client, script = scripted((200, STUDY), LOST, (503, {}), (200, TRIALS))
    opened(client).ask()
    keys = [r.headers.get("Idempotency-Key") for r in script.requests]
    assert keys[0] is None
    assert keys[1] and keys[1] == keys[2] == keys[3]


def test_two_asks_carry_two_keys(scripted):
    client, script = scripted((200, STUDY), (200, TRIALS), (200, TRIALS))
    study = opened(client)
    study.ask()
    study.ask()
    keys = [r.headers["Idempotency-Key"] for r in script.requests[1:]]
    assert keys[0] != keys[1]


def test_asking_again_after_a_pause_is_another_ask(scripted, monkeypatch):
    slept = []
    monkeypatch.setattr("cumae.any_study.time.sleep", slept.append)
    paused = {"study_id": "s1", "trials": [], "reason": "paused",
              "retry_after_s": 30}
    client, script = scripted((200, STUDY), (200, paused), (200, TRIALS))
    assert opened(client).ask()[0].number == 0
    keys = [r.headers["Idempotency-Key"] for r in script.requests[1:]]
    assert keys[0] != keys[1]
    assert slept == [30]


def test_a_tell_is_repeated_word_for_word(scripted, naps):
    client, script = scripted((200, STUDY), (200, TRIALS), LOST, (200, TOLD))
    trial = opened(client).trial()
    assert trial.tell(1.0) == "complete"
    assert script.requests[2].content == script.requests[3].content


def test_retry_after_in_seconds_is_the_least_wait(scripted, naps):
    client, _ = scripted((503, {}, {"Retry-After": "7"}), (200, {}))
    client.info()
    # The first wait is at most FIRST_S longer than the service asked for.
    assert 7.0 <= naps[0] <= 7.0 + retry.FIRST_S


def test_retry_after_as_a_date_is_understood():
    header = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert 98.0 <= retry.retry_after_s(header) <= 100.0


@pytest.mark.parametrize("header", [None, "", "soon", "-3", "1.5"])
def test_a_strange_retry_after_is_ignored(header):
    assert retry.retry_after_s(header) == 0.0


def test_a_date_that_has_passed_asks_for_no_wait():
    header = email.utils.formatdate(time.time() - 100, usegmt=True)
    assert retry.retry_after_s(header) == 0.0


def test_the_client_gives_up_when_retry_after_is_beyond_its_patience(
    scripted, naps
):
    client, _ = scripted((503, {}, {"Retry-After": "999"}), patience_s=60)
    with pytest.raises(cumae.ServiceUnreachable, match="503"):
        client.info()
    assert naps == []


def test_without_patience_there_is_one_attempt(scripted, naps):
    client, script = scripted(REFUSED, patience_s=0)
    with pytest.raises(cumae.ServiceUnreachable, match="connection refused"):
        client.info()
    assert len(script.requests) == 1


def test_a_tell_has_a_patience_of_its_own(scripted, naps, monkeypatch):
    answers = (200, STUDY), (200, TRIALS), REFUSED, (200, TOLD)
    client, _ = scripted(
        *answers, patience_s=60, tell_patience_s=0, spool=False
    )
    trial = opened(client).trial()
    with pytest.raises(cumae.ServiceUnreachable):
        trial.tell(1.0)
    client.tell_patience_s = 600.0
    assert trial.tell(1.0) == "complete"


def test_waits_stay_below_a_doubling_ceiling(monkeypatch):
    highest = []
    monkeypatch.setattr(
        retry._random, "uniform", lambda low, high: highest.append(high) or high
    )
    backoff = retry.Backoff(1e6)
    waits = [backoff.next_s() for _ in range(10)]
    # 0.2 s doubled each time, and never above 30 s.
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    assert highest == waits


def test_waits_are_spread_down_to_zero(monkeypatch):
    lows = []
    monkeypatch.setattr(
        retry._random, "uniform", lambda low, high: lows.append(low) or low
    )
    assert retry.Backoff(1e6).next_s() == 0.0
    assert lows == [0.0]


def test_errors_name_what_the_service_said(scripted):
    problem = {"type": "/errors/invalid", "status": 422, "code": "invalid",
               "detail": "low must be below high, not 3 >= 1",
               "request_id": "r-17"}
    client, _ = scripted((422, problem))
    with pytest.raises(cumae.Unprocessable) as caught:
        client.info()
    error = caught.value
    assert (error.code, error.request_id) == ("invalid", "r-17")
    assert "not 3 >= 1" in str(error) and "r-17" in str(error)


def test_a_page_of_a_proxy_is_an_error_too():
    transport = httpx.MockTransport(
        lambda request: httpx.Response(403, text="<html>Blocked</html>")
    )
    client = cumae.Client("http://service", transport=transport)
    with pytest.raises(cumae.Forbidden, match="Blocked"):
        client.info()


def test_a_page_where_json_should_be_is_an_error():
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, text="<html>Welcome</html>")
    )
    client = cumae.Client("http://service", transport=transport)
    with pytest.raises(cumae.ServiceError, match="no Cumae service"):
        client.info()


def test_errors_survive_the_way_back_from_a_worker_process():
    import pickle

    error = pickle.loads(pickle.dumps(cumae.Conflict(409, "c", "d", "r")))
    assert isinstance(error, cumae.Conflict)
    assert (error.status, error.code, error.detail) == (409, "c", "d")


def test_a_forked_child_opens_connections_of_its_own(client):
    client.info()
    before = client._http
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        other = client._connected() is not before
        answered = client.info()["name"] == "cumae"
        os.write(writer, b"y" if other and answered else b"n")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    assert os.read(reader, 1) == b"y"
    os.close(reader)
    assert client._connected() is before
