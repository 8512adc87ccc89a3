# SPDX-License-Identifier: GPL-3.0-or-later
"""test_campaign_page.py - the list of campaigns, and one of them"""

import json
import math
import re

import experiments
import pytest
import stand_in
from playwright.sync_api import expect
from plots import check_files, drawing, marks, near, no_overflow, path, scale
from test_page import sign_in

TEMPLATE = {"objectives": [{"name": "loss"}], "sampler": {"name": "random"},
            "space": {"x": {"type": "float", "low": 0, "high": 1}}}


def make_campaign(site, n=3, **fields):
    """Create a campaign of n studies; return it."""
    answer = site.api("POST", "/campaigns", {
        "name": "mass scan", "axis": "m [GeV]", "template": TEMPLATE,
        "segments": [{"name": f"m{100 * i:04}", "x": 100 * i}
                     for i in range(1, n + 1)], **fields})
    assert answer.status == 201, answer.text
    return answer.json


def segments(site, campaign):
    """Return the segments as the service has them."""
    return site.api("GET", f"/campaigns/{campaign['id']}").json["segments"]


def run_one(site, study, value):
    """Run one trial of a study."""
    (trial,) = site.api("POST", f"/studies/{study}/ask", {}).json["trials"]
    answer = site.api(
        "POST", f"/studies/{study}/trials/{trial['number']}/tell",
        {"value": value})
    assert answer.status == 200, answer.text


def open_campaign(site, open_page, campaign, query="", **options):
    """Open the page of a campaign."""
    page = open_page(**options)
    sign_in(page, site)
    page.goto(f"{site.url}/#/campaign/{campaign['id']}{query}")
    return page


def test_campaigns_are_listed_and_lead_to_their_pages(site, open_page):
    page = open_page()
    sign_in(page, site)
    page.goto(site.url + "/#/campaigns")
    command = page.locator("pre")
    expect(command).to_contain_text("/api/v1/campaigns")
    body = re.search(r"-d '(.*)'", command.inner_text(), re.DOTALL).group(1)
    made = site.api("POST", "/campaigns", json.loads(body))
    assert made.status == 201, made.text
    row = page.get_by_role("row", name="mass scan")
    expect(row).to_contain_text("m [GeV]")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="mass scan")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(2)
    assert page.wrong == []


def test_the_menu_leads_to_the_campaigns(site, open_page):
    page = open_page()
    sign_in(page, site)
    page.get_by_role("button", name="Menu of").click()
    page.get_by_role("link", name="Campaigns").click()
    expect(page.get_by_role("heading", name="No campaigns yet")
           ).to_be_visible()
    assert page.wrong == []


def test_a_tile_has_state_progress_and_best_and_leads_to_its_study(
    site, open_page
):
    campaign = make_campaign(site)
    first, second, _ = segments(site, campaign)
    run_one(site, first["study_id"], 0.25)
    site.api("POST", f"/studies/{second['study_id']}/pause", {})
    page = open_campaign(site, open_page, campaign)
    tile = page.get_by_role("link", name="m0100 running best")
    expect(tile).to_have_accessible_name(
        "m0100 running best 0.25 1 of 1 trials complete")
    expect(page.get_by_role("link", name="m0200 paused nothing yet")
           ).to_be_visible()
    run_one(site, first["study_id"], 0.125)
    expect(tile).to_contain_text("0.125")
    tile.click()
    expect(page.get_by_role("heading", name="mass scan/m0100")).to_be_visible()
    assert page.wrong == []


def test_three_hundred_tiles_are_walked_through_by_key(site, open_page):
    campaign = make_campaign(site, 300)
    page = open_campaign(site, open_page, campaign)
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(300)
    assert page.locator(".tile[tabindex='0']").count() == 1
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    across = tiles.evaluate_all("list => list.findIndex(one => "
                                "one.offsetTop !== list[0].offsetTop)")
    expect(tiles.nth(1 + across)).to_be_focused()
    page.keyboard.press("End")
    expect(tiles.last).to_be_focused()
    page.keyboard.press("Home")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="mass scan/m0100")).to_be_visible()
    assert page.wrong == []


def test_segments_are_shown_as_a_table_and_by_state(site, open_page):
    campaign = make_campaign(site)
    first, *_ = segments(site, campaign)
    site.api("POST", f"/studies/{first['study_id']}/pause", {})
    page = open_campaign(site, open_page, campaign)
    page.get_by_role("combobox", name="Shown as").select_option("table")
    rows = page.get_by_role("table", name="Segments").locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("200")
    page.get_by_role("combobox", name="State").select_option("paused")
    expect(rows).to_have_count(1)
    assert page.url.endswith("?as=table&state=paused")
    page.reload()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("m0100")
    page.get_by_role("combobox", name="State").select_option("finished")
    expect(page.get_by_text("No segment is in this state.")).to_be_visible()
    assert page.wrong == []


