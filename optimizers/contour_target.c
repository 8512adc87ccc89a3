// SPDX-License-Identifier: GPL-3.0-or-later
// contour_target.c - what a worker tells of a point, as a value with a contour
// at 0

#include "contour_target.h"

#include <assert.h>
#include <math.h>

static double variance(double relative)
{
    double v = isnan(relative) ? 0 : relative * relative;
    return fmin(fmax(v, CONTOUR_LEAST_VARIANCE), CONTOUR_MOST_VARIANCE);
}

struct contour_value contour_from_limit(double mu_up, double error)
{
    assert(mu_up > 0);
    return (struct contour_value){log(mu_up), variance(error / mu_up)};
}

struct contour_value contour_from_cls(double log_cls, double log_sd,
                                      double alpha)
{
    assert(0 < alpha && alpha < 1);
    double bound = log(alpha), ratio = fmax(log_cls / bound, 1e-3);
    return (struct contour_value){-log(ratio),
                                  variance(log_sd / (ratio * bound))};
}
