# SPDX-License-Identifier: GPL-3.0-or-later
"""test_webhooks.py - the events of a study reach a receiver, and only one

Receivers listen on loopback, which the service must be told to allow; those
tests that are about refusing do not allow it. Waits between attempts are short
here, a request has a second.
"""

import json
import re
import subprocess
import threading
import time
from datetime import datetime

import harness
import openapi
import pytest
from calls import Calls, fresh_name
from receiver import Receiver

ALLOWED = ["--webhook_http", "1", "--webhook_private", "1"]
QUICK = ["--webhook_timeout_s", "1", "--webhook_retry_ms", "20"]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receivers():
    """A function that starts receivers; they are closed after the test."""
    started = []

    def start(*args, **options):
        started.append(Receiver(*args, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def start(instances):
    """A function that starts a service that may deliver to receivers here."""

    def start(database, *arguments, **options):
        arguments = [*ALLOWED, *QUICK, *arguments]
        return Calls(instances(database, arguments=arguments, **options))

    return start


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """The calls of such a service on SQLite, which many tests share."""
    place = tmp_path_factory.mktemp("webhooks")
    service = harness.Service(
        f"sqlite:{place / 'cumae.db'}", place, arguments=[*ALLOWED, *QUICK])
    try:
        yield Calls(service.start())
    finally:
        service.close()


def hooks_at(study, hook=None, more=""):
    """Return the path of a study's webhooks, or of one of them."""
    path = f"/studies/{study['id']}/webhooks"
    return f"{path}/{hook['id']}{more}" if hook else path


def add(calls, study, receiver, **fields):
    """Make a webhook and return it, with its secret."""
    body = {"url": getattr(receiver, "url", receiver), **fields}
    return calls.ok("POST", hooks_at(study), body, 201)


def look(calls, study):
    """Return the webhooks of a study."""
    return calls.ok("GET", hooks_at(study))["webhooks"]


def look_at(calls, study, hook):
    """Return a webhook as it is now."""
    one, = [each for each in look(calls, study) if each["id"] == hook["id"]]
    return one


def expected(calls, study, hook, kinds=None):
    """Return (seq, kind) of all events since the webhook was made."""
    path = f"/studies/{study['id']}/events?since={hook['delivered']}"
    return [(e["seq"], e["event"]) for e in calls.ok("GET", path)["events"]
            if kinds is None or e["event"] in kinds]


def names(events):
    """Return (seq, kind) of events."""
    return [(event["seq"], event["event"]) for event in events]


def await_events(receiver, wanted):
    """Wait for these events, each once and in their order."""
    harness.wait_until(
        lambda: len(receiver.events()) >= len(wanted), f"{len(wanted)} events")
    assert names(receiver.events()) == wanted


def await_state(calls, study, hook, condition, what):
    """Wait until the webhook is as wanted; return it."""
    return harness.wait_until(
        lambda: (now := look_at(calls, study, hook)) and condition(now) and now,
        what)


# ---- what is delivered ------------------------------------------------------


def test_events_are_delivered_in_order_once_and_signed(
    start, database, receivers
):
    calls, receiver = start(database), receivers()
    study = calls.create()
    hook = add(calls, study, receiver)
    assert re.fullmatch(r"whsec_[0-9A-Za-z+/]{43}=", hook["secret"])
    for trial in calls.ask(study, 3):
        calls.tell(trial, value=0.5)
    calls.ok("POST", f"/studies/{study['id']}/pause", {})
    wanted = expected(calls, study, hook)
    assert [kind for _, kind in wanted].count("trial_ended") == 3
    assert wanted[-1][1] == "study_paused"
    await_events(receiver, wanted)
    for delivery in receiver.all():
        assert delivery.is_signed_with(hook["secret"])
        assert not delivery.is_signed_with(SECRET)
        assert delivery.path == "/hook"
        assert delivery.headers["content-type"] == "application/json"
        assert abs(int(delivery.headers["webhook-timestamp"])
                   - time.time()) < 60
        body = delivery.body
        assert (body["type"], body["study"], body["hook"]) == (
            "events", study["id"], hook["id"])
    assert len({one.id for one in receiver.all()}) == len(receiver.all())
    now = await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    assert (now["state"], now["last_status"], now["failures"]) == (
        "enabled", 204, 0)
    assert now["delivered"] == wanted[-1][0]


def test_a_delivery_is_what_the_document_says(calls, receivers):
    receiver, study = receivers(), calls.create()
    add(calls, study, receiver)
    calls.ask(study)
    harness.wait_until(receiver.events, "an event")
    document = calls.ok("GET", "/openapi.json")
    openapi.check_component(
        document, "WebhookDelivery", receiver.all()[0].body)


def test_many_events_come_in_deliveries_of_at_most_a_hundred(calls, receivers):
    receiver, study = receivers(), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study, 450)
    await_events(receiver, expected(calls, study, hook))
    sizes = [len(one.events) for one in receiver.all()]
    assert max(sizes) == 100 and len(sizes) >= 5


def test_only_the_kinds_that_are_wanted_are_delivered(calls, receivers):
    receiver, study = receivers(), calls.create()
    kinds = ["study_paused", "trial_ended"]
    hook = add(calls, study, receiver, events=kinds)
    assert hook["events"] == kinds
    calls.tell(calls.ask(study)[0], value=1)
    calls.ok("POST", f"/studies/{study['id']}/pause", {})
    await_events(receiver, expected(calls, study, hook, kinds))
    assert len(receiver.events()) == 2


def test_events_that_nobody_wants_are_passed_over(calls, receivers):
    receiver, study = receivers(), calls.create()
    hook = add(calls, study, receiver, events=["study_paused"])
    calls.ask(study, 30)
    last = calls.study(study)["revision"]
    await_state(calls, study, hook, lambda h: h["delivered"] >= last,
                "the webhook to pass over 30 events")
    assert receiver.all() == []


def test_what_happened_before_is_not_delivered(calls, receivers):
    receiver, study = receivers(), calls.create()
    calls.ask(study, 5)
    hook = add(calls, study, receiver)
    assert hook["pending"] == 0
    calls.ask(study)
    await_events(receiver, expected(calls, study, hook))
    assert len(receiver.events()) == 1


# ---- receivers that fail ----------------------------------------------------


def fails(times, status=500):
    """Return an answer: so many failures, then success."""
    left = [times]

    def answer(_):
        left[0] -= 1
        return status if left[0] >= 0 else 200

    return answer


def test_a_failed_delivery_is_repeated_until_it_succeeds(
    start, database, receivers
):
    calls, receiver = start(database), receivers(fails(2))
    study = calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study, 2)
    wanted = expected(calls, study, hook)
    harness.wait_until(lambda: len(receiver.all()) >= 3, "3 attempts")
    first = receiver.all()[0]
    for repeat in receiver.all()[1:3]:
        assert repeat.id == first.id
        assert names(repeat.events) == names(first.events)
        assert repeat.is_signed_with(hook["secret"])
    await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    taken = [e for one in receiver.all()[2:] for e in one.events]
    assert names(taken) == wanted


