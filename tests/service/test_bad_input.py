# SPDX-License-Identifier: GPL-3.0-or-later
"""test_bad_input.py - whatever comes in, nothing breaks and nothing changes

The table in bad_input.py is sent to a service with one study, one running, one
complete and one failed trial. Each request must be refused with the right
status and a detail that names what is wrong; afterwards the process lives and
everything stored is as it was.
"""

import json
import re
import socket
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import harness
import httpx
import pytest
from bad_contours import CONTOURS
from bad_input import CASES as OTHERS, GOOD

CASES = OTHERS + CONTOURS


class Prepared:
    """A service with something to lose, and what it had at the start."""

    def __init__(self, service):
        self.service = service
        self.study = self._create("prepared", {"x": GOOD["space"]["p"]})
        other = self._create("elsewhere", {})
        for key in ("used", "two", "three"):
            self._do("POST", f"/studies/{self.study}/ask", {},
                     headers={"Idempotency-Key": key})
        trials = f"/studies/{self.study}/trials"
        self._do("POST", f"{trials}/0/report", {"step": 0, "value": 0.75})
        self._do("POST", f"{trials}/1/tell", {"value": 0.5})
        self._do("POST", f"{trials}/2/tell", {"state": "failed"})
        self.words = {"study": self.study, "two": self._two(),
                      "contour": self._contour(),
                      **self._tokens(other)}
        self.before = self.snapshot()

    def snapshot(self):
        """Return all that is stored and visible, but when tokens were used."""
        trials = f"/studies/{self.study}/trials"
        paths = ["/studies?limit=1000", trials + "?reports=1", trials + "/0"]
        found = [self._do("GET", path, validate=False) for path in paths]
        tokens = self._do("GET", "/tokens", validate=False)["tokens"]
        return found + [[(t["id"], t["revoked"]) for t in tokens]]

    def check_unchanged(self):
        """Assert that the process lives and that what is stored is the same.

        What has changed is taken as given from then on, and a process that
        has died is started again, so that one fault fails one test.
        """
        try:
            before, self.before = self.before, self.snapshot()
        except httpx.TransportError:
            status = self.service.process.wait(harness.PATIENCE_S)
            self.service.restart()
            self.before = self.snapshot()
            raise AssertionError(f"cumaed ended with {status}")
        assert self.before == before

    def fill(self, value):
        """Replace {study}, {token} and so on in texts, also inside JSON."""
        if isinstance(value, str) and re.search(r"\{\w+(:[.\d]+)?\}", value):
            return value.format(**self.words)
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        return value

    def _tokens(self, other):
        service = self.service
        reader = self._token("reader", ["read"])
        revoked = self._token("revoked", ["read", "ask"])
        self._do("DELETE", f"/tokens/{revoked['id']}")
        soon = datetime.now(timezone.utc) + timedelta(seconds=1.5)
        expired = self._token("expired", ["read"], soon.isoformat())["token"]
        harness.wait_until(
            lambda: service.api("GET", "/me", token=expired).status == 401,
            "the end of a token", 20,
        )
        good = service.token
        last = "0" if good[-1] != "0" else "1"
        return {
            "token": good,
            "reader": reader["token"],
            "worker": self._token("worker", ["read", "ask"])["token"],
            "elsewhere": self._token(
                "elsewhere", ["read", "ask", "steer"], study_id=other
            )["token"],
            "revoked": revoked["token"],
            "expired": expired,
            "wrong_checksum": good[:-1] + last,
            "unknown": good[:4] + good[4:-6][::-1] + good[-6:],
        }

    def _token(self, name, scopes, expires="1d", **fields):
        body = {"name": name, "scopes": scopes, "expires": expires, **fields}
        return self._do("POST", "/tokens", body)

    def _two(self):
        """Make a study of two objectives and two bounds; a trial runs."""
        two = self._create(
            "two", {}, sampler="random",
            objectives=[{"name": "a"}, {"name": "b"}],
            outcome_constraints=[
                {"name": "ms", "upper": 20}, {"name": "mb", "lower": 0}],
        )
        self._do("POST", f"/studies/{two}/ask", {})
        return two

    def _create(self, name, space, **fields):
        body = {**GOOD, "name": name, "space": space, **fields}
        return self._do("POST", "/studies", body)["id"]

    def _contour(self):
        made = self._do("POST", "/studies", {
            "name": "a contour", "kind": "contour", "contour": {},
            "space": {"p": GOOD["space"]["p"], "q": GOOD["space"]["p"]}})
        self._do("POST", f"/studies/{made['id']}/ask", {})
        return made["id"]

    def _do(self, method, path, body=None, **options):
        answer = self.service.api(method, path, body, **options)
        assert answer.status < 300, answer.text
        return answer.json


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    """A prepared service on SQLite, shared by all rows of the table."""
    directory = tmp_path_factory.mktemp("bad-input")
    yield from prepare(f"sqlite:{directory / 'cumae.db'}", directory)


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory, postgres):
    """A prepared service on PostgreSQL, shared by some rows."""
    url = postgres.create()
    yield from prepare(url, tmp_path_factory.mktemp("bad-input"))
    postgres.drop(url)


def prepare(database, directory):
    """Yield a prepared service; at the end it must still stop cleanly."""
    service = harness.Service(database, directory).start()
    try:
        yield Prepared(service)
        assert service.terminate() == 0
    finally:
        service.close()


