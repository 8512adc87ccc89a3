// SPDX-License-Identifier: GPL-3.0-or-later
// audit_log.js - what people changed: everywhere, or in one study

import {api} from './api.js';
import {admin} from './api_admin.js';
import {difference} from './difference.js';
import {h, plain, setText} from './dom.js';
import {field, form} from './form.js';
import {poll, whenAsked} from './live.js';
import {address, pager, refill, userLink, when} from './panel.js';

const PAGE = 50;
const LONG = 120; // characters that are shown without being asked for

// ---- times in the address are UTC, in the form those of the reader ----------

function toLocal(time) {
  const at = Date.parse(time);
  if (Number.isNaN(at))
    return '';
  const zone = new Date(at).getTimezoneOffset();
  return new Date(at - 60000 * zone).toISOString().slice(0, 19);
}

const fromLocal = value => value ? new Date(value).toISOString() : '';

// ---- one line ---------------------------------------------------------------

// Lists of plain things read better without their brackets.
function written(value) {
  const flat = Array.isArray(value) &&
    value.every(item => item === null || typeof item !== 'object');
  return flat ? value.join(', ') || 'none' : plain(value);
}

function value(tag, word, content) {
  const text = written(content);
  const whole = text.length <= LONG ? text
    : h('details', {}, h('summary', {}, `${text.slice(0, LONG)}…`), text);
  return h(tag, {}, h('span', {class: 'unseen'}, `${word} `), whole);
}

function changedField({path, before, after}) {
  return h('li', {}, h('code', {}, path), ' ',
    before === null ? null : value('del', 'was', before),
    before === null || after === null ? null : ' → ',
    after === null ? null : value('ins', 'is', after));
}

function changes(line) {
  const fields = difference(line.before, line.after);
  return fields.length
    ? h('ul', {class: 'changes'}, fields.map(changedField)) : null;
}

function objectOf(line, study) {
  const id = line.study_id;
  return [
    !study && id && h('a', {href: `#/study/${encodeURIComponent(id)}`},
      `study ${id}`),
    line.object && line.object !== id &&
      h('span', {}, `${line.action.split('.')[0]} ${line.object}`),
  ].filter(Boolean);
}

// `narrowed` makes the address of the lines with that filter.
function entry(line, study, narrowed) {
  return h('li', {class: 'entry'},
    h('div', {class: 'entry-head'},
      h('span', {class: 'entry-time'}, when(line.at)),
      h('a', {href: narrowed({action: line.action}),
        'aria-label': `only ${line.action}`}, line.action),
      line.user === null ? h('span', {}, 'command line')
        : study ? h('span', {}, line.user) : userLink(line.user),
      ...objectOf(line, study),
      h('span', {class: 'faint'}, line.address ?? '')),
    changes(line));
}

// ---- the view ---------------------------------------------------------------

function controls(study) {
  const text = (name, props) => h('input', {name, autocomplete: 'off',
    spellcheck: 'false', ...props});
  const time = name => h('input', {name, type: 'datetime-local', step: 'any'});
  const all = [
    ['Action', text('action', {placeholder: 'study or study.pause',
      maxlength: 60})],
    ['Since', time('since')],
    ['Until', time('until')],
  ];
  return study ? all : [
    ['User', text('user', {maxlength: 200})], ...all,
    ['Study', text('study', {placeholder: 'id', maxlength: 80})]];
}

// Shows the log of everything, or of a study, below `path`; `query` has the
// filters of the address.
export function mountAudit(main, app, query, {path, study = null}) {
  const all = controls(study);
  const filter = {};
  for (const [, input] of all) {
    filter[input.name] = query.get(input.name) ?? '';
    input.value = input.type === 'datetime-local'
      ? toLocal(filter[input.name]) : filter[input.name];
  }
  filter.cursor = query.get('cursor') ?? '';
  const list = h('ol', {class: 'entries', 'aria-label': 'Audit log'});
  const nothing = h('p', {hidden: true}, 'No line matches.');
  const pages = h('div');

  async function refresh(signal) {
    const found = await admin.audit(study, {...filter, limit: PAGE}, signal);
    const narrowed = more => address(path, {...filter, cursor: '', ...more});
    refill(list, [found.audit, filter], () =>
      found.audit.map(line => entry(line, study, narrowed)));
    refill(pages, [found.next, filter], () =>
      pager(path, filter, found.next));
    nothing.hidden = found.audit.length > 0;
    return found.audit.length;
  }

  async function narrow() {
    for (const [, input] of all)
      filter[input.name] = input.type === 'datetime-local'
        ? fromLocal(input.value) : input.value.trim();
    filter.cursor = '';
    history.replaceState(null, '', address(path, filter));
    app.announce(`${await refresh()} lines on this page`);
  }

  main.append(h('section', {class: 'card', 'aria-label': 'Audit log'},
    h('div', {class: 'compact'}, form(app, {submit: 'Filter', send: narrow},
      ...all.map(([label, input]) => field(label, input)))),
    nothing, list, pages));
  const poller = poll(refresh, error => app.refreshed(error, false),
    whenAsked);
  return {title: 'Audit log', stop: poller.stop};
}

// The log of one study, for its owners. argument: ID/audit?filters
export function mountStudyAudit(main, app, argument) {
  const [path, words] = argument.split('?');
  const [id] = path.split('/');
  const title = h('a', {href: `#/study/${id}`}, 'the study');
  // Where this fails, the log does too, and says so.
  api.study(decodeURIComponent(id)).then(
    study => setText(title, study.name), () => {});
  app.crumb('Audit log');
  main.append(h('h1', {}, 'Audit log'), h('p', {class: 'faint'},
    'What people changed in ', title, ', newest first.'));
  return mountAudit(main, app, new URLSearchParams(words ?? ''),
    {path: `#/study/${path}`, study: decodeURIComponent(id)});
}
