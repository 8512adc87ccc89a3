// SPDX-License-Identifier: GPL-3.0-or-later
// study_data.js - the columns of studies, fetched as they are asked for
//
// The tabs of a study share what was fetched; a view asks for the columns that
// it shows and no others. Studies looked at before are forgotten, but for a
// few.

import {columnsOf} from './api_study.js';
import {mergePage, newColumns, nextPage} from './columns.js';

const KEPT = 8;
const kept = new Map(); // by id of the study, the latest last

export function dataOf(id) {
  const data = kept.get(id) ?? newColumns();
  kept.delete(id);
  kept.set(id, data);
  if (kept.size > KEPT)
    kept.delete(kept.keys().next().value);
  return data;
}

export function forgetData() {
  kept.clear();
}

// Brings the columns with these names up to date. page() is called as pages
// come. Returns whether there was anything to fetch.
export async function refreshData(study, names, signal, page = () => {}) {
  const data = dataOf(study.id);
  const wanted = [...new Set([...data.names, 'state', 'invalid', ...names])];
  const known = wanted.every(name => data.names.includes(name));
  if (known && data.revision === study.revision)
    return false;
  data.pending = null;
  const since = data.revision;
  let cursor = null;
  do {
    cursor = mergePage(data, wanted, await columnsOf(study.id,
      {...nextPage({...data, revision: since}, wanted, cursor)}, signal));
    page();
  } while (cursor !== null);
  return true;
}

export const valueColumns = study =>
  study.objectives.map((_, i) => `value.${i}`);