def test_a_repeated_delivery_has_the_events_of_the_first_try(calls, receivers):
    receiver, study = receivers(fails(3)), calls.create()
    add(calls, study, receiver)
    calls.ask(study)
    harness.wait_until(receiver.all, "a first attempt")
    calls.ask(study, 5)
    harness.wait_until(lambda: len(receiver.all()) >= 4, "4 attempts")
    assert len({(one.id, one.raw) for one in receiver.all()[:4]}) == 1


def test_failures_are_shown(calls, receivers):
    receiver, study = receivers(lambda _: 500), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["failures"] >= 2, "2 failures")
    assert now["state"] == "failing"
    assert now["last_status"] == 500 and now["last_error"] is None
    assert now["pending"] == 1 and now["last_try"] < now["next_try"]


def test_a_receiver_that_hangs_delays_nobody_else(calls, receivers):
    over = threading.Event()
    slow = [receivers(lambda _: over.wait(60) and 200) for _ in range(5)]
    quick, study = receivers(), calls.create()
    stuck = [add(calls, study, one) for one in slow]
    hook = add(calls, study, quick)
    for _ in range(5):
        calls.ask(study)
    await_events(quick, expected(calls, study, hook))
    now = await_state(
        calls, study, stuck[0], lambda h: h["failures"], "a failure")
    assert now["last_status"] is None and "imeout" in now["last_error"]
    over.set()


