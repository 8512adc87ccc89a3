// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_gp.c - Bayesian optimisation with a Gaussian process
//
// The model is a Gaussian process (gp.h) of the warped values (warp.h) of a
// prefix of the results. A suggestion appends the results since then with their
// values and the pending trials with the values that are believed there, and
// goes where an acquisition is largest (ascent.h): two trials of three by
// expected improvement, the third by an upper confidence bound near the known
// points.
//
// Until max(10, d + 1) results have a value it suggests scrambled Sobol points.
// Of more than 600 results the model sees the best ones, those near the best
// one and some of the others. See optimizers/README.md, section gp.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ascent.h"
#include "gp.h"
#include "memory.h"
#include "merit.h"
#include "rng.h"
#include "sobol.h"
#include "tried.h"
#include "warp.h"

enum {
    MOST = 600,         // results in the model; of more than these
    MOST_BEST = 100,    // the best,
    MOST_NEAR = 350,    // the nearest to the best, and some others
    MOST_PENDING = 100, // rows of running trials: the latest
    RECHECKED = 40,     // found points that may turn out to be tried
};

enum { STARTUP, DETERMINISTIC };

static const struct option options[] = {
    {"n_startup_trials", OPTION_INT, NAN, 1, 1e6,
     "results with a value before the first model; unset: max(10, d + 1)"},
    {"deterministic", OPTION_BOOL, 0, 0, 1,
     "the objective has no noise at all: allow less of it in the model"},
};

struct model {
    struct arena arena;
    size_t n_ended; // results that it has seen
    bool ready;     // else there are too few results, or no process fits
    struct gp gp;
    struct warp warp;
    double median; // of the complete values
    double worst;  // of the warped values
};

// ---- when to fit ------------------------------------------------------------

// Every result to 30; then steps of max(2, n / 40) to 200, of n / 20 to 1000,
// and of 50.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    size_t at = n_ended < 30 ? n_ended : 30;
    for (;;) {
        size_t step = at < 200 ? at / 40 : at / 20;
        step = step < 2 ? 2 : step;
        if (at >= 1000)
            return at + (n_ended - at) / 50 * 50;
        if (at < 30 || at + step > n_ended)
            return at;
        at += step;
    }
}

// Results with a value before the first model.
static double startup(const struct sampler_task *task)
{
    double given = task->options[STARTUP];
    return isnan(given) ? fmax(10, (double)task->space->n + 1) : given;
}

static bool slow(const struct sampler_task *task, size_t n_ended)
{
    return (double)n_ended >= startup(task);
}

// ---- values -----------------------------------------------------------------

static bool has_value(const struct merit *merit)
{
    return merit->rank <= MERIT_PRUNED && merit->value < HUGE_VAL;
}

// A pruned trial did not show what it was worth, only that it was not good:
// no better than the median.
static double raw_value(const struct model *model, const struct merit *merit)
{
    return merit->rank == MERIT_PRUNED ? fmax(model->median, merit->value)
                                       : merit->value;
}

static double warped(const struct model *model, const struct merit *merit)
{
    return has_value(merit) ? warp_value(&model->warp, raw_value(model, merit))
                            : model->worst;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// The median of the complete values; -INFINITY: there are none.
static double median_of(const struct merit *result, size_t n, double *scratch)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (result[i].rank == MERIT_COMPLETE)
            scratch[m++] = result[i].value;
    qsort(scratch, m, sizeof *scratch, by_size);
    return m ? 0.5 * scratch[(m - 1) / 2] + 0.5 * scratch[m / 2] : -INFINITY;
}

// Fits the warp to n results and writes their warped values to y.
static void bend(struct model *model, const struct merit *result, size_t n,
                 struct arena *arena, double *y)
{
    size_t m = 0;
    model->median = median_of(result, n, y);
    for (size_t i = 0; i < n; i++)
        if (has_value(&result[i]))
            y[m++] = raw_value(model, &result[i]);
    model->warp = warp_fit(y, m, arena);
    model->worst = -INFINITY;
    for (size_t i = 0; i < m; i++)
        model->worst = fmax(model->worst, warp_value(&model->warp, y[i]));
    for (size_t i = 0; i < n; i++)
        y[i] = warped(model, &result[i]);
}

