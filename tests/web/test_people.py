# SPDX-License-Identifier: GPL-3.0-or-later
"""test_people.py - the pages about people, in a real browser

Each test clicks, and then asks the service what has become of it.
"""

import re
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import harness
import people
import pytest
from playwright.sync_api import expect
from test_page import CONTRAST, STUDY

# Controls that a screen reader would announce without a name.
NAMELESS = """
() => [...document.querySelectorAll('button, input, select, a, dialog')]
  .filter(e => e.checkVisibility() && !e.ariaLabel && !e.textContent.trim() &&
    !e.labels?.length).map(e => e.outerHTML)
"""
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A service for all tests here; each makes people of its own."""
    directory = tmp_path_factory.mktemp("town")
    service = harness.Service(
        f"sqlite:{directory / 'cumae.db'}", directory).start()
    try:
        yield service
        assert service.terminate() == 0
    finally:
        service.close()


class Person:
    """Somebody with a token, who can open the pages as well."""

    def __init__(self, town, open_page, **fields):
        self.town, self.open_page = town, open_page
        self.name, self.token = people.join(town, **fields)

    def ok(self, method, path, body=None, status=200):
        """Call the service and return the JSON of its answer."""
        answer = self.town.api(method, path, body, token=self.token)
        assert answer.status == status, answer.text
        return answer.json

    def study(self, **changes):
        """Make a study and return its id."""
        body = {**STUDY, "name": f"study of {self.name}", **changes}
        return self.ok("POST", "/studies", body, 201)["id"]

    def page(self, address="#/", **options):
        """Sign in with a new browser and go there."""
        page = self.open_page(**options)
        code = people.invite(self.town, self.name)
        page.goto(f"{self.town.url}/#code={code}")
        expect(menu(page)).to_be_visible()
        page.goto(f"{self.town.url}/{address}")
        return page


@pytest.fixture
def person(town, open_page):
    """A function that makes a Person."""
    return lambda **fields: Person(town, open_page, **fields)


@pytest.fixture
def anna(person):
    """Somebody."""
    return person()


def menu(page):
    """Return the button of the menu."""
    return page.get_by_role("button", name="Menu of")


def press(place, name):
    """Click the button with just this name."""
    place.get_by_role("button", name=name, exact=True).click()


def signed_out(page):
    """Wait for the page that signs in; return what went wrong before it."""
    expect(page.get_by_label("API token")).to_be_visible()
    return [text for text in page.wrong if "401" not in text]


def status_with(town, token):
    """Return what the service says to a token."""
    return town.api("GET", "/me", token=token).status


# ---- the menu ---------------------------------------------------------------


def test_the_menu_leads_to_the_pages_and_out(anna):
    page = anna.page()
    links = page.get_by_role("navigation", name="Menu").get_by_role("link")
    menu(page).click()
    expect(links).to_have_text(
        ["Studies", "Campaigns", "Profile", "Tokens", "API reference"])
    for title in ("Profile", "Tokens"):
        links.filter(has_text=title).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(links.first).to_be_hidden()
        assert page.title() == f"{title} · Cumae"
        menu(page).click()
    press(page, "Sign out")
    assert signed_out(page) == []
    expect(menu(page)).to_be_hidden()
    assert page.context.cookies() == []


def test_the_menu_works_with_the_keyboard_alone(anna):
    page = anna.page()
    menu(page).focus()
    page.keyboard.press("Enter")
    first = page.get_by_role("link", name="Studies")
    expect(first).to_be_visible()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(first).to_be_hidden()
    expect(menu(page)).to_be_focused()
    assert page.wrong == []


def test_an_open_menu_stays_open_while_the_profile_arrives(anna):
    page = anna.page()
    held = []
    page.route("**/api/v1/me", lambda route: held.append(route))
    menu(page).click()
    page.get_by_role("link", name="Profile").click()
    menu(page).click()
    harness.wait_until(
        lambda: page.evaluate("1") and held, "the question who this is")
    held[0].continue_()
    expect(page.get_by_role("region", name="You")).to_contain_text(anna.name)
    expect(page.get_by_role("link", name="Tokens")).to_be_visible()
    assert page.wrong == []


def test_administrators_find_their_page_in_the_menu(person):
    page = person(admin=True).page()
    menu(page).click()
    expect(page.get_by_role("link", name="Administration")).to_have_attribute(
        "href", "#/admin")
    assert page.wrong == []


# ---- profile ----------------------------------------------------------------


def test_the_profile_says_who_one_is_and_what_one_uses(town, person):
    bert = person(display_name="Bert <b>", email="bert@example.org",
                  groups=["atlas", "cms"])
    study = bert.study()
    bert.ok("POST", f"/studies/{study}/ask", {"n": 3})
    quotas = {"max_studies": 4, "max_trials": 0, "max_running": 3}
    assert town.api("PATCH", f"/users/{bert.name}",
                    {"quotas": quotas}).status == 200
    page = bert.page("#/profile")
    you = page.get_by_role("region", name="You")
    for text in (bert.name, "Bert <b>", "bert@example.org", "atlas, cms",
                 "ends in 7 d"):
        expect(you).to_contain_text(text)
    expect(menu(page)).to_have_text("Bert <b> ▾")
    used = page.get_by_role("meter", name="Studies")
    expect(used).to_have_attribute("aria-valuetext", "1 of 4")
    fill = used.locator("span").bounding_box()["width"]
    assert abs(fill / used.bounding_box()["width"] - 0.25) < 0.01
    full = page.get_by_role("meter", name="Running trials")
    expect(full).to_have_attribute("aria-valuetext", "3 of 3")
    expect(full.locator(".high")).to_have_count(1)
    use = page.get_by_role("region", name="Use")
    expect(use).to_contain_text("3, no limit")
    unbounded = page.get_by_role("meter", name="Trials", exact=True)
    expect(unbounded).to_have_count(0)
    assert page.wrong == []


def test_a_session_elsewhere_is_ended(anna):
    other = anna.page()
    page = anna.page("#/profile")
    table = page.get_by_role("table", name="Sessions")
    here = table.get_by_role("row").filter(has_text="this browser")
    expect(here.get_by_role("button")).to_have_text("Sign out")
    sessions = anna.ok("GET", "/sessions")["sessions"]
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(len(sessions))
    rows.nth(1).get_by_role("button", name="End the session").click()
    expect(rows).to_have_count(len(sessions) - 1)
    left = anna.ok("GET", "/sessions")["sessions"]
    assert sessions[1]["id"] not in [one["id"] for one in left]
    expect(page.get_by_role(
        "heading", name="Where you are signed in")).to_be_focused()
    expect(other.get_by_role("alert")).to_contain_text("session has ended")
    assert signed_out(other) == []
    assert page.wrong == []


def test_signing_out_everywhere_ends_all_sessions_when_it_is_confirmed(anna):
    other = anna.page()
    page = anna.page("#/profile")
    press(page, "Sign out everywhere")
    dialog = page.get_by_role("dialog", name="Sign out everywhere?")
    press(dialog, "Cancel")
    expect(dialog).to_have_count(0)
    assert len(anna.ok("GET", "/sessions")["sessions"]) > 1
    press(page, "Sign out everywhere")
    press(dialog, "Sign out everywhere")
    assert signed_out(page) == []
    other.reload()
    assert signed_out(other) == []
    assert anna.ok("GET", "/sessions")["sessions"] == []


# ---- tokens -----------------------------------------------------------------


def make_token(page, name, validity="one week"):
    """Fill in the form, and return the secret."""
    press(page, "New token")
    dialog = page.get_by_role("dialog", name="New token")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Valid for").select_option(label=validity)
    press(dialog, "Make the token")
    secret = dialog.get_by_label("The token", exact=True).inner_text()
    press(dialog, "Done")
    return secret


def tokens_of(page):
    """Return the rows of the table."""
    return page.get_by_role("table", name="Tokens").locator("tbody tr")


def test_a_token_is_made_and_shown_once_for_a_job(town, anna):
    study = anna.study()
    page = anna.page("#/tokens")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "New token")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("slurm")
    dialog.get_by_label("Valid for").select_option("date")
    date = (datetime.now(timezone.utc) + timedelta(days=30)).date()
    dialog.get_by_label("Until the end of").fill(date.isoformat())
    dialog.get_by_label("read –").uncheck()
    dialog.get_by_label("steer –").check()
    dialog.get_by_label("Which studies").select_option(study)
    press(dialog, "Make the token")
    press(dialog, "Copy: For the environment of a job")
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    line = page.evaluate("navigator.clipboard.readText()")
    name, secret = line.removeprefix("export ").split("=")
    assert name == "CUMAE_TOKEN"
    me = town.api("GET", "/me", token=secret).json
    assert (me["user"], sorted(me["scopes"]), me["study_id"]) == (
        anna.name, ["ask", "steer"], study)
    assert me["expires"].startswith(f"{date}T23:59:59")
    press(dialog, "Done")
    expect(page.get_by_role("button", name="New token")).to_be_focused()
    row = tokens_of(page).filter(has_text="slurm")
    expect(row).to_contain_text("ask, steer")
    expect(row).to_contain_text(re.compile(r"in 3[01] d"))
    assert row.get_by_role("link").get_attribute("href") == f"#/study/{study}"
    stored = "JSON.stringify([localStorage, sessionStorage, history.state])"
    for place in (page.content(), page.url, page.evaluate(stored)):
        assert secret not in place
    assert page.wrong == []


def test_what_is_wrong_with_a_token_is_said_beside_the_form(anna):
    page = anna.page("#/tokens")
    press(page, "New token")
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Name")
    name.evaluate("control => control.removeAttribute('maxlength')")
    name.fill("x" * 201)
    press(dialog, "Make the token")
    expect(dialog.get_by_role("alert")).to_contain_text("200")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    name.fill("shorter")
    press(dialog, "Make the token")
    expect(dialog.get_by_text("This is shown once.")).to_be_visible()
    assert all("422" in text for text in page.wrong)


def test_a_rotated_token_lives_on_as_long_as_was_chosen(town, anna):
    page = anna.page("#/tokens")
    old = make_token(page, "rotating")

    def rotate(choice):
        page.get_by_role("button", name="Rotate rotating").first.click()
        dialog = page.get_by_role("dialog", name="Rotate rotating")
        dialog.get_by_label("The old one ends").select_option(label=choice)
        press(dialog, "Rotate")
        secret = dialog.get_by_label("The token", exact=True).inner_text()
        press(dialog, "Done")
        return secret

    new = rotate("in a day")
    assert (status_with(town, old), status_with(town, new)) == (200, 200)
    rows = tokens_of(page).filter(has_text="rotating")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("in 7 d")
    expect(rows.nth(1)).to_contain_text("in 24 h")
    newest = rotate("at once")
    assert (status_with(town, new), status_with(town, newest)) == (401, 200)
    expect(rows.nth(0)).to_contain_text(newest[:8])
    assert page.wrong == []


def test_a_token_is_revoked_when_it_is_confirmed(town, anna):
    page = anna.page("#/tokens")
    secret = make_token(page, "leaked")
    row = tokens_of(page).filter(has_text="leaked")
    revoke = row.get_by_role("button", name="Revoke leaked")
    revoke.click()
    dialog = page.get_by_role("dialog", name="Revoke leaked?")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(revoke).to_be_focused()
    assert status_with(town, secret) == 200
    revoke.click()
    press(dialog, "Revoke")
    expect(row).to_have_count(0)
    assert status_with(town, secret) == 401
    expect(page.get_by_role("button", name="New token")).to_be_focused()
    expect(page.locator("#announce")).to_have_text("leaked was revoked.")
    page.get_by_label("show those that have ended").check()
    expect(row).to_contain_text("revoked")
    expect(row.get_by_role("button")).to_have_count(0)
    assert page.wrong == []


def test_the_list_says_who_used_a_token_and_warns_before_its_end(anna):
    harness.wait_until(  # what was used is written once a second
        lambda: anna.ok("GET", "/tokens")["tokens"][0]["last_used"], "a use")
    page = anna.page("#/tokens")
    used = tokens_of(page).filter(has_text="test")
    expect(used).to_contain_text("127.0.0.1")
    make_token(page, "short", "one day")
    row = tokens_of(page).filter(has_text="short")
    expect(row).to_contain_text("not yet")
    expect(row.get_by_text("soon")).to_have_count(0)
    page.clock.set_fixed_time(time.time() + 20 * 3600)
    page.reload()
    expect(row).to_contain_text("in 4 h ⚠ soon")
    expect(used.get_by_text("soon")).to_have_count(0)
    assert page.wrong == []


def test_a_session_gives_no_scope_that_it_lacks(town, anna):
    made = anna.ok("POST", "/tokens", {
        "name": "reader", "scopes": ["read"]}, 201)
    page = anna.open_page()
    page.goto(town.url + "/")
    page.get_by_label("API token").fill(made["token"])
    press(page, "Sign in")
    expect(menu(page)).to_be_visible()
    page.goto(town.url + "/#/tokens")
    expect(page.get_by_text("lacks the scope admin")).to_be_visible()
    expect(page.get_by_role("button", name="New token")).to_be_hidden()
    page.goto(town.url + "/#/profile")
    expect(page.get_by_text("It may not: ask, steer, admin")).to_be_visible()
    expect(page.get_by_role("button", name="everywhere")).to_be_hidden()
    assert [text for text in page.wrong if "401" not in text] == []


# ---- sharing ----------------------------------------------------------------


@pytest.fixture
def shared(person):
    """A study of Anna, her sharing dialog, and Bert."""
    anna, bert = person(groups=["atlas"]), person()
    study = anna.study()
    page = anna.page(f"#/study/{study}")
    press(page, "Share…")
    dialog = page.get_by_role("dialog", name="Share study")
    return SimpleNamespace(
        anna=anna, bert=bert, study=study, page=page, dialog=dialog,
        path=f"/studies/{study}",
        members=dialog.get_by_role("table", name="Members"),
        links=dialog.get_by_role("table", name="Links"))


def members(shared):
    """Return {name: role} of the study's members."""
    found = shared.anna.ok("GET", f"{shared.path}/members")["members"]
    return {one["user"] or f"@{one['group']}": one["role"] for one in found}


