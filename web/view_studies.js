// SPDX-License-Identifier: GPL-3.0-or-later
// view_studies.js - the list of studies

import {api} from './api.js';
import {ago, badge, count, h, number, setText} from './dom.js';
import {poll} from './live.js';
import {choice, emptyState, stateBar} from './parts.js';

const PAGE = 100;
const MOST = 1000;

function firstStudy() {
  return `curl -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" ${location.origin}/api/v1/ask \\
  -d '{"study": {"name": "first study",
        "objectives": [{"name": "loss", "direction": "minimize"}],
        "space": {"x": {"type": "float", "low": -5, "high": 5}}}}'`;
}

// One table row that can be brought up to date in place, so that a refresh
// moves neither the keyboard focus nor a selection.
function studyRow(study) {
  const bar = stateBar();
  const state = h('td');
  const goal = h('td', {class: 'wide'});
  const sampler = h('td', {class: 'wide'});
  const total = h('td', {class: 'num'});
  const best = h('td', {class: 'num'});
  const changed = h('td', {class: 'wide'});
  const link = h('a', {href: `#/study/${encodeURIComponent(study.id)}`});
  const element = h('tr', {},
    h('th', {scope: 'row'}, link), state, goal, sampler, total,
    h('td', {class: 'bar-cell'}, bar.element), best, changed);

  function update(next) {
    const objective = next.objectives?.[0];
    setText(link, next.name);
    if (state.dataset.state !== next.state) {
      state.dataset.state = next.state;
      state.replaceChildren(badge(next.state));
    }
    setText(goal, objective
      ? `${objective.direction ?? 'minimize'} ${objective.name ?? ''}` : '–');
    setText(sampler, next.sampler?.name ?? '–');
    setText(total, count(next.trials.total));
    setText(best, number(next.best?.value));
    best.title = next.best ? `trial ${next.best.number}` : '';
    setText(changed, ago(next.changed));
    changed.title = next.changed ?? '';
    bar.update(next);
  }
  update(study);
  return {element, update};
}

function table(body) {
  const head = [['Study'], ['State'], ['Goal', 'wide'], ['Sampler', 'wide'],
    ['Trials', 'num'], ['Progress', 'bar-cell'], ['Best', 'num'],
    ['Last change', 'wide']];
  return h('table', {},
    h('caption', {class: 'unseen'}, 'Studies'),
    h('thead', {}, h('tr', {}, head.map(([text, name]) =>
      h('th', {scope: 'col', class: name}, text)))),
    body);
}

// Puts the rows of `studies` into body, in that order, reusing those in rows.
function fill(body, rows, studies) {
  const wanted = studies.map(study => {
    const row = rows.get(study.id) ?? studyRow(study);
    row.update(study);
    rows.set(study.id, row);
    return row.element;
  });
  const same = wanted.length === body.children.length &&
    wanted.every((element, i) => body.children[i] === element);
  if (!same)
    body.replaceChildren(...wanted);
}

export function mountStudies(main, app) {
  const filter = {q: '', state: '', limit: PAGE};
  const rows = new Map();
  const body = h('tbody');
  const summary = h('p', {class: 'faint'});
  const list = h('div', {class: 'card scroll', hidden: true}, table(body));
  const empty = h('div', {class: 'card', hidden: true});
  const more = h('button', {type: 'button', hidden: true, onclick() {
    filter.limit = Math.min(filter.limit + PAGE, MOST);
    poller.now();
  }}, 'Show more');

  function show({studies, next}) {
    const filtered = filter.q !== '' || filter.state !== '';
    fill(body, rows, studies);
    list.hidden = studies.length === 0;
    more.hidden = !next || filter.limit === MOST;
    empty.hidden = studies.length !== 0;
    if (!empty.hidden && empty.dataset.filtered !== String(filtered)) {
      empty.dataset.filtered = String(filtered);
      empty.replaceChildren(filtered
        ? h('p', {}, 'No study matches.')
        : emptyState('No studies yet',
          'A study comes into being with the first ask for it. ' +
          'Put your token into CUMAE_TOKEN and try:', firstStudy()));
    }
    const text = studies.length === 1 ? '1 study'
      : `${studies.length} studies`;
    setText(summary, next ? `the newest ${text}` : text);
    if (filtered)
      app.announce(`${text} found`);
  }

  const search = h('input', {
    type: 'search', placeholder: 'Filter by name', 'aria-label':
    'Filter by name', oninput() {
      filter.q = search.value.trim();
      poller.now();
    },
  });
  const states = choice('State', [['', 'any state'], ['running', 'running'],
    ['paused', 'paused'], ['draining', 'draining'], ['finished', 'finished']],
  value => {
    filter.state = value;
    poller.now();
  });
  main.append(h('h1', {}, 'Studies'), summary,
    h('div', {class: 'tools'}, search, states), list, empty, more);

  const poller = poll(async signal => show(await api.studies(filter, signal)),
    app.refreshed);
  return {title: 'Studies', stop: poller.stop};
}
