// SPDX-License-Identifier: GPL-3.0-or-later
// correlation.js - how parameters and the value go together, in a table
//
// Spearman's coefficient, the correlation of ranks: it asks nothing of the
// scale. Ties share the middle of their ranks; categories have none and are
// left out.

import {column} from './columns.js';
import {h} from './dom.js';

const MOST = 5000; // trials that are looked at

// Ranks of the cells, ties sharing theirs.
export function tiedRanks(values) {
  const order = Uint32Array.from(values.keys())
    .sort((a, b) => values[a] - values[b]);
  const rank = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]])
      to++;
    for (let i = from; i < to; i++)
      rank[order[i]] = (from + to - 1) / 2;
    from = to;
  }
  return rank;
}

// Pearson's coefficient of two arrays, NaN when one does not vary.
export function pearson(x, y) {
  const n = x.length;
  const mean = values => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN;
}

// The element, of the chosen trials in which all of these were active.
export function correlations({data, study, chosen, k}, names) {
  const numeric = names.filter(name =>
    !['categorical', 'bool'].includes(study.space[name].type));
  const columns = [...numeric.map(name => [name, column(data, `p.${name}`)]),
    [study.objectives[k].name, column(data, `value.${k}`)]];
  const seen = chosen.filter(i => columns.every(([, cells]) =>
    cells[i] === cells[i])).slice(-MOST);
  const all = columns.map(([, cells]) =>
    tiedRanks(Float64Array.from(seen, i => cells[i])));
  const cell = (i, j) => {
    const r = pearson(all[i], all[j]);
    const element = h('td', {class: `num heat ${r < 0 ? 'minus' : 'plus'}`},
      Number.isNaN(r) ? '–' : r.toFixed(2));
    element.style.setProperty('--part',
      `${Math.round(35 * Math.abs(r || 0))}%`);
    return element;
  };
  return h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Correlation of ranks'},
  h('table', {class: 'matrix'}, h('caption', {class: 'unseen'},
    `Spearman's coefficient, from ${seen.length} trials`),
  h('thead', {}, h('tr', {}, h('td'), columns.map(([name]) =>
    h('th', {scope: 'col', class: 'num', title: name}, name)))),
  h('tbody', {}, columns.map(([name], i) => h('tr', {},
    h('th', {scope: 'row', title: name}, name),
    columns.map((_, j) => j <= i ? cell(i, j) : h('td')))))));
}
