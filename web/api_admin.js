// SPDX-License-Identifier: GPL-3.0-or-later
// api_admin.js - requests of administrators, and those for audit logs

import {query, request} from './api.js';

const user = name => `users/${encodeURIComponent(name)}`;
const members = group => `groups/${encodeURIComponent(group)}/members`;

export const admin = {
  users: (filter, signal) => request('GET', `users?${query(filter)}`, {signal}),
  user: (name, signal) => request('GET', user(name), {signal}),
  createUser: fields => request('POST', 'users', {body: fields}),
  changeUser: (name, fields) => request('PATCH', user(name), {body: fields}),
  invite: name => request('POST', `${user(name)}/invitation`),

  groups: (filter, signal) =>
    request('GET', `groups?${query(filter)}`, {signal}),
  createGroup: name => request('POST', 'groups', {body: {name}}),
  removeGroup: group =>
    request('DELETE', `groups/${encodeURIComponent(group)}`),
  members: (group, filter, signal) =>
    request('GET', `${members(group)}?${query(filter)}`, {signal}),
  addMember: (group, name) =>
    request('PUT', members(group), {body: {user: name}}),
  removeMember: (group, name) =>
    request('DELETE', `${members(group)}?${query({user: name})}`),

  // Of everything, or of one study.
  audit: (study, filter, signal) => request('GET',
    `${study ? `studies/${encodeURIComponent(study)}/` : ''}audit?` +
    query(filter), {signal}),
  settings: signal => request('GET', 'admin/settings', {signal}),
  load: signal => request('GET', 'admin/load', {signal}),
};
