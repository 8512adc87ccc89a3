// SPDX-License-Identifier: GPL-3.0-or-later
// bring.h - trials that users bring: to be run, or with their results
//
// What is enqueued waits in state `queued` for the next asks, which hand it out
// before anything else. What is imported ran elsewhere and ends at once. All of
// one call is brought, or nothing. Like the functions of trial.h this one
// decides by looking at memory and changes nothing before it has decided.
//
// A trial may have a name of the user's own, unique in the study, so that a
// call may be repeated: an equal repeat finds the trials of the first time.

#ifndef CUMAE_BRING_H
#define CUMAE_BRING_H

#include "live.h"
#include "store_trial.h"
#include "trial.h"

enum {
    BRING_MAX_TRIALS = 1000,
    BRING_MAX_REPORTS = 10000, // of all trials of a call
    BRING_MAX_QUEUED = 100000, // trials that wait in one study
    BRING_MAX_ID = 100,        // bytes
    BRING_MAX_PRIORITY = 1000000,
};

struct bring_report {
    int64_t step;
    double value; // the user's
};

struct brought {
    const char *id; // the user's name for it, or NULL
    unsigned char key[STORE_CLIENT_KEY_BYTES]; // 8 bytes of the digest of the
                                               // id, 8 of all that came with
                                               // it; all 0: no id
    double *point;                             // [d] NaN: not given
    int64_t priority;                          // of an enqueued one
    const char *meta; // JSON of an enqueued one, or NULL
    struct tell tell; // its number is set here
    const struct bring_report *reports;
    size_t n_reports;
    bool imported; // it has ended; `tell` says how
    // out
    bool is_new;
    int64_t number;
};

struct bring {
    struct brought *trials;
    size_t n;
    bool skip_existing; // enqueue nothing that is there already
    int64_t user_id;
    // out
    size_t n_new;
};

// Brings the trials. What a point of an enqueued trial does not give is drawn
// uniformly, by a stream of its own for each trial number, and so that the
// constraints of the study hold; an imported point gives all, and need not meet
// them. Faults name trials[i]: ERROR_INVALID for what does not fit the
// space or its constraints, an id twice in a call, a full queue, what does not
// suit a grid study: to enqueue a cell, a part of a point; ERROR_CONFLICT
// for an id that came with something else, and to enqueue when no trial will be
// handed out any more.
int bring_trials(struct live *live, struct store *store, struct bring *bring,
                 struct error *err);

#endif
