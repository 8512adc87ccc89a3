// SPDX-License-Identifier: GPL-3.0-or-later
// theory_form.js - where somebody types the curve of a theory, or opens a file
//
// The text stays in the address, so a link to the view shows it too; one that
// is too long for an address is shown, but not kept.

import {h, setText} from './dom.js';
import {complaint, field} from './form.js';
import {parseCurve} from './theory.js';

const LONGEST = 4000; // characters that an address bears

// Makes the form. `chosen` are options with theory; changed() is called when
// curve() returns another one.
export function theoryForm(chosen, changed) {
  const wrong = complaint();
  const hint = h('p', {class: 'faint', role: 'status'});
  const text = h('textarea', {rows: '6', spellcheck: 'false',
    oninput: () => use(text.value)});
  const file = h('input', {type: 'file', accept: '.csv,.txt,text/*',
    async onchange() {
      text.value = await file.files[0]?.text() ?? '';
      use(text.value);
    }});
  let curve = [];

  function use(told) {
    wrong.hidden = true;
    try {
      curve = parseCurve(told);
    } catch (error) {
      setText(wrong, error.message);
      wrong.hidden = false;
      return;
    }
    const kept = told.length <= LONGEST;
    chosen.set({theory: kept ? told.trim() : ''});
    setText(hint, curve.length === 0 ? ''
      : `${curve.length} points` + (kept ? ', kept in the address of this page'
        : '; too long to be kept in the address of this page'));
    changed();
  }

  text.value = chosen.values.theory;
  const element = h('details', {class: 'theory-form',
    open: Boolean(text.value)}, h('summary', {}, 'Theory curve'),
  field('x and y in each line', text, 'Numbers with a comma or a space ' +
    'between, such as 100, 0.5'), field('or from a file', file), hint, wrong);
  if (text.value)
    use(text.value);
  return {element, curve: () => curve};
}
