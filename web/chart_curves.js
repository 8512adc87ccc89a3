// SPDX-License-Identifier: GPL-3.0-or-later
// chart_curves.js - what trials reported on their way; pruned ones dimmed

import {number} from './dom.js';
import {box, drawAxes, drawLine} from './marks.js';
import {key} from './plot.js';
import {numbers} from './scale.js';

const MOST = 300; // points of one curve

// Every so many reports, and the last one.
function thinned(reports) {
  const step = Math.ceil(reports.length / MOST);
  return reports.filter((_, i) => i % step === 0 || i === reports.length - 1);
}

// trials: as GET .../trials?reports=1 has them, with the best among them.
export function curvesSpec({trials, best, study, log, open}) {
  const name = study.objectives[0].name;
  const curves = trials.filter(trial => trial.reports?.length)
    .map(trial => ({trial, reports: thinned(trial.reports)
      .filter(({value}) => Number.isFinite(value))}))
    .sort((a, b) => (a.trial.number === best) - (b.trial.number === best) ||
      a.trial.number - b.trial.number);

  function draw(pen, size, ink) {
    const at = box(size);
    const all = curves.flatMap(({reports}) => reports);
    const least = (get, start) => all.reduce((a, r) => Math.min(a, get(r)),
      start);
    const low = least(r => r.value, Infinity);
    const high = -least(r => -r.value, Infinity);
    const x = numbers('step', {low: least(r => r.step, Infinity),
      high: -least(r => -r.step, Infinity), from: at.left, to: at.right,
      pad: 0.02, whole: true});
    const y = numbers(name, {low, high, from: at.bottom, to: at.top,
      log: log && low > 0});
    drawAxes(pen, at, ink, x, y);
    const px = [];
    const py = [];
    const marks = [];
    for (const {trial, reports} of curves) {
      const from = px.length;
      for (const {step, value} of reports) {
        px.push(x.pixel(step));
        py.push(y.pixel(value));
        marks.push({trial, step, value});
      }
      const isBest = trial.number === best;
      const pruned = trial.state === 'pruned';
      drawLine(pen, px, py, from, px.length, {
        colour: ink(isBest ? 'mark-best' : `mark-${trial.state}`) ||
          ink('mark-complete'),
        width: isBest ? 2.5 : 1.3, alpha: isBest ? 1 : pruned ? 0.45 : 0.75,
        dash: pruned ? [4, 3] : []});
    }
    return {n: px.length, x: px, y: py,
      tell: i => `trial ${marks[i].trial.number}, step ${marks[i].step}: ` +
        `${number(marks[i].value)} (${marks[i].trial.state})`,
      open: i => open?.(marks[i].trial.number)};
  }

  return {
    n: curves.length,
    label: `Reports of ${curves.length} trials, of which ` +
      `${curves.filter(({trial}) => trial.state === 'pruned').length} ` +
      'were pruned.',
    legend: [key('line complete', 'complete'),
      key('line pruned dashed', 'pruned'), key('line best', 'best')],
    draw,
    table: () => ({head: ['number', 'state', 'step', name],
      rows: curves.flatMap(({trial}) => trial.reports.map(({step, value}) =>
        [trial.number, trial.state, step, value]))}),
  };
}
