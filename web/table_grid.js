// SPDX-License-Identifier: GPL-3.0-or-later
// table_grid.js - the runs of a grid scan, sorted and in pages

import {badge, count, h, number, plain, setText} from './dom.js';
import {numeric, sorted} from './grid_rows.js';
import {choice} from './parts.js';
import {button} from './rows.js';

const ROWS = 50;
const STATES = ['complete', 'running', 'queued', 'missing', 'failed'];

const shown = value => typeof value === 'number' ? number(value)
  : value === undefined || value === null ? '–' : plain(value);

// Makes the table. `chosen` are options with sort and state; rerun(numbers)
// runs trials again. update(rows, columns, how) brings it up to date; how has
// replicas and mayRerun.
export function gridTable(chosen, rerun) {
  const headRow = h('tr');
  const body = h('tbody');
  const where = h('span', {role: 'status'});
  const previous = turner('Previous', -1);
  const next = turner('Next', 1);
  const states = choice('State', [['', 'any state'],
    ...STATES.map(state => [state, state])], state => {
    chosen.set({state});
    page = 0;
    show();
  });
  states.querySelector('select').value = chosen.values.state;
  const element = h('section', {class: 'card', 'aria-label': 'Runs'},
    h('div', {class: 'tools'}, h('h2', {}, 'Runs'), states),
    h('div', {class: 'scroll', tabindex: '0', role: 'region',
      'aria-label': 'Table of runs'},
    h('table', {}, h('caption', {class: 'unseen'}, 'Runs'),
      h('thead', {}, headRow), body)),
    h('div', {class: 'pager'}, previous, where, next));
  let rows = [];
  let columns = {params: [], results: []};
  let numbers = new Set(); // columns of numbers
  let how = {};
  let page = 0;

  function turner(text, step) {
    return h('button', {type: 'button', onclick() {
      page += step;
      show();
    }}, text);
  }

  function sorter(name, text = name) {
    const {sort} = chosen.values;
    const order = sort === name ? 'ascending'
      : sort === `-${name}` ? 'descending' : 'none';
    return h('th', {scope: 'col', 'aria-sort': order,
      class: numbers.has(name) ? 'num' : null},
    h('button', {type: 'button', class: 'sort', onclick() {
      chosen.set({sort: order === 'ascending' ? `-${name}` : name});
      show();
      headRow.querySelector(`[data-column="${CSS.escape(name)}"]`)?.focus();
    }, 'data-column': name}, text));
  }

  function row({item, cells}) {
    const cell = name => h('td', {class: numbers.has(name) ? 'num' : null,
      title: cells[name]}, shown(cells[name]));
    const last = item.numbers.at(-1);
    const name = item.point_id ?? (last === undefined ? '–' : `#${last}`);
    return h('tr', {}, h('th', {scope: 'row'}, name),
      h('td', {}, badge(item.state)), columns.params.map(cell),
      how.replicas > 1 ? h('td', {class: 'num'}, String(item.replica)) : null,
      columns.results.map(cell),
      h('td', {class: 'num'}, count(item.numbers.length)),
      h('td', {class: 'note', title: item.error}, item.error ?? ''),
      how.mayRerun ? h('td', {}, item.state === 'failed'
        ? button('Re-run', `Re-run ${name}`, () => rerun([last])) : '') : null);
  }

  function show() {
    const {state, sort} = chosen.values;
    const matching = rows.filter(({item}) => !state || item.state === state);
    const all = sort ? sorted(matching, sort) : matching;
    const pages = Math.max(Math.ceil(all.length / ROWS), 1);
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * ROWS;
    const column = (text, name) => h('th', {scope: 'col', class: name}, text);
    headRow.replaceChildren(column('Run'), sorter('state', 'State'),
      ...columns.params.map(name => sorter(name)),
      ...how.replicas > 1 ? [sorter('replica', 'Replica')] : [],
      ...columns.results.map(name => sorter(name)),
      column('Attempts', 'num'), column('Error', 'note'),
      ...how.mayRerun ? [h('td')] : []);
    body.replaceChildren(...all.slice(first, first + ROWS).map(row));
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    setText(where, all.length === 0 ? 'no runs in this state'
      : `${count(first + 1)}–${count(Math.min(first + ROWS, all.length))} of ` +
        count(all.length));
  }

  return {
    element,
    update(nextRows, nextColumns, nextHow) {
      rows = nextRows;
      columns = nextColumns;
      how = nextHow;
      numbers = new Set(['replica',
        ...numeric(rows, [...columns.params, ...columns.results])]);
      show();
    },
  };
}
