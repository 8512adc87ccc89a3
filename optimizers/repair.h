// SPDX-License-Identifier: GPL-3.0-or-later
// repair.h - a point where all restrictions of its space hold
//
// Only the groups (restriction.h) in which something is broken are changed. A
// group is drawn uniformly until its restrictions hold; where that is rare, it
// is led there from a random place by changes of one or two coordinates that
// bring it no further away (program_miss), and then goes on at random inside,
// so that it does not stay where it came in.
//
// The work is bounded, whatever the restrictions are: none of these takes much
// longer than twenty milliseconds. So a part of the space that is very small
// may not be found, above all one that is a mere surface of real numbers, such
// as x + y == 1; with steps it can.

#ifndef CUMAE_REPAIR_H
#define CUMAE_REPAIR_H

#include <stdbool.h>

#include "arena.h"
#include "rng.h"
#include "space.h"

// Draws what is broken at a valid point anew. Coordinates with held[k] stay;
// those that decide whether they are active must be held, too. NULL: none.
// False if nothing was found; then the point is as it was.
bool repair_anew(const struct space *space, const bool *held, struct rng *rng,
                 struct arena *arena, double *point);

// The same, but begins at the point and stays near it if it can.
bool repair_near(const struct space *space, struct rng *rng,
                 struct arena *arena, double *point);

// Draws a point uniformly, and anew what is broken.
bool repair_draw(const struct space *space, struct rng *rng,
                 struct arena *arena, double *point);

#endif
