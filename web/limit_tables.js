// SPDX-License-Identifier: GPL-3.0-or-later
// limit_tables.js - curves, points and sites of a limit study, in tables

import {count, h, number} from './dom.js';
import {explain, explainCurve, curveName, limitText, percent, withError}
  from './limit_words.js';
import {refill, table} from './panel.js';
import {rowTable} from './rows.js';

function card(title, content) {
  return h('section', {class: 'card', 'aria-label': title},
    h('h2', {}, title), content);
}

// ---- curves -----------------------------------------------------------------

function curveRow(curve, poi) {
  return [curveName(curve.name), limitText(curve),
    curve.interpolation === null ? '–' : number(curve.interpolation),
    number(curve.linear), number(curve.asymptotic),
    explainCurve(curve, poi)];
}

// {element, update(limit)}: the limits, and what the status of each means.
export function curvesTable() {
  const rows = h('div');
  return {
    element: card('Limits', rows),
    update: limit => refill(rows, [limit.curves, limit.poi], () =>
      rowTable('Limits', ['Curve', `Limit on ${limit.poi}`,
        'Of the error, interpolation', 'Linear interpolation', 'Asymptotic',
        'What it means'],
      limit.curves.map(curve => curveRow(curve, limit.poi)))),
  };
}

// ---- points -----------------------------------------------------------------

const STATE = {ok: 'complete', no_toys: 'queued', no_data: 'queued',
  clb_zero: 'pruned', inconsistent_qobs: 'failed'};

const NAME = {ok: 'ok', no_toys: 'no toys', no_data: 'no data',
  clb_zero: 'CLb is 0', inconsistent_qobs: 'inconsistent'};

const status = word =>
  h('span', {class: `badge ${STATE[word]}`}, NAME[word] ?? word);

function pointRow(point, poi, open) {
  const error = point.cls.value === null ? 0
    : (point.cls.high - point.cls.low) / 2;
  return [
    h('a', {...open(String(point.mu)), 'aria-label':
      `distributions at ${poi} = ${number(point.mu)}`}, number(point.mu)),
    status(point.status),
    point.cls.value === null && point.cls.high !== null
      ? `${number(point.cls.low)} … ${number(point.cls.high)}`
      : withError(point.cls.value, error),
    number(point.expected?.[2].cls), number(point.q),
    count(point.n_sb), count(point.n_b), count(point.failed),
    count(point.running_sb + point.running_b)];
}

const POINT_HEADS = [['Status'], ['CLs', 'num'], ['Expected', 'num'],
  ['q observed', 'num'], ['s+b toys', 'num'], ['b toys', 'num'],
  ['Failed', 'num'], ['Running', 'num']];

// {element, update(limit)}; open(mu) gives the link of a point its properties.
export function pointsTable(open) {
  const rows = h('div');
  const words = h('div');
  return {
    element: card('Points', [rows, words]),
    update(limit) {
      refill(rows, [limit.points, limit.poi], () => table('Points',
        [[limit.poi, 'num'], ...POINT_HEADS],
        limit.points.map(point => pointRow(point, limit.poi, open))));
      const odd = [...new Set(limit.points.map(point => point.status))]
        .filter(word => word !== 'ok');
      refill(words, [odd, limit.poi], () => odd.map(word => h('p', {},
        status(word), ' ',
        explain(word, limit.poi))));
    },
  };
}

// ---- sites ------------------------------------------------------------------

function siteRow({site, toys, failed, negative, flagged}) {
  const tried = toys + failed;
  return [site ?? 'unnamed', count(toys), count(failed),
    percent(tried ? failed / tried : 0), count(negative),
    percent(toys ? negative / toys : 0), flagged ? 'too many fail' : ''];
}

function verdict({fraction, flagged}) {
  const share = percent(fraction);
  return flagged
    ? h('p', {class: 'wrong'}, `${share} of the toys failed, more than this ` +
      'study bears. Toys that fail are not a fair sample: mend the fits at ' +
      'the sites where it happens before you trust the limits.')
    : h('p', {class: 'faint'}, `${share} of the toys failed.`);
}

function oddSites({points, poi}) {
  const odd = points.filter(point => point.sites?.length);
  return odd.length === 0 ? null : [
    h('h3', {}, 'Observed values that disagree'),
    h('p', {}, explain('inconsistent_qobs', poi)),
    table('Observed values that disagree',
      [[poi, 'num'], ['Site'], ['q observed', 'num']],
      odd.flatMap(point => point.sites.map(({site, q}) =>
        [number(point.mu), site ?? 'unnamed', number(q)]))),
  ];
}

// {element, update(limit)}: what failed where, and who told other data.
export function sitesTable() {
  const rows = h('div');
  return {
    element: card('Failures and consistency by site', rows),
    update: limit => refill(rows, [limit.failures,
      limit.points.map(point => [point.mu, point.sites])], () => [
      verdict(limit.failures),
      limit.failures.sites.length ? table('Toys by site', [['Site'],
        ['Toys', 'num'], ['Failed', 'num'], ['of all', 'num'],
        ['q below 0', 'num'], ['of all', 'num'], ['Remark']],
      limit.failures.sites.map(siteRow)) : null,
      oddSites(limit)].flat()),
  };
}
