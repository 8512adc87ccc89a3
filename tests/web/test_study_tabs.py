# SPDX-License-Identifier: GPL-3.0-or-later
"""test_study_tabs.py - overview, trials and analysis of a study"""

import csv
import io
import re
import xml.etree.ElementTree as xml

import harness
import pytest
from playwright.sync_api import expect
from test_page import ask, make_study, run_trials, sign_in, tell

SPACE = {
    "x": {"type": "float", "low": 0, "high": 1},
    "lr": {"type": "float", "low": 1e-4, "high": 1, "log": True},
    "model": {"type": "categorical", "choices": ["tree", "net"]},
}


def bring(site, study, trials):
    """Import trials with results, a thousand at a time."""
    for first in range(0, len(trials), 1000):
        answer = site.api("POST", f"/studies/{study}/trials",
                          {"trials": trials[first:first + 1000]},
                          validate=False)
        assert answer.status == 201, answer.text


def result(i, n, **changes):
    """A complete trial on the diagonal of SPACE, whose value is x squared."""
    x = i / n
    return {"params": {"x": x, "lr": 10 ** (-4 * (1 - x)),
                       "model": ["tree", "net"][i % 2]},
            "state": "complete", "value": x * x, **changes}


@pytest.fixture
def diagonal(site):
    """A study of forty results, the last ten pruned."""
    study = make_study(site, name="diagonal", space=SPACE)
    bring(site, study, [
        result(i, 40, state="complete" if i < 30 else "pruned")
        for i in range(40)])
    return study


@pytest.fixture
def visit(site, open_page):
    """A function that opens a hash as somebody who is signed in."""
    page = open_page()
    sign_in(page, site)

    def go(where):
        page.goto(f"{site.url}/#/{where}")
        expect(page.locator("#live")).to_have_text("live")
        return page

    yield go
    assert page.wrong == []


def plot(page, name):
    """The canvas in the card of that name, when it has been drawn."""
    canvas = page.get_by_role("region", name=name, exact=True).get_by_role(
        "img").first
    expect(canvas).to_have_attribute("data-marks", re.compile(r"^\d+$"))
    return canvas


def marks(page, name):
    """How many marks that plot has."""
    return int(plot(page, name).get_attribute("data-marks"))


def saved(page, card, entry):
    """What a plot saves by an entry of its menu."""
    menu = page.get_by_role("region", name=card, exact=True).locator(
        "details.save").first
    menu.locator("summary").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name=entry).click()
    return download.value


# ---- overview ---------------------------------------------------------------


def test_overview_shows_what_is_there(site, visit):
    study = make_study(site, name="busy", pruner={"name": "median"})
    for number in ask(site, study, 6):
        for step in range(3):
            site.api("POST", f"/studies/{study}/trials/{number}/report",
                     {"step": step, "value": number + 1 / (step + 1)})
        if number < 5:
            tell(site, study, number, value=number + 0.25)
        else:
            tell(site, study, number, state="failed", error="out of memory")
    page = visit(f"study/{study}")
    assert marks(page, "History") == 5
    assert marks(page, "Intermediate values") == 18
    assert marks(page, "Workers") == 6
    expect(page.get_by_role("region", name="Failures")).to_contain_text(
        "out of memory")
    best = page.get_by_role("region", name="Best trial")
    expect(best).to_contain_text("trial 0 with 0.25")
    expect(page.get_by_role("region", name="Importance")).to_contain_text("lr")
    best.get_by_role("button", name="trial 0").click()
    expect(page.get_by_role("complementary", name="Trial 0")).to_contain_text(
        "random")


def test_charts_have_no_ink_of_what_is_not_there(site, visit):
    study = make_study(site)
    run_trials(site, study, [1, 2])
    page = visit(f"study/{study}")
    expect(page.get_by_role("region", name="History")).to_be_visible()
    for name in ("Intermediate values", "Failures", "Importance"):
        expect(page.get_by_role("region", name=name, exact=True)).to_be_hidden()


def test_a_plot_is_saved_as_picture_drawing_and_numbers(visit, diagonal):
    page = visit(f"study/{diagonal}")
    plot(page, "History")
    png = saved(page, "History", "Picture").path().read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    svg = xml.fromstring(saved(page, "History", "Drawing").path().read_text())
    assert svg.tag.endswith("}svg")
    texts = [each.text for each in svg.iter() if each.tag.endswith("}text")]
    assert "trial number" in texts and "loss" in texts
    download = saved(page, "History", "Numbers")
    assert download.suggested_filename == "history.csv"
    rows = list(csv.reader(io.StringIO(download.path().read_text())))
    assert rows[0] == ["number", "state", "loss"] and len(rows) == 41
    assert rows[20] == ["19", "complete", "0.225625"]


