// SPDX-License-Identifier: GPL-3.0-or-later
// chart_history.js - the value of each trial, and the best so far

import {bestSoFar, column, extent, labelOf, stateCode, stateName}
  from './columns.js';
import {number} from './dom.js';
import {box, drawAxes, drawDots, drawSteps, radiusFor} from './marks.js';
import {key} from './plot.js';
import {numbers, valueScale} from './scale.js';

const SERIES = ['infeasible', 'failed', 'lost', 'pruned', 'complete'];

function summary(objective, n, best) {
  return `History of ${objective.name}, to ${objective.direction}: ${n} ` +
    'trials with a value' + (best
    ? `; the best is ${number(best.value)}, trial ${best.number}.` : '.');
}

// The history of objective k: `chosen` are trials that count and have a value,
// ascending. open(number) shows a trial.
export function historySpec({data, study, chosen, k = 0, log, open}) {
  const objective = study.objectives[k];
  const cells = column(data, `value.${k}`);
  const state = column(data, 'state');
  const complete = stateCode(data, 'complete');
  const corners = bestSoFar(cells, chosen.filter(i => state[i] === complete),
    objective.direction);

  function draw(pen, size, ink) {
    const at = box(size);
    const x = numbers('trial number', {low: 0,
      high: Math.max(chosen.at(-1) ?? 1, 1), from: at.left, to: at.right,
      pad: 0.015, whole: true});
    x.marks = (marks => wanted => marks(wanted).filter(([v]) => v >= 0))(
      x.marks);
    const y = valueScale(study, data, k, chosen,
      {from: at.bottom, to: at.top, log});
    const px = Float32Array.from(chosen, x.pixel);
    const py = Float32Array.from(chosen, i => y.pixel(cells[i]));
    drawAxes(pen, at, ink, x, y);
    for (const name of SERIES) {
      const code = stateCode(data, name);
      const which = [];
      for (let i = 0; i < chosen.length; i++)
        if (state[chosen[i]] === code)
          which.push(i);
      drawDots(pen, at, px, py, which, {colour: ink(`mark-${name}`),
        radius: radiusFor(chosen.length)});
    }
    drawSteps(pen, corners.map(({number: i, value}) =>
      [x.pixel(i), y.pixel(value)]), x.pixel(chosen.at(-1)), ink('mark-best'));
    return {n: chosen.length, x: px, y: py,
      tell: i => `trial ${chosen[i]}: ${number(cells[chosen[i]])} ` +
        `(${stateName(data, chosen[i])})`,
      open: i => open?.(chosen[i])};
  }

  return {
    label: summary(objective, chosen.length, corners.at(-1)),
    legend: [key('complete', 'complete'), key('pruned', 'pruned'),
      key('best', 'best so far')],
    draw,
    table: () => ({head: ['number', 'state', objective.name],
      rows: Array.from(chosen, i =>
        [i, labelOf(data, 'state', i), cells[i]])}),
  };
}

// Whether the values of these trials may have a log scale.
export function allPositive(data, k, chosen) {
  const found = extent(column(data, `value.${k}`), chosen);
  return found !== null && found[0] > 0;
}
