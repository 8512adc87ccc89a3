# SPDX-License-Identifier: GPL-3.0-or-later
"""test_oidc_providers.py - providers that fail, and the file that names them"""

import concurrent.futures
import threading
from types import SimpleNamespace

import harness
import pytest
import signing
from issuer import Issuer
from signing import Browser, member, refused, signed_in
from world import RUINS, on_one


def found(browser, provider):
    """Return where the provider is; None while the service cannot tell."""
    location = browser.try_to_go(provider).headers.get("location", "/#")
    return None if location.startswith("/#") else location


# ---- providers that fail -----------------------------------------------------


@on_one
@pytest.mark.parametrize("answer", [
    (302, {"Location": "http://127.0.0.1:1/"}, b""), (500, {}, b"{}"),
    (200, {}, b""), (200, {}, b"{}"), (200, {}, b"[]"), (200, {}, b"<html>"),
    (200, {}, b'"' + b"x" * 2_000_000 + b'"'), (200, {}, b"[" * 100_000),
    (200, {}, b'{"id_token":1,"access_token":"x","token_type":"Bearer"}'),
    (400, {}, b'{"error":"invalid_grant","error_description":"<b>no"}'),
], ids=lambda answer: f"{answer[0]} {answer[2][:12]!r}")
def test_an_odd_answer_instead_of_tokens_is_refused(
        world, browser, name, answer):
    world.forged.answers["/token"] = answer
    refused(browser.sign_in("forged", world.forged, **member(name)),
            world.forged)
    assert browser.me() is None


@pytest.mark.parametrize("name", sorted(RUINS))
def test_nobody_signs_in_through_a_broken_provider(ruins, name):
    browser = ruins.browser()
    reply = browser.try_to_go(name)
    issuer = ruins.ruins[name]
    if reply.status_code == 302 and "error" not in reply.headers["location"]:
        query = issuer.consent(reply.headers["location"])
        reply = browser.come_back(name, query)
    if reply.status_code != 503:
        refused(reply, issuer)
    assert browser.me() is None
    browser.close()


def test_a_slow_provider_keeps_nobody_else_waiting(world, browser, name):
    arrived, go_on = threading.Event(), threading.Event()

    def slow(asked):
        arrived.set()
        assert go_on.wait(harness.PATIENCE_S)
        return world.forged.token(asked)

    world.forged.answers["/token"] = slow
    query = world.forged.consent(browser.go("forged"), **member(name))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        late = pool.submit(browser.come_back, "forged", query)
        assert arrived.wait(harness.PATIENCE_S)
        for _ in range(20):
            assert world.service.api("GET", "/studies").status == 200
        go_on.set()
        signed_in(late.result(harness.PATIENCE_S))


def test_a_provider_that_is_away_at_the_start_is_found_later(
        instances, sqlite_database, tmp_path):
    issuer = Issuer()
    path = signing.write_providers(
        tmp_path / "providers.json", [signing.provider("forged", issuer)])
    issuer.close()
    service = instances(sqlite_database, arguments=[
        "--oidc_file", str(path), "--oidc_refresh_s", "1"])
    browser = Browser(service)
    reply = browser.try_to_go("forged")
    if reply.status_code != 503:
        refused(reply, issuer)
    issuer.start()
    location = harness.wait_until(
        lambda: found(browser, "forged"), "the provider to be found")
    signed_in(browser.come_back("forged", issuer.consent(location)))
    browser.close()
    issuer.close()


# ---- the file of providers ---------------------------------------------------


@pytest.mark.parametrize("fields, words", [
    ({"name": None}, "name"), ({"name": "a/b"}, "name"),
    ({"name": "x" * 33}, "name"), ({"issuer": None}, "issuer"),
    ({"issuer": "http://accounts.example"}, "issuer"),
    ({"issuer": "http://127.0.0.1.evil.example"}, "issuer"),
    ({"issuer": "http://127.0.0.1@evil.example"}, "issuer"),
    ({"issuer": "file:///etc/passwd"}, "issuer"),
    ({"client_id": ""}, "client_id"), ({"client_secret": 1}, "client_secret"),
    ({"client_secret_file": "x"}, "client_secret"),
    ({"client_secret": None, "client_secret_file": "/none"}, "/none"),
    ({"scopes": "profile"}, "openid"), ({"userinfo": "yes"}, "userinfo"),
    ({"allow": {}}, "allow"), ({"allow": []}, "allow"),
    ({"allow": {"group": ["/cms"]}}, "group"),
    ({"allow": {"groups": "/cms"}}, "groups"),
    ({"allow": {"groups": []}}, "allow"),
    ({"allow": {"groups": [""]}}, "groups"),
    ({"admins": {"emails": ["root@cern.example"]}}, "emails"),
    ({"machines": {}}, "audience"),
    ({"machines": {"audience": ""}}, "audience"),
    ({"machines": {"audience": signing.CLIENT}}, "client_id"),
    ({"ca_file": "/none"}, "ca_file"), ({"alow": {}}, "alow"),
], ids=str)
def test_a_fault_in_the_file_of_providers_ends_the_start(
        instances, sqlite_database, tmp_path, fields, words):
    issuer = SimpleNamespace(url="http://127.0.0.1:1")
    entry = {**signing.provider("forged", issuer), **fields}
    entry = {k: v for k, v in entry.items() if v is not None}
    path = signing.write_providers(tmp_path / "providers.json", [entry])
    with pytest.raises(AssertionError) as fault:
        instances(sqlite_database, arguments=["--oidc_file", str(path)])
    told = str(fault.value)
    assert "ended with" in told and "providers.json" in told
    assert words in told
    assert signing.CLIENT_SECRET not in told


@pytest.mark.parametrize("text", [
    "", "{", "[]", "{}", '{"providers":[]}', '{"providers":{}}',
    '{"providers":[1]}', '{"providers":[],"x":1}', "null",
])
def test_a_file_that_is_none_of_providers_ends_the_start(
        instances, sqlite_database, tmp_path, text):
    path = tmp_path / "providers.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(AssertionError, match="ended with"):
        instances(sqlite_database, arguments=["--oidc_file", str(path)])


def test_a_file_of_secrets_that_all_may_read_ends_the_start(
        instances, sqlite_database, tmp_path):
    issuer = SimpleNamespace(url="http://127.0.0.1:1")
    secret = tmp_path / "secret"
    secret.write_text(signing.CLIENT_SECRET)
    entry = signing.provider("forged", issuer, client_secret=None,
                             client_secret_file=str(secret))
    path = signing.write_providers(tmp_path / "providers.json", [entry])
    arguments = ["--oidc_file", str(path)]
    secret.chmod(0o644)
    with pytest.raises(AssertionError, match="everybody"):
        instances(sqlite_database, arguments=arguments)
    secret.chmod(0o600)
    instances(sqlite_database, arguments=arguments)