def add(shared, kind, name, role):
    """Fill in the form that adds a member."""
    shared.dialog.get_by_label("Kind").select_option(kind)
    shared.dialog.get_by_label("Whole name").fill(name)
    shared.dialog.get_by_label("Role", exact=True).select_option(role)
    press(shared.dialog, "Add")


def test_owners_add_members_change_their_roles_and_remove_them(shared):
    anna, bert, page = shared.anna, shared.bert, shared.page
    add(shared, "user", bert.name, "viewer")
    expect(shared.members.locator("tbody tr")).to_have_count(2)
    add(shared, "group", "atlas", "worker")
    rows = shared.members.locator("tbody tr")
    expect(rows).to_have_count(3)
    assert members(shared) == {
        anna.name: "owner", bert.name: "viewer", "@atlas": "worker"}
    role = shared.members.get_by_label(f"Role of {bert.name}")
    expect(role).to_have_value("viewer")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        role.select_option("editor")
    expect(role).to_be_focused()
    assert members(shared)[bert.name] == "editor"
    press(shared.members, "Remove the group atlas")
    press(page.get_by_role("dialog", name="Remove the group atlas?"), "Remove")
    expect(rows).to_have_count(2)
    assert members(shared) == {anna.name: "owner", bert.name: "editor"}
    assert page.wrong == []


