// SPDX-License-Identifier: GPL-3.0-or-later
// warmstart.c - where CMA-ES begins when something is known already

#include "warmstart.h"

#include <math.h>
#include <stdlib.h>

#include "fold.h"
#include "merit.h"

// The noise around each point: the paper's alpha for other functions, enough
// to move on for our own.
static const double noise_of_prior = 0.1, noise_of_results = 0.01;
static const double best = 0.1; // the paper's gamma

// Unit points, to be described.
struct cloud {
    const double **unit;
    size_t n;
};

static double raw_of(const struct warmstart *t, const double *unit, size_t k)
{
    double u = unit[t->axis[k]];
    return param_levels(&t->task->space->params[t->axis[k]]) ? u
                                                             : fold_inside(u);
}

static struct cma *describe(const struct warmstart *t,
                            const struct cloud *cloud, double noise,
                            struct arena *arena)
{
    size_t n = t->n;
    double *mean = arena_zeros(arena, n, sizeof *mean);
    double *covariance = arena_zeros(arena, n * n, sizeof *covariance);
    double *off = arena_doubles(arena, n), share = 1 / (double)cloud->n;
    for (size_t i = 0; i < cloud->n; i++)
        for (size_t k = 0; k < n; k++)
            mean[k] += share * raw_of(t, cloud->unit[i], k);
    for (size_t i = 0; i < cloud->n; i++) {
        for (size_t k = 0; k < n; k++)
            off[k] = raw_of(t, cloud->unit[i], k) - mean[k];
        for (size_t j = 0; j < n; j++)
            for (size_t k = cloud->n > n ? 0 : j; k <= j; k++)
                covariance[j * n + k] += share * off[j] * off[k];
    }
    for (size_t j = 0; j < n; j++) {
        covariance[j * n + j] += noise * noise;
        for (size_t k = 0; k < j; k++)
            covariance[k * n + j] = covariance[j * n + k];
    }
    return cma_new_shaped(n, mean, covariance, arena);
}

struct ranked {
    double value;
    uint32_t source;
    size_t number;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

struct cma *warmstart_prior(const struct warmstart *t, struct arena *arena)
{
    const struct prior *prior = t->task->prior;
    size_t m = t->task->history->n_objectives, d = t->task->space->n;
    if (prior->n < WARMSTART_LEAST)
        return NULL;
    struct ranked *ranked = arena_zeros(arena, prior->n, sizeof *ranked);
    struct cloud cloud = {.unit =
                              arena_alloc(arena, prior->n * sizeof(void *))};
    for (size_t i = 0; i < prior->n; i++)
        ranked[i] = (struct ranked){prior->value[i * m], prior->source[i], i};
    qsort(ranked, prior->n, sizeof *ranked, compare);
    for (size_t first = 0, end = 0; first < prior->n; first = end) {
        while (end < prior->n && ranked[end].source == ranked[first].source)
            end++;
        size_t n = (size_t)ceil(best * (double)(end - first));
        for (size_t i = 0; i < n; i++)
            cloud.unit[cloud.n++] = prior->unit + ranked[first + i].number * d;
    }
    return describe(t, &cloud, noise_of_prior, arena);
}

struct cma *warmstart_results(const struct warmstart *t, size_t n_ended,
                              struct arena *arena)
{
    const struct history *history = t->task->history;
    struct merit *merits = arena_zeros(arena, n_ended, sizeof *merits);
    size_t n = 0;
    for (size_t i = 0; i < n_ended; i++) {
        merits[n] = merit_of(history, history->ended[i]);
        n += merits[n].rank == MERIT_COMPLETE;
    }
    if (n < WARMSTART_LEAST)
        return NULL;
    struct cloud cloud = {.n = (size_t)ceil(best * (double)n)};
    cloud.unit = arena_alloc(arena, cloud.n * sizeof(void *));
    merit_select(merits, n, cloud.n);
    for (size_t i = 0; i < cloud.n; i++)
        cloud.unit[i] = history_unit(history, merits[i].number);
    return describe(t, &cloud, noise_of_results, arena);
}
