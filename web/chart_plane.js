// SPDX-License-Identifier: GPL-3.0-or-later
// chart_plane.js - the value over two parameters: in cells, or trial by trial

import {column, ranks} from './columns.js';
import {h, number} from './dom.js';
import {SHADES, box, drawAxes, drawDots, radiusFor, shade} from './marks.js';
import {paramScale} from './scale.js';

const CELLS = 24; // along each side

// From the best to the worst colour, which the style sheet has.
function ramp() {
  return h('span', {class: 'key'}, 'best',
    h('span', {class: 'ramp', 'aria-hidden': 'true'}), 'worst');
}

function plane({data, study, chosen, x: xName, y: yName}) {
  const xs = column(data, `p.${xName}`);
  const ys = column(data, `p.${yName}`);
  const seen = chosen.filter(i => xs[i] === xs[i] && ys[i] === ys[i]);
  const scales = at => [
    paramScale(study, xName, at.left, at.right),
    paramScale(study, yName, at.bottom, at.top),
  ];
  return {xs, ys, seen, scales};
}

// The middle value of the trials in each cell of the plane: the colour is its
// place among the cells.
export function contourSpec(given) {
  const {data, study, k, x: xName, y: yName} = given;
  const {xs, ys, seen, scales} = plane(given);
  const objective = study.objectives[k];
  const cells = column(data, `value.${k}`);
  const sign = objective.direction === 'maximize' ? -1 : 1;

  function collect(at, x, y) {
    const bins = new Map();
    const width = (at.right - at.left) / (x.steps ?? CELLS);
    const height = (at.bottom - at.top) / (y.steps ?? CELLS);
    for (const i of seen) {
      const across = Math.floor((x.pixel(xs[i]) - at.left) / width);
      const row = Math.floor((y.pixel(ys[i]) - at.top) / height);
      const place = `${row} ${across}`;
      if (!bins.has(place))
        bins.set(place, {x: at.left + across * width, values: [],
          y: at.top + row * height, width, height});
      bins.get(place).values.push(cells[i]);
    }
    const found = [...bins.values()];
    for (const bin of found) {
      bin.values.sort((a, b) => a - b);
      bin.value = bin.values[bin.values.length >> 1];
    }
    return found.sort((a, b) => sign * (a.value - b.value));
  }

  function draw(pen, size, ink) {
    const at = box(size);
    const [x, y] = scales(at);
    const bins = collect(at, x, y);
    drawAxes(pen, at, ink, x, y);
    bins.forEach((bin, i) => {
      pen.fillStyle = shade(i / bins.length, ink('dark') === '1');
      pen.fillRect(bin.x, bin.y, bin.width + 0.5, bin.height + 0.5);
    });
    return {n: bins.length, x: bins.map(bin => bin.x + bin.width / 2),
      y: bins.map(bin => bin.y + bin.height / 2),
      tell: i => `${number(bins[i].value)}, the middle of ` +
        `${bins[i].values.length} trials`};
  }

  return {
    label: `${objective.name} over ${xName} and ${yName}: the middle value ` +
      `of ${seen.length} trials in cells.`,
    legend: [ramp()],
    draw,
    table: () => ({head: ['number', xName, yName, objective.name],
      rows: Array.from(seen, i => [i, xs[i], ys[i], cells[i]])}),
  };
}

// Each trial with the colour of its place among all.
export function rankSpec(given) {
  const {data, study, k, x: xName, y: yName, open} = given;
  const {xs, ys, seen, scales} = plane(given);
  const objective = study.objectives[k];
  const cells = column(data, `value.${k}`);
  const rank = ranks(cells, seen, objective.direction);

  function draw(pen, size, ink) {
    const at = box(size);
    const [x, y] = scales(at);
    const px = Float32Array.from(seen, i => x.pixel(xs[i]));
    const py = Float32Array.from(seen, i => y.pixel(ys[i]));
    drawAxes(pen, at, ink, x, y);
    for (let step = SHADES - 1; step >= 0; step--) {
      const which = [];
      for (let i = 0; i < seen.length; i++)
        if (Math.min(Math.floor(rank[seen[i]] * SHADES), SHADES - 1) === step)
          which.push(i);
      drawDots(pen, at, px, py, which, {alpha: 0.9,
        colour: shade(step / SHADES, ink('dark') === '1'),
        radius: Math.max(radiusFor(seen.length), 1.5)});
    }
    return {n: seen.length, x: px, y: py,
      tell: i => `trial ${seen[i]}: ${number(cells[seen[i]])}, better than ` +
        `${Math.round(100 * (1 - rank[seen[i]]))} %`,
      open: i => open?.(seen[i])};
  }

  return {
    label: `Rank of ${seen.length} trials by ${objective.name} over ${xName} ` +
      `and ${yName}.`,
    legend: [ramp()],
    draw,
    table: () => ({head: ['number', xName, yName, objective.name, 'rank'],
      rows: Array.from(seen, i => [i, xs[i], ys[i], cells[i], rank[i]])}),
  };
}
