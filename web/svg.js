// SPDX-License-Identifier: GPL-3.0-or-later
// svg.js - elements of drawings, and the paths and marks they are made of
//
// Colours, widths and dashes come from classes of the style sheet, so that a
// drawing follows light and dark; only colours that stand for a value are
// attributes.

// Makes an element. null, false and undefined props are left out.
export function svg(tag, props, ...children) {
  const element =
    document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props ?? {}))
    if (value !== null && value !== false && value !== undefined)
      element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter(child => child != null));
  return element;
}

// Tenths of pixels are enough, and keep exported files small.
const px = value => Math.round(value * 10) / 10;

// A path through points [x, y].
export const through = points => points.map(([x, y], i) =>
  `${i ? 'L' : 'M'}${px(x)} ${px(y)}`).join('');

// The outline of the area between two lines.
export const between = (lower, upper) =>
  `${through([...lower, ...[...upper].reverse()])}Z`;

export const rectangle = (left, top, right, bottom) =>
  `M${px(left)} ${px(top)}H${px(right)}V${px(bottom)}H${px(left)}Z`;

const SHAPES = {
  circle: r => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0` +
    `a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
  cross: r => `M${-r} ${-r}L${r} ${r}M${r} ${-r}L${-r} ${r}`,
  square: r => `M${-r} ${-r}H${r}V${r}H${-r}Z`,
  triangle: r => `M0 ${-1.2 * r}L${1.1 * r} ${r}H${-1.1 * r}Z`,
  diamond: r => `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0Z`,
};

// A mark of some shape and radius with its middle at (x, y); `text` is what
// pointing at it says.
export function mark(shape, x, y, radius, props, text = null) {
  return svg('path', {...props, 'data-x': px(x), 'data-y': px(y),
    transform: `translate(${px(x)} ${px(y)})`,
    d: SHAPES[shape](px(radius))}, text && svg('title', {}, text));
}

// A vertical bar from low to high with small caps.
export function errorBar(x, low, high, props) {
  const cap = 3;
  return svg('path', {...props, d: `M${px(x)} ${px(low)}V${px(high)}` +
    `M${px(x - cap)} ${px(low)}h${2 * cap}M${px(x - cap)} ${px(high)}` +
    `h${2 * cap}`});
}
