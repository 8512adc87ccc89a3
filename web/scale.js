// SPDX-License-Identifier: GPL-3.0-or-later
// scale.js - the axes of a study's values and parameters; no DOM
//
// A scale maps a cell of a column to pixels and back, and names its ticks. That
// of a parameter spans its search space, so that plots of one study agree and
// what was not tried can be seen.

import {axis} from './axis.js';
import {column, extent} from './columns.js';
import {number, plain} from './dom.js';

// A scale of the texts, whose index is the cell.
function categories(title, texts, from, to) {
  const step = (to - from) / Math.max(texts.length, 1);
  const pixel = i => from + (i + 0.5) * step;
  return {
    title, pixel, log: false, steps: texts.length,
    value: px => Math.min(Math.max(Math.floor((px - from) / step), 0),
      texts.length - 1),
    marks: wanted => {
      const stride = Math.ceil(texts.length / Math.max(wanted, 1));
      return texts.map((text, i) => [i, text])
        .filter(([i]) => i % stride === 0);
    },
    tell: i => texts[i] ?? '–',
  };
}

export function numbers(title, {low, high, from, to, log, pad, whole}) {
  const line = axis({low, high, from, to, log, pad});
  return {
    title, log,
    pixel: line.pixel,
    value: line.value,
    marks: wanted => line.ticks(wanted)
      .filter(tick => !whole || Number.isInteger(tick))
      .map(tick => [tick, number(tick)]),
    tell: number,
  };
}

// Of a parameter of the study, from one pixel to another; `pad` is the part
// that is left free at both ends.
export function paramScale(study, name, from, to, pad = 0.03) {
  const param = study.space[name];
  if (param.type === 'categorical')
    return categories(name, param.choices.map(plain), from, to);
  if (param.type === 'bool')
    return categories(name, ['false', 'true'], from, to);
  const ends = param.type === 'discrete'
    ? [Math.min(...param.values), Math.max(...param.values)]
    : [param.low, param.high];
  return numbers(name, {low: ends[0], high: ends[1], from, to, pad,
    log: Boolean(param.log), whole: param.type === 'int'});
}

// Of an objective, over these trials. `log` is heeded where all are positive.
export function valueScale(study, data, k, chosen, {from, to, log, pad}) {
  const cells = column(data, `value.${k}`);
  const [low, high] = extent(cells, chosen) ?? [0, 1];
  return numbers(study.objectives[k].name,
    {low, high, from, to, pad, log: log && low > 0});
}
