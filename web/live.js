// SPDX-License-Identifier: GPL-3.0-or-later
// live.js - keeps a view fresh while somebody looks at it
//
// A view is refreshed every two seconds, or, where it can wait for news, half a
// second after they came. This backs off up to thirty seconds while the service
// does not answer, and rests while the page is hidden.

const EVERY_MS = 2000;
const GATHER_MS = 500; // news that come together are fetched together
const SLOWEST_MS = 30000;

// As `news` of poll(): a view that is refreshed when asked to, and when
// somebody comes back to it, but not by the clock.
export const whenAsked = signal => new Promise(resolve =>
  signal.addEventListener('abort', resolve, {once: true}));

// Calls step(signal) at once and then again and again. report(null) follows
// each success, report(error) each failure. `now` asks for a turn at once (one
// more, if a turn is under way); `stop` ends it and aborts the turn.
// news(signal), if given, returns when there may be something new, or when it
// has waited long enough.
export function poll(step, report, news = null) {
  const abort = new AbortController();
  const {signal} = abort;
  let listening = null; // of the wait for news
  let timer = 0;
  let running = false;
  let again = false;
  let delay = EVERY_MS;

  function rest(ms) {
    clearTimeout(timer);
    timer = setTimeout(turn, ms);
  }

  async function listen() {
    const ear = listening = new AbortController();
    let ms = GATHER_MS;
    try {
      await news(ear.signal);
    } catch {
      ms = EVERY_MS; // the next turn says what is wrong
    }
    if (!ear.signal.aborted)
      rest(ms);
  }

  async function turn() {
    if (running) {
      again = true;
      return;
    }
    listening?.abort();
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
    if (news && !failure && !again && !document.hidden)
      listen();
    else
      rest(again ? 0 : delay);
    report(failure);
  }

  document.addEventListener('visibilitychange', turn, {signal});
  turn();
  return {
    now: turn,
    stop() {
      abort.abort();
      listening?.abort();
      clearTimeout(timer);
    },
  };
}
