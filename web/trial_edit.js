// SPDX-License-Identifier: GPL-3.0-or-later
// trial_edit.js - dialogs that change a trial

import {changeTrial} from './api_study.js';
import {openDialog} from './dialog.js';
import {h} from './dom.js';
import {field, form, select} from './form.js';

const STATES = ['complete', 'pruned', 'failed', 'infeasible'];

// Asks why, and takes the trial out of all that learns from results.
export function invalidateTrial(app, study, trial, done) {
  const dialog = openDialog(`Invalidate trial ${trial.number}`, [
    h('p', {}, 'It keeps all it has, and informs nobody any more: no ' +
      'sampler, no pruner, no best. You may make it valid again.'),
    form(app, {submit: 'Invalidate', danger: true, async send({reason}) {
      await changeTrial(study.id, trial.number,
        {invalid: true, reason: reason.value, revision: trial.revision});
      dialog.close();
      done();
    }}, field('Reason', h('input', {name: 'reason', maxlength: 1000,
      required: true}))),
  ]);
}

// Corrects the state, the values or the tags of a trial that ended.
export function amendTrial(app, study, trial, done) {
  const state = select('state', STATES.map(name => [name, name]));
  const values = study.objectives.map(({name}, k) => {
    const input = h('input', {name: `value.${k}`, type: 'number', step: 'any'});
    input.value = trial.values?.[k] ?? '';
    return field(name, input);
  });
  const tags = h('input', {name: 'tags'});
  state.value = STATES.includes(trial.state) ? trial.state : 'failed';
  tags.value = (trial.tags ?? []).join(', ');

  async function send(controls) {
    const told = study.objectives.map((_, k) => controls[`value.${k}`].value);
    const changes = {revision: trial.revision};
    const labels = tags.value.split(',').map(tag => tag.trim()).filter(Boolean);
    if (labels.join() !== (trial.tags ?? []).join())
      changes.tags = labels;
    if (state.value !== trial.state)
      changes.state = state.value;
    if (told.every(text => text !== '') && state.value !== 'failed' &&
      told.some((text, k) => Number(text) !== trial.values?.[k]))
      changes.values = told.map(Number);
    await changeTrial(study.id, trial.number, changes);
    dialog.close();
    done();
  }

  const dialog = openDialog(`Amend trial ${trial.number}`, [
    h('p', {}, 'What learnt from the old result is learnt anew. The change ' +
      'is written into the events of the study.'),
    form(app, {submit: 'Save', send}, field('State', state), ...values,
      field('Tags', tags, 'with commas between them')),
  ]);
}