def test_a_receiver_that_was_away_gets_all_when_it_is_back(calls, receivers):
    gone, study = receivers(), calls.create()
    gone.close()
    hook = add(calls, study, gone)
    calls.ask(study, 3)
    now = await_state(
        calls, study, hook, lambda h: h["failures"], "a failure")
    assert now["last_status"] is None and now["last_error"]
    back = receivers(port=gone.port)
    await_events(back, expected(calls, study, hook))
    gone.close = lambda: None


def test_a_receiver_that_is_gone_disables_its_webhook(calls, receivers):
    receiver, study = receivers(lambda _: 410), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["state"] == "disabled", "the end")
    assert "410" in now["reason"] and now["next_try"] is None
    kinds = [kind for _, kind in expected(calls, study, hook)]
    assert kinds == ["trial_started", "webhook_disabled"]
    assert len(receiver.all()) == 1


def test_a_disabled_webhook_that_is_enabled_again_goes_on(calls, receivers):
    receiver, study = receivers(lambda _: 410), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    await_state(
        calls, study, hook, lambda h: h["state"] == "disabled", "the end")
    receiver.answer = lambda _: 200
    calls.ask(study)
    now = calls.ok("PATCH", hooks_at(study, hook), {"enabled": True})
    assert now["state"] == "enabled" and now["reason"] is None
    wanted = expected(calls, study, hook)
    assert [kind for _, kind in wanted] == [
        "trial_started", "webhook_disabled", "trial_started",
        "webhook_enabled"]
    await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    taken = [e for one in receiver.all()[1:] for e in one.events]
    assert names(taken) == wanted


def test_a_webhook_that_fails_for_too_long_is_disabled(
    start, sqlite_database, receivers
):
    calls = start(sqlite_database, "--webhook_give_up_s", "1")
    receiver, study = receivers(lambda _: 503), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["state"] == "disabled", "the end")
    assert "no delivery succeeded" in now["reason"]


