// SPDX-License-Identifier: GPL-3.0-or-later
// normal.c - the standard normal distribution, accurate in the tails

#include "normal.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

static const double HALF_LN_2PI = 0.91893853320467274178;

double normal_cdf(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

// ln P(Z < z) for z < -37, where erfc is about to underflow: the asymptotic
// series of Abramowitz and Stegun, 26.2.12.
static double log_far_tail(double z)
{
    double r = 1 / (z * z);
    double series = -r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r)));
    return -0.5 * z * z - log(-z) - HALF_LN_2PI + log1p(series);
}

double normal_log_cdf(double z)
{
    if (z < -37)
        return log_far_tail(z);
    if (z < 0)
        return log(normal_cdf(z));
    return log1p(-normal_cdf(-z));
}

double normal_quantile(double p)
{
    assert(p >= 0 && p <= 1);
    return gsl_cdf_ugaussian_Pinv(p);
}

double normal_log_mass(double a, double b)
{
    assert(a < b);
    if (a > 0)
        return normal_log_mass(-b, -a);
    if (b > 0)
        return log(0.5 * (erf(b * M_SQRT1_2) + erf(-a * M_SQRT1_2)));
    if (b - a < 1e-5) { // the difference would cancel; the density is flat
        double middle = 0.5 * (a + b);
        return -0.5 * middle * middle - HALF_LN_2PI + log(b - a);
    }
    double below_b = normal_log_cdf(b);
    return below_b + log(-expm1(normal_log_cdf(a) - below_b));
}

double normal_truncated(double p, double a, double b)
{
    assert(a < b && p >= 0 && p <= 1);
    if (a > 0)
        return -normal_truncated(1 - p, -b, -a);
    double low = normal_cdf(a);
    double high = normal_cdf(b);
    if (low == high)
        return b;
    double z = normal_quantile(fmin(low + p * (high - low), 1));
    return fmin(fmax(z, a), b);
}
