// SPDX-License-Identifier: GPL-3.0-or-later
// chart_timeline.js - which worker did what, when
//
// A row for each worker, the one heard of last on top; a bar for each trial in
// the colour of its state.

import {column, labelOf, pick, stateName} from './columns.js';
import {duration} from './dom.js';
import {box} from './marks.js';
import {key} from './plot.js';

export const TIMELINE_COLUMNS = ['started', 'ended', 'worker'];
const ROWS = 24;
const STATES = ['complete', 'pruned', 'running', 'failed', 'lost'];
const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600,
  43200, 86400, 172800, 604800, 2592000];

const clock = (ms, span) => new Date(ms).toLocaleString('en-GB',
  span > 2 * 86400e3 ? {day: 'numeric', month: 'short'}
    : span > 300e3 ? {hour: '2-digit', minute: '2-digit'}
      : {hour: '2-digit', minute: '2-digit', second: '2-digit'});

// The rows that are drawn: [{name, trials}], by the last sign of life.
function rowsOf(data, since) {
  const started = column(data, 'started');
  const ended = column(data, 'ended');
  const worker = column(data, 'worker');
  const rows = new Map();
  for (const i of pick(data, i => started[i] > 0 &&
    (ended[i] !== ended[i] || ended[i] >= since))) {
    const name = worker[i] >= 0 ? labelOf(data, 'worker', i) : 'no name';
    if (!rows.has(name))
      rows.set(name, {name, last: 0, trials: []});
    const row = rows.get(name);
    row.trials.push(i);
    row.last = Math.max(row.last, started[i]);
  }
  const all = [...rows.values()].sort((a, b) => b.last - a.last);
  return {total: all.length, shown: all.slice(0, ROWS)
    .sort((a, b) => a.name.localeCompare(b.name, 'en', {numeric: true}))};
}

// span_ms: how far back, Infinity for all. `now` is the time of the picture.
export function timelineSpec({data, span_ms: span, now, named, open}) {
  const started = column(data, 'started');
  const ended = column(data, 'ended');
  const {total, shown} = rowsOf(data, now - span);
  const first = shown.reduce((least, {trials}) => trials.reduce((a, i) =>
    Math.min(a, started[i]), least), now);
  const from = Math.max(first, now - span);
  const nameOf = row => named ? row.name : 'worker';

  function drawTime(pen, at, x, ink) {
    const across = Math.max((at.right - at.left) / 110, 2);
    const step = 1000 * (STEPS_S.find(s => (now - from) / 1000 / s <= across) ??
      STEPS_S.at(-1));
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    pen.strokeStyle = ink('grid');
    pen.beginPath();
    for (let t = Math.ceil(from / step) * step; t <= now; t += step) {
      const px = Math.round(x(t)) + 0.5;
      pen.moveTo(px, at.top);
      pen.lineTo(px, at.bottom);
      pen.fillText(clock(t, now - from), px, at.bottom + 8);
    }
    pen.stroke();
  }

  function draw(pen, size, ink) {
    const at = box(size, {left: 92, bottom: 28, top: 6});
    const x = t => at.left + (Math.max(t, from) - from) /
      Math.max(now - from, 1) * (at.right - at.left);
    const height = (at.bottom - at.top) / Math.max(shown.length, 1);
    const thick = Math.min(height * 0.72, 18);
    const marks = {x: [], y: [], trials: []};
    pen.font = '12px system-ui, sans-serif';
    pen.fillStyle = ink('faint');
    drawTime(pen, at, x, ink);
    shown.forEach((row, r) => {
      const y = at.top + (r + 0.5) * height;
      pen.fillStyle = ink('faint');
      pen.textAlign = 'right';
      pen.textBaseline = 'middle';
      if (r % Math.ceil(14 / height) === 0)
        pen.fillText(nameOf(row).slice(-13), at.left - 8, y);
      for (const state of STATES) {
        pen.fillStyle = ink(`mark-${state}`);
        pen.beginPath();
        for (const i of row.trials) {
          if (stateName(data, i) !== state)
            continue;
          const left = x(started[i]);
          const right = x(ended[i] > 0 ? ended[i] : now);
          const wide = Math.max(right - left - 0.6, 1);
          pen.rect(left, y - thick / 2, wide, thick);
          marks.x.push(left + wide / 2);
          marks.y.push(y);
          marks.trials.push(i);
        }
        pen.fill();
      }
    });
    return {n: marks.x.length, x: marks.x, y: marks.y,
      tell: m => `trial ${marks.trials[m]}: ` +
        `${stateName(data, marks.trials[m])}, ` +
        duration(((ended[marks.trials[m]] > 0 ? ended[marks.trials[m]] : now) -
          started[marks.trials[m]]) / 1000),
      open: m => open?.(marks.trials[m])};
  }

  return {
    n: shown.length,
    label: `Trials of ${shown.length} worker${shown.length === 1 ? '' : 's'}` +
      (total > shown.length ? ` of ${total}` : '') +
      ` in the last ${duration((now - from) / 1000)}.`,
    legend: STATES.filter(state => state !== 'lost').map(state =>
      key(state, state)),
    draw,
    table: () => ({head: ['worker', 'number', 'state', 'started', 'ended'],
      rows: shown.flatMap(row => row.trials.map(i => [nameOf(row), i,
        stateName(data, i), new Date(started[i]).toISOString(),
        ended[i] > 0 ? new Date(ended[i]).toISOString() : null]))}),
  };
}
