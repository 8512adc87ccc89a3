// SPDX-License-Identifier: GPL-3.0-or-later
// api.js - requests to /api/v1, with the cookie of the session
//
// Errors of the service (problem+json) and of the network come out as one
// kind of exception whose message can be shown as it is.

const BASE = 'api/v1/';

export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status; // 0: no answer
    this.code = code;
  }
}

async function problem(response) {
  let told = {};
  try {
    told = await response.json();
  } catch {
    // A proxy in between may answer in HTML: the status has to do.
  }
  const text = told.detail ?? told.title ??
    `the service answered ${response.status}`;
  return new ApiError(text, response.status, told.code ?? null);
}

// Sends a request. Throws ApiError, or AbortError when the signal fired.
async function send(method, path, {body, signal}) {
  const headers = {Accept: 'application/json, application/octet-stream'};
  if (method !== 'GET')
    headers['X-Cumae-CSRF'] = '1';
  if (body !== undefined)
    headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(BASE + path, {
      method, headers, signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
    });
  } catch (error) {
    if (error.name === 'AbortError')
      throw error;
    throw new ApiError('the service does not answer', 0, 'offline');
  }
  if (!response.ok)
    throw await problem(response);
  return response;
}

// The decoded answer, null when it has no body.
export async function request(method, path, {body, signal} = {}) {
  const response = await send(method, path, {body, signal});
  return response.status === 204 ? null : response.json();
}

export async function requestBytes(path, signal) {
  return (await send('GET', path, {signal})).arrayBuffer();
}

export function query(values) {
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== null && value !== '');
  return new URLSearchParams(pairs).toString();
}

const study = id => `studies/${encodeURIComponent(id)}`;

export const api = {
  me: signal => request('GET', 'me', {signal}),
  providers: signal => request('GET', 'providers', {signal}),
  signInAddress: (provider, returnTo) =>
    `${BASE}sign-in/${encodeURIComponent(provider)}?` +
    query({return_to: returnTo}),
  session: signal => request('GET', 'session', {signal}),
  signIn: credentials => request('POST', 'session', {body: credentials}),
  signOut: () => request('DELETE', 'session'),
  sessions: signal => request('GET', 'sessions', {signal}),
  endSession: id => request('DELETE', `sessions/${id}`),
  endSessions: () => request('DELETE', 'sessions'),
  tokens: signal => request('GET', 'tokens', {signal}),
  createToken: wanted => request('POST', 'tokens', {body: wanted}),
  rotateToken: (id, how) =>
    request('POST', `tokens/${id}/rotate`, {body: how}),
  revokeToken: id => request('DELETE', `tokens/${id}`),
  studies: (filter, signal) =>
    request('GET', `studies?${query(filter)}`, {signal}),
  study: (id, signal) => request('GET', study(id), {signal}),
  changeStudy: (id, changes) =>
    request('PATCH', study(id), {body: changes}),
  members: id => request('GET', `${study(id)}/members`),
  share: (id, member) =>
    request('PUT', `${study(id)}/members`, {body: member}),
  unshare: (id, who) =>
    request('DELETE', `${study(id)}/members?${query(who)}`),
  links: id => request('GET', `${study(id)}/links`),
  createLink: (id, wanted) =>
    request('POST', `${study(id)}/links`, {body: wanted}),
  revokeLink: (id, link) =>
    request('DELETE', `${study(id)}/links/${link}`),
  trials: (id, filter, signal) =>
    request('GET', `${study(id)}/trials?${query(filter)}`, {signal}),
  pareto: (id, signal) =>
    request('GET', `${study(id)}/pareto?limit=1000`, {signal}),
  events: (id, filter, signal) =>
    request('GET', `${study(id)}/events?${query(filter)}`, {signal}),
  steer: (id, verb) => request('POST', `${study(id)}/${verb}`, {body: {}}),
};
