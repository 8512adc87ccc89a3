// SPDX-License-Identifier: GPL-3.0-or-later
// form.js - forms that say beside themselves what was wrong

import {ApiError} from './api.js';
import {h, setText} from './dom.js';
import {VALIDITIES} from './people.js';

export function complaint() {
  return h('p', {class: 'wrong', role: 'alert', hidden: true});
}

// Does something; what the service has against it is said in `wrong`. Returns
// whether it was done.
export async function attempt(app, wrong, act) {
  wrong.hidden = true;
  try {
    await act();
    return true;
  } catch (error) {
    if (error.name === 'AbortError')
      return false;
    if (!(error instanceof ApiError))
      throw error;
    if (!app.ended(error)) {
      setText(wrong, error.message);
      wrong.hidden = false;
    }
    return false;
  }
}

// The control that a problem is about: its text begins with the name.
function blamed(element, text) {
  const control = element.elements.namedItem(text.match(/^\w*/)[0]);
  return control instanceof HTMLElement ? control : null;
}

// Makes a form. `send` is called with its controls by name, once at a time.
export function form(app, {submit, send, danger}, ...content) {
  const wrong = complaint();
  const button = h('button', {type: 'submit',
    class: danger ? 'danger' : 'primary'}, submit);
  let busy = false;

  async function onsubmit(event) {
    event.preventDefault();
    if (busy)
      return;
    busy = true;
    for (const control of element.elements)
      control.removeAttribute('aria-invalid');
    const done = await attempt(app, wrong, () => send(element.elements))
      .finally(() => busy = false);
    const control = done ? null : blamed(element, wrong.textContent);
    control?.setAttribute('aria-invalid', 'true');
    control?.focus();
  }

  const buttons = content.filter(child => child?.tagName === 'BUTTON');
  const element = h('form', {onsubmit},
    content.filter(child => !buttons.includes(child)), wrong,
    h('div', {class: 'buttons'}, button, buttons));
  return element;
}

let fields = 0;

// A control with its name above it, and what there is to know below.
export function field(label, control, hint) {
  control.id = `field-${++fields}`;
  const about = hint && h('span', {class: 'faint', id: `${control.id}-hint`},
    hint);
  if (about)
    control.setAttribute('aria-describedby', about.id);
  return h('div', {class: 'field'}, h('label', {for: control.id}, label),
    control, about);
}

export function select(name, options, props) {
  return h('select', {name, ...props}, options.map(([value, text]) =>
    h('option', {value}, text)));
}

const day = ms => new Date(ms).toISOString().slice(0, 10);

// How long something is to be valid: {elements, value()}. `others` are further
// choices, of which '' stands for what the service does when it is not told.
export function validity(standard, others = []) {
  const now = Date.now();
  const date = h('input', {type: 'date', name: 'date',
    min: day(now + 86400e3), max: day(now + 364 * 86400e3)});
  const until = field('Until the end of (UTC)', date);
  const choice = select('expires', [...others, ...VALIDITIES,
    ['date', 'until a date']], {onchange: show});
  choice.value = standard;

  function show() {
    until.hidden = choice.value !== 'date';
    date.required = !until.hidden;
  }
  show();
  return {
    elements: [field('Valid for', choice), until],
    value: () => choice.value === 'date' ? `${date.value}T23:59:59Z`
      : choice.value || undefined,
  };
}
