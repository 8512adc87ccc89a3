// SPDX-License-Identifier: GPL-3.0-or-later
// ascent.h - where in a space a try is worth most
//
// 256 Sobol points and 128 perturbations of the best known points (outset.h)
// are valued in one batch. Four of them, the best two and two drawn with
// weights that grow with their value, climb: continuous coordinates by L-BFGS,
// in units of their length scales, and the others by steps to the best
// neighbour, in turns. Points that the restrictions of the space forbid are
// worth nothing: no climb goes there. All points are unit points that decode to
// themselves.

#ifndef CUMAE_ASCENT_H
#define CUMAE_ASCENT_H

#include <stdbool.h>

#include "arena.h"
#include "gp.h"
#include "rng.h"
#include "space.h"
#include "worth.h"

// Processes of several outputs have the same coordinates: those of the space
// and possibly more, which are 0 here.
struct ascent {
    const struct space *space;
    const struct worth *worth;
    const struct gp *gps; // [n_objectives + n_constraints of worth], with
                          // alpha; their points lie in the space
    size_t n_best;
    const double *best; // [n_best x d], at least one: to be perturbed
    double radius;      // of the trust region, INFINITY: everything. No further
                        // than this from some point of the first process in
                        // any coordinate that is a number
    const bool *held;   // [d] coordinates that stay those of the first of
                        // `best`, where it has them; NULL: none
};

// The points that were found, best first.
struct ascent_points {
    size_t n;
    double *unit; // [n x d]
};
struct ascent_points ascent_find(const struct ascent *ascent, struct rng *rng,
                                 struct arena *arena);

// Is coordinate k that of a number, near which others are alike?
bool ascent_is_number(const struct ascent *ascent, size_t k);

#endif
