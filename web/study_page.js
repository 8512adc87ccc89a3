// SPDX-License-Identifier: GPL-3.0-or-later
// study_page.js - what the tabs of a study share: head, data, drawer, address
//
// A tab is a function make({app, id, query, page}) that returns {element,
// columns(study, signal), update({study, data, changed, signal}), stop()}; what
// the first two return is awaited. Before an
// update the columns that it names are brought up to date. `page` has
// open(number), which shows a trial beside the tab; set(name, value), which
// keeps a choice in the address; now(), which refreshes.

import {api} from './api.js';
import {budgetUse} from './budget.js';
import {ago, badge, h, number, setText} from './dom.js';
import {poll} from './live.js';
import {mayShare, maySteer} from './people.js';
import {openSharing, visibilityOf} from './sharing.js';
import {steering} from './steering.js';
import {dataOf, refreshData} from './study_data.js';
import {trialDrawer} from './trial_drawer.js';
import {whyNothing} from './why.js';

const WAIT_S = 20; // for news of a study
const TABS = [['', 'Overview'], ['/trials', 'Trials'],
  ['/analysis', 'Analysis'], ['/limit', 'Limit', 'limit'],
  ['/contour', 'Contour', 'contour'], ['/grid', 'Grid', 'grid']];
const SHARED = ['f']; // choices that all tabs heed

// 'ms ≤ 20', '1 ≤ mb ≤ 8'
function bounds({name, lower, upper}) {
  const at = value => value === null ? [] : [number(value)];
  return [...at(lower), name, ...at(upper)].join(' ≤ ');
}

function facts(study) {
  return [
    study.kind !== 'hpo' ? `${study.kind} study` : study.objectives.map(
      ({direction, name}) => `${direction} ${name}`).join(', '),
    study.outcome_constraints.map(bounds).join(', '),
    study.constraints.join(', '),
    study.sampler?.name && `sampler ${study.sampler.name}`,
    study.pruner?.name && study.pruner.name !== 'nop' &&
      `pruner ${study.pruner.name}`,
    study.owner && `owner ${study.owner}`,
    visibilityOf(study),
    `created ${ago(study.created)}`,
    `changed ${ago(study.changed)}`,
  ].filter(Boolean).join(' · ');
}

// The head of the page; update(study) brings it up to date.
function head(app, argument, tab, page) {
  const id = decodeURIComponent(argument);
  const title = h('h1', {}, 'Study');
  const state = h('span');
  const about = h('p', {class: 'faint'});
  const budget = h('p', {class: 'faint', hidden: true});
  const why = h('p', {class: 'why', hidden: true});
  const buttons = steering(id, app, page.now);
  const log = h('a', {class: 'button', hidden: true,
    href: `#/study/${argument}/audit`}, 'Audit log');
  const share = h('button', {type: 'button', hidden: true,
    onclick: () => openSharing(app, seen, page.now)}, 'Share…');
  const links = TABS.map(([path, text, kind]) => h('a', {
    href: `#/study/${argument}${path}`, 'data-path': path, 'data-kind': kind,
    hidden: kind !== undefined && path !== tab,
    'aria-current': path === tab ? 'page' : null}, text));
  const tabs = h('nav', {class: 'tabs', 'aria-label': 'Parts of the study'},
    links);
  let seen = null;

  function update(study) {
    setText(title, study.name);
    if (seen?.name !== study.name)
      app.crumb(study.name);
    if (seen?.state !== study.state)
      state.replaceChildren(badge(study.state));
    setText(about, facts(study));
    setText(budget, budgetUse(study));
    budget.hidden = !budget.textContent;
    setText(why, whyNothing(study) ?? '');
    why.hidden = !why.textContent;
    for (const link of links)
      link.hidden = link.dataset.kind !== undefined &&
        link.dataset.kind !== study.kind;
    buttons.update(study.state, maySteer(app.me, study));
    log.hidden = share.hidden = !mayShare(app.me, study);
    if (study.best && seen && seen.best?.number !== study.best.number)
      app.announce(`New best: ${number(study.best.value)}, ` +
        `trial ${study.best.number}`);
    seen = study;
  }

  // Links to the other tabs keep what all of them heed.
  function follow(query) {
    const kept = new URLSearchParams(SHARED.filter(name => query.get(name))
      .map(name => [name, query.get(name)]));
    for (const link of links)
      link.href = `#/study/${argument}${link.dataset.path}` +
        (kept.size ? `?${kept}` : '');
  }

  return {
    elements: [h('div', {class: 'head'}, title, state,
      h('span', {class: 'grow'}), log, share, ...buttons.elements),
    about, budget, why, tabs],
    update, follow,
  };
}

// Mounts a tab of a study. `argument` is ID, with /TAB and ?choices.
export function studyPage(main, app, argument, tab, make) {
  const [path, words] = argument.split('?');
  const [key] = path.split('/');
  const id = decodeURIComponent(key);
  const query = new URLSearchParams(words ?? '');
  const page = {
    now: () => poller.now(),
    open(number) {
      page.set('trial', String(number));
      drawer.show(number, study);
    },
    set(name, value) {
      if (value)
        query.set(name, value);
      else
        query.delete(name);
      history.replaceState(null, '', `#/study/${key}${tab}` +
        (query.size ? `?${query}` : ''));
      top.follow(query);
    },
  };
  const top = head(app, key, tab, page);
  const part = make({app, id, query, page});
  const drawer = trialDrawer(app, id, page);
  let study = null;
  let poller = null;
  let stale = true;
  let opened = false; // the trial that the address names
  main.append(...top.elements, part.element, drawer.element);
  top.follow(query);

  async function refresh(signal) {
    study = await api.study(id, signal);
    top.update(study);
    const names = await part.columns(study, signal);
    const fetched = await refreshData(study, names, signal, () =>
      part.partial?.({study, data: dataOf(id)}));
    const changed = fetched || stale;
    stale = true; // until it has been shown
    await part.update({study, data: dataOf(id), changed, signal});
    stale = false;
    if (!opened && query.get('trial'))
      drawer.show(Number(query.get('trial')), study);
    else if (changed)
      drawer.refresh(study);
    opened = true;
  }

  const news = signal => api.events(id,
    {since: study.revision, wait_s: WAIT_S, limit: 1}, signal);
  poller = poll(refresh, app.refreshed, news);
  return {
    title: 'Study',
    stop() {
      poller.stop();
      drawer.stop();
      part.stop();
    },
  };
}
