# SPDX-License-Identifier: GPL-3.0-or-later
"""test_oidc_tokens.py - which tokens of providers are believed

Each forgery of forgeries.py is tried twice: as the ID token of a sign-in, and
as the access token of a machine.
"""

import time
import uuid

import harness
import pytest
import signing
from calls import Calls, definition
from forgeries import ACCEPTED, REFUSED
from issuer import AUDIENCE, CLIENT, Issuer, Key
from signing import Browser, refused, signed_in
from world import GIVEN_AWAY, on_one

ALGORITHMS = ["RS256", "ES256", "EdDSA"]


def bearer(service, token, method="GET", path="/me", json=None):
    """Send a request with a token, which may be any text."""
    with signing.new_client() as client:
        return client.request(
            method, f"{service.url}/api/v1{path}", json=json,
            headers={"Authorization": f"Bearer {token}".strip().encode()})


def claims_of(browser, issuer, **more):
    """Return a `forge` and where it leaves the claims that it was given."""
    seen = []

    def forge(claims):
        seen.append(claims)
        return issuer.key.sign({**claims, **more})

    return forge, seen


# ---- ID tokens ---------------------------------------------------------------


@on_one
@pytest.mark.parametrize("how", ACCEPTED)
def test_a_good_id_token_signs_in(world, browser, how):
    signed_in(browser.sign_in(
        "forged", world.forged, sub=uuid.uuid4().hex,
        forge=lambda claims: ACCEPTED[how](world.forged, claims)))


@on_one
@pytest.mark.parametrize("how", REFUSED)
def test_a_forged_id_token_is_refused(world, browser, how):
    users = world.rows("SELECT count(*) FROM users")
    reply = browser.sign_in(
        "forged", world.forged, sub=uuid.uuid4().hex,
        forge=lambda claims: REFUSED[how](world.forged, claims))
    refused(reply, world.forged)
    assert browser.me() is None
    assert world.rows("SELECT count(*) FROM users") == users


@on_one
@pytest.mark.parametrize("wrong", [
    {"nonce": None}, {"nonce": ""}, {"nonce": "x"}, {"nonce": 1},
    {"azp": "another client"}, {"azp": ""}, {"azp": 1},
    {"aud": [CLIENT, "another client"]},  # and no azp
    {"aud": [CLIENT, "another client"], "azp": "another client"},
    {"aud": CLIENT + " "}, {"aud": CLIENT.upper()}, {"aud": AUDIENCE},
    {"iat": None},
], ids=str)
def test_an_id_token_for_another_sign_in_is_refused(world, browser, wrong):
    refused(browser.sign_in("forged", world.forged, **wrong), world.forged)
    assert browser.me() is None


def test_an_id_token_for_us_among_others_is_good(world, browser):
    signed_in(browser.sign_in(
        "forged", world.forged, aud=["another", CLIENT], azp=CLIENT))


def test_an_id_token_of_another_sign_in_is_refused(world, browser):
    """A nonce is good for one sign-in, although all else is right."""
    tokens = []

    def forge(claims):
        tokens.append(world.forged.key.sign(claims))
        return tokens[0]

    signed_in(browser.sign_in("forged", world.forged, forge=forge))
    second = world.browser()
    refused(second.sign_in("forged", world.forged, forge=forge), world.forged)
    assert second.me() is None
    second.close()


def test_an_id_token_of_another_provider_is_refused(world, browser):
    """Its keys are the same ones here: only its name differs."""
    refused(browser.sign_in(
        "forged", world.forged, iss=world.asked.url), world.forged)


def test_of_two_keys_with_one_name_no_third_one_is_good(world, browser):
    stranger = Key(kid=world.twins.key.kid)
    refused(browser.sign_in("twins", world.twins, forge=stranger.sign),
            world.twins)
    for key in (world.twins.key, GIVEN_AWAY):
        reply = browser.sign_in(
            "twins", world.twins,
            forge=lambda claims, key=key: key.sign(
                claims, kid=world.twins.key.kid))
        assert reply.status_code == 302  # published, so either way


def test_a_key_that_the_token_names_is_not_fetched(world, browser):
    stranger, elsewhere = Key(), Issuer()
    elsewhere.published = [stranger.jwk]
    for field in ("jku", "x5u"):
        header = {field: elsewhere.url + "/jwks", "kid": stranger.kid}
        refused(browser.sign_in(
            "forged", world.forged,
            forge=lambda claims, header=header: stranger.sign(
                claims, **header)), world.forged)
    elsewhere.close()
    assert elsewhere.requests == []


# ---- keys that change --------------------------------------------------------


