// SPDX-License-Identifier: GPL-3.0-or-later
// view_profile.js - who I am, what I may use, and where I am signed in

import {api} from './api.js';
import {confirmed} from './dialog.js';
import {ago, count, h, left, moment} from './dom.js';
import {attempt, complaint} from './form.js';
import {SCOPES, storage} from './people.js';
import {button, rowTable} from './rows.js';

// Names and what they are, in two columns; null is left out.
function list(pairs) {
  return h('dl', {class: 'facts'}, pairs.filter(([, value]) => value !== null)
    .map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

function session(me) {
  const lacking = SCOPES.filter(([name]) => !me.scopes.includes(name));
  return [
    moment(me.expires, time => `ends in ${left(time)}`),
    me.expires_soon ? h('strong', {class: 'soon'}, ' soon') : null,
    ', or eight hours after its last use',
    lacking.length ? `. It may not: ${
      lacking.map(([name]) => name).join(', ')}` : null,
  ];
}

function who(me) {
  return list([
    ['Name', me.user],
    ['Display name', me.display_name],
    ['E-mail', me.email],
    ['Groups', me.groups.join(', ') || 'none'],
    ['Administrator', me.admin ? 'yes' : 'no'],
    ['This session', session(me)],
  ]);
}

// What is used of a limit (null: there is none), as words and as a bar.
function meter(name, used, limit, words) {
  const share = limit ? Math.min(used / limit, 1) : Number(limit === 0);
  const text = limit === null ? `${words(used)}, no limit`
    : `${words(used)} of ${words(limit)}`;
  const fill = h('span', {class: share >= 0.9 ? 'fill high' : 'fill'});
  // A property of the object model, which the policy for styles allows.
  fill.style.width = `${100 * share}%`;
  return h('div', {class: 'quota'}, h('span', {}, name),
    h('span', {class: 'num'}, text),
    limit === null ? null : h('div', {class: 'meter', role: 'meter',
      'aria-label': name, 'aria-valuemin': '0', 'aria-valuemax': limit,
      'aria-valuenow': Math.min(used, limit), 'aria-valuetext': text}, fill));
}

function quotas({limits, use}) {
  const requests = limits.requests_per_minute;
  return [
    meter('Studies', use.studies, limits.max_studies, count),
    meter('Trials', use.trials, limits.max_trials, count),
    meter('Running trials', use.running, limits.max_running, count),
    meter('Storage', use.bytes, limits.max_bytes, storage),
    h('p', {class: 'faint'}, requests === null
      ? 'Requests per minute: as many as the service allows anybody.'
      : `Requests per minute: ${count(requests)}.`),
  ];
}

export function mountProfile(main, app) {
  const gone = new AbortController();
  const about = h('div');
  const use = h('div', {class: 'quotas'});
  const sessions = h('div');
  const wrong = complaint();
  const everywhere = h('button', {type: 'button', class: 'danger',
    onclick: leaveEverywhere}, 'Sign out everywhere');
  const signedIn = h('section', {class: 'card', 'aria-label': 'Sessions',
    hidden: true}, h('div', {class: 'tools'},
    h('h2', {tabindex: '-1'}, 'Where you are signed in'), everywhere),
  wrong, sessions);

  function leaveEverywhere() {
    confirmed(app, {
      title: 'Sign out everywhere?',
      text: 'All your browsers are signed out at once, this one, too. ' +
        'Your tokens stay as they are.',
      verb: 'Sign out everywhere', act: () => app.leave(api.endSessions),
    });
  }

  async function end({id, current}) {
    const done = await attempt(app, wrong, () => current
      ? app.leave(api.signOut) : api.endSession(id));
    if (!done || current)
      return;
    app.announce('The session has ended.');
    signedIn.querySelector('h2').focus();
    await refresh();
  }

  function row(one) {
    const from = one.last_address ?? 'an unknown address';
    return [
      [moment(one.created, ago), one.current
        ? h('span', {class: 'tag'}, 'this browser') : null],
      moment(one.last_used, ago), from,
      moment(one.expires, time => `in ${left(time)}`),
      one.current ? button('Sign out', 'Sign out here', () => end(one))
        : button('End', `End the session from ${from}, signed in ` +
          ago(one.created), () => end(one)),
    ];
  }

  const refresh = () => attempt(app, wrong, async () => {
    const found = await api.sessions(gone.signal);
    sessions.replaceChildren(rowTable('Sessions',
      ['Signed in', 'Last use', 'From', 'Ends', ''], found.sessions.map(row)));
  });

  async function show() {
    const me = await app.meet(gone.signal);
    about.replaceChildren(who(me));
    use.replaceChildren(...quotas(me));
    signedIn.hidden = !me.scopes.includes('admin');
    if (!signedIn.hidden)
      await refresh();
  }

  const trouble = complaint();
  main.append(h('h1', {}, 'Profile'), trouble,
    h('div', {class: 'side-by-side'},
      h('section', {class: 'card', 'aria-label': 'You'}, h('h2', {}, 'You'),
        about),
      h('section', {class: 'card', 'aria-label': 'Use'},
        h('h2', {}, 'What you use'), use)),
    signedIn);
  attempt(app, trouble, show);
  return {title: 'Profile', stop: () => gone.abort()};
}