def test_notes_are_shown_and_changed(site, visit):
    study = make_study(site, notes="# Hello\n\n<b>not bold</b> *but this*")
    page = visit(f"study/{study}")
    notes = page.get_by_role("region", name="Notes")
    expect(notes.get_by_role("heading", name="Hello")).to_be_visible()
    assert notes.locator("b").count() == 0
    assert notes.locator("em").inner_text() == "but this"
    notes.get_by_role("button", name="Edit").click()
    notes.get_by_role("textbox").fill("* one\n* two")
    notes.get_by_role("button", name="Save").click()
    expect(notes.get_by_role("listitem")).to_have_text(["one", "two"])
    told = site.api("GET", f"/studies/{study}").json
    assert told["notes"] == "* one\n* two"


def test_two_of_three_objectives_are_drawn_at_a_time(site, visit):
    study = make_study(site, objectives=[{"name": name} for name in "abc"])
    for number, values in zip(ask(site, study, 3),
                              ([1, 2, 3], [2, 1, 3], [3, 3, 4])):
        tell(site, study, number, values=values)
    page = visit(f"study/{study}")
    canvas = plot(page, "Front")
    expect(canvas).to_have_attribute("aria-label", re.compile(
        "b against a: 2 trials on the front, 1 behind it"))
    assert marks(page, "Front") == 3
    page.get_by_label("Objective up").select_option("c")
    expect(canvas).to_have_attribute("aria-label", re.compile("c against a"))


def test_why_nothing_is_handed_out_stands_in_the_head(site, visit):
    study = make_study(site, budget={"max_running": 1})
    ask(site, study)
    page = visit(f"study/{study}")
    expect(page.locator(".why")).to_contain_text("max_running is 1")
    tell(site, study, 0, value=1)
    expect(page.locator(".why")).to_be_hidden()


# ---- trials -----------------------------------------------------------------


def test_a_table_of_100000_rows_has_few_of_them_in_the_page(site, visit):
    study = make_study(site, name="many", space={
        "x": {"type": "float", "low": 0, "high": 1}})
    n = 100_000
    bring(site, study, [{"params": {"x": i / n}, "state": "complete",
                         "value": (i * 7919) % n} for i in range(n)])
    page = visit(f"study/{study}/trials")
    table = page.get_by_role("grid", name="Trials")
    expect(table).to_have_attribute("aria-rowcount", str(n + 1))
    assert table.get_by_role("row").count() < 60
    first = table.locator(".grid-body [role=row]").first
    expect(first).to_contain_text(str(n - 1))
    table.press("End")
    expect(table.locator("[aria-selected=true]")).to_contain_text("complete")
    expect(table.locator("[aria-selected=true] > :first-child")).to_have_text(
        "0")
    # The value of trial i is 7919 i modulo n, so the least is that of 0.
    head = table.get_by_role("columnheader", name="loss")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    table.press("Home")
    chosen = table.locator("[aria-selected=true] > :first-child")
    expect(chosen).to_have_text("0")
    page.get_by_label("Go to trial").fill("777")
    page.get_by_label("Go to trial").press("Enter")
    expect(chosen).to_have_text("777")
    page.get_by_label("Filter trials").fill("x<0.5 value<10")
    left = sum((i * 7919) % n < 10 for i in range(n // 2))
    expect(page.locator("#filter-says")).to_have_text(
        f"{left} of 100,000 trials")


def test_trials_are_filtered_and_the_address_knows_how(visit, diagonal):
    page = visit(f"study/{diagonal}/trials")
    says = page.locator("#filter-says")
    expect(says).to_have_text("40 of 40 trials")
    page.get_by_role("button", name="pruned 10").click()
    expect(says).to_have_text("10 of 40 trials")
    box = page.get_by_label("Filter trials")
    expect(box).to_have_value("pruned")
    box.fill("pruned model=net")
    expect(says).to_have_text("5 of 40 trials")
    assert "f=pruned+model%3Dnet" in page.url
    page.reload()
    expect(says).to_have_text("5 of 40 trials")
    box.fill("pruned depth>3")
    expect(says).to_have_text('the study has no "depth"')
    expect(box).to_have_attribute("aria-invalid", "true")
    box.fill("#3..5")
    expect(says).to_have_text("3 of 40 trials")
    page.get_by_role("link", name="Analysis").click()
    expect(says).to_have_text("3 of 30 complete trials")


def test_columns_are_chosen_and_only_those_are_fetched(visit, diagonal):
    page = visit(f"study/{diagonal}/trials?cols=state,value.0")
    table = page.get_by_role("grid", name="Trials")
    heads = table.get_by_role("columnheader")
    expect(heads).to_have_text(["#", "State", "loss"])
    page.locator("summary", has_text="Columns").click()
    with page.expect_request(lambda one: "/columns?" in one.url) as asked:
        page.get_by_label("lr", exact=True).check()
    assert "p.lr" in asked.value.url and "p.x" not in asked.value.url
    expect(heads).to_have_text(["#", "State", "loss", "lr"])
    assert "cols=state%2Cvalue.0%2Cp.lr" in page.url


def test_what_is_shown_is_saved(visit, diagonal):
    page = visit(f"study/{diagonal}/trials?f=%23..2&sort=number"
                 "&cols=state,p.model,value.0")
    expect(page.locator("#filter-says")).to_have_text("3 of 40 trials")
    menu = page.locator("details.save", has_text="What is shown")
    menu.locator("summary").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name="What is shown").click()
    text = download.value.path().read_text()
    assert text.splitlines() == ["#,State,loss,model", "0,complete,0,tree",
                                 f"1,complete,{1 / 40 * (1 / 40)},net",
                                 f"2,complete,{2 / 40 * (2 / 40)},tree"]


def test_a_trial_opens_beside_the_table_and_has_an_address(site, visit):
    study = make_study(site)
    numbers = ask(site, study, 3)
    for number in numbers:
        tell(site, study, number, value=number + 1, outputs={"auc": 0.5},
             meta={"log": "https://logs.example.org/1"})
    page = visit(f"study/{study}/trials")
    table = page.get_by_role("grid", name="Trials")
    table.get_by_role("row").nth(1).click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_role("heading", name="Trial 2")).to_be_visible()
    expect(drawer).to_contain_text('"auc": 0.5')
    link = drawer.get_by_role("link", name="https://logs.example.org/1")
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert page.url.endswith("trial=2")
    drawer.press("[")
    expect(drawer.get_by_role("heading", name="Trial 1")).to_be_visible()
    page.reload()
    expect(drawer.get_by_role("heading", name="Trial 1")).to_be_visible()
    drawer.press("Escape")
    expect(drawer).to_be_hidden()
    assert "trial=" not in page.url


