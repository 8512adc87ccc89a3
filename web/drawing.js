// SPDX-License-Identifier: GPL-3.0-or-later
// drawing.js - what stands around a drawing: captions, legend, axes
//
// All of it is part of the picture, so that it is there in an exported file
// too. Sizes are in CSS pixels, so text is as large on a phone as elsewhere.

import {axis} from './axis.js';
import {number} from './dom.js';
import {mark, rectangle, svg, through} from './svg.js';

const MARGIN = {left: 62, right: 24, bottom: 46};
const LINE = 18;
const SAMPLE = 24; // the width of a sample in the legend
const CHARACTER = 6.5; // the mean width of one at 12 pixels
const FIGURE = 7.4;

// The places {item, x, row} of items of these widths, in rows that are not
// wider than `most`.
function wrap(items, width, most) {
  let x = 0;
  let row = 0;
  return items.map(item => {
    const size = width(item);
    if (x > 0 && x + size > most) {
      x = 0;
      row++;
    }
    const place = {item, x, row};
    x += size;
    return place;
  });
}

const rowsOf = places => places.length ? places.at(-1).row + 1 : 0;

const SAMPLES = {
  line: name => svg('path', {class: name, d: through([[0, -4], [18, -4]])}),
  area: name => svg('path', {class: name, d: rectangle(2, -9, 18, 1)}),
};

function sample({shape, name}) {
  return SAMPLES[shape]?.(name) ??
    mark(shape, 10, -4, 4.5, {class: name});
}

// A legend that shows a scale of colours: {colours, texts: [low, high]}.
function ramp({colours, texts: [low, high]}, left, top) {
  const from = left + low.length * FIGURE + 8;
  const size = 14;
  return svg('g', {class: 'ramp'},
    svg('text', {x: left, y: top}, low),
    colours.map((fill, i) => svg('rect', {fill, x: from + i * size,
      y: top - 10, width: size, height: 11})),
    svg('text', {x: from + colours.length * size + 8, y: top}, high));
}

// Captions and legend above the axes, and where they end.
function heading({width, caption = [], legend = [], colours = null}) {
  const most = width - 2 * MARGIN.right;
  const words = wrap(caption.join(' · ').split(' ').filter(Boolean),
    text => (text.length + 1) * CHARACTER, most);
  const keys = wrap(legend, ({text}) =>
    SAMPLE + (text.length + 3) * CHARACTER, most);
  const left = MARGIN.right;
  const first = LINE - 2;
  const below = first + rowsOf(words) * LINE;
  const lines = [];
  for (const {item, row} of words)
    lines[row] = lines[row] ? `${lines[row]} ${item}` : item;
  const nodes = [
    lines.map((text, row) => svg('text', {class: 'caption', x: left,
      y: first + row * LINE}, text)),
    keys.map(({item, x, row}) => svg('g', {class: 'key',
      transform: `translate(${left + x} ${below + row * LINE})`},
    sample(item), svg('text', {x: SAMPLE, y: 0}, item.text))),
  ];
  let bottom = below + rowsOf(keys) * LINE;
  if (colours) {
    nodes.push(ramp(colours, left, bottom));
    bottom += LINE;
  }
  return {nodes, bottom: bottom - 4};
}

function xAxis(x, {labels, title}, {left, right, top, bottom}) {
  const ticks = labels ?? x.ticks((right - left) / 80).map(at =>
    ({at, text: number(at)}));
  return [
    ticks.map(({at}) => svg('line', {class: 'grid', x1: x.pixel(at),
      x2: x.pixel(at), y1: top, y2: bottom})),
    ticks.map(({at, text}) => svg('text', {class: 'x-tick', 'data-at': at,
      x: x.pixel(at), y: bottom + 17, 'text-anchor': 'middle'}, text)),
    svg('text', {class: 'x-title', x: (left + right) / 2, y: bottom + 38,
      'text-anchor': 'middle'}, title),
  ];
}

function yAxis(y, {title}, {left, right, top, bottom}) {
  const middle = (top + bottom) / 2;
  const ticks = y.ticks((bottom - top) / 45);
  return [
    ticks.map(at => svg('line', {class: 'grid', x1: left, x2: right,
      y1: y.pixel(at), y2: y.pixel(at)})),
    ticks.map(at => svg('text', {class: 'y-tick', 'data-at': at, x: left - 8,
      y: y.pixel(at) + 4, 'text-anchor': 'end'}, number(at))),
    svg('text', {class: 'y-title', 'text-anchor': 'middle',
      transform: `translate(13 ${middle}) rotate(-90)`}, title),
  ];
}

// Without the room that an axis leaves below; that above is kept.
function grounded({low, high, log}) {
  const room = log ? (high / low) ** 0.05 : 0.05 * (high - low);
  return {low, high: log ? high * room : high + room, pad: 0};
}

// The axes of a drawing and all around them:
//   width, height  of the plane between the axes is what is left of these
//   caption        words above it; legend: [{shape, name, text}], where name
//                  is a class; colours: a scale of colours
//   x, y           {title, low, high, log, pad}; x may have labels
//                  [{at, text}] in place of ticks; y with ground stands on its
//                  least value, without any room below
// Returns {x, y, box, nodes}: axes, the edges of the plane in pixels, and what
// is to be drawn below the marks.
export function frame({width, height, x, y, ...above}) {
  const {nodes, bottom: top} = heading({width, ...above});
  const box = {left: MARGIN.left, right: width - MARGIN.right, top: top + 6,
    bottom: height + top - MARGIN.bottom};
  const across = axis({...x, ...x.labels ? {pad: x.pad ?? 0} : {},
    from: box.left, to: box.right});
  const up = axis({...y, ...y.ground ? grounded(y) : {}, from: box.bottom,
    to: box.top});
  return {
    x: across, y: up, box, height: height + top,
    nodes: [...nodes, xAxis(across, x, box), yAxis(up, y, box)],
  };
}

// The least and the greatest of these numbers; what is null is left out.
export function range(values) {
  const known = values.filter(Number.isFinite);
  return known.length
    ? [known.reduce((a, b) => Math.min(a, b)),
      known.reduce((a, b) => Math.max(a, b))]
    : [0, 1];
}
