// SPDX-License-Identifier: GPL-3.0-or-later
// latest.js - the newest trials of a study, in a table

import {badge, duration, h, number, plain} from './dom.js';
import {valueOf, wallTime} from './model.js';

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
export const namesWorkers = study => study.owner !== null;

function trialRow(trial, params, study, open) {
  const {best, objectives} = study;
  const value = valueOf(trial);
  const note = remark(trial);
  const mark = trial.invalid ? 'invalid'
    : trial.number === best?.number ? 'best' : null;
  return h('tr', {class: mark},
    h('th', {scope: 'row', class: 'num'}, h('button', {type: 'button',
      class: 'link', onclick: () => open(trial.number)},
    String(trial.number))),
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

const MOST_PARAMS = 8;

// Makes the card. update(trials, study) shows these.
export function latestTrials(open, all) {
  const headRow = h('tr');
  const body = h('tbody');
  const element = h('section', {class: 'card', 'aria-label': 'Trials',
    hidden: true},
  h('div', {class: 'tools'}, h('h2', {}, 'Latest trials'),
    h('a', {class: 'button', href: all}, 'All trials')),
  h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Table of trials'},
  h('table', {}, h('caption', {class: 'unseen'}, 'Trials'),
    h('thead', {}, headRow), body)));

  function makeHead(study, params) {
    const column = (text, name) => h('th', {scope: 'col', class: name}, text);
    headRow.replaceChildren(column('#', 'num'), column('State'),
      ...study.objectives.map(({name}) => column(name, 'num')),
      ...params.map(name => column(name, 'num')), column('Took', 'num'),
      ...namesWorkers(study) ? [column('Worker')] : [],
      column('Note', 'note'));
  }

  return {
    element,
    update(trials, study) {
      const params = Object.keys(study.space ?? {}).slice(0, MOST_PARAMS);
      element.hidden = trials.length === 0;
      makeHead(study, params);
      body.replaceChildren(...trials.map(trial =>
        trialRow(trial, params, study, open)));
    },
  };
}