def when(text):
    """Return a time of the API in seconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_retry_after_is_honoured(calls, receivers):
    receiver = receivers(lambda _: (503, {"Retry-After": "120"}))
    study = calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["failures"], "a failure")
    assert 120 <= when(now["next_try"]) - when(now["last_try"]) <= 145


def test_a_redirect_is_a_failure_and_not_followed(calls, receivers):
    other, study = receivers(), calls.create()
    receiver = receivers(lambda _: (302, {"Location": other.url}))
    hook = add(calls, study, receiver)
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["failures"], "a failure")
    assert now["last_status"] == 302
    assert other.all() == []


def test_a_long_answer_is_not_read_to_its_end(calls, receivers):
    answer = (200, {"body": b"x" * 1_000_000})
    receiver, study = receivers(lambda _: (200, dict(answer[1]))), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    assert look_at(calls, study, hook)["failures"] == 0


# ---- the calls --------------------------------------------------------------


def test_a_webhook_is_made_once(calls, receivers):
    receiver, study = receivers(), calls.create()
    hook = add(calls, study, receiver, secret=SECRET)
    assert hook["secret"] == SECRET
    body = {"url": receiver.url, "secret": SECRET}
    again = calls.ok("POST", hooks_at(study), body, 200)
    assert again["id"] == hook["id"] and "secret" not in again
    other = calls.api("POST", hooks_at(study), {"url": receiver.url})
    assert other.status == 409 and str(hook["id"]) in other.json["detail"]
    assert len(look(calls, study)) == 1


def test_a_study_has_at_most_ten_webhooks(calls):
    study = calls.create()
    for i in range(10):
        add(calls, study, f"https://example.org/{i}")
    answer = calls.api(
        "POST", hooks_at(study), {"url": "https://example.org/11"})
    assert answer.status == 409 and "10" in answer.json["detail"]
    assert len(look(calls, study)) == 10


def test_a_webhook_changes_its_url_and_its_kinds(calls, receivers):
    old, new, study = receivers(), receivers(), calls.create()
    hook = add(calls, study, old, events=["study_paused"])
    now = calls.ok("PATCH", hooks_at(study, hook),
                   {"url": new.url, "events": None})
    assert (now["url"], now["events"]) == (new.url, None)
    calls.ask(study)
    await_events(new, expected(calls, study, hook))
    assert old.all() == []


def test_a_webhook_that_is_deleted_delivers_nothing_more(calls, receivers):
    receiver, study = receivers(), calls.create()
    hook = add(calls, study, receiver)
    other = add(calls, study, receivers())
    calls.ok("DELETE", hooks_at(study, hook), status=204)
    assert [one["id"] for one in look(calls, study)] == [other["id"]]
    calls.ask(study)
    await_state(calls, study, other, lambda h: h["pending"] == 0, "0 left")
    assert receiver.all() == []
    answer = calls.api("DELETE", hooks_at(study, hook))
    assert answer.status == 404


def test_a_study_with_webhooks_can_be_deleted(start, database, receivers):
    calls = start(database)
    study = calls.create()
    add(calls, study, receivers())
    calls.ask(study)
    calls.ok("DELETE", f"/studies/{study['id']}", status=204)
    assert calls.api("GET", hooks_at(study)).status == 404


def test_a_ping_says_what_came_back(calls, receivers):
    receiver, study = receivers(lambda _: 418), calls.create()
    hook = add(calls, study, receiver)
    said = calls.ok("POST", hooks_at(study, hook, "/test"))
    assert (said["delivered"], said["status"], said["error"]) == (
        False, 418, None)
    ping, = receiver.all()
    assert ping.id == said["id"] and ping.is_signed_with(hook["secret"])
    assert (ping.body["type"], ping.events) == ("ping", [])
    receiver.answer = lambda _: 200
    assert calls.ok("POST", hooks_at(study, hook, "/test"))["delivered"]
    receiver.answer = lambda _: time.sleep(2) or 200
    said = calls.ok("POST", hooks_at(study, hook, "/test"))
    assert said["status"] is None and "imeout" in said["error"]
    assert look_at(calls, study, hook)["failures"] == 0


@pytest.mark.parametrize("method, more", [
    ("POST", ""), ("GET", ""), ("PATCH", "/{hook}"), ("DELETE", "/{hook}"),
    ("POST", "/{hook}/test")])
def test_webhooks_are_for_those_who_steer(calls, method, more):
    study = calls.create()
    hook = add(calls, study, "https://example.org/")
    path = hooks_at(study) + more.format(hook=hook["id"])
    body = {"name": fresh_name(), "scopes": ["read", "ask"], "expires": "1d"}
    worker = calls.ok("POST", "/tokens", body, 201)["token"]
    sent = {} if method in ("POST", "PATCH") else None
    assert calls.api(method, path, sent, token=worker).status == 403
    body |= {"scopes": ["steer"], "study_id": calls.create()["id"]}
    elsewhere = calls.ok("POST", "/tokens", body, 201)["token"]
    sent = {"url": "https://example.org/2"} if sent == {} else None
    assert calls.api(method, path, sent, token=elsewhere).status == 404
    if more:
        path = path.replace(f"webhooks/{hook['id']}", "webhooks/999999")
        sent = {} if method == "PATCH" else None
        assert calls.api(method, path, sent).status == 404


def test_deliveries_and_failures_are_counted(
    start, sqlite_database, receivers
):
    calls, receiver = start(sqlite_database), receivers(fails(2))
    study = calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    text = calls.api("GET", "/metrics", token=None).text
    assert re.search(r"^cumae_webhook_deliveries_total 1$", text, re.M)
    assert re.search(r"^cumae_webhook_failures_total 2$", text, re.M)


# ---- security ---------------------------------------------------------------


@pytest.fixture
def guarded(instances, sqlite_database):
    """The calls of a service with default settings, but for the times."""
    return Calls(instances(sqlite_database, arguments=QUICK))


BAD_URLS = [
    "http://example.org/", "ftp://example.org/", "file:///etc/passwd",
    "gopher://example.org:25/x", "example.org", "https://", "",
    "https://user@example.org/", "https://user:pass@example.org/",
    "https://example.org/#part", "https://exa mple.org/", "https://[::1",
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://10.1.2.3/",
    "https://192.168.0.1/", "https://172.16.0.1/", "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://0.0.0.0/",
    "https://255.255.255.255/", "https://224.0.0.1/", "https://[::1]/",
    "https://[::]/", "https://[fe80::1]/", "https://[fc00::1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:a00:1]/",
    "https://[64:ff9b::7f00:1]/", "https://[ff02::1]/"]


def test_urls_that_are_not_https_or_reach_inside_are_refused(guarded):
    study = guarded.create()
    hook = add(guarded, study, "https://example.org/")
    for url in BAD_URLS:
        for method, path in [
            ("POST", hooks_at(study)), ("PATCH", hooks_at(study, hook))
        ]:
            answer = guarded.api(method, path, {"url": url})
            assert answer.status == 422, url
            assert "url" in answer.json["detail"]
    assert [one["url"] for one in look(guarded, study)] == [
        "https://example.org/"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for localhost and the authority that signed it."""
    place = tmp_path_factory.mktemp("tls")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=place, check=True,
                       capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=test authority", "-keyout", "ca.key", "-out",
            "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
            "-keyout", "key.pem", "-out", "request.pem")
    (place / "more").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "more",
            "-out", "cert.pem")
    return place


