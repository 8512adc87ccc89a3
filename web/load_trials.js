// SPDX-License-Identifier: GPL-3.0-or-later
// load_trials.js - the trials of a study, brought up to date over the network
//
// A trial can change behind a page that was already read, so the revision from
// which the next refresh goes on is that of the first page.

import {api} from './api.js';

const PAGE = 1000;

// rows[number] is a trial as lists have it, null when it was deleted.
export const noTrials = () => ({rows: [], revision: null});

// Takes in what changed since last time, page by page.
export async function loadTrials(trials, id, signal) {
  const since = trials.revision;
  let first = null;
  let cursor = null;
  do {
    const page = await api.trials(id, {limit: PAGE, order: 'asc', since,
      deleted: 1, cursor}, signal);
    first ??= page.revision;
    for (const trial of page.trials)
      trials.rows[trial.number] = trial.deleted ? null : trial;
    cursor = page.next;
  } while (cursor);
  trials.revision = first;
}
