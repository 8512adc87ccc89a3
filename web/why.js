// SPDX-License-Identifier: GPL-3.0-or-later
// why.js - why nothing is being handed out, in a sentence; no DOM

import {count, number} from './dom.js';

const STATES = {
  paused: 'Nothing is handed out: the study is paused',
  draining: 'Nothing more is handed out: what runs may still end',
  finished: 'Nothing more is handed out: the study has ended',
};

function iterationWaits({iteration, trials}) {
  if (!iteration?.number || trials.queued > 0)
    return false;
  const {points, trigger_fraction: part} = iteration;
  return trials.running > (1 - part) * points &&
    trials.total >= iteration.number * points;
}

// Null while trials are handed out to whoever asks.
export function whyNothing(study) {
  const {budget, budget_used: used, trials, state, reason} = study;
  if (state !== 'running')
    return `${STATES[state]}${reason ? `: ${reason}` : ''}.`;
  if (budget.max_running && trials.running >= budget.max_running)
    return `Nothing is handed out for now: ${count(trials.running)} trials ` +
      `run, and max_running is ${count(budget.max_running)}.`;
  if (budget.max_cost && used.cost >= budget.max_cost)
    return `Nothing is handed out: ${number(used.cost)} of max_cost ` +
      `${number(budget.max_cost)} was spent.`;
  if (budget.max_trials && used.trials >= budget.max_trials)
    return 'No new points are handed out: all ' +
      `${count(budget.max_trials)} of max_trials were.`;
  if (iterationWaits(study))
    return `Nothing is handed out for now: iteration ` +
      `${count(study.iteration.number)} waits for its trials to end.`;
  return null;
}
