// SPDX-License-Identifier: GPL-3.0-or-later
// table_trials.js - the trials of a study, sorted and in pages

import {badge, count, duration, h, number, plain, setText} from './dom.js';
import {STATES, arrange, valueOf, wallTime} from './model.js';
import {choice} from './parts.js';

const ROWS = 50;

function remark(trial) {
  if (trial.invalid)
    return `invalid: ${trial.invalid_reason ?? 'no reason given'}`;
  return trial.error ?? trial.stop_reason ??
    (trial.retry_of !== null && trial.retry_of !== undefined
      ? `retry of trial ${trial.retry_of}` : trial.why ?? '');
}

function workerName(worker) {
  return typeof worker === 'string' ? worker : worker?.name ?? '–';
}

// Workers may bear the name of a machine or of who runs it: guests, who are
// told no owner, are told neither.
const namesWorkers = study => study.owner !== null;

function trialRow(trial, params, study) {
  const {best, objectives} = study;
  const value = valueOf(trial);
  const note = remark(trial);
  const mark = trial.invalid ? 'invalid'
    : trial.number === best?.number ? 'best' : null;
  return h('tr', {class: mark},
    h('th', {scope: 'row', class: 'num'}, String(trial.number)),
    h('td', {}, badge(trial.state)),
    h('td', {class: 'num', title: value}, number(value)),
    objectives.slice(1).map((_, i) => h('td', {class: 'num'},
      number(trial.values?.[i + 1]))),
    params.map(name => h('td', {class: 'num', title: trial.params?.[name]},
      plain(trial.params?.[name]))),
    h('td', {class: 'num'}, duration(wallTime(trial))),
    namesWorkers(study) ? h('td', {}, workerName(trial.worker)) : null,
    h('td', {class: 'note', title: note}, note));
}

// Makes the table; update(trials, study) brings it up to date.
export function trialsTable() {
  const order = {key: 'number', descending: true, state: null};
  const sorters = new Map();
  const headRow = h('tr');
  const body = h('tbody');
  const scroll = h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Trials'},
  h('table', {}, h('caption', {class: 'unseen'}, 'Trials'),
    h('thead', {}, headRow), body));
  const where = h('span', {role: 'status'});
  const previous = turner('Previous', -1);
  const next = turner('Next', 1);
  const states = choice('State', [['', 'any state'],
    ...STATES.map(state => [state, state])], value => {
    order.state = value || null;
    page = 0;
    show();
  });
  const element = h('section', {class: 'card', 'aria-label': 'Trials'},
    h('div', {class: 'tools'}, h('h2', {}, 'Trials'), states), scroll,
    h('div', {class: 'pager'}, previous, where, next));
  let trials = {rows: []};
  let study = null;
  let params = null;
  let page = 0;

  function turner(text, step) {
    return h('button', {type: 'button', onclick() {
      page += step;
      show();
      scroll.scrollTop = 0;
    }}, text);
  }

  function sorter(key, text) {
    const button = h('button', {type: 'button', class: 'sort', onclick() {
      order.descending = order.key === key && !order.descending;
      order.key = key;
      page = 0;
      show();
    }}, text);
    const cell = h('th', {scope: 'col', class: key === 'state' ? null : 'num'},
      button);
    sorters.set(key, cell);
    return cell;
  }

  function makeHead() {
    const [first, ...others] = study.objectives;
    const column = (text, name) => h('th', {scope: 'col', class: name}, text);
    headRow.replaceChildren(sorter('number', '#'), sorter('state', 'State'),
      sorter('value', first.name),
      ...others.map(({name}) => column(name, 'num')),
      ...params.map(name => column(name, 'num')), column('Took', 'num'),
      ...namesWorkers(study) ? [column('Worker')] : [],
      column('Note', 'note'));
  }

  function show() {
    const sorted = arrange(trials, order);
    const pages = Math.max(Math.ceil(sorted.length / ROWS), 1);
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * ROWS;
    const shown = sorted.slice(first, first + ROWS);
    body.replaceChildren(...shown.map(trial =>
      trialRow(trial, params, study)));
    for (const [key, cell] of sorters)
      cell.setAttribute('aria-sort', key !== order.key ? 'none'
        : order.descending ? 'descending' : 'ascending');
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    setText(where, shown.length === 0 ? 'no trials in this state'
      : `${count(first + 1)}–${count(first + shown.length)} of ` +
        count(sorted.length));
  }

  return {
    element,
    update(nextTrials, nextStudy) {
      trials = nextTrials;
      study = nextStudy;
      if (params === null) {
        params = Object.keys(study.space ?? {});
        makeHead();
      }
      show();
    },
  };
}
