// SPDX-License-Identifier: GPL-3.0-or-later
// trial_private.h - what the files of trial.h share

#ifndef CUMAE_TRIAL_PRIVATE_H
#define CUMAE_TRIAL_PRIVATE_H

#include "trial.h"
#include "store_trial.h"

// The row of a trial as memory has it, for the store.
struct trial_row trial_row_of(const struct live *live, size_t number);

// Writes that something happened to a trial in this revision.
int trial_event(const struct live *live, struct store *store, const char *kind,
                int64_t number, int64_t user_id, struct error *err);

// How a trial ends, or is told to stop.
struct trial_end {
    enum trial_state state;
    struct outcome outcome;
    const char *stop_reason; // or NULL
    const struct tell *tell; // or NULL
    const char *error;       // or NULL
    const char *event;       // its kind; NULL: trial_ended or trial_stopped
    int64_t user_id;
};

// Moves the trial in memory and in the store, and settles the study when it
// ended. The state that it has already is a stop, and ends nothing.
int trial_end(struct live *live, struct store *store, size_t number,
              const struct trial_end *end, struct error *err);

// What a message about a trial says, and room for its numbers.
struct message {
    struct trial_end end;
    struct told_numbers numbers; // end.outcome points into these
    double constraints[STUDY_MAX_OUTCOME_CONSTRAINTS];
    double last;
    char fault[STUDY_MAX_NAME + 40];
};

// Works out what a message says: state, numbers and error text.
int trial_resolve(const struct live *live, const struct tell *tell,
                  struct message *message, struct error *err);

// Could the trial of this number be told this, if it were running? It need not
// exist yet.
int trial_check_tell(const struct live *live, const struct tell *tell,
                     struct error *err);

// Renews the lease of a running trial to that of the study, when half of it is
// used up.
int trial_renew(struct live *live, struct store *store, size_t number,
                struct error *err);

// May the trial still be told anything new?
bool trial_is_open(enum trial_state state);

// ERROR_NOT_FOUND when the study has no trial of that number.
int trial_check_number(const struct live *live, int64_t number,
                       struct error *err);

#endif
