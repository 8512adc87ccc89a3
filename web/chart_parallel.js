// SPDX-License-Identifier: GPL-3.0-or-later
// chart_parallel.js - trials as lines across an axis for each parameter
//
// Those that the filter leaves are drawn in the colour of their rank, the
// others faintly behind them. A drag along an axis narrows the filter to what
// it covers.

import {column, ranks} from './columns.js';
import {number} from './dom.js';
import {SHADES, shade} from './marks.js';
import {paramScale, valueScale} from './scale.js';

const EDGE = {left: 46, right: 46, top: 34, bottom: 26};
const NEAR_AXIS = 30;

const clipped = (text, most) => text.length > most
  ? `${text.slice(0, Math.max(most - 1, 1))}…` : text;

// all: the numbers to draw, a sample of complete trials; chosen: whether the
// filter leaves a trial; narrow(name, low, high, scale) is told of a brush.
export function parallelSpec({data, study, all, chosen, k, names, log, narrow,
  redraw, open}) {
  const objective = study.objectives[k];
  const value = `value.${k}`;
  const columns = [...names.map(name => `p.${name}`), value];
  const rank = ranks(column(data, value), all, objective.direction);
  const seen = Array.from(all).sort((a, b) => rank[b] - rank[a]);
  const bright = seen.filter(chosen);
  let axes = [];
  let brush = null;

  function scales({width, height}) {
    const bottom = height - EDGE.bottom;
    const step = (width - EDGE.left - EDGE.right) / (columns.length - 1);
    return columns.map((name, i) => ({name, x: EDGE.left + i * step,
      cells: column(data, name),
      scale: name === value
        ? valueScale(study, data, k, all,
          {from: bottom, to: EDGE.top, log, pad: 0})
        : paramScale(study, name.slice(2), bottom, EDGE.top, 0)}));
  }

  // A line for each trial; one that lacks a parameter is broken there.
  function lines(pen, numbers) {
    pen.beginPath();
    for (const i of numbers) {
      let open = false;
      for (const {x, cells, scale} of axes) {
        const y = scale.pixel(cells[i]);
        if (y !== y)
          open = false;
        else if (open)
          pen.lineTo(x, y);
        else {
          pen.moveTo(x, y);
          open = true;
        }
      }
    }
    pen.stroke();
  }

  function drawFrame(pen, {width, height}, ink) {
    const most = Math.floor((width - 60) / columns.length / 6.6);
    pen.font = '12px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.lineWidth = 1;
    axes.forEach(({name, x, scale}) => {
      pen.strokeStyle = ink('faint');
      pen.beginPath();
      pen.moveTo(x, EDGE.top);
      pen.lineTo(x, height - EDGE.bottom);
      pen.stroke();
      pen.fillStyle = ink('text');
      pen.textBaseline = 'top';
      pen.fillText(clipped(scale.title, most), x, 0);
      pen.fillStyle = ink('faint');
      const ends = [EDGE.top, height - EDGE.bottom].map(scale.value);
      pen.fillText(clipped(scale.tell(ends[0]), most), x, 16);
      pen.fillText(clipped(scale.tell(ends[1]), most), x,
        height - EDGE.bottom + 6);
      if (brush?.name === name) {
        pen.globalAlpha = 0.35;
        pen.fillStyle = ink('mark-best');
        pen.fillRect(x - 7, Math.min(brush.from, brush.to), 14,
          Math.abs(brush.to - brush.from));
        pen.globalAlpha = 1;
      }
    });
  }

  function draw(pen, size, ink) {
    axes = scales(size);
    const dark = ink('dark') === '1';
    pen.lineWidth = 1;
    if (bright.length < seen.length) {
      pen.globalAlpha = 0.25;
      pen.strokeStyle = ink('mark-infeasible');
      lines(pen, seen.filter(i => !chosen(i)));
    }
    pen.globalAlpha = bright.length > 1000 ? 0.35 : 0.65;
    for (let step = SHADES - 1; step >= 0; step--) {
      pen.strokeStyle = shade(step / SHADES, dark);
      pen.lineWidth = step === 0 ? 1.4 : 1;
      lines(pen, bright.filter(i =>
        Math.min(Math.floor(rank[i] * SHADES), SHADES - 1) === step));
    }
    pen.globalAlpha = 1;
    drawFrame(pen, size, ink);
    const {x, cells, scale} = axes.at(-1);
    const best = bright.toReversed();
    return {n: best.length, x: best.map(() => x),
      y: best.map(i => scale.pixel(cells[i])),
      tell: i => `trial ${best[i]}: ${number(cells[best[i]])}`,
      open: i => open?.(best[i])};
  }

  function drag(from, to, done) {
    const axis = axes.find(({x}) => Math.abs(x - from.x) < NEAR_AXIS);
    if (!axis)
      return;
    brush = done ? null : {name: axis.name, from: from.y, to: to.y};
    if (done && Math.abs(from.y - to.y) > 4) {
      const [low, high] = [Math.max(from.y, to.y), Math.min(from.y, to.y)]
        .map(axis.scale.value);
      narrow(axis.name === value ? 'value' : axis.name.slice(2), low, high,
        axis.scale);
    }
    redraw();
  }

  return {
    label: `Parallel coordinates of ${names.join(', ')} and ` +
      `${objective.name}: ${bright.length} of ${seen.length} trials.`,
    draw,
    drag,
    table: () => ({head: ['number', ...names, objective.name],
      rows: bright.toReversed().map(i =>
        [i, ...columns.map(name => column(data, name)[i])])}),
  };
}
