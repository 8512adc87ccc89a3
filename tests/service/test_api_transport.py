# SPDX-License-Identifier: GPL-3.0-or-later
"""test_api_transport.py - what surrounds the calls: headers, gzip, metrics"""

import gzip
import json
import random
import re
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from calls import Calls, at, definition

SAMPLERS = ["auto", "tpe", "gp", "random", "qmc", "grid", "cmaes", "nsga2"]
PRUNERS = ["nop", "median", "percentile", "threshold", "asha", "hyperband",
           "patient", "wilcoxon", "extrapolate"]


def test_info_lists_samplers_and_pruners_with_their_options(calls):
    info = calls.ok("GET", "/info", token=None)
    assert info["version"]
    assert info["defaults"] == {"sampler": "auto", "pruner": "nop"}
    assert [s["name"] for s in info["samplers"]] == SAMPLERS
    assert [p["name"] for p in info["pruners"]] == PRUNERS
    for algorithm in info["samplers"] + info["pruners"]:
        assert "\n" not in algorithm["help"]
        for option in algorithm["options"]:
            if option["default"] is not None and option["type"] != "bool":
                assert option["low"] is None or (
                    option["low"] <= option["default"])
                assert option["high"] is None or (
                    option["default"] <= option["high"])


def test_every_option_in_info_is_accepted_with_its_default(calls):
    info = calls.ok("GET", "/info")
    for kind in ("sampler", "pruner"):
        for algorithm in info[kind + "s"]:
            options = {
                option["name"]: option["default"]
                for option in algorithm["options"]
                if option["default"] is not None
            }
            if algorithm["name"] == "threshold":
                options["upper"] = 1.5  # It needs one bound or both.
            if algorithm["name"] == "extrapolate":
                options["max_resource"] = 10
            space = {"b": {"type": "bool"}}
            chosen = {"name": algorithm["name"], "options": options}
            study = calls.create(space=space, **{kind: chosen})
            assert study[kind]["options"].items() >= options.items()


def test_health_and_readiness_are_open(shared):
    for path in ("/healthz", "/readyz"):
        assert shared.api("GET", path, token=None).status == 200


def test_metrics_are_in_the_prometheus_format(calls):
    calls.ask(calls.create())
    answer = calls.api("GET", "/metrics", token=None)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    sample = re.compile(
        r'[a-zA-Z_:][\w:]*(\{(\w+="([^"\\]|\\.)*",?)*\})? '
        r"([-+]?[0-9.eE+-]+|NaN|[+-]Inf)( \d+)?"
    )
    lines = answer.text.splitlines()
    samples = [line for line in lines if line and not line.startswith("#")]
    assert len(samples) > 10
    for line in samples:
        assert sample.fullmatch(line), line
    types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(set(types)) == len(types)
    assert answer.text.endswith("\n")


def test_metrics_never_name_a_study_or_a_token(calls):
    study = calls.create()
    calls.ask(study)
    text = calls.api("GET", "/metrics", token=None).text
    assert study["id"] not in text and calls.service.token not in text


