// SPDX-License-Identifier: GPL-3.0-or-later
// dom.js - elements from data, and how numbers and times are written
//
// Everything that users wrote reaches the page as text, never as markup:
// there is no other way to make elements here than h().

// Makes an element. props: `class` and attributes by name; functions become
// listeners (`onclick`), true an empty attribute, null and false nothing.
// Children are nodes or text; null is left out.
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === 'function')
      element.addEventListener(name.slice(2), value);
    else if (value === true)
      element.setAttribute(name, '');
    else if (value !== null && value !== false && value !== undefined)
      element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter(child => child != null));
  return element;
}

// Sets the text only when it differs, so that a screen reader and a selection
// are not disturbed by a refresh that changes nothing.
export function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

// Six significant digits, without trailing zeros; '–' for nothing.
export function number(value) {
  if (typeof value !== 'number')
    return '–';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15)
    return String(value);
  if (size < 1e-4 || size >= 1e9)
    return value.toExponential(4).replace(/\.?0+e/, 'e');
  return String(Number(value.toPrecision(6)));
}

// A parameter's value as one would type it.
export function plain(value) {
  if (typeof value === 'number')
    return number(value);
  if (value === undefined)
    return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function count(value) {
  return (value ?? 0).toLocaleString('en');
}

const UNITS = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];

// '3 min', '2 h': the largest unit that fits, rounded down.
export function duration(seconds) {
  if (typeof seconds !== 'number' || !(seconds >= 0))
    return '–';
  for (const [size, unit] of UNITS)
    if (seconds >= size)
      return `${Math.floor(seconds / size)} ${unit}`;
  return seconds === 0 ? '0 s' : '< 1 s';
}

// How long ago an RFC 3339 time was; clocks that disagree a little are 'now'.
export function ago(time, now = Date.now()) {
  if (!time)
    return '–';
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < 1 ? 'now' : `${duration(seconds)} ago`;
}

// '7 d', '24 h': how long until then, rounded; 'over' when it is past.
export function left(time, now = Date.now()) {
  const seconds = (Date.parse(time) - now) / 1000;
  if (seconds <= 0)
    return 'over';
  const [size, unit] = UNITS.find(([least]) => seconds >= 1.5 * least) ??
    UNITS.at(-1);
  return `${Math.max(Math.round(seconds / size), 1)} ${unit}`;
}

// A time in words, with the exact one for who points at it or hears it.
export function moment(time, words) {
  return time ? h('time', {datetime: time, title: time}, words(time)) : '–';
}

const GLYPHS = {
  running: '●', complete: '✓', pruned: '✂', failed: '✕', lost: '?',
  queued: '…', infeasible: '⊘', cancelled: '–', paused: '‖', draining: '▾',
  finished: '✓',
};

// The badge of a state: colour, glyph and word, so never by colour alone.
export function badge(state) {
  return h('span', {class: `badge ${state}`},
    h('span', {'aria-hidden': 'true'}, `${GLYPHS[state] ?? '·'} `), state);
}
