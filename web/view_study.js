// SPDX-License-Identifier: GPL-3.0-or-later
// view_study.js - one study: facts, history and trials

import {api} from './api.js';
import {budgetUse} from './budget.js';
import {historyChart} from './chart_history.js';
import {ago, badge, count, h, number, setText} from './dom.js';
import {figures} from './figures.js';
import {paretoFront} from './front.js';
import {poll} from './live.js';
import {dropPages, mergePage, newTrials, nextPage, points, progress}
  from './model.js';
import {emptyState, stateBar} from './parts.js';
import {may, mayShare, maySteer} from './people.js';
import {openSharing, visibilityOf} from './sharing.js';
import {trialsTable} from './table_trials.js';

const WAIT_S = 20; // for news of a study

function firstAsk(id) {
  return `curl -X POST -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" \\
  ${location.origin}/api/v1/studies/${id}/ask -d '{}'

# then tell the number that came back how it went:
curl -X POST -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" \\
  ${location.origin}/api/v1/studies/${id}/trials/0/tell -d '{"value": 0.5}'`;
}

function showFigures(row, study) {
  const {ended, limit} = progress(study);
  const {best, trials} = study;
  if (study.objectives.length === 1)
    row.set('best', best ? `best, trial ${best.number}` : 'best',
      number(best?.value));
  row.set('ended', limit ? `ended of ${count(limit)}` : 'ended',
    count(ended));
  for (const state of ['running', 'complete', 'pruned'])
    row.set(state, state, count(trials[state]));
  row.set('bad', 'failed or lost', count(trials.failed + trials.lost));
}

// 'ms ≤ 20', '1 ≤ mb ≤ 8'
function bounds({name, lower, upper}) {
  const at = value => value === null ? [] : [number(value)];
  return [...at(lower), name, ...at(upper)].join(' ≤ ');
}

function facts(study) {
  return [
    study.objectives.map(objective =>
      `${objective.direction} ${objective.name}`).join(', '),
    study.outcome_constraints.map(bounds).join(', '),
    study.constraints.join(', '),
    study.sampler?.name && `sampler ${study.sampler.name}`,
    study.pruner?.name && study.pruner.name !== 'nop' &&
      `pruner ${study.pruner.name}`,
    study.owner && `owner ${study.owner}`,
    visibilityOf(study),
    `created ${ago(study.created)}`,
    `changed ${ago(study.changed)}`,
  ].filter(Boolean).join(' · ');
}

// The buttons that pause, resume and stop; `done` is called after each.
function steering(id, app, done) {
  const button = (verb, text) => h('button', {type: 'button', hidden: true,
    onclick: () => steer(verb)}, text);
  const buttons = {
    pause: button('pause', 'Pause'),
    resume: button('resume', 'Resume'),
    stop: button('stop', 'Stop'),
  };

  async function steer(verb) {
    if (verb === 'stop' && !confirm('Stop this study? No more trials will ' +
        'be handed out; those that run may still end.'))
      return;
    try {
      await api.steer(id, verb);
      done();
    } catch (error) {
      app.complain(`Could not ${verb}: ${error.message}`);
    }
  }

  return {
    elements: Object.values(buttons),
    update(state, allowed) {
      const open = state === 'running' || state === 'paused';
      buttons.pause.hidden = !allowed || state !== 'running';
      buttons.resume.hidden = !allowed || state !== 'paused';
      buttons.stop.hidden = !allowed || !open;
    },
  };
}

export function mountStudy(main, app, argument) {
  const id = decodeURIComponent(argument);
  const trials = newTrials();
  const title = h('h1', {}, 'Study');
  const state = h('span');
  const about = h('p', {class: 'faint'});
  const budget = h('p', {class: 'faint', hidden: true});
  const reason = h('p', {hidden: true});
  const figureRow = figures();
  const bar = stateBar();
  const chart = historyChart();
  const history = h('section', {class: 'card', hidden: true,
    'aria-label': 'History'}, h('h2', {}, 'History'), chart.element);
  const front = paretoFront();
  const table = trialsTable();
  const empty = h('div', {class: 'card', hidden: true});
  const buttons = steering(id, app, () => poller.now());
  const log = h('a', {class: 'button', hidden: true,
    href: `#/study/${argument}/audit`}, 'Audit log');
  const share = h('button', {type: 'button', hidden: true,
    onclick: () => openSharing(app, seen, () => poller.now())}, 'Share…');
  let seen = null;
  table.element.hidden = true;
  main.append(h('div', {class: 'head'}, title, state,
    h('span', {class: 'grow'}), log, share, ...buttons.elements),
  about, budget, reason,
  h('div', {class: 'card'}, figureRow.element, bar.element),
  front.element, history, empty, table.element);

  function showStudy(study) {
    setText(title, study.name);
    if (seen?.name !== study.name)
      app.crumb(study.name);
    if (seen?.state !== study.state)
      state.replaceChildren(badge(study.state));
    setText(about, facts(study));
    setText(budget, budgetUse(study));
    budget.hidden = !budget.textContent;
    setText(reason, study.reason ?? '');
    reason.hidden = !study.reason;
    showFigures(figureRow, study);
    bar.update(study);
    buttons.update(study.state, maySteer(app.me, study));
    log.hidden = !mayShare(app.me, study);
    share.hidden = !mayShare(app.me, study);
    if (study.best && seen && seen.best?.number !== study.best.number)
      app.announce(`New best: ${number(study.best.value)}, ` +
        `trial ${study.best.number}`);
    seen = study;
  }

  function showTrials(study) {
    const list = points(trials);
    const objective = study.objectives?.[0];
    history.hidden = list.length === 0;
    table.element.hidden = trials.rows.length === 0;
    empty.hidden = trials.rows.length !== 0;
    if (!empty.hidden && !empty.hasChildNodes())
      empty.append(may(app.me, study, 'worker', 'ask')
        ? emptyState('No trials yet', 'Ask for a set of parameters, try it, ' +
          'and tell how it went. Put your token into CUMAE_TOKEN and try:',
        firstAsk(id)) : h('p', {}, 'No trials yet.'));
    chart.update(list, {
      name: objective?.name ?? 'value',
      direction: objective?.direction ?? 'minimize',
    });
    table.update(trials, study);
  }

  // One refresh; long studies appear page by page.
  async function refresh(signal) {
    const study = await api.study(id, signal);
    showStudy(study);
    if (trials.revision === study.revision)
      return;
    // Before the trials, whose last page says that all is up to date.
    const best = study.objectives.length > 1
      ? await api.pareto(id, signal) : null;
    let cursor = null;
    dropPages(trials);
    do {
      cursor = mergePage(trials,
        await api.trials(id, nextPage(trials, cursor), signal));
      showTrials(study);
    } while (cursor !== null);
    if (best)
      front.update(best, trials, study);
  }

  const news = signal => api.events(id,
    {since: seen.revision, wait_s: WAIT_S, limit: 1}, signal);

  const poller = poll(refresh, app.refreshed, news);
  return {
    title: 'Study',
    stop() {
      poller.stop();
      chart.stop();
    },
  };
}
