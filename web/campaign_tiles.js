// SPDX-License-Identifier: GPL-3.0-or-later
// campaign_tiles.js - the segments of a campaign, a tile each
//
// One tile is in the order of the Tab key; arrows, Home and End go to the
// others, as in a grid of buttons.

import {badge, count, h, number, setText} from './dom.js';
import {crosses, curveName, limitText} from './limit_words.js';
import {stateBar} from './parts.js';

const short = value => number(Number(value.toPrecision(4)));

// What a segment has found: [what, value]; a limit says more than a best value.
export function found({limits, best}) {
  const curve = ['obs', 'exp0'].map(name =>
    limits?.find(one => one.name === name)).find(one => one?.limit !== null &&
    one?.limit !== undefined);
  if (curve)
    return [curveName(curve.name), crosses(curve) ? short(curve.limit)
      : limitText(curve)];
  return best ? ['best', short(best.value)] : null;
}

export const studyLink = ({study_id: id, kind}) =>
  `#/study/${encodeURIComponent(id)}` +
  (['limit', 'contour', 'grid'].includes(kind) ? `/${kind}` : '');

function tile(first) {
  const name = h('span', {class: 'tile-name'});
  const state = h('span', {class: 'tile-state'});
  const what = h('span', {class: 'unseen'});
  const value = h('span');
  const rest = h('span', {class: 'unseen'});
  const bar = stateBar();
  bar.element.setAttribute('aria-hidden', 'true');
  const element = h('a', {class: 'tile', href: studyLink(first),
    tabindex: '-1'}, name, ' ', state, ' ',
  h('span', {class: 'tile-value'}, what, ' ', value), ' ', rest, bar.element);

  function update(segment) {
    const {trials} = segment;
    setText(name, segment.name);
    if (state.dataset.state !== segment.state) {
      state.dataset.state = segment.state;
      element.dataset.state = segment.state;
      state.replaceChildren(badge(segment.state));
    }
    const result = found(segment);
    setText(what, result ? result[0] : 'nothing yet');
    setText(value, result ? result[1] : '–');
    bar.update({trials});
    setText(rest, [`${count(trials.complete)} of ${count(trials.total)} ` +
      'trials complete', segment.reason].filter(Boolean).join(', '));
    element.title = `${segment.name}, ${rest.textContent}`;
  }
  update(first);
  return {element, update};
}

const STEPS = {ArrowRight: 1, ArrowLeft: -1};

// How many tiles there are in the first row.
function across(tiles) {
  const top = tiles[0].offsetTop;
  const next = tiles.findIndex(one => one.offsetTop !== top);
  return next < 0 ? tiles.length : next;
}

// Makes the tiles; update(segments) shows these, in their order.
export function segmentTiles() {
  const tiles = new Map();
  const element = h('div', {class: 'tiles', role: 'group',
    'aria-label': 'Segments', onkeydown, onfocusin});

  function onkeydown(event) {
    const list = [...element.children];
    const now = list.indexOf(document.activeElement);
    const step = STEPS[event.key] ??
      {ArrowDown: 1, ArrowUp: -1}[event.key] * across(list);
    const to = event.key === 'Home' ? 0
      : event.key === 'End' ? list.length - 1 : now + step;
    if (now < 0 || !list[to])
      return;
    event.preventDefault();
    list[to].focus();
  }

  function onfocusin(event) {
    for (const one of element.children)
      one.tabIndex = one === event.target ? 0 : -1;
  }

  return {
    element,
    update(segments) {
      const wanted = segments.map(segment => {
        const one = tiles.get(segment.study_id) ?? tile(segment);
        one.update(segment);
        tiles.set(segment.study_id, one);
        return one.element;
      });
      const same = wanted.length === element.children.length &&
        wanted.every((one, i) => element.children[i] === one);
      if (!same)
        element.replaceChildren(...wanted);
      if (wanted.length && !wanted.some(one => one.tabIndex === 0))
        wanted[0].tabIndex = 0;
    },
  };
}
