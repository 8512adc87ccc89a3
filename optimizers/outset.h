// SPDX-License-Identifier: GPL-3.0-or-later
// outset.h - where the search for the best try begins
//
// 256 Sobol points and 128 perturbations of the best known points. Those that
// the restrictions of the space forbid are left out: a known point is perturbed
// up to 8 times, and the first 32 Sobol points that are forbidden are moved, as
// long as that succeeds.

#ifndef CUMAE_OUTSET_H
#define CUMAE_OUTSET_H

#include <stdbool.h>

#include "arena.h"
#include "ascent.h"
#include "rng.h"
#include "space.h"

enum { OUTSET_SPREAD = 256, OUTSET_POINTS = OUTSET_SPREAD + 128 };

// Writes points to unit[OUTSET_POINTS x d], which decode to themselves; returns
// how many, at least one, which is forbidden if no other was found.
size_t outset_points(const struct ascent *ascent, struct rng *rng,
                     struct arena *arena, double *unit);

// Do the restrictions allow a unit point?
bool outset_allows(const struct space *space, const double *unit,
                   struct arena *arena);

// Makes a unit point one that decodes to itself.
void outset_snap(const struct space *space, struct arena *arena, double *unit);

#endif
