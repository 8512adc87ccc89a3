// SPDX-License-Identifier: GPL-3.0-or-later
// admin_settings.js - the settings as they are, and where each came from

import {admin} from './api_admin.js';
import {h, setText} from './dom.js';
import {poll, whenAsked} from './live.js';
import {address, refill} from './panel.js';
import {rowTable} from './rows.js';

const HEADS = ['Setting', 'Value', 'Source', 'Meaning'];

function row({name, value, source, help}) {
  return [
    h('code', {}, name), h('span', {class: 'value'}, value || '–'),
    source === 'default' ? h('span', {class: 'faint'}, source)
      : h('span', {class: 'badge running'}, source), help];
}

export function mountSettings(main, app, query) {
  const list = h('div', {class: 'card', hidden: true});
  const summary = h('span', {class: 'faint', role: 'status'});
  const search = h('input', {type: 'search', oninput: narrow,
    placeholder: 'Filter', 'aria-label': 'Filter settings'});
  const only = h('input', {type: 'checkbox', onchange: narrow});
  let settings = [];
  search.value = query.get('q') ?? '';
  only.checked = query.has('set');

  function show() {
    const word = search.value.trim().toLowerCase();
    const found = settings.filter(({name, help, source}) =>
      `${name} ${help}`.toLowerCase().includes(word) &&
      !(only.checked && source === 'default'));
    refill(list, found, () => rowTable('Settings', HEADS, found.map(row)));
    list.hidden = found.length === 0;
    setText(summary, `${found.length} of ${settings.length} settings`);
  }

  function narrow() {
    history.replaceState(null, '', address('#/admin/settings',
      {q: search.value.trim(), set: only.checked && '1'}));
    show();
  }

  main.append(h('div', {class: 'tools'}, search,
    h('label', {class: 'check'}, only, 'only what was set'), summary), list,
  h('p', {class: 'faint'}, 'Settings are read when the service starts: ' +
    'flags come before variables of the environment, those before the file.'));
  const poller = poll(async signal => {
    ({settings} = await admin.settings(signal));
    show();
  }, error => app.refreshed(error, false), whenAsked);
  return {title: 'Settings', stop: poller.stop};
}
