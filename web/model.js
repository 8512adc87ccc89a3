// SPDX-License-Identifier: GPL-3.0-or-later
// model.js - what trials and studies say of themselves; no DOM, no network

export const STATES = ['complete', 'pruned', 'running', 'queued', 'failed',
  'infeasible', 'lost', 'cancelled'];

export const valueOf = trial => trial.values?.[0] ?? null;

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
