# SPDX-License-Identifier: GPL-3.0-or-later
"""test_limit_page.py - the page of a limit study, with real toys"""

import re

import experiments
import stand_in
from playwright.sync_api import expect
from plots import (card, check_files, drawing, marks, near, no_overflow, path,
                   scale)
from test_page import sign_in

CURVES = ["obs", "exp-2", "exp-1", "exp0", "exp+1", "exp+2"]
PLOTS = ["CLs scan", "Test statistic", "Convergence", "Toys per point"]


def make_limit(site, **fields):
    """Create a limit study with a few toys; return its id."""
    terms = {"curves": CURVES, "min_toys": 300, "batch_max": 2000,
             "max_toys": 60000, "rel_tol": 0.05, **fields}
    answer = site.api("POST", "/studies", {
        "name": "counting", **experiments.terms(**terms)})
    assert answer.status == 201, answer.text
    return answer.json["id"]


def work(site, study, orders):
    """Do so many orders, as fast as they are given."""
    for _ in range(orders):
        answer = site.api("POST", f"/studies/{study}/ask", {
            "worker": {"name": "w1", "site": "cnaf"}})
        assert answer.status == 200, answer.text
        for order in answer.json["trials"]:
            told = site.api(
                "POST", f"/studies/{study}/trials/{order['number']}/tell",
                experiments.result(experiments.COUNTING, order))
            assert told.status == 200, told.text


def open_limit(site, open_page, study, query="", **options):
    """Open the page of a limit study."""
    page = open_page(**options)
    sign_in(page, site)
    page.goto(f"{site.url}/#/study/{study}/limit{query}")
    return page


def answer_of(site, study):
    """Return what the service says of the limits, its points ascending."""
    answer = site.api("GET", f"/studies/{study}/limit").json
    answer["points"].sort(key=lambda point: point["mu"])
    return answer


def card_of(page, title):
    """Return a card without a drawing."""
    return page.get_by_role("region", name=title, exact=True).first


def curve(limit, name):
    """Return one curve of an answer."""
    return next(one for one in limit["curves"] if one["name"] == name)


def test_the_scan_is_drawn_where_the_numbers_are(site, open_page):
    study = make_limit(site)
    work(site, study, 40)
    page = open_limit(site, open_page, study)
    plot = drawing(page, "CLs scan")
    limit = answer_of(site, study)
    x, y = scale(plot, "x"), scale(plot, "y")
    known = [point for point in limit["points"]
             if point["status"] not in ("no_toys", "no_data")]
    drawn = marks(plot, "g.obs")
    assert len(drawn) == len(known) >= 3
    for mark in drawn:
        point = next(p for p in known if p["mu"] == float(mark["mu"]))
        assert near(mark["x"], x(point["mu"]))
        assert near(mark["y"], y(point["cls"]["value"]))
    assert near(path(plot, ".alpha path")[0][1], y(0.05))
    obs = curve(limit, "obs")
    (crossing,) = marks(plot, ".crossing.at-obs")
    assert float(crossing["limit"]) == obs["limit"]
    assert near(path(plot, ".crossing.at-obs .edge")[0][0], x(obs["limit"]))
    # The band goes up along -2 sigma and back along +2 sigma.
    banded = [p for p in limit["points"] if p["expected"]]
    band = path(plot, ":scope > path.band-2")
    assert len(band) == 2 * len(banded)
    for (px, py), point in zip(band, banded):
        assert near(px, x(point["mu"]))
        assert near(py, y(point["expected"][0]["cls"]))
    for (px, py), point in zip(reversed(band), banded):
        assert near(py, y(point["expected"][4]["cls"]))
    for (px, py), point in zip(path(plot, ":scope > path.median"), banded):
        assert near(py, y(point["expected"][2]["cls"]))
    (said,) = re.findall(r"observed ([\d.]+) ±", plot.get_attribute(
        "aria-label"))
    assert abs(float(said) - obs["limit"]) < obs["total_error"] / 10
    assert page.wrong == []


