// SPDX-License-Identifier: GPL-3.0-or-later
// aim.h - what a suggestion is after, told from what is known
//
// One objective: expected improvement on the least value, or with noise on the
// least mean at a known point; every third trial the upper confidence bound,
// while there are few points near them only. Two or three: expected hypervolume
// improvement. More: a mixture with random weights. While no result is known to
// be feasible: the probability to be that.

#ifndef CUMAE_AIM_H
#define CUMAE_AIM_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "rng.h"
#include "surrogate.h"
#include "worth.h"

struct aim {
    struct worth worth;
    struct gp *gps; // the processes, those of the objectives first
    size_t n_best;
    double *best;  // [n_best x d] where it is worth to begin
    double radius; // of the trust region, INFINITY: everything
    size_t n_results, n_pending;
    size_t n_front; // results that none dominates; with one objective 0
};

// What trial `number` is after; the processes are those of `surrogate`.
struct aim aim_of(const struct surrogate *surrogate,
                  const struct history *history, uint64_t number,
                  struct rng *rng, struct arena *arena);

#endif
