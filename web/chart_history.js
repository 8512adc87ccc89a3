// SPDX-License-Identifier: GPL-3.0-or-later
// chart_history.js - value of each trial and the best so far, on a canvas
//
// Drawn at most once per frame. Marks that would land on a pixel that already
// has one of the same state are left out, so a hundred thousand trials cost
// about as much as the pixels they cover. The pointer and the arrow keys move
// a marker from trial to trial; the table below the chart has the same data.

import {axis} from './axis.js';
import {h, number, setText} from './dom.js';
import {bestSoFar} from './model.js';

const MARGIN = {left: 66, right: 14, top: 12, bottom: 40};
const SERIES = ['infeasible', 'failed', 'lost', 'pruned', 'complete'];
const NEAR_PX = 24;

function colours(element) {
  const style = getComputedStyle(element);
  return name => style.getPropertyValue(`--${name}`).trim();
}

function range(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

// The axes for these points on a canvas of that size (CSS pixels).
function layout(points, width, height, log) {
  const [first, last] = range(points.map(point => point.number));
  const [low, high] = range(points.map(point => point.value));
  return {
    x: axis({low: Math.min(first, 0), high: Math.max(last, 1),
      from: MARGIN.left, to: width - MARGIN.right, pad: 0.015}),
    y: axis({low, high, log, from: height - MARGIN.bottom, to: MARGIN.top}),
    width, height,
  };
}

function drawAxes(pen, {x, y, width, height}, ink, title) {
  const bottom = height - MARGIN.bottom;
  pen.font = '12px system-ui, sans-serif';
  pen.strokeStyle = ink('grid');
  pen.fillStyle = ink('faint');
  pen.lineWidth = 1;
  pen.beginPath();
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const tick of y.ticks(height / 60)) {
    const at = Math.round(y.pixel(tick)) + 0.5;
    pen.moveTo(MARGIN.left, at);
    pen.lineTo(width - MARGIN.right, at);
    pen.fillText(number(tick), MARGIN.left - 8, at);
  }
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  for (const tick of x.ticks(width / 110)) {
    if (tick < 0 || !Number.isInteger(tick))
      continue;
    const at = Math.round(x.pixel(tick)) + 0.5;
    pen.moveTo(at, bottom);
    pen.lineTo(at, bottom + 5);
    pen.fillText(number(tick), at, bottom + 8);
  }
  pen.stroke();
  pen.fillText('trial number', (MARGIN.left + width - MARGIN.right) / 2,
    bottom + 24);
  pen.save();
  pen.translate(12, (MARGIN.top + bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(title, 0, -6);
  pen.restore();
}

// The more trials, the smaller and fainter their marks.
const radiusFor = n => n > 3000 ? 1.5 : n > 500 ? 2.2 : 3.2;

// One state's marks, as one path.
function drawMarks(pen, points, {x, y, width, height}, colour, radius) {
  const taken = new Uint8Array(Math.ceil(width) * Math.ceil(height));
  pen.fillStyle = colour;
  pen.globalAlpha = radius < 3 ? 0.65 : 0.8;
  pen.beginPath();
  for (const point of points) {
    const px = x.pixel(point.number);
    const py = y.pixel(point.value);
    const cell = Math.floor(py) * Math.ceil(width) + Math.floor(px);
    if (taken[cell])
      continue;
    taken[cell] = 1;
    pen.moveTo(px + radius, py);
    pen.arc(px, py, radius, 0, 2 * Math.PI);
  }
  pen.fill();
  pen.globalAlpha = 1;
}

function drawBest(pen, corners, last, {x, y}, colour) {
  if (corners.length === 0)
    return;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.lineJoin = 'round';
  pen.beginPath();
  corners.forEach(({number: trial, value}, i) => {
    if (i === 0)
      pen.moveTo(x.pixel(trial), y.pixel(value));
    else {
      pen.lineTo(x.pixel(trial), y.pixel(corners[i - 1].value));
      pen.lineTo(x.pixel(trial), y.pixel(value));
    }
  });
  pen.lineTo(x.pixel(last), y.pixel(corners.at(-1).value));
  pen.stroke();
}

// Index of the point nearest to a place on the canvas, or -1. Points are
// sorted by number, so only those within reach are looked at.
function nearest(points, {x, y}, px, py) {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x.pixel(points[middle].number) < px - NEAR_PX)
      low = middle + 1;
    else
      high = middle;
  }
  let best = -1;
  let reach = NEAR_PX ** 2;
  for (let i = low; i < points.length; i++) {
    const dx = x.pixel(points[i].number) - px;
    if (dx > NEAR_PX)
      break;
    const distance = dx ** 2 + (y.pixel(points[i].value) - py) ** 2;
    if (distance < reach) {
      reach = distance;
      best = i;
    }
  }
  return best;
}

