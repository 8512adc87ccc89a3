// SPDX-License-Identifier: GPL-3.0-or-later
// rows.js - small tables that become lists on a phone
//
// The roles are written out, since browsers drop them from a table whose rows
// are no table rows for the style sheet.

import {h} from './dom.js';

// A table of `columns` (their names; '' for buttons) and rows of cells, each
// text or nodes. The first cell of a row is its head.
export function rowTable(caption, columns, rows) {
  const cell = (content, i) => i === 0
    ? h('th', {role: 'rowheader', scope: 'row'}, content)
    : h('td', {role: 'cell', 'data-label': columns[i],
      class: columns[i] ? null : 'acts'}, content && h('div', {}, content));
  return h('table', {class: 'stack', role: 'table'},
    h('caption', {class: 'unseen'}, caption),
    h('thead', {role: 'rowgroup'}, h('tr', {role: 'row'}, columns.map(name =>
      name ? h('th', {scope: 'col', role: 'columnheader'}, name)
        : h('td', {role: 'cell'})))),
    h('tbody', {role: 'rowgroup'}, rows.map(cells =>
      h('tr', {role: 'row'}, cells.map(cell)))));
}

export function button(text, label, onclick) {
  return h('button', {type: 'button', 'aria-label': label, onclick}, text);
}
