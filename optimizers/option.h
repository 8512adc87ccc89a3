// SPDX-License-Identifier: GPL-3.0-or-later
// option.h - the tunable numbers of an algorithm, as a table
//
// A sampler or pruner publishes a table of options. The values of one study are
// an array of doubles in the order of that table: bools are 0 or 1, NaN is
// "not set" and allowed only where the default is NaN.

#ifndef CUMAE_OPTION_H
#define CUMAE_OPTION_H

#include <stddef.h>

#include "error.h"

enum option_kind { OPTION_INT, OPTION_REAL, OPTION_BOOL };

enum { OPTION_MAX = 24 }; // options of one algorithm

struct option {
    const char *name;
    enum option_kind kind;
    double standard;  // the default; NaN: unset
    double low, high; // inclusive
    const char *help; // one line
};

// Fills values[0..n) with the defaults.
void option_defaults(const struct option *options, size_t n, double *values);

// Sets the option called `name` in `values`. ERROR_INVALID names the option,
// the value and the limits, or lists the known names.
int option_set(const struct option *options, size_t n, const char *name,
               double value, double *values, struct error *err);

#endif
