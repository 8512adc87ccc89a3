// SPDX-License-Identifier: GPL-3.0-or-later
// chart_allocation.js - toys per point and hypothesis, as pairs of bars

import {count, number} from './dom.js';
import {frame} from './drawing.js';
import {conventions} from './limit_words.js';
import {rectangle, svg} from './svg.js';

const HEIGHT = 280;
const LABEL = 46; // the least pixels between two labels
const KINDS = [['sb', 'n_sb', 'running_sb'], ['b', 'n_b', 'running_b']];

function bar(value, base, name, left, right, y, words) {
  return value > 0 ? svg('path', {class: name, 'data-toys': value,
    d: rectangle(left, y(base + value), right, y(base))},
  svg('title', {}, words)) : null;
}

// The bars of a point: what is done, and on top of it what is running.
function bars(point, i, step, {x, y}, poi) {
  const wide = Math.max(Math.min(0.4 * step, 26), 2);
  return KINDS.map(([name, done, running], j) => {
    const left = x(i) + (j - 1) * wide;
    const words = what => `${poi} = ${number(point.mu)}, ` +
      `${name === 'sb' ? 's+b' : 'b'}: ${what}`;
    return svg('g', {'data-mu': point.mu, 'data-hypothesis': name},
      bar(point[done], 0, `${name} bar`, left, left + wide - 1, y,
        words(`${count(point[done])} toys`)),
      bar(point[running], point[done], `${name} bar pending`, left,
        left + wide - 1, y, words(`${count(point[running])} more running`)));
  });
}

// Draws the points of the answer of GET .../limit, which ascend.
export function drawAllocation(limit, width) {
  const {points} = limit;
  const most = Math.max(0, ...points.flatMap(point => KINDS.map(
    ([, done, running]) => point[done] + point[running])));
  if (most === 0)
    return null;
  const step = (width - 86) / points.length;
  const stride = Math.ceil(LABEL / step);
  const {x, y, height, nodes} = frame({width, height: HEIGHT,
    caption: conventions(limit),
    legend: [{shape: 'area', name: 'sb bar', text: 'signal + background'},
      {shape: 'area', name: 'b bar', text: 'background only'},
      {shape: 'area', name: 'b bar pending', text: 'running'}],
    x: {low: -0.5, high: points.length - 0.5, title: limit.poi,
      labels: points.map(({mu}, at) => ({at, text: number(mu)}))
        .filter(({at}) => at % stride === 0)},
    y: {low: 0, high: most, ground: true, title: 'toys'}});
  const at = {x: x.pixel, y: y.pixel};
  return {
    height,
    label: `Toys at ${points.length} values of ${limit.poi}: ` +
      `${count(limit.toys.sb)} with signal, ${count(limit.toys.b)} without.`,
    nodes: [nodes, points.map((point, i) =>
      bars(point, i, step, at, limit.poi))],
  };
}

export function allocationRows(limit) {
  return {
    heads: [limit.poi, 's+b toys', 's+b running', 'b toys', 'b running',
      'failed'],
    rows: limit.points.map(point => [point.mu, point.n_sb, point.running_sb,
      point.n_b, point.running_b, point.failed]),
  };
}
