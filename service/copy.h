// SPDX-License-Identifier: GPL-3.0-or-later
// copy.h - trials of one study, copied into another
//
// A copy is a trial that was imported: it ended elsewhere, uses nothing of the
// budget and informs samplers and pruners like any other result. Its id is
// "STUDY/NUMBER" of where it comes from, and as an id is unique in a study, no
// trial is copied twice.
//
// 100,000 trials are too many for one transaction, for others wait meanwhile.
// copy_plan looks which trials to copy and whether they fit, in a session of
// its own and without a lock; copy_some then copies a few hundred at a time,
// each as it is at that moment, inside transactions of the study that gets
// them. A trial that was deleted or made invalid in between is left out. After
// a crash the same call goes on where it was.
//
// A study that is a clone is built in the same way while nobody finds it, and
// is there as a whole once it is published. What nobody goes on building is
// removed (reaper.h).

#ifndef CUMAE_COPY_H
#define CUMAE_COPY_H

#include "live.h"
#include "store_log.h"
#include "store_trial.h"
#include "study.h"

enum {
    COPY_MAX_TRIALS = 100000,
    IMPORT_MAX_BYTES = 67108864, // of a file
    COPY_STEP = 250,             // trials of a transaction, at most,
    COPY_STEP_ROWS = 2000,       // read for them, at most
    COPY_STEP_BYTES = 1 << 22,   // with texts of about this size
    COPY_STEP_REPORTS = 20000,   // and about so many reports,
    COPY_STEP_PRESENT = 20000,   // after so many that are there already
    COPY_GIVEN_UP_S = 600,       // without a step
    COPY_DISMANTLE_STEP = 1000,  // trials removed in a transaction
};

struct copy {
    int64_t source_id;
    const char *source_key;
    struct trial_filter filter; // states, tags, value_min, value_max
    int64_t first, last;        // numbers, inclusive
    bool skip_unfit;            // else one that does not fit is an error
    bool quiet;                 // no event for each trial
    int64_t user_id;
    // What copy_plan found:
    int64_t *numbers; // [n] to copy, ascending; owned
    size_t n, capacity;
    size_t n_unfit;
};

// Releases what copy_plan found.
void copy_done(struct copy *copy);

// The states of trials that can be copied, as bits: those that ended with an
// outcome; and of these those that bring a result.
unsigned copy_states_ended(void);
unsigned copy_states_results(void);

// Looks which trials to copy. ERROR_INVALID when the studies differ in their
// objectives or outcome constraints (names and directions), for more than
// COPY_MAX_TRIALS trials and, unless skip_unfit, for a trial that does not fit
// the search space: it names the first one.
int copy_plan(struct store *store, struct copy *copy,
              const struct definition *target, struct error *err);

// One step.
struct copy_step {
    size_t at; // in: place in `numbers` where it begins
    // out
    size_t next;    // where the next one begins, n after the last
    size_t n_new;   // trials that were copied,
    size_t n_there; // that were there already,
    size_t n_unfit; // that do not fit any more
};

// Copies some trials into the live study, inside a transaction.
int copy_some(struct live *live, struct store *store, const struct copy *copy,
              struct copy_step *step, struct error *err);

// A trial that comes from a file: as in a row of the store, with a point of the
// study that gets it and without what only that study knows.
struct copied {
    struct trial_row row;
    struct report_row *reports;
    size_t n_reports, capacity;
};

// Appends trials that are no copies of stored ones; ids are theirs (client_id).
// ERROR_INVALID for an id that the study has.
int copy_listed(struct live *live, struct store *store,
                const struct copied *trials, size_t n, struct copy_step *step,
                struct error *err);

// ---- clones -----------------------------------------------------------------

// Finds the study that a request has made before: wanted->id, by
// wanted->identity and copy_key. Returns 1 when there is none; ERROR_CONFLICT
// when the name is another study's.
int copy_find(struct store *store, struct study_wanted *wanted,
              struct error *err);

// Finds that study or begins one that is built. Runs as a command of no study,
// like study_find_or_create.
int copy_begin(struct store *store, struct study_wanted *wanted,
               struct error *err);

// Makes the study that was built the one that is found. When a racing call was
// first, and asked for the same, wanted->id becomes the id of its study, and
// this one is to be abandoned. ERROR_CONFLICT as in copy_find.
int copy_publish(struct live *live, struct store *store,
                 struct study_wanted *wanted, struct error *err);

#endif
