// SPDX-License-Identifier: GPL-3.0-or-later
// view_admin.js - the administration: tabs, each with an address of its own

import {mountGroup, mountGroups} from './admin_groups.js';
import {mountLoad} from './admin_load.js';
import {mountSettings} from './admin_settings.js';
import {mountUser} from './admin_user.js';
import {mountUsers} from './admin_users.js';
import {mountAudit} from './audit_log.js';
import {h} from './dom.js';

// Name in the address, title, the list, and one item of it.
const TABS = [
  ['users', 'Users', mountUsers, mountUser],
  ['groups', 'Groups', mountGroups, mountGroup],
  ['audit', 'Audit log', (main, app, query) =>
    mountAudit(main, app, query, {path: '#/admin/audit'})],
  ['settings', 'Settings', mountSettings],
  ['load', 'Load', mountLoad],
];

// argument: TAB?filters or TAB/ITEM, nothing for the first tab
export function mountAdmin(main, app, argument) {
  const [path, words] = (argument ?? '').split('?');
  const [wanted, item] = path.split('/');
  const [name, title, list, one] =
    TABS.find(tab => tab[0] === wanted) ?? TABS[0];
  const link = ([tab, text]) => h('a', {href: `#/admin/${tab}`,
    'aria-current': tab === name ? 'page' : null}, text);
  const body = h('div');
  const query = new URLSearchParams(words ?? '');
  app.crumb('Administration');
  main.append(h('h1', {}, 'Administration'),
    h('nav', {class: 'tabs', 'aria-label': 'Administration'},
      TABS.map(link)), body);
  const mounted = item && one
    ? one(body, app, decodeURIComponent(item), query)
    : list(body, app, query);
  return {title: `${mounted.title ?? title} · Administration`,
    stop: mounted.stop};
}
