// SPDX-License-Identifier: GPL-3.0-or-later
// columns.js - the trials of a study as columns of numbers; no DOM, no network
//
// Trial numbers are dense from 0, so each column is an array with the trial's
// number as index; NaN is "none". A deleted trial has no state. A refresh asks
// for what changed after `revision`; the one that counts is that of the first
// page, for a trial can change behind a page that was already read.

const MAGIC = 0x434d5543; // "CUMC", read as a little-endian number

// An answer of GET .../columns?fmt=bin: {head, cells(name)}.
export function unpack(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC)
    throw new Error('these are no columns');
  const length = view.getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(
    new Uint8Array(buffer, 8, length)));
  const cells = name => {
    const i = head.columns.indexOf(name);
    return new Float64Array(buffer, 8 + length + 8 * i * head.rows, head.rows);
  };
  return {head, cells};
}

export function newColumns() {
  return {n: 0, revision: null, pending: null, names: [], at: new Map(),
    labels: new Map()};
}

// The cells of a column, by trial number.
export const column = (data, name) => data.at.get(name) ?? new Float64Array(0);

function grown(cells, n) {
  if (cells.length >= n)
    return cells;
  const more = new Float64Array(Math.max(n, 2 * cells.length, 256)).fill(NaN);
  more.set(cells);
  return more;
}

// Texts that are known already keep their index; those of parameters and
// states are the same in every answer.
function translated(data, name, labels) {
  const known = data.labels.get(name);
  if (!known) {
    data.labels.set(name, [...labels]);
    return null;
  }
  return labels.map(text => {
    const i = known.indexOf(text);
    return i < 0 ? known.push(text) - 1 : i;
  });
}

// What to ask for next, of the columns with these names.
export function nextPage(data, names, cursor) {
  const missing = names.some(name => !data.names.includes(name));
  return {cols: ['number', ...names].join(','), fmt: 'bin', cursor,
    since: missing ? null : data.revision};
}

// Takes in one page. Returns the cursor of the next page, or null after the
// last one, when the revision moves on. `names` are those of nextPage.
export function mergePage(data, names, {head, cells}) {
  data.pending ??= head.revision;
  const numbers = cells('number');
  const n = Math.max(data.n, numbers.length ? numbers.at(-1) + 1 : 0);
  for (const name of head.columns) {
    const given = cells(name);
    const held = grown(column(data, name), n);
    const index = head.labels[name] && name !== 'state' &&
      translated(data, name, head.labels[name]);
    if (name === 'state')
      data.labels.set(name, head.labels[name]);
    for (let i = 0; i < given.length; i++)
      held[numbers[i]] = index && given[i] >= 0 ? index[given[i]] : given[i];
    data.at.set(name, held);
  }
  data.n = n;
  if (head.next)
    return head.next;
  data.revision = data.pending;
  data.pending = null;
  data.names = names;
  return null;
}

// The trials' numbers that a test holds for.
export function pick(data, holds) {
  const found = new Uint32Array(data.n);
  let n = 0;
  for (let i = 0; i < data.n; i++)
    if (holds(i))
      found[n++] = i;
  return found.subarray(0, n);
}

// The code of a state's name.
export const stateCode = (data, name) =>
  data.labels.get('state')?.indexOf(name) ?? -1;

export const stateName = (data, i) =>
  data.labels.get('state')?.[column(data, 'state')[i]] ?? null;

// The text of a labelled cell, null for none.
export function labelOf(data, name, i) {
  const code = column(data, name)[i];
  return code >= 0 ? data.labels.get(name)[code] : null;
}

// Whether trials count: those that exist and are not invalid.
export function counts(data) {
  const state = column(data, 'state');
  const invalid = column(data, 'invalid');
  return i => state[i] >= 0 && invalid[i] !== 1;
}

// Complete trials that count and have this value.
export function completed(data, value) {
  const valid = counts(data);
  const state = column(data, 'state');
  const cells = column(data, value);
  const complete = stateCode(data, 'complete');
  return i => state[i] === complete && valid(i) && cells[i] === cells[i];
}

// The least and the greatest of the finite cells of these trials, or null.
export function extent(cells, numbers, least = -Infinity) {
  let low = Infinity;
  let high = -Infinity;
  for (const i of numbers) {
    const value = cells[i];
    if (!(value > least) || value === Infinity)
      continue;
    if (value < low)
      low = value;
    if (value > high)
      high = value;
  }
  return low <= high ? [low, high] : null;
}

// The best so far of these trials, which are ascending: one corner per
// improvement, {number, value}.
export function bestSoFar(cells, numbers, direction) {
  const sign = direction === 'maximize' ? -1 : 1;
  const corners = [];
  let best = Infinity;
  for (const i of numbers)
    if (sign * cells[i] < best) {
      best = sign * cells[i];
      corners.push({number: i, value: cells[i]});
    }
  return corners;
}

// Each of these trials' place in [0, 1] by value, 0 for the best; by number.
export function ranks(cells, numbers, direction) {
  const sign = direction === 'maximize' ? -1 : 1;
  const order = Float64Array.from(numbers)
    .sort((a, b) => sign * (cells[a] - cells[b]) || a - b);
  const rank = new Float64Array(cells.length).fill(NaN);
  order.forEach((i, place) =>
    rank[i] = order.length > 1 ? place / (order.length - 1) : 0);
  return rank;
}
