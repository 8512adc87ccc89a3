// SPDX-License-Identifier: GPL-3.0-or-later
// sharing_members.js - the users and groups that a study is shared with

import {api} from './api.js';
import {confirmed} from './dialog.js';
import {h} from './dom.js';
import {attempt, complaint, field, form, select} from './form.js';
import {ROLES} from './people.js';
import {button, rowTable} from './rows.js';

const WORDS = {viewer: 'looks', worker: 'runs trials', editor: 'steers it',
  owner: 'shares and deletes it'};
const CHOICES = ROLES.map(role => [role, `${role} – ${WORDS[role]}`]);

// How the API names a member, and how people do.
const key = ({user, group}) => user ? {user} : {group};
const nameOf = ({user, group}) => user ?? `the group ${group}`;

function roleOf(member, change) {
  const choice = select('role', ROLES.map(role => [role, role]), {
    'aria-label': `Role of ${nameOf(member)}`,
    onchange: () => change({...key(member), role: choice.value}),
  });
  choice.value = member.role;
  return choice;
}

function addForm(app, share) {
  const names = h('datalist', {id: 'my-groups'});
  names.append(...app.me.groups.map(value => h('option', {value})));
  const kind = select('kind', [['user', 'user'], ['group', 'group']],
    {onchange: suggest});
  const name = h('input', {name: 'name', required: true, maxlength: '200',
    autocomplete: 'off', spellcheck: 'false'});

  // Of groups the own ones are known; who is there is told to nobody.
  function suggest() {
    if (kind.value === 'group')
      name.setAttribute('list', names.id);
    else
      name.removeAttribute('list');
  }

  const element = form(app, {
    submit: 'Add',
    async send(controls) {
      await share({[kind.value]: name.value.trim(),
        role: controls.role.value});
      name.value = '';
    },
  }, h('div', {class: 'line'}, field('Kind', kind), field('Whole name', name),
    field('Role', select('role', CHOICES))), names);
  return element;
}

// Makes the part. changed() is called after each change, left() when it was
// about oneself, so that one may be no owner any more.
export function membersOf(app, study, {changed, left}) {
  const wrong = complaint();
  const list = h('div');

  function settled(member) {
    changed();
    if (member.user !== app.me.user)
      return refresh();
    left();
    return null;
  }

  async function share(member) {
    await api.share(study.id, member);
    await settled(member);
  }

  async function change(member) {
    const done = await attempt(app, wrong, () => share(member));
    if (!done)
      await show(); // the role that it still is
    list.querySelector(`[aria-label="${CSS.escape(
      `Role of ${nameOf(member)}`)}"]`)?.focus();
  }

  function remove(member) {
    const me = member.user === app.me.user;
    confirmed(app, {
      title: me ? 'Leave the study?' : `Remove ${nameOf(member)}?`,
      text: me ? 'You will not see it any more unless it is public or shared ' +
        'with a group of yours.' : 'The study is not shared any more, at once.',
      verb: me ? 'Leave' : 'Remove',
      async act() {
        await api.unshare(study.id, key(member));
        await settled(member);
      },
      done: () => element.querySelector('input')?.focus(),
    });
  }

  async function show() {
    const {members} = await api.members(study.id);
    list.replaceChildren(rowTable('Members', ['Who', 'Role', ''],
      members.map((member, i) => [
        [member.user ?? member.group, member.group
          ? h('span', {class: 'tag'}, 'group') : i === 0
            ? h('span', {class: 'tag'}, 'in whose name it is') : null],
        roleOf(member, change),
        button('Remove', `Remove ${nameOf(member)}`, () => remove(member)),
      ])));
  }

  const refresh = () => attempt(app, wrong, show);
  const element = h('div', {}, wrong, list, addForm(app, share));
  refresh();
  return element;
}
