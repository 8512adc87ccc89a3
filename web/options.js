// SPDX-License-Identifier: GPL-3.0-or-later
// options.js - how a view is set, kept in its address
//
// So a link to a view shows the same view. Options are texts; what is as it is
// at first is not in the address.

// The options of the view that is shown, as `query` (the URLSearchParams of its
// address, which may have others too) has them, or else as `first` has them.
// set() changes some of them, and the address; link() is the address that would
// follow.
export function options(query, first) {
  const values = {};
  for (const name of Object.keys(first))
    values[name] = query.get(name) ?? first[name];

  function put(words, changes) {
    for (const [name, value] of Object.entries(changes))
      if (value === first[name])
        words.delete(name);
      else
        words.set(name, value);
    const [path] = location.hash.split('?');
    return words.size ? `${path}?${words}` : path;
  }

  return {
    values,
    link: changes => put(new URLSearchParams(query), changes),
    set(changes) {
      Object.assign(values, changes);
      history.replaceState(null, '', put(query, changes));
    },
  };
}

// What makes an anchor set options where it is: link and listener. Opened
// otherwise, in a tab of its own, it is a link like others.
export const setter = (href, set) => ({href, onclick(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey)
    return;
  event.preventDefault();
  set();
}});
