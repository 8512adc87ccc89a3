// SPDX-License-Identifier: GPL-3.0-or-later
// limit_interpolate.h - where a curve of exactly known CLs crosses alpha
//
// For curves without statistical errors, and to compare with other tools. The
// error of LINEAR, which is what pyhf and most scans by hand do, is not small:
// +1.5 % for the observed and +17 % for the expected -2 sigma limit on pyhf's
// own example of eleven points, where PARABOLA is within 0.05 %.

#ifndef CUMAE_LIMIT_INTERPOLATE_H
#define CUMAE_LIMIT_INTERPOLATE_H

#include <stdbool.h>
#include <stddef.h>

enum limit_interpolation {
    LIMIT_LINEAR,     // in CLs
    LIMIT_LOG_LINEAR, // in ln CLs
    LIMIT_PARABOLA,   // in ln CLs, through the bracket and the next neighbour
};

// Writes the last mu[n], ascending and distinct, where cls[n] goes from alpha
// or more to less; false: it never does. A cls of 0 counts as 1e-300. A
// parabola through two points is a line.
bool limit_interpolate(const double *mu, const double *cls, size_t n,
                       double alpha, enum limit_interpolation how,
                       double *crossing);

#endif
