// SPDX-License-Identifier: GPL-3.0-or-later
// limit_tell.h - what a worker tells of the data and of toys
//
// As it came, and as it counts: with the sign that makes large values unlike
// the signal, without what is not a test statistic, and sorted. What counts is
// what the store keeps, so a repeat is known by comparing it.

#ifndef CUMAE_LIMIT_TELL_H
#define CUMAE_LIMIT_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "../optimizers/arena.h"
#include "../optimizers/limit_toys.h"

struct told_data {
    double q;               // any number
    double q_asimov, muhat; // NaN: not told
    const char *context;    // JSON, or NULL
};

struct told_toys {
    const double *q;  // [rows x columns], any numbers
    size_t rows;      // toys
    size_t columns;   // signal strengths at which each was evaluated
    int64_t n_failed; // toys without a row
};

// Toys at one signal strength, as they count.
struct limit_batch {
    double *q; // [n] ascending
    size_t n;
    int64_t n_failed, n_negative; // see struct limit_toys
};

// Reads one column; the values lie in the arena.
struct limit_batch limit_batch_read(const struct told_toys *told, size_t column,
                                    const struct limit_toys_rule *rule,
                                    struct arena *arena);

// Brings a statistic of the data into the form that counts; false when it is
// none.
bool limit_statistic_read(const struct limit_toys_rule *rule, double *q);

#endif
