# SPDX-License-Identifier: GPL-3.0-or-later
"""test_hopaas.py - jobs written for Hopaas run unchanged

One test or more per point of the conformance list of a drop-in server, each
named after its point. Point 12, the redirect from http to https with 308, is
held by the tests of the nginx configuration under tests/e2e, since cumaed
itself speaks plain HTTP only.
"""

import json
import math
import multiprocessing
import re
import socket
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import harness
import httpx
import pytest
from calls import Calls, fresh_name
from hopaas_job import (
    HYPERBAND, MEDIAN, NOP, THRESHOLD, Job, Refused, ask_body, race, send,
)

X = {"x": "optuna#uniform(0,1)"}
SPACES = {
    "uniform": "optuna#uniform(0,1)",
    "int": "optuna#int(0,10,1,false)",
    "float": "optuna#float(-10.0,10.0)",
    "discrete": "optuna#discrete_uniform(-10.0,10.0)",
    "loguniform": "optuna#loguniform(0.1,100.0)",
    "categorical": "optuna#categorical(successful,unsuccessful,improvable)",
}
PRUNERS = {"nop": NOP, "median": MEDIAN, "threshold": THRESHOLD,
           "hyperband": HYPERBAND}


@pytest.fixture
def job(shared):
    """A function that makes a job of a new study, or of a given title."""
    def make(properties=None, title=None, **config):
        return Job(shared.url, shared.token, title or fresh_name("hopaas"),
                   X if properties is None else properties, **config)

    return make


def stored(calls, one, number):
    """Return the trial as /api/v1 has it."""
    return calls.ok("GET", f"/studies/{one.study_id}/trials/{number}")


def raw(service, data):
    """Send bytes; return (head, body) of the answer as they came."""
    where = urlsplit(service.url)
    with socket.create_connection((where.hostname, where.port), 20) as line:
        line.sendall(data)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def test_point_1_the_version_is_a_text(shared):
    status, _, data = send(shared.url, "GET", "/api/version")
    assert status == 200 and data.decode().strip()


def test_point_2_a_study_without_suggestions(job):
    one = job({"some_value": 2})
    for _ in range(3):
        with one.trial() as trial:
            assert trial.properties == {"some_value": 2}
            trial.losses += [1.23] * 5
    assert one.seen == {0, 1, 2}


@pytest.fixture(scope="module")
def one_shot_title():
    """The one title under which all combinations run."""
    return fresh_name("one shot")


@pytest.mark.parametrize("pruner", PRUNERS)
@pytest.mark.parametrize("kind", SPACES)
def test_point_3_all_set_ups_run_under_one_title(
    job, calls, one_shot_title, kind, pruner
):
    one = job({"x": 1, "y": SPACES[kind]}, one_shot_title,
              pruner=PRUNERS[pruner])
    with one.trial() as trial:
        assert trial.number == 0
        assert trial.properties["x"] == 1
        trial.losses.append(1.23)
    trial = stored(calls, one, 0)
    assert trial["state"] in ("complete", "pruned")
    assert trial["values"] == [1.23]


def test_point_3_the_set_up_is_the_identity_of_a_study(job):
    title = fresh_name("identity")
    variants = [
        job(title=title), job(title=title, direction="maximize"),
        job(title=title, pruner=MEDIAN), job({**X, "c": 1}, title),
        job({**X, "c": 2}, title), job({"x": "optuna#uniform(0,2)"}, title),
        job({"z": "optuna#uniform(0,1)"}, title), job(title=title + "!"),
    ]
    for one in variants:
        assert one.ask()[0] == 0
    assert len({one.study_id for one in variants}) == len(variants)
    again = job(title=title)
    assert again.ask()[0] == 1
    assert again.study_id == variants[0].study_id
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,}", again.study_id)


def test_point_3_spelling_is_no_part_of_the_set_up(job):
    title = fresh_name("spelling")
    first = job({"x": "optuna#uniform(0,1)", "a": 1, "b": 2}, title)
    second = job({"b": 2, "a": 1, "x": "optuna#uniform(0.0,1.0)"}, title)
    assert (first.ask()[0], second.ask()[0]) == (0, 1)
    assert first.study_id == second.study_id


