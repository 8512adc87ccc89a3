// SPDX-License-Identifier: GPL-3.0-or-later
// figures.js - a row of figures: the figure on top, what it is below

import {h, setText} from './dom.js';

export function figures() {
  const element = h('dl', {class: 'figures'});
  const cells = new Map();

  function set(key, name, value) {
    if (!cells.has(key)) {
      cells.set(key, {term: h('dt'), figure: h('dd')});
      const {term, figure} = cells.get(key);
      element.append(h('div', {}, term, figure));
    }
    const {term, figure} = cells.get(key);
    setText(term, name);
    setText(figure, value);
  }
  return {element, set};
}
