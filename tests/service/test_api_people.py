# SPDX-License-Identifier: GPL-3.0-or-later
"""test_api_people.py - tokens, scopes and sign-in, on both databases"""

import re
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import harness
import httpx
import pytest
from calls import at, definition

LOOKS = {"read"}
WORKS = {"read", "ask"}
STEERS = {"read", "ask", "steer"}


def make(calls, scopes, expires="1d", **fields):
    """Create a token and return the answer."""
    body = {"name": "test", "scopes": sorted(scopes), "expires": expires}
    return calls.ok("POST", "/tokens", {**body, **fields}, 201)


def test_me_is_the_first_user(calls):
    me = calls.ok("GET", "/me")
    assert me["admin"] is True
    assert "admin" in me["scopes"]
    assert calls.create()["owner"] == me["user"]


def test_a_token_is_shown_once_and_survives_in_a_path(calls):
    made = make(calls, WORKS, name="slurm array é")
    assert re.fullmatch(r"cum_[0-9A-Za-z]{36}", made["token"])
    assert made["token"].startswith(made["prefix"])
    assert len(made["prefix"]) <= 12
    listed = calls.ok("GET", "/tokens")["tokens"]
    (found,) = [token for token in listed if token["id"] == made["id"]]
    assert "token" not in found
    assert found["name"] == "slurm array é"
    assert set(found["scopes"]) == WORKS
    assert calls.ok("GET", "/me", token=made["token"])["scopes"]


def test_tokens_are_listed_newest_first(calls):
    made = [make(calls, LOOKS)["id"] for _ in range(3)]
    listed = [t["id"] for t in calls.ok("GET", "/tokens")["tokens"]]
    assert [i for i in listed if i in made] == made[::-1]


@pytest.mark.parametrize("validity, days", [
    ("1d", (1, 1)), ("1w", (7, 7)), ("1m", (28, 31)), ("1y", (365, 366)),
])
def test_a_validity_is_a_day_a_week_a_month_or_a_year(calls, validity, days):
    made = make(calls, LOOKS, validity)
    lasts = datetime.fromisoformat(made["expires"]) - datetime.fromisoformat(
        made["created"])
    slack = timedelta(minutes=1)
    assert timedelta(days=days[0]) - slack <= lasts
    assert lasts <= timedelta(days=days[1]) + slack


def test_a_validity_is_a_date(calls):
    date = datetime.now(timezone.utc).replace(microsecond=0)
    date += timedelta(days=40)
    east = date.astimezone(timezone(timedelta(hours=2)))
    made = make(calls, LOOKS, east.isoformat())
    assert datetime.fromisoformat(made["expires"]) == date


def test_an_expired_token_is_refused(calls):
    soon = datetime.now(timezone.utc) + timedelta(seconds=1)
    token = make(calls, LOOKS, soon.isoformat())["token"]
    answer = harness.wait_until(
        lambda: (lambda a: a.status == 401 and a)(
            calls.api("GET", "/me", token=token)),
        "the end of a token", 15,
    )
    assert datetime.now(timezone.utc) >= soon
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token_is_refused_at_once(calls):
    made = make(calls, LOOKS)
    calls.ok("GET", "/me", token=made["token"])
    path = f"/tokens/{made['id']}"
    assert calls.ok("DELETE", path, status=204) is None
    calls.ok("GET", "/me", status=401, token=made["token"])
    calls.ok("DELETE", path, status=404)


def test_the_last_use_of_a_token_is_remembered(calls):
    made = make(calls, LOOKS)
    assert made["last_used"] is None
    calls.ok("GET", "/me", token=made["token"])

    def used():
        tokens = calls.ok("GET", "/tokens")["tokens"]
        return [t for t in tokens if t["id"] == made["id"] and t["last_used"]]

    (found,) = harness.wait_until(used, "the use to be written", 90)
    assert found["last_address"] == "127.0.0.1"


def test_refusals_do_not_say_why(calls):
    revoked = make(calls, LOOKS)
    calls.ok("DELETE", f"/tokens/{revoked['id']}", status=204)
    good = calls.service.token
    unknown = good[:4] + good[4:-6][::-1] + good[-6:]
    problems = [
        calls.ok("GET", "/me", status=401, token=token)
        for token in (revoked["token"], unknown)
    ]
    for problem in problems:
        del problem["request_id"]
    assert problems[0] == problems[1]


def requests(calls):
    """Yield (the scope that it takes, method, path, body) of many calls."""
    study = calls.create()
    trials = calls.ask(study, 3)
    path = f"/studies/{study['id']}"
    value = {"value": 1}
    yield from (
        ("read", "GET", "/studies", None),
        ("read", "GET", path, None),
        ("read", "GET", path + "/best", None),
        ("read", "GET", path + "/trials", None),
        ("read", "GET", at(trials[0]), None),
        ("ask", "POST", path + "/ask", {}),
        ("ask", "POST", "/ask", {"study": definition()}),
        ("ask", "POST", at(trials[0]) + "/report", {"step": 0, **value}),
        ("ask", "POST", at(trials[0]) + "/heartbeat", {}),
        ("ask", "POST", at(trials[0]) + "/tell", value),
        ("ask", "POST", at(trials[0]) + "/release", {}),
        ("ask", "POST", "/tell", {"tells": [
            {"study_id": study["id"], "number": 1, **value}]}),
        ("steer", "PATCH", path, {"notes": "x"}),
        ("steer", "POST", path + "/pause", None),
        ("steer", "POST", path + "/resume", None),
        ("steer", "POST", path + "/stop", None),
        ("steer", "POST", at(trials[2]) + "/cancel", None),
        ("steer", "POST", path + "/cancel", None),
        ("steer", "DELETE", path, None),
        ("admin", "POST", "/tokens",
         {"name": "t", "expires": "1d", "scopes": ["read"]}),
        ("admin", "DELETE", f"/tokens/{make(calls, LOOKS)['id']}", None),
    )


