// SPDX-License-Identifier: GPL-3.0-or-later
// limit_words.js - what a limit study is and how it stands, in words; no DOM

import {duration, number} from './dom.js';

const STATISTICS = {qtilde: 'q̃', q: 'q', t: 't', lep: 'LEP ratio',
  tev: 'Tevatron ratio', other: 'own statistic'};

// As many digits as an error leaves, which has two of its own: '1.480'.
export function rounded(value, error) {
  const digits = error > 0 ? Math.max(0, 1 - Math.floor(Math.log10(error)))
    : Infinity;
  return digits > 8 ? number(value) : value.toFixed(digits);
}

// '1.480 ± 0.012'
export function withError(value, error) {
  if (value === null || value === undefined)
    return '–';
  if (!(error > 0))
    return number(value);
  return `${rounded(value, error)} ± ${rounded(error, error)}`;
}

export function percent(share) {
  if (share === null || share === undefined)
    return '–';
  return `${number(Number((100 * share).toPrecision(3)))} %`;
}

export const statistic = limit =>
  STATISTICS[limit.test_stat] ?? limit.test_stat;

const QUANTILES = {
  sigma: 'quantiles at Φ(N)',
  cms: 'quantiles 2.5, 16, 50, 84, 97.5 %',
};

// What every plot of a limit says above its axes.
export function conventions(limit) {
  return [
    `${number(100 * limit.cl)} % CL`,
    limit.rule === 'CLs' ? 'CLs' : 'CLs+b',
    `${statistic(limit)} (${limit.tail} tail)`,
    limit.toy_mode && `${limit.toy_mode} toys`,
    limit.expected === 'prefit' ? 'pre-fit expected' : 'post-fit expected',
    QUANTILES[limit.quantiles] ?? `quantiles ${limit.quantiles}`,
  ].filter(Boolean);
}

const CURVES = {
  'obs': 'observed', 'exp-2': 'expected −2σ', 'exp-1': 'expected −1σ',
  'exp0': 'expected median', 'exp+1': 'expected +1σ', 'exp+2': 'expected +2σ',
};

export const curveName = name => CURVES[name] ?? name;

const CURVE_STATUSES = {
  ok: () => 'The limit is known.',
  no_crossing_high: poi => 'CLs stays above α wherever it was looked at: no ' +
    `value of ${poi} is excluded yet. Larger ones are needed: raise “high” ` +
    'if the scan has reached it.',
  no_crossing_low: poi => 'CLs is below α wherever it was looked at: even ' +
    `the smallest ${poi} is excluded. Lower “low”, or look at the points ` +
    'near it.',
  multiple_crossings: () => 'The curve crosses α more than once, and the ' +
    'largest crossing is given. More toys mostly mend this; if they do not, ' +
    'look at the fits of the points in between.',
  extrapolated: poi => 'The crossing is outside the points that have toys, ' +
    `so the limit is a guess. Run toys at values of ${poi} beyond it.`,
  insufficient: () => 'Too few toys around the crossing for a limit. Keep ' +
    'the workers running.',
  clb_zero: () => 'No background toy is as extreme as the data (CLb = 0), ' +
    'so CLs is not defined. Run more background toys; if none ever is, look ' +
    'at the background model.',
  inconsistent_qobs: () => 'Sites told different observed values of the ' +
    'test statistic for the same point. Find out which one is wrong in the ' +
    'table of sites, mend it, and mark its trials as invalid.',
  no_data: () => 'Nobody has told the observed value of the test statistic ' +
    'yet. A worker gets it as an order of its own: keep one running.',
  no_toys: () => 'Toys of one hypothesis or of both are missing. Keep the ' +
    'workers running.',
};

// The limit of a curve; where there is no crossing it is only a bound.
export function limitText({status, limit, total_error: error}) {
  if (limit === null)
    return '–';
  if (status === 'no_crossing_high')
    return `> ${number(limit)}`;
  return status === 'no_crossing_low' ? `< ${number(limit)}`
    : withError(limit, error);
}

// Whether the curve crosses alpha somewhere.
export const crosses = curve => Boolean(curve) && curve.limit !== null &&
  !curve.status.startsWith('no_crossing');

// What the status of a curve or of a point means, and what to do about it.
export function explain(status, poi) {
  return CURVE_STATUSES[status]?.(poi) ?? `The service says “${status}”.`;
}

// The same for a curve with a limit, which may be precise enough or not.
export function explainCurve(curve, poi) {
  if (curve.status !== 'ok')
    return explain(curve.status, poi);
  return curve.precise ? 'Known as precisely as was asked for.'
    : 'Known, but not yet as precisely as was asked for.';
}

const STATES = {
  running: 'Toys are being handed out.',
  converged: 'Finished: every curve is known as precisely as was asked for.',
  budget: 'The budget of toys or points is used up before every curve was ' +
    'precise enough. Raise max_toys or max_points to go on.',
};

export const explainStudy = limit =>
  [STATES[limit.status] ?? limit.status, limit.detail]
    .filter(Boolean).join(' ');

// 'about 12 000 toys and 3 h more'; empty where nothing is foreseen.
export function forecast({toys, seconds} = {}) {
  if (!(toys > 0))
    return '';
  const time = seconds > 0 ? `, ${duration(seconds)} with these workers` : '';
  return `about ${toys.toLocaleString('en')} toys more${time}`;
}