def test_a_new_key_is_looked_for_and_a_retired_one_forgotten(world, browser):
    turning, old, new = world.turning, world.turning.key, Key()
    signed_in(browser.sign_in("turning", turning))
    turning.published = [old.jwk, new.jwk]
    for key in (new, old):  # both, while they overlap
        signed_in(browser.sign_in("turning", turning, forge=key.sign))
    turning.published = [new.jwk]
    signed_in(browser.sign_in("turning", turning, forge=new.sign))

    def forgotten():
        # What makes the service look again is a key that it does not know.
        refused(browser.sign_in("turning", turning, forge=Key().sign), turning)
        reply = browser.sign_in("turning", turning, forge=old.sign)
        return "error" in reply.headers["location"]

    harness.wait_until(forgotten, "the old key to be forgotten", 10)
    signed_in(browser.sign_in("turning", turning, forge=new.sign))


def test_keys_are_fetched_once_for_many_tokens(world, browser):
    signed_in(browser.sign_in("forged", world.forged))
    before = world.forged.count("/jwks")
    for _ in range(5):
        signed_in(browser.sign_in("forged", world.forged))
        token = world.forged.key.sign(world.forged.machine())
        assert bearer(world.service, token).status_code == 200
    assert world.forged.count("/jwks") == before


def test_unknown_keys_do_not_make_the_service_ask_all_the_time(
        instances, sqlite_database, tmp_path):
    issuer = Issuer()
    path = signing.write_providers(tmp_path / "providers.json", [
        signing.provider("forged", issuer, machines={"audience": AUDIENCE})])
    service = instances(sqlite_database, arguments=[
        "--oidc_file", str(path), "--oidc_refresh_s", "3600"])
    good = issuer.key.sign(issuer.machine())
    assert bearer(service, good).status_code == 200
    before = issuer.count("/jwks")
    for _ in range(50):
        token = Key.sign(issuer.key, issuer.machine(), kid=uuid.uuid4().hex)
        assert bearer(service, token).status_code == 401
    assert issuer.count("/jwks") <= before + 1
    # An honest newcomer has to wait, and nobody else.
    assert bearer(service, good).status_code == 200
    issuer.close()


def test_a_provider_that_goes_away_leaves_its_keys(
        instances, sqlite_database, tmp_path):
    issuer = Issuer()
    path = signing.write_providers(tmp_path / "providers.json", [
        signing.provider("forged", issuer, machines={"audience": AUDIENCE})])
    service = instances(sqlite_database, arguments=[
        "--oidc_file", str(path), "--oidc_refresh_s", "1"])
    browser = Browser(service)
    signed_in(browser.sign_in("forged", issuer))
    query = issuer.consent(browser.go("forged"))
    issuer.close()
    other = issuer.key.sign(issuer.machine(sub=uuid.uuid4().hex))
    assert bearer(service, other).status_code == 200
    assert bearer(service, Key().sign(issuer.machine())).status_code == 401
    assert bearer(service, other).status_code == 200
    assert browser.me() is not None, "sessions are ours"
    refused(Browser(service).come_back("forged", query), issuer)
    reply = browser.come_back("forged", query)
    if reply.status_code != 503:
        refused(reply, issuer)
    issuer.start()
    signed_in(browser.sign_in("forged", issuer))
    issuer.close()


# ---- tokens of machines ------------------------------------------------------


@on_one
@pytest.mark.parametrize("how", ACCEPTED)
def test_a_good_access_token_is_believed(world, how):
    token = ACCEPTED[how](world.forged, world.forged.machine())
    reply = bearer(world.service, token)
    assert reply.status_code == 200, reply.text
    assert reply.json()["scopes"] == ["read", "ask"]


@on_one
@pytest.mark.parametrize("how", REFUSED)
def test_a_forged_access_token_is_refused(world, how):
    token = REFUSED[how](world.forged, world.forged.machine())
    reply = bearer(world.service, token)
    if how == "very large":
        assert reply.status_code in (401, 431)
        return
    assert reply.status_code == 401, reply.text
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert token[:40] not in reply.text or len(token) < 40


def test_every_wrong_token_gets_the_same_answer(world):
    """Why it is refused is for the log of the service."""
    hows = ["expired", "for somebody else", "tampered", "unsigned",
            "unknown key", "about nobody", "subject twice"]
    bodies = []
    for how in hows:
        token = REFUSED[how](world.forged, world.forged.machine())
        body = bearer(world.service, token).json()
        bodies.append({k: v for k, v in body.items() if k != "request_id"})
    assert all(body == bodies[0] for body in bodies), bodies


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_machine_of_a_real_provider_works_on_a_study(
        instances, sqlite_database, tmp_path, institute, alg):
    path = signing.write_providers(tmp_path / "providers.json", [
        signing.real_provider("real", alg, institute,
                              machines={"audience": AUDIENCE})])
    service = instances(sqlite_database, arguments=["--oidc_file", str(path)])
    service.token = institute.machine_token(
        alg, "cumae.read cumae.ask cumae.steer")
    calls = Calls(service)
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=1.0)
    study = calls.study({"id": trial["study_id"]})
    assert calls.ok("POST", f"/studies/{study['id']}/pause", {})
    # Another token of it is the same user, with what the token allows.
    service.token = institute.machine_token(alg, "cumae.read")
    assert calls.study(study)["id"] == study["id"]
    assert service.api("POST", "/studies", definition()).status == 403


