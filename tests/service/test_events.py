# SPDX-License-Identifier: GPL-3.0-or-later
"""test_events.py - what happened to a study, and waiting for what happens next

A wait that is woken is told from one that ran out by its length: waits are 30 s
long, and what has to wake them does so at once.
"""

import json
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import harness
import httpx
import pytest
from calls import Calls

LONG_S = 30
STREAM = {"Accept": "text/event-stream"}


def events_of(calls, study, query="", **options):
    """Return the answer to GET .../events."""
    return calls.ok("GET", f"/studies/{study['id']}/events{query}", **options)


def kinds(answer):
    return [event["event"] for event in answer["events"]]


def messages(text):
    """Return the messages of an event stream: dicts of their fields."""
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line[:1] not in ("", ":")]
        if lines:
            found.append(dict(line.split(": ", 1) for line in lines))
    return found


def waits(calls):
    """Return how many requests wait for an event, as the metrics say."""
    text = calls.api("GET", "/metrics", token=None).text
    line, = [l for l in text.splitlines() if l.startswith("cumae_event_waits ")]
    return int(line.split()[1])


class Waiting:
    """Requests that wait for events, in threads of their own."""

    def __init__(self, calls, study, since, n=1, wait_s=LONG_S,
                 until_event=False):
        already = waits(calls)
        self._pool = ThreadPoolExecutor(n)
        self._all_wait = threading.Event()
        url = f"{calls.service.url}/api/v1/studies/{study['id']}/events"
        self._futures = [
            self._pool.submit(self._one, calls.service.token, url, {
                "since": since, "wait_s": wait_s}, until_event)
            for _ in range(n)
        ]
        harness.wait_until(
            lambda: waits(calls) >= already + n, f"{n} waiting requests")
        self._all_wait.set()

    def _one(self, token, url, query, until_event):
        """Wait as clients do: whoever is told of nothing comes back."""
        headers = {"Authorization": f"Bearer {token}"}
        while True:
            reply = httpx.get(
                url, params=query, headers=headers, timeout=60, verify=False)
            told = reply.json().get("events") != []
            if told or (self._all_wait.is_set() and not until_event):
                return reply.status_code, reply.json(), time.monotonic()

    def answers(self):
        """Return (status, JSON, when it came) of each."""
        found = [future.result(timeout=60) for future in self._futures]
        self._pool.shutdown()
        return found

    def answer(self):
        """Return the JSON of the only one, which must have succeeded."""
        (status, answer, _), = self.answers()
        assert status == 200, answer
        return answer


# ---- what there is ----------------------------------------------------------


def test_events_tell_the_life_of_a_study_in_order(calls):
    study = calls.create()
    first, second = calls.ask(study, 2)
    calls.tell(first, value=0.5)
    calls.tell(second, state="failed", error="no luck")
    calls.ok("POST", f"/studies/{study['id']}/pause", {})
    answer = events_of(calls, study)
    assert kinds(answer) == [
        "study_created", "trial_started", "trial_started", "trial_ended",
        "trial_ended", "study_paused"]
    numbers = [event["number"] for event in answer["events"]]
    assert numbers == [None, 0, 1, 0, 1, None]
    states = [event.get("state") for event in answer["events"]]
    assert states == [
        None, "complete", "failed", "complete", "failed", None]
    seqs = [event["seq"] for event in answer["events"]]
    assert seqs == sorted(set(seqs))
    assert answer["next"] == seqs[-1] == calls.study(study)["revision"]
    assert {event["by"] for event in answer["events"]} == {"admin"}


def test_events_come_in_pages_that_neither_repeat_nor_skip(calls):
    study = calls.create()
    calls.ask(study, 25)
    every = events_of(calls, study)["events"]
    assert len(every) == 26
    found, since = [], 0
    while True:
        page = events_of(calls, study, f"?limit=7&since={since}")
        if not page["events"]:
            break
        assert len(page["events"]) <= 7
        assert page["next"] == page["events"][-1]["seq"]
        found += page["events"]
        since = page["next"]
    assert found == every
    assert page["next"] == since


def test_a_lost_lease_is_an_event_of_the_service_itself(calls):
    study = calls.create(lease_s=1)
    calls.ask(study)
    since = events_of(calls, study)["next"]
    answer = events_of(calls, study, f"?since={since}&wait_s={LONG_S}")
    event, = answer["events"]
    assert (event["event"], event["number"]) == ("trial_ended", 0)
    assert (event["state"], event["by"]) == ("lost", None)


# ---- waiting ----------------------------------------------------------------


def test_what_is_there_comes_at_once(calls):
    study = calls.create()
    begun = time.monotonic()
    answer = events_of(calls, study, f"?wait_s={LONG_S}")
    assert kinds(answer) == ["study_created"]
    assert time.monotonic() - begun < LONG_S / 2


