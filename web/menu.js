// SPDX-License-Identifier: GPL-3.0-or-later
// menu.js - the menu in the header: who is signed in, and where to go
//
// It is a popover: the browser opens it, closes it on Escape and on a click
// beside it, and says whether it is open.

import {h, setText} from './dom.js';
import {MENU} from './pages.js';

const button = document.getElementById('who');
const list = document.getElementById('menu');
let made = null; // what the menu was made from

// Shows the menu of somebody (as GET /me has them), or none for null. A menu
// that somebody has opened is not touched when it stays the same.
export function showMenu(who, signOut) {
  const name = who?.display_name ?? who?.user ?? 'Guest';
  const lines = who ? MENU.filter(({shown}) => shown(who)) : [];
  const wanted = JSON.stringify([!who, name, lines]);
  if (made === wanted)
    return;
  made = wanted;
  button.hidden = !who;
  list.hidePopover();
  setText(button, `${name} ▾`);
  button.setAttribute('aria-label', `Menu of ${name}`);
  list.replaceChildren(
    ...lines.map(({title, href}) =>
      h('a', {href, onclick: () => list.hidePopover()}, title)),
    h('button', {type: 'button', onclick: signOut}, 'Sign out'));
}
