// SPDX-License-Identifier: GPL-3.0-or-later
// trial_columns.js - what the table of trials can show of a trial

import {column, labelOf, stateName} from './columns.js';
import {badge, duration, number, plain} from './dom.js';
import {namesWorkers} from './latest.js';

const BOOLS = ['false', 'true'];

function paramCell(study, data, name) {
  const cells = column(data, `p.${name}`);
  const {type} = study.space[name];
  if (type === 'categorical')
    return i => cells[i] >= 0 ? plain(labelOf(data, `p.${name}`, i)) : '–';
  if (type === 'bool')
    return i => BOOLS[cells[i]] ?? '–';
  return i => cells[i] === cells[i] ? number(cells[i]) : '–';
}

const real = (data, name) => {
  const cells = column(data, name);
  return i => cells[i] === cells[i] ? number(cells[i]) : '–';
};

// Seconds that trials took: told, or else by the clock.
export function tookOf(data) {
  const told = column(data, 'wall_s');
  const started = column(data, 'started');
  const ended = column(data, 'ended');
  return i => told[i] === told[i] ? told[i] : (ended[i] - started[i]) / 1000;
}

// Every column there is: {key, title, wide, num, needs, cell(data) -> cell(i),
// sort(data) -> number(i)}.
export function trialColumns(study) {
  const by = name => data => {
    const cells = column(data, name);
    return i => cells[i];
  };
  const numeric = (key, title, name, wide = 128) => ({key, title, wide,
    num: true, needs: [name], cell: data => real(data, name), sort: by(name)});
  return [
    {key: 'number', title: '#', wide: 84, num: true, needs: [],
      cell: () => String, sort: () => i => i},
    {key: 'state', title: 'State', wide: 130, needs: [],
      cell: data => i => badge(stateName(data, i)), sort: by('state')},
    ...study.objectives.map(({name}, k) =>
      numeric(`value.${k}`, name, `value.${k}`)),
    ...Object.keys(study.space ?? {}).map(name => ({key: `p.${name}`,
      title: name, wide: 128, num: true, needs: [`p.${name}`],
      cell: data => paramCell(study, data, name), sort: by(`p.${name}`)})),
    ...study.outcome_constraints.map(({name}, k) =>
      numeric(`constraint.${k}`, name, `constraint.${k}`)),
    {key: 'took', title: 'Took', wide: 90, num: true,
      needs: ['wall_s', 'started', 'ended'],
      cell: data => {
        const took = tookOf(data);
        return i => duration(took(i));
      }, sort: tookOf},
    numeric('cost', 'Cost', 'cost', 90),
    numeric('attempt', 'Attempt', 'attempt', 96),
    ...namesWorkers(study) ? [{key: 'worker', title: 'Worker', wide: 150,
      needs: ['worker'], cell: data => i => labelOf(data, 'worker', i) ?? '–',
      sort: by('worker')}] : [],
    {key: 'remark', title: 'Note', wide: 260, needs: ['remark'],
      cell: data => i => labelOf(data, 'remark', i) ?? '', sort: by('remark')},
  ];
}

// Those that are shown unless somebody chooses: not cost and attempt, and of
// many parameters the first ones.
export function standardKeys(all) {
  let params = 0;
  return all.filter(({key}) => key !== 'cost' && key !== 'attempt' &&
    (!key.startsWith('p.') || ++params <= 12)).map(({key}) => key);
}

// Trial numbers by what sort(i) says, those without a number last.
export function arranged(rows, sort, descending) {
  const keys = new Float64Array(rows.length);
  const order = Uint32Array.from(rows.keys());
  const sign = descending ? -1 : 1;
  rows.forEach((i, k) => keys[k] = sort(i));
  order.sort((a, b) => {
    const x = keys[a];
    const y = keys[b];
    if (x !== x || y !== y)
      return (x !== x) - (y !== y) || a - b;
    return sign * (x - y) || a - b;
  });
  return order.map(k => rows[k]);
}
