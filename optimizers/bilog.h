// SPDX-License-Identifier: GPL-3.0-or-later
// bilog.h - values of a constraint, compressed on both sides of its bound
//
//   b(c) = sgn(c) ln(1 + |c| / s) / a,  s the median of |c|, a the root of the
// mean square: the bound stays 0, the values near it keep their distances, and
// far ones do not outweigh them (Eriksson and Poloczek, "Scalable constrained
// Bayesian optimization", AISTATS 2021, with s = 1). Here it does not depend
// on the unit of the values.

#ifndef CUMAE_BILOG_H
#define CUMAE_BILOG_H

#include <stddef.h>

#include "arena.h"

struct bilog {
    double scale, size; // s and a
};

// The transformation of n finite values; `values` is not changed.
struct bilog bilog_fit(const double *values, size_t n, struct arena *arena);

// The transformed value: finite, non-decreasing, of the sign of `value`.
double bilog_value(const struct bilog *bilog, double value);

#endif
