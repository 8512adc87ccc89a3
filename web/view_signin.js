// SPDX-License-Identifier: GPL-3.0-or-later
// view_signin.js - signing in through a provider or with a token

import {api} from './api.js';
import {h} from './dom.js';

// Where to come back to: the view that somebody wanted to see.
function link({name, title}) {
  const back = location.pathname +
    (location.hash.startsWith('#/') ? location.hash : '');
  return h('a', {class: 'button', href: api.signInAddress(name, back)},
    `Sign in with ${title}`);
}

// `left` is where somebody who signed out here may do so at the provider, too.
export function mountSignIn(main, app, left) {
  const gone = new AbortController();
  const links = h('nav', {class: 'providers', hidden: true,
    'aria-label': 'Providers'});
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

  async function offer() {
    try {
      const {providers} = await api.providers(gone.signal);
      links.replaceChildren(...providers.map(link));
      links.hidden = providers.length === 0;
    } catch (error) {
      if (error.name !== 'AbortError')
        app.complain(error.message);
    }
  }

  main.append(h('section', {class: 'card narrow'},
    h('h1', {}, 'Sign in'),
    left && h('p', {}, 'You have signed out here, but not at your provider: ' +
      'whoever uses this browser next may come back in. ',
    h('a', {href: left}, 'Sign out there as well')),
    links,
    h('p', {}, 'Open the link that ', h('code', {}, 'cumaed'),
      ' printed when it first started, or paste an API token.'),
    h('form', {onsubmit: submit},
      h('label', {for: 'token'}, 'API token'), field, button),
    h('p', {class: 'faint'}, 'The token is exchanged for a session cookie. ' +
      'The page does not keep it.')));
  field.focus();
  offer();
  return {title: 'Sign in', stop: () => gone.abort()};
}
