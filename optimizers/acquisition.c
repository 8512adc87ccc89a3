// SPDX-License-Identifier: GPL-3.0-or-later
// acquisition.c - what a try is worth, told from a predicted mean and sd
//
// ln h(u) by four formulas. Above -1 the definition loses nothing. Below it,
// h = phi w with w = 1 + u q and q = Phi / phi = sqrt(pi / 2) erfcx(-u / sqrt
// 2). Below -25 w cancels and comes from the asymptotic series of Mills' ratio,
// u^-2 - 3 u^-4 + 15 u^-6 - ..., and below -1e6 from its first term.

#include "acquisition.h"

#include <math.h>

static const double half_log_2pi = 0.91893853320467274178;
static const double sqrt_half = 0.70710678118654752440;

// From 4 on the continued fraction of Laplace, 20 levels deep.
double acquisition_erfcx(double x)
{
    if (x < 4)
        return exp(x * x) * erfc(x);
    double tail = x;
    for (int i = 20; i >= 1; i--)
        tail = x + 0.5 * i / tail;
    return 0.56418958354775628695 / tail; // 1 / sqrt(pi)
}

static double series(double u)
{
    double inverse = 1 / (u * u), term = inverse, sum = 0;
    for (int i = 1; i <= 8; i++) {
        sum += term;
        term *= -(2.0 * i + 1) * inverse;
    }
    return sum;
}

double acquisition_log_h(double u, double *ratio)
{
    if (u > -1) {
        double density = exp(-0.5 * u * u - half_log_2pi);
        double below = 0.5 * erfc(-u * sqrt_half);
        double h = density + u * below;
        *ratio = below / h;
        return log(h);
    }
    if (u < -1e6) {
        *ratio = -u - 2 / u;
        return -0.5 * u * u - half_log_2pi - 2 * log(-u);
    }
    // sqrt(pi / 2)
    double q = 1.25331413731550025121 * acquisition_erfcx(-u * sqrt_half);
    double w = u < -25 ? series(u) : 1 + u * q;
    *ratio = q / w;
    return -0.5 * u * u - half_log_2pi + log(w);
}

struct acquisition acquisition_log_ei(double mean, double sd, double best)
{
    double u = (best - mean) / sd, ratio;
    double log_h = acquisition_log_h(u, &ratio);
    return (struct acquisition){
        .value = log(sd) + log_h,
        .by_mean = -ratio / sd,
        .by_sd = (1 - u * ratio) / sd,
    };
}

struct acquisition acquisition_log_probability(double mean, double sd)
{
    double u = -mean / sd, log_phi = -0.5 * u * u - half_log_2pi, log_below;
    if (u > -1)
        log_below = log(0.5 * erfc(-u * sqrt_half));
    else
        log_below = -0.5 * u * u + log(0.5 * acquisition_erfcx(-u * sqrt_half));
    double ratio = exp(log_phi - log_below);
    return (struct acquisition){
        .value = log_below,
        .by_mean = -ratio / sd,
        .by_sd = -u * ratio / sd,
    };
}

struct acquisition acquisition_ucb(double mean, double sd, double kappa)
{
    return (struct acquisition){
        .value = kappa * sd - mean, .by_mean = -1, .by_sd = kappa};
}
