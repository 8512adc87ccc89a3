// SPDX-License-Identifier: GPL-3.0-or-later
// panel.js - pieces of the administration pages

import {h, moment} from './dom.js';

const shown = new WeakMap(); // what each element was filled with

// Fills the element with make(data) if the data are not those of last time: a
// refresh that changes nothing leaves focus and selection alone.
export function refill(element, data, make) {
  const key = JSON.stringify(data);
  if (shown.get(element) === key)
    return;
  shown.set(element, key);
  element.replaceChildren(...[make(data)].flat().filter(Boolean));
}

// A table in a frame that scrolls sideways. heads are [text, class]; rows are
// lists of cells, of which the first names the row.
export function table(caption, heads, rows) {
  const cell = (content, i) => i === 0
    ? h('th', {scope: 'row', class: heads[i][1]}, content)
    : h('td', {class: heads[i][1]}, content);
  const head = ([text, name]) => text
    ? h('th', {scope: 'col', class: name}, text) : h('td');
  return h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': caption},
  h('table', {}, h('caption', {class: 'unseen'}, caption),
    h('thead', {}, h('tr', {}, heads.map(head))),
    h('tbody', {}, rows.map(cells => h('tr', {}, cells.map(cell))))));
}

// The address of a view with what is given of these values.
export function address(path, values) {
  const given = Object.entries(values).filter(([, value]) => value);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

// Links to the first and to the next page of a list, none on a single page.
export function pager(path, filter, next) {
  const link = (text, cursor) => h('a', {class: 'button',
    href: address(path, {...filter, cursor})}, text);
  return filter.cursor || next
    ? h('nav', {class: 'pager', 'aria-label': 'Pages'},
      filter.cursor ? link('First page', null) : null,
      next ? link('Next page', next) : null)
    : null;
}

// A time as clock and calendar of the reader have it.
export const exact = time => new Date(time).toLocaleString('en-GB',
  {dateStyle: 'medium', timeStyle: 'medium'});

export const when = time => time ? moment(time, exact) : 'never';

export const userLink = name =>
  h('a', {href: `#/admin/users/${encodeURIComponent(name)}`}, name);
