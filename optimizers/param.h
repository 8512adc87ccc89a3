// SPDX-License-Identifier: GPL-3.0-or-later
// param.h - one parameter: its values and their place in [0, 1]
//
// A coordinate is a double: the value itself for FLOAT and INT, the index of
// the choice for CATEGORICAL, BOOL and DISCRETE. A parameter with finitely many
// values also numbers them from 0, ascending ("levels").
//
// Encoding of a coordinate v (optimizers/README.md, "Encoding"):
//   continuous float    u = (v - low) / (high - low), in ln v when log
//   K equal cells       u = (i + 1/2) / K; decode takes floor(u K)
//   log int             cells widened by half a step, uniform in ln v
//   low == high         u = 1/2
//
// Choices are opaque here: a CATEGORICAL choice is the JSON text of a scalar,
// compared byte by byte.

#ifndef CUMAE_PARAM_H
#define CUMAE_PARAM_H

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
    bool log;            // FLOAT, INT: uniform in ln v; step 0 or 1
    double low, high;    // FLOAT, INT: both inclusive
    double step;         // FLOAT: 0 is continuous; INT: >= 1
    size_t n_choices;    // CATEGORICAL, BOOL (2), DISCRETE
    char **choices;      // CATEGORICAL: JSON texts, distinct
    double *levels;      // DISCRETE: ascending, distinct, finite
    size_t n_conditions; // all of them must hold
    struct condition *conditions;
};

// Checks what space_add promises about one parameter by itself and brings it
// into its normal form: `high` on the last step, n_choices of a BOOL 2, step of
// an INT at least 1.
int param_normalize(struct param *param, struct error *err);

// Number of values that a parameter can take; 0 when continuous.
size_t param_levels(const struct param *param);

// Coordinate of level i of a parameter with finitely many values.
double param_value(const struct param *param, size_t i);

// The level nearest to a coordinate in range, whether or not it is on it.
size_t param_nearest(const struct param *param, double coordinate);

// Checks that a coordinate is in range and on a level. On a float with steps,
// rounding errors of a client that computes low + i * step are forgiven.
int param_check(const struct param *param, double coordinate,
                struct error *err);

// A valid coordinate -> its place in [0, 1], and back. decode takes any u in
// [0, 1] and always gives a valid coordinate.
double param_encode(const struct param *param, double coordinate);
double param_decode(const struct param *param, double u);

#endif
