// SPDX-License-Identifier: GPL-3.0-or-later
// view_analysis.js - what matters in a study: plots over its parameters
//
// One filter, in the address, holds for all of them; a drag in the parallel
// coordinates narrows it.

import {importancesOf} from './api_study.js';
import {edfSpec} from './chart_edf.js';
import {allPositive} from './chart_history.js';
import {parallelSpec} from './chart_parallel.js';
import {contourSpec, rankSpec} from './chart_plane.js';
import {sliceSpec} from './chart_slice.js';
import {column, completed, pick, ranks} from './columns.js';
import {count, h} from './dom.js';
import {filterColumns, filterTest, narrowed} from './filter.js';
import {filterBox} from './filter_box.js';
import {correlations} from './correlation.js';
import {choice} from './parts.js';
import {plot} from './plot.js';
import {valueColumns} from './study_data.js';
import {studyPage} from './study_page.js';

const AXES = 8; // of the parallel coordinates, unless somebody chooses
const LINES = 2500; // in them: the best and some at random
const SLICES = 12;
const DOTS = 15000; // in one of them

// The best of these trials and, by a number that stays, some of the others.
function sampled(data, numbers, k, direction, most) {
  if (numbers.length <= most)
    return numbers;
  const rank = ranks(column(data, `value.${k}`), numbers, direction);
  const best = 0.4 * most / numbers.length;
  const part = 0.6 * most / (numbers.length - 0.4 * most);
  return numbers.filter(i => rank[i] < best ||
    (Math.imul(i, 2654435761) >>> 0) / 2 ** 32 < part);
}

const card = (title, ...content) => h('section', {class: 'card',
  'aria-label': title}, h('h2', {}, title), content);