def test_every_plot_says_by_which_conventions_it_was_made(site, open_page):
    study = make_limit(site, quantiles="cms", expected="prefit")
    work(site, study, 30)
    page = open_limit(site, open_page, study)
    for title in PLOTS:
        words = " ".join(
            drawing(page, title).locator(".caption").all_text_contents())
        for part in ("95 % CL", "CLs", "q̃", "pre-fit expected",
                     "quantiles 2.5, 16, 50, 84, 97.5 %"):
            assert part in words, title
    assert page.wrong == []


def test_what_is_chosen_for_the_scan_is_in_the_address(site, open_page):
    study = make_limit(site)
    work(site, study, 30)
    page = open_limit(site, open_page, study)
    scan = card(page, "CLs scan")
    assert scan.locator("g.clsb, g.clb").count() == 0
    assert scan.locator("path.asymptotic").count() > 0
    for label in ("log scale", "CLs+b", "CLb", "hide asymptotic"):
        scan.get_by_label(label, exact=True).check()
    expect(scan.locator("g.clb").first).to_be_visible()
    assert page.url.endswith("/limit?log=1&clsb=1&clb=1&exact=1")
    other = open_limit(site, open_page, study,
                       "?log=1&clsb=1&clb=1&exact=1")
    plot = drawing(other, "CLs scan")
    x, y = scale(plot, "x"), scale(plot, "y", log=True)
    limit = {point["mu"]: point for point in answer_of(site, study)["points"]}
    for name, member in (("clsb", "sb"), ("clb", "b"), ("obs", "cls")):
        drawn = marks(plot, f"g.{name}")
        assert drawn
        for mark in drawn:
            told = limit[float(mark["mu"])][member]
            value = told.get("p", told.get("value"))
            assert near(mark["x"], x(float(mark["mu"])))
            if value > 1e-4:
                assert near(mark["y"], y(value))
    assert plot.locator("path.asymptotic").count() == 0
    assert page.wrong == other.wrong == []


def test_points_with_more_toys_are_larger(site, open_page):
    page = open_limit(site, open_page, make_limit(site))
    points = [stand_in.point(mu, n) for mu, n in ((1, 1000), (2, 16000))]
    stand_in.serve(page, {r"/studies/[^/]+/limit": stand_in.limit(points)})
    page.reload()
    plot = drawing(page, "CLs scan")
    few, many = plot.locator("g.obs > [data-x]").evaluate_all(
        "list => list.map(mark => mark.getBBox().width)")
    # The radius grows with the root: 2.5 + 4 sqrt(n / most).
    assert few == 2 * 3.5 and many == 2 * 6.5


def test_the_toys_of_a_point_are_chosen_and_counted(site, open_page):
    study = make_limit(site)
    work(site, study, 30)
    page = open_limit(site, open_page, study)
    points = [p for p in answer_of(site, study)["points"] if p["n_b"]]
    mu = points[0]["mu"]
    plot = drawing(page, "Test statistic")
    page.get_by_role("combobox", name="Point").select_option(f"{mu:g}")
    expect(plot.locator(".caption").first).to_contain_text(f"mu = {mu:g}")
    assert f"mu={mu:g}" in page.url
    page.get_by_label("Bins").select_option("20")
    told = site.api("GET", f"/studies/{study}/limit/toys?mu={mu}&bins=20").json
    sides = plot.locator("[data-hypothesis]")
    for name in ("sb", "b"):
        counts = " ".join(map(str, told[name]["counts"]))
        expect(plot.locator(f"[data-hypothesis={name}]")).to_have_attribute(
            "data-counts", counts)
    assert sides.count() == 2
    x, y = scale(plot, "x"), scale(plot, "y")
    (arrow, *_) = path(plot, ".observed path")
    assert near(arrow[0], x(told["q"]))
    # The outline goes from the axis over the shares of all bins.
    outline = path(plot, "path.sb.steps")
    for i, n in enumerate(told["sb"]["counts"]):
        px, py = outline[1 + 2 * i]
        assert near(px, x(told["edges"][i]))
        assert near(py, y(n / told["sb"]["total"]))
    filled = path(plot, "path.sb.beyond")
    assert near(filled[0][0], x(told["q"]))
    lost = told["b"]["overflow"]
    words = " ".join(plot.locator(".caption").all_text_contents())
    assert (f"background only: {lost} overflow" in words) == (lost > 0)
    assert page.wrong == []


