// SPDX-License-Identifier: GPL-3.0-or-later
// people.js - what people and their tokens may do, and for how long; no DOM

export const ROLES = ['viewer', 'worker', 'editor', 'owner'];

export const SCOPES = [
  ['read', 'look at studies'],
  ['ask', 'create studies, ask, report and tell'],
  ['steer', 'change, pause, stop, share and delete studies'],
  ['admin', 'make and revoke tokens, and whatever you administer'],
];

// What the service calls how long something is valid.
export const VALIDITIES = [['1d', 'one day'], ['1w', 'one week'],
  ['1m', 'one month'], ['1y', 'one year']];

const WEEK_MS = 7 * 86400 * 1000;

// Whether somebody (as GET /me has them) has this role on a study, or more, and
// a session with the scope.
export function may(me, study, role, scope) {
  return me.scopes.includes(scope) &&
    ROLES.indexOf(study.role) >= ROLES.indexOf(role);
}

export const maySteer = (me, study) => may(me, study, 'editor', 'steer');
export const mayShare = (me, study) => may(me, study, 'owner', 'steer');

export function isValid(token, now = Date.now()) {
  return !token.revoked && !(Date.parse(token.expires) <= now);
}

// Within a week, and in the last quarter of its life: when the service warns,
// too.
export function endsSoon({created, expires}, now = Date.now()) {
  const end = Date.parse(expires);
  const left = end - now;
  return left < WEEK_MS && left < (end - Date.parse(created)) / 4;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

// '0 bytes', '1.5 MB': three digits at most.
export function storage(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))} ${UNITS[unit]}`;
}
