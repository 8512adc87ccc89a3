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


def test_pages_merge_and_the_first_revision_counts(call):
    """A trial that changes behind a page already read is read again."""
    assert call(
        """
        const t = m.newTrials();
        const trial = (number, values) => ({number, values, state: 'complete'});
        const seen = [m.nextPage(t, null).since];
        const cursor = m.mergePage(t,
          {trials: [trial(0, [3])], next: 'x', revision: 5});
        seen.push(cursor, t.revision);
        m.mergePage(t, {trials: [trial(1, [2])], next: null, revision: 9});
        seen.push(t.revision, m.nextPage(t, null).since);
        m.mergePage(t, {trials: [trial(0, [1])], next: null, revision: 9});
        return [...seen, t.revision, t.rows.map(m.valueOf)];
        """
    ) == [None, "x", None, 5, 5, 9, [1, 2]]


def test_deleted_and_invalid_trials_are_no_points(call):
    assert call(
        """
        const t = m.newTrials();
        const trial = (number, more) =>
          ({number, values: [number], state: 'complete', ...more});
        const page = trials => ({trials, next: null, revision: 1});
        m.mergePage(t, page([trial(0), trial(1), trial(2)]));
        m.mergePage(t, page([trial(0, {deleted: true}),
          trial(1, {invalid: true})]));
        const order = {key: 'number', descending: false, state: null};
        return [m.nextPage(t, null).deleted, m.points(t).map(p => p.number),
          m.arrange(t, order).map(row => row.number)];
        """
    ) == [1, [2], [1, 2]]


def test_refresh_that_broke_off_does_not_move_the_revision(call):
    assert call(
        """
        const t = m.newTrials();
        m.mergePage(t, {trials: [], next: 'x', revision: 5});
        m.dropPages(t);
        m.mergePage(t, {trials: [], next: null, revision: 7});
        return t.revision;
        """
    ) == 7


def test_best_so_far_follows_the_direction_and_skips_the_pruned(call):
    """Of 3, 5, (1 pruned), 2, 4: minima 3, 2; maxima 3, 5."""
    assert call(
        """
        const states = ['complete', 'complete', 'pruned', 'complete',
          'complete'];
        const list = [3, 5, 1, 2, 4].map((value, number) =>
          ({number, value, state: states[number]}));
        const numbers = d => m.bestSoFar(list, d).map(c => c.number);
        return [numbers('minimize'), numbers('maximize'),
          m.bestSoFar([], 'minimize')];
        """
    ) == [[0, 3], [0, 1], []]


def test_trials_without_a_value_sort_last_both_ways(call):
    assert call(
        """
        const t = {rows: [[2], null, [1], [2]].map((values, number) =>
          ({number, values, state: values ? 'complete' : 'running'}))};
        const sorted = o => m.arrange(t, o).map(x => x.number);
        return [sorted({key: 'value', descending: false, state: null}),
          sorted({key: 'value', descending: true, state: null}),
          sorted({key: 'number', descending: true, state: 'complete'})];
        """
    ) == [[2, 0, 3, 1], [0, 3, 2, 1], [3, 2, 0]]


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
