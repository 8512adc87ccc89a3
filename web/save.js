// SPDX-License-Identifier: GPL-3.0-or-later
// save.js - what is shown, as a file

import {h} from './dom.js';

const QUOTED = /[",\n\r]/;

// Rows of cells as CSV (RFC 4180), null as nothing.
export function csv(head, rows) {
  const cell = value => {
    const text = value === null || value === undefined ||
      Number.isNaN(value) ? '' : String(value);
    return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [head.map(cell).join(',')];
  for (const row of rows)
    lines.push(row.map(cell).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

export function saveFile(name, type, content) {
  const href = URL.createObjectURL(new Blob([content], {type}));
  h('a', {href, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}

// A name for a file of something with this title.
export const fileName = (title, ending) =>
  `${title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}` +
  `.${ending}`;

// A small menu; entries are [text, what it does].
export function saveMenu(title, entries) {
  const menu = h('details', {class: 'save', onkeydown(event) {
    if (event.key === 'Escape' && menu.open) {
      menu.open = false;
      menu.querySelector('summary').focus();
    }
  }, onfocusout(event) {
    if (!menu.contains(event.relatedTarget))
      menu.open = false;
  }},
  h('summary', {'aria-label': `Save ${title}`}, 'Save'),
  h('div', {}, entries.map(([text, act]) => h('button', {type: 'button',
    onclick() {
      menu.open = false;
      act();
    }}, text))));
  return menu;
}
