// SPDX-License-Identifier: GPL-3.0-or-later
// trial_drawer.js - everything about one trial, beside the page
//
// The rest of the page stays at hand: the drawer is no modal dialog. `[` and
// `]` go to the trials before and after, Escape closes it.

import {cancelTrial, changeTrial, rerunTrial, trialOf} from './api_study.js';
import {amendTrial, invalidateTrial} from './trial_edit.js';
import {bars} from './bars.js';
import {curvesSpec} from './chart_curves.js';
import {badge, duration, h, moment, number, plain, setText} from './dom.js';
import {attempt, complaint} from './form.js';
import {wallTime} from './model.js';
import {notesCard} from './notes.js';
import {maySteer} from './people.js';
import {plot} from './plot.js';
import {numbers} from './scale.js';

const exact = time => new Date(time).toLocaleString('en-GB',
  {dateStyle: 'medium', timeStyle: 'medium'});
const when = time => time ? moment(time, exact) : null;

function facts(lines) {
  const given = lines.filter(([, value]) =>
    value !== null && value !== undefined && value !== '');
  return h('dl', {class: 'facts'}, given.map(([name, value]) =>
    [h('dt', {}, name), h('dd', {}, value)]));
}

// Where the value of a parameter is in its range, null where it has none.
function place(param, value) {
  if (typeof value !== 'number' || typeof param?.low !== 'number')
    return null;
  if (param.high === param.low)
    return 0.5;
  return numbers('', {low: param.low, high: param.high, from: 0, to: 1,
    log: param.log, pad: 1e-12}).pixel(value);
}

function paramsOf(trial, study) {
  return bars('Parameters', Object.entries(trial.params ?? {}).map(
    ([name, value]) => ({name, text: plain(value),
      part: place(study.space?.[name], value)})));
}

function resultsOf(trial, study) {
  return [
    ...study.objectives.map(({name}, k) =>
      [name, trial.values ? number(trial.values[k]) : null]),
    ['uncertainty', trial.uncertainty && `± ${number(trial.uncertainty)}`],
    ...study.outcome_constraints.map(({name}, k) =>
      [name, trial.constraints ? plain(Array.isArray(trial.constraints)
        ? trial.constraints[k] : trial.constraints[name]) : null]),
    ['took', wallTime(trial) === null ? null : duration(wallTime(trial))],
    ['cost', trial.cost !== null ? number(trial.cost) : null],
  ];
}

function lineageOf(trial, open) {
  const to = n => h('button', {type: 'button', class: 'link',
    onclick: () => open(n)}, `trial ${n}`);
  return [
    ['chosen by', trial.sampler],
    ['why', trial.why],
    ['attempt', trial.attempt > 1 ? String(trial.attempt) : null],
    ['again of', typeof trial.retry_of === 'number' ? to(trial.retry_of)
      : null],
    ['id', trial.id],
    ['iteration', trial.iteration && String(trial.iteration)],
    ['tags', trial.tags?.join(', ')],
    ['created', when(trial.created)],
    ['started', when(trial.started)],
    ['ended', when(trial.ended)],
    ['lease ends', trial.state === 'running' ? when(trial.lease_expires)
      : null],
    ['stopped', trial.stop_reason],
  ];
}

const json = (name, value) => value === null || value === undefined ? null
  : h('details', {open: true}, h('summary', {}, name),
    h('pre', {tabindex: '0', 'aria-label': name},
      JSON.stringify(value, null, 1)));

// The file at an address among what a worker told, as a link.
const log = value => typeof value === 'string' && /^https?:\/\//.test(value)
  ? h('a', {href: value, target: '_blank', rel: 'noopener noreferrer'}, value)
  : null;

