// SPDX-License-Identifier: GPL-3.0-or-later
// api_kinds.js - requests for grids, limits, contours and campaigns

import {query, request} from './api.js';

const study = id => `studies/${encodeURIComponent(id)}`;
const campaign = id => `campaigns/${encodeURIComponent(id)}`;

export const kinds = {
  limit: (id, signal) => request('GET', `${study(id)}/limit`, {signal}),
  toys: (id, filter, signal) =>
    request('GET', `${study(id)}/limit/toys?${query(filter)}`, {signal}),
  contour: (id, filter, signal) =>
    request('GET', `${study(id)}/contour?${query(filter)}`, {signal}),
  grid: (id, filter, signal) =>
    request('GET', `${study(id)}/grid?${query(filter)}`, {signal}),
  rerun: (id, which) =>
    request('POST', `${study(id)}/rerun`, {body: which}),
  campaigns: (filter, signal) =>
    request('GET', `campaigns?${query(filter)}`, {signal}),
  campaign: (id, signal) => request('GET', campaign(id), {signal}),
  campaignLimits: (id, signal) =>
    request('GET', `${campaign(id)}/limits`, {signal}),
  steerCampaign: (id, verb) =>
    request('POST', `${campaign(id)}/${verb}`, {body: {}}),
  exportOf: (id, format) => `api/v1/${campaign(id)}/export?format=${format}`,
};