// ---- the results that the model sees ----------------------------------------

struct neighbour {
    double distance;
    struct merit merit;
};

static int by_distance(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->merit.number < y->merit.number ? -1 : 1;
}

static double squared_distance(const struct history *history, uint32_t number,
                               uint32_t other)
{
    const double *a = history_unit(history, number);
    const double *b = history_unit(history, other);
    double sum = 0;
    for (size_t k = 0; k < history->space->n; k++) {
        bool category = history->space->params[k].kind == PARAM_CATEGORICAL;
        double gap = a[k] - b[k];
        if (isnan(gap))
            sum += isnan(a[k]) && isnan(b[k]) ? 0 : 1;
        else
            sum += category ? gap != 0 : gap * gap;
    }
    return sum;
}

// Moves the MOST results that matter to the front: the best, then the nearest
// to the best one, then others, evenly spread over the distances.
static void select_results(const struct history *history, struct merit *result,
                           size_t n, struct arena *arena)
{
    merit_select(result, n, MOST_BEST);
    size_t rest = n - MOST_BEST;
    struct neighbour *others = arena_alloc(arena, rest * sizeof *others);
    for (size_t i = 0; i < rest; i++) {
        others[i].merit = result[MOST_BEST + i];
        others[i].distance =
            squared_distance(history, others[i].merit.number, result[0].number);
    }
    qsort(others, rest, sizeof *others, by_distance);
    size_t spread = MOST - MOST_BEST - MOST_NEAR;
    for (size_t i = 0; i < MOST_NEAR; i++)
        result[MOST_BEST + i] = others[i].merit;
    for (size_t i = 0; i < spread; i++)
        result[MOST - spread + i] =
            others[MOST_NEAR + i * (rest - MOST_NEAR) / spread].merit;
}

// ---- model ------------------------------------------------------------------

static const enum matern_distance *distances(const struct space *space,
                                             struct arena *arena)
{
    enum matern_distance *kind =
        arena_alloc(arena, (space->n + 1) * sizeof *kind);
    for (size_t k = 0; k < space->n; k++) {
        const struct param *p = &space->params[k];
        bool category = p->kind == PARAM_CATEGORICAL || p->kind == PARAM_BOOL;
        if (p->n_conditions)
            kind[k] =
                category ? MATERN_CATEGORY_OR_NONE : MATERN_NUMBER_OR_NONE;
        else
            kind[k] = category ? MATERN_CATEGORY : MATERN_NUMBER;
    }
    return kind;
}

static void learn(struct model *model, const struct sampler_task *task,
                  struct merit *result, size_t n, struct arena *arena)
{
    size_t d = task->space->n;
    if (n > MOST) {
        select_results(task->history, result, n, arena);
        n = MOST;
    }
    struct gp_data data = {
        .least_noise = task->options[DETERMINISTIC] != 0 ? 1e-8 : 1e-6,
        .points = gp_points(n, d, distances(task->space, &model->arena), arena),
    };
    for (size_t i = 0; i < n; i++)
        gp_points_add(&data.points,
                      history_unit(task->history, result[i].number));
    double *y = arena_doubles(arena, n), *theta = arena_doubles(arena, d + 2);
    bend(model, result, n, arena, y);
    data.y = y;
    gp_learn(&data, arena, theta);
    model->ready = gp_condition(&model->gp, &data, theta, n, &model->arena);
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){.n_ended = n_ended};
    arena_init(&model->arena);
    struct arena scratch;
    arena_init(&scratch);
    struct merit *result =
        arena_alloc(&scratch, (n_ended + 1) * sizeof *result);
    size_t usable = 0, d = task->space->n;
    for (size_t i = 0; i < n_ended; i++) {
        result[i] = merit_of(task->history, task->history->ended[i]);
        usable += has_value(&result[i]);
    }
    if (d > 0 && usable > 0 && (double)usable >= startup(task))
        learn(model, task, result, n_ended, &scratch);
    arena_done(&scratch);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

