# SPDX-License-Identifier: MIT
"""test_notebook.py - what a notebook shows of a study"""

import re
from xml.etree import ElementTree

from cumae import notebook

FACTS = {
    "name": "tree <b> & co", "kind": "hpo", "state": "finished",
    "reason": "budget", "best": {"number": 2, "value": 0.25},
    "trials": {"total": 3, "complete": 2, "failed": 1, "running": 0},
}


def parsed(html):
    """Return the elements, after a look for anything that could act."""
    assert not re.search(r"<script|\son\w+=|javascript:", html)
    return ElementTree.fromstring(html)


def test_names_of_people_are_text_and_not_markup():
    page = parsed(notebook.page(FACTS, "http://x/#/study/1?a=1&b=2"))
    assert page.find(".//a").text == "tree <b> & co"
    assert page.find(".//b") is None
    words = "".join(page.itertext())
    assert "finished (budget)" in words and "2 complete, 1 failed" in words
    assert "best: 0.25, trial 2" in words and "running" not in words


def test_a_history_has_a_dot_per_value_and_steps_down_to_the_best():
    svg = notebook.history(
        "loss", [0, 1, 2, 3, 4], [3.0, None, 1.0, 2.0, 0.0], False)
    root = parsed(svg)
    dots = root.findall(".//circle")
    # The axes run from the least to the largest: x from 64 to 632 for trials
    # 0 to 4, y from 196 up to 8 for values 0 to 3.
    assert [(float(d.get("cx")), float(d.get("cy"))) for d in dots] == [
        (64.0, 8.0), (348.0, 133.3), (490.0, 70.7), (632.0, 196.0)]
    steps = root.findall("path")[1].get("d")
    assert steps == "M64.0,8.0H348.0V133.3H632.0V196.0H632.0"
    assert root.get("aria-label") == (
        "loss of 4 trials; the best is 0, trial 4")


def test_the_best_of_a_maximised_objective_is_the_largest():
    svg = notebook.history("auc", [0, 1], [0.5, 0.75], True)
    assert "the best is 0.75, trial 1" in svg


def test_many_trials_are_thinned_out():
    n = 100_000
    svg = notebook.history("loss", range(n), [1.0] * n, False)
    assert len(parsed(svg).findall(".//circle")) == notebook.MOST_DOTS
    assert len(svg) < 50_000


def test_nothing_is_drawn_of_no_values():
    assert notebook.history("loss", [0, 1], [None, None], False) == ""
    assert notebook.lines("none", ("x", "y"), [("obs", [])]) == ""


def test_contours_are_lines_in_units_of_their_parameters():
    svg = notebook.lines("plane", ("m1", "m2"), [
        ("obs", [[[200, 0], [1400, 1000]]]), ("exp<0>", [[[800, 500],
                                                         [200, 500]]])])
    root = parsed(svg)
    paths = root.findall("path")[1:]
    assert [p.get("d") for p in paths] == [
        "M64.0,196.0L632.0,8.0", "M348.0,102.0L64.0,102.0"]
    assert [p.find("title").text for p in paths] == ["obs", "exp<0>"]
    assert {t.text for t in root.iter("text")} == {
        "200", "m1", "1400", "0", "m2", "1000"}


def test_what_a_table_does_not_know_is_a_dash():
    cells = [td.text for td in parsed(notebook.table(
        ("curve", "limit"), [("obs", 1.4815234), ("exp<", None)])).iter("td")]
    assert cells == ["obs", "1.48152", "exp<", "–"]
