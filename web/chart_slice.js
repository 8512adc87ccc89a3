// SPDX-License-Identifier: GPL-3.0-or-later
// chart_slice.js - the value against one parameter

import {column} from './columns.js';
import {number} from './dom.js';
import {box, drawAxes, drawDots, radiusFor, shade} from './marks.js';
import {paramScale, valueScale} from './scale.js';

// The colour is the place in time: later trials are stronger.
const AGES = 4;

// The objective k of the chosen complete trials against a parameter.
export function sliceSpec({data, study, chosen, k, name, log, open}) {
  const objective = study.objectives[k];
  const cells = column(data, `value.${k}`);
  const params = column(data, `p.${name}`);
  const seen = chosen.filter(i => params[i] === params[i]);

  function draw(pen, size, ink) {
    const at = box(size, {left: 60, bottom: 40});
    const x = paramScale(study, name, at.left, at.right);
    const y = valueScale(study, data, k, seen,
      {from: at.bottom, to: at.top, log});
    const px = Float32Array.from(seen, i => x.pixel(params[i]));
    const py = Float32Array.from(seen, i => y.pixel(cells[i]));
    const radius = radiusFor(seen.length);
    drawAxes(pen, at, ink, x, y);
    for (let age = 0; age < AGES; age++) {
      const from = Math.floor(age * seen.length / AGES);
      const to = Math.floor((age + 1) * seen.length / AGES);
      drawDots(pen, at, px.subarray(from, to), py.subarray(from, to), null,
        {colour: shade(0.8 - age * 0.25, ink('dark') === '1'), radius,
          alpha: 0.7});
    }
    return {n: seen.length, x: px, y: py,
      tell: i => `trial ${seen[i]}: ${name} ${x.tell(params[seen[i]])}, ` +
        number(cells[seen[i]]),
      open: i => open?.(seen[i])};
  }

  return {
    label: `${objective.name} against ${name}: ${seen.length} trials.`,
    draw,
    table: () => ({head: ['number', name, objective.name],
      rows: Array.from(seen, i => [i, params[i], cells[i]])}),
  };
}
