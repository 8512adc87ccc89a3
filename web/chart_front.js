// SPDX-License-Identifier: GPL-3.0-or-later
// chart_front.js - two objectives of the trials, those of the front in front

import {extent} from './columns.js';
import {number} from './dom.js';
import {box, drawAxes, drawDots, drawSteps, radiusFor} from './marks.js';
import {key} from './plot.js';
import {numbers} from './scale.js';

// The corners of what the front dominates in its plane: from its best first
// value on, each trial holds its second value until the next one is reached.
// front: [[a, b] ...] for objectives of which the first has that direction.
function edge(front, direction) {
  const sign = direction === 'maximize' ? -1 : 1;
  return [...front].sort((p, q) => sign * (p[0] - q[0]));
}

// front and others are {number, values}; i and j the objectives that are drawn.
// With more than two there is no edge: who is on the front need not be on the
// edge of a plane.
export function frontSpec({front, others, objectives, i, j, open}) {
  const all = [...others, ...front];
  const split = others.length;
  const [first, second] = [objectives[i], objectives[j]];

  function scaleOf(k, from, to) {
    const values = all.map(trial => trial.values[k]);
    const [low, high] = extent(values, values.keys()) ?? [0, 1];
    const {name, direction} = objectives[k];
    return numbers(`${name} (${direction})`, {low, high, from, to});
  }

  function draw(pen, size, ink) {
    const at = box(size);
    const x = scaleOf(i, at.left, at.right);
    const y = scaleOf(j, at.bottom, at.top);
    const px = Float32Array.from(all, trial => x.pixel(trial.values[i]));
    const py = Float32Array.from(all, trial => y.pixel(trial.values[j]));
    drawAxes(pen, at, ink, x, y);
    drawDots(pen, at, px.subarray(0, split), py.subarray(0, split), null,
      {colour: ink('mark-complete'), radius: radiusFor(split), alpha: 0.45});
    if (objectives.length === 2)
      drawSteps(pen, edge(front.map(({values}) => [values[i], values[j]]),
        first.direction).map(([a, b]) => [x.pixel(a), y.pixel(b)]),
      first.direction === 'maximize' ? at.left : at.right, ink('mark-best'));
    drawDots(pen, at, px.subarray(split), py.subarray(split), null,
      {colour: ink('mark-best'), radius: front.length > 300 ? 2.2 : 4,
        alpha: 1});
    return {n: all.length, x: px, y: py,
      tell: m => `trial ${all[m].number}: ${number(all[m].values[i])}, ` +
        number(all[m].values[j]),
      open: m => open?.(all[m].number)};
  }

  return {
    label: `${second.name} against ${first.name}: ${front.length} trials on ` +
      `the front, ${others.length} behind it.`,
    legend: [key('front', 'on the front'), key('complete', 'behind it')],
    draw,
    table: () => ({head: ['number', 'front', ...objectives.map(o => o.name)],
      rows: all.map((trial, m) =>
        [trial.number, m >= split ? 1 : 0, ...trial.values])}),
  };
}
