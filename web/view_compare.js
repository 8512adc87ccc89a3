// SPDX-License-Identifier: GPL-3.0-or-later
// view_compare.js - several studies side by side: how soon how good
//
// The address names the studies: #/compare?ids=A,B. Only the values and times
// of their trials are fetched.

import {api} from './api.js';
import {importancesOf} from './api_study.js';
import {edfSpec} from './chart_edf.js';
import {raceSpec} from './chart_race.js';
import {column, completed, pick} from './columns.js';
import {badge, count, h, number, plain} from './dom.js';
import {poll} from './live.js';
import {choice} from './parts.js';
import {plot} from './plot.js';
import {dataOf, refreshData} from './study_data.js';

const MOST = 8;
const COLUMNS = ['value.0', 'ended', 'cost'];
const ACROSS = [['number', 'trials'], ['time', 'hours'], ['cost', 'cost']];

const card = (title, ...content) => h('section', {class: 'card',
  'aria-label': title}, h('h2', {}, title), content);

// 'float 1e-5 … 0.1, log', 'categorical ["a","b"]'
function paramText({type, low, high, log, step, choices, values, when}) {
  const inside = choices ?? values;
  return [inside ? `${type} ${JSON.stringify(inside)}`
    : low === undefined ? type : `${type} ${number(low)} … ${number(high)}`,
  log && 'log', step && step !== 1 && `step ${number(step)}`,
  when && `when ${JSON.stringify(when)}`].filter(Boolean).join(', ');
}

// What the settings are that may differ.
function settings(study) {
  const flat = (name, value) => value !== null && typeof value === 'object' &&
    !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) =>
      flat(`${name}.${key}`, inner))
    : [[name, value === null ? '–' : plain(value)]];
  const space = Object.entries(study.space ?? {}).map(([name, param]) =>
    [`parameter ${name}`, paramText(param)]);
  const goals = study.objectives.map(({name, direction}) =>
    `${direction} ${name}`).join(', ');
  return new Map([['objectives', goals], ...space, ...['constraints',
    'sampler', 'pruner', 'budget', 'iteration', 'constants'].flatMap(name =>
    flat(name, study[name] ?? null))]);
}

// A table of the settings in which the studies differ.
function differences(studies) {
  const all = studies.map(settings);
  const names = [...new Set(all.flatMap(each => [...each.keys()]))]
    .filter(name => new Set(all.map(each => each.get(name) ?? '–')).size > 1);
  if (names.length === 0)
    return h('p', {class: 'faint'}, 'Their settings are the same.');
  return h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Settings that differ'},
  h('table', {class: 'wrapped'}, h('caption', {class: 'unseen'},
    'Settings that differ'),
  h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Setting'),
    studies.map(({name}) => h('th', {scope: 'col'}, name)))),
  h('tbody', {}, names.map(name => h('tr', {},
    h('th', {scope: 'row'}, name), all.map(each =>
      h('td', {}, each.get(name) ?? '–')))))));
}

function summaryTable(studies) {
  return h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Studies'},
  h('table', {}, h('caption', {class: 'unseen'}, 'Studies'),
    h('thead', {}, h('tr', {}, [['Study'], ['State'], ['Goal'], ['Best', 'num'],
      ['Complete', 'num'], ['Pruned', 'num'], ['Failed', 'num'],
      ['Cost', 'num']].map(([text, name]) =>
      h('th', {scope: 'col', class: name}, text)))),
    h('tbody', {}, studies.map((study, s) => h('tr', {},
      h('th', {scope: 'row'}, h('span', {class: `swatch line series-${s}`,
        'aria-hidden': 'true'}), ' ',
      h('a', {href: `#/study/${encodeURIComponent(study.id)}`}, study.name)),
      h('td', {}, badge(study.state)),
      h('td', {}, `${study.objectives[0].direction} ` +
        study.objectives[0].name),
      h('td', {class: 'num'}, number(study.best?.value)),
      ['complete', 'pruned', 'failed'].map(state =>
        h('td', {class: 'num'}, count(study.trials[state]))),
      h('td', {class: 'num'}, number(study.budget_used.cost)))))));
}

