// SPDX-License-Identifier: GPL-3.0-or-later
// limit_interpolate.c - where a curve of exactly known CLs crosses alpha

#include "limit_interpolate.h"

#include <math.h>

static double log_ratio(double cls, double alpha)
{
    return log(fmax(cls, 1e-300)) - log(alpha);
}

// The root of the parabola through (mu, y)[3] between low and high, where it
// changes sign.
static double parabola(const double *mu, const double *y, double low,
                       double high)
{
    double first = (y[1] - y[0]) / (mu[1] - mu[0]);
    double second = ((y[2] - y[1]) / (mu[2] - mu[1]) - first) / (mu[2] - mu[0]);
    for (int step = 0; step < 200; step++) {
        double middle = 0.5 * (low + high);
        double value =
            y[0] + (middle - mu[0]) * (first + second * (middle - mu[1]));
        if (value > 0)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

bool limit_interpolate(const double *mu, const double *cls, size_t n,
                       double alpha, enum limit_interpolation how,
                       double *crossing)
{
    size_t j = n > 0 ? n : 1;
    while (j-- > 1)
        if (cls[j - 1] >= alpha && cls[j] < alpha)
            break;
    if (j == 0)
        return false;
    double low = log_ratio(cls[j - 1], alpha), high = log_ratio(cls[j], alpha);
    double part = how == LIMIT_LINEAR
                      ? (cls[j - 1] - alpha) / (cls[j - 1] - cls[j])
                      : low / (low - high);
    *crossing = mu[j - 1] + part * (mu[j] - mu[j - 1]);
    if (how != LIMIT_PARABOLA || n < 3)
        return true;
    size_t begin = fabs(low) > fabs(high) ? j - 1 : j < 2 ? 0 : j - 2;
    begin = begin > n - 3 ? n - 3 : begin;
    double y[3];
    for (size_t i = 0; i < 3; i++)
        y[i] = log_ratio(cls[begin + i], alpha);
    *crossing = parabola(mu + begin, y, mu[j - 1], mu[j]);
    return true;
}
