// SPDX-License-Identifier: GPL-3.0-or-later
// chart_exclusion.js - the exclusion plane, and how uncertain it is
//
// Observed curves are solid, expected ones dashed. The band is where a curve
// runs within one standard deviation of what the points say, which is an error
// of the interpolation, not of the experiment.

import {number} from './dom.js';
import {distance, level, target} from './contour_model.js';
import {frame, range} from './drawing.js';
import {curveName} from './limit_words.js';
import {apart, rising} from './palette.js';
import {areas} from './raster.js';
import {mark, svg, through} from './svg.js';

const HEIGHT = 440;
const SHAPES = {done: 'circle', pending: 'circle', invalid: 'cross',
  failed: 'triangle'};
const FARTHEST = 3; // of a logarithm that a colour still tells
const SURE = 0.5; // probability of a point to be valid

// The range of an axis: that of the parameter, as it is searched.
function extent(study, name, values) {
  const {low, high, log} = study.space?.[name] ?? {};
  const [least, most] = range(values);
  return {low: low ?? least, high: high ?? most, log: log === true,
    title: name, pad: 0.02};
}

const hatch = () => svg('pattern', {id: 'hatch', width: 8, height: 8,
  patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)'},
svg('path', {class: 'hatch', d: 'M0 0V8'}));

// The frame of a plane; `view` has study, contour and points.
function plane({study, contour, points}, width, above) {
  const {x: xs = [], y: ys = []} = contour.grid ?? {};
  return frame({width, height: HEIGHT, ...above,
    x: extent(study, contour.x, [...xs, ...points.map(point => point.x)]),
    y: extent(study, contour.y, [...ys, ...points.map(point => point.y)])});
}

const caption = ({study, contour}, curve) => [
  `${number(100 * (study.contour?.cl ?? 0.95))} % CL`,
  `${target(study)} = ${number(level(study))} on the contour`,
  `coloured: ${curveName(curve)}`, `${contour.fitted} points fitted`];

function line({closed, points}, {x, y}) {
  const path = through(points.map(([a, b]) => [x(a), y(b)]));
  return closed ? `${path}Z` : path;
}

const lines = (list, name, to) => list.map(one =>
  svg('path', {class: name, d: line(one, to)}));

// The three lines of a curve: where it is, and one deviation to both sides.
function contourOf(curve, i, to) {
  const kind = curve.name === 'obs' ? 'solid' : 'dashed';
  return svg('g', {class: `contour curve-${i}`, 'data-curve': curve.name},
    lines(curve.inner, 'side inner', to), lines(curve.outer, 'side outer', to),
    lines(curve.lines, `on ${kind}`, to));
}

const forbidden = grid => node => grid.allowed[node] ? null : 'forbidden';

// Whether the curve may run through a node, give or take a deviation.
function inBand(grid, {mean, sd}) {
  return node => grid.allowed[node] && mean[node] !== null &&
    !(grid.valid?.[node] < SURE) && Math.abs(mean[node]) <= sd[node]
    ? 'band' : null;
}

function fill(grid, look, to) {
  return [...areas(grid, look, to)].map(([name, d]) =>
    svg('path', {class: name, d}));
}

function value(point, i, study) {
  return point.kind === 'done' && Number.isFinite(point.values[i])
    ? `${target(study)} ${number(point.values[i])}`
    : point.error ?? point.state;
}

function point(one, i, study, reach, {x, y}) {
  const far = one.kind === 'done' ? distance(one.values[i], study) : null;
  return svg('g', {class: `point ${one.kind}`, 'data-number': one.number,
    'data-kind': one.kind},
  mark(SHAPES[one.kind], x(one.x), y(one.y), one.kind === 'invalid' ? 4 : 5,
    {fill: far === null ? null : apart.of(far, 0, reach)},
    `trial ${one.number}: ${value(one, i, study)}`));
}

const LEGEND = [
  ['done', {shape: 'circle', name: 'point done', text: 'with a result'}],
  ['pending', {shape: 'circle', name: 'point pending', text: 'pending'}],
  ['invalid', {shape: 'cross', name: 'point invalid', text: 'invalid'}],
  ['failed', {shape: 'triangle', name: 'point failed', text: 'failed'}],
];

function legend({contour, points}, bare) {
  const kinds = new Set(points.map(one => one.kind));
  return [
    ...contour.curves.map((curve, i) => ({shape: 'line', name: 'on ' +
      `${curve.name === 'obs' ? 'solid' : 'dashed'} curve-${i}`,
    text: curveName(curve.name)})),
    {shape: 'area', name: 'band', text: '±1 sd of the fit'},
    contour.grid?.allowed.includes(0) &&
      {shape: 'area', name: 'forbidden', text: 'forbidden'},
    ...bare ? [] : LEGEND.filter(([kind]) => kinds.has(kind))
      .map(([, key]) => key),
  ].filter(Boolean);
}

