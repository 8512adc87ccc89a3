# SPDX-License-Identifier: GPL-3.0-or-later
"""test_oidc.py - signing in with OpenID Connect, as a browser sees it"""

import concurrent.futures
from urllib.parse import parse_qs, urlsplit

import pytest
import signing
from signing import Browser, member, refused, signed_in
from world import on_one

ALGORITHMS = ["rs256", "es256", "eddsa"]
ELSEWHERE = [
    "https://evil.example/", "//evil.example", "/\\evil.example",
    "\\\\evil.example", "/\t/evil.example", "\t//evil.example",
    "/\n/evil.example", "javascript:alert(1)", "http:evil.example",
    "evil.example", "@evil.example", ".evil.example", "/%2f/\\evil",
    "/\r\nSet-Cookie: cumae_session=x", "/" + "x" * 10000, "",
]


# ---- the way there and back --------------------------------------------------


def test_providers_are_named_to_everybody_in_the_order_of_the_file(world):
    answer = world.service.api("GET", "/providers", token=None)
    assert answer.status == 200
    assert answer.json["providers"] == [
        {"name": name, "title": f"The {name} institute"}
        for name in [*ALGORITHMS, "forged", "asked", "closed", "twins",
                     "turning"]
    ]


def test_a_service_without_providers_names_none(shared):
    answer = shared.api("GET", "/providers", token=None)
    assert (answer.status, answer.json) == (200, {"providers": []})
    browser = Browser(shared)
    assert browser.try_to_go("forged").status_code == 404
    assert browser.come_back("forged", {"code": "x"}).status_code == 404
    browser.close()


def test_an_unknown_provider_is_not_found(world, browser):
    for name in ("nobody", "FORGED", "forged2", "forge", "forged "):
        assert browser.try_to_go(name).status_code == 404, name


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_real_provider_signs_people_in(world, browser, name, alg):
    world.institute.control(accounts={name: {
        "preferred_username": name, "name": "Ada", "groups": ["/cms", "/b"]}})
    back = world.institute.consent(browser.go(alg), name)
    assert back.startswith(f"{world.service.url}/api/v1/sign-in/{alg}/")
    signed_in(browser.come_back(alg, back))
    me = browser.me()
    assert me["user"] == name and me["admin"] is False
    assert world.groups(name) == [f"{alg}:/b", f"{alg}:/cms"]


def test_claims_in_the_id_token_of_a_real_provider_count_too(
        world, browser, name):
    world.institute.control(claims_in_id_token=True, accounts={
        name: {"preferred_username": name, "groups": ["/cms"]}})
    try:
        back = world.institute.consent(browser.go("rs256"), name)
        signed_in(browser.come_back("rs256", back))
    finally:
        world.institute.control(claims_in_id_token=False)
    assert world.groups(name) == ["rs256:/cms"]


def test_who_gives_up_at_the_real_provider_is_told_so(world, browser):
    with signing.new_client(follow_redirects=True) as client:
        page = client.get(browser.go("rs256"))
        left = client.post(page.url, data={"abort": "1"},
                           follow_redirects=False)
        while left.headers["location"].startswith(world.institute.url):
            left = client.get(left.headers["location"],
                              follow_redirects=False)
    refused(browser.come_back("rs256", left.headers["location"]))
    assert browser.me() is None


def test_real_keys_are_rotated_without_anybody_noticing(world, browser, name):
    institute = world.institute
    institute.control(accounts={name: {"preferred_username": name}})
    for step in ("publish", "use", "retire"):
        institute.control(rotate=step)
        for alg in ALGORITHMS:
            back = institute.consent(browser.go(alg), name)
            signed_in(browser.come_back(alg, back))
    assert browser.me()["user"] == name


def test_a_request_of_authorization_is_fresh_each_time(world, browser):
    queries = [
        parse_qs(urlsplit(browser.go("forged")).query) for _ in range(2)]
    for key in ("state", "nonce", "code_challenge"):
        texts = {query[key][0] for query in queries}
        assert len(texts) == 2 and all(len(text) >= 43 for text in texts)
    assert queries[0]["scope"] == ["openid profile email"]
    assert queries[0]["redirect_uri"] == [
        f"{world.service.url}/api/v1/sign-in/forged/callback"]


def test_the_session_of_a_sign_in_is_for_browsers_only(world, browser, name):
    reply = browser.sign_in("forged", world.forged, **member(name))
    signed_in(reply)
    session = next(
        one for one in reply.headers.get_list("set-cookie")
        if one.startswith("cumae_session=") and "Max-Age=0" not in one)
    for word in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="):
        assert word in session
    assert reply.headers["cache-control"] == "no-store"
    assert browser.me()["user"] == name


def test_signing_out_ends_the_session(world, browser, name):
    signed_in(browser.sign_in("forged", world.forged, **member(name)))
    reply = browser.http.delete(
        "/api/v1/session", headers={"X-Cumae-CSRF": "1"})
    assert reply.status_code in (200, 204)
    assert browser.me() is None


