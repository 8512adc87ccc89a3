// SPDX-License-Identifier: GPL-3.0-or-later
// campaign_table.js - the segments of a campaign in a table

import {found, studyLink} from './campaign_tiles.js';
import {badge, count, h, number} from './dom.js';
import {curveName, limitText} from './limit_words.js';
import {refill, table} from './panel.js';

const COUNTS = ['complete', 'running', 'queued', 'failed'];

// Curves that some segment has, in the order of the first one that has any.
const curvesOf = segments =>
  segments.find(({limits}) => limits)?.limits.map(({name}) => name) ?? [];

function row(segment, curves) {
  const limit = name => {
    const one = segment.limits?.find(curve => curve.name === name);
    return one ? limitText(one) : '–';
  };
  return [h('a', {href: studyLink(segment)}, segment.name),
    number(segment.x), badge(segment.state),
    ...COUNTS.map(state => count(segment.trials[state])),
    ...curves.length ? curves.map(limit) : [found(segment)?.[1] ?? '–'],
    segment.reason ?? ''];
}

// {element, update(campaign, segments)}
export function segmentTable() {
  const element = h('div');
  return {
    element,
    update(campaign, segments) {
      const curves = curvesOf(campaign.segments);
      refill(element, segments, () => table('Segments', [['Segment'],
        [campaign.axis ?? 'x', 'num'], ['State'],
        ...COUNTS.map(state => [state, 'num']),
        ...curves.length ? curves.map(name => [curveName(name), 'num'])
          : [['Best', 'num']], ['Reason', 'note']],
      segments.map(segment => row(segment, curves))));
    },
  };
}