// Importances side by side; parameters by the largest of theirs.
function importanceTable(studies, lists) {
  const names = [...new Set(lists.flatMap(list =>
    list.map(({name}) => name)))];
  const of = (list, name) =>
    list.find(each => each.name === name)?.importance ?? null;
  const greatest = name => Math.max(...lists.map(list => of(list, name) ?? 0));
  names.sort((a, b) => greatest(b) - greatest(a));
  const cell = part => {
    const element = h('td', {class: 'num heat plus'},
      part === null ? '–' : part.toFixed(2));
    element.style.setProperty('--part', `${Math.round(35 * (part ?? 0))}%`);
    return element;
  };
  return h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Importance'},
  h('table', {}, h('caption', {class: 'unseen'}, 'Importance'),
    h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Parameter'),
      studies.map(({name}) => h('th', {scope: 'col', class: 'num'}, name)))),
    h('tbody', {}, names.slice(0, 15).map(name => h('tr', {},
      h('th', {scope: 'row'}, name), lists.map(list =>
        cell(of(list, name))))))));
}

// `argument` is the query of the address.
export function mountCompare(main, app, argument) {
  const query = new URLSearchParams(argument ?? '');
  const ids = [...new Set((query.get('ids') ?? '').split(',')
    .filter(Boolean))].slice(0, MOST);
  const race = plot('Best so far', {kind: 'tall'});
  const edf = plot('Distribution of values');
  const warning = h('p', {class: 'why', hidden: true});
  const summary = h('div');
  const settingsCard = h('div');
  const importance = h('div');
  const log = h('input', {type: 'checkbox', onchange: () => set('log',
    log.checked ? '1' : null)});
  const across = choice('Across', ACROSS, value => set('across',
    value === 'number' ? null : value));
  across.querySelector('select').value = query.get('across') ?? 'number';
  log.checked = query.get('log') === '1';
  let studies = [];
  app.crumb('Compare');
  main.append(h('div', {class: 'head'}, h('h1', {}, 'Compare studies'),
    h('span', {class: 'grow'}), across,
    h('label', {class: 'check'}, log, ' log values')), warning,
  ...ids.length < 2
    ? [h('p', {class: 'card'}, 'Choose two studies or more in the ',
      h('a', {href: '#/'}, 'list of studies'), '.')]
    : [h('div', {class: 'card'}, summary),
      card('Best so far', race.element),
      h('div', {class: 'cards two'},
        card('Distribution of values', edf.element),
        card('Importance', importance)),
      card('Settings that differ', settingsCard)]);

  function set(name, value) {
    if (value)
      query.set(name, value);
    else
      query.delete(name);
    history.replaceState(null, '', `#/compare?${query}`);
    show();
  }

  function show() {
    const series = studies.map(study => {
      const data = dataOf(study.id);
      return {study, data, name: study.name,
        chosen: pick(data, completed(data, 'value.0'))};
    });
    const title = studies[0].objectives[0].name;
    race.update(raceSpec({series, title, log: log.checked,
      across: across.querySelector('select').value}));
    edf.update(edfSpec({title, log: log.checked,
      series: series.map(({name, data, chosen}) => ({name,
        values: Float64Array.from(chosen, i => column(data, 'value.0')[i])})),
    }));
  }

  function warn() {
    const goals = new Set(studies.map(({objectives: [{name, direction}]}) =>
      `${direction} ${name}`));
    warning.hidden = goals.size === 1;
    warning.textContent = `Their goals differ: ${[...goals].join(', ')}.`;
  }

  async function refresh(signal) {
    const first = studies.length === 0;
    studies = await Promise.all(ids.map(id => api.study(id, signal)));
    let changed = first;
    for (const study of studies)
      changed = await refreshData(study, COLUMNS, signal) || changed;
    if (!changed)
      return;
    warn();
    summary.replaceChildren(summaryTable(studies));
    settingsCard.replaceChildren(differences(studies));
    show();
    if (first)
      importance.replaceChildren(importanceTable(studies, await Promise.all(
        ids.map(async id => (await importancesOf(id, {}, signal))
          .importances))));
  }

  const poller = ids.length < 2 ? null : poll(refresh, app.refreshed);
  return {
    title: 'Compare',
    stop() {
      poller?.stop();
      race.stop();
      edf.stop();
    },
  };
}
