// SPDX-License-Identifier: GPL-3.0-or-later
// watch.h - those who wait for something to happen to a study
//
// Thousands may wait and cost a few bytes each: no thread, no query. A table
// holds them by study. The engine says after each transaction which studies it
// touched (watch_changed); one thread then reads the new events of each watched
// one, once for all who wait for it, and answers them. Where several instances
// share the database it also asks once a second for the revisions of all
// watched studies together.
//
// For each watched study the table keeps a `head`: there is no event after it,
// unless the study is marked as changed. So whoever has seen the events up to
// there may wait without a look at the store.

#ifndef CUMAE_WATCH_H
#define CUMAE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_log.h"

enum { WATCH_MAX_EVENTS = 1000 }; // in one answer

struct watcher {
    struct watcher *next;
    int64_t study_id;
    int64_t since;    // waits for an event after this one
    int64_t until_us; // of the monotonic clock

    // Called once, by any thread: with the next events, the oldest first, or
    // with none when the wait is over. They are lent. The watcher may be freed.
    void (*answer)(struct watcher *watcher, const struct event_row *events,
                   size_t n);
};

struct watch;

// Starts the thread.
struct watch *watch_start(const char *database, struct error *err);

// Takes a watcher that has just found nothing in the store; from now on it
// belongs to the watch.
void watch_wait(struct watch *watch, struct watcher *watcher);

// The same without a look at the store. False, with nothing done, when there
// may be events already.
bool watch_wait_at_once(struct watch *watch, struct watcher *watcher);

// Those who wait.
size_t watch_waiting(struct watch *watch);

// Something may have happened to the study, or it is gone. Any thread; never
// waits for the store.
void watch_changed(struct watch *watch, int64_t study_id, bool gone);

// Answers everybody who waits with no events, so that they ask anew.
void watch_wake(struct watch *watch);

// Answers everybody at once, and whoever comes later.
void watch_drain(struct watch *watch);

// Ends the thread. Nobody may wait any more.
void watch_stop(struct watch *watch);

#endif
