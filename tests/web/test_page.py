# SPDX-License-Identifier: GPL-3.0-or-later
"""test_page.py - the web page, in a real browser against the real service"""

import re

import harness
import pytest
from playwright.sync_api import expect

STUDY = {
    "name": "jet tagger",
    "objectives": [{"name": "loss", "direction": "minimize"}],
    "space": {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "layers": {"type": "int", "low": 1, "high": 8},
        "booster": {"type": "categorical", "choices": ["gbtree", "dart"]},
    },
    "sampler": {"name": "random"},
    "budget": {"max_trials": 100},
}


def make_study(site, **changes):
    """Create a study and return its id."""
    answer = site.api("POST", "/studies", {**STUDY, **changes})
    assert answer.status == 201, answer.text
    return answer.json["id"]


def ask(site, study, n=1):
    """Ask for n trials and return their numbers."""
    answer = site.api("POST", f"/studies/{study}/ask", {"n": n})
    assert answer.status == 200, answer.text
    return [trial["number"] for trial in answer.json["trials"]]


def tell(site, study, number, **told):
    """Tell how a trial went."""
    path = f"/studies/{study}/trials/{number}/tell"
    answer = site.api("POST", path, told)
    assert answer.status == 200, answer.text


def run_trials(site, study, values):
    """Run one complete trial per value."""
    for number, value in zip(ask(site, study, len(values)), values):
        tell(site, study, number, value=value)


def sign_in(page, site):
    """Open the page with a token, as somebody without a link does."""
    page.goto(site.url + "/")
    page.get_by_label("API token").fill(site.token)
    page.get_by_role("button", name="Sign in").click()
    expect(
        page.get_by_role("heading", name="Studies", exact=True)
    ).to_be_visible()
    # Without a cookie the first request is refused, which the browser logs.
    page.wrong[:] = [text for text in page.wrong if "401" not in text]


def sign_out(page):
    """Sign out by the menu."""
    page.get_by_role("button", name="Menu of").click()
    page.get_by_role("button", name="Sign out").click()


PICTURE = """
const canvas = document.querySelector('.plot canvas[aria-label^="History"]');
const {width, height} = canvas ?? {};
const pixels = width
  ? canvas.getContext('2d').getImageData(0, 0, width, height).data : [];
"""


def wait_for_ink(page):
    """Wait until something was drawn on the chart."""
    page.wait_for_function(
        f"() => {{ {PICTURE} return pixels.some(value => value > 0); }}"
    )


def picture(page):
    """Return what the chart looks like, as a short number."""
    return page.evaluate(
        f"""() => {{ {PICTURE}
          return pixels.reduce((sum, value) => (31 * sum + value) | 0, 0);
        }}"""
    )


def test_sign_in_link_works_once_and_leaves_the_address_bar(site, open_page):
    page = open_page()
    page.goto(site.sign_in)
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    assert page.url == site.url + "/#/"
    assert page.wrong == []
    other = open_page()
    other.goto(site.sign_in)
    expect(other.get_by_role("alert")).to_contain_text("used already")


def test_empty_list_shows_a_command_that_makes_a_study(site, open_page):
    page = open_page()
    sign_in(page, site)
    command = page.locator("pre").inner_text()
    assert site.url + "/api/v1/ask" in command
    body = re.search(r"-d '(.*)'", command, re.DOTALL).group(1)
    answer = site.api(
        "POST", "/ask", data=body.encode(),
    )
    assert answer.status == 200, answer.text
    expect(page.get_by_role("link", name="first study")).to_be_visible()
    assert page.wrong == []


def test_list_opens_a_study_with_its_history(site, open_page):
    study = make_study(site)
    run_trials(site, study, [0.5, 0.25, 0.75])
    page = open_page()
    sign_in(page, site)
    row = page.get_by_role("row", name="jet tagger")
    expect(row).to_contain_text("0.25")
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("random")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="jet tagger")).to_be_visible()
    wait_for_ink(page)
    chart = page.get_by_role("img", name="History of")
    label = chart.get_attribute("aria-label")
    assert "3 trials" in label and "the best is 0.25, trial 1" in label
    assert page.title() == "jet tagger · Cumae"
    expect(page.get_by_role("columnheader", name="booster")).to_be_visible()
    assert page.wrong == []


