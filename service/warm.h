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

#include "account.h"
#include "definition.h"
#include "store.h"

enum { WARM_MAX_RESULTS = 300 }; // of each study

// Copies the results for the new study `id`, and writes what it got from whom
// into its row. The studies must be the caller's to see and have as many
// objectives: ERROR_INVALID names the one that is not.
int warm_copy(struct store *store, int64_t id,
              const struct definition *definition,
              const struct principal *principal, struct error *err);

// The results that a study has, in memory.
struct warm {
    struct prior prior;
    size_t d, m, capacity;
    double *point;    // [n x d] in the user's units
    double *unit;     // [n x d]
    double *value;    // [n x m]
    uint32_t *source; // [n]
};

// Reads the results of a study; ERROR_INTERNAL when they do not fit it.
int warm_load(struct warm *warm, struct store *store, int64_t id,
              const struct definition *definition, struct error *err);
void warm_done(struct warm *warm);

// Encodes the points anew, in a space that has become wider.
void warm_encode(struct warm *warm, const struct space *space);

#endif
