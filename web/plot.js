// SPDX-License-Identifier: GPL-3.0-or-later
// plot.js - a drawing on a canvas that can be pointed at, read by key and saved
//
// What is drawn comes as a spec:
//   label     a sentence that says what is to be seen
//   legend    nodes, or nothing
//   draw(pen, size, ink)  draws, and returns what can be pointed at:
//             {n, x, y, tell(i), open(i)?}, x and y being arrays of pixels;
//             ink('accent') is a colour of the style sheet
//   table()   {head, rows}: the same as numbers
//   drag(from, to, done)  if given, is called while the pointer is dragged
// It is drawn at most once per frame. The pointer and the arrow keys move a
// marker from one mark to the next.

import {h, setText} from './dom.js';
import {csv, fileName, saveFile, saveMenu} from './save.js';
import {SvgPen} from './svg_pen.js';

const NEAR_PX = 24;
const STEPS = {ArrowLeft: -1, ArrowRight: 1, PageUp: -100, PageDown: 100};

function inkOf(element) {
  const style = getComputedStyle(element);
  return name => style.getPropertyValue(`--${name}`).trim();
}

// Index of the mark nearest to a place, or -1.
function nearest({n, x, y}, px, py) {
  let best = -1;
  let reach = NEAR_PX ** 2;
  for (let i = 0; i < n; i++) {
    const distance = (x[i] - px) ** 2 + (y[i] - py) ** 2;
    if (distance < reach) {
      reach = distance;
      best = i;
    }
  }
  return best;
}

// Makes a plot. update(spec) shows another one; stop() lets go of the listeners
// that outlive the element. `kind` is a class for its height.
export function plot(title, {kind = '', extra = []} = {}) {
  const canvas = h('canvas', {tabindex: '0', role: 'img',
    'aria-label': title});
  const tip = h('p', {class: 'tip', role: 'status', hidden: true});
  const ring = h('span', {class: 'ring', 'aria-hidden': 'true', hidden: true});
  const frame = h('div', {class: `plot ${kind}`}, canvas, ring, tip);
  const legend = h('p', {class: 'legend'});
  const menu = saveMenu(title, [['Picture (PNG)', savePng],
    ['Drawing (SVG)', saveSvg], ['Numbers (CSV)', saveCsv]]);
  const element = h('figure', {class: 'chart'}, frame,
    h('figcaption', {}, legend, h('span', {class: 'grow'}), extra, menu));
  let spec = null;
  let scene = null;
  let chosen = -1;
  let asked = 0;
  let grip = null; // where a drag began

  const size = () => ({width: frame.clientWidth, height: frame.clientHeight});

  function request() {
    asked ||= requestAnimationFrame(draw);
  }

  function draw() {
    asked = 0;
    const {width, height} = size();
    if (!spec || width < 100 || height < 60)
      return;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    scene = spec.draw(pen, {width, height}, inkOf(canvas));
    canvas.dataset.marks = scene.n;
    mark(Math.min(chosen, scene.n - 1));
  }

  // Puts the marker and the tip at mark i; -1 hides them.
  function mark(i) {
    chosen = i;
    tip.hidden = ring.hidden = i < 0 || !scene;
    if (tip.hidden)
      return;
    const [x, y] = [scene.x[i], scene.y[i]];
    setText(tip, scene.tell(i));
    for (const each of [ring, tip]) {
      each.style.left = `${x}px`;
      each.style.top = `${each === tip ? Math.max(y, 36) : y}px`;
    }
    tip.classList.toggle('to-left', x > frame.clientWidth / 2);
  }

  function onkeydown(event) {
    const last = (scene?.n ?? 0) - 1;
    const to = {Home: 0, End: last, Escape: -1}[event.key] ??
      (event.key in STEPS
        ? Math.min(Math.max(chosen + STEPS[event.key], 0), last) : null);
    if (event.key === 'Enter' && chosen >= 0)
      scene.open?.(chosen);
    else if (to !== null && last >= 0)
      mark(to);
    else
      return;
    event.preventDefault();
  }

  const place = event => ({x: event.offsetX, y: event.offsetY});
  canvas.addEventListener('keydown', onkeydown);
  canvas.addEventListener('pointerdown', event => {
    if (!spec?.drag || event.button !== 0)
      return;
    grip = place(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', event => {
    if (grip)
      spec.drag(grip, place(event), false);
    else if (scene)
      mark(nearest(scene, event.offsetX, event.offsetY));
  });
  canvas.addEventListener('pointerup', event => {
    if (grip)
      spec.drag(grip, place(event), true);
    grip = null;
  });
  canvas.addEventListener('pointercancel', () => grip = null);
  canvas.addEventListener('click', () => chosen >= 0 && !spec.drag &&
    scene.open?.(chosen));
  canvas.addEventListener('pointerleave', () => mark(-1));
  canvas.addEventListener('blur', () => mark(-1));
  const observer = new ResizeObserver(request);
  observer.observe(frame);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', request);

  function savePng() {
    const {width, height} = size();
    const sheet = h('canvas', {width: 2 * width, height: 2 * height});
    const pen = sheet.getContext('2d');
    const ink = inkOf(canvas);
    pen.scale(2, 2);
    pen.fillStyle = ink('card');
    pen.fillRect(0, 0, width, height);
    spec.draw(pen, {width, height}, ink);
    sheet.toBlob(blob => saveFile(fileName(title, 'png'), 'image/png', blob));
  }

  function saveSvg() {
    const {width, height} = size();
    const pen = new SvgPen(width, height);
    const ink = inkOf(canvas);
    pen.fillStyle = ink('card');
    pen.fillRect(0, 0, width, height);
    spec.draw(pen, {width, height}, ink);
    saveFile(fileName(title, 'svg'), 'image/svg+xml', pen.text());
  }

  function saveCsv() {
    const {head, rows} = spec.table();
    saveFile(fileName(title, 'csv'), 'text/csv', csv(head, rows));
  }

  return {
    element,
    redraw: request,
    update(next) {
      spec = next;
      canvas.setAttribute('aria-label', `${next.label} ` +
        'Use the arrow keys to go from mark to mark.');
      legend.replaceChildren(...[next.legend ?? []].flat());
      request();
    },
    stop() {
      observer.disconnect();
      scheme.removeEventListener('change', request);
      cancelAnimationFrame(asked);
    },
  };
}

// A line of a legend: a swatch in the colour of a state or series.
export const key = (name, text) => h('span', {class: 'key'},
  h('span', {class: `swatch ${name}`, 'aria-hidden': 'true'}), text);
