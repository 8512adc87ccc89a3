// SPDX-License-Identifier: GPL-3.0-or-later
// view_study.js - the overview of a study

import {api} from './api.js';
import {importancesOf, trialOf} from './api_study.js';
import {bars} from './bars.js';
import {curvesSpec} from './chart_curves.js';
import {allPositive, historySpec} from './chart_history.js';
import {TIMELINE_COLUMNS, timelineSpec} from './chart_timeline.js';
import {column, completed, counts, labelOf, pick, stateName}
  from './columns.js';
import {count, duration, h, number} from './dom.js';
import {figures} from './figures.js';
import {paretoFront} from './front.js';
import {latestTrials, namesWorkers} from './latest.js';
import {progress} from './model.js';
import {notesCard} from './notes.js';
import {choice, emptyState, stateBar} from './parts.js';
import {may, maySteer} from './people.js';
import {plot} from './plot.js';
import {studyPage} from './study_page.js';
import {valueColumns} from './study_data.js';

const LATEST = 10;
const CURVES = 60;
const CAUSES = 6;
const SPANS = [['3600000', 'last hour'], ['86400000', 'last day'],
  ['604800000', 'last week'], ['', 'all the time']];

function firstAsk(id) {
  return `curl -X POST -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" \\
  ${location.origin}/api/v1/studies/${id}/ask -d '{}'

# then tell the number that came back how it went:
curl -X POST -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" \\
  ${location.origin}/api/v1/studies/${id}/trials/0/tell -d '{"value": 0.5}'`;
}

const card = (title, ...content) => h('section', {class: 'card',
  'aria-label': title, hidden: true}, h('h2', {}, title), content);

// Trials that ended in the last hour, or since the first one began.
function rate(data, now) {
  const ended = column(data, 'ended');
  const started = column(data, 'started');
  let first = now;
  let n = 0;
  for (let i = 0; i < data.n; i++) {
    first = Math.min(first, started[i] || now);
    n += started[i] > 0 && ended[i] > now - 3600e3;
  }
  return n / Math.min(Math.max((now - first) / 3600e3, 1 / 60), 1);
}

function showFigures(row, study, data, now) {
  const {ended, limit} = progress(study);
  const {best, trials} = study;
  const perHour = rate(data, now);
  if (study.objectives.length === 1)
    row.set('best', best ? `best, trial ${best.number}` : 'best',
      number(best?.value));
  row.set('ended', limit ? `ended of ${count(limit)}` : 'ended',
    count(ended));
  for (const state of ['running', 'complete', 'pruned'])
    row.set(state, state, count(trials[state]));
  row.set('bad', 'failed or lost', count(trials.failed + trials.lost));
  row.set('rate', 'ended per hour', count(Math.round(perHour)));
  const left = limit && study.state === 'running' ? limit - ended : 0;
  row.set('end', 'to the expected end', left > 0 && perHour > 0
    ? duration(3600 * left / perHour) : '–');
}

// The most frequent remarks of trials that failed or were lost.
function causes(data) {
  const found = new Map();
  let total = 0;
  for (const i of pick(data, counts(data))) {
    const state = stateName(data, i);
    if (state !== 'failed' && state !== 'lost')
      continue;
    const text = labelOf(data, 'remark', i)?.split('\n')[0] ??
      (state === 'lost' ? 'the lease ran out' : 'no reason was told');
    found.set(text, (found.get(text) ?? 0) + 1);
    total++;
  }
  return [...found].sort((a, b) => b[1] - a[1]).slice(0, CAUSES)
    .map(([name, n]) => ({name, part: n / total, text: count(n)}));
}

// The card with a bar for each parameter; measured again when a twentieth more
// trials are complete.
function importanceCard(id) {
  const list = h('div');
  const about = h('p', {class: 'faint'});
  const element = card('Importance', list, about);
  let measured = 0;
  return {
    element,
    async update(study, signal) {
      const {complete} = study.trials;
      if (complete < 4 || complete < 1.05 * measured)
        return;
      const {importances, n_trials: n} = await importancesOf(id, {}, signal);
      measured = complete;
      element.hidden = importances.length === 0;
      list.replaceChildren(bars('Importance of each parameter',
        importances.slice(0, 12).map(({name, importance}) =>
          ({name, part: importance, text: importance.toFixed(2)}))));
      about.textContent = `for ${study.objectives[0].name}, by fANOVA from ` +
        `${count(n)} trials`;
    },
  };
}

function bestCard(page) {
  const list = h('div');
  const about = h('p', {class: 'faint'});
  const element = card('Best trial', list, about);
  let shown = null;
  return {
    element,
    async update(study, id, signal) {
      const key = JSON.stringify(study.best);
      element.hidden = !study.best;
      if (!study.best || key === shown)
        return;
      const trial = await trialOf(id, study.best.number, signal);
      shown = key;
      list.replaceChildren(h('dl', {class: 'facts'},
        Object.entries(trial.params).map(([name, value]) =>
          [h('dt', {}, name), h('dd', {class: 'value'},
            typeof value === 'number' ? number(value) : String(value))])));
      about.replaceChildren(h('button', {type: 'button', class: 'link',
        onclick: () => page.open(trial.number)}, `trial ${trial.number}`),
      ` with ${number(study.best.value)}`);
    },
  };
}

