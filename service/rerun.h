// SPDX-License-Identifier: GPL-3.0-or-later
// rerun.h - the same points once more
//
// What is run again is enqueued as a new trial with the same point, `meta` and
// tags, a first attempt, and `retry_of` the latest trial of that point in its
// line. A line is a trial, what retried it, what retried that, and so on. While
// the latest of a line waits or runs there is no need for another, nor when it
// brought a valid result other than a failure; unless it is named itself. So a
// repeated call enqueues nothing twice. By state, what ran again with success
// is not run once more. A grid study whose points were all done goes on.

#ifndef CUMAE_RERUN_H
#define CUMAE_RERUN_H

#include "live.h"
#include "store.h"

enum { RERUN_MAX = 1000 }; // trials of one call

struct rerun_item {
    int64_t of;     // the trial that was asked for
    int64_t number; // the one that runs it again, or has done so
};

struct rerun {
    const int64_t *numbers; // [n_numbers] that are named; NULL: by state
    size_t n_numbers;       // up to RERUN_MAX
    unsigned states;        // bits 1 << enum trial_state: valid trials in these
    int64_t user_id;
    // out
    struct rerun_item *items; // [RERUN_MAX], caller's; of named trials all,
                              // else those that were enqueued
    size_t n;
    size_t n_new;
    bool more; // there is more to enqueue: call again
};

// Enqueues: all that was named, or nothing. ERROR_NOT_FOUND for a number
// without a trial, ERROR_CONFLICT when no trial will be handed out any more,
// ERROR_INVALID for a full queue.
int rerun_trials(struct live *live, struct store *store, struct rerun *rerun,
                 struct error *err);

#endif
