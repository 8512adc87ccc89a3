// SPDX-License-Identifier: GPL-3.0-or-later
// front.js - the trials that no other one dominates, drawn and in a table

import {frontSpec} from './chart_front.js';
import {count, h, number, plain, setText} from './dom.js';
import {choice} from './parts.js';
import {plot} from './plot.js';

function table(front, {objectives, space}, open) {
  const params = Object.keys(space ?? {});
  const head = text => h('th', {scope: 'col', class: 'num'}, text);
  const row = trial => h('tr', {},
    h('th', {scope: 'row', class: 'num'}, h('button', {type: 'button',
      class: 'link', onclick: () => open(trial.number)},
    String(trial.number))),
    trial.values.map(value =>
      h('td', {class: 'num', title: value}, number(value))),
    params.map(name => h('td', {class: 'num', title: trial.params?.[name]},
      plain(trial.params?.[name]))));
  return h('table', {}, h('caption', {class: 'unseen'}, 'Pareto front'),
    h('thead', {}, h('tr', {}, head('#'),
      objectives.map(objective => head(objective.name)),
      params.map(name => head(name)))),
    h('tbody', {}, front.map(row)));
}

function summary({trials, total, hypervolume, reference}) {
  const shown = trials.length < total ? `the first ${trials.length} of ` : '';
  const volume = hypervolume === null ? '' : `; hypervolume ` +
    `${number(hypervolume)} as far as (${reference.map(number).join(', ')})`;
  return `${shown}${count(total)} trials that no other one dominates${volume}`;
}

// Makes the card. update(front, others, study) shows the answer of GET
// .../pareto, and other complete trials {number, values} behind it;
// open(number) shows a trial.
export function paretoFront(open) {
  const axes = h('span', {class: 'pair', hidden: true});
  const picture = plot('Pareto front', {extra: [axes]});
  const about = h('p', {class: 'faint', role: 'status'});
  const rows = h('div', {class: 'scroll front-rows', tabindex: '0',
    role: 'region', 'aria-label': 'Pareto front'});
  const element = h('section', {class: 'card', hidden: true,
    'aria-label': 'Front'}, h('h2', {}, 'Pareto front'), picture.element,
  about, rows);
  const shown = {i: 0, j: 1, front: null, others: [], study: null};

  function makeAxes({objectives}) {
    axes.hidden = objectives.length < 3;
    if (axes.hidden || axes.hasChildNodes())
      return;
    const chooser = (label, which) => {
      const field = choice(label, objectives.map(({name}, k) =>
        [String(k), name]), value => {
        shown[which] = Number(value);
        draw();
      });
      field.querySelector('select').value = String(shown[which]);
      return field;
    };
    axes.append(chooser('Objective across', 'i'), ' × ',
      chooser('Objective up', 'j'));
  }

  function draw() {
    const {front, others, study, i, j} = shown;
    picture.update(frontSpec({front: front.trials, others, i, j, open,
      objectives: study.objectives}));
  }

  return {
    element,
    update(front, others, study) {
      element.hidden = front.total === 0;
      if (element.hidden)
        return;
      Object.assign(shown, {front, others, study});
      makeAxes(study);
      draw();
      setText(about, summary(front));
      rows.replaceChildren(table(front.trials, study, open));
    },
    stop: picture.stop,
  };
}
