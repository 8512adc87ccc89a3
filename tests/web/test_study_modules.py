# SPDX-License-Identifier: GPL-3.0-or-later
"""test_study_modules.py - the modules that know numbers, called in the browser"""

import pytest


@pytest.fixture
def call(site, open_page):
    """A function that runs a JavaScript body with the modules as arguments."""
    page = open_page()
    page.goto(site.url + "/")

    def run(body):
        return page.evaluate("""async () => {
          const c = await import('/columns.js');
          const f = await import('/filter.js');
          const page = (head, cells) => ({head: {labels: {}, next: null,
            revision: 1, ...head, columns: Object.keys(cells)},
          cells: name => Float64Array.from(cells[name])});
          const STATES = ['queued', 'running', 'complete', 'pruned', 'failed'];
          const made = (cells, labels = {}) => {
            const data = c.newColumns();
            c.mergePage(data, Object.keys(cells).slice(1), page({labels:
              {state: STATES, ...labels}}, cells));
            return data;
          };
          """ + body + "}")

    return run


def test_bytes_are_unpacked_where_they_lie(call):
    """Two rows of two columns; the object is padded to 40 bytes."""
    assert call("""
        const text = JSON.stringify({rows: 2, columns: ['a', 'b'], labels: {}});
        const head = new TextEncoder().encode(text.padEnd(
          Math.ceil(text.length / 8) * 8));
        const bytes = new Uint8Array(8 + head.length + 32);
        bytes.set(new TextEncoder().encode('CUMC'));
        new DataView(bytes.buffer).setUint32(4, head.length, true);
        bytes.set(head, 8);
        new Float64Array(bytes.buffer, 8 + head.length).set([1, 2, NaN, 4.5]);
        const {head: told, cells} = c.unpack(bytes.buffer);
        let wrong = null;
        try { c.unpack(new ArrayBuffer(16)); } catch (e) { wrong = e.message; }
        return [told.rows, [...cells('a')], cells('b')[1], wrong];
        """) == [2, [1, 2], 4.5, "these are no columns"]


def test_pages_merge_and_the_first_revision_counts(call):
    """A trial that changes behind a page already read is read again."""
    assert call("""
        const d = c.newColumns();
        const names = ['v'];
        const seen = [c.nextPage(d, names, null).since];
        seen.push(c.mergePage(d, names, page({revision: 5, next: 'x'},
          {number: [0, 1], v: [3, 4]})), d.revision);
        c.mergePage(d, names, page({revision: 9}, {number: [2], v: [5]}));
        seen.push(d.revision, c.nextPage(d, names, null).since,
          c.nextPage(d, ['v', 'w'], null).since);
        c.mergePage(d, names, page({revision: 9}, {number: [1], v: [7]}));
        return [...seen, d.n, [...c.column(d, 'v').slice(0, d.n)]];
        """) == [None, "x", None, 5, 5, None, 3, [3, 7, 5]]


def test_labels_of_later_answers_join_those_that_are_known(call):
    assert call("""
        const d = made({number: [0, 1], worker: [0, 1]},
          {worker: ['a', 'b']});
        c.mergePage(d, ['worker'], page({labels: {worker: ['c', 'a']}},
          {number: [2, 3, 4], worker: [0, 1, NaN]}));
        return [0, 1, 2, 3, 4].map(i => c.labelOf(d, 'worker', i));
        """) == ["a", "b", "c", "a", None]


def test_deleted_and_invalid_trials_count_for_nothing(call):
    assert call("""
        const d = made({number: [0, 1, 2, 3], state: [2, NaN, 2, 3],
          invalid: [0, NaN, 1, 0], 'value.0': [1, NaN, 2, 3]});
        return [[...c.pick(d, c.counts(d))],
          [...c.pick(d, c.completed(d, 'value.0'))]];
        """) == [[0, 3], [0]]


def test_best_so_far_follows_the_direction(call):
    """Of 3, 5, 2, 4: minima 3, 2; maxima 3, 5."""
    assert call("""
        const v = [3, 5, 2, 4];
        const numbers = d => c.bestSoFar(v, [0, 1, 2, 3], d)
          .map(corner => corner.number);
        return [numbers('minimize'), numbers('maximize'),
          c.bestSoFar(v, [], 'minimize')];
        """) == [[0, 2], [0, 1], []]