def test_the_list_is_filtered_and_the_address_knows_how(site, open_page):
    for name, tags in (("red one", ["red & hot", "x"]), ("red two", ["x"]),
                       ("blue", ["red & hot"])):
        make_study(site, name=name, tags=tags)
    page = open_page()
    sign_in(page, site)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_label("Filter by name").fill("RED")
    expect(rows).to_have_count(2)
    page.get_by_label("Filter by tag").fill("red & hot")
    expect(rows).to_have_count(1)
    assert page.url.endswith("#/?q=RED&tag=red+%26+hot")
    # A study and back, and a reload, keep the filters.
    page.get_by_role("link", name="red one").click()
    expect(page.get_by_role("heading", name="red one")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Filter by name")).to_have_value("RED")
    expect(rows).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Filter by tag")).to_have_value("red & hot")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="studies tagged x").click()
    expect(rows).to_have_count(2)
    expect(page.get_by_label("Filter by name")).to_have_value("")
    page.get_by_label("State").select_option("paused")
    expect(page.get_by_text("No study matches.")).to_be_visible()
    assert page.url.endswith("#/?state=paused&tag=x")
    assert page.wrong == []


def test_a_study_shows_what_it_used_of_its_budget(site, open_page):
    study = make_study(
        site, name="dear", budget={"max_trials": 5, "max_cost": 10},
        iteration={"points": 2},
    )
    for number in ask(site, study, 2):
        tell(site, study, number, value=1, cost=1.25)
    page = open_page()
    sign_in(page, site)
    page.get_by_role("link", name="dear").click()
    expect(page.get_by_text("2 of 5 trials handed out")).to_contain_text(
        "cost 2.5 of 10 · iteration 1 of 2 points each"
    )
    assert page.wrong == []


def test_several_objectives_have_a_front_in_a_picture_and_a_table(
    site, open_page
):
    study = make_study(
        site, name="front", outcome_constraints=[{"name": "ms", "upper": 20}],
        objectives=[{"name": "loss"}, {"name": "auc", "direction": "maximize"}],
    )
    told = [([3, 1], 5), ([1, 1], 5), ([2, 4], 5), ([0, 9], 30)]
    for number, (values, ms) in zip(ask(site, study, 4), told):
        tell(site, study, number, values=values, constraints=[ms])
    page = open_page()
    sign_in(page, site)
    page.goto(f"{site.url}/#/study/{study}")
    drawn = page.get_by_role("img", name="auc against loss")
    expect(drawn).to_have_attribute("data-marks", "3")
    label = drawn.get_attribute("aria-label")
    assert "2 trials on the front, 1 behind it." in label
    front = page.get_by_role("table", name="Pareto front")
    assert front.locator("tbody th").all_inner_texts() == ["1", "2"]
    expect(page.get_by_text("hypervolume 0.63")).to_be_visible()
    expect(page.get_by_text("minimize loss, maximize auc")).to_be_visible()
    expect(page.get_by_text("ms ≤ 20")).to_be_visible()
    trials = page.get_by_role("table", name="Trials")
    expect(trials.get_by_role("columnheader", name="auc")).to_be_visible()
    tell(site, study, ask(site, study)[0], values=[1, 5], constraints=[1])
    expect(front.locator("tbody th")).to_have_text(["4"])
    assert page.wrong == []


def test_open_study_follows_what_workers_tell(site, open_page):
    study = make_study(site)
    run_trials(site, study, [0.5, 0.25])
    page = open_page()
    sign_in(page, site)
    page.get_by_role("link", name="jet tagger").click()
    wait_for_ink(page)
    before = picture(page)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    (number,) = ask(site, study)
    expect(rows.first).to_contain_text("running")
    tell(site, study, number, value=0.125)
    expect(rows.first).to_contain_text("0.125")
    expect(page.locator(".figures")).to_contain_text("0.125")
    expect(page.locator("#announce")).to_have_text(
        "New best: 0.125, trial 2"
    )
    harness.wait_until(lambda: picture(page) != before, "a new picture")
    assert page.wrong == []


def test_open_study_waits_for_what_comes_after_its_revision(site, open_page):
    study = make_study(site)
    run_trials(site, study, [0.5])
    page = open_page()
    sign_in(page, site)
    with page.expect_request(lambda one: "/events?" in one.url) as waiting:
        page.get_by_role("link", name="jet tagger").click()
    revision = site.api("GET", f"/studies/{study}").json["revision"]
    assert f"since={revision}&" in waiting.value.url
    assert re.search(r"wait_s=[1-9]", waiting.value.url)


def test_keyboard_and_pointer_read_the_chart(site, open_page):
    study = make_study(site)
    run_trials(site, study, [4, 2, 3])
    page = open_page()
    sign_in(page, site)
    page.get_by_role("link", name="jet tagger").click()
    wait_for_ink(page)
    history = page.get_by_role("region", name="History")
    chart = history.get_by_role("img")
    chart.press("End")
    tip = history.locator(".tip")
    expect(tip).to_have_text("trial 2: 3 (complete)")
    chart.press("ArrowLeft")
    expect(tip).to_have_text("trial 1: 2 (complete)")
    chart.press("Escape")
    expect(tip).to_be_hidden()
    chart.press("Home")
    ring = history.locator(".ring").bounding_box()
    chart.press("Escape")
    page.mouse.move(
        ring["x"] + ring["width"] / 2 + 3, ring["y"] + ring["height"] / 2 + 3
    )
    expect(tip).to_have_text("trial 0: 4 (complete)")


def test_invalid_trials_are_struck_and_deleted_ones_are_gone(site, open_page):
    study = make_study(site)
    run_trials(site, study, [1, 2, 3])
    page = open_page()
    sign_in(page, site)
    page.goto(f"{site.url}/#/study/{study}")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    path = f"/studies/{study}/trials"
    body = {"invalid": True, "reason": "wrong sample"}
    assert site.api("PATCH", f"{path}/0", body).status == 200
    assert site.api("DELETE", f"{path}/1").status == 204
    expect(rows).to_have_count(2)
    struck = page.locator("tbody tr.invalid")
    expect(struck).to_contain_text("invalid: wrong sample")
    assert struck.locator("th").inner_text() == "0"
    chart = page.get_by_role("img", name="History of")
    expect(chart).to_have_attribute("aria-label", re.compile("the best is 3"))
    assert page.wrong == []


def test_pause_and_resume_reach_the_service(site, open_page):
    study = make_study(site)
    page = open_page()
    sign_in(page, site)
    page.get_by_role("link", name="jet tagger").click()
    expect(page.get_by_role("heading", name="No trials yet")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".head .badge")).to_contain_text("paused")
    assert site.api("GET", f"/studies/{study}").json["state"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".head .badge")).to_contain_text("running")
    assert site.api("GET", f"/studies/{study}").json["state"] == "running"
    assert page.wrong == []


