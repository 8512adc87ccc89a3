// SPDX-License-Identifier: GPL-3.0-or-later
// contour_target.h - what a worker tells of a point, as a value with a contour
// at 0
//
// Excluded points are below 0. Values in the logarithm of a signal strength are
// near to linear in most coordinates, which a Gaussian process knows from few
// points; CLs itself is not: it is 1e-860 at one end of a plane and 0.05 at the
// contour.

#ifndef CUMAE_CONTOUR_TARGET_H
#define CUMAE_CONTOUR_TARGET_H

// The least variance: what a fit leaves open, 0.1 %. With the most a value
// tells nothing.
#define CONTOUR_LEAST_VARIANCE 1e-6
#define CONTOUR_MOST_VARIANCE  1e6

struct contour_value {
    double y, variance; // of y; both finite
};

// ln mu_up for an upper limit mu_up > 0 on the signal strength and its error
// >= 0 (NaN: exact), with the variance (error / mu_up)^2.
struct contour_value contour_from_limit(double mu_up, double error);

// A value for ln CLs at mu = 1, of which the standard deviation is log_sd (NaN:
// exact), 0 where CLs = alpha < 1: ln(ln alpha / ln CLs). For a counting
// experiment without background this is ln mu_up itself; ln CLs = -1980 is no
// worse than -6.5, and CLs near 1, which noise may lift above 1, is at most 7.
struct contour_value contour_from_cls(double log_cls, double log_sd,
                                      double alpha);

#endif