def test_ranks_are_0_for_the_best_and_1_for_the_worst(call):
    assert call("""
        const v = [3, 5, NaN, 2, 4];
        const of = d => [0, 1, 3, 4].map(i =>
          c.ranks(v, [0, 1, 3, 4], d)[i]);
        return [of('minimize'), of('maximize'),
          c.ranks([7], [0], 'minimize')[0]];
        """) == [[1 / 3, 1, 0, 2 / 3], [2 / 3, 0, 1, 1 / 3], 0]


STUDY = """
    const study = {objectives: [{name: 'loss', direction: 'minimize'}],
      space: {lr: {type: 'float', low: 0, high: 1},
        'my param': {type: 'int', low: 0, high: 9},
        model: {type: 'categorical', choices: ['tree', 'net', null]},
        bn: {type: 'bool'}}};
    const d = made({number: [0, 1, 2, 3, 4], state: [2, 3, 2, 4, NaN],
      invalid: [0, 0, 0, 0, NaN], 'value.0': [3, 4, 1, NaN, NaN],
      'p.lr': [0.001, 0.5, NaN, 0.25, NaN], 'p.my param': [1, 2, 3, 4, NaN],
      'p.model': [0, 1, 2, 1, NaN], 'p.bn': [0, 1, 1, 0, NaN],
      worker: [0, 1, 0, NaN, NaN], remark: [NaN, NaN, NaN, 0, NaN]},
    {'p.model': ['tree', 'net', null], worker: ['gpu-0', 'gpu-1'],
      remark: ['Out of memory']});
    const found = text => [...c.pick(d, f.filterTest(text, d, study))];
"""


FOUND = [
    ("", [0, 1, 2, 3]),
    ("complete", [0, 2]),
    ("complete pruned", [0, 1, 2]),
    ("state=failed", [3]),
    ("state!=complete", [1, 3]),
    ("lr<1e-2", [0]),
    ("lr>=0.25", [1, 3]),
    ("loss<=3 complete", [0, 2]),
    ("value>1", [0, 1]),
    ('"my param">2', [2, 3]),
    ('"my param" = 2', [1]),
    ("model=net", [1, 3]),
    ("model=null", [2]),
    ("bn=true", [1, 2]),
    ("worker~GPU-0", [0, 2]),
    ('remark~"of mem"', [3]),
    ("#1..2", [1, 2]),
    ("#3", [3]),
    ("#2..", [2, 3]),
    ("number!=0", [1, 2, 3]),
    ("best", [0, 2]),
]


def test_a_filter_leaves_the_trials_that_it_means(call):
    texts = [text for text, _ in FOUND]
    assert call(STUDY + f"return {texts!r}.map(found);") == [
        numbers for _, numbers in FOUND]


WRONG = [
    ("nonsense", 'what is "nonsense"?'),
    ("depth>3", 'the study has no "depth"'),
    ("lr>much", 'lr is compared with a number, not "much"'),
    ("lr<", "lr< needs something to compare with"),
    ("=3", "nothing to compare"),
]


def test_a_filter_that_is_wrong_says_why(call):
    said = call(STUDY + f"""return {[text for text, _ in WRONG]!r}.map(text => {{
        try {{ return String(found(text)); }}
        catch (error) {{ return error.message; }} }});""")
    assert len(said) == len(WRONG)
    for text, (_, wrong) in zip(said, WRONG):
        assert wrong in text


def test_a_range_takes_the_place_of_the_one_before(call):
    assert call(STUDY + """
        const one = f.narrowed('complete lr>=0 lr<=1', 'lr', 0.1, 0.2);
        const two = f.narrowed(one, 'my param', 2, 3);
        return [one, two, found(two), f.filterColumns(two, study)];
        """) == [
        "complete lr>=0.1 lr<=0.2",
        'complete lr>=0.1 lr<=0.2 "my param">=2 "my param"<=3',
        [],
        ["p.lr", "p.lr", "p.my param", "p.my param"],
    ]


def test_rows_without_a_number_sort_last_both_ways(call):
    assert call("""
        const t = await import('/trial_columns.js');
        const v = [2, NaN, 1, 2];
        const sorted = down => t.arranged([0, 1, 2, 3], i => v[i], down);
        return [[...sorted(false)], [...sorted(true)]];
        """) == [[2, 0, 3, 1], [0, 3, 2, 1]]


