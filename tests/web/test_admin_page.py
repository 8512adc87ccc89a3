# SPDX-License-Identifier: GPL-3.0-or-later
"""test_admin_page.py - the administration, by clicking, and what comes of it

Each change is made in the page, then seen in the page and through the API.
"""

import re

import people
import pytest
from playwright.sync_api import expect
from test_page import ask, make_study, tell


@pytest.fixture
def office(site, open_page):
    """A function that opens the administration at a hash, signed in."""

    def start(hash_="#/admin", token=None, **options):
        page = open_page(**options)
        session = page.request.post(
            site.url + "/api/v1/session", data={"token": token or site.token})
        assert session.status == 204, session.text()
        page.goto(site.url + "/" + hash_)
        return page

    return start


def user(site, name):
    """Return a user as the service has it."""
    answer = site.api("GET", f"/users/{name}")
    assert answer.status == 200, answer.text
    return answer.json


def button(page, name):
    """Return the button of that name."""
    return page.get_by_role("button", name=name, exact=True)


def confirm(page, verb):
    """Click a button that asks first, and agree."""
    button(page.locator("main > div"), verb).click()
    button(page.get_by_role("dialog"), verb).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


# ---- the frame ---------------------------------------------------------------


def test_tabs_have_addresses_and_say_which_is_open(office):
    page = office()
    tabs = page.get_by_role("navigation", name="Administration")
    assert tabs.get_by_role("link").all_inner_texts() == [
        "Users", "Groups", "Audit log", "Settings", "Load"]
    for name in ("Groups", "Audit log", "Settings", "Load", "Users"):
        tabs.get_by_role("link", name=name).press("Enter")
        expect(tabs.locator("[aria-current=page]")).to_have_text(name)
        assert page.url.endswith("#/admin/" + name.lower().split()[0])
        expect(page).to_have_title(f"{name} · Administration · Cumae")
        expect(page.get_by_role("main")).to_be_focused()
    page.go_back()
    expect(tabs.locator("[aria-current=page]")).to_have_text("Load")
    assert page.wrong == []


def test_the_menu_leads_administrators_here_and_nobody_else(site, office):
    page = office("#/")
    page.locator("#who").click()
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("row", name="admin")).to_be_visible()
    other = office("#/admin", token=site.second_user())
    expect(other.get_by_role("alert")).to_contain_text("Could not refresh")
    assert other.get_by_role("row").count() == 0
    other.locator("#who").click()
    expect(other.get_by_role("link", name="Profile")).to_be_visible()
    assert other.get_by_role("link", name="Administration").count() == 0


