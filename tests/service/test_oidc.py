# SPDX-License-Identifier: GPL-3.0-or-later
"""test_oidc.py - signing in with OpenID Connect, as a browser sees it"""

import concurrent.futures
import threading
import uuid
from urllib.parse import parse_qs, urlsplit

import harness
import pytest
import signing
from issuer import Issuer
from signing import Browser, refused, signed_in
from world import RUINS

ALGORITHMS = ["rs256", "es256", "eddsa"]
# What does not reach the database need not be tried on both.
on_one = pytest.mark.parametrize("world", ["sqlite"], indirect=True)
ELSEWHERE = [
    "https://evil.example/", "//evil.example", "/\\evil.example",
    "\\\\evil.example", "/\t/evil.example", "\t//evil.example",
    "/\n/evil.example", "javascript:alert(1)", "http:evil.example",
    "evil.example", "@evil.example", ".evil.example", "/%2f/\\evil",
    "/\r\nSet-Cookie: cumae_session=x", "/" + "x" * 10000, "",
]


@pytest.fixture
def browser(world):
    """The browser of somebody new."""
    one = world.browser()
    yield one
    one.close()


@pytest.fixture
def other(world):
    """The browser of somebody else."""
    one = world.browser()
    yield one
    one.close()


@pytest.fixture
def name():
    """A name that nobody has."""
    return f"p{uuid.uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def honest(request):
    """Leave providers as they were."""
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").forged.be_honest()


def member(called, **claims):
    """Return the claims of somebody who is called that."""
    return {"sub": f"sub of {called}", "preferred_username": called,
            **claims}


def found(browser, provider):
    """Return where the provider is; None while the service cannot tell."""
    location = browser.try_to_go(provider).headers.get("location", "/#")
    return None if location.startswith("/#") else location


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
    signed_in(browser.come_back("forged", query))
    browser.http.cookies.delete("cumae_session")
    codes = world.forged.count("/token")
    refused(browser.come_back("forged", query), world.forged)
    assert browser.me() is None
    assert world.forged.count("/token") == codes, "the state came first"


def test_a_state_of_another_browser_is_refused(world, browser, other, name):
    theirs = world.forged.consent(browser.go("forged"), **member(name))
    refused(other.come_back("forged", theirs), world.forged)  # no flow at all
    other.go("forged")
    refused(other.come_back("forged", theirs), world.forged)  # one of its own
    assert other.me() is None


def test_a_code_of_another_sign_in_is_refused(world, browser, other, name):
    """An attacker's code does not fit the PKCE verifier of the victim."""
    mine = world.forged.consent(browser.go("forged"), **member(name))
    theirs = world.forged.consent(other.go("forged"), **member("eve"))
    mixed = {"code": theirs["code"], "state": mine["state"]}
    refused(browser.come_back("forged", mixed), world.forged)
    assert browser.me() is None


def test_a_state_of_another_provider_is_refused(world, browser, name):
    query = world.forged.consent(browser.go("forged"), **member(name))
    refused(browser.come_back("asked", query), world.forged)
    assert browser.me() is None


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


def test_both_of_two_simultaneous_callbacks_do_not_sign_in(
        world, browser, name):
    query = world.forged.consent(browser.go("forged"), **member(name))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(
            lambda _: browser.come_back("forged", query), range(4)))
    good = [one for one in replies if "error" not in one.headers["location"]]
    assert len(good) == 1


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


# ---- who is let in, and as whom ----------------------------------------------


@on_one
@pytest.mark.parametrize("claims", [
    {"groups": ["/cms"]}, {"groups": ["/atlas", "/cms"]}, {"sub": "chosen"},
    {"email": "guest@cern.example", "email_verified": True},
    {"email": "Anybody@HEP.example", "email_verified": True},
], ids=str)
def test_the_allow_list_lets_in(world, browser, claims):
    claims = {"sub": uuid.uuid4().hex, **claims}
    signed_in(browser.sign_in("closed", world.closed, **claims))