def test_ranks_that_tie_share_their_place_and_correlate(call):
    """Ranks of 5, 1, 5, 7 are 1.5, 0, 1.5, 3."""
    assert call("""
        const k = await import('/correlation.js');
        const rank = k.tiedRanks([5, 1, 5, 7]);
        return [[...rank], k.pearson([1, 2, 3], [2, 4, 6]),
          k.pearson([1, 2, 3], [3, 2, 1]),
          Number.isNaN(k.pearson([1, 1], [1, 2]))];
        """) == [[1.5, 0, 1.5, 3], 1, -1, True]


def test_markup_in_markdown_stays_text(call):
    """What comes out is parsed by nobody: there is no way to make a tag."""
    assert call(r"""
        const m = await import('/markdown.js');
        const shown = text => {
          const box = document.createElement('div');
          box.append(...m.markdown(text));
          return box;
        };
        const html = text => shown(text).innerHTML;
        return [
          html('# A *b*\n\nc `d*e*` **f _g_**\nh'),
          html('- a\n- b\n\n1. c'),
          html('<img src=x onerror=alert(1)> <script>x</' + 'script>'),
          html('[a](javascript:alert) [b](data:text/html,x) [c](#/tokens)'),
          html('![x](https://a.example/i.png)'),
          html('```\n<b>**no**</b>\n```'),
          html('> a\n> b'),
          shown('|a|b|\n|-|-|\n|1|2|').querySelectorAll('td').length,
          html('a_b_c 2*3*4 https://x.example/y.'),
        ];
        """) == [
        "<h3>A <em>b</em></h3><p>c <code>d*e*</code> <strong>f <em>g</em>"
        "</strong> h</p>",
        "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>",
        "<p>&lt;img src=x onerror=alert(1)&gt; &lt;script&gt;x&lt;/script&gt;"
        "</p>",
        '<p>a b <a href="#/tokens">c</a></p>',
        '<p><a href="https://a.example/i.png" rel="noopener noreferrer" '
        'target="_blank">x</a></p>',
        '<pre tabindex="0" aria-label="Code">&lt;b&gt;**no**&lt;/b&gt;</pre>',
        "<blockquote><p>a b</p></blockquote>",
        2,
        '<p>a_b_c 2*3*4 <a href="https://x.example/y" rel="noopener noreferrer"'
        ' target="_blank">https://x.example/y</a>.</p>',
    ]


def test_why_nothing_is_handed_out_is_said(call):
    assert call("""
        const {whyNothing} = await import('/why.js');
        const budget = {max_trials: null, max_running: null, max_cost: null};
        const study = changes => ({state: 'running', reason: null,
          trials: {running: 2, queued: 0, total: 4}, iteration: null,
          budget_used: {trials: 4, cost: 3}, ...changes,
          budget: {...budget, ...changes.budget}});
        return [{}, {state: 'paused'}, {state: 'finished', reason: 'target 1'},
          {budget: {max_running: 2}}, {budget: {max_running: 3}},
          {budget: {max_cost: 3}}, {budget: {max_trials: 4}},
          {iteration: {number: 1, points: 4, trigger_fraction: 1}},
          {iteration: {number: 1, points: 4, trigger_fraction: 0.5}}]
          .map(changes => whyNothing(study(changes)));
        """) == [
        None,
        "Nothing is handed out: the study is paused.",
        "Nothing more is handed out: the study has ended: target 1.",
        "Nothing is handed out for now: 2 trials run, and max_running is 2.",
        None,
        "Nothing is handed out: 3 of max_cost 3 was spent.",
        "No new points are handed out: all 4 of max_trials were.",
        "Nothing is handed out for now: iteration 1 waits for its trials to "
        "end.",
        None,
    ]


def test_csv_quotes_what_needs_it(call):
    assert call(r"""
        const {csv} = await import('/save.js');
        return csv(['a', 'b"c'], [[1, 'x,y'], [null, NaN], ['l\nm', 0.5]]);
        """) == 'a,"b""c"\r\n1,"x,y"\r\n,\r\n"l\nm",0.5\r\n'
