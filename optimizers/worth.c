// SPDX-License-Identifier: GPL-3.0-or-later
// worth.c - what a try is worth, told from the predictions of all outputs

#include "worth.h"

#include <math.h>
#include <string.h>

#include "acquisition.h"
#include "ehvi.h"

static const double kappa = 1; // standard deviations of optimism

static const double slight = 0.2; // the same for mixtures, which are many
static const double augmented = 0.05;

static double volume(const struct boxes *boxes, const struct gp_prediction *p,
                     double *by_mean, double *by_sd)
{
    double mean[BOXES_MOST_OBJECTIVES], sd[BOXES_MOST_OBJECTIVES];
    for (size_t k = 0; k < boxes->m; k++) {
        mean[k] = p[k].mean;
        sd[k] = p[k].sd;
    }
    return ehvi_log(boxes, mean, sd, by_mean, by_sd);
}

static double mixture(const struct worth *worth, const struct gp_prediction *p,
                      double *by_mean, double *by_sd)
{
    size_t largest = 0;
    double sum = 0, most = -INFINITY;
    for (size_t k = 0; k < worth->n_objectives; k++) {
        double y = p[k].mean - slight * p[k].sd;
        double part = worth->weight[k] * (y - worth->ideal[k]);
        sum += part;
        if (part > most) {
            most = part;
            largest = k;
        }
    }
    for (size_t k = 0; k < worth->n_objectives; k++) {
        double share = augmented + (k == largest ? 1 : 0);
        by_mean[k] = -share * worth->weight[k];
        by_sd[k] = share * worth->weight[k] * slight;
    }
    return -most - augmented * sum;
}

static double of_objectives(const struct worth *worth,
                            const struct gp_prediction *p, double *by_mean,
                            double *by_sd)
{
    struct acquisition a;
    switch (worth->kind) {
    case WORTH_IMPROVEMENT:
        a = acquisition_log_ei(p->mean, p->sd, worth->best);
        break;
    case WORTH_OPTIMISM:
        a = acquisition_ucb(p->mean, p->sd, kappa);
        break;
    case WORTH_VOLUME:
        return volume(worth->boxes, p, by_mean, by_sd);
    case WORTH_MIXTURE:
        return mixture(worth, p, by_mean, by_sd);
    default:
        return 0;
    }
    *by_mean = a.by_mean;
    *by_sd = a.by_sd;
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