def test_an_event_wakes_who_waits_for_it_within_a_moment(calls):
    study, other = calls.create(), calls.create()
    since = events_of(calls, study)["next"]
    waiting = Waiting(calls, study, since)
    calls.ask(other)
    trial, = calls.ask(study)
    told = time.monotonic()
    (status, answer, came), = waiting.answers()
    assert status == 200
    assert [(e["event"], e["number"]) for e in answer["events"]] == [
        ("trial_started", 0)]
    assert came - told < 5.0
    waiting = Waiting(calls, study, answer["next"])
    calls.tell(trial, value=1)
    answer = waiting.answer()
    assert kinds(answer) == ["trial_ended"]
    assert answer["events"][0]["state"] == "complete"


def test_a_wait_that_nothing_ends_is_over_in_time_with_nothing(calls):
    study = calls.create()
    since = events_of(calls, study)["next"]
    begun = time.monotonic()
    answer = events_of(calls, study, f"?since={since}&wait_s=1")
    assert answer == {"events": [], "next": since}
    assert 1.0 <= time.monotonic() - begun < LONG_S / 2


def test_reports_are_no_events_and_end_no_wait(calls):
    study = calls.create()
    trial, = calls.ask(study)
    since = events_of(calls, study)["next"]
    waiting = Waiting(calls, study, since)
    for step in range(5):
        calls.report(trial, step, 0.1)
    calls.tell(trial, value=1)
    assert kinds(waiting.answer()) == ["trial_ended"]


def test_steering_wakes_too(calls):
    study = calls.create()
    since = events_of(calls, study)["next"]
    waiting = Waiting(calls, study, since)
    calls.ok("POST", f"/studies/{study['id']}/pause", {})
    assert kinds(waiting.answer()) == ["study_paused"]


def test_a_deleted_study_ends_the_wait_and_is_not_found_afterwards(calls):
    study = calls.create()
    since = events_of(calls, study)["next"]
    waiting = Waiting(calls, study, since)
    calls.ok("DELETE", f"/studies/{study['id']}", status=204)
    assert waiting.answer() == {"events": [], "next": since}
    path = f"/studies/{study['id']}/events?since={since}&wait_s={LONG_S}"
    assert calls.api("GET", path).status == 404


def test_nothing_is_missed_between_two_waits(calls):
    """A worker asks and tells while a reader follows by waiting."""
    study = calls.create()

    def work():
        for _ in range(60):
            trial, = calls.ask(study)
            calls.tell(trial, value=0.5)

    worker = threading.Thread(target=work)
    worker.start()
    found, since = [], 0
    with httpx.Client(base_url=calls.service.url, timeout=60, headers={
            "Authorization": f"Bearer {calls.service.token}"}) as http:
        while len(found) < 121:
            reply = http.get(f"/api/v1/studies/{study['id']}/events", params={
                "since": since, "wait_s": LONG_S, "limit": 10})
            assert reply.status_code == 200
            assert reply.json()["events"], "a wait ran out"
            found += reply.json()["events"]
            since = reply.json()["next"]
    worker.join()
    every = events_of(calls, study)["events"]
    assert [event["seq"] for event in found] == [
        event["seq"] for event in every]


class Crowd:
    """Many that wait, each on a connection of its own."""

    def __init__(self, calls, study, since, n):
        already = waits(calls)
        url = urlsplit(calls.service.url)
        request = (
            f"GET /api/v1/studies/{study['id']}/events?since={since}&wait_s=60 "
            f"HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n"
            f"Authorization: Bearer {calls.service.token}\r\n\r\n").encode()
        self._sockets = []
        for _ in range(n):
            one = socket.create_connection((url.hostname, url.port), timeout=60)
            one.sendall(request)
            self._sockets.append(one)
        harness.wait_until(
            lambda: waits(calls) >= already + n, f"{n} waiting requests")

    def answers(self):
        """Return the JSON that each of them gets."""
        return [self._read(one) for one in self._sockets]

    @staticmethod
    def _read(one):
        with one, one.makefile("rb") as stream:
            head, body = stream.read().split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200 ")
        return json.loads(body)


def test_hundreds_who_wait_cost_the_others_nothing(calls):
    study, other = calls.create(), calls.create()
    crowd = Crowd(calls, study, events_of(calls, study)["next"], 300)
    begun = time.monotonic()
    for _ in range(20):
        trial, = calls.ask(other)
        calls.tell(trial, value=0.5)
    assert time.monotonic() - begun < 20.0
    assert waits(calls) >= 300
    calls.ask(study)
    told = time.monotonic()
    assert {tuple(kinds(answer)) for answer in crowd.answers()} == {
        ("trial_started",)}
    assert time.monotonic() - told < LONG_S / 2


# ---- server-sent events -----------------------------------------------------


def stream_of(calls, study, query="", **headers):
    """Return the Answer to GET .../events as an event stream."""
    path = f"/studies/{study['id']}/events{query}"
    answer = calls.api("GET", path, headers={**STREAM, **headers})
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    return answer


