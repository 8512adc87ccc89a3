// SPDX-License-Identifier: GPL-3.0-or-later
// steering.js - the buttons that pause, resume and stop a study

import {api} from './api.js';
import {h} from './dom.js';

// `done` is called after each.
export function steering(id, app, done) {
  const button = (verb, text) => h('button', {type: 'button', hidden: true,
    onclick: () => steer(verb)}, text);
  const buttons = {
    pause: button('pause', 'Pause'),
    resume: button('resume', 'Resume'),
    stop: button('stop', 'Stop'),
  };

  async function steer(verb) {
    if (verb === 'stop' && !confirm('Stop this study? No more trials will ' +
        'be handed out; those that run may still end.'))
      return;
    try {
      await api.steer(id, verb);
      done();
    } catch (error) {
      app.complain(`Could not ${verb}: ${error.message}`);
    }
  }

  return {
    elements: Object.values(buttons),
    update(state, allowed) {
      const open = state === 'running' || state === 'paused';
      buttons.pause.hidden = !allowed || state !== 'running';
      buttons.resume.hidden = !allowed || state !== 'paused';
      buttons.stop.hidden = !allowed || !open;
    },
  };
}
