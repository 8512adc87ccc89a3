// SPDX-License-Identifier: GPL-3.0-or-later
// chart_cls.js - CLs against the parameter of interest, with expected bands

import {number} from './dom.js';
import {frame, range} from './drawing.js';
import {conventions, crosses, curveName, limitText} from './limit_words.js';
import {between, errorBar, mark, rectangle, svg, through} from './svg.js';

const HEIGHT = 360;
const LEAST = 1e-5; // of a log scale
const BANDS = [['band-2', 0, 4], ['band-1', 1, 3]];
const ASYMPTOTIC = [0, 1, 2, 3, 4];

const UNKNOWN = ['no_toys', 'no_data']; // nothing to say of the data
const told = point => !UNKNOWN.includes(point.status);

const toysOf = point => point.n_sb + point.n_b;

// The places of a value of all points that have it. A CLs of 0 means that no toy
// is there; where the scale has no place for it, it is left out.
const places = (points, value, {x, y, shows}) => points
  .filter(point => Number.isFinite(value(point)) && shows(value(point)))
  .map(point => [x(point.mu), y(value(point))]);

// The area between two of the expected curves; a point on its own has a bar.
function band(points, [name, low, high], to) {
  const at = i => places(points, point => point.expected?.[i].cls, to);
  const [lower, upper] = [at(low), at(high)];
  if (lower.length === 0 || upper.length === 0)
    return null;
  if (upper.length > 1)
    return svg('path', {class: name, d: between(lower, upper)});
  const [[middle, top]] = upper;
  return svg('path', {class: name,
    d: rectangle(middle - 4, top, middle + 4, lower[0][1])});
}

const line = (points, value, name, to) =>
  svg('path', {class: name, d: through(places(points, value, to))});

// Points with their errors; one whose value is not defined is a ring.
function marked(points, of, shape, name, {x, y, radius = () => 3.5}) {
  return points.filter(told).map(point => {
    const {value, low, high} = of(point);
    const known = value !== null;
    const middle = known ? value : (low + high) / 2;
    return svg('g', {class: known ? name : `${name} open`,
      'data-mu': point.mu, 'data-value': known ? value : 'undefined'},
    errorBar(x(point.mu), y(low), y(high), {class: 'error'}),
    mark(shape, x(point.mu), y(middle), radius(point), {},
      `${number(point.mu)}: ${known ? number(value) : 'undefined'} ` +
      `(${number(low)} to ${number(high)}), ${toysOf(point)} toys`));
  });
}

// The limit of a curve, with its error, where it crosses.
function crossing(limit, name, {x, box}) {
  const found = limit.curves.find(one => one.name === name);
  if (!crosses(found))
    return null;
  const {limit: at, total_error: error} = found;
  return svg('g', {class: `crossing at-${name}`, 'data-limit': at},
    svg('path', {class: 'spread', d: rectangle(
      Math.max(x(at - error), box.left), box.top,
      Math.min(x(at + error), box.right), box.bottom)}),
    svg('path', {class: 'edge', d: through([[x(at), box.top],
      [x(at), box.bottom]])}));
}

function alphaLine(limit, {x, y, box}) {
  const alpha = 1 - limit.cl;
  return svg('g', {class: 'alpha', 'data-alpha': number(alpha)},
    svg('path', {d: through([[box.left, y(alpha)], [box.right, y(alpha)]])}),
    svg('text', {x: box.right - 6, y: y(alpha) - 6, 'text-anchor': 'end'},
      `α = ${number(alpha)}`));
}

function extent({points, curves, cl}, {log, clsb, clb, asymptotic}) {
  const values = [1 - cl, ...points.flatMap(point => [
    ...told(point) ? [point.cls.value, point.cls.low, point.cls.high] : [],
    ...point.expected?.map(one => one.cls) ?? [],
    ...clsb && told(point) ? [point.sb.p, point.sb.high] : [],
    ...clb && told(point) ? [point.b.p, point.b.high] : [],
    ...asymptotic ? point.asymptotic?.expected ?? [] : []])];
  const known = values.filter(value => !log || value > LEAST);
  const [low, high] = range(known);
  const limits = curves.filter(crosses).map(one => one.limit);
  const [first, last] = range([...points.map(point => point.mu), ...limits]);
  return {x: {low: first, high: last}, y: {low: log ? low : 0,
    high: Math.min(high, 1)}};
}

