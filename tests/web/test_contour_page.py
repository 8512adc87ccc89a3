# SPDX-License-Identifier: GPL-3.0-or-later
"""test_contour_page.py - the page of a contour study, with a known contour"""

import math

import two_masses
from playwright.sync_api import expect
from plots import (card, check_files, drawing, marks, near, no_overflow, path,
                   scale)
from test_page import sign_in

CURVES = ["obs", "exp+1"]
PLOTS = ["Exclusion plane", "Uncertainty", "Expected misclassified area"]


def make_contour(site, **contour):
    """Create a study of the plane of two masses; return its id."""
    answer = site.api("POST", "/studies", two_masses.definition(
        "C1N2", curves=CURVES, max_points=40, seed=1, **contour))
    assert answer.status == 201, answer.text
    return answer.json["id"]


def ask(site, study, n=1):
    """Ask for points."""
    answer = site.api("POST", f"/studies/{study}/ask", {"n": n})
    assert answer.status == 200, answer.text
    return answer.json["trials"]


def tell(site, study, trial, **told):
    """Tell a result: without one, that of the plane."""
    if not told:
        told = {"mu_up": {name: two_masses.limit(trial["params"], name)
                          for name in CURVES}}
    path_ = f"/studies/{study}/trials/{trial['number']}/tell"
    answer = site.api("POST", path_, told)
    assert answer.status == 200, answer.text


def work(site, study, points):
    """Run so many points, one after the other."""
    for _ in range(points):
        for trial in ask(site, study):
            tell(site, study, trial)


def answer_of(site, study):
    """Return what the page asks for."""
    return site.api(
        "GET", f"/studies/{study}/contour?n=81&x=m1&y=m2&grid=1").json


def open_contour(site, open_page, study, query="", **options):
    """Open the page of a contour study."""
    page = open_page(**options)
    sign_in(page, site)
    page.goto(f"{site.url}/#/study/{study}/contour{query}")
    return page


def distance(point, corners):
    """Return how far a point is from a polyline."""
    best = math.inf
    for (ax, ay), (bx, by) in zip(corners, corners[1:]):
        dx, dy = bx - ax, by - ay
        size = dx * dx + dy * dy
        t = 0 if size == 0 else max(0, min(1, (
            (point[0] - ax) * dx + (point[1] - ay) * dy) / size))
        best = min(best, math.hypot(point[0] - ax - t * dx,
                                    point[1] - ay - t * dy))
    return best


def test_the_contour_is_drawn_where_it_is(site, open_page):
    study = make_contour(site)
    work(site, study, 24)
    page = open_contour(site, open_page, study)
    plot = drawing(page, "Exclusion plane")
    x, y = scale(plot, "x"), scale(plot, "y")
    for name, kind in (("obs", "solid"), ("exp+1", "dashed")):
        line = path(plot, f"[data-curve='{name}'] .on.{kind}")
        # The closed form of the plane, where it does not fall steeply.
        for m1 in (500, 700, 900):
            exact = (x(m1), y(two_masses.edge(m1, name)))
            assert distance(exact, line) < 6
    told = answer_of(site, study)
    for curve in told["curves"]:
        group = plot.locator(f"[data-curve='{curve['name']}']")
        for kind in ("inner", "outer"):
            assert group.locator(f".{kind}").count() == len(curve[kind])
    assert "Exclusion contours in m1 and m2" in plot.get_attribute(
        "aria-label")
    assert page.wrong == []


