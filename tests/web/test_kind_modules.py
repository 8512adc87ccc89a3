# SPDX-License-Identifier: GPL-3.0-or-later
"""test_kind_modules.py - modules behind limits, contours, grids, campaigns"""

import pytest


@pytest.fixture
def run(site, open_page):
    """A function that evaluates with the exports of a module in `m`."""
    page = open_page()
    page.goto(site.url + "/")

    def evaluate(module, expression):
        return page.evaluate(
            f"async () => {{ const m = await import('/{module}.js'); "
            f"return {expression}; }}")
    return evaluate


def test_a_typed_curve_is_read_in_any_of_the_usual_ways(run):
    text = "# theory\\nmass,xsec\\n200; 3\\n100 , 5\\n\\n300\\t1e-1"
    assert run("theory", f"m.parseCurve('{text}')") == [
        [100, 5], [200, 3], [300, 0.1]]


@pytest.mark.parametrize("text, words", [
    ("1,2\\nx,y", "line 2 must have two numbers"),
    ("1,2", "at least two points"),
    ("x,y\\nx,y\\n1,2", "line 2 must have two numbers"),
    ("0,0\\n" * 5001, "at most 5000 points"),
])
def test_a_curve_that_is_none_is_refused_in_words(run, text, words):
    said = run("theory", f"""(() => {{
      try {{ return m.parseCurve(`{text}`); }}
      catch (error) {{ return error.message; }} }})()""")
    assert words in said


def test_curves_cross_where_their_lines_do(run):
    # y = x and y = 4 - x meet at 2; y = 3 touches y = x at its end.
    assert run("theory",
               "m.crossings([[0, 0], [4, 4]], [[0, 4], [4, 0]])") == [2]
    assert run("theory", "m.crossings([[0, 0], [3, 3]], [[1, 3], [9, 3]])"
               ) == [3]
    assert run("theory", "m.crossings([[0, 0], [1, 1]], [[5, 0], [6, 1]])"
               ) == []


def test_a_curve_is_cut_at_both_ends(run):
    curve = "[[0, 0], [10, 10], [20, 0]]"
    assert run("theory", f"m.clip({curve}, 5, 15)") == [
        [5, 5], [10, 10], [15, 5]]
    assert run("theory", f"m.clip({curve}, -5, 30)") == [
        [0, 0], [10, 10], [20, 0]]


def test_equal_neighbours_on_a_grid_are_one_rectangle(run):
    # Nodes at 0, 10, 20 and 0, 10; the first two of the first row are alike.
    areas = run("raster", """[...m.areas({x: [0, 10, 20], y: [0, 10]},
      node => ['a', 'a', 'b', null, 'b', null][node],
      {x: value => value, y: value => value})]""")
    assert dict(areas) == {
        "a": "M-5 -5H15V5H-5Z",
        "b": "M15 -5H25V5H15ZM5 5H15V15H5Z"}


def test_outputs_are_flat_as_in_exports(run):
    assert run("grid_rows", "m.flat({a: [1, {b: 2}], c: 'x'})") == {
        "a.0": 1, "a.1.b": 2, "c": "x"}


@pytest.mark.parametrize("value, error, words", [
    (1.4816, 0.0123, "1.482 ± 0.012"),
    (12345, 120, "12345 ± 120"),
    (0.5, 0, "0.5"),
    ("null", 0.1, "–"),
])
def test_a_value_has_the_digits_that_its_error_leaves(
    run, value, error, words
):
    assert run("limit_words", f"m.withError({value}, {error})") == words
