// SPDX-License-Identifier: GPL-3.0-or-later
// app.js - the shell: routes, session, banner and live indicator
//
// A view is a function mount(main, app, argument) that fills <main> and
// returns {title, stop}. Routes live in the hash, so the page works behind any
// path of a proxy; their arguments come as they are in the address.

import {api} from './api.js';
import {h, setText} from './dom.js';
import {mountSignIn} from './view_signin.js';
import {mountStudies} from './view_studies.js';
import {mountStudy} from './view_study.js';

const ROUTES = [
  [/^#\/study\/([^/]+)$/, mountStudy],
  [/^#?\/?(?:\?(.*))?$/, mountStudies],
];

const element = id => document.getElementById(id);
const main = element('main');
let view = null;
let greeted = false; // a session worked since the page was loaded

function complain(text) {
  element('banner').hidden = !text;
  setText(element('banner'), text ?? '');
}

function showLive(state, text) {
  const live = element('live');
  live.hidden = !state;
  live.className = `live ${state ?? ''}`;
  setText(live, text ?? '');
}

function mount(mounting, argument) {
  view?.stop();
  main.replaceChildren();
  element('crumbs').replaceChildren();
  complain(null);
  showLive(null);
  element('sign-out').hidden = mounting === mountSignIn;
  view = mounting(main, app, argument);
  document.title = `${view.title} · Cumae`;
}

const app = {
  complain,

  // Says something to those who listen instead of looking.
  announce(text) {
    setText(element('announce'), text);
  },

  crumb(text) {
    element('crumbs').replaceChildren(h('span', {'aria-current': 'page'},
      text));
    document.title = `${text} · Cumae`;
  },

  // The end of one refresh of a live view: error is null when it went well.
  refreshed(error) {
    if (error?.status === 401) {
      mount(mountSignIn);
      complain(greeted ? 'Your session has ended. Please sign in again.'
        : null);
    } else if (error) {
      if (!error.status && error.code !== 'offline')
        console.error(error);
      showLive('offline', 'not updating');
      complain(`Could not refresh: ${error.message}`);
    } else {
      greeted = true;
      showLive('fresh', 'live');
      complain(null);
    }
  },

  signedIn() {
    if (location.hash === '#/')
      route();
    else
      location.hash = '#/';
  },
};

// Trades what a link holds for a session: the one-time code of a sign-in link,
// or the secret of a link to a study. It leaves the address bar and the
// history first.
async function redeem(credentials) {
  history.replaceState(null, '', '#/');
  try {
    await api.signIn(credentials);
    route();
  } catch (error) {
    mount(mountSignIn);
    complain(error.status === 401
      ? 'This link has expired, was used already or was revoked.'
      : error.message);
  }
}

// Why a sign-in came to nothing. Anybody can write a link with such words: they
// are few, and what they are about is said first.
function refuse(words) {
  history.replaceState(null, '', '#/');
  mount(mountSignIn);
  const text = new URLSearchParams(words).get('error').slice(0, 200);
  complain(`You are not signed in: ${text}`);
}

function route() {
  if (location.hash.startsWith('#error=')) {
    refuse(location.hash.slice(1));
    return;
  }
  const link = /^#(code|share)=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (link) {
    redeem(link[1] === 'code' ? {code: link[2]} : {token: link[2]});
    return;
  }
  for (const [pattern, mounting] of ROUTES) {
    const match = pattern.exec(location.hash);
    if (match) {
      mount(mounting, match[1]);
      return;
    }
  }
  location.hash = '#/';
}

async function signOut() {
  let left = null; // where the session at the provider ends
  try {
    left = (await api.session()).end_session_url;
    await api.signOut();
  } catch (error) {
    if (error.status !== 401) {
      complain(error.message);
      return;
    }
  }
  greeted = false;
  mount(mountSignIn, left);
}

element('sign-out').addEventListener('click', signOut);
element('skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => {
  route();
  main.focus({preventScroll: true});
});
route();