// ---- suggestions ------------------------------------------------------------

static void start(const struct sampler_task *task, uint64_t number,
                  struct rng *rng, struct arena *arena, double *point)
{
    double *unit = arena_doubles(arena, task->space->n);
    sobol_scrambled(task->seed, number, task->space->n, rng, unit);
    space_decode(task->space, unit, point);
    if (tried(task->history, number, point))
        tried_random_other(task->history, number, rng, arena, point);
}

// The model's process with the results since the fit and the pending trials.
static struct gp look(const struct history *history, const struct model *model,
                      uint64_t number, struct arena *arena)
{
    size_t more = history->n_ended > model->n_ended
                      ? history->n_ended - model->n_ended
                      : 0;
    struct gp gp =
        gp_widen(&model->gp, model->gp.points.n + more + MOST_PENDING, arena);
    for (size_t i = model->n_ended; i < history->n_ended; i++) {
        struct merit merit = merit_of(history, history->ended[i]);
        if (merit.number < number)
            gp_append(&gp, history_unit(history, merit.number),
                      warped(model, &merit));
    }
    size_t end = history->count[TRIAL_RUNNING];
    while (end > 0 && history->running[end - 1] >= number)
        end--;
    for (size_t i = end > MOST_PENDING ? end - MOST_PENDING : 0; i < end; i++)
        gp_append(&gp, history_unit(history, history->running[i]), NAN);
    gp_solve(&gp);
    return gp;
}

// What is to be improved on: the least value, or, with noise, the least mean at
// a known point.
static double incumbent(const struct gp *gp)
{
    bool noisy = gp->noise > 1e-3 * gp->scale;
    double least = INFINITY;
    for (size_t i = 0; i < gp->points.n; i++)
        least = fmin(least, noisy ? gp_mean_at(gp, i) : gp->y[i]);
    return least;
}

// Is a unit point practically one of the known ones?
static bool known(const struct gp *gp, const double *unit)
{
    const struct matern_points *points = &gp->points;
    for (size_t i = 0; i < points->n; i++) {
        bool same = true;
        for (size_t k = 0; k < points->d && same; k++) {
            double other = points->x[k * points->stride + i];
            same = fabs(unit[k] - other) < 1e-7 ||
                   (isnan(unit[k]) && isnan(other));
        }
        if (same)
            return true;
    }
    return false;
}

// Writes the best point found that is neither known nor tried.
static bool take(const struct sampler_task *task, uint64_t number,
                 const struct gp *gp, struct ascent_points found, double *point)
{
    for (size_t i = 0; i < found.n && i < RECHECKED; i++) {
        const double *unit = found.unit + i * task->space->n;
        space_decode(task->space, unit, point);
        if (!known(gp, unit) && !tried(task->history, number, point))
            return true;
    }
    return false;
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    if (!model->ready) {
        start(task, number, &rng, arena, out->point);
        return 0;
    }
    struct gp gp = look(task->history, model, number, arena);
    double n = (double)gp.points.n, d = (double)task->space->n;
    double radius = 0.2 + 0.3 * n / (5 * (d + 1));
    struct ascent ascent = {.space = task->space,
                            .gp = &gp,
                            .optimist = number % 3 == 2,
                            .best = incumbent(&gp),
                            .radius = radius > 0.5 ? INFINITY : radius};
    struct ascent_points found = ascent_find(&ascent, &rng, arena);
    if (!take(task, number, &gp, found, out->point) &&
        !tried_random_other(task->history, number, &rng, arena, out->point))
        space_decode(task->space, found.unit, out->point);
    return 0;
}

const struct sampler sampler_gp = {
    .name = "gp",
    .help = "Gaussian process: fewest trials where each is costly",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .fit_length = fit_length,
    .fit = fit,
    .slow = slow,
    .model_free = model_free,
    .suggest = suggest,
};
