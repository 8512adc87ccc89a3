# SPDX-License-Identifier: GPL-3.0-or-later
"""test_model.py - the pure modules of the page, called in the browser"""

import pytest


@pytest.fixture
def call(site, open_page):
    """A function that runs a JavaScript body with the modules as arguments."""
    page = open_page()
    page.goto(site.url + "/")

    def run(body):
        return page.evaluate(
            "async () => { const m = await import('/model.js');"
            "const a = await import('/axis.js');"
            "const d = await import('/dom.js');"
            "const b = await import('/budget.js');" + body + "}"
        )

    return run


def test_wall_time_is_what_was_told_else_what_the_clock_said(call):
    assert call(
        """
        const started = '2026-01-01T00:00:00Z', ended = '2026-01-01T00:01:30Z';
        return [m.wallTime({wall_s: 2, started, ended}),
          m.wallTime({wall_s: null, started, ended}),
          m.wallTime({wall_s: null, started, ended: null})];
        """
    ) == [2, 90, None]


def test_ticks_are_round_and_inside(call):
    """Steps are 1, 2 or 5 times a power of ten; on a log axis, decades."""
    assert call(
        """
        return [a.linearTicks(0, 10, 5), a.linearTicks(-0.3, 0.3, 3),
          a.logTicks(1e-5, 0.1, 10), a.logTicks(0.5, 3, 3),
          a.linearTicks(4, 4, 5)];
        """
    ) == [
        [0, 2, 4, 6, 8, 10],
        [-0.2, 0, 0.2],
        [1e-5, 1e-4, 1e-3, 1e-2, 0.1],
        [1, 2, 3],
        [4],
    ]


def test_axis_of_a_single_value_puts_it_in_the_middle(call):
    assert call(
        """
        const one = value =>
          a.axis({low: value, high: value, from: 100, to: 0}).pixel(value);
        return [one(7), one(0), one(-3)];
        """
    ) == [50, 50, 50]


def test_numbers_are_short_and_exact_where_they_can_be(call):
    assert call(
        """
        return [0, 100000, 0.1, 1 / 3, 1.5e-7, -2e12, 0.5 + 1e-9, null]
          .map(d.number);
        """
    ) == ["0", "100000", "0.1", "0.333333", "1.5e-7", "-2000000000000",
          "0.5", "–"]


def test_durations_use_the_largest_unit(call):
    assert call(
        "return [0, 0.2, 59, 61, 7200, 1e6, NaN, null].map(x => d.duration(x));"
    ) == ["0 s", "< 1 s", "59 s", "1 min", "2 h", "11 d", "–", "–"]


def test_the_use_of_a_budget_is_said_in_words(call):
    assert call(
        """
        const none = {max_trials: null, max_running: null, max_failed: null,
          patience: null, deadline: null, target: null, max_cost: null};
        const use = (budget, cost, iteration) => b.budgetUse({iteration,
          budget: {...none, ...budget}, budget_used: {trials: 1200, cost},
          trials: {running: 2}});
        return [use({}, 0, null), use({}, 0.5, null),
          use({max_trials: 2000, max_running: 3, max_cost: 10}, 2.5, null),
          use({target: 0, patience: 5, max_failed: 4,
            deadline: '2031-01-02T03:04:05.000Z'}, 0,
            {points: 20, trigger_fraction: 1, number: 3})];
        """
    ) == [
        "",
        "cost 0.5",
        "1,200 of 2,000 trials handed out · 2 of 3 running · cost 2.5 of 10",
        "iteration 3 of 20 points each · until 2031-01-02 03:04 UTC · "
        "ends at 0 · ends after 5 results without a new best · "
        "ends after 4 failures",
    ]


def test_a_difference_names_the_fields_that_differ(call):
    assert call(
        """
        const x = await import('/difference.js');
        const told = (before, after) => x.difference(before, after)
          .map(({path, before, after}) => [path, before, after]);
        return [
          told({a: 1, b: {c: [1], d: 2}, e: null}, {a: 1, b: {c: [2], d: 2},
            e: false}),
          told(null, {name: 's', admin: false, groups: [], quota: null}),
          told({role: 'owner'}, null),
          told({tags: [], off: true}, {tags: ['x'], off: false}),
          told(null, null),
        ];
        """
    ) == [
        [["b.c", [1], [2]], ["e", None, False]],
        [["name", None, "s"]],
        [["role", "owner", None]],
        [["tags", [], ["x"]], ["off", True, False]],
        [],
    ]


def test_sizes_are_read_as_they_are_written(call):
    exact = [0, 1, 999, 1000, 1024, 1500, 2500000000, 1000000000001, 10 ** 15]
    assert call(
        """
        const size = await import('/bytes.js');
        const exact = %s;
        return [
          exact.map(n => size.readBytes(size.writeBytes(n)) === n),
          [1500, 1024, 2500000000, 10 ** 15].map(size.writeBytes),
          ['2.5 GB', ' 300kb', '7 B', '7', '1 T'].map(size.readBytes),
          ['', 'x', '-1', '1 PB', '1e3', '1.5.2'].map(t =>
            Number.isNaN(size.readBytes(t))),
        ];
        """ % exact
    ) == [
        [True] * len(exact),
        ["1.5 kB", "1.024 kB", "2.5 GB", "1000 TB"],
        [2500000000, 300000, 7, 7, 1000000000000],
        [True] * 6,
    ]
