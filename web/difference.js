// SPDX-License-Identifier: GPL-3.0-or-later
// difference.js - what a change changed, field by field; no DOM, no network

// What something new has without anybody having said so.
const empty = value => value === false || value?.length === 0;

// The leaves of nested objects, by the path that leads to them. Lists are
// leaves: what moved within one is seen best when it is shown whole.
function leaves(value, path = '', found = new Map()) {
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    for (const [name, inner] of Object.entries(value))
      leaves(inner, path ? `${path}.${name}` : name, found);
  else if (value !== undefined && value !== null)
    found.set(path, value);
  return found;
}

// The fields that differ: {path, before, after}, where null is nothing. Of
// something made or removed, those that hold something.
export function difference(before, after) {
  const old = leaves(before);
  const now = leaves(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .map(path => ({path, before: old.get(path) ?? null,
      after: now.get(path) ?? null}))
    .filter(field => before && after
      ? JSON.stringify(field.before) !== JSON.stringify(field.after)
      : !empty(field.before ?? field.after));
}
