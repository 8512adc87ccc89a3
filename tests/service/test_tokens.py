# SPDX-License-Identifier: GPL-3.0-or-later
"""test_tokens.py - the life of tokens and sessions, on both databases

Rotation, revocation on other instances, what a bound token may manage, when a
token is said to end soon, sessions in browsers, and the face of Hopaas.
"""

import re
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import harness
import httpx
import pytest
from behind import execute, execute_many, rows
from calls import definition

GUARD = {"X-Cumae-CSRF": "1"}
AT_ONCE_S = 0.2
DAY_MS = 86_400_000


def make(service, scopes=("read", "ask"), **fields):
    """Create a token and return the answer."""
    body = {"name": "test", "scopes": list(scopes), **fields}
    answer = service.api("POST", "/tokens", body)
    assert answer.status == 201, answer.text
    return answer.json


def rotate(service, token, token_of=None, **fields):
    """Rotate a token with the authority of another one."""
    return service.api("POST", f"/tokens/{token['id']}/rotate", fields,
                       token=token_of or service.token)


def status(service, token):
    """Return the status of GET /me with a token."""
    return service.api("GET", "/me", token=token).status


def listed(service, token, token_of=None):
    """Return a token as the list has it, or None."""
    answer = service.api("GET", "/tokens", token=token_of or service.token)
    found = [t for t in answer.json["tokens"] if t["id"] == token["id"]]
    return found[0] if found else None


def when(text):
    """Return the time that an answer names."""
    return datetime.fromisoformat(text)


def now_ms():
    """Return the time as the database has it."""
    return int(time.time() * 1000)


# ---- revocation --------------------------------------------------------------


@pytest.fixture
def two(instances, postgres_database):
    """Two instances on one database, with one administrator."""
    first = instances(postgres_database)
    return first, instances(postgres_database, token=first.token)


def ways_to_end(service):
    """Yield (what is done, the headers that work until then, the call)."""
    revoked, rotated = make(service), make(service)
    browser = Browser(service).sign_in(make(service)["token"])
    cookie = {"Cookie": "; ".join(
        f"{name}={value}" for name, value in browser.http.cookies.items())}
    yield ("revoke", bearer(revoked),
           lambda: service.api("DELETE", f"/tokens/{revoked['id']}"))
    yield "rotate", bearer(rotated), lambda: rotate(service, rotated)
    yield ("sign out everywhere", cookie,
           lambda: service.api("DELETE", "/sessions"))


def bearer(token):
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token['token']}"}


def test_what_ends_on_one_instance_ends_on_the_other_within_0_2_s(two):
    here, there = two
    waits = []
    for _ in range(8):
        for what, headers, end in ways_to_end(here):
            def ask(service):
                return httpx.get(service.url + "/api/v1/me", headers=headers
                                 ).status_code

            assert ask(here) == ask(there) == 200
            assert end().status in (201, 204)
            start = time.monotonic()
            assert ask(here) == 401, f"{what}: at once where it was done"
            while ask(there) == 200:
                assert time.monotonic() - start < harness.PATIENCE_S
            waits.append(time.monotonic() - start)
    print("refused elsewhere after", *(f"{w:.3f}" for w in sorted(waits)))
    # One may be late on a machine that does much else.
    assert sorted(waits)[-2] < AT_ONCE_S, waits


