// SPDX-License-Identifier: GPL-3.0-or-later
// filter.js - which trials are meant: a few words, understood; no DOM
//
//   complete            a state; several states: any of them
//   lr<1e-3 value>=0.2  a parameter, an objective, `value` for the first one,
//                       or number, wall_s, cost, attempt, iteration;
//                       < <= > >= = != and ~ (contains, for texts)
//   model=tree worker~gpu-0 remark~memory
//   #100..200           numbers
//   best                on the way to the best so far
// All of them must hold. Names and texts with spaces stand in "quotes".

import {bestSoFar, column, completed, labelOf, pick, stateCode}
  from './columns.js';

const TERM = /\s*(?:"([^"]*)"|([^\s"<>=!~]+))?\s*(<=|>=|!=|[<>=~])?\s*/y;
const WORD = /"([^"]*)"|(\S+)/y;
const PLAIN = ['number', 'wall_s', 'cost', 'attempt', 'iteration', 'worker',
  'remark'];

// The name of the column that is meant, or null.
export function columnOf(name, study) {
  const k = study.objectives.findIndex(objective => objective.name === name);
  if (Object.hasOwn(study.space ?? {}, name))
    return `p.${name}`;
  if (k >= 0)
    return `value.${k}`;
  if (name === 'value')
    return 'value.0';
  return PLAIN.includes(name) ? name : null;
}

const COMPARE = {
  '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b,
  '>=': (a, b) => a >= b, '=': (a, b) => a === b, '!=': (a, b) => a !== b,
};

function parse(text, study) {
  const terms = [];
  for (let at = 0; at < text.trimEnd().length;) {
    TERM.lastIndex = at;
    const [all, quoted, bare, sign] = TERM.exec(text);
    const name = quoted ?? bare;
    at += all.length;
    if (name === undefined)
      throw new Error(`nothing to compare in "${text.slice(at - 1)}"`);
    if (!sign) {
      terms.push({word: name});
      continue;
    }
    WORD.lastIndex = at;
    const value = WORD.exec(text);
    if (!value)
      throw new Error(`${name}${sign} needs something to compare with`);
    at += value[0].length;
    terms.push({name, sign, value: value[1] ?? value[2]});
  }
  return terms.map(term => ({...term,
    column: term.name && columnOf(term.name, study)}));
}

// The names of the columns that a filter looks at. Throws when it is wrong.
export function filterColumns(text, study) {
  return parse(text, study).map(({column: name}) => name)
    .filter(name => name && name !== 'number');
}

function words(terms, data, study) {
  const codes = new Set();
  const tests = [];
  for (const {word} of terms) {
    const range = /^#(\d*)(?:\.\.(\d*))?$/.exec(word);
    const code = stateCode(data, word);
    if (range) {
      const low = Number(range[1]);
      const high = range[2] === undefined ? low : Number(range[2] || Infinity);
      tests.push(i => i >= low && i <= high);
    } else if (word === 'best') {
      const numbers = pick(data, completed(data, 'value.0'));
      const found = new Set(bestSoFar(column(data, 'value.0'), numbers,
        study.objectives[0].direction).map(({number}) => number));
      tests.push(i => found.has(i));
    } else if (code >= 0)
      codes.add(code);
    else
      throw new Error(`what is "${word}"?`);
  }
  const state = column(data, 'state');
  if (codes.size)
    tests.push(i => codes.has(state[i]));
  return tests;
}

function textTest({column: name, sign, value}, data) {
  const low = value.toLowerCase();
  const holds = text => sign === '~'
    ? String(text ?? '').toLowerCase().includes(low)
    : COMPARE[sign](String(text), value);
  const known = (data.labels.get(name) ?? []).map(holds);
  const cells = column(data, name);
  const none = holds(null);
  return i => cells[i] >= 0 ? known[cells[i]] : none;
}

function comparison(term, data, study) {
  const {name, column: column_, sign, value} = term;
  if (name === 'state') {
    const [test] = words([{word: value}], data, study);
    return sign === '!=' ? i => !test(i) : test;
  }
  if (!column_)
    throw new Error(`the study has no "${name}"`);
  const isText = ['worker', 'remark'].includes(column_) ||
    study.space?.[name]?.type === 'categorical' && column_.startsWith('p.');
  if (isText)
    return textTest(term, data);
  const number = {true: 1, false: 0}[value] ?? Number(value);
  if (value.trim() === '' || Number.isNaN(number) || sign === '~')
    throw new Error(`${name} is compared with a number, not "${value}"`);
  const compare = COMPARE[sign];
  if (column_ === 'number')
    return i => compare(i, number);
  const cells = column(data, column_);
  return i => cells[i] === cells[i] && compare(cells[i], number);
}

// A test of trial numbers. Throws an Error that says what is wrong.
export function filterTest(text, data, study) {
  const terms = parse(text, study);
  const tests = [
    ...words(terms.filter(term => term.word !== undefined), data, study),
    ...terms.filter(term => term.name !== undefined)
      .map(term => comparison(term, data, study)),
  ];
  const state = column(data, 'state');
  return i => state[i] >= 0 && tests.every(test => test(i));
}

const quoted = text => /^[^\s"<>=!~#]+$/.test(text) ? text : `"${text}"`;

// The filter with a range of a column in place of those that it had.
export function narrowed(text, name, low, high) {
  const kept = text.replaceAll(new RegExp(
    `(^|\\s)${RegExp.escape?.(quoted(name)) ??
      quoted(name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}` +
    '(<=|>=)\\S+', 'g'), '').trim();
  return `${kept} ${quoted(name)}>=${low} ${quoted(name)}<=${high}`.trim();
}
