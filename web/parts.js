// SPDX-License-Identifier: GPL-3.0-or-later
// parts.js - pieces that several views share

import {h} from './dom.js';
import {STATES, progress} from './model.js';

// A bar of trials by state, out of the budget where there is one.
export function stateBar() {
  const parts = new Map(STATES.map(state =>
    [state, h('span', {class: `part ${state}`})]));
  const element = h('div', {class: 'states', role: 'img'},
    [...parts.values()]);

  function update(study) {
    const {limit} = progress(study);
    const whole = Math.max(limit ?? 0, study.trials.total, 1);
    const words = [];
    for (const [state, part] of parts) {
      const n = study.trials[state] ?? 0;
      // A property of the object model, which the policy for styles allows.
      part.style.width = `${100 * n / whole}%`;
      if (n)
        words.push(`${n} ${state}`);
    }
    const label = (words.join(', ') || 'no trials yet') +
      (limit ? ` of at most ${limit}` : '');
    element.setAttribute('aria-label', label);
    element.title = label;
  }
  return {element, update};
}

// What a new user reads where there is nothing yet.
export function emptyState(title, text, command) {
  return h('div', {class: 'empty'},
    h('h2', {}, title),
    h('p', {}, text),
    h('pre', {tabindex: '0', 'aria-label': 'Example command'}, command));
}

// A labelled <select>; options are [value, label].
export function choice(label, options, onchange) {
  const select = h('select', {onchange: () => onchange(select.value)},
    options.map(([value, text]) => h('option', {value}, text)));
  return h('label', {class: 'field'}, h('span', {class: 'unseen'}, label),
    select);
}