def test_point_4_ten_processes_race_for_the_first_ask(shared):
    title = fresh_name("race")
    spawn = multiprocessing.get_context("fork")
    with spawn.Pool(10) as pool:
        found = pool.starmap(race, [(shared.url, shared.token, title)] * 25,
                             chunksize=1)
    assert len({study for study, _ in found}) == 1
    assert sorted(number for _, number in found) == list(range(25))


def test_point_5_constants_come_back_and_ints_stay_ints(job):
    constants = {
        "y": None, "f": 0.1, "third": 1 / 3, "i": 7, "big": 2**62, "s": "b c",
        "flag": True, "nested": {"a": [1, {"é": None}], "": {}},
        "unicode": "naïve 前進 😀", "tricky": "a\"b\\c\n\u2028</script>",
        "almost": "optuna", "nan": "NaN, Infinity", "empty": [],
    }
    one = job({"n": "optuna#int(4,4,1,false)", "c": "optuna#categorical(3)",
               **constants})
    _, properties = one.ask()
    assert properties == {"n": 4, "c": "3", **constants}
    assert type(properties["n"]) is int and type(properties["i"]) is int
    assert type(properties["f"]) is float
    assert "hopaas_config" not in properties


def test_point_5_the_answer_is_ascii(shared, job):
    one = job({**X, "é": "前進 😀", "c": "optuna#categorical(ü)"})
    status, headers, data = send(
        shared.url, "POST", f"/api/ask/{shared.token}", json.dumps(one.body))
    assert status == 200 and data.isascii()
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    answer = json.loads(data)
    assert answer["é"] == "前進 😀" and answer["c"] == "ü"


def test_point_5_body_in_plain_utf_8_is_taken(shared, job):
    one = job({**X, "é": "前進"})
    status, _, data = send(
        shared.url, "POST", f"/api/ask/{shared.token}",
        json.dumps(one.body, ensure_ascii=False).encode())
    assert status == 200 and json.loads(data)["é"] == "前進"


def test_point_5_numbers_beyond_json_are_taken_as_constants(job):
    odd = {"seed": 10**30, "nan": math.nan, "inf": -math.inf,
           "list": [math.nan, -(10**25)]}
    one = job({**X, **odd})
    assert (one.ask()[0], one.ask()[0]) == (0, 1)
    text = one.call("ask", one.body)

    def refuse(word):
        raise AssertionError(f"{word} in {text}")

    answer = json.loads(text, parse_constant=refuse)
    assert answer.keys() == {"hopaas_trial", "x", *odd}
    assert 0 <= answer["x"] <= 1
    assert float(answer["seed"]) == 1e30


def test_point_6_specials_are_stored_but_no_part_of_the_set_up(job, calls):
    title = fresh_name("special")
    first = job(title=title, special={"node_name": "n1", "address": "10.1.2.3"})
    second = job(title=title, special={"node_name": "n2", "job": {"id": 7}})
    (one, properties), (two, _) = first.ask(), second.ask()
    assert first.study_id == second.study_id and (one, two) == (0, 1)
    assert properties.keys() == {"x"}
    assert stored(calls, first, one)["special"] == {
        "_node_name": "n1", "_address": "10.1.2.3"}
    assert stored(calls, first, two)["special"] == {
        "_node_name": "n2", "_job": {"id": 7}}


