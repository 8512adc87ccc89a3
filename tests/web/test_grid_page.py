# SPDX-License-Identifier: GPL-3.0-or-later
"""test_grid_page.py - the page of a grid scan"""

import re

from playwright.sync_api import expect
from plots import card, check_files, drawing, marks, near, no_overflow, scale
from test_page import sign_in

MASSES = {"m1": {"type": "int", "low": 1, "high": 4},
          "m2": {"type": "int", "low": 0, "high": 2}}


def make_grid(site, points="cartesian", **fields):
    """Create a grid of 12 points; return its id."""
    answer = site.api("POST", "/studies", {
        "name": "1Lbb", "kind": "grid", "space": MASSES,
        "grid": {"points": points, **fields}, "max_attempts": 1,
        "objectives": [{"name": "CLs_obs"}]})
    assert answer.status == 201, answer.text
    return answer.json["id"]


def ask(site, study, n):
    """Ask for runs."""
    return site.api("POST", f"/studies/{study}/ask", {"n": n}).json["trials"]


def tell(site, study, trial, **told):
    """Tell how a run went: without more, that of `value`."""
    path = f"/studies/{study}/trials/{trial['number']}/tell"
    answer = site.api("POST", path, told or {
        "value": value(trial["params"]),
        "outputs": {"CLs_exp": [0.1 * trial["params"]["m1"], 0.5],
                    "fit_time": 12.5}})
    assert answer.status == 200, answer.text


def value(params):
    """Return the value of a point: all are different."""
    return params["m1"] / 10 + params["m2"] / 100


def part(site, study):
    """Run 8 of 12 points: one fails, one is left running; 2 are missing."""
    trials = ask(site, study, 10)
    for trial in trials[:8]:
        tell(site, study, trial)
    tell(site, study, trials[8], state="failed", error="no convergence")
    return trials


def open_grid(site, open_page, study, query="", **options):
    """Open the page of a grid scan."""
    page = open_page(**options)
    sign_in(page, site)
    page.goto(f"{site.url}/#/study/{study}/grid{query}")
    return page


def column(page, name):
    """Return the texts of a column of the table of runs."""
    table = page.get_by_role("table", name="Runs", exact=True)
    heads = table.locator("thead th").all_text_contents()
    return table.locator(
        f"tbody tr > :nth-child({1 + heads.index(name)})").all_text_contents()


def figure(page, name):
    """Return a locator of a figure of the head."""
    return page.locator(".figures > div", has=page.locator(
        "dt", has_text=re.compile(f"^{name}$"))).locator("dd")


def test_the_head_says_how_far_the_grid_is(site, open_page):
    study = make_grid(site)
    part(site, study)
    page = open_grid(site, open_page, study)
    for name, wanted in (("of 12 runs complete", 8), ("still missing", 3),
                         ("of them running", 1), ("failed", 1),
                         ("attempts", 10)):
        expect(figure(page, name)).to_have_text(str(wanted))
    expect(page.get_by_role("img", name="8 complete, 1 running, 1 failed")
           ).to_be_visible()
    assert page.wrong == []


def test_the_table_has_outputs_and_is_sorted_by_any_column(site, open_page):
    study = make_grid(site)
    part(site, study)
    page = open_grid(site, open_page, study)
    heads = page.get_by_role("table", name="Runs", exact=True).locator(
        "thead th")
    expect(heads.first).to_be_visible()
    assert heads.all_text_contents() == [
        "Run", "State", "m1", "m2", "CLs_obs", "CLs_exp.0", "CLs_exp.1",
        "fit_time", "Attempts", "Error"]
    page.get_by_role("button", name="CLs_obs").click()
    assert page.url.endswith("/grid?sort=CLs_obs")
    up = column(page, "CLs_obs")
    values = [float(text) for text in up if text != "–"]
    assert values == sorted(values) and len(values) == 8
    assert up[8:] == ["–"] * 4  # those without a value come last
    page.get_by_role("button", name="CLs_obs").click()
    assert page.url.endswith("/grid?sort=-CLs_obs")
    down = column(page, "CLs_obs")
    assert down[:8] == up[7::-1] and down[8:] == ["–"] * 4
    assert page.evaluate("document.activeElement.textContent") == "CLs_obs"
    page.reload()
    expect(page.get_by_role("columnheader", name="CLs_obs")
           ).to_have_attribute("aria-sort", "descending")
    assert column(page, "CLs_obs") == down
    page.get_by_role("combobox", name="State").select_option("failed")
    assert column(page, "Error") == ["no convergence"]
    assert page.url.endswith("/grid?sort=-CLs_obs&state=failed")
    assert page.wrong == []


