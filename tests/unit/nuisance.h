// SPDX-License-Identifier: GPL-3.0-or-later
// nuisance.h - the models of pyhf's own validation that have one systematic
//
// n_i ~ Poisson(mu s_i + b_i(a)), with a ~ N(0, 1) constrained by an auxiliary
// measurement; mu >= 0. Everything by golden-section search.

#ifndef CUMAE_TEST_NUISANCE_H
#define CUMAE_TEST_NUISANCE_H

#include <math.h>

#include "profile.h"

struct nuisance {
    int bins;
    int factor; // b_i(a) = b_i up^a and b_i down^-a, or linear from b_i
    double s[2], b[2], up[2], down[2];
    double n[2], centre; // the data
};

static inline double nuisance_loss(const struct nuisance *model, double mu,
                                   double a)
{
    double sum = (a - model->centre) * (a - model->centre);
    for (int i = 0; i < model->bins; i++) {
        double side = a > 0 ? model->up[i] : model->down[i];
        double b = model->factor ? model->b[i] * pow(side, fabs(a))
                                 : model->b[i] + fabs(a) * (side - model->b[i]);
        sum += profile_term(model->n[i], mu * model->s[i] + b);
    }
    return sum;
}

// The smallest loss at mu, and its a.
static inline double nuisance_profile(const struct nuisance *model, double mu,
                                      double *best)
{
    const double golden = 0.3819660112501051;
    double low = -4.5, high = 4.5;
    for (int i = 0; i < 90; i++) {
        double left = low + golden * (high - low);
        double right = high - golden * (high - low);
        if (nuisance_loss(model, mu, left) < nuisance_loss(model, mu, right))
            high = right;
        else
            low = left;
    }
    *best = 0.5 * (low + high);
    return nuisance_loss(model, mu, *best);
}

// q at mu, the best fit being at mu >= 0; 0 if it is above mu.
static inline double nuisance_q(const struct nuisance *model, double mu)
{
    const double golden = 0.3819660112501051;
    double low = 0, high = 10, a;
    for (int i = 0; i < 90; i++) {
        double left = low + golden * (high - low);
        double right = high - golden * (high - low);
        if (nuisance_profile(model, left, &a) <
            nuisance_profile(model, right, &a))
            high = right;
        else
            low = left;
    }
    if (low > mu)
        return 0;
    double q = nuisance_profile(model, mu, &a) -
               nuisance_profile(model, 0.5 * (low + high), &a);
    return fmax(q, 0);
}

// The same model with the data expected of background alone.
static inline struct nuisance nuisance_asimov(const struct nuisance *model)
{
    struct nuisance asimov = *model;
    double a;
    nuisance_profile(model, 0, &a);
    for (int i = 0; i < model->bins; i++) {
        double side = a > 0 ? model->up[i] : model->down[i];
        asimov.n[i] = model->factor
                          ? model->b[i] * pow(side, fabs(a))
                          : model->b[i] + fabs(a) * (side - model->b[i]);
    }
    asimov.centre = a;
    return asimov;
}

#endif