def test_points_have_the_colour_of_their_value_and_a_shape_for_their_state(
    site, open_page
):
    study = make_contour(site)
    work(site, study, 12)
    invalid, failed, pending = ask(site, study, 3)
    tell(site, study, invalid, invalid="no EWSB")
    tell(site, study, failed, state="failed", error="segfault")
    page = open_contour(site, open_page, study)
    plot = drawing(page, "Exclusion plane")
    x, y = scale(plot, "x"), scale(plot, "y")
    trials = {trial["number"]: trial for trial in site.api(
        "GET", f"/studies/{study}/trials").json["trials"]}
    kinds = {invalid["number"]: "invalid", failed["number"]: "failed",
             pending["number"]: "pending"}
    drawn = marks(plot, "g.point")
    assert len(drawn) == len(trials) == 15
    for mark in drawn:
        trial = trials[int(mark["number"])]
        assert mark["kind"] == kinds.get(trial["number"], "done")
        assert near(mark["x"], x(trial["params"]["m1"]))
        assert near(mark["y"], y(trial["params"]["m2"]))
    fills = plot.locator("g.point.done").evaluate_all(
        """list => list.map(one => [Number(one.dataset.number),
          one.firstChild.getAttribute('fill')])""")
    excluded = {fill for number, fill in fills
                if trials[number]["values"][0] < 0.8}
    allowed = {fill for number, fill in fills
               if trials[number]["values"][0] > 1.25}
    assert excluded and allowed and not excluded & allowed
    expect(plot.locator(".point.invalid title")).to_contain_text("no EWSB")
    legend = plot.locator(".key").all_text_contents()
    assert {"with a result", "pending", "invalid", "failed",
            "forbidden"} <= set(legend)
    # A pending point is hollow: it has the colour of the card.
    hollow = plot.locator("g.point.pending > path").evaluate(
        "mark => getComputedStyle(mark).fill")
    assert hollow == "rgb(255, 255, 255)"
    assert page.wrong == []


def area_of(plot, selector):
    """Return the area in pixels of a path of rectangles."""
    return plot.locator(selector).evaluate("""path => {
      let area = 0;
      for (const [, left, top, right, bottom] of path.getAttribute('d')
        .matchAll(/M([-\\d.]+) ([-\\d.]+)H([-\\d.]+)V([-\\d.]+)H/g))
        area += (right - left) * (bottom - top);
      return area;
    }""")


def test_what_is_forbidden_is_hatched_and_what_is_uncertain_shaded(
    site, open_page
):
    study = make_contour(site)
    work(site, study, 16)
    page = open_contour(site, open_page, study)
    plot = drawing(page, "Exclusion plane")
    x, y = scale(plot, "x"), scale(plot, "y")
    cell = (x(1400) - x(200)) / 80 * (y(0) - y(1390)) / 80
    grid = answer_of(site, study)["grid"]
    forbidden = grid["allowed"].count(0)
    assert abs(area_of(plot, ":scope > .forbidden") / cell / forbidden
               - 1) < 0.02
    curve = grid["curves"][0]
    band = sum(
        allowed and mean is not None and valid >= 0.5 and abs(mean) <= sd
        for allowed, valid, mean, sd in zip(
            grid["allowed"], grid["valid"], curve["mean"], curve["sd"]))
    assert band > 0
    assert abs(area_of(plot, ":scope > .band") / cell / band - 1) < 0.05
    hatch = plot.locator(":scope > .forbidden").evaluate(
        "area => getComputedStyle(area).fill")
    assert "hatch" in hatch
    assert page.wrong == []


def test_the_map_of_uncertainty_has_the_colours_of_the_deviation(
    site, open_page
):
    study = make_contour(site)
    work(site, study, 16)
    page = open_contour(site, open_page, study)
    plot = drawing(page, "Uncertainty")
    grid = answer_of(site, study)["grid"]
    known = [sd for sd, allowed in zip(grid["curves"][0]["sd"],
                                       grid["allowed"]) if allowed]
    most = plot.locator(".map").get_attribute("data-most")
    assert abs(float(most) / max(known) - 1) < 1e-9
    # Ten colours from 0 to the most: as many as there are among the cells.
    steps = {min(int(10 * sd / max(known)), 9) for sd in known}
    assert plot.locator(".map .cell").count() == len(steps)
    assert plot.locator(".halo .on").count() >= 2
    card(page, "Exclusion plane").get_by_role(
        "combobox", name="Curve").select_option("exp+1")
    other = max(sd for sd, allowed in zip(
        grid["curves"][1]["sd"], grid["allowed"]) if allowed)
    expect(plot.locator(".caption").first).to_contain_text("expected +1σ")
    most = float(plot.locator(".map").get_attribute("data-most"))
    assert abs(most / other - 1) < 1e-9
    assert page.url.endswith("/contour?curve=exp%2B1")
    page.reload()
    expect(drawing(page, "Uncertainty").locator(".caption").first
           ).to_contain_text("expected +1σ")
    assert page.wrong == []


