// SPDX-License-Identifier: GPL-3.0-or-later
// sharing_links.js - links that show a study to whoever has one

import {api} from './api.js';
import {confirmed} from './dialog.js';
import {ago, h, left, moment} from './dom.js';
import {attempt, complaint, field, form, validity} from './form.js';
import {button, rowTable} from './rows.js';
import {copyable} from './secret.js';

// Makes the part.
export function linksOf(app, study) {
  const wrong = complaint();
  const list = h('div');
  const fresh = h('div'); // the address of a new link, shown once
  let shown = null; // the number of that link
  const valid = validity('1w');

  const refresh = () => attempt(app, wrong, async () => {
    const {links} = await api.links(study.id);
    list.replaceChildren(links.length === 0 ? '' : rowTable('Links',
      ['Name', 'Ends', 'Last use', ''], links.map(link => [
        [link.name, h('div', {class: 'faint'}, 'by ', link.by, ', ',
          moment(link.created, ago))],
        moment(link.expires, time => `in ${left(time)}`),
        link.last_used ? moment(link.last_used, ago) : 'not yet',
        button('Revoke', `Revoke ${link.name}, ${link.prefix}…`,
          () => revoke(link)),
      ])));
  });

  const create = form(app, {
    submit: 'Make a link',
    async send(controls) {
      const link = await api.createLink(study.id, {
        name: controls.name.value.trim() || undefined, expires: valid.value()});
      controls.name.value = '';
      shown = link.id;
      fresh.replaceChildren(
        h('p', {}, 'Whoever has this address sees the study and no names, ' +
          'and changes nothing. It is shown once.'),
        copyable('The address of the link', link.url));
      fresh.querySelector('button').focus();
      await refresh();
    },
  }, h('div', {class: 'line'}, field('Name of the link', h('input', {
    name: 'name', maxlength: '200', autocomplete: 'off'})), valid.elements));

  function revoke(link) {
    confirmed(app, {
      title: `Revoke ${link.name}?`,
      text: 'Whoever looks at the study by this link is shut out at once.',
      verb: 'Revoke',
      async act() {
        await api.revokeLink(study.id, link.id);
        if (link.id === shown)
          fresh.replaceChildren();
        await refresh();
      },
      done: () => create.querySelector('input').focus(),
    });
  }

  refresh();
  return h('div', {}, wrong, list, fresh, create);
}
