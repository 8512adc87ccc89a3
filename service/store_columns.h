// SPDX-License-Identifier: GPL-3.0-or-later
// store_columns.h - the numbers of many trials, without their texts
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_COLUMNS_H
#define CUMAE_STORE_COLUMNS_H

#include "store_trial.h"

struct columns_filter {
    int64_t study_id;
    int64_t after_number;   // -1: from the first
    int64_t since_revision; // -1: all; else only rows with revision above
    int64_t limit;          // rows
    bool workers, remarks;  // are these wanted?
};

// Visits the trials by ascending number, deleted ones too, with only number,
// state, withdrawn, point, values, constraint_values, uncertainty, cost,
// wall_s, created_ms, started_ms, ended_ms, attempt, retry_of, iteration,
// worker (its name, plain text) and error (or else why it is invalid or was
// stopped).
int store_trial_columns(struct store *store,
                        const struct columns_filter *filter,
                        int (*visit)(void *context, const struct trial_row *row,
                                     struct error *err),
                        void *context, struct error *err);

#endif
