// SPDX-License-Identifier: GPL-3.0-or-later
// front.js - the trials that no other one dominates, in a table
//
// With two objectives they are drawn as well, among the other complete trials;
// the table below the drawing has the same data.

import {axis} from './axis.js';
import {count, h, number, plain, setText} from './dom.js';

const SIZE = {width: 640, height: 320};
const MARGIN = {left: 70, right: 14, top: 12, bottom: 44};

function svg(tag, props, ...children) {
  const element =
    document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props))
    element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The axis of objective i for these trials, between two pixels.
function axisOf(trials, i, from, to) {
  const values = trials.map(trial => trial.values[i]);
  const least = (a, b) => Math.min(a, b);
  const most = (a, b) => Math.max(a, b);
  return axis({low: values.reduce(least), high: values.reduce(most), from, to});
}

function ticks(x, y) {
  const {width, height} = SIZE;
  const bottom = height - MARGIN.bottom;
  return [
    ...y.ticks(5).flatMap(tick => [
      svg('line', {class: 'grid', x1: MARGIN.left, x2: width - MARGIN.right,
        y1: y.pixel(tick), y2: y.pixel(tick)}),
      svg('text', {x: MARGIN.left - 8, y: y.pixel(tick) + 4,
        'text-anchor': 'end'}, number(tick)),
    ]),
    ...x.ticks(6).map(tick => svg('text', {x: x.pixel(tick), y: bottom + 18,
      'text-anchor': 'middle'}, number(tick))),
  ];
}

function titles([first, second]) {
  const {width, height} = SIZE;
  const middle = (MARGIN.top + height - MARGIN.bottom) / 2;
  return [
    svg('text', {x: (MARGIN.left + width - MARGIN.right) / 2, y: height - 6,
      'text-anchor': 'middle'}, `${first.name} (${first.direction})`),
    svg('text', {transform: `translate(14 ${middle}) rotate(-90)`,
      'text-anchor': 'middle'}, `${second.name} (${second.direction})`),
  ];
}

// The edge of what the front dominates: from its best first value on, each
// trial holds its second value until the next one is reached.
export function edge(front, direction, x, y) {
  const sign = direction === 'maximize' ? -1 : 1;
  const sorted = [...front].sort((a, b) => sign * (a.values[0] - b.values[0]));
  return sorted.map(({values: [a, b]}, i) => i === 0
    ? `M${x.pixel(a)} ${y.pixel(b)}`
    : `H${x.pixel(a)}V${y.pixel(b)}`).join('');
}

function mark(trial, kind, x, y) {
  const [a, b] = trial.values;
  return svg('circle', {class: kind, cx: x.pixel(a), cy: y.pixel(b),
    r: kind === 'front' ? 4 : 2.5},
  svg('title', {}, `trial ${trial.number}: ${number(a)}, ${number(b)}`));
}

function draw(front, others, objectives) {
  const all = [...others, ...front];
  const x = axisOf(all, 0, MARGIN.left, SIZE.width - MARGIN.right);
  const y = axisOf(all, 1, SIZE.height - MARGIN.bottom, MARGIN.top);
  return svg('svg', {class: 'scatter', role: 'img',
    viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
    'aria-label': `${objectives[1].name} against ${objectives[0].name}: ` +
      `${front.length} trials on the front, ${others.length} behind it.`},
  ...ticks(x, y), ...titles(objectives),
  ...others.map(trial => mark(trial, 'other', x, y)),
  svg('path', {class: 'edge', d: edge(front, objectives[0].direction, x, y)}),
  ...front.map(trial => mark(trial, 'front', x, y)));
}

function table(front, {objectives, space}) {
  const params = Object.keys(space ?? {});
  const head = text => h('th', {scope: 'col', class: 'num'}, text);
  const row = trial => h('tr', {},
    h('th', {scope: 'row', class: 'num'}, String(trial.number)),
    trial.values.map(value =>
      h('td', {class: 'num', title: value}, number(value))),
    params.map(name => h('td', {class: 'num', title: trial.params?.[name]},
      plain(trial.params?.[name]))));
  return h('table', {}, h('caption', {class: 'unseen'}, 'Pareto front'),
    h('thead', {}, h('tr', {}, head('#'),
      objectives.map(objective => head(objective.name)),
      params.map(name => head(name)))),
    h('tbody', {}, front.map(row)));
}

function summary({trials, total, hypervolume, reference}) {
  const shown = trials.length < total ? `the first ${trials.length} of ` : '';
  const volume = hypervolume === null ? '' : `; hypervolume ` +
    `${number(hypervolume)} as far as (${reference.map(number).join(', ')})`;
  return `${shown}${count(total)} trials that no other one dominates${volume}`;
}

// Makes the card. update(front, others, study) shows the answer of GET
// .../pareto, and other complete trials {number, values} behind it.
export function paretoFront() {
  const picture = h('div');
  const about = h('p', {class: 'faint', role: 'status'});
  const rows = h('div', {class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': 'Pareto front'});
  const element = h('section', {class: 'card', hidden: true,
    'aria-label': 'Front'}, h('h2', {}, 'Pareto front'), picture, about, rows);
  return {
    element,
    update(front, others, study) {
      element.hidden = front.total === 0;
      if (element.hidden)
        return;
      picture.replaceChildren(...study.objectives.length === 2
        ? [draw(front.trials, others, study.objectives)] : []);
      setText(about, summary(front));
      rows.replaceChildren(table(front.trials, study));
    },
  };
}
