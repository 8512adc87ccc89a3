// SPDX-License-Identifier: GPL-3.0-or-later
// plot_card.js - the card of a drawing: controls, files, the table behind it
//
// A drawing is made anew from its data whenever these or its width change. It
// is one image for who cannot see it, with a sentence that says what it shows;
// the numbers are in the table behind it, and in the file of that.

import {h, plain} from './dom.js';
import {pngBlob, svgText} from './export.js';
import {refill, table} from './panel.js';
import {csv, fileName, saveFile, saveMenu} from './save.js';
import {svg} from './svg.js';

const NARROWEST = 260;

const shown = value => value === null || value === undefined ? '–'
  : typeof value === 'boolean' ? (value ? 'yes' : 'no') : plain(value);

function dataTable(title, {heads, rows}) {
  const kind = i => rows.some(row => typeof row[i] === 'number')
    ? 'num' : null;
  return table(`${title}: data`, heads.map((text, i) => [text, kind(i)]),
    rows.map(row => row.map(shown)));
}

// Makes the card:
//   title     of the drawing; file() is what its files are named after
//   draw      (data, width) -> {label, height, nodes, pick} or null where there
//             is nothing to draw; pick(x, y) is called with a place clicked at
//   rows      (data) -> {heads, rows}, the numbers behind the drawing
//   controls  stand beside the title; nothing is said in place of no drawing
// update(data) shows other data; redraw() the same ones otherwise; stop() lets
// go of what outlives the element.
export function plotCard({title, file, draw, rows, controls = [],
  nothing = 'Nothing to draw yet.'}) {
  const box = h('div', {class: 'drawing'});
  const empty = h('p', {class: 'faint'}, nothing);
  const numbers = h('div');
  const behind = h('details', {class: 'behind', ontoggle: fill},
    h('summary', {}, 'Data of this plot'), numbers);
  const files = saveMenu(title, [
    ['Picture (PNG)', async () =>
      save('png', 'image/png', await pngBlob(picture))],
    ['Drawing (SVG)', () => save('svg', 'image/svg+xml', svgText(picture))],
    ['Numbers (CSV)', () => {
      const {heads, rows: lines} = rows(data);
      save('csv', 'text/csv', csv(heads, lines));
    }]]);
  const element = h('section', {class: 'card', 'aria-label': title},
    h('div', {class: 'tools'}, h('h2', {}, title),
      h('span', {class: 'controls'}, controls), files),
    box, empty, behind);
  let data = null;
  let picture = null;
  let width = 0; // that it was drawn at
  let asked = 0;

  const save = (ending, type, content) =>
    saveFile(fileName(file(), ending), type, content);

  function fill() {
    if (behind.open && data !== null)
      refill(numbers, rows(data), made => dataTable(title, made));
  }

  function pick(event, chosen) {
    const {left, top, width: seen} = picture.getBoundingClientRect();
    const scale = picture.viewBox.baseVal.width / seen;
    chosen((event.clientX - left) * scale, (event.clientY - top) * scale);
  }

  function show() {
    asked = 0;
    width = Math.floor(box.clientWidth);
    if (data === null || width === 0)
      return;
    const made = draw(data, Math.max(width, NARROWEST));
    empty.hidden = made !== null;
    files.hidden = behind.hidden = made === null;
    if (made === null) {
      box.replaceChildren();
      return;
    }
    const {label, height, nodes, pick: chosen} = made;
    picture = svg('svg', {role: 'img', 'aria-label': label,
      viewBox: `0 0 ${Math.max(width, NARROWEST)} ${height}`}, nodes);
    if (chosen)
      picture.addEventListener('click', event => pick(event, chosen));
    box.replaceChildren(picture);
    fill();
  }

  function redraw() {
    asked ||= requestAnimationFrame(show);
  }

  const observer = new ResizeObserver(() => {
    if (Math.floor(box.clientWidth) !== width)
      redraw();
  });
  observer.observe(box);
  return {
    element, redraw,
    update(next) {
      data = next;
      redraw();
    },
    stop() {
      observer.disconnect();
      cancelAnimationFrame(asked);
    },
  };
}

// A box to tick that keeps to an option of the address (see options.js).
export function toggle(text, options, name, changed) {
  const box = h('input', {type: 'checkbox', onchange() {
    options.set({[name]: box.checked ? '1' : ''});
    changed();
  }});
  box.checked = options.values[name] === '1';
  return h('label', {class: 'check'}, box, ` ${text}`);
}