def test_the_table_of_points_leads_to_their_toys(site, open_page):
    study = make_limit(site)
    work(site, study, 20)
    page = open_limit(site, open_page, study)
    mu = answer_of(site, study)["points"][0]["mu"]
    link = card_of(page, "Points").get_by_role("link").first
    address = link.get_attribute("href")
    link.click()
    expect(drawing(page, "Test statistic").locator(".caption").first
           ).to_contain_text(f"mu = {mu:g}")
    assert page.url.endswith(address)
    page.reload()
    expect(page.get_by_role("combobox", name="Point")).to_have_value(f"{mu:g}")
    assert page.wrong == []


def test_convergence_shows_what_was_seen_and_where_it_should_end(
    site, open_page
):
    study = make_limit(site, rel_tol=0.002)
    work(site, study, 25)
    page = open_limit(site, open_page, study)
    plot = drawing(page, "Convergence")
    limit = answer_of(site, study)
    obs = curve(limit, "obs")
    expect(plot.locator("[data-curve=obs]")).to_have_count(1)
    (mark,) = marks(plot, "[data-curve=obs]")
    share = obs["total_error"] / (0.002 * obs["limit"])
    assert abs(float(mark["share"]) / share - 1) < 1e-6
    y = scale(plot, "y", log=True)
    assert near(mark["y"], y(share))
    assert near(path(plot, ".alpha path")[0][1], y(1))
    used = limit["toys"]["sb"] + limit["toys"]["b"]
    (ending,) = marks(plot, ".ending")
    assert float(ending["toys"]) > used
    work(site, study, 3)
    expect(plot.locator("[data-curve=obs] [data-x]")).to_have_count(2)
    assert page.wrong == []


def test_toys_per_point_are_bars_with_those_that_run_on_top(site, open_page):
    study = make_limit(site)
    work(site, study, 20)
    site.api("POST", f"/studies/{study}/ask", {"n": 2})
    page = open_limit(site, open_page, study)
    plot = drawing(page, "Toys per point")
    limit = answer_of(site, study)
    drawn = plot.locator("g[data-hypothesis]").evaluate_all(
        """list => list.map(one => [Number(one.dataset.mu),
          one.dataset.hypothesis, ...[false, true].map(running =>
            Number([...one.querySelectorAll('[data-toys]')].find(bar =>
              bar.classList.contains('pending') === running)
              ?.dataset.toys ?? 0))])""")
    wanted = [[point["mu"], name, point[f"n_{name}"], point[f"running_{name}"]]
              for point in limit["points"]
              for name in ("sb", "b")]
    assert drawn == wanted
    assert sum(one[3] for one in wanted) > 0
    assert page.wrong == []


def test_plots_are_saved_as_files_with_their_looks(site, open_page, tmp_path):
    study = make_limit(site)
    work(site, study, 30)
    page = open_limit(site, open_page, study)
    points = answer_of(site, study)["points"]
    for title in PLOTS:
        lines = check_files(page, title, tmp_path)
        if title == "CLs scan":
            assert lines[0].startswith("mu,CLs,low,high,CLs+b,CLb")
            assert len(lines) == 1 + len(points)
            assert lines[1].startswith(f"{points[0]['mu']:g},")
    assert page.wrong == []


def test_a_table_has_the_numbers_of_a_plot(site, open_page):
    study = make_limit(site)
    work(site, study, 20)
    page = open_limit(site, open_page, study)
    scan = card(page, "CLs scan")
    scan.get_by_text("Data of this plot").click()
    points = answer_of(site, study)["points"]
    rows = scan.get_by_role("table", name="CLs scan: data").locator("tbody tr")
    expect(rows).to_have_count(len(points))
    expect(rows.first).to_contain_text(str(points[0]["n_sb"]))
    assert page.wrong == []


def test_a_study_without_toys_says_so(site, open_page):
    page = open_limit(site, open_page, make_limit(site))
    expect(page.get_by_text("No point yet.")).to_be_visible()
    expect(page.get_by_text("No toys yet.", exact=True)).to_be_visible()
    assert page.wrong == []