function words({contour, points}) {
  const of = kind => points.filter(one => one.kind === kind).length;
  const curves = contour.curves.map(({name, lines: {length}}) =>
    `${curveName(name)} ${length === 0 ? 'nowhere yet' : `in ${length} ` +
      (length === 1 ? 'line' : 'lines')}`);
  return `Exclusion contours in ${contour.x} and ${contour.y}: ` +
    `${curves.join(', ')}. ${of('done')} points with a result, ` +
    `${of('pending')} pending, ${of('invalid')} invalid.`;
}

// Draws a plane. how: {curve: whose values colour the points, bare: no points}.
export function drawExclusion(view, how, width) {
  const {study, contour, points} = view;
  if (points.length === 0)
    return null;
  const i = Math.max(contour.curves.findIndex(({name}) =>
    name === how.curve), 0);
  const {name} = contour.curves[i];
  const far = points.map(one => distance(one.values[i], study))
    .filter(Number.isFinite).map(Math.abs);
  const reach = Math.min(Math.max(...far, 0.1), FARTHEST);
  const ends = [-reach, reach].map(end =>
    number(Number((level(study) * Math.exp(end)).toPrecision(2))));
  const {x, y, height, nodes} = plane(view, width, {
    caption: caption(view, name), legend: legend(view, how.bare),
    colours: how.bare ? null : {colours: apart.colours,
      texts: [`${target(study)} ${ends[0]}`, ends[1]]}});
  const to = {x: x.pixel, y: y.pixel};
  const {grid} = contour;
  return {
    height, label: words(view),
    nodes: [nodes, svg('defs', {}, hatch()),
      grid ? [fill(grid, forbidden(grid), to),
        fill(grid, inBand(grid, grid.curves[i]), to)] : null,
      contour.curves.map((curve, j) => contourOf(curve, j, to)),
      how.bare ? null : points.map(one => point(one, i, study, reach, to))],
  };
}

// ---- the map of uncertainty -------------------------------------------------

// Draws the standard deviation of a curve, with the contours over it.
export function drawUncertainty(view, how, width) {
  const {contour} = view;
  const {grid} = contour;
  const i = Math.max(contour.curves.findIndex(({name}) =>
    name === how.curve), 0);
  const {sd} = grid?.curves[i] ?? {};
  const drawn = node => grid.allowed[node] && Number.isFinite(sd[node]);
  if (!sd?.some((_, node) => drawn(node)))
    return null;
  const [, high] = range(sd.filter((_, node) => drawn(node)));
  const {x, y, height, nodes} = plane(view, width, {
    caption: [`standard deviation of ${curveName(contour.curves[i].name)}, ` +
      `in units of ln ${target(view.study)}`],
    legend: legend(view, true).filter(key => key.name !== 'band'),
    colours: {colours: rising.colours,
      texts: ['0', number(Number(high.toPrecision(2)))]}});
  const to = {x: x.pixel, y: y.pixel};
  const colour = node => drawn(node) ? rising.of(sd[node], 0, high) : null;
  return {
    height,
    label: `Uncertainty of ${curveName(contour.curves[i].name)} in ` +
      `${contour.x} and ${contour.y}: at most ${number(high)}.`,
    nodes: [nodes, svg('defs', {}, hatch()),
      svg('g', {class: 'map', 'data-most': high},
        [...areas(grid, colour, to)].map(([paint, d]) =>
          svg('path', {class: 'cell', 'data-colour': paint, d, fill: paint,
            stroke: paint}))),
      fill(grid, forbidden(grid), to),
      contour.curves.map((curve, j) => svg('g', {
        class: `contour halo curve-${j}`}, lines(curve.lines,
        `on ${curve.name === 'obs' ? 'solid' : 'dashed'}`, to)))],
  };
}

// ---- the numbers ------------------------------------------------------------

function lineRows({name, lines: on, inner, outer}) {
  return [['contour', on], ['inner', inner], ['outer', outer]].flatMap(
    ([kind, list]) => list.flatMap(({points}, part) => points.map(([a, b]) =>
      [kind, name, part, a, b, null, null])));
}

export function exclusionRows({contour, points}) {
  return {
    heads: ['what', 'curve', 'part', contour.x, contour.y, 'value', 'state'],
    rows: [
      ...points.flatMap(one => contour.curves.map(({name}, i) =>
        ['point', name, one.number, one.x, one.y, one.values[i] ?? null,
          one.state])),
      ...contour.curves.flatMap(lineRows)],
  };
}

export function uncertaintyRows({contour}) {
  const {x = [], y = [], curves = []} = contour.grid ?? {};
  return {
    heads: [contour.x, contour.y, ...curves.flatMap(({name}) =>
      [`mean ${name}`, `sd ${name}`])],
    rows: y.flatMap((b, j) => x.map((a, i) => [a, b,
      ...curves.flatMap(({mean, sd}) =>
        [mean[j * x.length + i], sd[j * x.length + i]])])),
  };
}
