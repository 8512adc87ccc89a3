// SPDX-License-Identifier: GPL-3.0-or-later
// chart_brazil.js - the limits of a campaign along an axis such as a mass

import {number} from './dom.js';
import {frame, range} from './drawing.js';
import {conventions, crosses, curveName, limitText} from './limit_words.js';
import {between, errorBar, mark, rectangle, svg, through} from './svg.js';
import {clip, crossings} from './theory.js';

const HEIGHT = 400;
const BANDS = [['band-2', 'exp-2', 'exp+2'], ['band-1', 'exp-1', 'exp+1']];
const NAMES = ['obs', 'exp-2', 'exp-1', 'exp0', 'exp+1', 'exp+2'];

// The segments with a place on the axis and a limit, in its order.
export function placed(campaign) {
  return campaign.segments
    .filter(({x, limits}) => Number.isFinite(x) && limits)
    .map(segment => ({segment, x: segment.x, curves: Object.fromEntries(
      segment.limits.map(one => [one.name, one]))}))
    .sort((a, b) => a.x - b.x);
}

// The points [x, limit] of a curve, where it has a limit.
function course(list, name) {
  return list.filter(({curves}) => crosses(curves[name]))
    .map(({x, curves}) => [x, curves[name].limit]);
}

function band(list, [name, low, high], {x, y}) {
  const known = list.filter(({curves}) =>
    crosses(curves[low]) && crosses(curves[high]));
  if (known.length === 0)
    return null;
  const at = which => known.map(one =>
    [x(one.x), y(one.curves[which].limit)]);
  if (known.length > 1)
    return svg('path', {class: name, d: between(at(low), at(high))});
  const [[left, bottom]] = at(low);
  return svg('path', {class: name,
    d: rectangle(left - 6, at(high)[0][1], left + 6, bottom)});
}

function line(points, name, {x, y}) {
  return svg('path', {class: name, d: through(points.map(([a, b]) =>
    [x(a), y(b)]))});
}

// The observed limit of a segment; where it is only a bound, a triangle.
function observed({segment, x: at, curves}, {x, y, floor}) {
  const {obs} = curves;
  if (!obs || obs.limit === null)
    return null;
  const known = crosses(obs);
  const error = obs.total_error ?? 0;
  const place = value => y(Math.max(value, floor));
  return svg('g', {class: known ? 'obs' : 'obs open', 'data-x-value': at,
    'data-limit': obs.limit},
  known ? errorBar(x(at), place(obs.limit - error), place(obs.limit + error),
    {class: 'error'}) : null,
  mark(known ? 'circle' : 'triangle', x(at), place(obs.limit), 4, {},
    `${segment.name}: ${limitText(obs)}`));
}

// Straight lines are those on the axes that are drawn: {to, back} of a curve.
function straight({x, y}) {
  const logs = (curve, f) =>
    curve.map(([a, b]) => [x.log ? f(a) : a, y.log ? f(b) : b]);
  return {
    to: curve => logs(curve, Math.log).filter(([, b]) => Number.isFinite(b)),
    back: curve => logs(curve, Math.exp),
  };
}

// The part of the theory beside the limits, and where the observed one crosses
// it.
function meeting(list, theory, spec) {
  const {to, back} = straight(spec);
  const [from, end] = to([[list[0].x, 1], [list.at(-1).x, 1]])
    .map(([x]) => x);
  const seen = clip(to(theory), from, end);
  const places = crossings(to(course(list, 'obs')), seen);
  return {seen: back(seen), meets: back(places.map(x => [x, 0]))
    .map(([x]) => number(Number(x.toPrecision(4))))};
}

function words(list, axis, theory, meets) {
  const [low, high] = range(list.map(({x}) => x));
  return `Upper limits of ${list.length} segments against ` +
    `${axis} from ${number(low)} to ${number(high)}.` +
    (theory.length === 0 ? '' : meets.length
      ? ` The observed limit crosses the theory at ${meets.join(', ')}.`
      : ' The observed limit does not cross the theory.');
}

function legend(list, theory) {
  const has = name => list.some(({curves}) => crosses(curves[name]));
  return [
    has('obs') && {shape: 'circle', name: 'obs', text: 'observed'},
    has('exp0') && {shape: 'line', name: 'median', text: 'expected median'},
    has('exp-1') && {shape: 'area', name: 'band-1', text: '±1σ'},
    has('exp-2') && {shape: 'area', name: 'band-2', text: '±2σ'},
    theory.length > 0 && {shape: 'line', name: 'theory', text: 'theory'},
  ].filter(Boolean);
}

// Draws {campaign, limit, theory}: limit (null as long as it is not known) has
// the settings of the studies, theory is a curve [[x, y], ...]. how has logx
// and log, which ask for logarithmic axes.
export function drawBrazil({campaign, limit, theory}, how, width) {
  const list = placed(campaign);
  const all = list.flatMap(({curves}) => Object.values(curves));
  const values = all.map(curve => curve.limit).filter(Number.isFinite);
  if (values.length === 0)
    return null;
  const [first, last] = range(list.map(one => one.x));
  const positive = value => !how.log || value > 0;
  const [low, high] = range([...values, ...clip(theory, first, last)
    .map(([, b]) => b)].filter(positive));
  const axis = campaign.axis ?? 'x';
  const spec = {
    x: {low: first, high: last, log: how.logx && first > 0, title: axis},
    y: {low: how.log ? low : Math.min(low, 0), high, log: how.log,
      ground: !how.log,
      title: `upper limit on ${limit?.poi ?? 'the signal'}`},
  };
  const {seen, meets} = meeting(list, theory, spec);
  const {x, y, height, nodes} = frame({width, height: HEIGHT, ...spec,
    caption: [...limit ? conventions(limit) : [],
      ...meets.map(at => `observed crosses the theory at ${at}`)],
    legend: legend(list, seen)});
  const floor = how.log ? low : -Infinity;
  const at = {x: x.pixel, y: value => y.pixel(Math.max(value, floor)), floor};
  return {
    height, label: words(list, axis, seen, meets),
    nodes: [nodes, BANDS.map(one => band(list, one, at)),
      ['exp-2', 'exp-1', 'exp+1', 'exp+2'].map(name =>
        line(course(list, name), 'band-edge', at)),
      line(course(list, 'exp0'), 'median', at),
      seen.length ? svg('g', {'data-theory': seen.length},
        line(seen, 'theory', at)) : null,
      line(course(list, 'obs'), 'obs-line', at),
      list.map(one => observed(one, at)),
      list.filter(({curves}) => !curves.obs && crosses(curves.exp0))
        .map(({x: place, curves}) => mark('circle', at.x(place),
          at.y(curves.exp0.limit), 2.5, {class: 'obs'}))],
  };
}

export function brazilRows({campaign}) {
  return {
    heads: ['segment', campaign.axis ?? 'x', ...NAMES.map(curveName),
      'error of observed', 'status of observed'],
    rows: placed(campaign).map(({segment, x, curves}) => [segment.name, x,
      ...NAMES.map(name => curves[name]?.limit ?? null),
      curves.obs?.total_error ?? null, curves.obs?.status ?? null]),
  };
}
