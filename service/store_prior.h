// SPDX-License-Identifier: GPL-3.0-or-later
// store_prior.h - results that a study has from other studies
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_PRIOR_H
#define CUMAE_STORE_PRIOR_H

#include "store.h"

struct prior_row {
    int64_t study_id;
    int64_t position;    // 0, 1 ... within the study
    int64_t source;      // which of the studies that it learnt from
    const double *point; // [n_point] in the space of the study
    size_t n_point;
    const double *values; // [n_values] minimised
    size_t n_values;
};

int store_prior_add(struct store *store, const struct prior_row *row,
                    struct error *err);
// By position.
int store_prior_list(struct store *store, int64_t study_id,
                     int (*visit)(void *context, const struct prior_row *row,
                                  struct error *err),
                     void *context, struct error *err);
// The complete trials of a study, by number: point, and values in the user's
// sign; not those that are withdrawn. `source` is the number.
int store_trial_results(struct store *store, int64_t study_id,
                        int (*visit)(void *context, const struct prior_row *row,
                                     struct error *err),
                        void *context, struct error *err);

#endif
