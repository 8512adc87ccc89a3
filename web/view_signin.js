// SPDX-License-Identifier: GPL-3.0-or-later
// view_signin.js - signing in with a token

import {api} from './api.js';
import {h} from './dom.js';

export function mountSignIn(main, app) {
  const field = h('input', {
    id: 'token', type: 'password', name: 'token', required: true,
    autocomplete: 'off', spellcheck: 'false', placeholder: 'cum_…',
  });
  const button = h('button', {type: 'submit', class: 'primary'}, 'Sign in');

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      await api.signIn({token: field.value.trim()});
      field.value = '';
      app.signedIn();
    } catch (error) {
      app.complain(error.status === 401
        ? 'That token is not valid: it may be mistyped, expired or revoked.'
        : error.message);
    } finally {
      button.disabled = false;
    }
  }

  main.append(h('section', {class: 'card narrow'},
    h('h1', {}, 'Sign in'),
    h('p', {}, 'Open the link that ', h('code', {}, 'cumaed'),
      ' printed when it first started, or paste an API token.'),
    h('form', {onsubmit: submit},
      h('label', {for: 'token'}, 'API token'), field, button),
    h('p', {class: 'faint'}, 'The token is exchanged for a session cookie. ' +
      'The page does not keep it.')));
  field.focus();
  return {title: 'Sign in', stop() {}};
}
