// SPDX-License-Identifier: GPL-3.0-or-later
// view_limit.js - a limit study: the scan, its toys, and how far it is
//
// What is chosen is in the address: log (scale), clsb, clb and exact (the
// asymptotic curves hidden) for the scan, mu, bins and logq for the
// distributions.

import {kinds} from './api_kinds.js';
import {allocationRows, drawAllocation} from './chart_allocation.js';
import {clsRows, drawCls} from './chart_cls.js';
import {convergenceRows, drawConvergence, remember}
  from './chart_convergence.js';
import {drawToys, toysRows} from './chart_toys.js';
import {count, h, number, setText} from './dom.js';
import {figures} from './figures.js';
import {curvesTable, pointsTable, sitesTable} from './limit_tables.js';
import {conventions, explainStudy, forecast, limitText, percent, rounded}
  from './limit_words.js';
import {options, setter} from './options.js';
import {choice} from './parts.js';
import {plotCard, toggle} from './plot_card.js';
import {studyPage} from './study_page.js';

const FIRST = {log: '', clsb: '', clb: '', exact: '', mu: '', bins: '50',
  logq: ''};

function showFigures(row, limit) {
  const of = name => limit.curves.find(curve => curve.name === name);
  const text = name => of(name) ? limitText(of(name)) : '–';
  const short = name => of(name).limit === null ? '–'
    : rounded(of(name).limit, of(name).total_error);
  row.set('obs', `observed, on ${limit.poi}`, text('obs'));
  row.set('median', 'expected median', text('exp0'));
  if (of('exp-1') && of('exp+1'))
    row.set('one', 'expected ±1σ', `${short('exp-1')} … ${short('exp+1')}`);
  if (of('exp-2') && of('exp+2'))
    row.set('two', 'expected ±2σ', `${short('exp-2')} … ${short('exp+2')}`);
  row.set('toys', 'toys, s+b and b',
    `${count(limit.toys.sb)} + ${count(limit.toys.b)}`);
  row.set('running', 'toys running', count(limit.toys.running));
  row.set('failed', 'toys failed', percent(limit.failures.fraction));
}

// The answer with its points in the order of the parameter.
async function ascending(answer) {
  const limit = await answer;
  limit.points.sort((a, b) => a.mu - b.mu);
  return limit;
}

// The point that is looked at: the one of the address, or else the one next to
// the observed limit (to the median, without).
function chosenPoint(limit, wanted) {
  const given = limit.points.find(point => String(point.mu) === wanted);
  const near = ['obs', 'exp0'].map(name =>
    limit.curves.find(curve => curve.name === name)?.limit)
    .find(Number.isFinite) ?? 0;
  return given ?? limit.points.toSorted((a, b) =>
    Math.abs(a.mu - near) - Math.abs(b.mu - near))[0] ?? null;
}

// The choice of a point, which is filled as they become known.
function pointChoice(changed) {
  const field = choice('Point', [], changed);
  const select = field.querySelector('select');
  return {
    field,
    update({poi, points}, chosen) {
      const values = points.map(point => String(point.mu));
      if (values.join() !== [...select.options].map(one => one.value).join())
        select.replaceChildren(...values.map(value =>
          h('option', {value}, `${poi} = ${number(Number(value))}`)));
      select.value = String(chosen?.mu);
    },
  };
}

function limitTab({id, query, page}) {
  const chosen = options(query, FIRST);
  const {values} = chosen;
  const status = h('p', {role: 'status'});
  const about = h('p', {class: 'faint'});
  const row = figures();
  row.element.classList.add('roomy');
  const past = [];
  let study = null;
  let limit = null;
  let toys = null; // {key, answer} of the last distributions

  const file = what => () => `${study.name} ${what}`;
  const point = pointChoice(choose);
  const bins = choice('Bins', [20, 50, 100, 200].map(n =>
    [String(n), `${n} bins`]), value => {
    chosen.set({bins: value});
    page.now();
  });
  bins.querySelector('select').value = values.bins;
  const on = name => values[name] === '1';
  const scan = plotCard({title: 'CLs scan', file: file('scan'), rows: clsRows,
    draw: (data, width) => drawCls(data, {log: on('log'), clsb: on('clsb'),
      clb: on('clb'), asymptotic: !on('exact'),
      chosen: chosenPoint(data, values.mu)?.mu, choose: mu =>
        choose(String(mu))}, width),
    nothing: 'No point yet. The first worker that asks is sent to one.',
    controls: [toggle('log scale', chosen, 'log', () => scan.redraw()),
      toggle('CLs+b', chosen, 'clsb', () => scan.redraw()),
      toggle('CLb', chosen, 'clb', () => scan.redraw()),
      toggle('hide asymptotic', chosen, 'exact', () => scan.redraw())]});
  const spread = plotCard({title: 'Test statistic', file: file('toys'),
    rows: toysRows, nothing: 'No toys at this point yet.',
    draw: (data, width) => drawToys(data, {log: on('logq')}, width),
    controls: [point.field, bins,
      toggle('log scale', chosen, 'logq', () => spread.redraw())]});
  const course = plotCard({title: 'Convergence', file: file('convergence'),
    rows: convergenceRows, draw: drawConvergence,
    nothing: 'No curve has a limit with an error yet.'});
  const shares = plotCard({title: 'Toys per point', file: file('allocation'),
    rows: allocationRows, draw: drawAllocation, nothing: 'No toys yet.'});
  const plots = [scan, spread, course, shares];
  const tables = [curvesTable(), pointsTable(mu =>
    setter(chosen.link({mu}), () => choose(mu))), sitesTable()];
  const [curves, points, sites] = tables;

  function choose(mu) {
    chosen.set({mu});
    scan.redraw();
    page.now();
  }

  function show() {
    setText(status, explainStudy(limit));
    setText(about, [...conventions(limit), forecast(limit.forecast)]
      .filter(Boolean).join(' · '));
    showFigures(row, limit);
    point.update(limit, chosenPoint(limit, values.mu));
    for (const table of tables)
      table.update(limit);
    remember(past, limit, study.limit ?? {});
    scan.update(limit);
    course.update({past, limit});
    shares.update(limit);
  }

  // The distributions at the point that is looked at, when they are others.
  async function showToys(signal) {
    const mu = chosenPoint(limit, values.mu)?.mu;
    const key = JSON.stringify([mu, values.bins, limit.revision]);
    if (mu !== undefined && toys?.key !== key)
      toys = {key, answer: await kinds.toys(id, {mu, bins: values.bins},
        signal)};
    spread.update({toys: toys?.answer ?? null, limit});
  }

  async function update({study: now, signal}) {
    study = now;
    if (limit?.revision !== study.revision)
      limit = await ascending(kinds.limit(id, signal));
    show();
    await showToys(signal);
  }

  const columns = h('div', {class: 'side-by-side'}, spread.element,
    course.element);
  const element = h('div', {}, status, about,
    h('div', {class: 'card'}, row.element), scan.element, curves.element,
    columns, shares.element, points.element, sites.element);
  return {
    element, update,
    columns: () => [],
    stop() {
      for (const plot of plots)
        plot.stop();
    },
  };
}

export const mountLimit = (main, app, argument) =>
  studyPage(main, app, argument, '/limit', limitTab);