def test_lost_session_is_said_and_leads_to_the_sign_in(site, open_page):
    make_study(site)
    page = open_page()
    sign_in(page, site)
    expect(page.get_by_role("link", name="jet tagger")).to_be_visible()
    page.context.clear_cookies()
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    expect(page.get_by_label("API token")).to_be_visible()
    assert page.get_by_role("link", name="jet tagger").count() == 0


def test_wrong_token_is_refused_with_a_reason(site, open_page):
    page = open_page()
    page.goto(site.url + "/")
    page.get_by_label("API token").fill("cum_nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid")


def test_sign_out_ends_the_session(site, open_page):
    page = open_page()
    sign_in(page, site)
    cookies = page.context.cookies()
    sign_out(page)
    expect(page.get_by_label("API token")).to_be_visible()
    page.context.add_cookies(cookies)
    page.reload()
    expect(page.get_by_label("API token")).to_be_visible()


def test_session_cookie_is_out_of_reach_of_scripts(site, open_page):
    page = open_page()
    sign_in(page, site)
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] in ("Lax", "Strict")
    assert page.evaluate("localStorage.length") == 0


def test_service_that_went_away_is_said_and_forgotten(site, open_page):
    make_study(site)
    page = open_page()
    sign_in(page, site)
    expect(page.locator("#live")).to_have_text("live")
    site.terminate()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_role("link", name="jet tagger")).to_be_visible()
    site.restart()
    expect(page.locator("#live")).to_have_text("live", timeout=60000)
    expect(page.locator("#banner")).to_be_hidden()


def test_unknown_study_is_an_error_that_can_be_read(site, open_page):
    page = open_page()
    sign_in(page, site)
    page.goto(site.url + "/#/study/nosuchstudy")
    expect(page.get_by_role("alert")).to_contain_text("Could not refresh")


def test_markup_in_names_stays_text(site, open_page):
    name = "<img src=x onerror=\"document.title='owned'\"> & <b>bold</b>"
    study = make_study(site, name=name)
    (number,) = ask(site, study)
    tell(site, study, number, state="failed", error=name)
    page = open_page()
    sign_in(page, site)
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("td.note")).to_have_text(name)
    assert page.locator("main img, main b").count() == 0
    assert page.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_screen_needs_no_sideways_scrolling(site, open_page, scheme):
    study = make_study(site, name="a rather long name of a study " * 3)
    run_trials(site, study, [0.5, 0.25, 0.75])
    page = open_page(
        viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    sign_in(page, site)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= 390
    page.locator("tbody th a").click()
    wait_for_ink(page)
    assert page.evaluate(wide) <= 390
    assert page.wrong == []


# WCAG 2.2, success criterion 1.4.3: 4.5:1 for text of normal size, from the
# relative luminance that its glossary defines.
CONTRAST = """
() => {
  const channel = c => (c /= 255) <= 0.04045
    ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g)
    + 0.0722 * channel(b);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1)
        return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() ||
        element.closest('noscript, :disabled'))
      continue;
    const a = light(parse(getComputedStyle(element).color));
    const b = light(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5)
      poor.push(`${walk.currentNode.data}: ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(site, open_page, scheme):
    study = make_study(site)
    numbers = ask(site, study, 4)
    tell(site, study, numbers[0], value=1)
    tell(site, study, numbers[1], state="failed", error="out of memory")
    tell(site, study, numbers[2], state="pruned", value=2)
    page = open_page(color_scheme=scheme)
    page.goto(site.url + "/")
    expect(page.get_by_label("API token")).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    sign_in(page, site)
    expect(page.get_by_role("link", name="jet tagger")).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("link", name="jet tagger").click()
    wait_for_ink(page)
    assert page.evaluate(CONTRAST) == []
