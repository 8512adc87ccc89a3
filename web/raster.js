// SPDX-License-Identifier: GPL-3.0-or-later
// raster.js - values on a grid of nodes, as areas of a drawing
//
// Each node stands for the cell around it, as far as halfway to its
// neighbours. Neighbours in a row that look alike are one rectangle, so a map
// of ten thousand nodes is a few hundred of them.

import {rectangle} from './svg.js';

// The edges of the cells around places that rise or fall.
function edges(places) {
  const inner = places.slice(1).map((at, i) => (at + places[i]) / 2);
  const first = places[0] - (inner[0] - places[0]);
  const last = places.at(-1) + (places.at(-1) - inner.at(-1));
  return [first, ...inner, last];
}

// The areas of a grid {x: [nx], y: [ny]} (at least two each) by what
// look(node) returns for it: a Map from each look to a path; null and undefined
// have none. Node (i, j) is j * nx + i. `to` has the axes x and y.
export function areas(grid, look, to) {
  const across = edges(grid.x.map(to.x));
  const up = edges(grid.y.map(to.y));
  const width = grid.x.length;
  const paths = new Map();
  for (let j = 0; j < grid.y.length; j++) {
    let from = 0;
    for (let i = 0; i < width; i++) {
      const seen = look(j * width + i);
      if (i + 1 < width && look(j * width + i + 1) === seen)
        continue;
      if (seen !== null && seen !== undefined)
        paths.set(seen, (paths.get(seen) ?? '') + rectangle(across[from],
          Math.min(up[j], up[j + 1]), across[i + 1],
          Math.max(up[j], up[j + 1])));
      from = i + 1;
    }
  }
  return paths;
}