def test_points_are_where_their_parameters_say_and_coloured_by_a_result(
    site, open_page
):
    study = make_grid(site)
    part(site, study)
    page = open_grid(site, open_page, study)
    plot = drawing(page, "Points")
    x, y = scale(plot, "x"), scale(plot, "y")
    items = site.api("GET", f"/studies/{study}/grid?limit=1000").json["items"]
    drawn = marks(plot, "g.point")
    assert len(drawn) == len(items) == 12
    for mark, item in zip(drawn, items):
        assert mark["state"] == item["state"]
        assert near(mark["x"], x(item["params"]["m1"]))
        assert near(mark["y"], y(item["params"]["m2"]))
        known = item["state"] == "complete"
        assert ("value" in mark) == known
        if known:
            assert abs(float(mark["value"]) - value(item["params"])) < 1e-12
    fills = plot.locator("g.point.done").evaluate_all(
        """list => list.map(one => [Number(one.dataset.value),
          one.firstChild.getAttribute('fill')])""")
    assert min(fills)[1] == "#00224e" and max(fills)[1] == "#fee838"
    assert plot.locator("g.point.failed").count() == 1
    page.get_by_role("combobox", name="To the right").select_option("m2")
    page.get_by_role("combobox", name="Upwards").select_option("m1")
    page.get_by_role("combobox", name="Colour").select_option("CLs_exp.0")
    expect(plot.locator(".x-title")).to_have_text("m2")
    assert page.url.endswith("/grid?x=m2&y=m1&colour=CLs_exp.0")
    page.reload()
    plot = drawing(page, "Points")
    expect(plot.locator(".caption").first).to_have_text(
        "coloured by CLs_exp.0")
    expect(plot.locator(".y-title")).to_have_text("m1")
    assert page.wrong == []


def test_failed_and_missing_runs_are_listed_and_run_again(site, open_page):
    study = make_grid(site)
    trials = part(site, study)
    page = open_grid(site, open_page, study)
    failed = page.get_by_role("region", name="Failed", exact=True)
    missing = page.get_by_role("region", name="Missing", exact=True)
    expect(failed.get_by_role("row")).to_have_count(2)
    expect(failed).to_contain_text("no convergence")
    expect(missing.get_by_role("row")).to_have_count(4)
    failed.get_by_role("button", name="Re-run m1").click()
    expect(failed).to_contain_text("None.")
    expect(missing.get_by_role("row")).to_have_count(5)
    again = next(trial for trial in ask(site, study, 4)
                 if trial["params"] == trials[8]["params"])
    tell(site, study, again)
    expect(figure(page, "of 12 runs complete")).to_have_text("9")
    expect(missing.get_by_role("row")).to_have_count(4)
    assert page.wrong == []


def test_all_failed_runs_are_run_again_at_once(site, open_page):
    study = make_grid(site)
    for trial in ask(site, study, 3):
        tell(site, study, trial, state="failed", error="disk full")
    page = open_grid(site, open_page, study)
    page.get_by_role("button", name="Re-run all 3").click()
    expect(figure(page, "failed")).to_have_text("0")
    assert len(ask(site, study, 12)) == 12
    assert page.wrong == []


def test_points_of_a_list_bear_their_names_and_replicas(site, open_page):
    study = make_grid(site, "list", replicas=2)
    site.api("POST", f"/studies/{study}/trials", {"trials": [
        {"id": f"C1N2_{i}", "params": {"m1": i, "m2": 0}, "meta": {"i": i}}
        for i in (1, 2)]})
    for trial in ask(site, study, 3):
        tell(site, study, trial)
    page = open_grid(site, open_page, study)
    table = page.get_by_role("table", name="Runs", exact=True)
    expect(table.get_by_role("rowheader", name="C1N2_2")).to_have_count(2)
    assert sorted(column(page, "Replica")) == ["1", "1", "2", "2"]
    assert page.wrong == []


def test_the_points_of_a_grid_are_saved(site, open_page, tmp_path):
    study = make_grid(site)
    part(site, study)
    page = open_grid(site, open_page, study)
    lines = check_files(page, "Points", tmp_path)
    assert lines[0] == ("point,replica,state,m1,m2,CLs_obs,CLs_exp.0,"
                        "CLs_exp.1,fit_time")
    rows = [line.split(",") for line in lines[1:]]
    assert len(rows) == 12
    for row in rows:
        if row[2] == "complete":
            params = {"m1": int(row[3]), "m2": int(row[4])}
            assert abs(float(row[5]) - value(params)) < 1e-12
    assert page.wrong == []


def test_a_guest_sees_the_grid_and_no_buttons(site, open_page):
    study = make_grid(site)
    part(site, study)
    link = site.api("POST", f"/studies/{study}/links", {}).json
    page = open_page()
    page.goto(f"{site.url}/#share={link['secret']}")
    page.get_by_role("link", name="Grid").click()
    failed = page.get_by_role("region", name="Failed", exact=True)
    expect(failed).to_contain_text("no convergence")
    assert failed.get_by_role("button").count() == 0


def test_the_grid_fits_a_phone(site, open_page):
    study = make_grid(site)
    part(site, study)
    page = open_grid(site, open_page, study,
                     viewport={"width": 390, "height": 800})
    card(page, "Points")
    assert no_overflow(page)
    assert page.wrong == []
