// SPDX-License-Identifier: GPL-3.0-or-later
// counting.h - a counting experiment: its toys and its exact answers
//
// n events are observed, mu s + b expected. The test statistic is q~_mu,
// equation 16 of Cowan et al., arXiv:1007.1727; toys are Poisson numbers. A toy
// is at least as unlike mu as the data exactly when it has at most as many
// events (below mu s + b, where q~ is positive), so that CLs+b and CLb are
// Poisson probabilities.

#ifndef CUMAE_TEST_COUNTING_H
#define CUMAE_TEST_COUNTING_H

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "rng.h"

// 2 (expected - n + n ln(n / expected)).
static inline double counting_deviance(double n, double expected)
{
    return 2 * (expected - n + (n > 0 ? n * log(n / expected) : 0));
}

// q_mu, or q~_mu if bounded, where mu s + b = expected.
static inline double counting_q(double n, double expected, double b,
                                int bounded)
{
    if (n >= expected)
        return 0;
    if (bounded && n < b)
        return counting_deviance(n, expected) - counting_deviance(n, b);
    return counting_deviance(n, expected);
}

// CLs of a signal s; the second for signals that let it underflow.
static inline double counting_cls(unsigned n, double s, double b)
{
    return gsl_cdf_poisson_P(n, s + b) / (b > 0 ? gsl_cdf_poisson_P(n, b) : 1);
}

static inline double counting_log_sum(unsigned n, double expected)
{
    double term = 0, sum = 1, scale = 0;
    for (unsigned k = n; k >= 1; k--) { // downwards from the largest term
        term = (term == 0 ? 1 : term) * k / expected;
        sum += term;
    }
    scale = n * log(expected) - lgamma(n + 1.0) - expected;
    return scale + log(sum);
}

static inline double counting_log_cls(unsigned n, double s, double b)
{
    return counting_log_sum(n, s + b) - counting_log_sum(n, b);
}

// The signal with CLs = alpha.
static inline double counting_limit(unsigned n, double b, double alpha)
{
    double low = 0, high = 1;
    while (counting_cls(n, high, b) > alpha)
        high *= 2;
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (low + high);
        if (counting_cls(n, middle, b) > alpha)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

// The smallest n with P(N <= n) >= p.
static inline unsigned counting_quantile(double p, double b)
{
    unsigned n = 0;
    while (gsl_cdf_poisson_P(n, b) < p - 1e-15)
        n++;
    return n;
}

// A Poisson number, by inversion.
static inline unsigned counting_throw(struct rng *rng, double expected)
{
    double u = rng_uniform(rng), term = exp(-expected), sum = term;
    unsigned n = 0;
    while (u >= sum && n < 1000) {
        term *= expected / ++n;
        sum += term;
    }
    return n;
}

#endif
