// SPDX-License-Identifier: GPL-3.0-or-later
// notes.js - a card with notes that may be changed by those who may

import {complaint, attempt} from './form.js';
import {h} from './dom.js';
import {markdown} from './markdown.js';

// save(text) writes them; it may throw what is then said. update(text, may)
// shows what there is, unless somebody is writing.
export function notesCard(app, what, save) {
  const shown = h('div', {class: 'markdown'});
  const area = h('textarea', {rows: 10, 'aria-label': `Notes on ${what}`});
  const wrong = complaint();
  const edit = h('button', {type: 'button', onclick: () => open(true)}, 'Edit');
  const editor = h('div', {class: 'editor', hidden: true}, area,
    h('p', {class: 'faint'}, 'Markdown: **strong**, *emphasis*, `code`, ' +
      '# heading, - list, [link](https://…)'), wrong,
    h('div', {class: 'buttons'},
      h('button', {type: 'button', class: 'primary', onclick: keep}, 'Save'),
      h('button', {type: 'button', onclick: () => open(false)}, 'Cancel')));
  const element = h('section', {class: 'card', 'aria-label': 'Notes',
    hidden: true},
  h('div', {class: 'tools'}, h('h2', {}, 'Notes'), edit), shown, editor);
  let text = null;

  function open(editing) {
    editor.hidden = !editing;
    shown.hidden = edit.hidden = editing;
    area.value = text ?? '';
    (editing ? area : edit).focus();
  }

  async function keep() {
    if (!await attempt(app, wrong, () => save(area.value)))
      return;
    show(area.value);
    open(false);
  }

  function show(next) {
    if (next === text)
      return;
    text = next;
    shown.replaceChildren(...text ? markdown(text)
      : [h('p', {class: 'faint'}, 'None yet.')]);
  }

  return {
    element,
    update(next, may) {
      element.hidden = !next && !may;
      edit.hidden = !may || !editor.hidden;
      show(next ?? '');
    },
  };
}
