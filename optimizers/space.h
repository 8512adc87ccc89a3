// SPDX-License-Identifier: GPL-3.0-or-later
// space.h - the parameters of a study and the set of points they span
//
// A point is an array of `space->n` doubles in the order of the parameters:
//   FLOAT, INT                  the value itself, in natural units
//   CATEGORICAL, BOOL, DISCRETE the index of the choice, 0 .. n_choices-1
//   an inactive parameter       NaN (its `when` does not hold)
// A unit point has one coordinate in [0, 1] per parameter (see param.h).
// Samplers think in unit points, everyone else in points. decode(encode(p)) is
// p for every valid point, up to rounding of a continuous value and of integers
// and steps with more than 2^40 values; exactly for all others.

#ifndef CUMAE_SPACE_H
#define CUMAE_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "param.h"

struct restrictions;

struct space {
    size_t n;
    struct param *params;
    struct restrictions *restrictions; // what points must fulfil beside
                                       // (restriction.h), or NULL: nothing
};

// An empty space without restrictions: zero parameters, one point.
void space_init(struct space *space);
void space_done(struct space *space);

// Appends a deep copy of *param, before there are restrictions. ERROR_INVALID
// names the parameter and what is wrong: duplicate or empty name, bounds not
// finite or reversed, log with low <= 0, step that is negative or larger than
// the range, an int bound that is not an integer or beyond 2^53, a float step
// below 2^-48 of the bounds, log with a step, no choices, duplicate choices, a
// condition on a float, on a parameter that does not stand before it, or on a
// value that it cannot take. `high` of a stepped parameter is lowered to the
// last value on the steps.
int space_add(struct space *space, const struct param *param,
              struct error *err);

// Index of the parameter with this name, or -1.
int space_find(const struct space *space, const char *name);

// Number of distinct points, counting active values only once per
// combination; INFINITY when any parameter is continuous, or when the
// conditions are too entangled to be counted (grid.h).
double space_cells(const struct space *space);

// True when all conditions of parameter k hold in `point`, of which the
// coordinates before k must be valid.
bool space_active(const struct space *space, const double *point, size_t k);

// Are two points the same? What is inactive in both is.
bool space_same(const struct space *space, const double *a, const double *b);

// Checks that every coordinate is in range, on its step and NaN exactly when
// inactive. ERROR_INVALID names the parameter, the value and the limits.
int space_check(const struct space *space, const double *point,
                struct error *err);

// Is this a point that came from elsewhere and may be looked at: does it have
// n = space->n coordinates, each NaN or one that its parameter could have if
// its range were any? No other function takes one that is not.
bool space_holds(const struct space *space, const double *point, size_t n);

// point (valid) -> unit; inactive coordinates become NaN.
void space_encode(const struct space *space, const double *point, double *unit);

// unit (each in [0, 1]; NaN counts as 1/2) -> point; always valid.
void space_decode(const struct space *space, const double *unit, double *point);

#endif