def test_the_page_is_html_under_a_strict_policy(shared):
    answer = shared.api("GET", "/", token=None)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_answers_of_the_api_are_not_cached_nor_sniffed(calls):
    for path, status in (("/me", 200), ("/studies/AAAAAAAAAAAA", 404)):
        answer = calls.api("GET", path)
        assert answer.status == status
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_other_origin_is_let_in(calls):
    answer = calls.api("GET", "/me", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_request_id_is_echoed_or_made(calls):
    sent = {"X-Request-Id": "job-7-task-3"}
    assert calls.api("GET", "/me", headers=sent).headers[
        "x-request-id"] == "job-7-task-3"
    problem = calls.api("GET", "/studies/AAAAAAAAAAAA", headers=sent)
    assert problem.json["request_id"] == "job-7-task-3"
    made = {calls.api("GET", "/me").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3 and all(made)


@pytest.mark.parametrize("bad", ["x" * 5000, 'a"b', "a b\tc"])
def test_a_strange_request_id_is_not_repeated(calls, bad):
    problem = calls.api(
        "GET", "/studies/AAAAAAAAAAAA", headers={"X-Request-Id": bad})
    assert problem.status == 404
    assert problem.headers["x-request-id"] == problem.json["request_id"]
    assert problem.json["request_id"] != bad


def test_a_problem_says_all_there_is_to_say(calls):
    answer = calls.api("GET", "/studies/AAAAAAAAAAAA")
    problem = answer.json
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == 404 and problem["code"] == "not_found"
    assert problem["type"] == "/errors/not_found" and problem["title"]
    assert problem["detail"] and not problem["detail"].endswith(".")


def test_a_long_answer_is_gzipped_for_those_who_take_it(calls):
    study = calls.create()
    calls.ask(study, 200)
    url = f"{calls.service.url}/api/v1/studies/{study['id']}/trials?limit=200"
    sizes, bodies = [], []
    for accepted in ("gzip", "identity"):
        headers = {
            "Accept-Encoding": accepted,
            "Authorization": f"Bearer {calls.service.token}",
        }
        with httpx.stream("GET", url, headers=headers) as answer:
            data = b"".join(answer.iter_raw())
            packed = answer.headers.get("content-encoding") == "gzip"
        assert packed == (accepted == "gzip")
        sizes.append(len(data))
        bodies.append(json.loads(gzip.decompress(data) if packed else data))
    assert sizes[0] < sizes[1] / 3
    assert bodies[0] == bodies[1]


def test_a_gzipped_request_is_taken(calls):
    body = definition(notes="x" * 50_000)
    data = gzip.compress(json.dumps(body).encode())
    study = calls.ok("POST", "/studies", status=201, data=data,
                     headers={"Content-Encoding": "gzip"})
    assert study["notes"] == body["notes"]


def test_a_chunked_request_is_taken(calls):
    body = definition()
    text = json.dumps(body).encode()
    answer = httpx.post(
        calls.service.url + "/api/v1/studies",
        content=iter([text[:10], text[10:]]),
        headers={"Authorization": f"Bearer {calls.service.token}"},
    )
    assert answer.status_code == 201
    assert answer.json()["name"] == body["name"]


def test_double_slashes_are_one(calls):
    study = calls.create()
    answer = httpx.get(
        f"{calls.service.url}//api//v1/studies//{study['id']}",
        headers={"Authorization": f"Bearer {calls.service.token}"},
    )
    assert answer.status_code == 200


def test_requests_that_come_at_once_are_answered_in_order(calls):
    where = urlsplit(calls.service.url)
    one = (
        "GET /api/v1/%s HTTP/1.1\r\nHost: x\r\nX-Request-Id: number-%d\r\n"
        f"Authorization: Bearer {calls.service.token}\r\n%s\r\n"
    )
    data = "".join(
        one % (path, n, "Connection: close\r\n" if n == 3 else "")
        for n, path in enumerate(("me", "info", "tokens", "me"))
    )
    with socket.create_connection((where.hostname, where.port), 20) as line:
        line.sendall(data.encode())
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    ids = re.findall(rb"(?i)^x-request-id: (number-\d)\r", answer, re.M)
    assert ids == [b"number-%d" % n for n in range(4)]


def test_head_is_get_without_a_body(shared):
    answer = shared.api("HEAD", "/healthz", token=None)
    assert answer.status == 200 and answer.text == ""


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_restart_loses_nothing(service, end):
    calls = Calls(service)
    study = calls.create(
        sampler={"name": "tpe", "seed": 1}, constants={"é": [1.5, None]})
    done, running, _ = calls.ask(study, 3)
    calls.report(running, 1, 0.1 + 0.2)
    calls.tell(done, value=1 / 3)
    stored = [calls.study(study), calls.trials(study, "reports=1")]
    getattr(service, end)()
    service.restart()
    assert [calls.study(study), calls.trials(study, "reports=1")] == stored
    assert calls.tell(done, value=1 / 3)["values"] == [1 / 3]
    assert calls.tell(running, value=2)["state"] == "complete"
    assert calls.ask(study)[0]["number"] == 3
    calls.ok("GET", at(running))


def suggestions(calls, pause):
    """Return the suggestions of 80 trials, of which 12 run at a time."""
    study = calls.create(
        sampler={"name": "cmaes", "seed": 5},
        space={k: {"type": "float", "low": -1, "high": 1} for k in "xyz"})
    chance, running, given = random.Random(6), [], []
    for number in range(80):
        if number == 60:
            pause()
        running += calls.ask(study)
        given.append(running[-1]["params"])
        if len(running) == 12:
            trial = running.pop(chance.randrange(12))
            loss = sum(value**2 for value in trial["params"].values())
            calls.tell(trial, value=loss)
    return given


def test_a_restart_changes_no_suggestion(service):
    # How many results a trial had seen is told from revisions afterwards.
    calls = Calls(service)

    def pause():
        service.terminate()
        service.restart()

    assert suggestions(calls, lambda: None) == suggestions(calls, pause)


def test_the_log_is_json_and_tells_of_a_refused_request_once(
    instances, sqlite_database
):
    service = instances(sqlite_database)
    sent = {"X-Request-Id": "find-me-again"}
    assert service.api("GET", "/studies/x", headers=sent).status == 404
    assert service.terminate() == 0
    lines = service.stderr_path.read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    (found,) = [line for line in lines if "find-me-again" in line]
    assert json.loads(found)["status"] == 404
