// SPDX-License-Identifier: GPL-3.0-or-later
// view_tokens.js - my tokens: made, rotated and revoked

import {api} from './api.js';
import {confirmed, openDialog} from './dialog.js';
import {ago, h, left, moment, setText} from './dom.js';
import {attempt, complaint, field, form, select, validity} from './form.js';
import {SCOPES, endsSoon, isValid} from './people.js';
import {button, rowTable} from './rows.js';
import {newToken} from './secret.js';

const STANDARD = ['read', 'ask']; // scopes of a job
const STUDIES = 100; // that are offered, the newest
const OVERLAPS = [['0', 'at once'], ['600', 'in ten minutes'],
  ['3600', 'in an hour'], ['86400', 'in a day']];

// ---- a row ------------------------------------------------------------------

function end(token) {
  if (token.revoked)
    return ['revoked ', moment(token.revoked, ago)];
  if (!token.expires)
    return 'never';
  if (!isValid(token))
    return ['expired ', moment(token.expires, ago)];
  const time = moment(token.expires, expires => `in ${left(expires)}`);
  return endsSoon(token) ? h('strong', {class: 'soon'}, time,
    h('span', {'aria-hidden': 'true'}, ' ⚠'),
    h('span', {class: 'unseen'}, ' soon')) : time;
}

function scopes(token) {
  return [token.scopes.join(', '), token.study_id && h('div', {}, 'only ',
    h('a', {href: `#/study/${encodeURIComponent(token.study_id)}`},
      'one study'))];
}

function lastUse(token) {
  return token.last_used ? [moment(token.last_used, ago),
    token.last_address && h('div', {class: 'faint'}, token.last_address)]
    : 'not yet';
}

function row(token, rotate, revoke) {
  const name = `${token.name}, ${token.prefix}…`;
  return [
    [token.name, h('div', {class: 'faint'},
      h('code', {}, `${token.prefix}…`))],
    scopes(token), moment(token.created, ago), end(token), lastUse(token),
    isValid(token) ? h('div', {class: 'buttons'},
      button('Rotate', `Rotate ${name}`, () => rotate(token)),
      button('Revoke', `Revoke ${name}`, () => revoke(token))) : null,
  ];
}

// ---- the form of a new one --------------------------------------------------

// The scopes, of which nobody can give more than they have.
function scopeBoxes(me) {
  return h('fieldset', {}, h('legend', {}, 'It may'),
    SCOPES.map(([name, text]) => {
      const box = h('input', {type: 'checkbox', name: 'scopes', value: name,
        disabled: !me.scopes.includes(name)});
      box.checked = STANDARD.includes(name) && !box.disabled;
      return h('label', {class: 'check'}, box, h('span', {},
        h('strong', {}, name), ` – ${text}`));
    }));
}

function createForm(app, made) {
  const studies = select('study_id', [['', 'all that I may use']]);
  const valid = validity('1m');
  const fields = scopeBoxes(app.me);
  const element = form(app, {
    submit: 'Make the token',
    async send(controls) {
      made(await api.createToken({
        name: controls.name.value.trim(), expires: valid.value(),
        scopes: [...fields.querySelectorAll('input:checked')]
          .map(box => box.value),
        study_id: studies.value || undefined,
      }));
    },
  }, field('Name', h('input', {name: 'name', required: true, maxlength: '200',
    autocomplete: 'off'}), 'such as what runs with it, and where'),
  valid.elements, fields, field('Which studies', studies,
    `all of them, or one of the newest ${STUDIES}`));
  return {element, studies};
}

async function offer(studies) {
  const found = await api.studies({limit: STUDIES});
  studies.append(...found.studies.map(({id, name, owner}) =>
    h('option', {value: id}, `${name} (${owner})`)));
}

// ---- the page ---------------------------------------------------------------

export function mountTokens(main, app) {
  const gone = new AbortController();
  const wrong = complaint();
  const table = h('div');
  const about = h('p', {class: 'faint'});
  const all = h('input', {type: 'checkbox', onchange: show});
  const ended = h('label', {class: 'check'}, all, 'show those that have ended');
  const create = h('button', {type: 'button', class: 'primary',
    onclick: openCreate}, 'New token');
  let tokens = [];

  function show() {
    const valid = tokens.filter(token => isValid(token));
    const shown = all.checked ? tokens : valid;
    ended.hidden = valid.length === tokens.length;
    setText(about, valid.length === 1 ? '1 token is valid.'
      : `${valid.length || 'No'} tokens are valid.`);
    table.replaceChildren(shown.length === 0 ? '' : h('div', {class: 'card'},
      rowTable('Tokens', ['Name', 'May', 'Made', 'Ends', 'Last use', ''],
        shown.map(token => row(token, openRotate, revoke)))));
  }

  const refresh = () => attempt(app, wrong, async () => {
    ({tokens} = await api.tokens(gone.signal));
    show();
  });

  // Shows a new token in place of the form that made it.
  function reveal(dialog, token) {
    const done = h('button', {type: 'button', class: 'primary',
      onclick: () => dialog.close()}, 'Done');
    dialog.querySelector('.head').nextElementSibling.replaceWith(
      h('div', {}, newToken(token), done));
    dialog.querySelector('.copyable button').focus();
    dialog.addEventListener('close', () => create.focus());
    refresh();
  }

  function openCreate() {
    const {element, studies} = createForm(app, token => reveal(dialog, token));
    const trouble = complaint();
    const dialog = openDialog('New token', [element, trouble]);
    element.elements.name.focus();
    attempt(app, trouble, () => offer(studies));
  }

  function openRotate(token) {
    const valid = validity('', [['', 'as long as the old one']]);
    const overlap = select('overlap_s', OVERLAPS);
    overlap.value = '3600';
    const dialog = openDialog(`Rotate ${token.name}`, form(app, {
      submit: 'Rotate',
      async send() {
        reveal(dialog, await api.rotateToken(token.id, {
          overlap_s: Number(overlap.value), expires: valid.value()}));
      },
    }, h('p', {}, 'A new token takes its place, with the same name and rights. ' +
      'Jobs that run with the old one need the new one before it ends.'),
    field('The old one ends', overlap), valid.elements));
  }

  function revoke(token) {
    confirmed(app, {
      title: `Revoke ${token.name}?`,
      text: 'Whatever runs with it is refused at once. This cannot be undone.',
      verb: 'Revoke',
      async act() {
        await api.revokeToken(token.id);
        await refresh();
      },
      done() {
        app.announce(`${token.name} was revoked.`);
        create.focus();
      },
    });
  }

  const allowed = app.me.scopes.includes('admin');
  main.append(h('div', {class: 'head'}, h('h1', {}, 'Tokens'),
    h('span', {class: 'grow'}), create));
  create.hidden = !allowed;
  ended.hidden = true;
  main.append(h('p', {}, allowed
    ? 'Programs sign in with a token. Give each job its own, with as little ' +
      'as it needs.'
    : 'This session may not see or make tokens: it lacks the scope admin.'),
  about, wrong, table, ended);
  if (allowed)
    refresh();
  return {title: 'Tokens', stop: () => gone.abort()};
}
