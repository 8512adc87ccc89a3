// SPDX-License-Identifier: GPL-3.0-or-later
// space.h - the parameters of a study and the set of points they span
//
// A point is an array of `space->n` doubles in the order of the parameters:
//   FLOAT, INT                  the value itself, in natural units
//   CATEGORICAL, BOOL, DISCRETE the index of the choice, 0 .. n_choices-1
//   an inactive parameter       NaN (its `when` does not hold)
// A unit point has one coordinate in [0, 1] per parameter. Samplers think in
// unit points, everyone else in points. decode(encode(p)) == p for every valid
// point up to one rounding of a continuous value, exactly for all others.
//
// Encoding of a value v (optimizers/README.md, "Encoding"):
//   continuous float    u = (v - low) / (high - low), in ln v when log
//   K equal cells       u = (i + 1/2) / K; decode takes floor(u K)
//   log int             cells widened by half a step, uniform in ln v
//   low == high         u = 1/2
//
// Choices are opaque here: a CATEGORICAL choice is the JSON text of a scalar,
// compared byte by byte.

#ifndef CUMAE_SPACE_H
#define CUMAE_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum {
    SPACE_MAX_PARAMS = 1000,
    SPACE_MAX_CHOICES = 10000,
    SPACE_MAX_NAME = 200, // bytes
};

enum param_kind {
    PARAM_FLOAT,
    PARAM_INT,
    PARAM_CATEGORICAL,
    PARAM_BOOL,
    PARAM_DISCRETE,
};

// Holds when parameter `parent` (an index below the owner's) is active and its
// coordinate in a point equals one of `values`.
struct condition {
    size_t parent;
    size_t n;
    double *values;
};

struct param {
    char *name;
    enum param_kind kind;
    double low, high;            // FLOAT, INT: both inclusive
    double step;                 // FLOAT: 0 is continuous; INT: >= 1
    bool log;                    // FLOAT, INT: uniform in ln v; step 0 or 1
    size_t n_choices;            // CATEGORICAL, BOOL (2), DISCRETE
    char **choices;              // CATEGORICAL: JSON texts, distinct
    double *levels;              // DISCRETE: ascending, distinct, finite
    size_t n_conditions;         // all of them must hold
    struct condition *conditions;
};

struct space {
    size_t n;
    struct param *params;
};

// An empty space: zero parameters, one point.
void space_init(struct space *space);
void space_done(struct space *space);

// Appends a deep copy of *param. ERROR_INVALID names the parameter and what is
// wrong: duplicate or empty name, bounds not finite or reversed, log with
// low <= 0, step that is negative or larger than the range, an int bound that
// is not an integer or beyond 2^53, no choices, duplicate choices, a condition
// on a parameter that is not discrete or does not stand before it. `high` of a
// stepped parameter is lowered to the last value on the steps.
int space_add(struct space *space, const struct param *param,
              struct error *err);

// Index of the parameter with this name, or -1.
int space_find(const struct space *space, const char *name);

// Number of values that a parameter can take; 0 when continuous.
size_t param_levels(const struct param *param);

// Number of distinct points, counting active values only once per
// combination; INFINITY when any parameter is continuous.
double space_cells(const struct space *space);

// True when all conditions of parameter k hold in `point`, of which the
// coordinates before k must be valid.
bool space_active(const struct space *space, const double *point, size_t k);

// Checks that every coordinate is in range, on its step and NaN exactly when
// inactive. ERROR_INVALID names the parameter, the value and the limits.
int space_check(const struct space *space, const double *point,
                struct error *err);

// point (valid) -> unit; inactive coordinates become NaN.
void space_encode(const struct space *space, const double *point,
                  double *unit);

// unit (each in [0, 1]; NaN counts as 1/2) -> point; always valid.
void space_decode(const struct space *space, const double *unit,
                  double *point);

#endif