def refuse(prepared, case):
    """Send one row; check the refusal and that nothing changed."""
    try:
        answer = prepared.service.api(
            case.method, prepared.fill(case.path), prepared.fill(case.body),
            prepared.fill(case.headers), data=case.raw,
            token=prepared.fill(case.token), validate=case.validate,
        )
    finally:  # What it did to the service is worse than a wrong answer.
        prepared.check_unchanged()
    assert answer.status in case.statuses, answer.text[:1000]
    if is_hopaas(case.path):
        assert answer.json["detail"]
    else:
        check_problem(answer, case.word)


def is_hopaas(path):
    """Does the path belong to the face that answers {"detail": ...}?"""
    return path.startswith("/api/") and not path.startswith("/api/v1")


def check_problem(answer, word):
    """Check an error's form and that its detail names the culprit."""
    kind = answer.headers["content-type"]
    assert kind.split(";")[0] == "application/problem+json"
    assert answer.json.keys() == {
        "type", "title", "status", "detail", "code", "request_id"
    }
    assert answer.json["status"] == answer.status
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert re.search(word, answer.json["detail"], re.I), answer.json["detail"]
    if answer.status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    if answer.status == 405:
        assert re.fullmatch(r"[A-Z]+(, ?[A-Z]+)*", answer.headers["allow"])


def test_the_table_is_long_and_its_rows_have_distinct_names():
    assert len(CASES) >= 170
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused_and_changes_nothing(on_sqlite, case):
    refuse(on_sqlite, case)


@pytest.mark.parametrize("case", CASES[::9], ids=lambda case: case.name)
def test_bad_input_changes_nothing_in_postgresql(on_postgresql, case):
    refuse(on_postgresql, case)


HEAD = b"POST /api/v1/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
BODY = json.dumps(GOOD).encode()
BROKEN = {
    "a body longer than announced": (
        b"Content-Length: 20\r\nConnection: close\r\n\r\n" + BODY
    ),
    "a negative length": b"Content-Length: -1\r\n\r\n" + BODY,
    "a length that is no number": b"Content-Length: many\r\n\r\n" + BODY,
    "a length beyond int64": b"Content-Length: %d\r\n\r\n" % 10**30 + BODY,
    "a length of a terabyte": b"Content-Length: %d\r\n\r\n" % 10**12 + BODY,
    "two lengths": (
        b"Content-Length: 5\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
    ),
    "a chunk without a size": (
        b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + BODY
    ),
    "a header without a colon": b"nonsense\r\n\r\n",
    "a header of 200 kB": b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
    "a NUL in a header": (
        b"Connection: close\r\nX-Zero: a\0b\r\nContent-Length: 2\r\n\r\n{}"
    ),
}
TORN = {
    "half a line": b"Content-Le",
    "headers that never end": b"X-Some: thing\r\n",
    "a body shorter than announced": (
        b"Content-Length: %d\r\n\r\n%s" % (len(BODY) + 50, BODY)
    ),
    "a chunk that never ends": (
        b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + BODY
    ),
}


def connected(service):
    """Return a connection to the service."""
    where = urlsplit(service.url)
    return socket.create_connection((where.hostname, where.port), 20)


def exchange(service, data):
    """Send bytes, return all that is answered until the service closes."""
    with connected(service) as line:
        answer = b""
        try:
            line.sendall(data)
            while piece := line.recv(65536):
                answer += piece
        except TimeoutError:
            raise
        except OSError:
            pass  # Closing on nonsense, even while it is sent, is fine.
        return answer


def assert_refused(prepared, answer):
    """An answer there may be or not; a status must be an error."""
    prepared.check_unchanged()
    if answer:
        assert re.match(rb"HTTP/1\.[01] (4\d\d|501|505) ", answer), answer


def started(prepared):
    """Return the beginning of a request to create a study."""
    return HEAD + prepared.service.token.encode() + b"\r\n"


@pytest.mark.parametrize("name", BROKEN)
def test_broken_requests_change_nothing(on_sqlite, name):
    data = started(on_sqlite) + BROKEN[name]
    assert_refused(on_sqlite, exchange(on_sqlite.service, data))


@pytest.mark.parametrize("name", TORN)
def test_torn_connections_change_nothing(on_sqlite, name):
    with connected(on_sqlite.service) as line:
        line.sendall(started(on_sqlite) + TORN[name])
    on_sqlite.check_unchanged()


def test_torn_connections_do_not_delay_the_end(instances, sqlite_database):
    """The service would wait 25 s for requests that it has accepted."""
    service = instances(sqlite_database)
    for data in list(TORN.values()) * 5:
        with connected(service) as line:
            line.sendall(HEAD + service.token.encode() + b"\r\n" + data)
    begun = time.monotonic()
    assert service.terminate() == 0
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    "data",
    [b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
     b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ids=["hello", "half a line", "HTTP 9.9", "a path of 100 kB", "HTTP 2"],
)
def test_what_is_not_http_changes_nothing(on_sqlite, data):
    assert_refused(on_sqlite, exchange(on_sqlite.service, data))


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\0" * 1000, b"\x16\x03\x01\x02\x00\x01\x00\x01"],
    ids=["silence", "empty lines", "zeros", "TLS"],
)
def test_what_never_becomes_a_request_ends_with_its_sender(on_sqlite, data):
    with connected(on_sqlite.service) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""  # within 20 s, less than idle_s, request_s
    on_sqlite.check_unchanged()
