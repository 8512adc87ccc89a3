// SPDX-License-Identifier: GPL-3.0-or-later
// view_trials.js - all trials of a study: filtered, sorted, chosen columns

import {column, labelOf, pick, stateName} from './columns.js';
import {count, h} from './dom.js';
import {filterColumns, filterTest} from './filter.js';
import {filterBox} from './filter_box.js';
import {grid} from './grid.js';
import {STATES} from './model.js';
import {csv, fileName, saveFile, saveMenu} from './save.js';
import {studyPage} from './study_page.js';
import {arranged, standardKeys, trialColumns} from './trial_columns.js';

// A button for each state that there is, with how many are in it.
function stateButtons(toggle) {
  const element = h('div', {class: 'chips', role: 'group',
    'aria-label': 'States'});
  let shown = null;
  return {
    element,
    update(trials, filter) {
      const words = filter.split(/\s+/);
      const lines = STATES.filter(state => trials[state] > 0)
        .map(state => [state, trials[state], words.includes(state)]);
      if (shown === JSON.stringify(lines))
        return;
      const focused = element.contains(document.activeElement)
        ? document.activeElement.dataset.state : null;
      shown = JSON.stringify(lines);
      element.replaceChildren(...lines.map(([state, n, on]) =>
        h('button', {type: 'button', class: `chip ${state}`,
          'data-state': state, 'aria-pressed': String(on),
          onclick: () => toggle(state)}, `${state} ${count(n)}`)));
      element.querySelector(`[data-state=${focused}]`)?.focus();
    },
  };
}

// Check boxes for the columns, in a menu.
function columnChooser(changed) {
  const list = h('div', {class: 'choices'});
  const element = h('details', {class: 'save columns', onkeydown(event) {
    if (event.key === 'Escape') {
      element.open = false;
      element.querySelector('summary').focus();
    }
  }}, h('summary', {}, 'Columns'), list);
  return {
    element,
    make(all, chosen) {
      list.replaceChildren(...all.filter(({key}) => key !== 'number')
        .map(({key, title}) => {
          const box = h('input', {type: 'checkbox', value: key,
            onchange: () => changed([...list.querySelectorAll('input')]
              .filter(each => each.checked).map(each => each.value))});
          box.checked = chosen.includes(key);
          return h('label', {class: 'check'}, box, ` ${title}`);
        }));
    },
  };
}

function trialsTab({app, query, page}) {
  const order = {key: (query.get('sort') ?? '-number').replace(/^-/, ''),
    descending: !query.get('sort') || query.get('sort').startsWith('-')};
  const box = filterBox(query.get('f') ?? '', text => {
    page.set('f', text);
    show();
  });
  const states = stateButtons(toggle);
  const chooser = columnChooser(keys => {
    page.set('cols', keys.join(','));
    page.now();
  });
  const table = grid('Trials', {sorted, opened: number =>
    page.open(number)});
  const go = h('input', {type: 'number', min: 0, class: 'go',
    'aria-label': 'Go to trial', placeholder: '# …', onchange() {
      if (!table.go(Number(go.value)))
        app.announce(`Trial ${go.value} is not among those shown`);
    }});
  const menu = saveMenu('trials', [['What is shown (CSV)', saveShown],
    ['All of the study (CSV)', () => exportAll('csv')],
    ['All of the study (JSON lines)', () => exportAll('jsonl')]]);
  const element = h('section', {class: 'card', 'aria-label': 'Trials'},
    h('div', {class: 'tools trial-tools'}, ...box.elements,
      h('span', {class: 'grow'}), go, chooser.element, menu),
    states.element, table.element);
  let seen = null;
  let all = null;
  let rows = [];

  function toggle(state) {
    const words = box.input.value.split(/\s+/).filter(Boolean);
    const kept = words.filter(word => word !== state);
    box.set((kept.length < words.length ? kept : [state, ...kept]).join(' '));
  }

  function sorted(key) {
    order.descending = order.key === key && !order.descending;
    order.key = key;
    page.set('sort', `${order.descending ? '-' : ''}${key}`);
    show();
  }

  const chosenKeys = () => query.get('cols')?.split(',') ?? standardKeys(all);
  const chosen = () => all.filter(({key}) => key === 'number' ||
    chosenKeys().includes(key));

  function columnsOf(study) {
    if (!all) {
      all = trialColumns(study);
      chooser.make(all, chosenKeys());
    }
    const sorting = all.find(({key}) => key === order.key);
    let filtered = [];
    try {
      filtered = filterColumns(box.input.value, study);
    } catch {
      // What is wrong in the filter is said when it is applied.
    }
    return [...new Set([...study.objectives.map((_, k) => `value.${k}`),
      ...chosen().flatMap(({needs}) => needs), ...sorting?.needs ?? [],
      ...filtered])];
  }

  function show() {
    if (!seen)
      return;
    const {study, data} = seen;
    if (columnsOf(study).some(name => !data.names.includes(name))) {
      page.now();
      return;
    }
    try {
      const test = filterTest(box.input.value, data, study);
      const found = pick(data, test);
      const sorting = all.find(({key}) => key === order.key) ?? all[0];
      rows = arranged(found, sorting.sort(data), order.descending);
      box.say(`${count(rows.length)} of ${count(study.trials.total)} trials`);
    } catch (error) {
      box.say(error.message, true);
      return;
    }
    const invalid = column(data, 'invalid');
    states.update(study.trials, box.input.value);
    table.update({rows, order, marked: i => invalid[i] === 1 ? 'invalid'
      : i === study.best?.number ? 'best' : null,
    columns: chosen().map(each => ({...each, cell: each.cell(data)}))});
  }

  function saveShown() {
    const {data, study} = seen;
    const shown = chosen();
    const text = (each, i) => {
      if (each.key === 'state')
        return stateName(data, i);
      if (['worker', 'remark'].includes(each.key))
        return labelOf(data, each.key, i);
      const value = each.sort(data)(i);
      return each.key.startsWith('p.') && data.labels.has(each.key)
        ? labelOf(data, each.key, i) : value;
    };
    saveFile(fileName(study.name, 'csv'), 'text/csv',
      csv(shown.map(({title}) => title), Array.from(rows, i =>
        shown.map(each => text(each, i)))));
  }

  // The service has a file in pages; the first one is enough for most.
  function exportAll(format) {
    h('a', {href: `api/v1/studies/${encodeURIComponent(seen.study.id)}/` +
      `export?format=${format}`,
    download: fileName(seen.study.name, format)}).click();
  }

  return {
    element,
    columns: columnsOf,
    async update(next) {
      const first = seen === null;
      seen = next;
      if (next.changed || first)
        show();
    },
    stop: () => table.stop(),
  };
}

export const mountTrials = (main, app, argument) =>
  studyPage(main, app, argument, '/trials', trialsTab);
