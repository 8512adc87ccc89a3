// SPDX-License-Identifier: GPL-3.0-or-later
// plane.h - a small realistic exclusion in a plane of two masses
//
// m1 in [200, 1400], m2 in [0, m1 - 10] GeV. Signal events
//   N = 139 / fb * efficiency * 1800 fb (m1 / 200)^-4.5
//         / (1 + exp(-(m1 - m2 - turn_on) / 25))
// beside b events of background; the limit on the signal strength is s95 / N
// with the exact CLs limit s95 of counting.h.

#ifndef CUMAE_TEST_PLANE_H
#define CUMAE_TEST_PLANE_H

#include <math.h>

#include "counting.h"
#include "normal.h"

struct plane_region {
    double efficiency, turn_on, b;
};

// The region of the plane, and a second one for soft events, which is better
// near the diagonal: their contours meet in a kink.
static const struct plane_region PLANE_HARD = {0.05, 120, 3};
static const struct plane_region PLANE_SOFT = {0.02, 40, 20};

// As if every event were seen.
static inline double plane_most(const struct plane_region *region, double m1)
{
    return 139 * region->efficiency * 1800 * pow(m1 / 200, -4.5);
}

static inline double plane_signal(const struct plane_region *region, double m1,
                                  double m2)
{
    return plane_most(region, m1) /
           (1 + exp(-(m1 - m2 - region->turn_on) / 25));
}

// The m2 where N = s95; NaN where even m2 -> -infinity is not excluded.
static inline double plane_contour(const struct plane_region *region, double m1,
                                   double s95)
{
    return m1 - (region->turn_on - 25 * log(plane_most(region, m1) / s95 - 1));
}

// s95 when as many events are seen as at `sigmas` of the background.
static inline double plane_s95(const struct plane_region *region, double sigmas)
{
    unsigned n = counting_quantile(normal_cdf(sigmas), region->b);
    return counting_limit(n, region->b, 0.05);
}

#endif
