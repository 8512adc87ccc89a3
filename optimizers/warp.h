// SPDX-License-Identifier: GPL-3.0-or-later
// warp.h - objective values, bent until they look normal
//
// Values are shifted by their median and scaled by the width of the good half,
// median minus least, so that the good half lies in [-1, 0]; then transformed
// by Yeo and Johnson, "A new family of power transformations to improve
// normality or symmetry", Biometrika 87 (2000), with the lambda of largest
// likelihood on a grid from -2 to 2; then standardised. The bad tail is
// compressed and the good half keeps its resolution, which a rank transform
// would destroy. The result does not depend on the unit or the zero of the
// values.

#ifndef CUMAE_WARP_H
#define CUMAE_WARP_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct warp {
    bool straight; // lambda has no meaning
    double median, scale, lambda;
    double mean, sd; // of the transformed values
};

// The warp of n >= 1 finite values; `values` is not changed.
struct warp warp_fit(const double *values, size_t n, struct arena *arena);

// Values that are only scaled, up to 20 widths of the good half beyond the
// median, and from there on bent like the logarithm: on a front of several
// objectives distances keep their proportions.
struct warp warp_fit_straight(const double *values, size_t n,
                              struct arena *arena);

// The warped value: finite and non-decreasing in the finite `value`.
double warp_value(const struct warp *warp, double value);

// Its derivative: what a small error of `value` is multiplied by.
double warp_slope(const struct warp *warp, double value);

#endif