def should_prune_bytes(service, one, number, loss, step):
    """Return head and body of a should_prune, byte by byte."""
    body = json.dumps({"hopaas_trial": f"{one.study_id}:{number}",
                       "loss": loss, "step": step})
    head = (f"POST /api/should_prune/{service.token} HTTP/1.1\r\nHost: x\r\n"
            "Accept-Encoding: gzip, deflate\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return raw(service, (head + body).encode())


def test_point_7_should_prune_answers_exactly_one_word(shared, job):
    one = job(pruner=THRESHOLD)
    number, _ = one.ask()
    for loss, word in ((1, b"false"), (5, b"true")):
        head, body = should_prune_bytes(shared, one, number, loss, loss)
        assert head.startswith(b"HTTP/1.1 200 ")
        assert re.search(rb"(?i)^content-length: %d\r?$" % len(word), head,
                         re.M)
        assert body == word


def test_point_8_the_same_step_may_come_again(job, calls):
    one = job()
    number, _ = one.ask()
    assert not one.should_prune(number, 1.0, 0)
    assert not one.should_prune(number, 0.5, 0)
    assert stored(calls, one, number)["reports"] == [{"step": 0, "value": 0.5}]


def test_point_8_a_pruned_trial_has_ended_and_stays_pruned(job, calls):
    one = job(pruner=THRESHOLD)
    number, _ = one.ask()
    assert not one.should_prune(number, 1, 0)
    assert one.should_prune(number, 5.5, 1)
    pruned = stored(calls, one, number)
    assert (pruned["state"], pruned["values"]) == ("pruned", [5.5])
    for loss, step in ((5.5, 1), (5.5, 1), (0.1, 2)):
        assert one.should_prune(number, loss, step)
    again = stored(calls, one, number)
    assert (again["state"], again["values"]) == ("pruned", [5.5])


def test_point_8_a_trial_that_ended_may_still_be_asked_about(job):
    one = job()
    told, failed = one.ask()[0], one.ask()[0]
    one.tell(told, 1)
    one.fail(failed)
    for number in (told, failed):
        one.should_prune(number, 1, 0)


def test_point_8_a_final_loss_that_is_pruned_keeps_its_value(job, calls):
    one = job(pruner=THRESHOLD)
    with one.trial() as trial:
        trial.losses.append(7)
    found = stored(calls, one, trial.number)
    assert (found["state"], found["values"]) == ("pruned", [7])


def test_point_9_a_tell_may_come_again(job, calls):
    one = job()
    number, _ = one.ask()
    for loss in (1.5, 1.5, 2.5):
        one.tell(number, loss)
    one.fail(number)
    found = stored(calls, one, number)
    assert (found["state"], found["values"]) == ("complete", [1.5])


def test_point_9_a_tell_may_come_after_a_failure(job, calls):
    one = job()
    number, _ = one.ask()
    one.fail(number)
    assert stored(calls, one, number)["error"] == "Computation aborted"
    one.fail(number)
    one.tell(number, 1.5)


def test_point_9_a_tell_may_come_after_the_lease(job, calls):
    one = job(special={"lease_s": 1})
    number, _ = one.ask()
    harness.wait_until(
        lambda: stored(calls, one, number)["state"] == "lost", "a lost trial",
        15)
    assert one.should_prune(number, 1.5, 0) is False
    one.tell(number, 1.5)
    found = stored(calls, one, number)
    assert (found["state"], found["values"]) == ("complete", [1.5])


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_point_9_a_loss_that_is_no_number_fails_the_trial(job, calls, loss):
    one = job(pruner=MEDIAN)
    with one.trial() as trial:
        trial.losses += [1.0, loss]
    found = stored(calls, one, trial.number)
    assert found["state"] in ("failed", "pruned")
    assert found["values"] is None or found["values"] == [1.0]
    with one.trial() as trial:
        trial.losses.append(0.5)
    assert one.best() == (200, json.dumps(f"{one.study_id}:{trial.number}"))


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_point_9_telling_nan_at_once_is_taken(job, calls, loss):
    one = job()
    number, _ = one.ask()
    one.tell(number, loss)
    found = stored(calls, one, number)
    assert (found["state"], found["values"]) == ("failed", None)
    assert found["error"]


@pytest.mark.parametrize("kind", [
    None, "text/plain", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
])
def test_point_10_any_content_type_or_none_will_do(shared, job, kind):
    body = job().body
    headers = {"Content-Type": kind} if kind else {}
    status, _, data = send(shared.url, "POST", f"/api/ask/{shared.token}",
                           json.dumps(body), headers)
    assert status == 200 and json.loads(data)["hopaas_trial"].endswith(":0")


def test_point_11_double_slashes_are_one(shared):
    one = Job(shared.url + "/", shared.token, fresh_name("slash"), X)
    with one.trial() as trial:
        trial.losses.append(1)
    assert one.best()[0] == 200
    assert send(shared.url + "/", "GET", "/api/version")[0] == 200


def test_point_11_a_chunked_body_is_taken(shared, job):
    text = json.dumps(job().body).encode()
    answer = httpx.post(f"{shared.url}/api/ask/{shared.token}",
                        content=iter([text[:7], text[7:]]))
    assert answer.status_code == 200


def test_point_13_the_best_trial_is_a_json_string(job):
    one = job()
    for loss in (3, 1, 2):
        with one.trial() as trial:
            trial.losses.append(loss)
    assert one.best() == (200, f'"{one.study_id}:1"')


def test_point_13_there_is_no_best_trial_until_one_is_complete(job):
    one = job()
    number, _ = one.ask()
    assert one.best()[0] == 404
    one.fail(number)
    status, text = one.best()
    assert status == 404 and json.loads(text)["detail"]


def test_point_14_maximize(job, calls):
    one = job(direction="maximize")
    for loss in (1, 3.5, -2):
        with one.trial() as trial:
            trial.losses.append(loss)
    assert one.best() == (200, f'"{one.study_id}:1"')
    assert stored(calls, one, 1)["values"] == [3.5]


def test_point_14_pruning_follows_the_direction(job):
    one = job(direction="maximize", pruner=MEDIAN)
    for _ in range(6):
        with one.trial() as trial:
            trial.losses.append(1)
    assert one.should_prune(one.ask()[0], 2, 0) is False
    assert one.should_prune(one.ask()[0], 0, 0) is True


GRAMMAR = [
    ("uniform(0,1)", lambda v: 0 <= v <= 1),
    ("uniform(-1e-05,1e+22)", lambda v: -1e-5 <= v <= 1e22),
    ("uniform(2,2)", lambda v: v == 2),
    ("loguniform(0.001,1000.0)", lambda v: 0.001 <= v <= 1000),
    ("log_uniform(1e-05,1)", lambda v: 1e-5 <= v <= 1),
    ("float(1e-05,1000.0)", lambda v: 1e-5 <= v <= 1000),
    ("float(0.0,1.0,0.25,False)", lambda v: v in (0, 0.25, 0.5, 0.75, 1)),
    ("float(0.1,10.0,None,True)", lambda v: 0.1 <= v <= 10),
    ("float(0.0,1.0,NaN,False)", lambda v: 0 <= v <= 1),
    ("float(0.0,1.0,null,false)", lambda v: 0 <= v <= 1),
    ("float(0.5,10.0,nan,true)", lambda v: 0.5 <= v <= 10),
    ("int(0,10,2,false)", lambda v: v in (0, 2, 4, 6, 8, 10)),
    ("int(0,10,3,False)", lambda v: v in (0, 3, 6, 9)),
    ("int(1,10,1,true)", lambda v: v in range(1, 11)),
    ("int(1,10,1,True)", lambda v: v in range(1, 11)),
    ("int(-5,-5,1,false)", lambda v: v == -5),
    ("discrete_uniform(-1.0,1.0)", lambda v: -1 <= v <= 1),
    ("discrete_uniform(-1.0,1.0,0.5)", lambda v: v in (-1, -0.5, 0, 0.5, 1)),
    ("categorical(a,b c,d)", lambda v: v in ("a", "b c", "d")),
    ("categorical( a , b)", lambda v: v in (" a ", " b")),
    ("categorical(only)", lambda v: v == "only"),
    ("categorical(f(1),g(2,h))", lambda v: v in ("f(1)", "g(2", "h)")),
    ("categorical(1,2.5,true)", lambda v: v in ("1", "2.5", "true")),
    ("categorical(ä,\U0001f600)", lambda v: v in ("ä", "\U0001f600")),
    ('categorical("a",b\\c)', lambda v: v in ('"a"', "b\\c")),
]


@pytest.mark.parametrize("text, holds", GRAMMAR, ids=[g[0] for g in GRAMMAR])
def test_point_15_suggestions_of_all_published_clients(job, text, holds):
    one = job({"v": "optuna#" + text})
    values = [one.ask()[1]["v"] for _ in range(6)]
    assert all(holds(value) for value in values), values
    kind = {"i": int, "c": str}.get(text[0], float)
    assert {type(value) for value in values} == {kind}


@pytest.mark.parametrize("text", [
    "gauss(0,1)", "uniform", "uniform()", "uniform(1)", "uniform(a,b)",
    "uniform(1,0)", "uniform(0,1", "uniform(0,inf)", "uniform(nan,1)",
    "uniform(0,1,2,3,4,5)", "loguniform(0,1)", "int(0,1.5,1,false)",
    "int(0,10,0,false)", "int(0,10,-1,false)", "int(0,10,1,maybe)",
    "float(0,1,-0.5,false)", "categorical()", "", "UNIFORM(0,1)",
])
def test_point_15_an_unknown_suggestion_is_refused_with_a_reason(job, text):
    one = job({"broken": "optuna#" + text})
    with pytest.raises(Refused) as refused:
        one.ask()
    assert 400 <= refused.value.status < 500
    assert "broken" in json.loads(refused.value.body)["detail"]


def endpoints(one, token):
    """Yield the answers of all calls that take a token."""
    trial = {"hopaas_trial": f"{one.study_id}:0"}
    for name, body in (
        ("ask", one.body), ("should_prune", {**trial, "loss": 1, "step": 0}),
        ("tell", {**trial, "loss": 1}),
        ("mark_as_failed", {**trial, "error": "x"}),
    ):
        yield send(one.server, "POST", f"/api/{name}/{token}",
                   json.dumps(body))
    yield send(one.server, "GET", f"/api/get_best_trial/{token}"
               f"?hopaas_trial={one.study_id}:0")


def check_refused(one, token):
    """Every call must refuse the token, in JSON."""
    for status, headers, data in endpoints(one, token):
        assert status in (401, 403)
        assert "json" in headers["Content-Type"]
        assert json.loads(data)["detail"]


def test_point_16_a_bad_token_is_refused_everywhere(shared, job):
    one = job()
    one.ask()
    good = shared.token
    turned = good[:4] + good[4:-6][::-1] + good[-6:]
    for token in ("nonsense", good[:-1], good + "x", good.lower(), turned):
        check_refused(one, token)


def test_point_16_an_expired_or_revoked_token_is_refused(job, calls):
    one = job()
    one.ask()
    soon = datetime.now(timezone.utc) + timedelta(seconds=1)
    body = {"name": "t", "scopes": ["read", "ask"]}
    revoked = calls.ok("POST", "/tokens", {**body, "expires": "1d"}, 201)
    expired = calls.ok(
        "POST", "/tokens", {**body, "expires": soon.isoformat()}, 201)["token"]
    calls.ok("DELETE", f"/tokens/{revoked['id']}", status=204)
    check_refused(one, revoked["token"])
    harness.wait_until(
        lambda: calls.api("GET", "/me", token=expired).status == 401,
        "the end of a token", 15)
    check_refused(one, expired)


def test_point_16_a_token_needs_its_scope(job, calls):
    one = job()
    one.ask()
    reader = calls.ok("POST", "/tokens", {
        "name": "t", "expires": "1d", "scopes": ["read"]}, 201)["token"]
    statuses = [status for status, _, _ in endpoints(one, reader)]
    assert statuses == [403, 403, 403, 403, 404]


def test_point_16_the_token_is_never_in_the_log(instances, sqlite_database):
    service = instances(sqlite_database)
    one = Job(service.url, service.token, "log", X)
    with one.trial() as trial:
        trial.losses.append(1)
    one.best()
    wrong = service.token[:-1] + "_"
    for _ in endpoints(one, wrong):
        pass
    send(service.url, "GET", f"/api/nope/{service.token}")
    send(service.url, "POST", f"//api//ask//{service.token}", "{")
    assert service.terminate() == 0
    log = service.stderr_path.read_text()
    assert "/api/ask/" in log
    for token in (service.token, wrong):
        assert token not in log and token[:-3] not in log


def test_point_17_basic_credentials_of_a_netrc_are_ignored(job):
    one = job()
    basic = {"Authorization": "Basic dXNlcjpwYXNz"}
    text = one.call("ask", one.body, basic)
    trial = {"hopaas_trial": json.loads(text)["hopaas_trial"]}
    assert one.call("should_prune", {**trial, "loss": 1, "step": 0},
                    basic) == "false"
    one.call("tell", {**trial, "loss": 1}, basic)


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_point_18_a_restart_between_ask_and_tell(service, end):
    one = Job(service.url, service.token, "restart", {**X, "c": [1, None]},
              pruner=MEDIAN)
    with one.trial() as trial:
        trial.losses.append(2)
        trial.should_prune()
        getattr(service, end)()
        service.restart()
        trial.losses.append(1)
    assert one.best() == (200, f'"{one.study_id}:0"')
    found = stored(Calls(service), one, 0)
    assert (found["state"], found["values"]) == ("complete", [1])
    assert found["reports"] == [
        {"step": 0, "value": 2}, {"step": 1, "value": 1}]
    assert one.ask()[0] == 1


def test_an_exception_marks_the_trial_as_failed(job, calls):
    one = job()
    with pytest.raises(ZeroDivisionError), one.trial() as trial:
        trial.losses.append(1)
        raise ZeroDivisionError
    found = stored(calls, one, trial.number)
    assert (found["state"], found["error"]) == ("failed", "Computation aborted")


def test_a_loop_of_many_losses_may_be_pruned_in_the_middle(job, calls):
    one = job(pruner=MEDIAN)
    for number in range(12):
        with one.trial() as trial:
            for step in range(5):
                trial.losses.append(number + step)
                if trial.should_prune():
                    break
    states = {stored(calls, one, n)["state"] for n in range(12)}
    assert states == {"complete", "pruned"}


def test_a_study_of_either_face_is_one_study(job, calls):
    one = job(title="Both faces é " + fresh_name())
    with one.trial() as trial:
        trial.losses.append(0.25)
    study = calls.ok("GET", f"/studies/{one.study_id}")
    assert study["name"] == one.body["hopaas_config"]["title"]
    assert study["best"] == {"number": 0, "value": 0.25}
    assert study["sampler"]["name"] == "tpe"
    answer = calls.ok("POST", f"/studies/{one.study_id}/ask", {})
    assert answer["trials"][0]["number"] == 1
    assert one.ask()[0] == 2


@pytest.mark.parametrize("body, word", [
    ("{", ""), ("[]", "object"), ("\xff", ""),
    (json.dumps({**X, "hopaas_config": 5}), "hopaas_config"),
    (json.dumps(ask_body("t", X, direction="up")), "direction"),
    (json.dumps(ask_body("t", X, sampler={"name": "Oracle"})), "Oracle"),
    (json.dumps(ask_body("t", X, pruner={"name": "Axe"})), "Axe"),
])
def test_a_broken_ask_is_refused_with_a_detail(shared, body, word):
    status, headers, data = send(
        shared.url, "POST", f"/api/ask/{shared.token}", body.encode("latin-1"))
    assert 400 <= status < 500
    assert "json" in headers["Content-Type"]
    assert word in json.loads(data)["detail"]


@pytest.mark.parametrize("trial", [
    "", "x", "{study}", "{study}:", "{study}:-1", "{study}:x", "{study}:99",
    ":0", "AAAAAAAAAAAA:0", 5, None, "{study}:0:0",
])
def test_a_trial_that_is_not_is_refused_with_a_detail(job, trial):
    one = job()
    one.ask()
    if isinstance(trial, str):
        trial = trial.format(study=one.study_id)
    for name in ("should_prune", "tell", "mark_as_failed"):
        with pytest.raises(Refused) as refused:
            one.call(name, {"hopaas_trial": trial, "loss": 1, "step": 0})
        assert 400 <= refused.value.status < 500
        assert json.loads(refused.value.body)["detail"]