def tls(authority):
    """Return certificate and key."""
    return authority / "cert.pem", authority / "key.pem"


def test_a_name_that_means_a_private_address_is_refused_when_connecting(
    instances, sqlite_database, receivers, authority
):
    ca = ["--webhook_ca_file", str(authority / "ca.pem")]
    calls = Calls(instances(sqlite_database, arguments=QUICK + ca))
    receiver, study = receivers(tls=tls(authority)), calls.create()
    hook = add(calls, study, receiver)
    said = calls.ok("POST", hooks_at(study, hook, "/test"))
    assert said["status"] is None
    assert said["error"] == "the host's address is not public"
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["failures"], "a failure")
    assert now["last_error"] == "the host's address is not public"
    assert receiver.all() == []


def test_what_clouds_tell_their_machines_is_never_reached(calls):
    study = calls.create()
    for url in ["http://169.254.169.254/", "http://[fe80::1]/"]:
        answer = calls.api("POST", hooks_at(study), {"url": url})
        assert answer.status == 422 and "url" in answer.json["detail"]


def test_https_is_believed_when_the_authority_is(
    start, sqlite_database, receivers, authority
):
    calls = start(
        sqlite_database, "--webhook_ca_file", str(authority / "ca.pem"))
    receiver, study = receivers(tls=tls(authority)), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study, 3)
    await_events(receiver, expected(calls, study, hook))


def test_https_with_an_unknown_authority_is_refused(
    calls, receivers, authority
):
    receiver, study = receivers(tls=tls(authority)), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    now = await_state(
        calls, study, hook, lambda h: h["failures"], "a failure")
    assert re.search("certificate|peer", now["last_error"])
    assert receiver.all() == []


def test_proxies_of_the_environment_are_not_used(
    start, sqlite_database, receivers
):
    proxy, receiver = receivers(), receivers()
    address = f"http://127.0.0.1:{proxy.port}"
    variables = ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"]
    calls = start(sqlite_database, environment=dict.fromkeys(
        variables, address))
    study = calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    await_events(receiver, expected(calls, study, hook))
    assert proxy.all() == []


