// SPDX-License-Identifier: GPL-3.0-or-later
// live.js - keeps a view fresh while somebody looks at it
//
// Polls every two seconds, backs off up to thirty while the service does not
// answer, and rests while the page is hidden.

const EVERY_MS = 2000;
const SLOWEST_MS = 30000;

// Calls step(signal) at once and then again and again. report(null) follows
// each success, report(error) each failure. `now` asks for a turn at once (one
// more, if a turn is under way); `stop` ends it and aborts the turn.
export function poll(step, report) {
  const abort = new AbortController();
  const {signal} = abort;
  let timer = 0;
  let running = false;
  let again = false;
  let delay = EVERY_MS;

  async function turn() {
    if (running) {
      again = true;
      return;
    }
    if (signal.aborted || document.hidden)
      return;
    clearTimeout(timer);
    running = true;
    again = false;
    let failure = null;
    try {
      await step(signal);
      delay = EVERY_MS;
    } catch (error) {
      failure = error;
      delay = Math.min(2 * delay, SLOWEST_MS);
    }
    running = false;
    if (signal.aborted)
      return;
    timer = setTimeout(turn, again ? 0 : delay);
    report(failure);
  }

  document.addEventListener('visibilitychange', turn, {signal});
  turn();
  return {
    now: turn,
    stop() {
      abort.abort();
      clearTimeout(timer);
    },
  };
}
