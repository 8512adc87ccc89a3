// SPDX-License-Identifier: GPL-3.0-or-later
// rows.h - points and what each of them weighs, on the way to a density

#ifndef CUMAE_ROWS_H
#define CUMAE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "parzen.h"
#include "rng.h"
#include "space.h"

struct rows {
    size_t n;
    const double **unit; // [n] unit points, lent
    double *weight;      // [n] positive
    bool wide;           // kernels of a mixture, see parzen_plan
};

// No rows yet, and room for n.
struct rows rows_for(size_t n, struct arena *arena);

void rows_push(struct rows *rows, const double *unit, double weight);

// Leaves rows [0, kept) and a random choice of the others, `most` in all, and
// lets these weigh as much as all of the others did if those weighed the same.
void rows_thin(struct rows *rows, size_t kept, size_t most, struct rng rng);

// The mixture of the rows and a broad kernel of weight prior_weight; `floor`
// is the least bandwidth.
struct parzen *rows_density(const struct rows *rows, const struct space *space,
                            double prior_weight, double floor,
                            struct arena *arena);

// The mixture of rows that came after `base` was built; NULL: there are none.
struct parzen *rows_addition(const struct rows *rows, const struct parzen *base,
                             double floor, struct arena *arena);

#endif