def test_a_campaign_is_paused_resumed_and_stopped(site, open_page):
    campaign = make_campaign(site)
    page = open_campaign(site, open_page, campaign)
    states = {"Pause": "paused", "Resume": "running"}
    for name, state in states.items():
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(f".tile[data-state={state}]")).to_have_count(3)
        assert all(one["state"] == state for one in segments(site, campaign))
    page.get_by_role("button", name="Stop", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No more trials will be handed out")
    dialog.get_by_role("button", name="Stop").click()
    expect(page.locator(".tile[data-state=finished]")).to_have_count(3)
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    assert page.wrong == []


@pytest.mark.parametrize("kind", ["CSV", "JSONL"])
def test_all_trials_of_a_campaign_are_exported(
    site, open_page, tmp_path, kind
):
    campaign = make_campaign(site)
    for one in segments(site, campaign):
        run_one(site, one["study_id"], 0.5)
    page = open_campaign(site, open_page, campaign)
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export {kind}").click()
    assert download.value.suggested_filename == (
        f"mass-scan-trials.{kind.lower()}")
    download.value.save_as(tmp_path / "file")
    text = (tmp_path / "file").read_text()
    for one in ("m0100", "m0200", "m0300"):
        assert one in text
    assert text.count("\n") >= 4
    assert page.wrong == []


def test_an_export_in_pages_is_saved_as_one_file(site, open_page, tmp_path):
    campaign = make_campaign(site)
    page = open_campaign(site, open_page, campaign)

    def page_of(route):
        last = "cursor=2" in route.request.url
        route.fulfill(
            status=200, body="second\n" if last else "first\n",
            content_type="text/csv", headers={} if last else {
                "Link": '<?format=csv&cursor=2>; rel="next"'})
    page.route("**/export?**", page_of)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    download.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "first\nsecond\n"
    assert page.wrong == []


# ---- the Brazil plot --------------------------------------------------------

FACTORS = dict(zip(stand_in.NAMES, [1.07, 0.53, 0.72, 1.0, 1.39, 1.86]))


def open_brazil(site, open_page, query="", changed=None):
    """Open a campaign whose limits are 10 / (1 + x / 100) times a factor."""
    campaign = make_campaign(site)
    study = segments(site, campaign)[0]["study_id"]
    told = [stand_in.segment(i, study_id=study if i == 1 else f"no-{i}",
                             **(changed or {}).get(i, {}))
            for i in (3, 1, 2, 4)]
    page = open_page()
    sign_in(page, site)
    stand_in.serve(page, {
        r"/campaigns/[^/?]+": stand_in.campaign(told),
        r"/campaigns/[^/?]+/limits": stand_in.limits_of(told)}, {
        "limit": {key: value for key, value in stand_in.limit().items()
                  if key not in ("curves", "points")}})
    page.goto(f"{site.url}/#/campaign/{campaign['id']}{query}")
    return page, drawing(page, "Limits along the axis")


def limit_at(mass, name):
    """Return a limit of the stand-in."""
    return 10 / (1 + mass / 100) * FACTORS[name]


@pytest.mark.parametrize("log", [False, True])
def test_the_band_is_drawn_where_the_limits_are(site, open_page, log):
    page, plot = open_brazil(site, open_page, "?log=1" if log else "")
    x, y = scale(plot, "x"), scale(plot, "y", log)
    masses = [100, 200, 300, 400]
    for name, low, high in (("band-2", "exp-2", "exp+2"),
                            ("band-1", "exp-1", "exp+1")):
        corners = path(plot, f":scope > path.{name}")
        assert len(corners) == 8
        for mass, (px, py) in zip(masses, corners):
            assert near(px, x(mass)) and near(py, y(limit_at(mass, low)))
        for mass, (px, py) in zip(masses, reversed(corners)):
            assert near(px, x(mass)) and near(py, y(limit_at(mass, high)))
    for mass, (px, py) in zip(masses, path(plot, ":scope > path.median")):
        assert near(px, x(mass)) and near(py, y(limit_at(mass, "exp0")))
    for mass, mark in zip(masses, marks(plot, "g.obs")):
        assert float(mark["limit"]) == limit_at(mass, "obs")
        assert near(mark["x"], x(mass))
        assert near(mark["y"], y(limit_at(mass, "obs")))
    expect(plot.locator(".x-title")).to_have_text("m [GeV]")
    expect(plot.locator(".y-title")).to_have_text("upper limit on mu")
    words = " ".join(plot.locator(".caption").all_text_contents())
    assert "95 % CL" in words and "post-fit expected" in words
    page.get_by_label("log scale").click()
    assert page.url.endswith("?log=1") != log
    assert page.wrong == []


def test_a_theory_is_typed_drawn_and_kept_in_the_address(site, open_page):
    page, plot = open_brazil(site, open_page)
    page.get_by_text("Theory curve").click()
    # limit 10 (1.07) / (1 + x / 100): from 2.675 at 300 to 2.14 at 400 and the
    # theory is 2.5 there: crossed at 300 + 100 (0.175 / 0.535) = 332.7
    page.get_by_label("x and y in each line").fill("x,y\n0, 2.5\n500 2.5\n")
    line = path(plot, "[data-theory] path")
    x, y = scale(plot, "x"), scale(plot, "y")
    assert [near(px, x(at)) and near(py, y(2.5))
            for at, (px, py) in zip((100, 400), line)] == [True, True]
    assert "crosses the theory at 332.7" in plot.get_attribute("aria-label")
    assert "theory=" in page.url
    page.reload()
    expect(plot.locator("[data-theory]")).to_have_count(1)
    expect(page.get_by_label("x and y in each line")).to_have_value(
        "x,y\n0, 2.5\n500 2.5")
    page.get_by_label("x and y in each line").fill("1 2\nnot a number")
    expect(page.get_by_role("alert").filter(has_text="line 2")
           ).to_contain_text("must have two numbers")
    assert page.wrong == []


def test_a_theory_is_read_from_a_file(site, open_page, tmp_path):
    page, plot = open_brazil(site, open_page)
    page.get_by_text("Theory curve").click()
    file = tmp_path / "theory.csv"
    file.write_text("".join(f"{i},{5 + i / 1e6}\n" for i in range(1000)))
    page.get_by_label("or from a file").set_input_files(file)
    expect(plot.locator("[data-theory]")).to_have_count(1)
    expect(page.get_by_text("too long to be kept in the address")
           ).to_be_visible()
    assert "theory=" not in page.url
    assert page.wrong == []


def test_a_limit_that_is_only_a_bound_is_no_part_of_the_line(site, open_page):
    bound = [stand_in.curve("obs", 9.0, status="no_crossing_high")]
    page, plot = open_brazil(site, open_page, changed={2: {"limits": bound}})
    x, y = scale(plot, "x"), scale(plot, "y")
    (mark,) = marks(plot, "g.obs.open")
    assert near(mark["x"], x(200)) and near(mark["y"], y(9))
    assert [px for px, _ in path(plot, ":scope > path.obs-line")] == [
        round(x(mass), 1) for mass in (100, 300, 400)]
    assert page.wrong == []


def test_the_limits_of_a_campaign_are_saved(site, open_page, tmp_path):
    page, _ = open_brazil(site, open_page)
    lines = check_files(page, "Limits along the axis", tmp_path)
    assert lines[0].startswith("segment,m [GeV],observed,expected −2σ")
    rows = [line.split(",") for line in lines[1:]]
    assert [row[0] for row in rows] == ["m100", "m200", "m300", "m400"]
    for row in rows:
        assert math.isclose(float(row[2]), limit_at(float(row[1]), "obs"))
    assert page.wrong == []


def test_a_campaign_fits_a_phone(site, open_page):
    campaign = make_campaign(site, 30)
    page = open_campaign(site, open_page, campaign,
                         viewport={"width": 390, "height": 800})
    expect(page.locator(".tile")).to_have_count(30)
    assert no_overflow(page)
    assert page.wrong == []


def test_the_limits_of_real_studies_are_drawn(site, open_page):
    made = make_campaign(
        site, name="masses", template=experiments.terms(rel_tol=0.1))
    for one in segments(site, made)[:2]:
        experiments.work_off(experiments.Wire(site.url, site.token), one["study_id"],
                      experiments.COUNTING)
    known = site.api("GET", f"/campaigns/{made['id']}/limits").json["segments"]
    page = open_page()
    sign_in(page, site)
    page.goto(f"{site.url}/#/campaign/{made['id']}")
    plot = drawing(page, "Limits along the axis")
    expect(plot.locator("path.obs-line")).to_have_count(1)
    x, y = scale(plot, "x"), scale(plot, "y")
    found = path(plot, ":scope > path.obs-line")
    assert [px for px, _ in found] == [round(x(m), 1) for m in (100, 200)]
    for (_, py), one in zip(found, known):
        assert near(py, y(one["limits"][0]["limit"]))
    assert page.wrong == []