function legend(limit, {clsb, clb, asymptotic}) {
  const bands = limit.points.some(point => point.expected);
  const theory = limit.points.some(point => point.asymptotic);
  return [
    {shape: 'circle', name: 'obs', text: `observed ${limit.rule}`},
    bands && {shape: 'line', name: 'median', text: 'expected median'},
    bands && {shape: 'area', name: 'band-1', text: '±1σ'},
    bands && {shape: 'area', name: 'band-2', text: '±2σ'},
    clsb && {shape: 'square', name: 'clsb', text: 'CLs+b'},
    clb && {shape: 'triangle', name: 'clb', text: 'CLb'},
    asymptotic && theory &&
      {shape: 'line', name: 'asymptotic', text: 'asymptotic'},
  ].filter(Boolean);
}

function label(limit) {
  const words = limit.curves.filter(one => one.limit !== null)
    .map(one => `${curveName(one.name)} ${limitText(one)}`);
  return `${limit.rule} against ${limit.poi} at ${limit.points.length} ` +
    `points. Limits on ${limit.poi}: ${words.join(', ') || 'none yet'}.`;
}

// Draws the answer of GET .../limit, its points ascending. `how` has log, clsb, clb, asymptotic as
// true or false, chosen (a value of the parameter) and choose(mu).
export function drawCls(limit, how, width) {
  const {points} = limit;
  if (points.length === 0)
    return null;
  const ends = extent(limit, how);
  const floor = how.log ? ends.y.low : -Infinity;
  const {x, y, box, height, nodes} = frame({width, height: HEIGHT,
    caption: conventions(limit), legend: legend(limit, how),
    x: {...ends.x, title: limit.poi},
    y: {...ends.y, log: how.log, ground: true, title: limit.rule}});
  const most = Math.max(...points.map(toysOf), 1);
  const at = {x: x.pixel, y: value => y.pixel(Math.max(value, floor)), box,
    shows: value => !how.log || value > 0,
    radius: point => 2.5 + 4 * Math.sqrt(toysOf(point) / most)};
  const small = {...at, radius: undefined};
  return {
    label: label(limit), height,
    nodes: [nodes,
      BANDS.map(one => band(points, one, at)),
      [0, 1, 3, 4].map(i => line(points, point => point.expected?.[i].cls,
        'band-edge', at)),
      how.asymptotic ? [...ASYMPTOTIC.map(i => line(points,
        point => point.asymptotic?.expected?.[i], 'asymptotic faded', at)),
      line(points, point => point.asymptotic?.obs, 'asymptotic', at)] : null,
      line(points, point => point.expected?.[2].cls, 'median', at),
      crossing(limit, 'exp0', at), crossing(limit, 'obs', at),
      alphaLine(limit, at),
      how.clsb ? marked(points, ({sb}) => ({...sb, value: sb.p}),
        'square', 'clsb', small) : null,
      how.clb ? marked(points, ({b}) => ({...b, value: b.p}), 'triangle',
        'clb', small) : null,
      line(points, point => point.cls.value, 'obs-line', at),
      marked(points, point => point.cls, 'circle', 'obs', at),
      points.filter(point => point.mu === how.chosen).map(point =>
        svg('path', {class: 'chosen', d: through([[at.x(point.mu), box.bottom],
          [at.x(point.mu), box.bottom + 6]])}))],
    pick(px) {
      const near = points.reduce((a, b) =>
        Math.abs(at.x(a.mu) - px) <= Math.abs(at.x(b.mu) - px) ? a : b);
      how.choose(near.mu);
    },
  };
}

const SIGMAS = ['−2σ', '−1σ', 'median', '+1σ', '+2σ'];

// The numbers behind it.
export function clsRows(limit) {
  return {
    heads: [limit.poi, limit.rule, 'low', 'high', 'CLs+b', 'CLb', 'n s+b',
      'k s+b', 'n b', 'k b', ...SIGMAS.map(name => `expected ${name}`),
      'asymptotic', 'status'],
    rows: limit.points.map(point => [point.mu, point.cls.value, point.cls.low,
      point.cls.high, point.sb.p, point.b.p, point.n_sb, point.k_sb,
      point.n_b, point.k_b,
      ...SIGMAS.map((_, i) => point.expected?.[i].cls ?? null),
      point.asymptotic?.obs ?? null, point.status]),
  };
}