@pytest.mark.parametrize("scopes", [
    LOOKS, WORKS, STEERS, STEERS | {"admin"}, {"ask"},
], ids=lambda scopes: "+".join(sorted(scopes)))
def test_a_token_reaches_as_far_as_its_scopes(calls, scopes):
    token = make(calls, scopes)["token"]
    for scope, method, path, body in requests(calls):
        status = calls.api(method, path, body, token=token).status
        allowed = scope in scopes
        assert (status in (200, 201, 204)) == allowed, (method, path, status)
        assert allowed or status == 403, (method, path, status)


def test_a_token_of_one_study_reaches_no_other(calls):
    mine, other = calls.create(), calls.create()
    token = make(calls, STEERS, study_id=mine["id"])
    assert token["study_id"] == mine["id"]
    trial = calls.ask(other)[0]
    only = {"token": token["token"]}
    calls.ok("GET", f"/studies/{mine['id']}", **only)
    answer = calls.ok("POST", f"/studies/{mine['id']}/ask", {}, **only)
    calls.ok("POST", at(answer["trials"][0]) + "/tell", {"value": 1}, **only)
    listed = calls.ok("GET", "/studies?limit=1000", **only)["studies"]
    assert [study["id"] for study in listed] == [mine["id"]]
    for method, path, body in (
        ("GET", f"/studies/{other['id']}", None),
        ("GET", f"/studies/{other['id']}/trials", None),
        ("GET", at(trial), None),
        ("POST", f"/studies/{other['id']}/ask", {}),
        ("POST", at(trial) + "/tell", {"value": 1}),
        ("DELETE", f"/studies/{other['id']}", None),
    ):
        assert calls.api(method, path, body, **only).status in (403, 404)
    many = {"tells": [{"study_id": other["id"], "number": 0, "value": 1}]}
    answer = calls.api("POST", "/tell", many, **only)
    assert answer.status == 403 or answer.json["results"][0]["status"] in (
        403, 404)
    assert calls.trial(trial)["state"] == "running"


def test_the_token_is_neither_in_the_log_nor_in_the_database(
    instances, sqlite_database, tmp_path
):
    service = instances(sqlite_database)
    made = service.api("POST", "/tokens", {
        "name": "t", "expires": "1d", "scopes": ["read"]}).json["token"]
    service.api("GET", "/me", token=made)
    service.api("GET", "/me", token=made[:-1])
    assert service.terminate() == 0
    for path in tmp_path.iterdir():
        if path != service.stdout_path and path.is_file():
            data = path.read_bytes()
            assert made[:-1].encode() not in data, path
            assert service.token[:-1].encode() not in data, path


class Browser:
    """Keeps cookies, sends no token."""

    def __init__(self, service):
        self.http = httpx.Client(
            base_url=service.url + "/api/v1", timeout=harness.PATIENCE_S)

    def sign_in(self, code):
        """Trade a code for a cookie."""
        return self.http.post("/session", json={"code": code})


def code_of(service):
    """Return the code in the printed link, which leads to the page."""
    link = urlsplit(service.sign_in)
    assert f"{link.scheme}://{link.netloc}" == service.url
    assert link.path == "/" and link.fragment.startswith("code=")
    return link.fragment.removeprefix("code=")


def test_the_printed_link_signs_in_once(service):
    code = code_of(service)
    assert re.fullmatch(r"cuml_[0-9A-Za-z]+", code)
    browser = Browser(service)
    answer = browser.sign_in(code)
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=" in cookie
    assert "path=/" in cookie
    assert browser.http.get("/me").status_code == 200
    again = Browser(service)
    assert again.sign_in(code).status_code == 401
    assert again.http.get("/me").status_code == 401


def test_a_code_is_no_token_and_a_token_is_no_code(service):
    code = code_of(service)
    assert service.api("GET", "/me", token=code).status == 401
    assert Browser(service).sign_in(service.token).status_code in (400, 401)
    assert Browser(service).sign_in(code).status_code == 204


def test_a_cookie_changes_nothing_without_the_header(service):
    browser = Browser(service)
    browser.sign_in(code_of(service))
    body, guard = definition(), {"X-Cumae-CSRF": "1"}
    refused = browser.http.post("/studies", json=body)
    assert refused.status_code == 403
    assert "csrf" in refused.json()["detail"].lower()
    made = browser.http.post("/studies", json=body, headers=guard)
    assert made.status_code == 201
    path = f"/studies/{made.json()['id']}"
    assert browser.http.get(path).status_code == 200
    assert browser.http.delete(path).status_code == 403
    assert browser.http.delete(path, headers=guard).status_code == 204


def test_signing_out_ends_the_session(service):
    browser = Browser(service)
    browser.sign_in(code_of(service))
    cookies = dict(browser.http.cookies)
    guard = {"X-Cumae-CSRF": "1"}
    assert browser.http.delete("/session").status_code == 403
    assert browser.http.delete("/session", headers=guard).status_code == 204
    kept = httpx.get(service.url + "/api/v1/me", cookies=cookies)
    assert kept.status_code == 401


def test_token_and_link_are_printed_for_an_empty_database_only(service):
    token = service.token
    assert service.terminate() == 0
    service.restart()
    printed = service.stdout_path.read_text()
    assert "token:" not in printed and "sign in:" not in printed
    assert service.token == token
    assert service.api("GET", "/me").status == 200
