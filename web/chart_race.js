// SPDX-License-Identifier: GPL-3.0-or-later
// chart_race.js - the best so far of several studies, against what it took

import {bestSoFar, column} from './columns.js';
import {number} from './dom.js';
import {box, drawAxes, drawSteps} from './marks.js';
import {key} from './plot.js';
import {numbers} from './scale.js';

const TITLES = {number: 'trial number', time: 'hours since the first result',
  cost: 'cost'};

// What had been spent when each of these trials ended, by place.
function spent(data, chosen, across) {
  if (across === 'number')
    return Float64Array.from(chosen);
  const cells = column(data, across === 'time' ? 'ended' : 'cost');
  if (across === 'time') {
    const first = chosen.reduce((least, i) => Math.min(least, cells[i]),
      Infinity);
    return Float64Array.from(chosen, i => (cells[i] - first) / 3600e3);
  }
  let sum = 0;
  return Float64Array.from(chosen, i => (sum += cells[i] || 0));
}

// series: [{name, study, data, chosen}], chosen being complete trials by
// number; the first objective of each.
export function raceSpec({series, title, across, log}) {
  const lines = series.map(({name, study, data, chosen}) => {
    const cells = column(data, 'value.0');
    const order = across === 'time'
      ? chosen.toSorted((a, b) => column(data, 'ended')[a] -
        column(data, 'ended')[b]) : chosen;
    const at = spent(data, order, across);
    const place = new Map(Array.from(order, (i, p) => [i, at[p]]));
    return {name, end: at.at(-1) ?? 0, corners: bestSoFar(cells, order,
      study.objectives[0].direction).map(({number: i, value}) =>
      ({i, x: place.get(i), value}))};
  });
  const all = lines.flatMap(({corners}) => corners.map(({value}) => value));
  const low = Math.min(...all);

  function draw(pen, size, ink) {
    const at = box(size);
    const x = numbers(TITLES[across], {low: 0, pad: 0.02,
      high: Math.max(...lines.map(({end}) => end)) || 1, from: at.left,
      to: at.right, whole: across === 'number'});
    const y = numbers(title, {low: all.length ? low : 0,
      high: all.length ? Math.max(...all) : 1,
      from: at.bottom, to: at.top, log: log && low > 0});
    const marks = {x: [], y: [], tells: []};
    drawAxes(pen, at, ink, x, y);
    lines.forEach(({name, end, corners}, s) => {
      drawSteps(pen, corners.map(({x: a, value}) =>
        [x.pixel(a), y.pixel(value)]), x.pixel(end), ink(`series-${s % 8}`));
      for (const {i, x: a, value} of corners) {
        marks.x.push(x.pixel(a));
        marks.y.push(y.pixel(value));
        marks.tells.push(`${name}: ${number(value)}, trial ${i}`);
      }
    });
    return {n: marks.x.length, x: marks.x, y: marks.y,
      tell: i => marks.tells[i]};
  }

  return {
    label: 'Best so far: ' + lines.map(({name, corners}) =>
      `${name} ${corners.length ? number(corners.at(-1).value) : 'nothing'}`)
      .join(', ') + '.',
    legend: lines.map(({name}, s) => key(`line series-${s % 8}`, name)),
    draw,
    table: () => ({head: ['study', 'trial', TITLES[across], title],
      rows: lines.flatMap(({name, corners}) => corners.map(({i, x, value}) =>
        [name, i, x, value]))}),
  };
}
