// SPDX-License-Identifier: GPL-3.0-or-later
// view_studies.js - the list of studies

import {api} from './api.js';
import {ago, badge, count, h, number, setText} from './dom.js';
import {poll} from './live.js';
import {choice, emptyState, stateBar} from './parts.js';

const PAGE = 100;
const MOST = 1000;
const FILTERS = ['q', 'state', 'tag', 'shared'];

// The address of the list with these filters.
function address(filter) {
  const given = FILTERS.filter(name => filter[name])
    .map(name => [name, filter[name]]);
  return given.length ? `#/?${new URLSearchParams(given)}` : '#/';
}

function firstStudy() {
  return `curl -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" ${location.origin}/api/v1/ask \\
  -d '{"study": {"name": "first study",
        "objectives": [{"name": "loss", "direction": "minimize"}],
        "space": {"x": {"type": "float", "low": -5, "high": 5}}}}'`;
}

// One table row that can be brought up to date in place, so that a refresh
// moves neither the keyboard focus nor a selection.
function studyRow(study, chosen) {
  const bar = stateBar();
  const state = h('td');
  const goal = h('td', {class: 'wide'});
  const sampler = h('td', {class: 'wide'});
  const owner = h('td', {class: 'wide owner'});
  const role = h('td', {class: 'wide'});
  const total = h('td', {class: 'num'});
  const best = h('td', {class: 'num'});
  const changed = h('td', {class: 'wide'});
  const link = h('a', {href: `#/study/${encodeURIComponent(study.id)}`});
  const tags = h('span', {class: 'tags'});
  const box = h('input', {type: 'checkbox', value: study.id,
    onchange: chosen});
  const element = h('tr', {}, h('td', {class: 'wide'}, box),
    h('th', {scope: 'row'}, link, tags), state, owner, role, goal, sampler,
    total,
    h('td', {class: 'bar-cell'}, bar.element), best, changed);

  function update(next) {
    const objective = next.objectives?.[0];
    setText(link, next.name);
    box.setAttribute('aria-label', `compare ${next.name}`);
    const shown = JSON.stringify(next.tags ?? []);
    if (tags.dataset.tags !== shown) {
      tags.dataset.tags = shown;
      tags.replaceChildren(...(next.tags ?? []).map(tag =>
        h('a', {class: 'tag', href: address({tag}),
          'aria-label': `studies tagged ${tag}`}, tag)));
    }
    if (state.dataset.state !== next.state) {
      state.dataset.state = next.state;
      state.replaceChildren(badge(next.state));
    }
    setText(goal, objective
      ? `${objective.direction ?? 'minimize'} ${objective.name ?? ''}` : '–');
    setText(owner, next.owner ?? '–');
    owner.title = next.owner ?? '';
    setText(role, next.role);
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
  const head = [['Compare', 'wide'], ['Study'], ['State'], ['Owner', 'wide'],
    ['Your role', 'wide'], ['Goal', 'wide'], ['Sampler', 'wide'],
    ['Trials', 'num'], ['Progress', 'bar-cell'], ['Best', 'num'],
    ['Last change', 'wide']];
  return h('table', {},
    h('caption', {class: 'unseen'}, 'Studies'),
    h('thead', {}, h('tr', {}, head.map(([text, name]) =>
      h('th', {scope: 'col', class: name}, text)))),
    body);
}

// Puts the rows of `studies` into body, in that order, reusing those in rows.
function fill(body, rows, studies, chosen) {
  const wanted = studies.map(study => {
    const row = rows.get(study.id) ?? studyRow(study, chosen);
    row.update(study);
    rows.set(study.id, row);
    return row.element;
  });
  const same = wanted.length === body.children.length &&
    wanted.every((element, i) => body.children[i] === element);
  if (!same)
    body.replaceChildren(...wanted);
}

// `argument` is the query of the address, in which the filters live.
export function mountStudies(main, app, argument) {
  const given = new URLSearchParams(argument ?? '');
  const filter = {limit: PAGE};
  for (const name of FILTERS)
    filter[name] = given.get(name) ?? '';
  const rows = new Map();
  const body = h('tbody');
  const summary = h('p', {class: 'faint'});
  const list = h('div', {class: 'card scroll', hidden: true}, table(body));
  const empty = h('div', {class: 'card', hidden: true});
  const compare = h('a', {class: 'button', hidden: true});
  const more = h('button', {type: 'button', hidden: true, onclick() {
    filter.limit = Math.min(filter.limit + PAGE, MOST);
    poller.now();
  }}, 'Show more');

  function showChosen() {
    const ids = [...body.querySelectorAll(':checked')].map(box => box.value);
    compare.hidden = ids.length < 2;
    compare.href = `#/compare?ids=${ids.map(encodeURIComponent).join(',')}`;
    setText(compare, `Compare ${ids.length}`);
  }

  function show({studies, next}) {
    const filtered = FILTERS.some(name => filter[name]);
    fill(body, rows, studies, showChosen);
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

  function narrow(name, value) {
    filter[name] = value;
    filter.limit = PAGE;
    history.replaceState(null, '', address(filter));
    poller.now();
  }

  function searchBox(name, label) {
    const box = h('input', {
      type: 'search', placeholder: label, 'aria-label': label,
      oninput() {
        narrow(name, box.value.trim());
      },
    });
    box.value = filter[name];
    return box;
  }

  const search = searchBox('q', 'Filter by name');
  const tag = searchBox('tag', 'Filter by tag');
  const states = choice('State', [['', 'any state'], ['running', 'running'],
    ['paused', 'paused'], ['draining', 'draining'], ['finished', 'finished']],
  value => narrow('state', value));
  states.querySelector('select').value = filter.state;
  const shared = choice('Whose', [['', 'whoever has them'], ['mine', 'mine'],
    ['with_me', 'shared with me'], ['public', 'public']],
  value => narrow('shared', value));
  shared.querySelector('select').value = filter.shared;
  main.append(h('h1', {}, 'Studies'), summary,
    h('div', {class: 'tools'}, search, tag, shared, states, compare),
  list, empty, more);

  const poller = poll(async signal => show(await api.studies(filter, signal)),
    app.refreshed);
  return {title: 'Studies', stop: poller.stop};
}