@pytest.mark.parametrize("scope, scopes", [
    ("cumae.read", ["read"]), ("cumae.ask", ["ask"]),
    ("openid cumae.steer  cumae.read", ["read", "steer"]),
    ("cumae.read cumae.ask cumae.steer", ["read", "ask", "steer"]),
])
def test_scopes_of_a_machine_are_those_of_its_token(world, scope, scopes):
    token = world.forged.key.sign(world.forged.machine(scope))
    assert bearer(world.service, token).json()["scopes"] == scopes


@on_one
@pytest.mark.parametrize("scope", [
    "", "openid", "cumae.admin", "cumae.readx", "CUMAE.READ", "cumae",
    "xcumae.read", "cumae.read\tcumae.ask", None, 7, ["cumae.read"],
], ids=repr)
def test_a_machine_without_a_scope_of_ours_may_do_nothing(world, scope):
    token = world.forged.key.sign(world.forged.machine(scope))
    reply = bearer(world.service, token, path="/studies")
    assert reply.status_code in (401, 403), reply.text
    assert bearer(world.service, token, "POST", "/ask",
                  definition()).status_code in (401, 403)


def test_a_machine_is_no_administrator_whatever_its_groups_say(world):
    token = world.forged.key.sign(world.forged.machine(
        "cumae.read cumae.admin", groups=["/admins"]))
    assert bearer(world.service, token).json()["admin"] is False


def test_an_id_token_is_no_access_token(world, browser):
    forge, seen = claims_of(browser, world.forged)
    signed_in(browser.sign_in("forged", world.forged, forge=forge))
    token = world.forged.key.sign({**seen[0], "scope": "cumae.read"})
    assert bearer(world.service, token).status_code == 401


def test_an_access_token_of_a_provider_without_machines_is_refused(world):
    token = world.asked.key.sign(world.asked.machine())
    assert bearer(world.service, token).status_code == 401


def test_an_access_token_is_no_session_and_is_not_exchanged(world):
    token = world.forged.key.sign(world.forged.machine())
    with signing.new_client(base_url=world.service.url) as client:
        reply = client.get("/api/v1/me", headers={
            "Cookie": f"cumae_session={token}"})
        assert reply.status_code == 401
        reply = client.get(f"/api/v1/me?access_token={token}")
        assert reply.status_code == 401


def test_an_access_token_stops_being_good_when_it_expires(world):
    """It is 60 s after the expiry that clocks may differ by."""
    now = int(time.time())
    token = world.forged.key.sign(world.forged.machine(
        iat=now - 300, exp=now - 58))
    assert bearer(world.service, token).status_code == 200
    harness.wait_until(
        lambda: bearer(world.service, token).status_code == 401,
        "the end of a token that was kept", 10)


def test_a_machine_of_a_name_and_a_person_of_that_subject_are_one_user(
        world, browser):
    """Users are (issuer, subject), whatever way they come."""
    subject = uuid.uuid4().hex
    signed_in(browser.sign_in(
        "forged", world.forged, sub=subject, preferred_username=subject))
    token = world.forged.key.sign(world.forged.machine(sub=subject))
    assert bearer(world.service, token).json()["user"] == subject


def test_a_disabled_machine_is_refused(world):
    subject = uuid.uuid4().hex
    token = world.forged.key.sign(world.forged.machine(sub=subject))
    user = bearer(world.service, token).json()["user"]
    postgres = world.database.startswith("postgres")
    world.execute(
        f"UPDATE users SET disabled = {'true' if postgres else '1'} "
        f"WHERE name = '{user}'")
    assert bearer(world.service, token).status_code == 401


def test_the_log_says_why_and_holds_no_secret(world, browser):
    """At level debug; so it is in the end for what all tests here did."""
    signed_in(browser.sign_in("forged", world.forged))
    refused(browser.sign_in("forged", world.forged, nonce="x"), world.forged)
    good = world.forged.key.sign(world.forged.machine())
    assert bearer(world.service, good).status_code == 200
    bad = world.forged.key.sign(world.forged.machine(aud="x"))
    assert bearer(world.service, bad).status_code == 401
    reasons = [line.get("reason") or "" for line in world.service.log()]
    assert any("nonce" in reason for reason in reasons)
    assert any("aud" in reason for reason in reasons)
    world.forged.secrets |= {good.split(".")[2], bad.split(".")[2]}
    world.check_log()
