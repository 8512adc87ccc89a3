// SPDX-License-Identifier: GPL-3.0-or-later
// budget.js - what a study has used of its budget, in words; no DOM

import {count, number} from './dom.js';

// '3 of 200 trials · cost 2.5 of 10'; empty where there is nothing to say.
export function budgetUse({budget, budget_used: used, iteration, trials}) {
  const {max_trials: most, max_running: atOnce, max_failed: failures,
    patience, deadline, target, max_cost: limit} = budget;
  const cost = number(used.cost);
  return [
    most && `${count(used.trials)} of ${count(most)} trials handed out`,
    atOnce && `${count(trials.running)} of ${count(atOnce)} running`,
    limit ? `cost ${cost} of ${number(limit)}`
      : used.cost > 0 && `cost ${cost}`,
    iteration && `iteration ${count(iteration.number)} of ` +
      `${count(iteration.points)} points each`,
    deadline && `until ${deadline.slice(0, 16).replace('T', ' ')} UTC`,
    target !== null && `ends at ${number(target)}`,
    patience && `ends after ${count(patience)} results without a new best`,
    failures && `ends after ${count(failures)} failures`,
  ].filter(Boolean).join(' · ');
}
