// SPDX-License-Identifier: GPL-3.0-or-later
// profile.h - counting experiments with one nuisance parameter per bin
//
// Bin i: n_i ~ Poisson(mu s_i + gamma_i b_i), m_i ~ Poisson(gamma_i tau_i) (on
// and off, or a background b_i +- b_i / sqrt(tau_i)). For a given mu the best
// gamma_i is a root of A g^2 + B g + C, A = b (b + tau), B = mu s (b + tau) - b
// (n + m), C = -mu s m; the best mu follows by bisection.

#ifndef CUMAE_TEST_PROFILE_H
#define CUMAE_TEST_PROFILE_H

#include <math.h>
#include <stddef.h>

struct profile {
    size_t bins;
    double s[2], b[2], tau[2];
};

struct profile_data {
    double n[2], m[2];
};

static inline double profile_gamma(const struct profile *model, size_t i,
                                   const struct profile_data *data, double mu)
{
    double s = model->s[i], b = model->b[i], tau = model->tau[i];
    double A = b * (b + tau), C = -mu * s * data->m[i];
    double B = mu * s * (b + tau) - b * (data->n[i] + data->m[i]);
    double root = sqrt(B * B - 4 * A * C);
    if (B < 0)
        return (-B + root) / (2 * A);
    return B + root > 0 ? -2 * C / (B + root) : 0;
}

static inline double profile_term(double n, double expected)
{
    return 2 * (expected - (n > 0 ? n * log(expected) : 0));
}

// -2 ln L at mu and the best gammas, up to a constant of the data.
static inline double profile_loss(const struct profile *model,
                                  const struct profile_data *data, double mu)
{
    double sum = 0;
    for (size_t i = 0; i < model->bins; i++) {
        double gamma = profile_gamma(model, i, data, mu);
        sum += profile_term(data->n[i], mu * model->s[i] + gamma * model->b[i]);
        sum += profile_term(data->m[i], gamma * model->tau[i]);
    }
    return sum;
}

// d ln L / d mu.
static inline double profile_score(const struct profile *model,
                                   const struct profile_data *data, double mu)
{
    double sum = 0;
    for (size_t i = 0; i < model->bins; i++) {
        double gamma = profile_gamma(model, i, data, mu);
        double expected = mu * model->s[i] + gamma * model->b[i];
        sum += model->s[i] * ((data->n[i] > 0 ? data->n[i] / expected : 0) - 1);
    }
    return sum;
}

// The best mu in [low, 20].
static inline double profile_best(const struct profile *model,
                                  const struct profile_data *data, double low)
{
    double high = 20;
    if (profile_score(model, data, low == 0 ? 1e-12 : low) <= 0)
        return low;
    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (low + high);
        if (profile_score(model, data, middle) > 0)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

// q~_mu; q_mu if not bounded, whose best mu may go down to -3.
static inline double profile_q(const struct profile *model,
                               const struct profile_data *data, double mu,
                               int bounded)
{
    double best = profile_best(model, data, bounded ? 0 : -3);
    if (best > mu)
        return 0;
    return fmax(profile_loss(model, data, mu) - profile_loss(model, data, best),
                0);
}

// The data expected of background alone, at the gammas the data prefer then.
static inline struct profile_data
profile_asimov(const struct profile *model, const struct profile_data *data)
{
    struct profile_data asimov = {{0}, {0}};
    for (size_t i = 0; i < model->bins; i++) {
        double gamma = profile_gamma(model, i, data, 0);
        asimov.n[i] = gamma * model->b[i];
        asimov.m[i] = gamma * model->tau[i];
    }
    return asimov;
}

#endif
