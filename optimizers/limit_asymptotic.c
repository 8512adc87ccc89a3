// SPDX-License-Identifier: GPL-3.0-or-later
// limit_asymptotic.c - what limits would be if there were many events

#include "limit_asymptotic.h"

#include <assert.h>
#include <math.h>

#include "normal.h"

struct limit_tails limit_asymptotic_tails(double q, double q_asimov,
                                          bool bounded)
{
    assert(q >= 0 && q_asimov >= 0);
    double root = sqrt(q), asimov = sqrt(q_asimov);
    double sb = root, b = root - asimov;
    if (bounded && q > q_asimov && asimov > 0) {
        sb = (q + q_asimov) / (2 * asimov);
        b = (q - q_asimov) / (2 * asimov);
    }
    return (struct limit_tails){normal_log_cdf(-sb), normal_log_cdf(-b)};
}

double limit_asymptotic_expected(double q_asimov, double sigmas)
{
    return normal_log_cdf(sigmas - sqrt(q_asimov)) - normal_log_cdf(sigmas);
}

// z with P(Z > z) = alpha P(Z < x).
static double upper(double x, double alpha)
{
    return -normal_quantile(alpha * normal_cdf(x));
}

double limit_asymptotic_factor(double sigmas, double alpha)
{
    return upper(sigmas, alpha) + sigmas;
}

double limit_asymptotic_normal(double estimate, double sigma, double alpha)
{
    assert(sigma > 0);
    return estimate + sigma * upper(estimate / sigma, alpha);
}

double limit_asymptotic_q0(double n, double b)
{
    assert(b > 0);
    if (n <= b)
        return 0;
    return 2 * (n * log1p((n - b) / b) - (n - b));
}

// The parabola through three points, or the line through two, at mu.
static double between(const struct limit_asimov *points, size_t n, double mu,
                      bool asimov)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double term = sqrt(asimov ? points[i].q_asimov : points[i].q);
        for (size_t j = 0; j < n; j++)
            if (j != i)
                term *= (mu - points[j].mu) / (points[i].mu - points[j].mu);
        sum += term;
    }
    return fmax(sum, 0);
}

// ln CLs - ln alpha at mu, from the neighbours of mu.
static double excess(const struct limit_asimov *points, size_t n, double mu,
                     double sigmas, bool bounded, double alpha)
{
    double asimov = between(points, n, mu, true);
    if (sigmas != LIMIT_ASYMPTOTIC_OBSERVED)
        return limit_asymptotic_expected(asimov * asimov, sigmas) - log(alpha);
    double root = between(points, n, mu, false);
    struct limit_tails tails =
        limit_asymptotic_tails(root * root, asimov * asimov, bounded);
    return tails.log_sb - tails.log_b - log(alpha);
}

bool limit_asymptotic_limit(const struct limit_asimov *points, size_t n,
                            double sigmas, bool bounded, double alpha,
                            double *mu)
{
    for (size_t i = n; i-- > 1;) {
        double low = points[i - 1].mu, high = points[i].mu;
        if (excess(points + i, 1, high, sigmas, bounded, alpha) >= 0 ||
            excess(points + i - 1, 1, low, sigmas, bounded, alpha) < 0)
            continue;
        size_t begin = i + 1 < n ? i - 1 : i >= 2 ? i - 2 : 0;
        size_t count = n - begin < 3 ? n - begin : 3;
        for (int step = 0; step < 100; step++) {
            double middle = 0.5 * (low + high);
            if (excess(points + begin, count, middle, sigmas, bounded, alpha) >
                0)
                low = middle;
            else
                high = middle;
        }
        *mu = 0.5 * (low + high);
        return true;
    }
    return false;
}
