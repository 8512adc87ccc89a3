// SPDX-License-Identifier: GPL-3.0-or-later
// chart_grid.js - the points of a grid in two parameters, coloured by a result

import {number, plain} from './dom.js';
import {frame, range} from './drawing.js';
import {rising} from './palette.js';
import {mark, svg} from './svg.js';

const HEIGHT = 400;

// The axis of a parameter: {spec, of(row)}; other things than numbers have
// places in the order of their first appearance.
function parameter(name, rows, space) {
  const values = rows.map(({cells}) => cells[name]);
  if (values.every(Number.isFinite)) {
    const [low, high] = range(values);
    return {of: row => row.cells[name], spec: {low, high, title: name,
      log: space?.[name]?.log === true && low > 0}};
  }
  const names = [...new Set(values.map(plain))];
  return {of: row => names.indexOf(plain(row.cells[name])),
    spec: {low: 0, high: Math.max(names.length - 1, 1), pad: 0.1, title: name,
      labels: names.map((text, at) => ({at, text}))}};
}

function point(row, {name, low, high}, place) {
  const {item, cells} = row;
  const value = cells[name];
  const known = item.state === 'complete' && Number.isFinite(value);
  const kind = known ? 'done' : item.state === 'failed' ? 'failed' : 'pending';
  const words = known ? `${name} ${number(value)}` : item.state;
  return svg('g', {class: `point ${kind}`, 'data-state': item.state,
    'data-value': known ? value : null},
  mark(kind === 'failed' ? 'cross' : 'square', ...place(row), 5,
    {fill: known ? rising.of(value, low, high) : null},
    `${item.point_id ?? JSON.stringify(item.params)}: ${words}`));
}

// Draws rows (see grid_rows.js). how: {x, y, colour} are names of columns.
export function drawGrid({rows, space}, how, width) {
  if (rows.length === 0 || !how.x || !how.y)
    return null;
  const across = parameter(how.x, rows, space);
  const up = parameter(how.y, rows, space);
  const values = rows.filter(({item}) => item.state === 'complete')
    .map(({cells}) => cells[how.colour]).filter(Number.isFinite);
  const [low, high] = range(values);
  const {x, y, height, nodes} = frame({width, height: HEIGHT,
    caption: [`coloured by ${how.colour || 'nothing'}`],
    legend: [{shape: 'square', name: 'point pending', text: 'to come'},
      {shape: 'cross', name: 'point failed', text: 'failed'}],
    colours: values.length ? {colours: rising.colours,
      texts: [low, high].map(end => number(Number(end.toPrecision(3))))} : null,
    x: across.spec, y: up.spec});
  return {
    height,
    label: `${rows.length} runs in ${how.x} and ${how.y}, coloured by ` +
      `${how.colour}` + (values.length
      ? ` from ${number(low)} to ${number(high)}.` : '.'),
    nodes: [nodes, rows.map(row => point(row, {name: how.colour, low, high},
      one => [x.pixel(across.of(one)), y.pixel(up.of(one))]))],
  };
}
