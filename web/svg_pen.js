// SPDX-License-Identifier: GPL-3.0-or-later
// svg_pen.js - draws like the context of a canvas, and makes an SVG
//
// It knows what our charts use: paths of lines, arcs and rectangles, texts,
// dashes, transparency, and translate and rotate. So one drawing function makes
// both the picture on the screen and the file.

const escapes = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
const escaped = text => String(text).replace(/[&<>"]/g, c => escapes[c]);
const short = value => Number(value.toFixed(2));
const ANCHORS = {left: 'start', center: 'middle', right: 'end'};
const SHIFTS = {top: '0.8em', middle: '0.35em', alphabetic: '0'};
const STATE = ['fillStyle', 'strokeStyle', 'lineWidth', 'globalAlpha', 'font',
  'textAlign', 'textBaseline', 'dashes', 'moves'];

export class SvgPen {
  constructor(width, height) {
    Object.assign(this, {width, height, fillStyle: '#000', lineWidth: 1,
      strokeStyle: '#000', globalAlpha: 1, font: '12px sans-serif',
      textAlign: 'left', textBaseline: 'alphabetic', dashes: '', moves: ''});
    this.parts = [];
    this.saved = [];
    this.path = [];
  }

  save() {
    this.saved.push(STATE.map(name => this[name]));
  }

  restore() {
    this.saved.pop().forEach((value, i) => this[STATE[i]] = value);
  }

  translate(x, y) {
    this.moves += `translate(${short(x)} ${short(y)})`;
  }

  rotate(angle) {
    this.moves += `rotate(${short(angle * 180 / Math.PI)})`;
  }

  setLineDash(lengths) {
    this.dashes = lengths.join(' ');
  }

  beginPath() {
    this.path = [];
  }

  moveTo(x, y) {
    this.path.push(`M${short(x)} ${short(y)}`);
  }

  lineTo(x, y) {
    this.path.push(`L${short(x)} ${short(y)}`);
  }

  closePath() {
    this.path.push('Z');
  }

  rect(x, y, width, height) {
    this.path.push(`M${short(x)} ${short(y)}h${short(width)}` +
      `v${short(height)}h${short(-width)}Z`);
  }

  // Whole circles only.
  arc(x, y, r) {
    const d = short(2 * r);
    const half = `a${short(r)} ${short(r)} 0 1 0`;
    this.path.push(`M${short(x - r)} ${short(y)}${half} ${d} 0` +
      `${half} ${-d} 0`);
  }

  add(tag, attributes, text) {
    const given = {...attributes, opacity: this.globalAlpha === 1 ? null
      : this.globalAlpha, transform: this.moves || null};
    const words = Object.entries(given).filter(([, value]) => value !== null)
      .map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
    this.parts.push(text === undefined ? `<${tag}${words}/>`
      : `<${tag}${words}>${escaped(text)}</${tag}>`);
  }

  fill() {
    if (this.path.length)
      this.add('path', {d: this.path.join(''), fill: this.fillStyle});
  }

  stroke() {
    if (this.path.length)
      this.add('path', {d: this.path.join(''), fill: 'none',
        stroke: this.strokeStyle, 'stroke-width': this.lineWidth,
        'stroke-linejoin': 'round', 'stroke-dasharray': this.dashes || null});
  }

  fillRect(x, y, width, height) {
    this.beginPath();
    this.rect(x, y, width, height);
    this.fill();
  }

  fillText(text, x, y) {
    const [, size] = /(\d+)px/.exec(this.font);
    this.add('text', {x: short(x), y: short(y), dy: SHIFTS[this.textBaseline],
      'font-size': size, 'font-family': 'system-ui, sans-serif',
      'text-anchor': ANCHORS[this.textAlign], fill: this.fillStyle}, text);
  }

  // The file.
  text() {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" ` +
      `height="${this.height}" viewBox="0 0 ${this.width} ${this.height}">` +
      `${this.parts.join('\n')}</svg>\n`;
  }
}
