// SPDX-License-Identifier: GPL-3.0-or-later
// amend.h - what people change about trials that are there
//
// Texts of any trial may change; what a trial brought may be corrected, be
// made invalid, be valid again. An invalid trial keeps all it has, but for
// whoever learns from results it is one that was taken back: samplers, pruners,
// the best, the front and budgets that count results know nothing of it. Of a
// deleted trial the number is left, which is not issued again, and the point,
// which trials suggested while it ran were to keep away from.
//
// Every change is one event with what was there before and after. A change to
// what is there already is none, so repeats are harmless. When a result that
// used up the budget goes, the study goes on.

#ifndef CUMAE_AMEND_H
#define CUMAE_AMEND_H

#include "live.h"
#include "store_trial.h"
#include "trial.h"

enum { AMEND_MAX_REASON = 1000 }; // bytes

struct amend {
    struct tell tell; // number, user_id, and what is to change: a state of -1,
                      // no values ... leave alone what is there
    bool whole;       // the tell is all of the result, not a part of it
    const char *notes, *tags; // text, and a JSON array; NULL: left alone
    int invalid;              // true, false, or -1: left alone
    const char *reason;       // why it is invalid, or NULL
    int64_t revision;         // of the trial that the caller saw; -1: any
    struct arena *arena;
    // out
    struct trial_row row; // the trial as it is now; lives in `arena`
};

// Changes a trial: all of it, or nothing. ERROR_CONFLICT when the trial has
// changed since amend->revision, and for a result of a trial that has none;
// ERROR_INVALID for numbers that a tell could not have.
int amend_trial(struct live *live, struct store *store, struct amend *amend,
                struct error *err);

// The same by a tell that replaces what was told before.
int amend_overwrite(struct live *live, struct store *store,
                    const struct tell *tell, struct arena *arena,
                    struct error *err);

// Deletes a trial; one that is deleted already is left alone. ERROR_CONFLICT
// while it runs.
int amend_delete(struct live *live, struct store *store, int64_t number,
                 int64_t user_id, struct error *err);

#endif
