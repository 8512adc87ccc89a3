// SPDX-License-Identifier: GPL-3.0-or-later
// api_study.js - requests for the trials of one study

import {query, request, requestBytes} from './api.js';
import {unpack} from './columns.js';

const study = id => `studies/${encodeURIComponent(id)}`;

export const columnsOf = async (id, filter, signal) => unpack(
  await requestBytes(`${study(id)}/columns?${query(filter)}`, signal));

export const trialOf = (id, number, signal) =>
  request('GET', `${study(id)}/trials/${number}`, {signal});

export const changeTrial = (id, number, changes) =>
  request('PATCH', `${study(id)}/trials/${number}`, {body: changes});

export const deleteTrial = (id, number) =>
  request('DELETE', `${study(id)}/trials/${number}`);

export const rerunTrial = (id, number) =>
  request('POST', `${study(id)}/trials/${number}/rerun`, {body: {}});

export const cancelTrial = (id, number) =>
  request('POST', `${study(id)}/trials/${number}/cancel`, {body: {}});

export const importancesOf = (id, filter, signal) =>
  request('GET', `${study(id)}/importances?${query(filter)}`, {signal});
