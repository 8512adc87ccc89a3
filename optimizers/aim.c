// SPDX-License-Identifier: GPL-3.0-or-later
// aim.c - what a suggestion is after, told from what is known

#include "aim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hypervolume.h"
#include "pareto.h"

enum { BEST = 5 }; // points to begin at; twice as many on a front

// ---- candidates for the best ------------------------------------------------

// The points of the first process that may be the best, and their objectives.
struct known {
    size_t n, m;
    size_t *point; // [n]
    double *value; // [n x m]
};

// Is a result feasible, as far as was told? With constraints nothing is
// believed of pending trials.
static bool feasible(const struct surrogate *surrogate,
                     const struct history *history, uint32_t trial)
{
    if (trial == SURROGATE_OTHER)
        return false;
    switch (history->state[trial]) {
    case TRIAL_COMPLETE:
    case TRIAL_PRUNED:
        return !(history_violation(history, trial) > 0);
    case TRIAL_RUNNING:
        return surrogate->n_outputs == surrogate->n_objectives;
    default:
        return false;
    }
}

// What an objective is at point i: its value, or, with noise, its mean.
static double value_at(const struct gp *gp, size_t i)
{
    bool noisy = gp->noise + gp->variance[i] > 1e-3 * gp->scale;
    return noisy ? gp_mean_at(gp, i) : gp->y[i];
}

static struct known collect(const struct surrogate *surrogate,
                            const struct history *history, struct arena *arena)
{
    size_t m = surrogate->n_objectives, all = surrogate->output->gp.points.n;
    struct known known = {.m = m};
    known.point = arena_alloc(arena, all * sizeof *known.point);
    known.value = arena_doubles(arena, all * m + 1);
    for (size_t i = 0; i < all && m > 0; i++) {
        if (!feasible(surrogate, history, surrogate->trial[i]))
            continue;
        for (size_t k = 0; k < m; k++) {
            // Results of other studies come first; not all processes have them.
            const struct gp *gp = &surrogate->output[k].gp;
            known.value[known.n * m + k] = value_at(gp, i + gp->points.n - all);
        }
        known.point[known.n++] = i;
    }
    return known;
}

// ---- several objectives -----------------------------------------------------

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// The boxes below a reference point: that of hypervolume.h, but in no objective
// better than the upper quartile, lest a front that has shrunk to a point stays
// one.
static const struct boxes *boxes_around(const struct known *known,
                                        struct arena *arena)
{
    size_t n = known->n, m = known->m;
    double *reference = arena_doubles(arena, m);
    double *sorted = arena_doubles(arena, n);
    struct boxes *boxes = arena_alloc(arena, sizeof *boxes);
    hypervolume_reference(known->value, n, m, arena, reference);
    for (size_t k = 0; k < m; k++) {
        for (size_t i = 0; i < n; i++)
            sorted[i] = known->value[i * m + k];
        qsort(sorted, n, sizeof *sorted, by_size);
        reference[k] = fmax(reference[k], sorted[3 * (n - 1) / 4]);
    }
    *boxes = boxes_of(&(struct hypervolume_task){n, m, known->value, reference},
                      arena);
    return boxes;
}

// Uniform over all weights >= 0 whose sum is 1.
static double *random_weights(size_t m, struct rng *rng, struct arena *arena)
{
    double *weight = arena_doubles(arena, m), sum = 0;
    for (size_t k = 0; k < m; k++)
        sum += weight[k] = -log(1 - rng_uniform(rng));
    for (size_t k = 0; k < m; k++)
        weight[k] /= sum;
    return weight;
}

// The least value of each objective.
static double *ideal_of(const struct known *known, struct arena *arena)
{
    double *ideal = arena_doubles(arena, known->m);
    for (size_t k = 0; k < known->m; k++) {
        ideal[k] = INFINITY;
        for (size_t i = 0; i < known->n; i++)
            ideal[k] = fmin(ideal[k], known->value[i * known->m + k]);
    }
    return ideal;
}