function summary(points, corners, objective) {
  const best = corners.at(-1);
  return `History of ${objective.name}, to ${objective.direction}: ` +
    `${points.length} trials with a value` + (best
    ? `; the best is ${number(best.value)}, trial ${best.number}.` : '.') +
    ' Use the arrow keys to go from trial to trial.';
}

function legend() {
  const item = (name, text) => h('span', {class: 'key'},
    h('span', {class: `swatch ${name}`, 'aria-hidden': 'true'}), text);
  return h('p', {class: 'legend'}, item('complete', 'complete'),
    item('pruned', 'pruned'), item('best', 'best so far'));
}

// Makes the chart. update(points, objective) shows other data; stop() lets go
// of the listeners that outlive the element.
export function historyChart() {
  const canvas = h('canvas', {tabindex: '0', role: 'img'});
  const tip = h('p', {class: 'tip', role: 'status', hidden: true});
  const ring = h('span', {class: 'ring', 'aria-hidden': 'true', hidden: true});
  const frame = h('div', {class: 'plot'}, canvas, ring, tip);
  const log = h('input', {type: 'checkbox', onchange: request});
  const logField = h('label', {class: 'check'}, log, ' log scale');
  const element = h('figure', {class: 'history'}, frame,
    h('figcaption', {}, legend(), logField));
  let points = [];
  let corners = [];
  let objective = {name: 'value', direction: 'minimize'};
  let axes = null;
  let chosen = -1;
  let asked = 0;

  function request() {
    asked ||= requestAnimationFrame(draw);
  }

  function draw() {
    asked = 0;
    const {clientWidth: width, clientHeight: height} = frame;
    if (points.length === 0 || width < 120 || height < 80)
      return;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    const ink = colours(canvas);
    axes = layout(points, width, height, log.checked && !log.disabled);
    drawAxes(pen, axes, ink, objective.name);
    const radius = radiusFor(points.length);
    for (const state of SERIES)
      drawMarks(pen, points.filter(point => point.state === state), axes,
        ink(`mark-${state}`), radius);
    drawBest(pen, corners, points.at(-1).number, axes, ink('mark-best'));
    mark(chosen);
  }

  // Puts the marker and the tip at points[index]; -1 hides them.
  function mark(index) {
    chosen = index;
    tip.hidden = ring.hidden = index < 0 || !axes;
    if (tip.hidden)
      return;
    const {number: trial, value, state} = points[index];
    const px = axes.x.pixel(trial);
    const py = axes.y.pixel(value);
    setText(tip, `trial ${trial}: ${number(value)} (${state})`);
    ring.style.left = `${px}px`;
    ring.style.top = `${py}px`;
    tip.classList.toggle('to-left', px > axes.width / 2);
    tip.style.left = `${px}px`;
    tip.style.top = `${Math.max(py, MARGIN.top + 24)}px`;
  }

  function onkeydown(event) {
    const last = points.length - 1;
    const to = {
      ArrowLeft: Math.max(chosen - 1, 0), Home: 0, End: last, Escape: -1,
      ArrowRight: Math.min(chosen + 1, last),
    }[event.key];
    if (to === undefined || last < 0)
      return;
    event.preventDefault();
    mark(to);
  }

  canvas.addEventListener('keydown', onkeydown);
  canvas.addEventListener('pointermove', event => {
    if (axes)
      mark(nearest(points, axes, event.offsetX, event.offsetY));
  });
  canvas.addEventListener('pointerleave', () => mark(-1));
  canvas.addEventListener('blur', () => mark(-1));
  const observer = new ResizeObserver(request);
  observer.observe(frame);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', request);

  return {
    element,
    update(nextPoints, nextObjective) {
      points = nextPoints;
      objective = nextObjective;
      corners = bestSoFar(points, objective.direction);
      log.disabled = points.some(point => point.value <= 0);
      logField.title = log.disabled ? 'needs positive values' : '';
      chosen = Math.min(chosen, points.length - 1);
      canvas.setAttribute('aria-label', summary(points, corners, objective));
      request();
    },
    stop() {
      observer.disconnect();
      scheme.removeEventListener('change', request);
      cancelAnimationFrame(asked);
    },
  };
}
