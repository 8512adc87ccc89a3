// SPDX-License-Identifier: GPL-3.0-or-later
// contour_model.js - what a contour study knows, ready to be drawn; no DOM

// Curves of a study, in the order of the values of its trials.
export const curvesOf = study => study.contour?.curves ?? ['obs'];

// The level at which values are on the contour.
export const level = study =>
  study.contour?.target === 'ln_cls' ? 1 - (study.contour.cl ?? 0.95) : 1;

// What values are called.
export const target = study =>
  study.contour?.target === 'ln_cls' ? 'CLs' : 'μ up';

const KINDS = {complete: 'done', infeasible: 'invalid', queued: 'pending',
  running: 'pending', failed: 'failed', lost: 'failed'};

// The points {number, x, y, kind, values, error, state} of a study in the plane
// of two parameters. kind: done, invalid, pending or failed.
export function planePoints(trials, x, y) {
  const found = [];
  for (const trial of trials.rows) {
    const kind = trial && !trial.invalid ? KINDS[trial.state] : undefined;
    const at = [trial?.params?.[x], trial?.params?.[y]];
    if (kind && at.every(Number.isFinite))
      found.push({number: trial.number, x: at[0], y: at[1], kind,
        state: trial.state, values: trial.values ?? [], error: trial.error});
  }
  return found;
}

// How far a value is from the contour, in its logarithm; null without one.
export function distance(value, study) {
  return value > 0 ? Math.log(value / level(study)) : null;
}

// Parameters that can be an axis.
export const axesOf = study => Object.entries(study.space ?? {})
  .filter(([, {type}]) => type === 'float' || type === 'int')
  .map(([name]) => name);

const STATES = {
  running: 'Points are being handed out.',
  converged: 'Finished: the contours are known as well as was asked for.',
  budget: 'The budget of points is used up before the contours were known ' +
    'well enough. Raise max_points to go on.',
  waiting_for_points: 'Enough points wait for their results; more are made ' +
    'when these are told.',
  exhausted: 'There is no further point that the constraints allow.',
};

export const explainContour = contour =>
  [STATES[contour.status] ?? contour.status, contour.detail]
    .filter(Boolean).join(' ');
