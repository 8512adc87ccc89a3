// SPDX-License-Identifier: GPL-3.0-or-later
// sharing.js - who may see a study and work on it, as its owners decide

import {api} from './api.js';
import {openDialog} from './dialog.js';
import {h, setText} from './dom.js';
import {field, form, select} from './form.js';
import {linksOf} from './sharing_links.js';
import {membersOf} from './sharing_members.js';

const VISIBILITIES = [
  ['private', 'Private', 'only its members'],
  ['group', 'Group', 'its members, and a group of yours may look'],
  ['public', 'Public', 'everybody who is signed in may look'],
];

// 'public', 'visible to atlas'; of a private study there is nothing to say.
export function visibilityOf({visibility, group}) {
  return visibility === 'group' ? group && `visible to ${group}`
    : visibility === 'public' && 'public';
}

function visibilityForm(app, study, changed) {
  const names = [...new Set([study.group, ...app.me.groups])].filter(Boolean);
  const groups = select('group', names.map(name => [name, name]));
  const group = field('Which group', groups);
  const said = h('p', {class: 'faint', role: 'status'});
  if (study.group)
    groups.value = study.group;

  function show(visibility) {
    group.hidden = visibility !== 'group';
    setText(said, visibility === 'group' && names.length === 0
      ? 'You are in no group.' : '');
  }

  const radios = VISIBILITIES.map(([value, name, text]) => {
    const radio = h('input', {type: 'radio', name: 'visibility', value,
      onchange: () => show(value)});
    radio.checked = study.visibility === value;
    return h('label', {class: 'check'}, radio,
      h('span', {}, h('strong', {}, name), ` – ${text}`));
  });
  show(study.visibility);
  return form(app, {
    submit: 'Save',
    async send(controls) {
      const visibility = controls.visibility.value;
      await api.changeStudy(study.id, {visibility,
        group: visibility === 'group' ? groups.value : undefined});
      setText(said, 'Saved.');
      changed();
    },
  }, h('fieldset', {}, h('legend', {}, 'Who may see it'), radios), group, said);
}

// Opens the dialog; changed() is called after each change.
export function openSharing(app, study, changed) {
  const part = (title, ...content) => h('section', {'aria-label': title},
    h('h3', {}, title), content);
  const members = membersOf(app, study, {changed, left: () => dialog.close()});
  const links = linksOf(app, study);
  const dialog = openDialog(`Share ${study.name}`, [
    visibilityForm(app, study, changed),
    part('Members', members), part('Links', links)]);
}