def test_the_area_that_is_open_is_a_bar_for_each_curve(site, open_page):
    study = make_contour(site)
    work(site, study, 16)
    page = open_contour(site, open_page, study)
    plot = drawing(page, "Expected misclassified area")
    y = scale(plot, "y")
    told = {curve["name"]: curve for curve in
            answer_of(site, study)["curves"]}
    bars = plot.locator("[data-area]").evaluate_all(
        """list => list.map(bar => [bar.dataset.curve,
          Number(bar.dataset.area), bar.classList.contains('done'),
          Number(/^M[-\\d.]+ ([-\\d.]+)/.exec(bar.getAttribute('d'))[1])])""")
    assert [bar[0] for bar in bars] == CURVES
    for name, area, done, top in bars:
        assert area == told[name]["area"] and done == told[name]["converged"]
        assert near(top, y(100 * area))
    assert near(path(plot, ".alpha path")[0][1], y(0.5))  # stop_area 0.005
    assert page.wrong == []


def test_points_can_be_hidden_and_the_address_knows(site, open_page):
    study = make_contour(site)
    work(site, study, 12)
    page = open_contour(site, open_page, study)
    plot = drawing(page, "Exclusion plane")
    assert plot.locator("g.point").count() == 12
    page.get_by_label("hide points").check()
    expect(plot.locator("g.point")).to_have_count(0)
    assert page.url.endswith("/contour?bare=1")
    page.reload()
    expect(page.get_by_label("hide points")).to_be_checked()
    assert drawing(page, "Exclusion plane").locator("g.point").count() == 0
    assert page.wrong == []


def test_contours_are_saved_with_their_lines(site, open_page, tmp_path):
    study = make_contour(site)
    work(site, study, 14)
    page = open_contour(site, open_page, study)
    lines = {title: check_files(page, title, tmp_path) for title in PLOTS}
    told = answer_of(site, study)
    rows = [row.split(",") for row in lines["Exclusion plane"]]
    assert rows[0] == ["what", "curve", "part", "m1", "m2", "value", "state"]
    for curve in told["curves"]:
        drawn = [[float(row[3]), float(row[4])] for row in rows
                 if row[0] == "contour" and row[1] == curve["name"]]
        assert drawn == [point for one in curve["lines"]
                         for point in one["points"]]
    assert sum(row[0] == "point" for row in rows) == 2 * 14
    assert len(lines["Uncertainty"]) == 1 + 81 * 81
    assert page.wrong == []


def test_three_parameters_are_cut_where_somebody_says(site, open_page):
    space = {**two_masses.SPACE, "g": {"type": "float", "low": 0, "high": 2}}
    study = site.api("POST", "/studies", {
        "name": "three", "kind": "contour", "space": space,
        "contour": {"curves": CURVES, "seed": 1}}).json["id"]
    work(site, study, 14)
    page = open_contour(site, open_page, study, "?x=g&y=m1&at=%7B%22m2%22"
                        "%3A500%7D")
    plot = drawing(page, "Exclusion plane")
    expect(plot.locator(".x-title")).to_have_text("g")
    expect(plot.locator(".y-title")).to_have_text("m1")
    held = page.get_by_label("m2 =")
    expect(held).to_have_value("500")
    with page.expect_request(lambda request: "/contour?" in request.url and
                             "%22m2%22%3A300" in request.url):
        held.fill("300")
        held.press("Enter")
    page.get_by_role("combobox", name="Parameter upwards").select_option("m2")
    expect(plot.locator(".y-title")).to_have_text("m2")
    expect(page.get_by_label("m1 =")).to_be_visible()
    assert "y=m2" in page.url
    assert page.wrong == []


def test_the_page_follows_new_points_and_says_when_it_is_done(
    site, open_page
):
    study = make_contour(site, stop_area=0)
    page = open_contour(site, open_page, study)
    expect(page.get_by_text("No points yet.")).to_be_visible()
    work(site, study, 5)
    plot = page.get_by_role("region", name="Exclusion plane").locator("svg")
    expect(plot.locator("g.point")).to_have_count(5)
    work(site, study, 35)
    expect(plot.locator("g.point")).to_have_count(40)
    expect(page.get_by_role("status").filter(has_text="Raise max_points")
           ).to_be_visible()
    assert page.wrong == []


def test_the_contours_fit_a_phone(site, open_page):
    study = make_contour(site)
    work(site, study, 14)
    page = open_contour(site, open_page, study,
                        viewport={"width": 390, "height": 800})
    for title in PLOTS:
        drawing(page, title)
    assert no_overflow(page)
    assert page.wrong == []
