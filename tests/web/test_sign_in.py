# SPDX-License-Identifier: GPL-3.0-or-later
"""test_sign_in.py - signing in through a real provider, in a real browser

The provider is on localhost and the service on 127.0.0.1, which are two sites:
cookies of the service come along only as those of other sites may.
"""

import uuid

import pytest
import signing
from playwright.sync_api import expect
from test_page import sign_out

TITLE = "Sign in with The institute of the tests"


@pytest.fixture
def portal(instances, sqlite_database, institute, tmp_path):
    """A service that lets in who is in /cms."""
    path = signing.write_providers(tmp_path / "providers.json", [
        signing.real_provider(
            "real", "ES256", institute, title="The institute of the tests",
            allow={"groups": ["/cms"]})])
    return instances(sqlite_database, arguments=[
        "--oidc_file", str(path), "--log_level", "debug"])


@pytest.fixture
def person(institute):
    """The login of somebody who may come in."""
    name = f"p{uuid.uuid4().hex[:12]}"
    institute.control(accounts={name: {
        "preferred_username": name, "groups": ["/cms"]}})
    return name


def say_who(page, login):
    """Fill in the form of the provider."""
    expect(page.get_by_role("heading", name="Institute")).to_be_visible()
    page.get_by_label("Login").fill(login)
    page.get_by_role("button", name="Continue").click()


def sign_in(page, site, login):
    """Sign in from the first page."""
    page.goto(site.url + "/")
    page.get_by_role("link", name=TITLE).click()
    say_who(page, login)
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()


def wrong(page):
    """Return what went wrong but for what is meant to happen here.

    Without a session the first request is refused, and a browser logs that.
    """
    return [text for text in page.wrong
            if "401" not in text and "foreign: http://localhost:" not in text]


def test_a_click_leads_through_the_provider_and_back(portal, open_page,
                                                     person):
    page = open_page()
    sign_in(page, portal, person)
    assert page.url.removesuffix("#/") == portal.url + "/"
    expect(page.get_by_role("button", name="Menu of")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert wrong(page) == []


def test_the_way_back_leads_to_the_view_that_was_asked_for(
        portal, open_page, person):
    target = f"{portal.url}/#/?q=jet+tagger"
    page = open_page()
    page.goto(target)
    page.get_by_role("link", name=TITLE).click()
    say_who(page, person)
    page.wait_for_url(target)
    expect(page.get_by_label("Filter by name")).to_have_value("jet tagger")
    assert wrong(page) == []


def test_the_session_is_out_of_reach_of_scripts(portal, open_page, person):
    page = open_page()
    sign_in(page, portal, person)
    cookies = {c["name"]: c for c in page.context.cookies(portal.url)}
    session = cookies.pop("cumae_session")
    assert session["httpOnly"] and session["sameSite"] == "Lax"
    assert cookies == {}, "the cookie of the way there and back has gone"
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_signing_out_shows_the_providers_again(portal, open_page, person):
    page = open_page()
    sign_in(page, portal, person)
    sign_out(page)
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    assert page.context.cookies(portal.url) == []
    page.reload()
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    assert wrong(page) == []


def test_one_can_sign_out_at_the_provider_as_well(
        portal, open_page, institute, person):
    institute.control(leave_to=[portal.url + "/"])
    page = open_page()
    sign_in(page, portal, person)
    sign_out(page)
    page.get_by_role("link", name="Sign out there as well").click()
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url(portal.url + "/**")
    page.get_by_role("link", name=TITLE).click()
    say_who(page, person)  # it has forgotten who that was
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    assert wrong(page) == []


def test_who_only_signs_out_here_is_known_to_the_provider(
        portal, open_page, person):
    page = open_page()
    sign_in(page, portal, person)
    sign_out(page)
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    assert wrong(page) == []


def test_who_gives_up_can_try_again(portal, open_page, person):
    page = open_page()
    page.goto(portal.url + "/")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("not signed in")
    assert "error" not in page.url
    page.get_by_role("link", name=TITLE).click()
    say_who(page, person)
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert wrong(page) == []


def test_who_may_not_come_in_is_told_so(portal, open_page, institute, person):
    institute.control(accounts={person: {"groups": ["/other"]}})
    page = open_page()
    page.goto(portal.url + "/")
    page.get_by_role("link", name=TITLE).click()
    say_who(page, person)
    expect(page.get_by_role("alert")).to_contain_text("allowed you to use")
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    assert page.context.cookies(portal.url) == []
    assert "error" not in page.url
    assert wrong(page) == []


def test_words_in_the_address_are_never_markup(portal, open_page):
    page = open_page()
    page.goto(portal.url + "/#error=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.locator("img").count() == 0
    assert wrong(page) == []


def test_without_a_provider_there_is_only_the_token(site, open_page):
    page = open_page()
    page.goto(site.url + "/")
    expect(page.get_by_label("API token")).to_be_visible()
    expect(page.get_by_role("navigation", name="Providers")).to_be_hidden()
    assert wrong(page) == []
