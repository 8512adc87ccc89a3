// SPDX-License-Identifier: GPL-3.0-or-later
// grid_lists.js - the runs of a grid scan that failed, and those to come

import {badge, count, h, plain} from './dom.js';
import {refill} from './panel.js';
import {button, rowTable} from './rows.js';

const MOST = 100; // in a list
const AT_ONCE = 1000; // trials that one call runs again

const nameOf = ({point_id: id, params, replica}, replicas) =>
  (id ?? Object.entries(params).map(([name, value]) =>
    `${name} = ${plain(value)}`).join(', ')) +
  (replicas > 1 ? `, replica ${replica}` : '');

const lastOf = item => item.numbers.at(-1);

function listed(items) {
  return items.length > MOST
    ? h('p', {class: 'faint'}, `The first ${MOST} of ${count(items.length)}.`)
    : null;
}

function failedRows(items, how, rerun) {
  return rowTable('Failed runs', ['Run', 'Attempts', 'Error',
    ...how.mayRerun ? [''] : []],
  items.slice(0, MOST).map(item => [nameOf(item, how.replicas),
    count(item.numbers.length), item.error ?? 'no reason given',
    ...how.mayRerun ? [button('Re-run',
      `Re-run ${nameOf(item, how.replicas)}`,
      () => rerun([lastOf(item)]))] : []]));
}

function failedList(items, how, rerun) {
  if (items.length === 0)
    return h('p', {class: 'faint'}, 'None.');
  const numbers = items.map(lastOf);
  return [
    h('p', {}, 'These have used up their attempts. Mend what the errors say, ' +
      'and run them again.'),
    how.mayRerun ? h('button', {type: 'button', onclick: () => rerun(numbers)},
      `Re-run all ${count(items.length)}`) : null,
    failedRows(items, how, rerun), listed(items)];
}

function missingList(items, how) {
  return items.length === 0 ? h('p', {class: 'faint'}, 'None.') : [
    h('p', {}, 'These have no result yet. They are handed out to whoever ' +
      'asks next; lost ones are handed out again.'),
    rowTable('Missing runs', ['Run', 'State', 'Attempts'],
      items.slice(0, MOST).map(item => [nameOf(item, how.replicas),
        badge(item.state), count(item.numbers.length)])),
    listed(items)];
}

// Makes both lists. rerun(numbers) runs trials again, at most AT_ONCE a call;
// update(items, how): see gridTable().
export function gridLists(rerun) {
  const failed = h('div');
  const missing = h('div');
  const inParts = async numbers => {
    for (let i = 0; i < numbers.length; i += AT_ONCE)
      await rerun(numbers.slice(i, i + AT_ONCE));
  };
  const card = (title, content) => h('section', {class: 'card',
    'aria-label': title}, h('h2', {}, title), content);
  return {
    element: h('div', {class: 'side-by-side'}, card('Failed', failed),
      card('Missing', missing)),
    update(items, how) {
      const lost = items.filter(({state}) => state === 'failed');
      const open = items.filter(({state}) =>
        state !== 'failed' && state !== 'complete');
      refill(failed, [lost, how], () => [failedList(lost, how, inParts)]
        .flat());
      refill(missing, [open, how], () => [missingList(open, how)].flat());
    },
  };
}
