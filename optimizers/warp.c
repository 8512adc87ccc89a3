// SPDX-License-Identifier: GPL-3.0-or-later
// warp.c - objective values, bent until they look normal

#include "warp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAMBDAS = 81, MIDDLE = 40 };

static const double farthest = 1e60; // its fourth power is finite
static const double tail = 20;       // where a straight warp begins to bend

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Halves keep the difference of two finite values finite.
static double standing(const struct warp *warp, double value)
{
    double z = (0.5 * value - 0.5 * warp->median) / warp->scale;
    return fmax(-farthest, fmin(farthest, z));
}

static double transform(const struct warp *warp, double z)
{
    double lambda = warp->lambda;
    if (warp->straight)
        return z <= tail ? z : tail + log1p(z - tail);
    if (z >= 0)
        return lambda == 0 ? log1p(z) : expm1(lambda * log1p(z)) / lambda;
    double other = 2 - lambda;
    return other == 0 ? -log1p(-z) : -expm1(other * log1p(-z)) / other;
}

// Mean and variance of z[0..n) transformed by warp->lambda.
static double moments(const double *z, size_t n, struct warp *warp)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += transform(warp, z[i]);
    warp->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = transform(warp, z[i]) - warp->mean;
        squares += off * off;
    }
    return squares / (double)n;
}

// Sets lambda, mean and sd.
static void bend(struct warp *warp, const double *z, size_t n)
{
    double jacobian = 0, most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        jacobian += z[i] >= 0 ? log1p(z[i]) : -log1p(-z[i]);
    struct warp trial = *warp;
    for (int i = 0; i < LAMBDAS; i++) {
        trial.lambda = (i - MIDDLE) / 20.0;
        double variance = moments(z, n, &trial);
        double likelihood =
            -0.5 * (double)n * log(variance) + (trial.lambda - 1) * jacobian;
        if (!(variance > 1e-300) || !(likelihood > most) || isinf(likelihood))
            continue;
        most = likelihood;
        trial.sd = sqrt(variance);
        *warp = trial;
    }
}

// Sets mean and sd.
static void standardise(struct warp *warp, const double *z, size_t n)
{
    double variance = moments(z, n, warp);
    if (variance > 1e-300)
        warp->sd = sqrt(variance);
}

static struct warp fit(const double *values, size_t n, bool straight,
                       struct arena *arena)
{
    double *z = arena_doubles(arena, n);
    memcpy(z, values, n * sizeof *z);
    qsort(z, n, sizeof *z, by_size);
    double least = z[0];
    struct warp warp = {.straight = straight, .lambda = 1, .sd = 1};
    warp.median = 0.5 * z[(n - 1) / 2] + 0.5 * z[n / 2];
    warp.scale = 0.5 * warp.median - 0.5 * least;
    if (!(warp.scale > 0))
        warp.scale = 0.5 * z[n - 1] - 0.5 * warp.median;
    if (!(warp.scale > 0))
        warp.scale = 0.5;
    for (size_t i = 0; i < n; i++)
        z[i] = standing(&warp, z[i]);
    if (straight)
        standardise(&warp, z, n);
    else
        bend(&warp, z, n);
    return warp;
}

struct warp warp_fit(const double *values, size_t n, struct arena *arena)
{
    return fit(values, n, false, arena);
}

struct warp warp_fit_straight(const double *values, size_t n,
                              struct arena *arena)
{
    return fit(values, n, true, arena);
}

double warp_value(const struct warp *warp, double value)
{
    double z = transform(warp, standing(warp, value));
    return (z - warp->mean) / warp->sd;
}

double warp_slope(const struct warp *warp, double value)
{
    double z = standing(warp, value), slope = 0.5 / warp->scale / warp->sd;
    if (warp->straight)
        return z <= tail ? slope : slope / (1 + z - tail);
    double power = z >= 0 ? warp->lambda - 1 : 1 - warp->lambda;
    return slope * exp(power * log1p(fabs(z)));
}