def test_no_tab_scrolls_sideways_on_a_phone(site, office):
    site.api("POST", "/users", {
        "name": "a.very.long.name.of.somebody@department.example.org",
        "email": "x" * 60 + "@example.org", "groups": ["g" * 80]})
    page = office(viewport={"width": 390, "height": 844})
    for where, seen in (
            ("users", "tbody tr"), ("users/admin", "form"),
            ("groups", "tbody tr"), ("groups/1", "tbody tr"),
            ("audit", "li.entry"), ("settings", "tbody tr"),
            ("load", "dl")):
        page.goto(f"{page.url.split('#')[0]}#/admin/{where}")
        expect(page.locator(seen).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.wrong == []


# ---- users -------------------------------------------------------------------


def test_a_user_is_made_and_let_in_with_a_link_that_is_shown_once(
        site, office, open_page):
    page = office(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("New user").click()
    page.get_by_label("Name", exact=True).fill("anna")
    page.get_by_label("Full name").fill("Anna Müller")
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Groups").fill("higgs, bsm")
    button(page, "Create").click()
    expect(page.get_by_role("heading", name="anna")).to_be_visible()
    made = user(site, "anna")
    assert made["display_name"] == "Anna Müller" and not made["admin"]
    assert made["groups"] == ["bsm", "higgs"]
    button(page, "Invite").click()
    link = page.get_by_role("textbox", name="Sign-in link for anna")
    button(page, "Copy: Sign-in link for anna").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    url = link.inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == url
    page.reload()
    expect(page.get_by_role("heading", name="anna")).to_be_visible()
    expect(link).to_have_count(0)
    guest = open_page()
    guest.goto(url)
    expect(guest.locator("#who")).to_contain_text("Anna Müller")
    assert page.wrong == []


def test_a_name_that_is_taken_is_said_beside_the_form(site, office):
    people.make_user(site, name="anna")
    page = office()
    page.get_by_text("New user").click()
    page.get_by_label("Name", exact=True).fill("anna")
    page.get_by_label("Full name").fill("Another")
    button(page, "Create").click()
    expect(page.locator("form").get_by_role("alert")).to_contain_text("taken")
    expect(page.get_by_label("Full name")).to_have_value("Another")
    assert user(site, "anna")["display_name"] is None


def test_users_are_found_by_a_word_and_come_in_pages_like_their_log(site, office):
    for i in range(52):
        people.make_user(site, name=f"user{i:02}", email=f"u{i}@x.org")
    people.make_user(site, name="carla", display_name="Carla")
    page = office()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(rows).to_have_count(4)
    expect(page.get_by_role("row", name="carla")).to_contain_text("Carla")
    page.reload()
    expect(rows).to_have_count(4)
    page.get_by_role("link", name="First page").click()
    expect(rows).to_have_count(50)
    search = page.get_by_role("searchbox", name="Find users")
    search.fill("U51@")
    expect(rows).to_have_count(1)
    expect(search).to_be_focused()
    expect(page.get_by_text("1 user", exact=True)).to_be_visible()
    assert page.url.endswith("#/admin/users?q=U51%40")
    page.reload()
    expect(rows).to_have_count(1)
    expect(search).to_have_value("U51@")
    search.fill("nobody at all")
    expect(page.get_by_text("No user matches.")).to_be_visible()
    page.goto(f"{site.url}/#/admin/audit?action=user.create")
    entries = page.locator("li.entry")
    expect(entries).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(entries).to_have_count(3)
    expect(entries.last).to_contain_text("user user00")
    assert "?action=user.create&cursor=" in page.url
    page.get_by_role("link", name="First page").click()
    expect(entries).to_have_count(50)
    assert page.wrong == []


def test_a_user_is_disabled_and_enabled_after_a_question(site, office):
    name, token = people.join(site)
    page = office(f"#/admin/users/{name}")
    button(page, "Disable").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("refused at once")
    button(dialog, "Cancel").click()
    expect(dialog).to_have_count(0)
    assert not user(site, name)["disabled"]
    confirm(page, "Disable")
    expect(page.locator(".badge")).to_have_text("disabled")
    expect(button(page, "Enable")).to_be_focused()
    assert user(site, name)["disabled"]
    assert site.api("GET", "/me", token=token).status == 401
    button(page, "Invite").click()
    expect(page.get_by_role("alert").last).to_contain_text("disabled")
    confirm(page, "Enable")
    expect(page.locator(".badge")).to_have_count(0)
    assert site.api("GET", "/me", token=token).status == 200


def test_administrators_are_made_and_unmade_but_for_the_last_one(site, office):
    people.make_user(site, name="anna")
    page = office("#/admin/users/anna")
    confirm(page, "Make administrator")
    expect(page.locator(".badge")).to_have_text("administrator")
    assert user(site, "anna")["admin"]
    confirm(page, "Take administration away")
    expect(page.locator(".badge")).to_have_count(0)
    assert not user(site, "anna")["admin"]
    page.goto(f"{site.url}/#/admin/users/admin")
    expect(page.locator(".badge")).to_have_text("administrator")
    button(page, "Take administration away").click()
    dialog = page.get_by_role("dialog")
    button(dialog, "Take administration away").click()
    expect(dialog.get_by_role("alert")).to_contain_text("last")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert user(site, "admin")["admin"]


def test_quotas_are_set_beside_what_is_used_and_what_holds(site, office):
    name, token = people.join(site)
    study = site.api("POST", "/studies", {
        "name": "s", "objectives": [{"name": "y"}],
        "space": {"x": {"type": "float", "low": 0, "high": 1}},
    }, token=token).json["id"]
    assert site.api("POST", f"/studies/{study}/ask", {"n": 3},
                    token=token).status == 200
    page = office(f"#/admin/users/{name}")
    table = page.get_by_role("table", name="Use and quotas")
    trials = table.get_by_role("row", name="Trials", exact=False).first
    expect(trials).to_contain_text("3")
    running = page.get_by_label("Quota: Running trials")
    storage = page.get_by_label("Quota: Storage")
    running.fill("500")
    storage.fill("2.5 gb")
    page.get_by_label("Quota: Requests per minute").fill("0")
    button(page, "Save quotas").click()
    expect(storage).to_have_value("2.5 GB")
    expect(table).to_contain_text("500")
    assert user(site, name)["quotas"] == {
        "max_studies": None, "max_trials": None, "max_running": 500,
        "max_bytes": 2500000000, "requests_per_minute": 0}
    running.fill("many")
    button(page, "Save quotas").click()
    expect(page.locator("form").get_by_role("alert").first).to_have_text(
        'max_running must be a whole number, not "many"')
    expect(running).to_be_focused()
    expect(running).to_have_attribute("aria-invalid", "true")
    running.fill("")
    button(page, "Save quotas").click()
    expect(table.get_by_role("row", name="Running")).to_contain_text("none")
    assert user(site, name)["quotas"]["max_running"] is None
    assert page.wrong == []


def test_what_is_being_typed_survives_a_change_of_something_else(site, office):
    people.make_user(site, name="anna", display_name="Anna")
    page = office("#/admin/users/anna")
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Quota: Trials", exact=True).fill("7")
    confirm(page, "Disable")
    expect(page.get_by_label("Mail address")).to_have_value("anna@example.org")
    button(page, "Save quotas").click()
    expect(page.locator("#announce")).to_have_text("Quotas saved")
    button(page, "Save").click()
    expect(page.locator("#announce")).to_have_text("Saved")
    anna = user(site, "anna")
    assert anna["email"] == "anna@example.org"
    assert anna["display_name"] == "Anna" and anna["disabled"]
    assert anna["quotas"]["max_trials"] == 7


# ---- groups ------------------------------------------------------------------


def test_a_group_is_made_filled_emptied_and_deleted(site, office):
    for name in ("anna", "bob"):
        people.make_user(site, name=name)
    page = office("#/admin/groups")
    page.get_by_label("Name of a new group").fill("/cms/exotica")
    button(page, "Create").click()
    expect(page.get_by_role("heading", name="/cms/exotica")).to_be_visible()
    group = page.url.rsplit("/", 1)[1]
    add = page.get_by_label("User to add")
    for name in ("anna", "bob"):
        add.fill(name)
        button(page, "Add").click()
        expect(page.get_by_role("row", name=name)).to_contain_text(
            "an administrator")
    add.fill("nobody")
    button(page, "Add").click()
    expect(page.get_by_role("alert")).to_contain_text("no such user")
    button(page, "Remove bob").click()
    expect(page.get_by_role("row", name="bob")).to_have_count(0)
    expect(add).to_be_focused()
    members = site.api("GET", f"/groups/{group}/members").json["members"]
    assert [member["user"] for member in members] == ["anna"]
    page.get_by_role("link", name="All groups").click()
    row = page.get_by_role("row", name="/cms/exotica")
    expect(row.locator("td").first).to_have_text("1")
    row.get_by_role("link").click()
    confirm(page, "Delete group")
    expect(page.get_by_text("There is no group yet.")).to_be_visible()
    assert site.api("GET", "/groups").json["groups"] == []
    assert user(site, "anna")["groups"] == []


# ---- audit log ---------------------------------------------------------------


def test_the_log_shows_what_changed_and_the_address_its_filters(site, office):
    study = make_study(site, name="jet tagger")
    site.api("PATCH", f"/studies/{study}", {"notes": "n" * 300,
                                            "budget": {"max_trials": 7}})
    people.make_user(site, name="anna")
    page = office("#/admin/audit")
    entries = page.locator("li.entry")
    patch = entries.filter(has_text="study.patch")
    expect(patch.locator("li", has_text="budget.max_trials")).to_contain_text(
        "was 100 → is 7")
    page.get_by_label("Action").fill("study")
    page.get_by_label("User", exact=True).fill("admin")
    page.get_by_label("Until").fill("2100-01-01T00:00")
    page.get_by_label("User", exact=True).press("Enter")
    expect(entries).to_have_count(2)
    expect(page.get_by_label("User", exact=True)).to_be_focused()
    assert re.search(r"#/admin/audit\?user=admin&action=study"
                     r"&until=2100-01-01T\d\d%3A00%3A00.000Z$", page.url)
    page.reload()
    expect(entries).to_have_count(2)
    expect(page.get_by_label("Action")).to_have_value("study")
    expect(page.get_by_label("Until")).to_have_value(
        re.compile("^2100-01-01T00:00"))
    patch.get_by_text("nnn…").click()
    expect(patch.get_by_text("n" * 300)).to_be_visible()
    page.get_by_role("link", name="only study.create").click()
    expect(entries).to_have_count(1)
    expect(entries.get_by_role("link", name=f"study {study}")).to_be_visible()
    page.get_by_label("Since").fill("2100-01-01T00:00")
    page.get_by_label("Until").fill("")
    button(page, "Filter").click()
    expect(page.get_by_text("No line matches.")).to_be_visible()
    assert page.wrong == []


def test_a_filter_that_names_nobody_is_said_beside_it(site, office):
    page = office("#/admin/audit")
    page.get_by_label("User", exact=True).fill("nobody")
    button(page, "Filter").click()
    expect(page.locator("form").get_by_role("alert")).to_contain_text(
        "no such user")


def test_owners_read_the_log_of_their_study_and_viewers_do_not(site, office):
    owner, token = people.join(site)
    viewer, other = people.join(site)
    study = site.api("POST", "/studies", {
        "name": "mine", "objectives": [{"name": "y"}],
        "space": {"x": {"type": "float", "low": 0, "high": 1}},
    }, token=token).json["id"]
    site.api("PUT", f"/studies/{study}/members",
             {"user": viewer, "role": "viewer"}, token=token)
    site.api("PATCH", f"/studies/{study}", {"tags": ["a", "b"]}, token=token)
    page = office(f"#/study/{study}", token=token)
    page.get_by_role("link", name="Audit log").click()
    entries = page.locator("li.entry")
    expect(entries).to_have_count(3)
    expect(entries.first).to_contain_text("was none → is a, b")
    expect(entries.nth(1)).to_contain_text(f"member user:{viewer}")
    page.get_by_label("Action").fill("member")
    button(page, "Filter").click()
    expect(entries).to_have_count(1)
    assert page.url.endswith(f"#/study/{study}/audit?action=member")
    page.get_by_role("link", name="mine").click()
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    assert page.wrong == []
    page = office(f"#/study/{study}", token=other)
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    expect(page.get_by_role("link", name="Audit log")).to_be_hidden()


# ---- settings and load -------------------------------------------------------


def test_settings_say_their_value_source_and_meaning(site, office):
    page = office("#/admin/settings")
    rows = page.locator("tbody tr")
    every = site.api("GET", "/admin/settings").json["settings"]
    expect(rows).to_have_count(len(every))
    for setting, row in zip(every, rows.all_inner_texts()):
        assert setting["name"] in row and setting["source"] in row
        assert setting["value"] in row and setting["help"] in row
    page.get_by_label("only what was set").check()
    chosen = [one for one in every if one["source"] != "default"]
    expect(rows).to_have_count(len(chosen))
    page.get_by_label("Filter settings").fill("DATABASE")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("sqlite:")
    assert page.url.endswith("#/admin/settings?q=DATABASE&set=1")
    page.reload()
    expect(rows).to_have_count(1)
    expect(page.get_by_label("only what was set")).to_be_checked()
    assert page.wrong == []


HIDE = """
hidden => {
  Object.defineProperty(document, 'hidden', {value: hidden,
    configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}
"""


def test_load_is_looked_at_again_while_somebody_looks(site, office):
    study = make_study(site)
    for number in ask(site, study, 3):
        tell(site, study, number, value=1)
    page = office("#/admin/load")
    looks = []
    page.on("request", lambda one: "/admin/load" in one.url
            and looks.append(one.url))
    figures = page.locator("dl").last
    expect(figures).to_contain_text("studies in memory")
    expect(page.get_by_role("table", name="Tables")).to_contain_text("trials")
    row = page.get_by_role("table", name="Users with most storage")
    expect(row.get_by_role("row", name="admin").locator("td").nth(1)
           ).to_have_text("3")
    expect(page.locator("#live")).to_have_text("live")
    with page.expect_request("**/admin/load"):
        pass
    # No look for an hour while hidden; one as soon as it is seen.
    page.clock.install()
    page.evaluate(HIDE, True)
    page.clock.run_for(60000)
    before = len(looks)
    page.clock.run_for(3600 * 1000)
    assert len(looks) == before
    with page.expect_request("**/admin/load"):
        page.evaluate(HIDE, False)
    assert page.wrong == []
