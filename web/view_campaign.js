// SPDX-License-Identifier: GPL-3.0-or-later
// view_campaign.js - one campaign: its segments, and their limits on an axis
//
// What is chosen is in the address: as (table in place of tiles), state (of the
// segments that are shown), log and logx of the plot, and theory, a curve.

import {api} from './api.js';
import {kinds} from './api_kinds.js';
import {segmentTable} from './campaign_table.js';
import {segmentTiles} from './campaign_tiles.js';
import {brazilRows, drawBrazil, placed} from './chart_brazil.js';
import {confirmed} from './dialog.js';
import {ago, count, h, setText} from './dom.js';
import {download} from './download.js';
import {figures} from './figures.js';
import {poll} from './live.js';
import {options} from './options.js';
import {choice, stateBar} from './parts.js';
import {maySteer} from './people.js';
import {plotCard, toggle} from './plot_card.js';
import {fileName} from './save.js';
import {theoryForm} from './theory_form.js';

const FIRST = {as: '', state: '', log: '', logx: '', theory: ''};
const STATES = ['running', 'paused', 'draining', 'finished'];
const WARNINGS = {stop: 'Stop all studies of this campaign? No more trials ' +
  'will be handed out; those that run may still end.'};

const countOf = (segments, state) =>
  segments.filter(segment => segment.state === state).length;

function showFigures(row, {segments, progress}) {
  row.set('segments', 'segments', count(segments.length));
  for (const state of STATES)
    row.set(`is ${state}`, `segments ${state}`, count(countOf(segments,
      state)));
  for (const state of ['complete', 'running'])
    row.set(state, `trials ${state}`, count(progress[state]));
  row.set('bad', 'trials failed or lost',
    count((progress.failed ?? 0) + (progress.lost ?? 0)));
}

// The buttons that pause, resume and stop all studies.
function steering(id, app, done) {
  const act = async verb => {
    await kinds.steerCampaign(id, verb);
    done();
  };
  const steer = verb => WARNINGS[verb]
    ? confirmed(app, {title: 'Stop the campaign', text: WARNINGS[verb],
      verb: 'Stop', act: () => act(verb)})
    : act(verb).catch(error => app.ended(error) ||
      app.complain(`Could not ${verb}: ${error.message}`));
  const buttons = [['pause', 'Pause', 'running'], ['resume', 'Resume',
    'paused'], ['stop', 'Stop', 'running', 'paused']].map(
    ([verb, text, ...states]) => ({states, element: h('button',
      {type: 'button', hidden: true, onclick: () => steer(verb)}, text)}));
  return {
    elements: buttons.map(({element}) => element),
    update(campaign, me) {
      for (const {states, element} of buttons)
        element.hidden = !maySteer(me, campaign) || !states.some(state =>
          countOf(campaign.segments, state));
    },
  };
}

function exportButton(app, id, format, nameOf) {
  return h('button', {type: 'button', async onclick() {
    try {
      await download(nameOf(format), kinds.exportOf(id, format));
    } catch (error) {
      if (!app.ended(error))
        app.complain(`Could not export: ${error.message}`);
    }
  }}, `Export ${format.toUpperCase()}`);
}

// The campaign, with the limits of the segments that have some.
async function withLimits(id, campaign, signal) {
  if (!campaign.segments.some(({kind}) => kind === 'limit'))
    return campaign;
  const {segments} = await kinds.campaignLimits(id, signal);
  const known = new Map(segments.map(({name, limits}) => [name, limits]));
  for (const segment of campaign.segments)
    segment.limits = known.get(segment.name) ?? null;
  return campaign;
}

export function mountCampaign(main, app, argument) {
  const [key, words] = argument.split(/\?(.*)/);
  const id = decodeURIComponent(key);
  const chosen = options(new URLSearchParams(words ?? ''), FIRST);
  const {values} = chosen;
  const title = h('h1', {}, 'Campaign');
  const about = h('p', {class: 'faint'});
  const notes = h('p', {hidden: true});
  const row = figures();
  const bar = stateBar();
  const tiles = segmentTiles();
  const table = segmentTable();
  const nothing = h('p', {class: 'faint', hidden: true},
    'No segment is in this state.');
  const buttons = steering(id, app, () => poller.now());
  let campaign = null;
  let settings = null; // of the limits, as the first study has them

  const theory = theoryForm(chosen, () => showPlot());
  const plot = plotCard({title: 'Limits along the axis', rows: brazilRows,
    file: () => `${campaign.name} limits`,
    draw: (data, width) => drawBrazil(data, {log: values.log === '1',
      logx: values.logx === '1'}, width),
    nothing: 'No segment has a limit yet.',
    controls: [toggle('log scale', chosen, 'log', () => plot.redraw()),
      toggle('log axis', chosen, 'logx', () => plot.redraw())]});
  plot.element.append(theory.element);
  plot.element.hidden = true;
  const states = choice('State', [['', 'any state'],
    ...STATES.map(state => [state, state])], state => {
    chosen.set({state});
    showSegments();
  });
  states.querySelector('select').value = values.state;
  const as = choice('Shown as', [['', 'tiles'], ['table', 'table']], way => {
    chosen.set({as: way});
    showSegments();
  });
  as.querySelector('select').value = values.as;

  function showSegments() {
    const segments = campaign.segments.filter(({state}) =>
      !values.state || state === values.state);
    const asTable = values.as === 'table';
    tiles.element.hidden = asTable;
    table.element.hidden = !asTable || segments.length === 0;
    nothing.hidden = segments.length > 0;
    if (asTable)
      table.update(campaign, segments);
    else
      tiles.update(segments);
  }

  function showPlot() {
    if (campaign === null)
      return;
    plot.element.hidden = !campaign.segments.some(({x, kind}) =>
      kind === 'limit' && Number.isFinite(x));
    plot.update({campaign, limit: settings, theory: theory.curve()});
  }

  function show() {
    setText(title, campaign.name);
    setText(notes, campaign.notes ?? '');
    notes.hidden = !campaign.notes;
    setText(about, [campaign.axis && `axis ${campaign.axis}`,
      campaign.owner && `owner ${campaign.owner}`,
      `created ${ago(campaign.created)}`].filter(Boolean).join(' · '));
    showFigures(row, campaign);
    bar.update({trials: campaign.progress});
    buttons.update(campaign, app.me);
    showSegments();
    showPlot();
  }

  async function refresh(signal) {
    const before = campaign?.name;
    campaign = await withLimits(id, await kinds.campaign(id, signal), signal);
    if (campaign.name !== before)
      app.crumb(campaign.name);
    const [first] = placed(campaign);
    if (first && !settings)
      settings = (await api.study(first.segment.study_id, signal)).limit;
    show();
  }

  const nameOf = format => fileName(`${campaign.name} trials`, format);
  main.append(h('div', {class: 'head'}, title, h('span', {class: 'grow'}),
    exportButton(app, id, 'jsonl', nameOf), exportButton(app, id, 'csv',
      nameOf), ...buttons.elements), about, notes,
  h('div', {class: 'card'}, row.element, bar.element),
  h('section', {class: 'card', 'aria-label': 'Segments'},
    h('div', {class: 'tools'}, h('h2', {}, 'Segments'),
      h('span', {class: 'controls'}, as, states)),
    tiles.element, table.element, nothing), plot.element);
  const poller = poll(refresh, app.refreshed);
  return {
    title: 'Campaign',
    stop() {
      poller.stop();
      plot.stop();
    },
  };
}
