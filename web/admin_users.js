// SPDX-License-Identifier: GPL-3.0-or-later
// admin_users.js - all users, found by a word; and making a new one

import {admin} from './api_admin.js';
import {ago, count, h, setText} from './dom.js';
import {field, form} from './form.js';
import {poll, whenAsked} from './live.js';
import {address, pager, refill, table, userLink} from './panel.js';
import {storage} from './people.js';

const PAGE = 50;
const PATH = '#/admin/users';
const HEADS = [['User'], ['Name', 'wide'], ['Groups', 'wide'],
  ['Studies', 'num'], ['Trials', 'num wide'], ['Running', 'num wide'],
  ['Storage', 'num'], ['Last seen', 'wide']];

// What sets a user apart, as badges.
export function marks({admin: administers, disabled}) {
  return [
    administers && h('span', {class: 'badge running'}, 'administrator'),
    disabled && h('span', {class: 'badge failed'}, 'disabled'),
  ].filter(Boolean);
}

function row(user) {
  const {studies, trials, running, bytes} = user.use;
  return [
    [userLink(user.name), ...marks(user)],
    user.display_name ?? '–', user.groups.join(', ') || '–',
    count(studies), count(trials), count(running), storage(bytes),
    h('span', {title: user.last_seen ?? ''},
      user.last_seen ? ago(user.last_seen) : 'never'),
  ];
}

// The form for a new user, folded away until it is needed.
function newUser(app) {
  const text = (name, props) => h('input', {name, autocomplete: 'off',
    spellcheck: 'false', maxlength: 200, ...props});

  async function send({name, display_name: display, email, groups,
    admin: administers}) {
    const made = await admin.createUser({
      name: name.value.trim(),
      display_name: display.value.trim() || null,
      email: email.value.trim() || null,
      admin: administers.checked,
      groups: groups.value.split(',').map(group => group.trim())
        .filter(Boolean),
    });
    location.hash = `${PATH}/${encodeURIComponent(made.name)}`;
  }
  return h('details', {class: 'card'}, h('summary', {}, 'New user'),
    form(app, {submit: 'Create', send},
      field('Name', text('name', {required: true, maxlength: 63,
        pattern: '[A-Za-z0-9._@+\\-]+'}), 'letters, digits and . _ @ + -'),
      field('Full name', text('display_name')),
      field('Mail address', text('email')),
      field('Groups', text('groups'), 'several with commas'),
      h('label', {class: 'check'},
        h('input', {type: 'checkbox', name: 'admin'}), 'administrator')));
}

export function mountUsers(main, app, query) {
  const filter = {q: query.get('q') ?? '', cursor: query.get('cursor') ?? ''};
  const list = h('div', {class: 'card', hidden: true});
  const nobody = h('p', {hidden: true}, 'No user matches.');
  const pages = h('div');
  const search = h('input', {type: 'search', oninput: narrow,
    placeholder: 'Name or address', 'aria-label': 'Find users'});
  const summary = h('span', {class: 'faint'});
  search.value = filter.q;

  function show({users, next}) {
    refill(list, users, () => table('Users', HEADS, users.map(row)));
    refill(pages, [filter, next], () => pager(PATH, filter, next));
    list.hidden = users.length === 0;
    nobody.hidden = users.length > 0;
    const text = users.length === 1 ? '1 user' : `${users.length} users`;
    setText(summary, next ? `${text} on this page` : text);
    if (filter.q)
      app.announce(`${text} found`);
  }

  function narrow() {
    filter.q = search.value.trim();
    filter.cursor = '';
    history.replaceState(null, '', address(PATH, filter));
    poller.now();
  }

  main.append(h('div', {class: 'tools', role: 'search'}, search, summary),
    list, nobody, pages, newUser(app));
  const poller = poll(async signal =>
    show(await admin.users({...filter, limit: PAGE}, signal)),
  error => app.refreshed(error, false), whenAsked);
  return {title: 'Users', stop: poller.stop};
}