def test_a_trial_is_amended_invalidated_and_run_again(site, visit):
    study = make_study(site)
    run_trials(site, study, [1, 2])
    page = visit(f"study/{study}/trials?trial=0")
    drawer = page.get_by_role("complementary")
    drawer.get_by_role("button", name="Amend…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("loss").fill("3.5")
    dialog.get_by_label("Tags").fill("odd, late")
    dialog.get_by_role("button", name="Save").click()
    expect(drawer).to_contain_text("3.5")
    expect(drawer).to_contain_text("odd, late")
    drawer.get_by_role("button", name="Invalidate…").click()
    dialog.get_by_label("Reason").fill("wrong sample")
    dialog.get_by_role("button", name="Invalidate").click()
    expect(drawer).to_contain_text("Invalid: wrong sample")
    row = page.locator(".grid-body .invalid")
    expect(row).to_contain_text("wrong sample")
    drawer.get_by_role("button", name="Make valid again").click()
    expect(row).to_have_count(0)
    drawer.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "4")
    (trial,) = site.api(
        "GET", f"/studies/{study}/trials?cursor=1").json["trials"]
    assert trial["retry_of"] == 0 and trial["state"] == "queued"
    trial = site.api("GET", f"/studies/{study}/trials/0").json
    assert trial["values"] == [3.5] and trial["tags"] == ["odd", "late"]
    assert not trial["invalid"]


def test_new_trials_come_into_the_table_by_themselves(site, visit):
    study = make_study(site)
    run_trials(site, study, [1])
    page = visit(f"study/{study}/trials")
    table = page.get_by_role("grid", name="Trials")
    expect(table).to_have_attribute("aria-rowcount", "2")
    with page.expect_request(lambda one: "/columns?" in one.url) as asked:
        ask(site, study, 2)
    assert re.search(r"since=\d", asked.value.url)
    expect(table).to_have_attribute("aria-rowcount", "4")


# ---- analysis ---------------------------------------------------------------


def test_each_plot_of_the_analysis_has_its_marks(visit, diagonal):
    page = visit(f"study/{diagonal}/analysis?x=x&y=lr")
    assert marks(page, "Parallel coordinates") == 30
    assert marks(page, "Slices") == 30
    assert marks(page, "Rank") == 30
    # On a diagonal, every trial and its neighbours share a cell or two.
    assert 15 <= marks(page, "Contour") <= 30
    assert marks(page, "Distribution of values") == 31
    # The value grows with x as lr does: all ranks agree.
    matrix = page.get_by_role("region", name="Correlation of ranks").last
    cells = matrix.locator("tbody tr").last.locator("td").all_inner_texts()
    assert cells == ["1.00", "1.00", "1.00"]


