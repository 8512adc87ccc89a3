// SPDX-License-Identifier: GPL-3.0-or-later
// admin_load.js - how much this instance and the database carry, live

import {admin} from './api_admin.js';
import {count, duration, h, number, setText} from './dom.js';
import {figures} from './figures.js';
import {poll} from './live.js';
import {refill, table, userLink} from './panel.js';
import {storage} from './people.js';

const TABLES = [['Table'], ['Rows, about', 'num'], ['Size', 'num']];
const USERS = [['User'], ['Studies', 'num'], ['Trials', 'num'],
  ['Running', 'num'], ['Storage', 'num']];

const card = (title, ...parts) => h('section', {class: 'card',
  'aria-label': title}, h('h2', {}, title), ...parts);

// Rates are those of the seconds since somebody looked: two digits say enough.
const rate = value => number(Number(value.toPrecision(2)));

function showRates(row, {uptime_s: uptime, rates}) {
  row.set('uptime', 'uptime', duration(uptime));
  row.set('requests', 'requests per minute',
    rate(rates.requests_per_minute));
  row.set('asks', 'asks per second', rate(rates.asks_per_s));
  row.set('tells', 'tells per second', rate(rates.tells_per_s));
  row.set('commits', 'commits per second', rate(rates.commits_per_s));
}

function showQueues(row, {queues, live_studies: live}) {
  row.set('requests', 'waiting requests', count(queues.requests));
  row.set('writes', 'waiting writes', count(queues.writes));
  row.set('in_flight', 'in flight', count(queues.in_flight));
  row.set('waits', 'waiting for news', count(queues.event_waits));
  row.set('live', 'studies in memory', count(live));
}

export function mountLoad(main, app) {
  const rates = figures();
  const queues = figures();
  const size = h('p');
  const tables = h('div');
  const users = h('div');
  const about = h('p', {class: 'faint'});
  const body = h('div', {hidden: true}, about, card('Rates', rates.element),
    card('Queues', queues.element), card('Database', size, tables),
    card('Users with most storage', users));

  function show(load) {
    const {database} = load;
    setText(about, `Cumae ${load.version}, this instance; the database is ` +
      'looked at once a minute at most.');
    showRates(rates, load);
    showQueues(queues, load);
    setText(size, `${storage(database.bytes)}, seen ` +
      new Date(database.at).toLocaleTimeString('en-GB'));
    refill(tables, database.tables, () => table('Tables', TABLES,
      database.tables.map(({name, rows, bytes}) =>
        [name, count(rows), bytes === null ? '–' : storage(bytes)])));
    refill(users, database.users, () => database.users.length
      ? table('Users with most storage', USERS, database.users.map(user =>
        [userLink(user.name), count(user.studies), count(user.trials),
          count(user.running), storage(user.bytes)]))
      : h('p', {class: 'faint'}, 'Nobody has a study.'));
    body.hidden = false;
  }

  main.append(body);
  const poller = poll(async signal => show(await admin.load(signal)),
    app.refreshed);
  return {title: 'Load', stop: poller.stop};
}