// Makes the drawer of a study. page.open(number) is called to go to another
// trial, page.set('trial') when it is closed.
export function trialDrawer(app, id, page) {
  const title = h('h2', {}, 'Trial');
  const state = h('span');
  const wrong = complaint();
  const body = h('div');
  const curve = plot('Reports of the trial', {kind: 'low'});
  const notes = notesCard(app, 'the trial', async text => {
    await changeTrial(id, shown, {notes: text});
    page.now();
  });
  const buttons = h('div', {class: 'buttons'});
  const element = h('aside', {class: 'drawer', 'aria-label': 'Trial',
    tabindex: '-1', hidden: true, onkeydown},
  h('div', {class: 'head'}, title, state, h('span', {class: 'grow'}),
    turner('‹', 'Trial before', -1), turner('›', 'Trial after', 1),
    h('button', {type: 'button', class: 'quiet', 'aria-label': 'Close',
      onclick: close}, '✕')),
  wrong, body, curve.element, notes.element, buttons);
  let shown = null;
  let study = null;
  let back = null; // what had the focus before

  function turner(text, label, step) {
    return h('button', {type: 'button', class: 'quiet', 'aria-label': label,
      onclick: () => turn(step)}, text);
  }

  function turn(step) {
    const to = shown + step;
    if (to >= 0 && to < study.trials.total)
      page.open(to);
  }

  function onkeydown(event) {
    if (event.target.closest('textarea, input, select, dialog'))
      return;
    const act = {Escape: close, '[': () => turn(-1), ']': () => turn(1)}[
      event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  function close() {
    element.hidden = true;
    shown = null;
    page.set('trial', null);
    if (back?.isConnected)
      back.focus();
  }

  async function act(what) {
    if (await attempt(app, wrong, what))
      page.now();
  }

  function fillButtons(trial) {
    const button = (text, onclick, kind) => h('button', {type: 'button',
      class: kind, onclick}, text);
    const running = ['running', 'queued'].includes(trial.state);
    const done = () => page.now();
    buttons.replaceChildren(
      button('Copy parameters', () => navigator.clipboard?.writeText(
        JSON.stringify(trial.params, null, 1)).then(() =>
        app.announce('Copied'))),
      ...maySteer(app.me, study) ? [
        !running && button('Run again', () => act(async () => {
          const {trial: next} = await rerunTrial(id, trial.number);
          app.announce(`Enqueued as trial ${next?.number ?? ''}`);
        })),
        running && button('Cancel it', () =>
          act(() => cancelTrial(id, trial.number)), 'danger'),
        !running && button('Amend…', () =>
          amendTrial(app, study, trial, done)),
        !running && button(trial.invalid ? 'Make valid again' : 'Invalidate…',
          () => trial.invalid
            ? act(() => changeTrial(id, trial.number, {invalid: false}))
            : invalidateTrial(app, study, trial, done), 'danger'),
      ].filter(Boolean) : []);
  }

  function fill(trial) {
    setText(title, `Trial ${trial.number}`);
    element.setAttribute('aria-label', `Trial ${trial.number}`);
    state.replaceChildren(badge(trial.state));
    body.replaceChildren(...[
      trial.invalid ? h('p', {class: 'wrong'},
        `Invalid: ${trial.invalid_reason ?? 'no reason given'}`) : null,
      trial.error ? h('pre', {class: 'fault', tabindex: '0',
        'aria-label': 'Error'}, trial.error) : null,
      facts(resultsOf(trial, study)),
      h('h3', {}, 'Parameters'), paramsOf(trial, study),
      h('h3', {}, 'Where it comes from'),
      facts(lineageOf(trial, number_ => page.open(number_))),
      facts(Object.entries({...trial.worker, ...trial.meta})
        .map(([name, value]) => [name, log(value)])),
      study.owner === null ? null : json('Worker', trial.worker),
      json('Outputs', trial.outputs), json('Meta', trial.meta),
      json('Environment', trial.env), json('Special', trial.special),
    ].filter(Boolean));
    const spec = curvesSpec({trials: [trial], best: trial.number, study});
    curve.element.hidden = spec.n === 0;
    if (spec.n > 0)
      curve.update({...spec, legend: []});
    notes.update(trial.notes, maySteer(app.me, study));
    fillButtons(trial);
  }

  async function load() {
    const wanted = shown;
    await attempt(app, wrong, async () => {
      const trial = await trialOf(id, wanted);
      if (wanted === shown)
        fill(trial);
    });
  }

  return {
    element,
    async show(number_, of) {
      study = of;
      if (element.hidden)
        back = document.activeElement;
      shown = number_;
      setText(title, `Trial ${number_}`);
      element.hidden = false;
      element.focus({preventScroll: true});
      await load();
    },
    refresh(of) {
      study = of;
      if (shown !== null)
        load();
    },
    stop: () => curve.stop(),
  };
}