def test_keys_read_the_plots(visit, diagonal):
    page = visit(f"study/{diagonal}/analysis?x=x&y=lr")
    card = page.get_by_role("region", name="Rank", exact=True)
    plot(page, "Rank").press("Home")
    expect(card.locator(".tip")).to_have_text(
        "trial 0: 0, better than 100 %")
    plot(page, "Rank").press("End")
    expect(card.locator(".tip")).to_have_text(
        "trial 29: 0.525625, better than 0 %")
    plot(page, "Rank").press("Enter")
    expect(page.get_by_role("complementary", name="Trial 29")).to_be_visible()


def test_a_drag_along_an_axis_narrows_the_filter(visit, diagonal):
    """The last axis is the value, whose upper half is dragged over."""
    page = visit(f"study/{diagonal}/analysis")
    box = plot(page, "Parallel coordinates").bounding_box()
    x = box["x"] + box["width"] - 46
    page.mouse.move(x, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    text = page.get_by_label("Filter trials")
    expect(text).to_have_value(re.compile(r"^value>=0\.2\d+ value<=0\.[56]"))
    left = re.match(r"(\d+) of 30",
                    page.locator("#filter-says").inner_text())[1]
    # x * x > 0.26 for x above 0.51: trials 21 to 29 of i / 40.
    assert 8 <= int(left) <= 10
    assert marks(page, "Slices") == int(left)


def test_another_pair_of_parameters_is_in_the_address(visit, diagonal):
    page = visit(f"study/{diagonal}/analysis")
    page.get_by_label("Across").select_option("model")
    page.get_by_label("Up").select_option("x")
    label = re.compile("over model and x")
    expect(plot(page, "Contour")).to_have_attribute("aria-label", label)
    assert "x=model" in page.url and "y=x" in page.url
    page.reload()
    expect(plot(page, "Contour")).to_have_attribute("aria-label", label)


# ---- several ----------------------------------------------------------------


def test_studies_are_chosen_in_the_list_and_compared(site, visit):
    for name, values, seed in (("one", [3, 2, 1], 1), ("two", [5, 4], 2)):
        study = make_study(site, name=name,
                           sampler={"name": "random", "seed": seed})
        run_trials(site, study, values)
    make_study(site, name="three")
    page = visit("")
    for name in ("one", "two"):
        page.get_by_label(f"compare {name}").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page.get_by_role("heading", name="Compare studies")).to_be_visible()
    canvas = plot(page, "Best so far")
    expect(canvas).to_have_attribute("aria-label", re.compile(
        r"Best so far: two 4, one 1\."))
    assert marks(page, "Best so far") == 5
    differing = page.get_by_role("table", name="Settings that differ")
    expect(differing.get_by_role("rowheader")).to_have_text(["sampler.seed"])
    expect(page.locator(".why")).to_be_hidden()


def test_the_api_reference_is_made_from_the_document(site, visit):
    page = visit("")
    page.goto(f"{site.url}/#/api")
    document = site.api("GET", "/openapi.json").json
    n = sum(method in ("get", "post", "put", "patch", "delete")
            for item in document["paths"].values() for method in item)
    expect(page.get_by_text(f"{n} operations")).to_be_visible()
    page.get_by_label("Find an operation").fill("importances")
    expect(page.get_by_text("1 operations")).to_be_visible()
    page.locator("details.endpoint:visible > summary").click()
    operation = page.locator(".operation:visible")
    expect(operation).to_contain_text("fanova")
    expect(operation).to_contain_text("n_trials")
    page.goto(f"{site.url}/#/api/ask")
    expect(page.locator("[data-id=ask] .operation")).to_contain_text("/ask")


@pytest.mark.parametrize("where", ["trials?trial=1", "analysis", ""])
def test_a_phone_needs_no_sideways_scrolling(
    site, open_page, diagonal, where
):
    page = open_page(viewport={"width": 390, "height": 844})
    sign_in(page, site)
    slash = "/" if where else ""
    page.goto(f"{site.url}/#/study/{diagonal}{slash}{where}")
    expect(page.locator("#live")).to_have_text("live")
    harness.wait_until(
        lambda: page.evaluate("document.documentElement.scrollWidth") <= 390,
        "a narrow page", 10)
    assert page.wrong == []
