// SPDX-License-Identifier: GPL-3.0-or-later
// transfer.h - results of other studies, made comparable
//
// The values of each study are warped by themselves, to mean 0 and variance 1:
// what carries over is where a study was good, not how good it was there. Of
// more than 300 results each study gives an equal share: half of it its best
// ones, for the first objective, and some of the others.

#ifndef CUMAE_TRANSFER_H
#define CUMAE_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "sampler.h"

enum { TRANSFER_MOST = 300 };

struct transfer {
    size_t n;
    const double **unit; // [n] lent by the prior
    uint32_t *source;    // [n]
    double *y;           // [m x TRANSFER_MOST] warped
};

// The results of `prior` (NULL: none) for points of d coordinates and m
// objectives, in memory of `arena`.
struct transfer transfer_of(const struct prior *prior, size_t d, size_t m,
                            struct arena *arena);

#endif
