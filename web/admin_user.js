// SPDX-License-Identifier: GPL-3.0-or-later
// admin_user.js - one user: who it is, what it may, what its studies take

import {marks} from './admin_users.js';
import {ApiError} from './api.js';
import {admin} from './api_admin.js';
import {readBytes, writeBytes} from './bytes.js';
import {confirmed} from './dialog.js';
import {count, h, setText} from './dom.js';
import {attempt, complaint, field, form} from './form.js';
import {poll, whenAsked} from './live.js';
import {address, exact, refill, when} from './panel.js';
import {storage} from './people.js';
import {rowTable} from './rows.js';
import {copyable} from './secret.js';

// Quota, what it limits, and the figure of `use` that it is held against.
const QUOTAS = [
  ['max_studies', 'Studies', 'studies'],
  ['max_trials', 'Trials', 'trials'],
  ['max_running', 'Running trials', 'running'],
  ['max_bytes', 'Storage', 'bytes'],
  ['requests_per_minute', 'Requests per minute', null],
];

function shownLimit(name, limit) {
  if (limit === null)
    return name === 'requests_per_minute' ? 'settings' : 'none';
  return name === 'max_bytes' ? storage(limit) : count(limit);
}

function writeQuota(name, quota) {
  if (quota === null)
    return '';
  return name === 'max_bytes' ? writeBytes(quota) : String(quota);
}

// What was typed: null for nothing.
function readQuota({name, value}) {
  if (!value.trim())
    return null;
  const bytes = name === 'max_bytes';
  const quota = bytes ? readBytes(value) : Number(value);
  if (!Number.isSafeInteger(quota) || quota < 0)
    throw new ApiError(`${name} must be a whole number` +
      `${bytes ? ' or a size such as 2.5 GB' : ''}, not "${value}"`, 0,
    'invalid');
  return quota;
}

// Puts what the service says into an input, unless somebody is typing there.
function put(input, text) {
  if ((input.dataset.told ?? '') === input.value)
    input.value = text;
  input.dataset.told = text;
}

// What was typed has been saved, and may be replaced.
function settle(inputs) {
  for (const input of inputs)
    input.dataset.told = input.value;
}

function quotaCard(name, app, changed) {
  const cells = QUOTAS.map(([key, title]) => ({
    key, title, used: h('span'), limit: h('span'),
    input: h('input', {name: key, 'aria-label': `Quota: ${title}`,
      class: 'short', inputmode: key === 'max_bytes' ? 'text' : 'numeric',
      autocomplete: 'off'}),
  }));

  async function send() {
    const quotas = Object.fromEntries(cells.map(({key, input}) =>
      [key, readQuota(input)]));
    const saved = await admin.changeUser(name, {quotas});
    settle(cells.map(({input}) => input));
    changed(saved, 'Quotas saved');
  }
  const element = h('section', {class: 'card', 'aria-label': 'Quotas'},
    h('h2', {}, 'Use and quotas'),
    form(app, {submit: 'Save quotas', send},
      rowTable('Use and quotas', ['Of', 'In use', 'Limit', 'Quota'],
        cells.map(({title, used, limit, input}) =>
          [title, used, limit, input])),
      h('p', {class: 'faint'}, 'Empty: as the settings say. 0: no limit.')));
  return {
    element,
    update(user) {
      cells.forEach(({key, used, limit, input}, i) => {
        const use = user.use[QUOTAS[i][2]];
        setText(used, key === 'max_bytes' ? storage(use)
          : use === undefined ? '–' : count(use));
        setText(limit, shownLimit(key, user.limits[key]));
        put(input, writeQuota(key, user.quotas[key]));
      });
    },
  };
}

function personCard(name, app, changed) {
  const text = key => h('input', {name: key, maxlength: 200,
    autocomplete: 'off'});
  const display = text('display_name');
  const email = text('email');
  const groups = h('p', {class: 'faint'});

  async function send() {
    const saved = await admin.changeUser(name, {
      display_name: display.value.trim() || null,
      email: email.value.trim() || null,
    });
    settle([display, email]);
    changed(saved, 'Saved');
  }
  return {
    element: h('section', {class: 'card', 'aria-label': 'Person'},
      h('h2', {}, 'Person'), groups, form(app, {submit: 'Save', send},
        field('Full name', display), field('Mail address', email))),
    update(user) {
      put(display, user.display_name ?? '');
      put(email, user.email ?? '');
      setText(groups, user.groups.length
        ? `In the groups ${user.groups.join(', ')}` : 'In no group');
    },
  };
}

// The questions before a user is changed, by what is to change.
function questions(user) {
  const {name} = user;
  return {
    disabled: user.disabled
      ? ['Enable', 'Tokens and sessions of before work again.']
      : ['Disable', 'Tokens and sessions are refused at once, also those of ' +
        'jobs that run.'],
    admin: user.admin
      ? ['Take administration away', `${name} stays a user.`]
      : ['Make administrator', `${name} may then see and change everything.`],
  };
}

// A sign-in link that is shown this once.
const invitation = ({user, url, expires}) => [
  copyable(`Sign-in link for ${user}`, url),
  h('p', {class: 'faint'}, 'It is shown this once, signs in once, and ends ' +
    `${exact(expires)}. Links of before that nobody used have ended.`)];

// Inviting, disabling, and making an administrator.
function actions(name, app, changed) {
  const wrong = complaint();
  const link = h('div', {class: 'once', hidden: true});
  let seen = null;

  async function invite() {
    link.replaceChildren(...invitation(await admin.invite(name)));
    link.hidden = false;
    app.announce('The link is below the buttons');
  }

  const change = key => h('button', {type: 'button', onclick() {
    const [verb, text] = questions(seen)[key];
    confirmed(app, {
      title: `${verb}: ${name}`, text, verb,
      act: async () => changed(
        await admin.changeUser(name, {[key]: !seen[key]}), 'Done'),
    });
  }});
  const buttons = {disabled: change('disabled'), admin: change('admin')};
  return {
    elements: [h('div', {class: 'buttons'}, h('button', {type: 'button',
      onclick: () => attempt(app, wrong, invite)}, 'Invite'),
    ...Object.values(buttons)), wrong, link],
    update(user) {
      seen = user;
      for (const [key, [verb]] of Object.entries(questions(user)))
        setText(buttons[key], verb);
    },
  };
}

export function mountUser(main, app, name) {
  const state = h('span', {class: 'marks'});
  const about = h('p', {class: 'faint'});
  const parts = [actions(name, app, changed),
    quotaCard(name, app, changed), personCard(name, app, changed)];
  const [buttons, quotas, person] = parts;
  const body = h('div', {hidden: true}, h('div', {class: 'card'},
    h('div', {class: 'head'}, h('h2', {}, name), state), about,
    ...buttons.elements), quotas.element, person.element);

  function show(user) {
    refill(state, [user.admin, user.disabled], () => marks(user));
    refill(about, [user.created, user.last_seen], () => [
      'made ', when(user.created), ' · last seen ', when(user.last_seen),
      ' · ', h('a', {href: address('#/admin/audit', {user: name})},
        `what ${name} changed`)]);
    for (const part of parts)
      part.update(user);
    body.hidden = false;
  }

  function changed(user, text) {
    show(user);
    app.announce(text);
  }

  main.append(h('p', {}, h('a', {href: '#/admin/users'}, '← All users')),
    body);
  const poller = poll(async signal => show(await admin.user(name, signal)),
    error => app.refreshed(error, false), whenAsked);
  return {title: name, stop: poller.stop};
}
