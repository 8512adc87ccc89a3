// SPDX-License-Identifier: GPL-3.0-or-later
// grid_rows.js - the runs of a grid scan with what they told; no DOM
//
// A run is a point of the grid and a replica of it. What it told is that of
// its last attempt.

const MOST_COLUMNS = 60; // of outputs

// {"CLs_exp": [1, 2]} as {"CLs_exp.0": 1, "CLs_exp.1": 2}, as exports have it.
export function flat(value, prefix = '', into = {}) {
  if (value !== null && typeof value === 'object')
    for (const [name, inner] of Object.entries(value))
      flat(inner, prefix ? `${prefix}.${name}` : name, into);
  else if (prefix)
    into[prefix] = value;
  return into;
}

// The rows {item, trial, cells: {column: value}} of runs as GET .../grid has
// them; `objectives` are those of the study.
export function gridRows(items, trials, objectives) {
  return items.map(item => {
    const trial = trials.rows[item.numbers.at(-1)] ?? null;
    const values = item.state === 'complete' ? trial?.values ?? [] : [];
    const cells = {...item.params, ...flat(trial?.outputs ?? {})};
    objectives.forEach(({name}, i) => cells[name] = values[i] ?? cells[name]);
    return {item, trial, cells};
  });
}

// The names of columns: {params, results}, of which results have objectives
// that somebody told first, and then outputs.
export function columnsOf(rows, {space, objectives}) {
  const params = Object.keys(space ?? {});
  const told = new Set();
  for (const {cells} of rows)
    for (const [name, value] of Object.entries(cells))
      if (value !== null && value !== undefined)
        told.add(name);
  const first = objectives.map(({name}) => name).filter(name =>
    told.has(name));
  const outputs = [...told].filter(name => !params.includes(name) &&
    !first.includes(name)).sort((a, b) => a.localeCompare(b, 'en',
    {numeric: true}));
  return {params, results: [...first, ...outputs].slice(0, MOST_COLUMNS)};
}

// Rows sorted by a column ('-name': from the greatest on); rows without a value
// come last in both directions.
export function sorted(rows, order) {
  const down = order.startsWith('-');
  const name = down ? order.slice(1) : order;
  const of = row => name === 'state' ? row.item.state
    : name === 'replica' ? row.item.replica : row.cells[name];
  const compare = (a, b) => typeof a === 'number' && typeof b === 'number'
    ? a - b : String(a).localeCompare(String(b), 'en', {numeric: true});
  const missing = value => value === null || value === undefined;
  return rows.toSorted((a, b) => {
    const [x, y] = [of(a), of(b)];
    return missing(x) || missing(y) ? missing(x) - missing(y)
      : (down ? -1 : 1) * compare(x, y);
  });
}

// Columns with numbers.
export const numeric = (rows, names) => names.filter(name =>
  rows.some(({cells}) => Number.isFinite(cells[name])));
