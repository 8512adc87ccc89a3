// SPDX-License-Identifier: GPL-3.0-or-later
// chart_convergence.js - how far the limits are from being precise enough
//
// The service says how precise a limit is now, not how precise it was: the
// points are what this page has seen since it was opened. From the last one on
// the errors are drawn as they would fall if only the number of toys mattered,
// with its square root; that is a guess, and said to be one.

import {count, number} from './dom.js';
import {frame, range} from './drawing.js';
import {conventions, crosses, curveName, forecast} from './limit_words.js';
import {mark, svg, through} from './svg.js';

const HEIGHT = 320;
const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'circle', 'square'];
const MOST = 500; // points in the past

const used = limit => limit.toys.sb + limit.toys.b;

// The error that is wanted of a limit: the stricter of both; null for none.
function tolerance({rel_tol: relative, abs_tol: absolute}, limit) {
  const wanted = [relative && relative * limit, absolute].filter(Boolean);
  return wanted.length ? Math.min(...wanted) : null;
}

// The errors in units of what is wanted: {toys, shares: {curve: share}}.
function state(limit, settings) {
  const shares = {};
  for (const curve of limit.curves) {
    const wanted = crosses(curve) ? tolerance(settings, curve.limit) : null;
    if (wanted && curve.total_error > 0)
      shares[curve.name] = curve.total_error / wanted;
  }
  return {toys: used(limit), shares};
}

// Adds how the limits stand to what was seen of them before.
export function remember(past, limit, settings) {
  const now = state(limit, settings);
  const last = past.at(-1);
  if (Object.keys(now.shares).length && now.toys !== last?.toys)
    past.push(now);
  if (past.length > MOST)
    past.splice(0, past.length - MOST);
}

// The errors of a curve, and where they would go until `end` toys.
function course(past, name, i, end, {x, y}) {
  const known = past.filter(({shares}) => shares[name] !== undefined);
  if (known.length === 0)
    return null;
  const place = ({toys, shares}) => [x(toys), y(shares[name])];
  const {toys, shares} = known.at(-1);
  const later = shares[name] * Math.sqrt(toys / end);
  return svg('g', {class: `course curve-${i}`, 'data-curve': name,
    'data-share': shares[name]},
  svg('path', {class: 'seen', d: through(known.map(place))}),
  end > toys && shares[name] > 1 ? svg('path', {class: 'guess',
    d: through([place({toys, shares}), [x(end), y(later)]])}) : null,
  known.map(point => mark(SHAPES[i], ...place(point), 3.5, {},
    `${curveName(name)}: ${number(point.shares[name])} of what is wanted ` +
    `after ${count(point.toys)} toys`)));
}

// Where all curves would be precise: as the service foresees it, or else as
// the worst of them would be with the square root.
function ending(limit, {toys, shares}) {
  if (limit.forecast?.toys > 0)
    return toys + limit.forecast.toys;
  const worst = Math.max(...Object.values(shares));
  return limit.status === 'running' && worst > 1 ? toys * worst ** 2 : toys;
}

function words(limit, past) {
  const last = past.at(-1);
  const curves = Object.entries(last.shares).map(([name, share]) =>
    `${curveName(name)} ${number(share)}`);
  return `Errors of the limits in units of what is wanted after ` +
    `${count(last.toys)} toys: ${curves.join(', ')}. ` +
    (forecast(limit.forecast) || 'Nothing is foreseen.');
}

// Draws what remember() gathered about the limits.
export function drawConvergence({past, limit}, width) {
  if (past.length === 0)
    return null;
  const last = past.at(-1);
  const end = ending(limit, last);
  const names = limit.curves.map(curve => curve.name);
  const [least, most] = range(past.flatMap(({shares}) =>
    Object.values(shares)));
  const toys = range([...past.map(point => point.toys), end]);
  const {x, y, box, height, nodes} = frame({width, height: HEIGHT,
    caption: [...conventions(limit), forecast(limit.forecast),
      'dotted: guess from 1/√toys'].filter(Boolean),
    legend: names.filter(name => name in last.shares).map(name => ({
      shape: SHAPES[names.indexOf(name)],
      name: `curve-${names.indexOf(name)}`, text: curveName(name)})),
    x: {low: toys[0] === toys[1] ? toys[0] / 2 : toys[0],
      high: toys[0] === toys[1] ? toys[1] * 2 : toys[1], log: true,
      title: 'toys used'},
    y: {low: Math.min(least, 0.5), high: Math.max(most, 2), log: true,
      title: 'error / tolerance'}});
  const at = {x: x.pixel, y: y.pixel};
  return {
    height, label: words(limit, past),
    nodes: [nodes,
      svg('g', {class: 'alpha', 'data-tolerance': '1'},
        svg('path', {d: through([[box.left, at.y(1)], [box.right, at.y(1)]])}),
        svg('text', {x: box.right - 6, y: at.y(1) + 16, 'text-anchor': 'end'},
          'precise enough')),
      end > last.toys ? svg('path', {class: 'ending', 'data-toys': end,
        d: through([[at.x(end), box.top], [at.x(end), box.bottom]])}) : null,
      names.map((name, i) => course(past, name, i, end, at))],
  };
}

export function convergenceRows({past, limit}) {
  const names = limit.curves.map(curve => curve.name);
  return {
    heads: ['toys', ...names.map(name =>
      `error / tolerance, ${curveName(name)}`)],
    rows: past.map(({toys, shares}) =>
      [toys, ...names.map(name => shares[name] ?? null)]),
  };
}