@on_one
@pytest.mark.parametrize("claims", [
    {}, {"groups": []}, {"groups": ["/CMS"]}, {"groups": ["/cms/x"]},
    {"groups": ["closed:/cms"]}, {"groups": {"/cms": True}}, {"groups": None},
    {"groups": [["/cms"]]}, {"groups": "/cm"}, {"groups": "/cms,/b"},
    {"roles": ["/cms"]}, {"sub": "Chosen"}, {"sub": "chosen "},
    {"email": "guest@cern.example"},
    {"email": "guest@cern.example", "email_verified": False},
    {"email": "guest@cern.example", "email_verified": "false"},
    {"email": "x-guest@cern.example", "email_verified": True},
    {"email": "x@hep.example.evil.example", "email_verified": True},
    {"email": ["guest@cern.example"], "email_verified": True},
    {"preferred_username": "chosen"},
], ids=str)
def test_the_allow_list_keeps_out(world, browser, claims):
    users = world.rows("SELECT count(*) FROM users")
    claims = {"sub": uuid.uuid4().hex, **claims}
    reply = browser.sign_in("closed", world.closed, **claims)
    words = refused(reply, world.closed)
    assert browser.me() is None
    assert "/cms" not in words and "chosen" not in words
    assert world.rows("SELECT count(*) FROM users") == users


def test_who_is_in_a_group_of_administrators_is_one_until_it_leaves(
        world, browser, name):
    claims = member(name)
    for groups, admin in ((["/admins"], True), (["/b"], False),
                          (["/b", "/admins"], True), (None, False)):
        signed_in(browser.sign_in(
            "forged", world.forged, **claims, groups=groups))
        assert browser.me()["admin"] is admin, groups


def test_a_subject_named_in_the_file_is_an_administrator(world, browser):
    signed_in(browser.sign_in("forged", world.forged, sub="root"))
    assert browser.me()["admin"] is True


def test_a_subject_of_that_name_elsewhere_is_none(world, browser):
    signed_in(browser.sign_in("asked", world.asked, sub="root"))
    assert browser.me()["admin"] is False


def test_the_same_person_is_the_same_user(world, browser, other, name):
    signed_in(browser.sign_in("forged", world.forged, **member(name)))
    changed = member(name, email="new@x.example", name="New Name",
                     preferred_username="renamed-" + name)
    signed_in(other.sign_in("forged", world.forged, **changed))
    assert browser.me()["user"] == other.me()["user"] == name


def test_two_people_of_one_name_are_two_users(world, browser, other, name):
    signed_in(browser.sign_in(
        "forged", world.forged, preferred_username=name, sub="1" + name))
    signed_in(other.sign_in(
        "forged", world.forged, preferred_username=name, sub="2" + name))
    assert browser.me()["user"] == name
    assert other.me()["user"] != name


def test_a_name_of_a_user_of_the_service_is_not_taken_over(world, browser):
    owner = world.service.api("GET", "/me").json
    signed_in(browser.sign_in(
        "forged", world.forged, sub=uuid.uuid4().hex,
        preferred_username=owner["user"]))
    assert browser.me()["user"] != owner["user"]
    assert browser.me()["admin"] is False


def test_an_address_that_passes_to_another_takes_no_account_along(
        world, browser, other, name):
    address = {"email": f"{name}@cern.example", "email_verified": True}
    signed_in(browser.sign_in(
        "forged", world.forged, **member(name), **address))
    signed_in(other.sign_in(
        "forged", world.forged, sub="heir of " + name, **address))
    assert other.me()["user"] != browser.me()["user"] == name


def test_a_subject_means_somebody_else_at_another_provider(
        world, browser, other, name):
    signed_in(browser.sign_in("forged", world.forged, **member(name)))
    signed_in(other.sign_in("asked", world.asked, **member(name)))
    assert other.me()["user"] != browser.me()["user"]