def test_the_secret_is_shown_once_and_never_logged(
    start, database, receivers
):
    calls = start(database, "--log_level", "debug")
    receiver, study = receivers(fails(1)), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    calls.ok("POST", hooks_at(study, hook, "/test"))
    calls.ok("PATCH", hooks_at(study, hook), {"enabled": False})
    log = calls.service.stderr_path.read_text()
    assert "delivery failed" in log and "delivered" in log
    key = hook["secret"].removeprefix("whsec_")
    everything = log + json.dumps(look(calls, study)) + calls.api(
        "GET", f"/studies/{study['id']}/events").text
    assert key not in everything
    assert receiver.url not in log


def test_a_secret_of_another_form_is_refused(calls):
    study = calls.create()
    for secret in ["", "secret", "whsec_", "whsec_c2hvcnQ=", SECRET[6:],
                   "whsec_" + "A" * 88, SECRET + "!", SECRET + "=",
                   "whsec_" + "A" * 31]:
        body = {"url": "https://example.org/", "secret": secret}
        answer = calls.api("POST", hooks_at(study), body)
        assert answer.status == 422 and "secret" in answer.json["detail"]


# ---- crashes and several instances ------------------------------------------


def in_order(events):
    """Return the seqs of what came, without repeats; they must not go back
    to what never came."""
    seen, order = set(), []
    for event in events:
        if event["seq"] not in seen:
            seen.add(event["seq"])
            order.append(event["seq"])
    assert order == sorted(order)
    return order


def test_kill_9_of_the_service_loses_no_event(start, database, receivers):
    calls, receiver = start(database), receivers()
    study = calls.create()
    hook = add(calls, study, receiver)
    for _ in range(3):
        seen = len(receiver.all())
        calls.ask(study, 150)
        harness.wait_until(
            lambda seen=seen: len(receiver.all()) > seen, "a delivery")
        calls.service.kill()
        calls.service.restart()
    calls.ask(study, 10)
    wanted = [seq for seq, _ in expected(calls, study, hook)]
    assert len(wanted) == 460
    harness.wait_until(
        lambda: len(in_order(receiver.events())) == len(wanted),
        "all events")
    assert in_order(receiver.events()) == wanted


def test_a_drain_ends_in_time_and_what_is_left_comes_after_the_restart(
    start, database, receivers
):
    over, calls = threading.Event(), start(database, "--drain_s", "3")
    receiver, study = receivers(lambda _: over.wait(60) and 200), calls.create()
    hook = add(calls, study, receiver)
    calls.ask(study)
    harness.wait_until(receiver.all, "a delivery")
    begun = time.monotonic()
    assert calls.service.terminate() == 0
    assert time.monotonic() - begun < 15
    over.set()
    calls.service.restart()
    calls.ask(study)
    await_state(calls, study, hook, lambda h: h["pending"] == 0, "0 left")
    wanted = [seq for seq, _ in expected(calls, study, hook)]
    assert in_order(receiver.events()) == wanted


def test_two_instances_deliver_each_event_once(
    start, postgres_database, receivers
):
    first = start(postgres_database)
    second = start(postgres_database, token=first.service.token)
    receiver, study = receivers(), first.create()
    hook = add(first, study, receiver)
    for calls in (first, second) * 10:
        calls.ask(study, 7)
    await_events(receiver, expected(first, study, hook))


def test_an_instance_takes_over_from_one_that_crashed(
    start, postgres_database, receivers
):
    over = threading.Event()
    first = start(postgres_database, "--webhook_timeout_s", "2")
    receiver, study = receivers(lambda _: over.wait(60) and 200), first.create()
    hook = add(first, study, receiver)
    first.ask(study, 3)
    harness.wait_until(receiver.all, "a delivery that hangs")
    first.service.kill()
    over.set()
    second = start(postgres_database, token=first.service.token)
    await_state(second, study, hook, lambda h: h["pending"] == 0, "0 left")
    wanted = [seq for seq, _ in expected(second, study, hook)]
    assert in_order(receiver.events()) == wanted
    assert len({one.id for one in receiver.all()[:2]}) == 1
