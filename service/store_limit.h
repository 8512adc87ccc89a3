// SPDX-License-Identifier: GPL-3.0-or-later
// store_limit.h - what was told of the data and of toys, as the store keeps it
//
// The conventions are those of store.h. The reads give what trials that are
// complete and not withdrawn told, so that a toy counts as long as its trial
// does.

#ifndef CUMAE_STORE_LIMIT_H
#define CUMAE_STORE_LIMIT_H

#include "store.h"

// The test statistic of the data at one signal strength.
struct limit_data_row {
    int64_t study_id, number;
    int64_t revision;       // of the tell
    double mu, q;           // large q: unlike the signal
    double q_asimov, muhat; // NaN: not told
    const char *site;       // of the worker, or NULL
    const char *context;    // JSON, or NULL
};

// Toys of one tell, evaluated at one signal strength.
struct limit_toys_row {
    int64_t study_id, number;
    double mu;
    int64_t revision;
    int64_t hypothesis; // enum limit_errand_kind
    int64_t points;     // at which they were evaluated, 1 or more
    int64_t n_failed, n_negative;
    double seconds;   // for all toys of the tell; NaN: not known
    const char *site; // or NULL
    const double *q;  // [n] ascending
    size_t n;
};

int store_limit_data_add(struct store *store, const struct limit_data_row *row,
                         struct error *err);
int store_limit_toys_add(struct store *store, const struct limit_toys_row *row,
                         struct error *err);

// What revisions above `after` brought, by revision.
int store_limit_data(struct store *store, int64_t study_id, int64_t after,
                     int (*visit)(void *context,
                                  const struct limit_data_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// The same for toys: revisions above `after` and up to `until`, at mu alone
// unless it is NaN; by revision and mu. Reads in pieces of bounded size.
struct limit_toys_filter {
    int64_t study_id, after, until;
    double mu;
};
int store_limit_toys(struct store *store,
                     const struct limit_toys_filter *filter,
                     int (*visit)(void *context,
                                  const struct limit_toys_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// What one trial told, whatever became of it; toys by mu.
int store_limit_data_of(struct store *store, int64_t study_id, int64_t number,
                        int (*visit)(void *context,
                                     const struct limit_data_row *row,
                                     struct error *err),
                        void *context, struct error *err);
int store_limit_toys_of(struct store *store, int64_t study_id, int64_t number,
                        int (*visit)(void *context,
                                     const struct limit_toys_row *row,
                                     struct error *err),
                        void *context, struct error *err);

// Removes what a trial told.
int store_limit_erase(struct store *store, int64_t study_id, int64_t number,
                      struct error *err);

#endif
