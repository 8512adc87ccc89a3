// SPDX-License-Identifier: GPL-3.0-or-later
// dialog.js - a dialog over the page
//
// The browser keeps the focus inside, closes it on Escape and gives the focus
// back. A dialog is a child of <main>, so it goes when the view does.

import {form} from './form.js';
import {h} from './dom.js';

// Shows a dialog; it is removed when it is closed. closed() is called then.
export function openDialog(title, content, closed = () => {}) {
  const element = h('dialog', {'aria-label': title,
    onclose(event) {
      if (event.target !== element)
        return;
      element.remove();
      closed();
    }},
  h('div', {class: 'head'}, h('h2', {}, title), h('span', {class: 'grow'}),
    h('button', {type: 'button', class: 'quiet', 'aria-label': 'Close',
      onclick: () => element.close()}, '✕')),
  content);
  document.getElementById('main').append(element);
  element.showModal();
  return element;
}

// Asks before something that cannot be undone, and does it: act() may throw
// what is then said in the dialog. done() follows when the dialog has gone.
export function confirmed(app, {title, text, verb, act, done}) {
  const dialog = openDialog(title, [
    h('p', {}, text),
    form(app, {submit: verb, danger: true, async send() {
      await act();
      dialog.addEventListener('close', () => done?.());
      dialog.close();
    }}, h('button', {type: 'button', onclick: () => dialog.close()}, 'Cancel')),
  ]);
}