def test_an_event_stream_has_ids_kinds_and_the_same_json(calls):
    study = calls.create(notes="two\nlines")
    calls.tell(calls.ask(study)[0], value=0.5)
    retry, *found = messages(stream_of(calls, study).text)
    assert int(retry["retry"]) > 0
    expected = events_of(calls, study)["events"]
    assert [json.loads(message["data"]) for message in found] == expected
    assert [int(message["id"]) for message in found] == [
        event["seq"] for event in expected]
    assert [message["event"] for message in found] == [
        event["event"] for event in expected]


def test_a_stream_resumes_behind_the_last_event_that_was_seen(calls):
    study = calls.create()
    calls.ask(study, 5)
    _, *every = messages(stream_of(calls, study).text)
    seen = {"Last-Event-ID": every[2]["id"]}
    _, *rest = messages(stream_of(calls, study, "?since=0", **seen).text)
    assert rest == every[3:]
    answer = events_of(calls, study, headers=seen)
    assert len(answer["events"]) == len(rest)


def test_a_stream_with_nothing_new_is_a_comment(calls):
    study = calls.create()
    since = events_of(calls, study)["next"]
    text = stream_of(calls, study, f"?since={since}&wait_s=1").text
    assert [set(message) for message in messages(text)] == [{"retry"}]
    assert text.split("\n\n")[1].startswith(":")


def test_a_stream_waits_for_the_first_event(calls):
    study = calls.create()
    since = events_of(calls, study)["next"]
    with ThreadPoolExecutor(1) as pool:
        already = waits(calls)
        url = f"{calls.service.url}/api/v1/studies/{study['id']}/events"
        headers = {**STREAM, "Last-Event-ID": str(since),
                   "Authorization": f"Bearer {calls.service.token}"}
        stream = pool.submit(
            httpx.get, url, headers=headers, timeout=60, verify=False)
        harness.wait_until(lambda: waits(calls) > already, "the stream")
        calls.ask(study)
        _, message = messages(stream.result().text)
    assert message["event"] == "trial_started"


# ---- who may ----------------------------------------------------------------


def test_a_token_of_one_study_follows_that_study_only(calls):
    study, other = calls.create(), calls.create()
    made = calls.ok("POST", "/tokens", {
        "name": "watcher", "expires": "1d", "scopes": ["read"],
        "study_id": study["id"]}, 201)
    token = made["token"]
    assert kinds(events_of(calls, study, token=token)) == ["study_created"]
    path = f"/studies/{other['id']}/events?wait_s={LONG_S}"
    assert calls.api("GET", path, token=token).status == 404
    assert calls.api("GET", path, token=None).status == 401
    # Also where the answer would have to wait.
    waiting = Waiting(
        calls, other, events_of(calls, other)["next"], until_event=True)
    far = f"/studies/{other['id']}/events?since=999&wait_s={LONG_S}"
    assert calls.api("GET", far, token=token).status == 404
    calls.ask(other)
    assert kinds(waiting.answer()) == ["trial_started"]


# ---- instances that come and go ---------------------------------------------


def test_events_go_on_by_their_number_after_a_restart(service):
    calls = Calls(service)
    study = calls.create()
    calls.ask(study, 3)
    before = events_of(calls, study)
    service.kill()
    service.restart()
    assert events_of(calls, study) == before
    waiting = Waiting(calls, study, before["next"])
    calls.ask(study)
    answer = waiting.answer()
    assert [(e["event"], e["number"]) for e in answer["events"]] == [
        ("trial_started", 3)]


def test_a_drain_answers_all_who_wait_at_once(service):
    calls = Calls(service)
    study = calls.create()
    since = events_of(calls, study)["next"]
    waiting = Waiting(calls, study, since, n=20)
    begun = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    for status, answer, _ in waiting.answers():
        assert status == 200
        assert answer == {"events": [], "next": since}
    assert service.process.wait(60) == 0
    assert time.monotonic() - begun < LONG_S / 2


@pytest.fixture
def pair(instances, postgres_database):
    """Two instances on one PostgreSQL database: their calls."""
    first = instances(postgres_database)
    second = instances(postgres_database, token=first.token)
    return Calls(first), Calls(second)


def test_what_another_instance_wrote_wakes_within_seconds(pair):
    here, there = pair
    study = here.create()
    since = events_of(here, study)["next"]
    waiting = Waiting(here, study, since, n=3)
    there.ask(study)
    for status, answer, _ in waiting.answers():
        assert (status, kinds(answer)) == (200, ["trial_started"])


def test_a_study_deleted_by_another_instance_ends_the_wait(pair):
    here, there = pair
    study, other = here.create(), here.create()
    waiting = Waiting(here, study, events_of(here, study)["next"])
    longer = Waiting(here, other, events_of(here, other)["next"])
    there.ok("DELETE", f"/studies/{study['id']}", status=204)
    assert waiting.answer()["events"] == []
    path = f"/studies/{study['id']}/events?wait_s={LONG_S}"
    assert here.api("GET", path).status == 404
    there.ask(other)
    assert kinds(longer.answer()) == ["trial_started"]
