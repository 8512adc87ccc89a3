// SPDX-License-Identifier: GPL-3.0-or-later
// view_grid.js - a grid scan: how far it is, its results, and what is missing
//
// What is chosen is in the address: x, y and colour of the scatter plot, sort
// and state of the table.

import {kinds} from './api_kinds.js';
import {drawGrid} from './chart_grid.js';
import {count, h, setText} from './dom.js';
import {figures} from './figures.js';
import {gridLists} from './grid_lists.js';
import {columnsOf, gridRows, numeric} from './grid_rows.js';
import {loadTrials, noTrials} from './load_trials.js';
import {options} from './options.js';
import {choice, stateBar} from './parts.js';
import {maySteer} from './people.js';
import {plotCard} from './plot_card.js';
import {studyPage} from './study_page.js';
import {gridTable} from './table_grid.js';

const PAGE = 1000;
const MOST = 20000; // runs that are shown
const FIRST = {x: '', y: '', colour: '', sort: '', state: ''};

// All runs, page by page: the answer of GET .../grid with the items of all.
async function loadRuns(id, signal) {
  const items = [];
  let cursor = null;
  let page = null;
  do {
    page = await kinds.grid(id, {limit: PAGE, cursor}, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < MOST);
  return {...page, items, cut: Boolean(cursor)};
}

function showFigures(row, grid) {
  row.set('complete', `of ${count(grid.runs)} runs complete`,
    count(grid.complete));
  row.set('points', 'points', count(grid.points));
  row.set('replicas', 'replicas of each', count(grid.replicas));
  row.set('missing', 'still missing', count(grid.missing));
  for (const state of ['running', 'queued'])
    row.set(state, `of them ${state}`, count(grid[state]));
  row.set('failed', 'failed', count(grid.failed));
  row.set('attempts', 'attempts', count(grid.attempts));
}

// A <select> of columns that is filled as they become known.
function columnChoice(label, changed) {
  const field = choice(label, [], changed);
  const select = field.querySelector('select');
  return {
    field,
    update(names, chosen) {
      if ([...select.options].map(one => one.value).join('\n') !==
          names.join('\n'))
        select.replaceChildren(...names.map(value =>
          h('option', {value}, value)));
      select.value = chosen;
    },
  };
}

function gridTab({app, id, query, page}) {
  const chosen = options(query, FIRST);
  const {values} = chosen;
  const status = h('p', {role: 'status'});
  const row = figures();
  const bar = stateBar();
  const trials = noTrials();
  let study = null;
  let grid = null;
  let columns = {params: [], results: []};
  let rows = [];

  const pick = (label, name) => columnChoice(label, value => {
    chosen.set({[name]: value});
    scatter.redraw();
  });
  const picks = {x: pick('To the right', 'x'), y: pick('Upwards', 'y'),
    colour: pick('Colour', 'colour')};
  const scatter = plotCard({title: 'Points', file: () =>
    `${study.name} points`,
  draw: (data, width) => drawGrid(data, shown(), width),
  rows: () => ({heads: ['point', 'replica', 'state', ...columns.params,
    ...columns.results],
  rows: rows.map(({item, cells}) => [item.point_id, item.replica, item.state,
    ...[...columns.params, ...columns.results].map(name =>
      cells[name] ?? null)])}),
  nothing: 'Nothing to draw: there are no two parameters.',
  controls: Object.values(picks).map(one => one.field)});
  const table = gridTable(chosen, rerun);
  const lists = gridLists(rerun);

  // What the scatter plot shows: what is chosen, as far as there is such.
  function shown() {
    const {params} = columns;
    const results = numeric(rows, columns.results);
    const known = (names, name, other) =>
      names.includes(name) ? name : other ?? '';
    const x = known(params, values.x, params[0]);
    return {x, y: known(params, values.y, params.find(name => name !== x)),
      colour: known(results, values.colour, results[0])};
  }

  async function rerun(numbers) {
    try {
      const {trials: made} = await kinds.rerun(id, {numbers});
      app.announce(`${made.length} runs again`);
      page.now();
    } catch (error) {
      if (!app.ended(error))
        app.complain(`Could not re-run: ${error.message}`);
    }
  }

  function show() {
    const how = {replicas: grid.replicas, mayRerun: maySteer(app.me, study)};
    setText(status, grid.cut ? `The first ${count(grid.items.length)} of ` +
      `${count(grid.runs)} runs are shown; the export has all.` : '');
    showFigures(row, grid);
    bar.update({trials: {complete: grid.complete, running: grid.running,
      queued: grid.queued, failed: grid.failed, total: grid.runs}});
    rows = gridRows(grid.items, trials, study.objectives);
    columns = columnsOf(rows, study);
    const now = shown();
    picks.x.update(columns.params, now.x);
    picks.y.update(columns.params, now.y);
    picks.colour.update(numeric(rows, columns.results), now.colour);
    scatter.update({rows, space: study.space});
    table.update(rows, columns, how);
    lists.update(grid.items, how);
  }

  async function update({study: now, signal}) {
    study = now;
    if (grid?.revision === study.revision)
      return;
    await loadTrials(trials, id, signal);
    grid = await loadRuns(id, signal);
    show();
  }

  return {
    element: h('div', {}, status,
      h('div', {class: 'card'}, row.element, bar.element), scatter.element,
      table.element, lists.element),
    columns: () => [],
    update,
    stop: scatter.stop,
  };
}

export const mountGrid = (main, app, argument) =>
  studyPage(main, app, argument, '/grid', gridTab);
