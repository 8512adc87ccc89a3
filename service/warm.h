// SPDX-License-Identifier: GPL-3.0-or-later
// warm.h - what a new study learns from others
//
// When a study is created, the best complete results of the studies that its
// definition names are translated into its own search space and copied. Later
// changes of those studies change nothing here, so that a suggestion stays a
// pure function of what the study holds itself. The samplers get the copies as
// a `struct prior`.
//
// A result fits when its parameters are, by name, those that are active here,
// with values that this space has; any other is left out. Values are
// minimised, so studies with opposite directions agree on what is better.

#ifndef CUMAE_WARM_H
#define CUMAE_WARM_H

#include <stdatomic.h>

#include "access.h"
#include "definition.h"
#include "store_prior.h"

enum { WARM_MAX_RESULTS = 300 }; // of each study

// What was found for a new study, in an arena.
struct gathered {
    struct prior_row *rows; // [n]
    size_t n;
    const char *counts; // JSON array: how many from each study; NULL: no study
};

// Finds the results that fit. The studies must be the caller's to read and have
// as many objectives: ERROR_INVALID names the one that is not. Writes nothing.
int warm_gather(struct store *store, const struct definition *definition,
                const struct principal *principal, struct arena *arena,
                struct gathered *gathered, struct error *err);

// Writes them, and the counts, for the new study `id`.
int warm_write(struct store *store, int64_t id, const struct gathered *gathered,
               struct error *err);

// The results that a study has, in memory: immutable, and shared by threads.
struct warm {
    struct prior prior; // lends the arrays
    size_t d, m, capacity;
    double *point;      // [n x d] in the user's units
    double *unit;       // [n x d]
    double *value;      // [n x m]
    uint32_t *source;   // [n]
    atomic_int sharers; // users beside the first one
};

// Reads the results of a study; *warm is NULL when it has none.
// ERROR_INTERNAL when they do not fit it.
int warm_load(struct store *store, int64_t id,
              const struct definition *definition, struct warm **warm,
              struct error *err);

// Another user, who will free it, too.
struct warm *warm_keep(struct warm *warm);
void warm_free(struct warm *warm);

// The same in a space that has become wider. All of these take NULL.
struct warm *warm_encode(const struct warm *warm, const struct space *space);

#endif
