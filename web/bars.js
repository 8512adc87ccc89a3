// SPDX-License-Identifier: GPL-3.0-or-later
// bars.js - a list with a bar for each line; readable without seeing the bars

import {h} from './dom.js';

// lines: [{name, part, text}], part in [0, 1], or null for no bar. `long` gives
// names a line of their own.
export function bars(label, lines, long = false) {
  return h('ul', {class: long ? 'bars long' : 'bars',
    'aria-label': label}, lines.map(
    ({name, part, text}) => {
      const fill = h('span', {class: 'fill'});
      fill.style.width = `${100 * Math.min(Math.max(part ?? 0, 0), 1)}%`;
      return h('li', {}, h('span', {class: 'name', title: name}, name),
        h('span', {class: part === null ? '' : 'meter',
          'aria-hidden': 'true'}, fill),
        h('span', {class: 'num'}, text));
    }));
}
