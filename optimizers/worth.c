// SPDX-License-Identifier: GPL-3.0-or-later
// worth.c - what a try is worth, told from the predictions of all outputs

#include "worth.h"

#include <string.h>

#include "acquisition.h"

static const double kappa = 1.8; // standard deviations of optimism

static double of_objectives(const struct worth *worth,
                            const struct gp_prediction *p, double *by_mean,
                            double *by_sd)
{
    struct acquisition a = {0};
    if (worth->kind == WORTH_IMPROVEMENT)
        a = acquisition_log_ei(p->mean, p->sd, worth->best);
    if (worth->kind == WORTH_OPTIMISM)
        a = acquisition_ucb(p->mean, p->sd, kappa);
    if (worth->n_objectives > 0) {
        *by_mean = a.by_mean;
        *by_sd = a.by_sd;
    }
    return a.value;
}

double worth_of(const struct worth *worth,
                const struct gp_prediction *predictions, double *by_mean,
                double *by_sd)
{
    size_t m = worth->n_objectives, n = m + worth->n_constraints;
    memset(by_mean, 0, n * sizeof *by_mean);
    memset(by_sd, 0, n * sizeof *by_sd);
    double sum = of_objectives(worth, predictions, by_mean, by_sd);
    for (size_t j = m; j < n; j++) {
        struct acquisition a =
            acquisition_log_probability(predictions[j].mean, predictions[j].sd);
        sum += a.value;
        by_mean[j] = a.by_mean;
        by_sd[j] = a.by_sd;
    }
    return sum;
}
