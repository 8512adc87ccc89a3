// SPDX-License-Identifier: GPL-3.0-or-later
// chart_area.js - how much of the plane each curve is expected to get wrong

import {frame} from './drawing.js';
import {curveName, percent} from './limit_words.js';
import {rectangle, svg, through} from './svg.js';

const HEIGHT = 240;

// Draws the curves of the answer of GET .../contour; `wanted` is the share at
// which the study stops, 0 for never.
export function drawArea({contour, wanted}, width) {
  const known = contour.curves.filter(({area}) => area !== null);
  if (known.length === 0)
    return null;
  const shares = known.map(({area}) => 100 * area);
  const {x, y, box, height, nodes} = frame({width, height: HEIGHT,
    caption: ['share of the allowed plane expected to be misclassified'],
    legend: [{shape: 'area', name: 'area done', text: 'converged'},
      {shape: 'area', name: 'area', text: 'not yet'}],
    x: {low: -0.5, high: known.length - 0.5, title: 'curve',
      labels: known.map(({name}, at) => ({at, text: curveName(name)
        .replace('expected ', 'exp. ')}))},
    y: {low: 0, high: Math.max(...shares, 100 * wanted * 1.2, 1e-6),
      ground: true, title: 'expected area, %'}});
  const step = (box.right - box.left) / known.length;
  const half = Math.min(0.35 * step, 36);
  const at = y.pixel(100 * wanted);
  return {
    height,
    label: `Expected misclassified area: ${known.map(({name, area}) =>
      `${curveName(name)} ${percent(area)}`).join(', ')}.` +
      (wanted ? ` Wanted: ${percent(wanted)}.` : ''),
    nodes: [nodes, known.map(({name, area, converged}, i) =>
      svg('path', {class: converged ? 'area done' : 'area', 'data-curve': name,
        'data-area': area, d: rectangle(x.pixel(i) - half, y.pixel(100 * area),
          x.pixel(i) + half, box.bottom)},
      svg('title', {}, `${curveName(name)}: ${percent(area)}`))),
    wanted ? svg('g', {class: 'alpha'},
      svg('path', {d: through([[box.left, at], [box.right, at]])}),
      svg('text', {x: box.right - 6, y: at - 6, 'text-anchor': 'end'},
        `wanted: ${percent(wanted)}`)) : null],
  };
}

export const areaRows = ({contour}) => ({
  heads: ['curve', 'expected misclassified area', 'converged'],
  rows: contour.curves.map(({name, area, converged}) =>
    [name, area, converged]),
});
