// SPDX-License-Identifier: GPL-3.0-or-later
// chart_edf.js - what part of the trials is at most as large as a value
//
// One curve for each series; the more of it lies towards the good side, the
// better the study searched.

import {extent} from './columns.js';
import {number} from './dom.js';
import {box, drawAxes, drawLine} from './marks.js';
import {key} from './plot.js';
import {numbers} from './scale.js';

const POINTS = 400; // of a curve

// The places of a sorted array at which a curve of it is drawn.
function places(n) {
  const step = Math.max(n / POINTS, 1);
  const found = [];
  for (let i = 0; i < n; i += step)
    found.push(Math.floor(i));
  if (n > 0)
    found.push(n - 1);
  return found;
}

// series: [{name, values}]; values are Float64Arrays in any order.
export function edfSpec({series, title, log}) {
  const sorted = series.map(({name, values}) => {
    const order = Float64Array.from(values).sort();
    const at = places(order.length);
    return {name, n: order.length, values: at.map(i => order[i]),
      parts: at.map(i => (i + 1) / order.length)};
  });

  function draw(pen, size, ink) {
    const at = box(size, {left: 54, bottom: 40});
    const all = sorted.flatMap(({values}) => values);
    const [low, high] = extent(all, all.keys()) ?? [0, 1];
    const x = numbers(title, {low, high, from: at.left, to: at.right,
      log: log && low > 0});
    const y = numbers('part of the trials', {low: 0, high: 1,
      from: at.bottom, to: at.top, pad: 0.03});
    drawAxes(pen, at, ink, x, y);
    const px = [];
    const py = [];
    const tells = [];
    sorted.forEach(({name, values, parts}, s) => {
      const from = px.length;
      values.forEach((value, i) => {
        px.push(x.pixel(value));
        py.push(y.pixel(parts[i]));
        tells.push(`${series.length > 1 ? `${name}: ` : ''}` +
          `${Math.round(100 * parts[i])} % up to ${number(value)}`);
      });
      drawLine(pen, px, py, from, px.length,
        {colour: ink(`series-${s % 8}`), width: 2});
    });
    return {n: px.length, x: px, y: py, tell: i => tells[i]};
  }

  return {
    label: `Distribution of ${title}: ` + sorted.map(({name, n}) =>
      `${n} trials${series.length > 1 ? ` of ${name}` : ''}`).join(', ') + '.',
    legend: series.length > 1
      ? series.map(({name}, s) => key(`line series-${s % 8}`, name)) : [],
    draw,
    table: () => ({head: ['series', title, 'part'],
      rows: sorted.flatMap(({name, values, parts}) =>
        values.map((value, i) => [name, value, parts[i]]))}),
  };
}
