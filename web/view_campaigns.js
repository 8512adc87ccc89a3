// SPDX-License-Identifier: GPL-3.0-or-later
// view_campaigns.js - the list of campaigns

import {kinds} from './api_kinds.js';
import {count, h, moment, ago, setText} from './dom.js';
import {poll} from './live.js';
import {refill} from './panel.js';
import {emptyState} from './parts.js';
import {rowTable} from './rows.js';

const MOST = 1000;

function firstCampaign() {
  return `curl -H "Authorization: Bearer $CUMAE_TOKEN" \\
  -H "Content-Type: application/json" ${location.origin}/api/v1/campaigns \\
  -d '{"name": "mass scan", "axis": "m [GeV]",
       "template": {"objectives": [{"name": "loss"}],
         "space": {"x": {"type": "float", "low": -5, "high": 5}}},
       "segments": [{"name": "m100", "x": 100}, {"name": "m200", "x": 200}]}'`;
}

const row = ({id, name, segments, axis, owner, role, created}) => [
  h('a', {href: `#/campaign/${encodeURIComponent(id)}`}, name),
  count(segments), axis ?? '–', owner ?? '–', role ?? '–',
  moment(created, ago)];

export function mountCampaigns(main, app) {
  const summary = h('p', {class: 'faint'});
  const list = h('div', {class: 'card'});
  const empty = h('div', {class: 'card', hidden: true});
  main.append(h('h1', {}, 'Campaigns'), summary, list, empty);

  async function refresh(signal) {
    const {campaigns} = await kinds.campaigns({limit: MOST}, signal);
    list.hidden = campaigns.length === 0;
    empty.hidden = campaigns.length !== 0;
    if (!empty.hidden && !empty.hasChildNodes())
      empty.append(emptyState('No campaigns yet', 'A campaign is many ' +
        'studies of one kind, such as one for each mass. Put your token ' +
        'into CUMAE_TOKEN and try:', firstCampaign()));
    setText(summary, campaigns.length === 1 ? '1 campaign'
      : `${campaigns.length} campaigns`);
    refill(list, campaigns, () => rowTable('Campaigns', ['Campaign',
      'Segments', 'Axis', 'Owner', 'Your role', 'Created'], campaigns.map(row)));
  }

  const poller = poll(refresh, app.refreshed);
  return {title: 'Campaigns', stop: poller.stop};
}
