// SPDX-License-Identifier: GPL-3.0-or-later
// secret.js - a secret that is shown once
//
// It lives in the page alone, and goes with the element.

import {h, setText} from './dom.js';

// A line of text with a button that copies it. Without https the page may not
// write to the clipboard: then the text is selected.
export function copyable(label, text) {
  const code = h('code', {class: 'secret', tabindex: '0', role: 'textbox',
    'aria-readonly': 'true', 'aria-label': label}, text);
  const said = h('span', {class: 'faint', role: 'status'});

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setText(said, 'Copied.');
    } catch {
      getSelection().selectAllChildren(code);
      setText(said, 'Selected: copy it with the keyboard.');
    }
  }

  return h('div', {class: 'copyable'}, h('span', {class: 'faint'}, label),
    h('div', {}, code, h('button', {type: 'button', onclick: copy,
      'aria-label': `Copy: ${label}`}, 'Copy')), said);
}

// What to do with a new token.
export function newToken(token) {
  return [
    h('p', {}, 'This is shown once. Copy it now: the service keeps only a ' +
      'digest of it, so nobody can show it again.'),
    copyable('The token', token.token),
    copyable('For the environment of a job',
      `export CUMAE_TOKEN=${token.token}`),
  ];
}
