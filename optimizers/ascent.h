// SPDX-License-Identifier: GPL-3.0-or-later
// ascent.h - where in a space an acquisition is largest
//
// 256 Sobol points and 128 perturbations of the best five known points are
// valued in one batch. Four of them, the best two and two drawn with weights
// that grow with their value, climb: continuous coordinates by L-BFGS, in units
// of their length scales, and the others by steps to the best neighbour, in
// turns. All points are unit points that decode to themselves.

#ifndef CUMAE_ASCENT_H
#define CUMAE_ASCENT_H

#include <stdbool.h>

#include "arena.h"
#include "gp.h"
#include "rng.h"
#include "space.h"

struct ascent {
    const struct space *space;
    const struct gp *gp; // with alpha; its points lie in the space
    bool optimist;       // upper confidence bound, else ln expected improvement
    double best;         // what is to be improved on
    double radius;       // the optimist's trust region, INFINITY: everything:
                         // no further than this from some known point in any
                         // coordinate that is a number
};

// The points that were found, best first.
struct ascent_points {
    size_t n;
    double *unit; // [n x d]
};
struct ascent_points ascent_find(const struct ascent *ascent, struct rng *rng,
                                 struct arena *arena);

// What the acquisition says of a point.
double ascent_value(const struct ascent *ascent, const double *unit,
                    struct arena *arena);

#endif