STATUSES = {
    "no_crossing_high": "raise “high”",
    "no_crossing_low": "Lower “low”",
    "multiple_crossings": "the largest crossing is given",
    "extrapolated": "Run toys at values of mu beyond it",
    "insufficient": "Keep the workers running",
    "clb_zero": "Run more background toys",
    "inconsistent_qobs": "Find out which one is wrong",
}


def test_every_status_of_a_curve_says_what_to_do(site, open_page):
    page = open_limit(site, open_page, make_limit(site))
    for status, words in STATUSES.items():
        curves = [stand_in.curve("obs", 2.0, status=status, precise=False)]
        stand_in.serve(page, {
            r"/studies/[^/]+/limit": stand_in.limit(curves=curves)})
        page.reload()
        row = page.get_by_role("table", name="Limits").get_by_role("row").last
        expect(row).to_contain_text(words)
        page.unroute_all()


def test_points_without_a_value_are_rings_and_explained(site, open_page):
    page = open_limit(site, open_page, make_limit(site))
    nothing = {"value": None, "low": 0.02, "high": 0.4, "wald": None}
    points = [
        stand_in.point(1.0, 1000),
        stand_in.point(2.0, 1000, "clb_zero", cls=nothing),
        stand_in.point(3.0, 0, "no_toys", expected=None),
        stand_in.point(1.5, 1000, "inconsistent_qobs", sites=[
            {"site": "cnaf", "q": 1.9}, {"site": "kek", "q": 2.4}]),
    ]
    stand_in.serve(page, {r"/studies/[^/]+/limit": stand_in.limit(points)})
    page.reload()
    plot = drawing(page, "CLs scan")
    x, y = scale(plot, "x"), scale(plot, "y")
    (ring,) = marks(plot, "g.obs.open")
    assert ring["value"] == "undefined"
    assert near(ring["x"], x(2)) and near(ring["y"], y(0.21))
    assert plot.locator("g.obs").count() == 3
    words = card_of(page, "Points")
    expect(words).to_contain_text("Run more background toys")
    expect(words).to_contain_text("Toys of one hypothesis")
    odd = page.get_by_role("table", name="Observed values that disagree")
    expect(odd.locator("tbody tr")).to_have_count(2)
    expect(odd).to_contain_text("kek")
    expect(odd).to_contain_text("2.4")


def test_failures_are_counted_by_site_and_judged(site, open_page):
    study = make_limit(site, max_failure_fraction=0.1)
    work(site, study, 4)
    for _ in range(2):
        (order,) = site.api("POST", f"/studies/{study}/ask", {
            "worker": {"name": "w2", "site": "kek"}}).json["trials"]
        if order["want"] == "obs":
            told = experiments.result(experiments.COUNTING, order)
        else:
            n = order["ntoys"]
            told = {"toys": {"q": [1.0] * (n // 2), "n_failed": n - n // 2}}
        site.api("POST", f"/studies/{study}/trials/{order['number']}/tell",
                 told)
    page = open_limit(site, open_page, study)
    failures = answer_of(site, study)["failures"]
    assert failures["flagged"]
    where = card_of(page, "Failures and consistency by site")
    expect(where).to_contain_text("mend the fits")
    row = where.get_by_role("row", name="kek")
    expect(row).to_contain_text("too many fail")
    expect(row).to_contain_text("50")
    assert page.wrong == []


def test_the_page_follows_the_workers(site, open_page):
    study = make_limit(site)
    work(site, study, 10)
    page = open_limit(site, open_page, study)
    drawing(page, "CLs scan")
    work(site, study, 30)
    limit = answer_of(site, study)
    known = [p for p in limit["points"]
             if p["status"] not in ("no_toys", "no_data")]
    plot = page.get_by_role("region", name="CLs scan").locator("svg")
    expect(plot.locator("g.obs")).to_have_count(len(known))
    assert page.wrong == []


def test_the_page_fits_a_phone(site, open_page):
    study = make_limit(site)
    work(site, study, 30)
    page = open_limit(site, open_page, study,
                      viewport={"width": 390, "height": 800})
    for title in PLOTS:
        drawing(page, title)
    assert no_overflow(page)
    assert page.wrong == []
