// SPDX-License-Identifier: GPL-3.0-or-later
// admin_groups.js - groups and who is in them

import {admin} from './api_admin.js';
import {confirmed} from './dialog.js';
import {count, h, setText} from './dom.js';
import {attempt, complaint, field, form} from './form.js';
import {poll, whenAsked} from './live.js';
import {pager, refill, table, userLink, when} from './panel.js';

const PAGE = 100;
const MOST = 1000;
const PATH = '#/admin/groups';

export function mountGroups(main, app, query) {
  const filter = {cursor: query.get('cursor') ?? ''};
  const list = h('div', {class: 'card', hidden: true});
  const none = h('p', {hidden: true}, 'There is no group yet.');
  const pages = h('div');

  async function send({name}) {
    const made = await admin.createGroup(name.value.trim());
    location.hash = `${PATH}/${made.id}`;
  }

  const row = group => [
    h('a', {href: `${PATH}/${group.id}`}, group.name), count(group.members),
    when(group.created)];

  function show({groups, next}) {
    refill(list, groups, () => table('Groups', [['Group'], ['Members', 'num'],
      ['Made', 'wide']], groups.map(row)));
    refill(pages, [filter, next], () => pager(PATH, filter, next));
    list.hidden = groups.length === 0;
    none.hidden = groups.length > 0;
  }

  main.append(h('div', {class: 'compact'}, form(app, {submit: 'Create', send},
    field('Name of a new group', h('input', {name: 'name', required: true,
      maxlength: 200, autocomplete: 'off'})))), list, none, pages);
  const poller = poll(async signal =>
    show(await admin.groups({...filter, limit: PAGE}, signal)),
  error => app.refreshed(error, false), whenAsked);
  return {title: 'Groups', stop: poller.stop};
}

// The group of that id; the service lists groups, and has no call for one.
async function find(id, signal) {
  let cursor = null;
  do {
    const page = await admin.groups({limit: MOST, cursor}, signal);
    const found = page.groups.find(group => String(group.id) === id);
    if (found)
      return found;
    cursor = page.next;
  } while (cursor !== null);
  throw new Error('there is no such group');
}

function membership({by_administrator: said, issuer}) {
  return [said && 'an administrator', issuer].filter(Boolean).join(' and ');
}

// Adds and removes members; `done` is called after each.
function memberList(id, app, done) {
  const wrong = complaint();
  const user = h('input', {name: 'user', required: true, maxlength: 200,
    autocomplete: 'off'});
  const list = h('div');
  const pages = h('div');

  async function send() {
    const name = user.value.trim();
    await admin.addMember(id, name);
    app.announce(`${name} is in the group`);
    user.value = '';
    done();
  }

  async function remove(name) {
    await admin.removeMember(id, name);
    user.focus(); // the button that had it goes away
    app.announce(`${name} is no longer in the group`);
    done();
  }

  const row = member => [userLink(member.user), membership(member),
    member.by_administrator ? h('button', {type: 'button',
      'aria-label': `Remove ${member.user}`, onclick: () =>
        attempt(app, wrong, () => remove(member.user))}, 'Remove') : null];

  return {
    elements: [h('div', {class: 'compact'}, form(app, {submit: 'Add', send},
      field('User to add', user))), wrong, list, pages],
    update(members, filter, next) {
      refill(list, members, () => members.length
        ? table('Members', [['User'], ['Put in by'], ['']], members.map(row))
        : h('p', {class: 'faint'}, 'Nobody is in this group.'));
      refill(pages, [filter, next], () =>
        pager(`${PATH}/${id}`, filter, next));
    },
  };
}

export function mountGroup(main, app, id, query) {
  const filter = {cursor: query.get('cursor') ?? ''};
  const title = h('h2');
  const removing = h('button', {type: 'button', onclick: () => confirmed(app, {
    title: `Delete the group ${title.textContent}`, verb: 'Delete group',
    text: 'Its members lose what it was given, and studies that they could ' +
      'see because of it become private.',
    act: () => admin.removeGroup(id),
    done: () => location.hash = PATH,
  })}, 'Delete group');
  const members = memberList(id, app, () => poller.now());
  const body = h('div', {class: 'card', hidden: true},
    h('div', {class: 'head'}, title, h('span', {class: 'grow'}),
      removing), ...members.elements);

  async function refresh(signal) {
    const group = await find(id, signal);
    const page = await admin.members(id, {...filter, limit: PAGE}, signal);
    setText(title, group.name);
    members.update(page.members, filter, page.next);
    body.hidden = false;
  }

  main.append(h('p', {}, h('a', {href: PATH}, '← All groups')), body);
  const poller = poll(refresh, error => app.refreshed(error, false),
    whenAsked);
  return {title: 'Group', stop: poller.stop};
}
