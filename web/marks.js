// SPDX-License-Identifier: GPL-3.0-or-later
// marks.js - what charts draw: axes, dots, steps; no DOM
//
// Dots that would land on a pixel that already has one of the same series are
// left out, so a hundred thousand trials cost about as much as the pixels they
// cover.

// Where the axes are, for a canvas of that size.
export function box({width, height}, {left = 66, right = 14, top = 12,
  bottom = 42} = {}) {
  return {left, right: width - right, top, bottom: height - bottom, width,
    height};
}

// At most this many characters of a long label.
const clipped = (text, most) => text.length > most
  ? `${text.slice(0, most - 1)}…` : text;

// Draws ticks and titles of two scales; the grid follows the vertical one.
export function drawAxes(pen, {left, right, top, bottom}, ink, x, y) {
  pen.font = '12px system-ui, sans-serif';
  pen.strokeStyle = ink('grid');
  pen.fillStyle = ink('faint');
  pen.lineWidth = 1;
  pen.beginPath();
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const [tick, text] of y.marks((bottom - top) / 38)) {
    const at = Math.round(y.pixel(tick)) + 0.5;
    pen.moveTo(left, at);
    pen.lineTo(right, at);
    pen.fillText(clipped(text, 9), left - 8, at);
  }
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  const across = (right - left) / 80;
  const most = Math.max(Math.floor(12 * across / x.marks(across).length), 8);
  for (const [tick, text] of x.marks(across)) {
    const at = Math.round(x.pixel(tick)) + 0.5;
    pen.moveTo(at, bottom);
    pen.lineTo(at, bottom + 5);
    pen.fillText(clipped(text, most), at, bottom + 8);
  }
  pen.stroke();
  pen.fillText(clipped(x.title, Math.floor((right - left) / 7)),
    (left + right) / 2, bottom + 25);
  pen.save();
  pen.translate(6, (top + bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(clipped(y.title, Math.floor((bottom - top) / 7)), 0, 0);
  pen.restore();
}

// The more trials, the smaller and fainter their marks.
export const radiusFor = n => n > 20000 ? 1 : n > 3000 ? 1.5 : n > 500 ? 2.2
  : 3.2;

// Dots of one colour at (x[i], y[i]) for those i in `which` (all: null).
export function drawDots(pen, {width, height}, x, y, which, {colour, radius,
  alpha}) {
  const across = Math.ceil(width);
  const taken = new Uint8Array(across * Math.ceil(height));
  const square = radius <= 1.5;
  const atOnce = square && pen.canvas; // faster than a path of many pieces
  pen.fillStyle = colour;
  pen.globalAlpha = alpha ?? (radius < 3 ? 0.65 : 0.8);
  pen.beginPath();
  const n = which ? which.length : x.length;
  for (let k = 0; k < n; k++) {
    const i = which ? which[k] : k;
    const px = x[i];
    const py = y[i];
    const cell = Math.floor(py) * across + Math.floor(px);
    if (!(px >= 0) || !(py >= 0) || taken[cell])
      continue;
    taken[cell] = 1;
    if (atOnce)
      pen.fillRect(px - radius, py - radius, 2 * radius, 2 * radius);
    else if (square)
      pen.rect(px - radius, py - radius, 2 * radius, 2 * radius);
    else {
      pen.moveTo(px + radius, py);
      pen.arc(px, py, radius, 0, 2 * Math.PI);
    }
  }
  pen.fill();
  pen.globalAlpha = 1;
}

// A line that holds each value until the next one: corners [[x, y] ...] in
// pixels, on to `end`.
export function drawSteps(pen, corners, end, colour, width = 2) {
  if (corners.length === 0)
    return;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = 'round';
  pen.beginPath();
  corners.forEach(([x, y], i) => {
    if (i === 0)
      pen.moveTo(x, y);
    else {
      pen.lineTo(x, corners[i - 1][1]);
      pen.lineTo(x, y);
    }
  });
  pen.lineTo(end, corners.at(-1)[1]);
  pen.stroke();
}

export function drawLine(pen, x, y, from, to, {colour, width = 1.5, alpha = 1,
  dash = []}) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.globalAlpha = alpha;
  pen.setLineDash(dash);
  pen.lineJoin = 'round';
  pen.beginPath();
  for (let i = from; i < to; i++)
    if (i === from)
      pen.moveTo(x[i], y[i]);
    else
      pen.lineTo(x[i], y[i]);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

// Eight steps of viridis, the best being the darkest on light and the lightest
// on dark ground.
const VIRIDIS = ['#440154', '#46337e', '#365c8d', '#277f8e', '#1fa187',
  '#4ac16d', '#9fda3a', '#fde725'];

export const SHADES = VIRIDIS.length;

// The colour of a place in [0, 1], where 0 is the best; dark: on dark ground.
export function shade(place, dark) {
  const i = Math.min(Math.floor(place * SHADES), SHADES - 1);
  return VIRIDIS[dark ? SHADES - 1 - i : i];
}
