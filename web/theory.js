// SPDX-License-Identifier: GPL-3.0-or-later
// theory.js - a curve that somebody typed, and where a limit crosses it; no DOM

const MOST = 5000; // points

// The curve [[x, y], ...] in ascending x of a text with 'x,y' in each line
// (or with spaces or semicolons between). Empty lines, those that begin with #
// and one of names before the numbers say nothing. Throws Error, naming the line.
export function parseCurve(text) {
  const curve = [];
  let names = false;
  text.split(/\r?\n/).forEach((line, i) => {
    const words = line.trim().split(/[\s,;]+/).filter(Boolean);
    if (words.length === 0 || words[0].startsWith('#'))
      return;
    const [x, y] = words.map(Number);
    if (Number.isFinite(x) && Number.isFinite(y))
      curve.push([x, y]);
    else if (curve.length > 0 || names)
      throw new Error(`line ${i + 1} must have two numbers, not “${line}”`);
    else
      names = true;
  });
  if (curve.length > MOST)
    throw new Error(`at most ${MOST} points, not ${curve.length}`);
  if (text.trim() && curve.length < 2)
    throw new Error('a curve has at least two points');
  return curve.sort((a, b) => a[0] - b[0]);
}

// The value of a curve at x, linear in between; null beyond its ends.
function valueAt(curve, x) {
  const i = curve.findIndex(([at]) => at >= x);
  if (i < 0 || (i === 0 && curve[0][0] !== x))
    return null;
  if (i === 0)
    return curve[0][1];
  const [[x0, y0], [x1, y1]] = [curve[i - 1], curve[i]];
  return x1 === x0 ? y1 : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

// The part of a curve between two places, which end it where it is known.
export function clip(curve, from, to) {
  const end = x => {
    const y = valueAt(curve, x);
    return y === null ? [] : [[x, y]];
  };
  return [...end(from), ...curve.filter(([x]) => x > from && x < to),
    ...to > from ? end(to) : []];
}

// Where the first curve crosses the second one: the places, ascending. Both
// are broken lines, so their difference is one between all of their corners.
export function crossings(first, second) {
  const places = [...new Set([...first, ...second].map(([x]) => x))]
    .sort((a, b) => a - b);
  const known = places.map(x => {
    const [a, b] = [valueAt(first, x), valueAt(second, x)];
    return {x, gap: a === null || b === null ? null : a - b};
  }).filter(({gap}) => gap !== null);
  const found = [];
  for (let i = 0; i < known.length; i++) {
    const {x, gap} = known[i];
    const last = known[i - 1];
    if (gap === 0)
      found.push(x);
    else if (last && last.gap * gap < 0)
      found.push(last.x + (x - last.x) * last.gap / (last.gap - gap));
  }
  return found;
}
