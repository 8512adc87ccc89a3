// SPDX-License-Identifier: GPL-3.0-or-later
// chart_toys.js - how the test statistic is distributed at one point
//
// Both hypotheses have different numbers of toys, so what is drawn is the
// share of their toys in each bin. What is filled is as extreme as the data.

import {count, number} from './dom.js';
import {frame} from './drawing.js';
import {conventions, statistic} from './limit_words.js';
import {svg, through} from './svg.js';

const HEIGHT = 320;
const KINDS = [['b', 'background only'], ['sb', 'signal + background']];

const shares = ({counts, total}) =>
  counts.map(n => total > 0 ? n / total : 0);

// The corners of a histogram, from an edge on: [value, share].
function corners(edges, heights, from = -Infinity, to = Infinity) {
  const found = [];
  heights.forEach((height, i) => {
    const left = Math.max(edges[i], from);
    const right = Math.min(edges[i + 1], to);
    if (left < right)
      found.push([left, height], [right, height]);
  });
  return found;
}

function histogram(toys, name, tail, {x, y, floor}) {
  const place = ([value, share]) => [x(value), y(Math.max(share, floor))];
  const heights = shares(toys[name]);
  const outline = corners(toys.edges, heights);
  const beyond = toys.q === null ? []
    : tail === 'left' ? corners(toys.edges, heights, -Infinity, toys.q)
      : corners(toys.edges, heights, toys.q);
  const filled = beyond.length === 0 ? null : svg('path', {
    class: `${name} beyond`,
    d: `${through([[beyond[0][0], floor], ...beyond,
      [beyond.at(-1)[0], floor]].map(place))}Z`});
  return svg('g', {'data-hypothesis': name, 'data-total': toys[name].total,
    'data-counts': toys[name].counts.join(' ')}, filled,
  svg('path', {class: `${name} steps`, d: through([
    [outline[0][0], floor], ...outline, [outline.at(-1)[0], floor]]
    .map(place))}));
}

// An arrow down to the axis; at the edge where the data are beyond it.
function observed(q, edges, {x, box}) {
  if (q === null)
    return null;
  const outside = q > edges.at(-1);
  const at = x(Math.min(q, edges.at(-1)));
  const left = at > (box.left + box.right) / 2;
  return svg('g', {class: 'observed', 'data-q': q},
    svg('path', {d: `${through([[at, box.top + 18], [at, box.bottom - 1]])}` +
      through([[at - 5, box.bottom - 9], [at, box.bottom - 1],
        [at + 5, box.bottom - 9]])}),
    svg('text', {x: at + (left ? -8 : 8), y: box.top + 24,
      'text-anchor': left ? 'end' : 'start'},
    `observed ${number(q)}${outside ? ' (beyond the plot)' : ''}`));
}

const lost = (toys, [name, text]) => [
  toys[name].overflow && `${text}: ${count(toys[name].overflow)} overflow`,
  toys[name].failed && `${text}: ${count(toys[name].failed)} failed`,
].filter(Boolean);

// The least share that a log scale shows: that of half a toy.
const least = toys =>
  0.5 / Math.max(...KINDS.map(([name]) => toys[name].total), 1);

// Draws the answer of GET .../limit/toys; `limit` says what it belongs to.
export function drawToys({toys, limit}, {log}, width) {
  if (!toys || toys.sb.total + toys.b.total === 0)
    return null;
  const most = Math.max(...shares(toys.sb), ...shares(toys.b)) || 1;
  const floor = log ? least(toys) : 0;
  const {x, y, box, height, nodes} = frame({width, height: HEIGHT,
    caption: [`${limit.poi} = ${number(toys.mu)}`, ...conventions(limit),
      ...KINDS.flatMap(kind => lost(toys, kind))],
    legend: KINDS.map(([name, text]) => ({shape: 'area', name: `${name} key`,
      text: `${text}, ${count(toys[name].total)} toys`})),
    x: {low: toys.edges[0], high: toys.edges.at(-1), pad: 0.01,
      title: `test statistic ${statistic(limit)}`},
    y: {low: floor, high: most, log, ground: true,
      title: 'share of toys per bin'}});
  const at = {x: x.pixel, y: y.pixel, floor, box};
  return {
    height,
    label: `Distribution of ${statistic(limit)} at ${limit.poi} = ` +
      `${number(toys.mu)}: ${count(toys.sb.total)} toys with and ` +
      `${count(toys.b.total)} without signal; ` +
      (toys.q === null ? 'the observed value is not known yet.'
        : `observed ${number(toys.q)}.`),
    nodes: [nodes, KINDS.map(([name]) =>
      histogram(toys, name, limit.tail, at)), observed(toys.q, toys.edges, at)],
  };
}

export function toysRows({toys}) {
  const bins = toys.sb.counts.map((n, i) =>
    [toys.edges[i], toys.edges[i + 1], n, toys.b.counts[i]]);
  return {
    heads: ['from', 'to', 's+b toys', 'b toys'],
    rows: [...bins, [toys.edges.at(-1), null, toys.sb.overflow,
      toys.b.overflow]],
  };
}