def test_what_is_wrong_with_a_member_is_said_there(shared):
    add(shared, "user", "nobody-of-this-name", "viewer")
    expect(shared.dialog.get_by_role("alert")).to_contain_text(
        re.compile("no such user|not found", re.IGNORECASE))
    role = shared.members.get_by_label(f"Role of {shared.anna.name}")
    role.select_option("viewer")
    expect(shared.dialog.get_by_role("alert").filter(
        has_text="owner")).to_be_visible()
    expect(role).to_have_value("owner")
    assert members(shared) == {shared.anna.name: "owner"}
    assert all(re.search("404|409", text) for text in shared.page.wrong)


def test_an_owner_who_leaves_has_no_dialog_any_more(shared):
    add(shared, "user", shared.bert.name, "owner")
    expect(shared.members.locator("tbody tr")).to_have_count(2)
    press(shared.members, f"Remove {shared.anna.name}")
    press(shared.page.get_by_role("dialog", name="Leave the study?"), "Leave")
    expect(shared.page.get_by_role("dialog")).to_have_count(0)
    expect(shared.page.get_by_role("alert")).to_contain_text("no such study")
    found = shared.bert.ok("GET", f"{shared.path}/members")["members"]
    assert [one["user"] for one in found] == [shared.bert.name]


def test_visibility_is_chosen_and_seen(shared):
    dialog, page = shared.dialog, shared.page

    def save(choice, visibility, group):
        dialog.get_by_label(choice).check()
        press(dialog, "Save")
        expect(dialog.get_by_text("Saved.")).to_be_visible()
        study = shared.anna.ok("GET", shared.path)
        assert (study["visibility"], study["group"]) == (visibility, group)

    save("Group –", "group", "atlas")
    expect(page.get_by_text("visible to atlas")).to_have_count(1)
    save("Public –", "public", None)
    expect(page.get_by_text("· public ·")).to_have_count(1)
    assert shared.bert.ok("GET", shared.path)["role"] == "viewer"
    save("Private –", "private", None)
    expect(page.get_by_text("· public ·")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Share…")).to_be_focused()
    assert page.wrong == []


def test_a_link_shows_the_study_to_a_guest_until_it_is_revoked(
        shared, open_page):
    anna, dialog, page = shared.anna, shared.dialog, shared.page
    worker = {"name": "bar", "host": "machine-of-anna"}
    anna.ok("POST", f"{shared.path}/ask", {"worker": worker})
    dialog.get_by_label("Name of the link").fill("review")
    dialog.get_by_label("Valid for").select_option(label="one day")
    press(dialog, "Make a link")
    address = dialog.get_by_label("The address of the link", exact=True)
    url = address.inner_text()
    expect(shared.links.locator("tbody tr")).to_contain_text("review")
    (link,) = anna.ok("GET", f"{shared.path}/links")["links"]
    assert link["name"] == "review"

    guest = open_page()
    guest.goto(url)
    expect(guest.get_by_role("heading", level=1)).to_contain_text("study of")
    expect(guest.locator("tbody tr")).to_have_count(1)
    assert guest.url == f"{anna.town.url}/#/study/{shared.study}"
    text = guest.locator("main").inner_text()
    assert text.count(anna.name) == 1, "in the name that she gave the study"
    assert "bar" not in text
    assert guest.get_by_role("button", name=re.compile(
        "Pause|Stop|Resume|Share")).filter(visible=True).count() == 0
    menu(guest).click()
    assert guest.locator("#menu").inner_text() == "Sign out"
    guest.goto(f"{anna.town.url}/#/tokens")
    guest.wait_for_url(f"**/#/study/{shared.study}")
    expect(guest.locator("tbody tr")).to_have_count(1)

    shared.links.get_by_role("button", name="Revoke review").click()
    press(page.get_by_role("dialog", name="Revoke review?"), "Revoke")
    expect(shared.links).to_have_count(0)
    expect(address).to_have_count(0)
    assert anna.ok("GET", f"{shared.path}/links")["links"] == []
    anna.ok("POST", f"{shared.path}/ask")
    assert signed_out(guest) == []
    assert page.wrong == []


@pytest.mark.parametrize("role, seen", [
    ("viewer", []), ("worker", []), ("editor", ["Pause", "Stop"]),
    ("owner", ["Share…", "Pause", "Stop"])])
def test_a_role_shows_the_buttons_that_it_allows(person, role, seen):
    anna, bert = person(), person()
    study = anna.study()
    anna.ok("PUT", f"/studies/{study}/members",
            {"user": bert.name, "role": role})
    page = bert.page(f"#/study/{study}")
    expect(page.locator(".head .badge")).to_contain_text("running")
    buttons = page.locator("main .head button").filter(visible=True)
    expect(buttons).to_have_text(seen)
    expect(page.get_by_text("CUMAE_TOKEN")).to_have_count(
        0 if role == "viewer" else 2)
    assert page.wrong == []


def test_the_list_tells_whose_studies_they_are(person):
    anna, bert = person(), person()
    own = bert.study(name="own")
    lent, shown = anna.study(name="lent"), anna.study(
        name="shown", visibility="public")
    anna.ok("PUT", f"/studies/{lent}/members",
            {"user": bert.name, "role": "worker"})
    page = bert.page()
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text="lent")).to_contain_text(
        re.compile(f"{anna.name}.*worker"))
    expect(rows.filter(has_text="own").filter(
        has_text=bert.name)).to_contain_text("owner")
    for label, name, study in (("mine", "own", own),
                               ("shared with me", "lent", lent),
                               ("public", "shown", shown)):
        page.get_by_label("Whose").select_option(label=label)
        link = rows.filter(has_text=anna.name if study != own else bert.name)
        expect(link.get_by_role("link")).to_have_text([name])
        value = page.get_by_label("Whose").input_value()
        assert page.url.endswith(f"#/?shared={value}")
    page.reload()
    expect(page.get_by_label("Whose")).to_have_value("public")
    assert page.wrong == []


