// SPDX-License-Identifier: GPL-3.0-or-later
// ehvi.c - what a try is worth when there are several objectives

#include "ehvi.h"

#include <math.h>
#include <string.h>

#include "acquisition.h"

// ln (h(a) - h(b)) for a > b, its slope when both grow, and the slope of ln (sd
// (h(a) - h(b))) with ln sd when what is behind a and b stays.
struct term {
    double log, shift, spread;
};

// A thin box: h' = Phi and h'' = phi in the middle of it. Where Phi / h = r,
// phi is h (1 - u r).
static struct term thin(double a, double b)
{
    double ratio, u = 0.5 * a + 0.5 * b;
    double log_h = acquisition_log_h(u, &ratio);
    double hazard = 1 / ratio - u;
    return (struct term){
        .log = log_h + log(ratio) + log(a - b),
        .shift = hazard,
        .spread = -u * hazard,
    };
}

static struct term term_of(double a, double b)
{
    double ratio_a, ratio_b = 0, log_a = acquisition_log_h(a, &ratio_a);
    if (b < -1e100)
        return (struct term){log_a, ratio_a, 1 - a * ratio_a};
    if (a - b < 1e-4 / fmax(1, fabs(a)))
        return thin(a, b);
    double drop = acquisition_log_h(b, &ratio_b) - log_a; // < 0
    double left = -expm1(drop), share = exp(drop);
    return (struct term){
        .log = log_a + log(left),
        .shift = (ratio_a - ratio_b * share) / left,
        .spread = ((1 - a * ratio_a) - (1 - b * ratio_b) * share) / left,
    };
}

// A sum of exponentials and of its derivatives, divided by the exponential of
// the largest term so far.
struct sum {
    double largest, value;
};

static void add(struct sum *sum, double log, const struct term *term,
                const struct boxes *boxes, double *slopes)
{
    size_t m = boxes->m;
    if (log > sum->largest) {
        double fade = exp(sum->largest - log);
        sum->largest = log;
        sum->value *= fade;
        for (size_t k = 0; k < 2 * m; k++)
            slopes[k] *= fade;
    }
    double weight = exp(log - sum->largest);
    sum->value += weight;
    for (size_t k = 0; k < m; k++) {
        slopes[k] += weight * term[k].shift;
        slopes[m + k] += weight * term[k].spread;
    }
}

double ehvi_log(const struct boxes *boxes, const double *mean, const double *sd,
                double *by_mean, double *by_sd)
{
    size_t m = boxes->m;
    struct term term[BOXES_MOST_OBJECTIVES];
    double slopes[2 * BOXES_MOST_OBJECTIVES] = {0};
    struct sum sum = {.largest = -INFINITY};
    for (size_t i = 0; i < boxes->n; i++) {
        double log_box = 0;
        for (size_t k = 0; k < m; k++) {
            double low = boxes->low[i * m + k], high = boxes->high[i * m + k];
            term[k] =
                term_of((high - mean[k]) / sd[k], (low - mean[k]) / sd[k]);
            log_box += log(sd[k]) + term[k].log;
        }
        add(&sum, log_box, term, boxes, slopes);
    }
    for (size_t k = 0; k < m; k++) {
        by_mean[k] = -slopes[k] / sum.value / sd[k];
        by_sd[k] = slopes[m + k] / sum.value / sd[k];
    }
    return sum.largest + log(sum.value);
}