function analysisTab({id, query, page}) {
  const open = number => page.open(number);
  const box = filterBox(query.get('f') ?? '', text => {
    page.set('f', text);
    show();
  });
  const log = h('input', {type: 'checkbox', onchange() {
    page.set('log', log.checked ? '1' : null);
    show();
  }});
  const logField = h('label', {class: 'check'}, log, ' log values');
  const objective = h('span');
  const parallel = plot('Parallel coordinates', {kind: 'tall'});
  const about = h('span', {class: 'faint'});
  const slices = h('div', {class: 'slices'});
  const pair = h('span', {class: 'pair'});
  const contour = plot('Contour');
  const rank = plot('Rank');
  const edf = plot('Distribution of values');
  const matrix = h('div');
  const content = h('div', {hidden: true},
    card('Parallel coordinates', h('p', {class: 'faint'}, about),
      parallel.element),
    card('Slices', h('p', {class: 'key faint'}, 'later',
      h('span', {class: 'ramp', 'aria-hidden': 'true'}), 'earlier'), slices),
    h('div', {class: 'tools'}, h('h2', {}, 'Two parameters'), pair),
    h('div', {class: 'cards two'}, card('Contour', contour.element),
      card('Rank', rank.element)),
    h('div', {class: 'cards two'}, card('Distribution of values', edf.element),
      card('Correlation of ranks', matrix)));
  const nothing = h('p', {class: 'card', hidden: true},
    'There is nothing to analyse before two trials are complete.');
  const element = h('div', {}, h('div', {class: 'tools sticky'},
    ...box.elements, h('span', {class: 'grow'}), objective, logField),
  nothing, content);
  const plots = new Map(); // of the slices, by parameter
  let seen = null;
  let names = null; // of the parameters, the important ones first
  log.checked = query.get('log') === '1';

  const k = () => Number(query.get('objective') ?? 0);

  function makeChoices(study) {
    if (study.objectives.length > 1) {
      const field = choice('Objective', study.objectives.map(({name}, i) =>
        [String(i), name]), value => {
        page.set('objective', value === '0' ? null : value);
        show();
      });
      field.querySelector('select').value = String(k());
      objective.replaceChildren(field);
    }
    const axis = (name, label, standard) => {
      const field = choice(label, names.map(each => [each, each]), value => {
        page.set(name, value);
        show();
      });
      field.querySelector('select').value = query.get(name) ?? standard;
      return field;
    };
    pair.replaceChildren(axis('x', 'Across', names[0]), ' × ',
      axis('y', 'Up', names[1] ?? names[0]));
  }

  // The order of the parameters: by importance, once, where it can be told.
  async function order(study, signal) {
    if (names)
      return;
    const all = Object.keys(study.space ?? {});
    names = all;
    if (all.length > 1 && study.trials.complete >= 4) {
      const {importances} = await importancesOf(id, {}, signal);
      const known = importances.map(({name}) => name);
      names = [...known, ...all.filter(name => !known.includes(name))];
    }
    makeChoices(study);
  }

  // The parameters of the contour and the rank.
  const plane = () => {
    const known = name => names.includes(name) ? name : null;
    return [known(query.get('x')) ?? names[0],
      known(query.get('y')) ?? names[1] ?? names[0]];
  };

  // What the plots show, and what the filter looks at, is fetched.
  function needed(study) {
    let filtered = [];
    try {
      filtered = filterColumns(box.input.value, study);
    } catch {
      // What is wrong in the filter is said when it is applied.
    }
    const params = names.length ? [...names.slice(0, SLICES), ...plane()] : [];
    return [...valueColumns(study), ...filtered,
      ...params.map(name => `p.${name}`)];
  }

  function narrow(name, low, high, scale) {
    const labelled = seen.study.space[name]?.type === 'categorical' ||
      seen.study.space[name]?.type === 'bool';
    const short = value => Number(value.toPrecision(4));
    box.set(labelled
      ? `${box.input.value} ${name}=${scale.tell(low)}`.trim()
      : narrowed(box.input.value, name, short(low), short(high)));
  }

  function showSlices(given) {
    const wanted = names.slice(0, SLICES);
    const some = sampled(given.data, given.chosen, k(),
      given.study.objectives[k()].direction, DOTS);
    for (const name of wanted) {
      if (!plots.has(name)) {
        plots.set(name, plot(`Slice of ${name}`, {kind: 'low'}));
        slices.append(plots.get(name).element);
      }
      plots.get(name).update(sliceSpec({...given, chosen: some, name}));
    }
  }

  function showPlane(given) {
    const [x, y] = plane();
    contour.update(contourSpec({...given, x, y}));
    rank.update(rankSpec({...given, x, y}));
  }

  function showParallel(given, every, test) {
    const {data, study} = given;
    const direction = study.objectives[k()].direction;
    const all = sampled(data, every, k(), direction, LINES);
    parallel.update(parallelSpec({...given, all, chosen: test, narrow,
      names: names.slice(0, AXES), redraw: parallel.redraw}));
    about.textContent = `${all.length < every.length
      ? `The best and some others: ${count(all.length)} of ` +
        `${count(every.length)}` : `All ${count(every.length)}`} complete ` +
      'trials. Drag along an axis to narrow the filter.';
  }

  function show() {
    if (!seen || !names?.length)
      return;
    const {study, data} = seen;
    let test;
    if (needed(study).some(name => !data.names.includes(name))) {
      page.now();
      return;
    }
    try {
      test = filterTest(box.input.value, data, study);
    } catch (error) {
      box.say(error.message, true);
      return;
    }
    const every = pick(data, completed(data, `value.${k()}`));
    const chosen = every.filter(test);
    content.hidden = every.length < 2;
    nothing.hidden = every.length >= 2;
    box.say(`${count(chosen.length)} of ${count(every.length)} ` +
      'complete trials');
    log.disabled = !allPositive(data, k(), every);
    const given = {data, study, chosen, k: k(), open,
      log: log.checked && !log.disabled};
    showParallel(given, every, test);
    showSlices(given);
    showPlane(given);
    const values = column(data, `value.${k()}`);
    edf.update(edfSpec({title: study.objectives[k()].name, log: given.log,
      series: [{name: study.name,
        values: Float64Array.from(chosen, i => values[i])}]}));
    matrix.replaceChildren(correlations(given, names.slice(0, SLICES)));
  }

  return {
    element,
    async columns(study, signal) {
      await order(study, signal);
      return needed(study);
    },
    update(next) {
      seen = next;
      if (next.changed)
        show();
    },
    stop() {
      for (const each of [parallel, contour, rank, edf, ...plots.values()])
        each.stop();
    },
  };
}

export const mountAnalysis = (main, app, argument) =>
  studyPage(main, app, argument, '/analysis', analysisTab);
