// SPDX-License-Identifier: GPL-3.0-or-later
// menu.js - the menu in the header: who is signed in, and where to go
//
// It is a popover: the browser opens it, closes it on Escape and on a click
// beside it, and says whether it is open.

import {h, setText} from './dom.js';
import {MENU} from './pages.js';

const button = document.getElementById('who');
const list = document.getElementById('menu');

// Shows the menu of somebody (as GET /me has them), or none for null.
export function showMenu(who, signOut) {
  button.hidden = !who;
  list.hidePopover();
  if (!who)
    return;
  const name = who.display_name ?? who.user ?? 'Guest';
  const close = () => list.hidePopover();
  setText(button, `${name} ▾`);
  button.setAttribute('aria-label', `Menu of ${name}`);
  list.replaceChildren(
    ...MENU.filter(({shown}) => shown(who)).map(({title, href}) =>
      h('a', {href, onclick: close}, title)),
    h('button', {type: 'button', onclick: signOut}, 'Sign out'));
}