def test_a_sign_in_leads_back_to_where_it_began(world, browser, name):
    target = "/#/study/s-17?tab=trials"
    query = world.forged.consent(
        browser.go("forged", target), **member(name))
    signed_in(browser.come_back("forged", query), target)


@on_one
@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_to_another_host(world, browser, name, target):
    reply = browser.try_to_go("forged", target)
    if 400 <= reply.status_code < 500:
        assert reply.json()["code"]
        return
    query = world.forged.consent(
        reply.headers["location"], **member(name))
    signed_in(browser.come_back("forged", query))


# ---- whose sign-in is it? ----------------------------------------------------


def test_a_state_is_good_once(world, browser, name):
    query = world.forged.consent(browser.go("forged"), **member(name))
    before = dict(browser.http.cookies)
    signed_in(browser.come_back("forged", query))
    codes = world.forged.count("/token")
    browser.http.cookies = before  # with the cookie of the way there
    refused(browser.come_back("forged", query), world.forged)
    assert browser.me() is None
    assert world.forged.count("/token") == codes, "the state came first"


def test_a_state_of_another_browser_is_refused(world, browser, other, name):
    codes = world.forged.count("/token")
    for _ in range(2):  # without a sign-in of its own, and then with one
        theirs = world.forged.consent(browser.go("forged"), **member(name))
        refused(other.come_back("forged", theirs), world.forged)
        assert other.me() is None
        other.go("forged")
    assert world.forged.count("/token") == codes, "nobody spent the code"


def test_a_code_of_another_sign_in_is_refused(world, browser, other, name):
    """An attacker's code does not fit the PKCE verifier of the victim."""
    mine = world.forged.consent(browser.go("forged"), **member(name))
    theirs = world.forged.consent(other.go("forged"), **member("eve"))
    mixed = {"code": theirs["code"], "state": mine["state"]}
    refused(browser.come_back("forged", mixed), world.forged)
    assert browser.me() is None


def test_a_state_of_another_provider_is_refused(world, browser, name):
    query = world.forged.consent(browser.go("forged"), **member(name))
    codes = world.asked.count("/token")
    refused(browser.come_back("asked", query), world.forged)
    assert browser.me() is None
    assert world.asked.count("/token") == codes, "nobody else saw the code"


def test_two_sign_ins_at_once_in_one_browser_do_not_mix(world, browser, name):
    """Two tabs: the later one works, the earlier is refused or works."""
    first = world.forged.consent(browser.go("forged"), **member(name))
    second = world.forged.consent(browser.go("forged"), **member(name))
    signed_in(browser.come_back("forged", second))
    assert browser.come_back("forged", first).status_code == 302


@on_one
@pytest.mark.parametrize("damage", [
    {"state": None}, {"state": ""}, {"state": "x"}, {"state": "x" * 20000},
    {"code": None}, {"code": ""}, {"code": "x"}, {"code": "x" * 20000},
    {"code": "\0"}, {"iss": "https://accounts.example"}, {"iss": ""},
    {"error": "access_denied"}, {"error": "<script>alert(1)</script>"},
    {"error": "server_error", "error_description": "x" * 20000},
], ids=lambda damage: "-".join(f"{k} {str(v)[:12]}" for k, v in damage.items()))
def test_a_damaged_way_back_is_refused(world, browser, name, damage):
    query = world.forged.consent(browser.go("forged"), **member(name))
    query = {k: v for k, v in {**query, **damage}.items() if v is not None}
    reply = browser.come_back("forged", query)
    if reply.status_code not in (400, 414, 422, 431):
        words = refused(reply, world.forged)
        assert "script" not in words and len(words) < 1000
    assert browser.me() is None


def test_the_issuer_may_say_who_it_is_on_the_way_back(world, browser, name):
    """RFC 9207; the real provider does so too."""
    query = world.forged.consent(browser.go("forged"), **member(name))
    query["iss"] = world.forged.url
    signed_in(browser.come_back("forged", query))


def test_of_simultaneous_callbacks_one_signs_in(world, browser, name):
    query = world.forged.consent(browser.go("forged"), **member(name))
    codes = world.forged.count("/token")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(
            lambda _: browser.come_back("forged", query), range(4)))
    good = [one for one in replies if "error" not in one.headers["location"]]
    assert len(good) == 1
    assert world.forged.count("/token") == codes + 1


@on_one
def test_a_sign_in_on_one_instance_ends_on_another(
        instances, postgres_database, world, name):
    path = world.directory / "providers.json"
    arguments = ["--oidc_file", str(path), "--oidc_refresh_s", "1",
                 "--public_url", "http://127.0.0.1"]
    here = instances(postgres_database, arguments=arguments)
    there = instances(postgres_database, token=here.token,
                      arguments=arguments)
    browser = Browser(here)
    query = world.forged.consent(browser.go("forged"), **member(name))
    reply = browser.http.get(
        f"{there.url}/api/v1/sign-in/forged/callback", params=query)
    signed_in(reply)
    assert browser.me()["user"] == name
    refused(browser.come_back("forged", query), world.forged)
    browser.close()
