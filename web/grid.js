// SPDX-License-Identifier: GPL-3.0-or-later
// grid.js - a table of any number of rows, of which only those in sight exist
//
// The pattern of a grid for assistive technology: it says how many rows there
// are and which one is meant; arrows, Page, Home and End move, Enter opens.
// columns: [{key, title, wide (px), num, cell(i), sortable}]; rows are the
// numbers of trials, in the order in which they are shown.

import {h} from './dom.js';

const ROW = 34;
const SPARE = 6; // rows beyond the edges, so that scrolling shows no gaps
const TALLEST = 8e6; // pixels that every browser can scroll

// Makes the grid. sorted(key) is told when a head is pressed, opened(number)
// when a row is.
export function grid(label, {sorted, opened}) {
  const head = h('div', {role: 'row', class: 'grid-row grid-head',
    'aria-rowindex': '1'});
  const body = h('div', {class: 'grid-body', role: 'rowgroup'});
  const element = h('div', {class: 'grid', role: 'grid', tabindex: '0',
    'aria-label': label, onscroll: request, onkeydown},
  h('div', {role: 'rowgroup', class: 'grid-top'}, head), body);
  let columns = [];
  let rows = [];
  let order = {};
  let active = -1;
  let mark = () => null;
  let asked = 0;
  const observer = new ResizeObserver(request);
  observer.observe(element);

  function request() {
    asked ||= requestAnimationFrame(draw);
  }

  // One row's share of the height that is scrolled.
  const share = () => Math.min(ROW, TALLEST / Math.max(rows.length, 1));

  const firstInSight = () => Math.floor(element.scrollTop / share());

  function rowOf(place) {
    const number = rows[place];
    const row = h('div', {role: 'row', id: `row-${place}`,
      'aria-rowindex': String(place + 2),
      'aria-selected': String(place === active),
      class: `grid-row ${mark(number) ?? ''}`, onclick() {
        active = place;
        request();
        opened(number);
      }}, columns.map(column => h('div', {role: 'gridcell',
      class: column.num ? 'num' : null}, column.cell(number))));
    lay(row);
    return row;
  }

  function lay(row) {
    [...row.children].forEach((cell, c) =>
      cell.style.width = `${columns[c].wide}px`);
  }

  function draw() {
    asked = 0;
    const tall = element.clientHeight;
    const first = Math.max(firstInSight() - SPARE, 0);
    const n = Math.ceil(tall / ROW) + 2 * SPARE;
    const shown = [];
    for (let place = first; place < Math.min(first + n, rows.length); place++)
      shown.push(rowOf(place));
    body.style.height = `${Math.max(share() * rows.length, 1)}px`;
    body.replaceChildren(...shown);
    const offset = element.scrollTop - (firstInSight() - first) * ROW -
      element.scrollTop % share();
    shown.forEach((row, k) =>
      row.style.top = `${Math.max(offset, 0) + k * ROW}px`);
    element.setAttribute('aria-rowcount', String(rows.length + 1));
    if (document.getElementById(`row-${active}`))
      element.setAttribute('aria-activedescendant', `row-${active}`);
    else
      element.removeAttribute('aria-activedescendant');
  }

  function reveal(place) {
    const tall = element.clientHeight - ROW;
    const at = place * share();
    if (at < element.scrollTop)
      element.scrollTop = at;
    else if (at + ROW > element.scrollTop + tall)
      element.scrollTop = at + ROW - tall;
  }

  function onkeydown(event) {
    if (event.target !== element)
      return;
    const page = Math.max(Math.floor(element.clientHeight / ROW) - 2, 1);
    const last = rows.length - 1;
    const to = {ArrowDown: active + 1, ArrowUp: active - 1,
      PageDown: active + page, PageUp: active - page, Home: 0,
      End: last}[event.key];
    if (event.key === 'Enter' && active >= 0)
      opened(rows[active]);
    else if (to !== undefined && last >= 0) {
      active = Math.min(Math.max(to, 0), last);
      reveal(active);
      request();
    } else
      return;
    event.preventDefault();
  }

  function makeHead() {
    head.replaceChildren(...columns.map(column => h('div', {
      role: 'columnheader', class: column.num ? 'num' : null,
      'aria-sort': column.key !== order.key ? 'none'
        : order.descending ? 'descending' : 'ascending'},
    h('button', {type: 'button', class: 'sort', title: column.title,
      onclick: () => sorted(column.key)}, column.title))));
    lay(head);
    const wide = columns.reduce((sum, column) => sum + column.wide, 0);
    head.style.minWidth = body.style.minWidth = `${wide}px`;
  }

  return {
    element,
    // What is shown from now on; marked(number) is a class of a row or null.
    update(next) {
      ({columns, rows, order, marked: mark} = next);
      active = Math.min(active, rows.length - 1);
      makeHead();
      request();
    },
    // Goes to the row of a trial; false when it is not among them.
    go(number) {
      const place = rows.indexOf(number);
      if (place < 0)
        return false;
      active = place;
      reveal(place);
      request();
      return true;
    },
    stop() {
      observer.disconnect();
      cancelAnimationFrame(asked);
    },
  };
}
