# SPDX-License-Identifier: MIT
"""test_scan.py - points that span a space, and the rows of results

Scans against the real service are in tests/e2e/test_python_scan.py.
"""

import cumae
import pytest
from cumae import scan


def test_points_span_a_space_by_their_types():
    rows = [{"m": 100, "x": 0.5, "n": "a", "f": True, "one": 7},
            {"m": 300, "x": 2, "n": "b", "f": False, "one": 7}]
    assert scan._spanned([{"params": row} for row in rows]) == {
        "m": {"type": "int", "low": 100, "high": 300},
        "x": {"type": "float", "low": 0.5, "high": 2},
        "n": {"type": "categorical", "choices": ["a", "b"]},
        "f": {"type": "categorical", "choices": [True, False]},
        "one": {"type": "categorical", "choices": [7]},
    }


def test_the_same_params_have_the_same_id_in_any_order():
    assert scan._id_of({"a": 1, "b": 2}) == scan._id_of({"b": 2, "a": 1})
    assert scan._id_of({"a": 1, "b": 2}) != scan._id_of({"a": 1, "b": 3})


def test_a_scan_without_space_and_points_is_refused():
    with pytest.raises(ValueError):
        cumae.Scan("nothing")


def test_an_output_does_not_hide_a_parameter():
    trial = {"point_id": "p", "replica": 1, "params": {"m": 3},
             "values": [0.5], "meta": {"k": 1}, "wall_s": 2.0, "number": 4,
             "worker": {"name": "w", "site": "bologna"},
             "outputs": {"m": 9, "band": [1, 2]}}
    assert scan._result(trial, ["CLs"]) == {
        "id": "p", "replica": 1, "m": 3, "CLs": 0.5, "outputs.m": 9,
        "band": [1, 2], "meta": {"k": 1}, "worker": "w", "site": "bologna",
        "wall_s": 2.0, "number": 4}