# ---- words and numbers ------------------------------------------------------


def test_ends_and_amounts_are_rounded(town, open_page):
    """A token warns within a week and in the last quarter of its life."""
    page = open_page()
    page.goto(town.url + "/")
    assert page.evaluate("""async () => {
      const {endsSoon, storage} = await import('/people.js');
      const {left} = await import('/dom.js');
      const at = seconds => new Date(1000 * seconds).toISOString();
      const token = {created: at(0), expires: at(4 * 86400)};
      const year = {created: at(0), expires: at(360 * 86400)};
      return [
        [86400 * 3, 86400 * 3 + 1].map(s => endsSoon(token, 1000 * s)),
        [353, 354].map(days => endsSoon(year, 86400e3 * days)),
        [604799, 86399, 89, 1, 0].map(s => left(at(s), 0)),
        [0, 999, 1500, 12345678, 999600].map(storage),
      ];
    }""") == [
        [False, True], [False, True],
        ["7 d", "24 h", "89 s", "1 s", "over"],
        ["0 bytes", "999 bytes", "1.5 kB", "12.3 MB", "1 MB"]]


# ---- how it looks -----------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_suit_narrow_screens_and_weak_eyes(person, scheme):
    anna = person(groups=["atlas"], display_name="A rather long one " * 5)
    study = anna.study()
    anna.ok("PUT", f"/studies/{study}/members",
            {"group": "atlas", "role": "worker"})
    anna.ok("POST", f"/studies/{study}/links", {}, 201)
    page = anna.page("#/profile", color_scheme=scheme,
                     viewport={"width": 390, "height": 844})

    def check():
        assert page.evaluate(WIDTH) <= 390
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(CONTRAST) == []
        for dialog in page.locator("dialog").all():
            assert dialog.evaluate("e => e.scrollWidth - e.clientWidth") <= 0

    expect(page.get_by_role("table", name="Sessions")).to_be_visible()
    menu(page).click()
    check()
    page.keyboard.press("Escape")
    page.goto(f"{anna.town.url}/#/tokens")
    expect(page.get_by_role("table", name="Tokens")).to_be_visible()
    check()
    press(page, "New token")
    check()
    page.get_by_label("Name").fill("x")
    press(page, "Make the token")
    expect(page.get_by_text("This is shown once.")).to_be_visible()
    check()
    page.goto(f"{anna.town.url}/#/study/{study}")
    press(page, "Share…")
    expect(page.get_by_role("table", name="Links")).to_be_visible()
    expect(page.get_by_role("table", name="Members")).to_be_visible()
    check()
    assert page.wrong == []
