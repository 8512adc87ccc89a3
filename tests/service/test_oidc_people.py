# SPDX-License-Identifier: GPL-3.0-or-later
"""test_oidc_people.py - whom providers let in, and as which user"""

import uuid

import pytest
from signing import member, refused, signed_in
from world import on_one


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


# ---- groups ------------------------------------------------------------------


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