@pytest.mark.parametrize("told", [
    "", " ", "a/b", "../..", "<b>x</b>", "x" * 3000, "line\nbreak", "nul\0x",
    "\u202egnp.exe", "😀" * 100, 17, ["x"], {"x": "y"}, None, True,
], ids=lambda told: repr(told)[:20])
def test_any_name_of_a_person_is_survived(world, browser, told):
    reply = browser.sign_in(
        "forged", world.forged, sub=uuid.uuid4().hex,
        preferred_username=told, name=told, email=told)
    if "error" in reply.headers["location"]:
        refused(reply, world.forged)
        return
    user = browser.me()["user"]
    assert user.strip() and len(user) <= 200
    assert not any(ord(c) < 32 for c in user)


def test_who_is_disabled_is_refused(world, browser, other, name):
    signed_in(browser.sign_in("forged", world.forged, **member(name)))
    postgres = world.database.startswith("postgres")
    disabled = "true" if postgres else "1"
    world.execute(f"UPDATE users SET disabled = {disabled} "
                  f"WHERE name = '{name}'")
    assert browser.me() is None
    refused(other.sign_in("forged", world.forged, **member(name)),
            world.forged)
    assert other.me() is None


# ---- groups --------------------------------------------------------------------


def test_groups_are_those_of_the_last_sign_in(world, browser, name):
    for groups in (["/a", "/b"], ["/b", "/c"], [], ["/a"]):
        signed_in(browser.sign_in(
            "forged", world.forged, **member(name), groups=groups))
        assert world.groups(name) == [f"forged:{one}" for one in groups]


def test_a_provider_is_asked_for_groups_where_the_file_says_so(
        world, browser, name):
    signed_in(browser.sign_in(
        "asked", world.asked, **member(name),
        userinfo={"groups": ["/x"]}))
    assert world.groups(name) == ["asked:/x"]
    asked = world.forged.count("/userinfo")
    signed_in(browser.sign_in(
        "forged", world.forged, **member(name + "2"),
        userinfo={"groups": ["/x"]}))
    assert world.groups(name + "2") == []
    assert world.forged.count("/userinfo") == asked


@pytest.mark.parametrize("answer", [
    {"sub": "root"}, {"sub": ""}, {"sub": 1}, {"sub": None},
], ids=str)
def test_userinfo_about_somebody_else_is_refused(world, browser, name, answer):
    """OpenID Connect Core 1.0, 5.3.2: the sub must be that of the ID token."""
    refused(browser.sign_in(
        "asked", world.asked, **member(name),
        userinfo={"groups": ["/x"], **answer}), world.asked)
    assert browser.me() is None


@pytest.mark.parametrize("groups, known", [
    ("/alone", ["/alone"]), (["/a", "/a"], ["/a"]), ([""], []),
    (["/a", 7, None, {"x": ["/b"]}, ["/c"], "/d"], ["/a", "/d"]),
    ({"/a": {"/b": []}}, []), (12, []), (["x" * 5000, "/a"], ["/a"]),
    (["späte Gruppe"], ["späte Gruppe"]),
], ids=lambda value: repr(value)[:30])
def test_odd_groups_are_no_harm(world, browser, name, groups, known):
    reply = browser.sign_in(
        "forged", world.forged, **member(name), groups=groups)
    if "error" in reply.headers["location"]:
        refused(reply, world.forged)
        return
    assert world.groups(name) == [f"forged:{one}" for one in known]


def test_ten_thousand_groups_are_cut(world, browser, name):
    """An ID token has room for 16 KiB, userinfo for more, users for 500."""
    groups = [f"/g{i:05}" for i in range(10_000)]
    signed_in(browser.sign_in(
        "asked", world.asked, **member(name),
        userinfo={"groups": groups}))
    assert world.groups(name) == [f"asked:{one}" for one in groups[:500]]


# ---- providers that fail --------------------------------------------------------


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
