// SPDX-License-Identifier: GPL-3.0-or-later
// model.js - what is known about a study's trials; no DOM, no network
//
// Trial numbers are dense from 0, so `rows[number]` is the trial, or nothing
// when it was deleted. A refresh
// asks for what changed after `revision` in pages of ascending numbers. A
// trial can change behind a page that was already read; so the revision that
// counts is the one of the first page, and what changed since is read again
// next time.

export const STATES = ['complete', 'pruned', 'running', 'queued', 'failed',
  'infeasible', 'lost', 'cancelled'];

export function newTrials() {
  return {rows: [], revision: null, pending: null};
}

// What to ask the service for next: the filter of GET .../trials.
export function nextPage(trials, cursor) {
  return {limit: 1000, order: 'asc', since: trials.revision, deleted: 1,
    cursor};
}

// Takes in one page. Returns the cursor of the next page, or null after the
// last one, when the revision moves on.
export function mergePage(trials, page) {
  trials.pending ??= page.revision;
  for (const trial of page.trials)
    trials.rows[trial.number] = trial.deleted ? null : trial;
  if (page.next)
    return page.next;
  trials.revision = trials.pending;
  trials.pending = null;
  return null;
}

// Forgets a refresh that broke off in the middle.
export function dropPages(trials) {
  trials.pending = null;
}

export const valueOf = trial => trial.values?.[0] ?? null;

// Trials with a value that informs, by number: {number, value, state, trial}.
export function points(trials) {
  const found = [];
  for (const trial of trials.rows) {
    const value = trial && !trial.invalid ? valueOf(trial) : null;
    if (value !== null)
      found.push({number: trial.number, value, state: trial.state, trial});
  }
  return found;
}

// The best complete value so far, one corner per improvement.
export function bestSoFar(list, direction) {
  const better = direction === 'maximize' ? (a, b) => a > b : (a, b) => a < b;
  const corners = [];
  for (const {number, value, state} of list) {
    const last = corners.at(-1);
    if (state === 'complete' && (!last || better(value, last.value)))
      corners.push({number, value});
  }
  return corners;
}

const KEYS = {
  number: trial => trial.number,
  value: valueOf,
  state: trial => STATES.indexOf(trial.state),
};

// The trials of that state (null: all), sorted by number, value or state;
// those without a value come last in both directions, equals by number.
export function arrange(trials, {key, descending, state}) {
  const get = KEYS[key];
  const sign = descending ? -1 : 1;
  return trials.rows
    .filter(trial => trial && (!state || trial.state === state))
    .sort((a, b) => {
      const x = get(a);
      const y = get(b);
      if (x === null || y === null)
        return (x === null) - (y === null) || a.number - b.number;
      return sign * (x - y) || a.number - b.number;
    });
}

// Seconds that a trial ran; null when it has not ended.
export function wallTime(trial) {
  if (trial.wall_s !== null && trial.wall_s !== undefined)
    return trial.wall_s;
  if (!trial.ended || !trial.started)
    return null;
  return (Date.parse(trial.ended) - Date.parse(trial.started)) / 1000;
}

// How far a study is: the ended trials, of how many (null: no budget).
export function progress(study) {
  const {total, queued, running} = study.trials;
  return {
    ended: total - queued - running,
    limit: study.budget?.max_trials ?? null,
  };
}