def test_a_token_is_not_trusted_for_long_without_the_database(
    instances, postgres
):
    url = postgres.create()
    service = instances(url)
    token = make(service)["token"]
    study = service.api("POST", "/studies", definition()).json
    path = f"/studies/{study['id']}/events?since={study['revision']}&wait_s=1"

    # The event loop answers whom it knows, without a look at the database.
    def wait():
        return service.api("GET", path, token=token).status

    assert wait() == wait() == 200
    name = re.search(r"cumae_[0-9a-f]{12}", url).group()
    execute(postgres.url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    execute(postgres.url, "SELECT pg_terminate_backend(pid) FROM "
                          "pg_stat_activity WHERE datname = %s", name)
    assert wait() == 200, "for a moment what was known is believed"
    harness.wait_until(lambda: wait() == 503, "the end of trust", 15)
    execute(postgres.url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    harness.wait_until(lambda: wait() == 200, "the database")
    service.close()
    postgres.drop(url)


# ---- rotation ----------------------------------------------------------------


def test_a_rotated_token_has_a_new_secret_and_all_else_as_before(service):
    study = service.api("POST", "/studies", definition()).json
    old = make(service, ["read"], name="jobs", expires="1w",
               study_id=study["id"])
    answer = rotate(service, old)
    assert answer.status == 201, answer.text
    new = answer.json
    assert new["token"] != old["token"] and new["id"] != old["id"]
    assert new["rotated_from"] == old["id"]
    for key in ("name", "scopes", "study_id"):
        assert new[key] == old[key], key
    lasts = when(new["expires"]) - when(new["created"])
    assert abs(lasts - timedelta(days=7)) < timedelta(minutes=1)
    assert status(service, old["token"]) == 401
    assert status(service, new["token"]) == 200
    assert listed(service, old)["revoked"]
    assert listed(service, new)["rotated_from"] == old["id"]


def test_a_rotated_token_lives_on_for_the_overlap(service):
    old = make(service)
    new = rotate(service, old, overlap_s=3600).json
    for token in (old, new):
        assert status(service, token["token"]) == 200
    left = when(listed(service, old)["expires"]) - datetime.now(timezone.utc)
    assert timedelta(seconds=3500) < left <= timedelta(seconds=3600)
    short = make(service)
    rotate(service, short, overlap_s=1)
    harness.wait_until(lambda: status(service, short["token"]) == 401,
                       "the end of the overlap", 15)


def test_an_overlap_never_lengthens_a_life(service):
    soon = datetime.now(timezone.utc) + timedelta(minutes=10)
    old = make(service, expires=soon.isoformat())
    assert rotate(service, old, overlap_s=86400).status == 201
    left = when(listed(service, old)["expires"]) - datetime.now(timezone.utc)
    assert left <= timedelta(minutes=10)


def test_a_token_is_rotated_once(service):
    old = make(service)
    new = rotate(service, old, overlap_s=60).json
    again = rotate(service, old)
    assert (again.status, again.json["code"]) == (409, "conflict")
    assert rotate(service, new).status == 201
    assert status(service, old["token"]) == 200, "the overlap goes on"


def test_racing_rotations_make_one_token(service):
    old = make(service)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda _: httpx.post(
                f"{service.url}/api/v1/tokens/{old['id']}/rotate",
                json={"overlap_s": 60}, timeout=harness.PATIENCE_S,
                headers={"Authorization": f"Bearer {service.token}"}),
            range(8)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    followers = [t for t in service.api("GET", "/tokens").json["tokens"]
                 if t["rotated_from"] == old["id"]]
    assert len(followers) == 1


def test_a_token_rotates_itself(service):
    old = make(service, ["read", "admin"])
    new = rotate(service, old, token_of=old["token"]).json
    assert status(service, old["token"]) == 401
    assert status(service, new["token"]) == 200


def test_what_has_ended_or_is_not_there_is_not_rotated(service):
    old = make(service)
    service.api("DELETE", f"/tokens/{old['id']}")
    assert rotate(service, old).status == 409
    assert rotate(service, {"id": 10 ** 9}).status == 404
    assert rotate(service, {"id": "x"}).status == 404


def test_no_token_gets_beyond_itself(service):
    study = service.api("POST", "/studies", definition()).json
    other = service.api("POST", "/studies", definition()).json
    everything = make(service, ["read", "ask", "steer", "admin"])
    reader = make(service, ["read", "admin"])
    bound = make(service, ["read", "ask", "steer", "admin"],
                 study_id=study["id"])
    refused = rotate(service, everything, token_of=reader["token"])
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    only = {"token": bound["token"]}
    assert rotate(service, everything, token_of=bound["token"]).status == 404
    assert service.api("DELETE", f"/tokens/{everything['id']}",
                       **only).status == 404
    assert listed(service, everything, bound["token"]) is None
    assert listed(service, bound, bound["token"])["study_id"] == study["id"]
    made = service.api("POST", "/tokens", {"name": "x"}, **only).json
    assert made["study_id"] == study["id"]
    beyond = {"name": "x", "study_id": other["id"]}
    assert service.api("POST", "/tokens", beyond, **only).status == 404
    assert rotate(service, bound, token_of=bound["token"]).status == 201


# ---- limits, warnings, uses ---------------------------------------------------


def test_a_user_has_500_valid_tokens_at_most(service):
    columns = ("user_id, kind, hash, prefix, name, scopes, created_ms, "
               "expires_ms")
    user = "SELECT id FROM users"
    for i in range(499):
        execute(service.database,
                f"INSERT INTO tokens ({columns}) VALUES "
                f"(({user}), 0, %s, 'cum_', 'many', 1, %s, %s)",
                bytes([i % 256, i // 256] * 16), now_ms(), now_ms() + DAY_MS)
    refused = service.api("POST", "/tokens", {"name": "one more"})
    assert refused.status == 422
    assert "500" in refused.json["detail"]
    execute(service.database,
            "UPDATE tokens SET revoked_ms = 1 WHERE name = 'many'")
    assert service.api("POST", "/tokens", {"name": "now"}).status == 201


@pytest.mark.parametrize("life_days, left_days, soon", [
    (31, 8, False), (31, 6.9, True), (365, 6.9, True), (7, 6.9, False),
    (7, 1.7, True), (1, 0.9, False), (1, 0.2, True),
])
def test_a_token_that_ends_soon_says_so(service, life_days, left_days, soon):
    made = make(service)
    end = now_ms() + int(left_days * DAY_MS)
    execute(service.database,
            "UPDATE tokens SET created_ms = %s, expires_ms = %s WHERE id = %s",
            end - life_days * DAY_MS, end, made["id"])
    answer = service.api("GET", "/me", token=made["token"])
    assert answer.json["expires_soon"] is soon
    header = answer.headers.get_list("cumae-token-expires")
    assert header == ([answer.json["expires"]] if soon else [])
    # Also on what an event loop answers, once.
    answer = service.api("GET", "/studies/none/events", token=made["token"])
    assert len(answer.headers.get_list("cumae-token-expires")) == soon


def secret_of(number):
    """Return a secret of the right form, as auth.h describes it."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    head = f"cum_{number:030d}"
    crc, check = zlib.crc32(head.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = digits[digit] + check
    return head + check


def test_a_thousand_tokens_write_their_uses_in_a_few_transactions(service):
    secrets = []
    columns = ("user_id, kind, hash, prefix, name, scopes, created_ms, "
               "expires_ms")
    values = []
    for number in range(1000):
        secrets.append(secret_of(number))
        values.append((sha256(secrets[-1].encode()).digest(), now_ms(),
                       now_ms() + DAY_MS))
    statement = (f"INSERT INTO tokens ({columns}) VALUES "
                 "((SELECT min(id) FROM users), 0, %s, 'cum_', 'n', 1, %s, %s)")
    execute_many(service.database, statement, values)

    def commits():
        text = httpx.get(service.url + "/metrics").text
        return float(re.search(r"(?m)^cumae_commits_total (\S+)", text)[1])

    before, start = commits(), time.monotonic()
    for _ in range(2):
        for one in secrets:
            assert status(service, one) == 200

    def noted():
        tokens = service.api("GET", "/tokens").json["tokens"]
        return all(t["last_used"] for t in tokens if t["name"] == "n")

    harness.wait_until(noted, "all uses to be written", 30)
    # One a second, and what else goes on; not one for each request.
    assert commits() - before <= 2 * (time.monotonic() - start) + 10


# ---- sweeping ----------------------------------------------------------------


def test_what_ended_long_ago_is_swept_away_at_a_start(service):
    gone, stays, valid = make(service), make(service), make(service)
    for token, days in ((gone, 31), (stays, 29)):
        service.api("DELETE", f"/tokens/{token['id']}")
        execute(service.database,
                "UPDATE tokens SET revoked_ms = %s WHERE id = %s",
                now_ms() - days * DAY_MS, token["id"])
    assert listed(service, gone)
    assert service.terminate() == 0
    service.restart()
    harness.wait_until(lambda: listed(service, gone) is None, "the sweep")
    assert listed(service, stays) and listed(service, valid)


# ---- sessions ----------------------------------------------------------------


class Browser:
    """Keeps cookies, sends no token."""

    def __init__(self, service, **headers):
        self.http = httpx.Client(base_url=service.url + "/api/v1",
                                 timeout=harness.PATIENCE_S, headers=headers)

    def sign_in(self, token):
        """Trade a token for a cookie."""
        answer = self.http.post("/session", json={"token": token})
        assert answer.status_code == 204, answer.text
        return self

    def status(self):
        """Return the status of GET /me."""
        return self.http.get("/me").status_code


def test_each_sign_in_makes_a_new_secret_and_ends_the_old_session(service):
    browser = Browser(service).sign_in(service.token)
    before = dict(browser.http.cookies)
    browser.sign_in(service.token)
    assert dict(browser.http.cookies) != before
    assert browser.status() == 200
    old = httpx.get(service.url + "/api/v1/me", cookies=before)
    assert old.status_code == 401
    sessions = browser.http.get("/sessions").json()["sessions"]
    assert len(sessions) == 1


def test_sessions_are_listed_and_ended_one_by_one_or_all(service):
    first, second, third = (
        Browser(service).sign_in(service.token) for _ in range(3))
    sessions = first.http.get("/sessions").json()["sessions"]
    assert [s["current"] for s in sessions] == [False, False, True]
    assert all(s["last_address"] == "127.0.0.1" for s in sessions)
    life = when(sessions[0]["expires"]) - when(sessions[0]["created"])
    assert abs(life - timedelta(days=7)) < timedelta(seconds=5)
    path = f"/sessions/{sessions[0]['id']}"
    assert first.http.delete(path, headers=GUARD).status_code == 204
    assert first.http.delete(path, headers=GUARD).status_code == 404
    assert (first.status(), second.status(), third.status()) == (200, 200, 401)
    assert first.http.delete("/sessions", headers=GUARD).status_code == 204
    assert (first.status(), second.status()) == (401, 401)
    assert "cumae_session" not in first.http.cookies
    assert status(service, service.token) == 200, "tokens are no sessions"


def test_a_session_is_no_token_to_revoke_and_the_other_way_round(service):
    browser = Browser(service).sign_in(service.token)
    (session,) = browser.http.get("/sessions").json()["sessions"]
    made = make(service)
    assert service.api("DELETE", f"/tokens/{session['id']}").status == 404
    assert service.api("DELETE", f"/sessions/{made['id']}").status == 404
    assert service.api("DELETE", "/sessions/x").status == 404


def test_a_session_ends_when_it_is_idle_for_eight_hours(service):
    browser = Browser(service).sign_in(service.token)
    for hours, expected in ((7.9, 200), (8.1, 401)):
        execute(service.database,
                "UPDATE tokens SET used_ms = %s, created_ms = %s "
                "WHERE kind = 1",
                now_ms() - int(hours * 3_600_000), now_ms() - DAY_MS)
        execute(service.database,
                "UPDATE permissions SET revision = revision + 1")
        harness.wait_until(lambda: browser.status() == expected,
                           f"a session idle for {hours} h", 10)


def test_the_oldest_of_too_many_sessions_ends(service):
    first = Browser(service).sign_in(service.token)
    second = Browser(service).sign_in(service.token)
    for _ in range(99):
        httpx.post(service.url + "/api/v1/session",
                   json={"token": service.token})
    assert (first.status(), second.status()) == (401, 200)


def test_the_cookie_of_https_belongs_to_one_host(instances, sqlite_database):
    service = instances(sqlite_database, arguments=[
        "--public_url", "https://cumae.example.org",
        "--trusted_proxies", "127.0.0.1"])
    https = {"X-Forwarded-Proto": "https"}
    answer = httpx.post(service.url + "/api/v1/session", headers=https,
                        json={"token": service.token})
    assert answer.status_code == 204, answer.text
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-cumae_session=cums_")
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)
    secret = cookie.split("=", 1)[1].split(";")[0]
    for name, expected in (("__Host-cumae_session", 200),
                           ("cumae_session", 401)):
        answer = httpx.get(service.url + "/api/v1/me", headers={
            **https, "Cookie": f"{name}={secret}"})
        assert answer.status_code == expected, name


@pytest.mark.parametrize("headers, expected", [
    ({}, 403),
    (GUARD, 201),
    ({**GUARD, "Sec-Fetch-Site": "same-origin"}, 201),
    ({"Sec-Fetch-Site": "same-origin"}, 403),
    ({**GUARD, "Sec-Fetch-Site": "same-site"}, 403),
    ({**GUARD, "Sec-Fetch-Site": "cross-site"}, 403),
    ({**GUARD, "Origin": "{url}"}, 201),
    ({**GUARD, "Origin": "https://evil.example.org"}, 403),
    ({**GUARD, "Origin": "null"}, 403),
])
def test_a_cookie_changes_nothing_from_another_site(
    service, headers, expected
):
    browser = Browser(service).sign_in(service.token)
    headers = {k: v.format(url=service.url) for k, v in headers.items()}
    answer = browser.http.post("/studies", json=definition(), headers=headers)
    assert answer.status_code == expected, answer.text


def test_another_site_cannot_sign_anybody_in(service):
    for headers in ({"Sec-Fetch-Site": "cross-site"},
                    {"Origin": "https://evil.example.org"}):
        answer = httpx.post(service.url + "/api/v1/session", headers=headers,
                            json={"token": service.token})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_every_change_of_tokens_and_sessions_is_in_the_audit_log(service):
    made = make(service)
    new = rotate(service, made).json
    service.api("DELETE", f"/tokens/{new['id']}")
    browser = Browser(service).sign_in(service.token)
    browser.http.delete("/session", headers=GUARD)
    lines = rows(service.database,
                 "SELECT action, object, after FROM audit ORDER BY id")
    assert [line[0] for line in lines] == [
        "token.create", "token.rotate", "token.revoke", "session.open",
        "session.close"]
    assert [line[1] for line in lines[:3]] == [
        str(made["id"]), str(made["id"]), str(new["id"])]
    text = repr(lines)
    for secret in (made["token"], new["token"], service.token):
        assert secret[8:] not in text


# ---- the face of Hopaas ------------------------------------------------------


def test_a_token_in_a_path_reaches_neither_log_nor_metrics(service):
    token = make(service)["token"]
    body = {"name": "x"}
    for method, path in (("POST", f"/api/ask/{token}"),
                         ("GET", f"/api/get_best_trial/{token}"),
                         ("GET", f"/api/nothing/{token}"),
                         ("PUT", f"/api/tell/{token}"),
                         ("GET", f"/api/ask/{token}/more")):
        answer = httpx.request(method, service.url + path, json=body)
        assert answer.status_code != 500
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert token[8:-8] not in httpx.get(service.url + "/metrics").text
    assert service.terminate() == 0
    assert token[8:-8] not in service.stderr_path.read_text()


def test_the_face_of_hopaas_can_be_turned_off(instances, sqlite_database):
    service = instances(sqlite_database, arguments=["--hopaas", "off"])
    for method, path in (("GET", "/api/version"),
                         ("POST", f"/api/ask/{service.token}"),
                         ("POST", f"/api/tell/{service.token}")):
        assert httpx.request(method, service.url + path).status_code == 404
    assert service.api("GET", "/me").status == 200
