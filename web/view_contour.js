// SPDX-License-Identifier: GPL-3.0-or-later
// view_contour.js - a contour study: the exclusion plane and what is uncertain
//
// What is chosen is in the address: curve (whose values are shown), bare (no
// points), x, y and at (the plane, where there are more than two parameters).

import {kinds} from './api_kinds.js';
import {areaRows, drawArea} from './chart_area.js';
import {drawExclusion, drawUncertainty, exclusionRows, uncertaintyRows}
  from './chart_exclusion.js';
import {axesOf, curvesOf, explainContour, planePoints}
  from './contour_model.js';
import {count, h, setText} from './dom.js';
import {figures} from './figures.js';
import {curveName, percent} from './limit_words.js';
import {loadTrials, noTrials} from './load_trials.js';
import {options} from './options.js';
import {refill} from './panel.js';
import {choice} from './parts.js';
import {plotCard, toggle} from './plot_card.js';
import {studyPage} from './study_page.js';

const NODES = 81; // along an axis
const FIRST = {curve: '', bare: '', x: '', y: '', at: ''};

function showFigures(row, contour) {
  row.set('points', 'points', count(contour.points));
  row.set('fitted', 'results fitted', count(contour.fitted));
  row.set('pending', 'pending', count(contour.pending));
  row.set('invalid', 'invalid', count(contour.invalid));
  for (const {name, area, converged} of contour.curves)
    row.set(name, `${curveName(name)}${converged ? ' ✓' : ''}, area open`,
      percent(area));
}

// The values at which the parameters are held that are no axis.
function parsed(at) {
  try {
    return JSON.parse(at || '{}');
  } catch {
    return {};
  }
}

// Controls of the plane, of a study with more than two parameters.
function planeControls(study, chosen, [x, y], changed) {
  const names = axesOf(study);
  if (names.length < 3)
    return [];
  const pick = (label, name, now) => {
    const field = choice(label, names.map(one => [one, one]), value => {
      chosen.set({[name]: value});
      changed();
    });
    field.querySelector('select').value = now;
    return field;
  };
  const held = parsed(chosen.values.at);
  const others = names.filter(name => name !== x && name !== y);
  return [pick('Parameter to the right', 'x', x), pick('Parameter upwards',
    'y', y), ...others.map(name => {
    const input = h('input', {type: 'number', step: 'any', class: 'short',
      placeholder: 'middle', min: study.space[name].low,
      max: study.space[name].high, onchange() {
        const {[name]: _, ...rest} = parsed(chosen.values.at);
        const next = input.value === '' ? rest
          : {...rest, [name]: Number(input.value)};
        chosen.set({at: Object.keys(next).length ? JSON.stringify(next) : ''});
        changed();
      }});
    input.value = held[name] ?? '';
    return h('label', {class: 'check'}, `${name} =`, input);
  })];
}

function contourTab({id, query, page}) {
  const chosen = options(query, FIRST);
  const {values} = chosen;
  const status = h('p', {role: 'status'});
  const about = h('p', {class: 'faint'});
  const row = figures();
  const planes = h('div', {class: 'controls'});
  const trials = noTrials();
  let study = null;
  let contour = null;
  let asked = null; // what the contour was asked for

  const file = what => () => `${study.name} ${what}`;
  const how = () => ({curve: values.curve, bare: values.bare === '1'});
  const curves = choice('Curve', [], value => {
    chosen.set({curve: value});
    redraw();
  });
  const plane = plotCard({title: 'Exclusion plane', file: file('exclusion'),
    rows: exclusionRows, draw: (data, width) =>
      drawExclusion(data, how(), width),
    nothing: 'No points yet. The first workers that ask are sent to some.',
    controls: [curves, toggle('hide points', chosen, 'bare', redraw)]});
  const map = plotCard({title: 'Uncertainty', file: file('uncertainty'),
    rows: uncertaintyRows, draw: (data, width) =>
      drawUncertainty(data, how(), width),
    nothing: 'Nothing is fitted yet.'});
  const area = plotCard({title: 'Expected misclassified area',
    file: file('area'), rows: areaRows, draw: drawArea,
    nothing: 'Nothing is fitted yet.'});
  const plots = [plane, map, area];

  function redraw() {
    for (const plot of plots)
      plot.redraw();
  }

  function axes() {
    const names = axesOf(study);
    const x = names.includes(values.x) ? values.x : names[0];
    const others = names.filter(name => name !== x);
    return [x, others.includes(values.y) ? values.y : others[0]];
  }

  function showCurves() {
    const names = curvesOf(study);
    const select = curves.querySelector('select');
    if (select.options.length === 0)
      select.append(...names.map(value => h('option', {value},
        curveName(value))));
    select.value = names.includes(values.curve) ? values.curve : names[0];
  }

  function show() {
    setText(status, explainContour(contour));
    setText(about, [study.contour?.features?.join(', '),
      study.constraints?.join(', ')].filter(Boolean).join(' · '));
    showFigures(row, contour);
    showCurves();
    const data = {study, contour,
      points: planePoints(trials, contour.x, contour.y)};
    plane.update(data);
    map.update(data);
    area.update({contour, wanted: study.contour?.stop_area ?? 0});
  }

  async function update({study: now, signal}) {
    study = now;
    const [x, y] = axes();
    const filter = {n: NODES, x, y, at: values.at, grid: 1};
    const key = JSON.stringify([filter, study.revision]);
    refill(planes, [x, y, axesOf(study)], () =>
      planeControls(study, chosen, [x, y], () => page.now()));
    if (asked === key)
      return;
    await loadTrials(trials, id, signal);
    contour = await kinds.contour(id, filter, signal);
    asked = key;
    show();
  }

  const element = h('div', {}, status, about,
    h('div', {class: 'card'}, row.element), planes, plane.element,
    h('div', {class: 'side-by-side'}, map.element, area.element));
  return {
    element, update,
    columns: () => [],
    stop() {
      for (const plot of plots)
        plot.stop();
    },
  };
}

export const mountContour = (main, app, argument) =>
  studyPage(main, app, argument, '/contour', contourTab);
