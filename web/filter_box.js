// SPDX-License-Identifier: GPL-3.0-or-later
// filter_box.js - a field in which a filter is written, and what is wrong in it

import {h, setText} from './dom.js';

const HELP = 'Words that must all hold: a state (complete, pruned …), ' +
  'a comparison such as lr<1e-3, value>=0.2, model=tree, worker~gpu or ' +
  'remark~memory, numbers as #100..200, or best.';

const PAUSE_MS = 120; // of who writes, before what is written is applied

// Makes the box. changed(text) is called while it is written in. say(text,
// wrong) tells how many trials it leaves, or what is wrong.
export function filterBox(text, changed) {
  let timer = 0;
  const input = h('input', {type: 'search', class: 'filter',
    spellcheck: 'false', autocapitalize: 'off', 'aria-label': 'Filter trials', title: HELP,
    'aria-describedby': 'filter-says',
    placeholder: 'complete lr<1e-3 value<0.2',
    oninput() {
      clearTimeout(timer);
      timer = setTimeout(() => changed(input.value.trim()), PAUSE_MS);
    }});
  const says = h('span', {class: 'says', id: 'filter-says', role: 'status'});
  input.value = text;
  return {
    elements: [input, says],
    input,
    set(next) {
      input.value = next;
      changed(next);
    },
    say(told, wrong = false) {
      setText(says, told);
      says.classList.toggle('bad', wrong);
      input.setAttribute('aria-invalid', String(wrong));
    },
  };
}