static void choose(struct worth *worth, const struct known *known,
                   uint64_t number, struct rng *rng, struct arena *arena)
{
    if (known->n == 0)
        return; // the probability to be feasible
    const double *ideal = ideal_of(known, arena);
    if (known->m == 1) {
        worth->kind = number % 3 == 2 ? WORTH_OPTIMISM : WORTH_IMPROVEMENT;
        worth->best = *ideal;
    } else if (known->m <= BOXES_MOST_OBJECTIVES) {
        worth->kind = WORTH_VOLUME;
        worth->boxes = boxes_around(known, arena);
    } else {
        worth->kind = WORTH_MIXTURE;
        worth->ideal = ideal;
        worth->weight = random_weights(known->m, rng, arena);
    }
}

// ---- where to begin ---------------------------------------------------------

// Writes the indices of the least y of some points of a process, or of all
// when there are none; returns how many.
static size_t least(const struct gp *gp, const struct known *known,
                    size_t index[BEST])
{
    size_t n = 0, all = known->n ? known->n : gp->points.n;
    for (size_t i = 0; i < all; i++) {
        size_t point = known->n ? known->point[i] : i, at = n;
        while (at > 0 && gp->y[point] < gp->y[index[at - 1]])
            at--;
        if (at == BEST)
            continue;
        n += n < BEST;
        for (size_t j = n - 1; j > at; j--)
            index[j] = index[j - 1];
        index[at] = point;
    }
    return n;
}

// Writes the indices of some points on the front; returns how many.
static size_t some_of(struct aim *aim, const struct known *known,
                      struct rng *rng, struct arena *arena,
                      size_t index[2 * BEST])
{
    size_t *front = arena_alloc(arena, known->n * sizeof *front);
    struct pareto_set set = {known->n, known->m, known->value, NULL};
    aim->n_front = pareto_front(&set, arena, front);
    rng_shuffle(rng, front, aim->n_front);
    size_t n = aim->n_front < 2 * BEST ? aim->n_front : 2 * BEST;
    for (size_t i = 0; i < n; i++)
        index[i] = known->point[front[i]];
    return n;
}

static void begin(struct aim *aim, const struct known *known, size_t d,
                  struct rng *rng, struct arena *arena)
{
    const struct matern_points *points = &aim->gps[0].points;
    size_t index[2 * BEST];
    if (known->n > 0 && known->m > 1)
        aim->n_best = some_of(aim, known, rng, arena, index);
    else
        aim->n_best = least(&aim->gps[0], known, index);
    aim->best = arena_doubles(arena, aim->n_best * d);
    double *x = arena_doubles(arena, points->d);
    for (size_t i = 0; i < aim->n_best; i++) {
        gp_points_get(points, index[i], x);
        memcpy(aim->best + i * d, x, d * sizeof *x);
    }
}

// Vizier's trust region grows with the number of points.
static double radius(const struct worth *worth, size_t n, size_t d)
{
    double r = 0.2 + 0.3 * (double)n / (5 * ((double)d + 1));
    return worth->kind == WORTH_OPTIMISM && r <= 0.5 ? r : INFINITY;
}

// ---- all of it --------------------------------------------------------------

struct aim aim_of(const struct surrogate *surrogate,
                  const struct history *history, uint64_t number,
                  struct rng *rng, struct arena *arena)
{
    size_t n = surrogate->n_outputs, m = surrogate->n_objectives;
    struct aim aim = {.worth = {.n_objectives = m, .n_constraints = n - m}};
    aim.gps = arena_alloc(arena, n * sizeof *aim.gps);
    for (size_t i = 0; i < n; i++)
        aim.gps[i] = surrogate->output[i].gp;
    size_t all = aim.gps[0].points.n, d = history->space->n;
    for (size_t i = 0; i < all; i++) {
        if (surrogate->trial[i] == SURROGATE_OTHER)
            continue;
        bool pending = history->state[surrogate->trial[i]] == TRIAL_RUNNING;
        aim.n_pending += pending;
        aim.n_results += !pending;
    }
    struct known known = collect(surrogate, history, arena);
    choose(&aim.worth, &known, number, rng, arena);
    begin(&aim, &known, d, rng, arena);
    aim.radius = radius(&aim.worth, all, d);
    return aim;
}
