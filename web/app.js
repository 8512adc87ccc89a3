// SPDX-License-Identifier: GPL-3.0-or-later
// app.js - the shell: routes, session, banner and live indicator
//
// A view is a function mount(main, app, argument) that fills <main> and
// returns {title, stop}. Routes live in the hash, so the page works behind any
// path of a proxy; their arguments come as they are in the address.

import {api} from './api.js';
import {h, setText} from './dom.js';
import {showMenu} from './menu.js';
import {PAGES} from './pages.js';
import {forgetData} from './study_data.js';
import {mountSignIn} from './view_signin.js';

// What guests see of their study.
const SIDES = ['', '/trials', '/analysis', '/limit', '/contour', '/grid'];
const RETRY_MS = 2000; // while the service does not say who is there

const element = id => document.getElementById(id);
const main = element('main');
let view = null;
let turn = 0; // counts the routes, so that a late answer mounts nothing

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
  view = mounting(main, app, argument);
  document.title = `${view.title} · Cumae`;
}

function mountOutside(left) {
  app.me = null;
  forgetData();
  turn++;
  showMenu(null);
  mount(mountSignIn, left);
}

const app = {
  me: null, // who is signed in, as GET /me says; no view but one is without
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

  // Whether an error means that the session is over; then so is the view.
  ended(error) {
    if (error?.status !== 401)
      return false;
    const greeted = app.me !== null;
    mountOutside();
    complain(greeted ? 'Your session has ended. Please sign in again.' : null);
    return true;
  },

  // The end of one refresh: error is null when it went well, live false for
  // views that are refreshed only when asked.
  refreshed(error, live = true) {
    if (app.ended(error))
      return;
    if (error) {
      if (!error.status && error.code !== 'offline')
        console.error(error);
      showLive('offline', 'not updating');
      complain(`Could not refresh: ${error.message}`);
    } else {
      showLive(live ? 'fresh' : null, 'live');
      complain(null);
    }
  },

  // Looks again who is signed in.
  async meet(signal) {
    app.me = await api.me(signal);
    showMenu(app.me, signOut);
    return app.me;
  },

  // Ends sessions, this one included. Throws ApiError.
  async leave(end) {
    const left = (await api.session()).end_session_url;
    await end();
    mountOutside(left);
  },

  signedIn() {
    if (location.hash === '#/')
      route();
    else
      location.hash = '#/';
  },
};

async function signOut() {
  try {
    await app.leave(api.signOut);
  } catch (error) {
    if (error.status === 401)
      mountOutside();
    else
      complain(error.message);
  }
}

// Trades what a link holds for a session: the one-time code of a sign-in link,
// or the secret of a link to a study. It leaves the address bar and the
// history first.
async function redeem(credentials) {
  history.replaceState(null, '', '#/');
  try {
    await api.signIn(credentials);
    app.me = null;
    route();
  } catch (error) {
    mountOutside();
    complain(error.status === 401
      ? 'This link has expired, was used already or was revoked.'
      : error.message);
  }
}

// Why a sign-in came to nothing. Anybody can write a link with such words: they
// are few, and what they are about is said first.
function refuse(words) {
  history.replaceState(null, '', '#/');
  mountOutside();
  const text = new URLSearchParams(words).get('error').slice(0, 200);
  complain(`You are not signed in: ${text}`);
}

// Mounts a page for who is signed in. Guests have one study and nothing else.
async function open({mount: mounting}, argument) {
  const mine = ++turn;
  try {
    if (!app.me)
      await app.meet();
  } catch (error) {
    if (mine === turn && !app.ended(error)) {
      complain(error.message);
      setTimeout(() => mine === turn && route(), RETRY_MS);
    }
    return;
  }
  const home = `#/study/${app.me.study_id}`;
  const [where] = location.hash.split('?');
  const inside = SIDES.some(side => where === home + side);
  if (mine !== turn)
    return;
  if (app.me.guest && !inside)
    location.replace(home);
  else
    mount(mounting, argument);
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
  for (const page of PAGES) {
    const match = page.address.exec(location.hash);
    if (match) {
      open(page, match[1]);
      return;
    }
  }
  location.hash = '#/';
}

element('skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => {
  route();
  main.focus({preventScroll: true});
});
route();
