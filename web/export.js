// SPDX-License-Identifier: GPL-3.0-or-later
// export.js - a drawing as a file: SVG and PNG
//
// A drawing gets its looks from the style sheet, which a file has not: what
// the browser made of it is written into the copy as attributes.

import {h} from './dom.js';

const LOOKS = ['fill', 'fill-opacity', 'stroke', 'stroke-width',
  'stroke-dasharray', 'stroke-opacity', 'opacity', 'font-size', 'font-weight',
  'paint-order', 'text-anchor'];
const PNG_SCALE = 2;

function dress(copy, original) {
  const style = getComputedStyle(original);
  for (const name of LOOKS)
    copy.setAttribute(name, style.getPropertyValue(name));
  copy.removeAttribute('class');
  for (let i = 0; i < original.children.length; i++)
    dress(copy.children[i], original.children[i]);
}

// The text of an SVG file that looks like the drawing on the page.
export function svgText(drawing) {
  const copy = drawing.cloneNode(true);
  dress(copy, drawing);
  const {width, height} = drawing.viewBox.baseVal;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  copy.setAttribute('font-family', 'system-ui, sans-serif');
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', '100%');
  paper.setAttribute('height', '100%');
  paper.setAttribute('fill',
    getComputedStyle(drawing).getPropertyValue('--card').trim());
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

// A promise of the drawing as pixels.
export async function pngBlob(drawing) {
  const {width, height} = drawing.viewBox.baseVal;
  const image = new Image();
  image.src = URL.createObjectURL(
    new Blob([svgText(drawing)], {type: 'image/svg+xml'}));
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(image.src);
  }
  const canvas = h('canvas', {width: Math.round(PNG_SCALE * width),
    height: Math.round(PNG_SCALE * height)});
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise(done => canvas.toBlob(done, 'image/png'));
}