// The parts that are made once.
function overview({app, id, query, page}) {
  const open = number_ => page.open(number_);
  const figureRow = figures();
  const bar = stateBar();
  const log = h('input', {type: 'checkbox',
    onchange() {
      page.set('log', log.checked ? '1' : null);
      page.redraw();
    }});
  const logField = h('label', {class: 'check'}, log, ' log scale');
  log.checked = query.get('log') === '1';
  const chart = plot('History', {extra: [logField]});
  const history = card('History', chart.element);
  const importance = importanceCard(id);
  const best = bestCard(page);
  const curves = plot('Intermediate values');
  const curvesCard = card('Intermediate values', curves.element);
  const spans = choice('Span', SPANS, () => page.redraw());
  spans.querySelector('select').value = '';
  const timeline = plot('Workers', {extra: [spans]});
  const timelineCard = card('Workers', timeline.element);
  const failures = h('div');
  const failureCard = card('Failures', failures);
  const front = paretoFront(open);
  const notes = notesCard(app, 'the study', async text => {
    await api.changeStudy(id, {notes: text});
    page.now();
  });
  const latest = latestTrials(open,
    `#/study/${encodeURIComponent(id)}/trials`);
  const empty = h('div', {class: 'card', hidden: true});
  const element = h('div', {},
    h('div', {class: 'card'}, figureRow.element, bar.element), empty,
    front.element,
    h('div', {class: 'cards'},
      h('div', {}, history, curvesCard, timelineCard),
      h('div', {}, importance.element, best.element, failureCard)),
    notes.element, latest.element);
  let seen = null;

  function showEmpty(study) {
    empty.hidden = study.trials.total !== 0;
    if (!empty.hidden && !empty.hasChildNodes())
      empty.append(may(app.me, study, 'worker', 'ask')
        ? emptyState('No trials yet', 'Ask for a set of parameters, try it, ' +
          'and tell how it went. Put your token into CUMAE_TOKEN and try:',
        firstAsk(id)) : h('p', {}, 'No trials yet.'));
  }

  function showCharts({study, data}) {
    const values = column(data, 'value.0');
    const valid = counts(data);
    const chosen = pick(data, i => valid(i) && values[i] === values[i]);
    history.hidden = chosen.length === 0;
    log.disabled = !allPositive(data, 0, chosen);
    logField.title = log.disabled ? 'needs positive values' : '';
    chart.update(historySpec({data, study, chosen, open,
      log: log.checked && !log.disabled}));
    const span = spans.querySelector('select').value;
    const times = timelineSpec({data, now: Date.now(), open,
      span_ms: Number(span || Infinity), named: namesWorkers(study)});
    timelineCard.hidden = times.n === 0 && !span;
    timeline.update(times);
    const found = causes(data);
    failureCard.hidden = found.length === 0;
    failures.replaceChildren(bars('Failures by cause', found, true));
  }

  // Reports come with the trials that they belong to: the latest ones, and the
  // best, the rest being many.
  async function showTrials({study, signal}) {
    const wanted = study.pruner?.name === 'nop' ? LATEST : CURVES;
    const {trials} = await api.trials(id,
      {limit: wanted, order: 'desc', reports: 1}, signal);
    latest.update(trials.slice(0, LATEST), study);
    const number_ = study.best?.number ?? null;
    const list = number_ === null ||
      trials.some(trial => trial.number === number_) ? trials
      : [...trials, await trialOf(id, number_, signal)];
    const spec = curvesSpec({trials: list, best: number_, study, open});
    curvesCard.hidden = spec.n === 0;
    if (spec.n > 0)
      curves.update(spec);
  }

  async function showFront({study, data, signal}) {
    if (study.objectives.length < 2)
      return;
    const answer = await api.pareto(id, signal);
    const members = new Set(answer.trials.map(trial => trial.number));
    const others = pick(data, completed(data, 'value.0'));
    front.update(answer, Array.from(others.filter(i => !members.has(i))
      .slice(-3000), i => ({number: i, values: study.objectives.map((_, k) =>
      column(data, `value.${k}`)[i])})), study);
  }

  page.redraw = () => seen && showCharts(seen);
  return {
    element,
    columns: study =>
      [...valueColumns(study), ...TIMELINE_COLUMNS, 'remark'],
    partial({study, data}) {
      showCharts({study, data});
    },
    async update(now) {
      const {study, data, changed, signal} = now;
      seen = now;
      showFigures(figureRow, study, data, Date.now());
      bar.update(study);
      notes.update(study.notes, maySteer(app.me, study));
      showEmpty(study);
      if (!changed)
        return;
      showCharts(now);
      await showTrials(now);
      await best.update(study, id, signal);
      await showFront(now);
      await importance.update(study, signal);
    },
    stop() {
      for (const each of [chart, curves, timeline, front])
        each.stop();
    },
  };
}

export const mountStudy = (main, app, argument) =>
  studyPage(main, app, argument, '', overview);
