// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_gp.c - Bayesian optimisation with Gaussian processes
//
// The model is a Gaussian process for each output of a prefix of the results
// (surrogate.h). A suggestion appends the results since then with their values
// and the pending trials with the values that are believed there, and goes
// where a try is worth most (worth.h, ascent.h): two trials of three by
// expected improvement, the third by an upper confidence bound near the known
// points.
//
// Until max(10, d + 1) results have a value it suggests scrambled Sobol points.
// See optimizers/README.md, section gp.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ascent.h"
#include "memory.h"
#include "pareto.h"
#include "rng.h"
#include "sobol.h"
#include "surrogate.h"
#include "tried.h"
#include "worth.h"

enum {
    BEST = 5,       // known points that are perturbed; twice as many
                    // with several objectives
    BORROWED = 3,   // first points from other studies, one from each
    RECHECKED = 40, // found points that may turn out to be tried
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
    bool ready; // else there are too few results, or no process fits
    struct surrogate surrogate;
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

// ---- model ------------------------------------------------------------------

static double startup(const struct sampler_task *task)
{
    double asked = task->options[STARTUP], d = (double)task->space->n;
    if (!isnan(asked))
        return asked;
    return task->prior && task->prior->n ? 5 : fmax(10, d + 1);
}

static bool slow(const struct sampler_task *task, size_t n_ended)
{
    return (double)n_ended >= startup(task);
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){0};
    arena_init(&model->arena);
    double usable = (double)surrogate_usable(task->history, n_ended);
    double least_noise = task->options[DETERMINISTIC] != 0 ? 1e-8 : 1e-6;
    if (task->space->n > 0 && usable >= startup(task))
        model->ready = surrogate_fit(task, n_ended, least_noise, &model->arena,
                                     &model->surrogate);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

// ---- what to aim at ---------------------------------------------------------

// What a suggestion is told from.
struct view {
    const struct sampler_task *task;
    uint64_t number;
    struct surrogate now;
    const struct gp **gps; // of its outputs
    size_t n_pending;
    bool *eligible; // [points of the first process] may be the best
    size_t n_front;
    size_t *front; // points that no eligible one dominates; one objective: 0
};

// Is a result feasible, as far as was told? With constraints nothing is
// believed of pending trials.
static bool feasible(const struct view *view, uint32_t trial)
{
    const struct history *history = view->task->history;
    if (trial == SURROGATE_OTHER || view->now.n_objectives == 0)
        return false;
    switch (history->state[trial]) {
    case TRIAL_COMPLETE:
    case TRIAL_PRUNED:
        return !(history_violation(history, trial) > 0);
    case TRIAL_RUNNING:
        return view->now.n_outputs == view->now.n_objectives;
    default:
        return false;
    }
}

static struct view look(const struct sampler_task *task,
                        const struct surrogate *surrogate, uint64_t number,
                        struct arena *arena)
{
    struct view view = {.task = task, .number = number};
    view.now = surrogate_look(surrogate, task->history, number, arena);
    view.gps = arena_alloc(arena, view.now.n_outputs * sizeof *view.gps);
    for (size_t i = 0; i < view.now.n_outputs; i++)
        view.gps[i] = &view.now.output[i].gp;
    size_t n = view.gps[0]->points.n;
    view.eligible = arena_alloc(arena, n * sizeof *view.eligible);
    for (size_t i = 0; i < n; i++) {
        uint32_t trial = view.now.trial[i];
        view.eligible[i] = feasible(&view, trial);
        view.n_pending += trial != SURROGATE_OTHER &&
                          task->history->state[trial] == TRIAL_RUNNING;
    }
    return view;
}

// What an objective is at point i: its value, or, with noise, its mean.
static double value_at(const struct gp *gp, size_t i)
{
    bool noisy = gp->noise + gp->variance[i] > 1e-3 * gp->scale;
    return noisy ? gp_mean_at(gp, i) : gp->y[i];
}

// Writes the objectives of the eligible points to value[n x m] and which these
// are to point[n]; returns n.
static size_t collect(const struct view *view, double *value, size_t *point)
{
    size_t m = view->now.n_objectives, n = 0;
    for (size_t i = 0; i < view->gps[0]->points.n; i++) {
        if (!view->eligible[i])
            continue;
        for (size_t k = 0; k < m; k++)
            value[n * m + k] = value_at(view->gps[k], i);
        point[n++] = i;
    }
    return n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// The boxes below a reference point: that of hypervolume.h, but in no objective
// better than the upper quartile, lest a front that has shrunk to a point stays
// one.
static const struct boxes *boxes_around(size_t n, size_t m, const double *value,
                                        struct arena *arena)
{
    double *reference = arena_doubles(arena, m);
    double *sorted = arena_doubles(arena, n);
    struct boxes *boxes = arena_alloc(arena, sizeof *boxes);
    hypervolume_reference(value, n, m, arena, reference);
    for (size_t k = 0; k < m; k++) {
        for (size_t i = 0; i < n; i++)
            sorted[i] = value[i * m + k];
        qsort(sorted, n, sizeof *sorted, by_size);
        reference[k] = fmax(reference[k], sorted[3 * (n - 1) / 4]);
    }
    *boxes =
        boxes_of(&(struct hypervolume_task){n, m, value, reference}, arena);
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

static struct worth aim(struct view *view, struct rng *rng, struct arena *arena)
{
    size_t m = view->now.n_objectives, all = view->gps[0]->points.n;
    struct worth worth = {.n_objectives = m,
                          .n_constraints = view->now.n_outputs - m};
    double *value = arena_doubles(arena, all * m + 1);
    double *ideal = arena_doubles(arena, m + 1);
    size_t *point = arena_alloc(arena, (all + 1) * sizeof *point);
    size_t n = collect(view, value, point);
    if (n == 0)
        return worth; // the probability to be feasible
    for (size_t k = 0; k < m; k++) {
        ideal[k] = INFINITY;
        for (size_t i = 0; i < n; i++)
            ideal[k] = fmin(ideal[k], value[i * m + k]);
    }
    worth.best = ideal[0];
    worth.ideal = ideal;
    if (m == 1) {
        worth.kind = view->number % 3 == 2 ? WORTH_OPTIMISM : WORTH_IMPROVEMENT;
        return worth;
    }
    view->front = arena_alloc(arena, n * sizeof *view->front);
    struct pareto_set set = {n, m, value, NULL};
    view->n_front = pareto_front(&set, arena, view->front);
    for (size_t i = 0; i < view->n_front; i++)
        view->front[i] = point[view->front[i]];
    worth.kind = m <= BOXES_MOST_OBJECTIVES ? WORTH_VOLUME : WORTH_MIXTURE;
    if (worth.kind == WORTH_VOLUME)
        worth.boxes = boxes_around(n, m, value, arena);
    else
        worth.weight = random_weights(m, rng, arena);
    return worth;
}

// Vizier's trust region grows with the number of points.
static double radius(const struct view *view, const struct worth *worth)
{
    double n = (double)view->gps[0]->points.n;
    double r = 0.2 + 0.3 * n / (5 * ((double)view->task->space->n + 1));
    return worth->kind == WORTH_OPTIMISM && r <= 0.5 ? r : INFINITY;
}

// Is point i of the first process to be preferred to j?
static bool better(const struct view *view, size_t i, size_t j)
{
    if (view->eligible[i] != view->eligible[j])
        return view->eligible[i];
    return view->gps[0]->y[i] < view->gps[0]->y[j];
}

// The indices of the best known points of the first process, or some of the
// front; returns how many.
static size_t best_known(const struct view *view, struct rng *rng,
                         size_t best[2 * BEST])
{
    size_t n = 0;
    if (view->n_front > 0) {
        rng_shuffle(rng, view->front, view->n_front);
        n = view->n_front < 2 * BEST ? view->n_front : 2 * BEST;
        memcpy(best, view->front, n * sizeof *best);
        return n;
    }
    for (size_t i = 0; i < view->gps[0]->points.n; i++) {
        size_t at = n;
        while (at > 0 && better(view, i, best[at - 1]))
            at--;
        if (at == BEST)
            continue;
        n += n < BEST;
        for (size_t j = n - 1; j > at; j--)
            best[j] = best[j - 1];
        best[at] = i;
    }
    return n;
}

// Copies points of the first process to rows of d coordinates.
static double *copy_points(const struct view *view, size_t n,
                           const size_t *index, struct arena *arena)
{
    const struct matern_points *points = &view->gps[0]->points;
    size_t d = view->task->space->n;
    double *unit = arena_doubles(arena, n * d);
    double *x = arena_doubles(arena, points->d);
    for (size_t i = 0; i < n; i++) {
        gp_points_get(points, index[i], x);
        memcpy(unit + i * d, x, d * sizeof *x);
    }
    return unit;
}

// ---- suggestions ------------------------------------------------------------

// Writes the best point of another study, for the first objective.
static void borrow(const struct sampler_task *task, size_t source,
                   double *point)
{
    const struct prior *prior = task->prior;
    size_t m = task->history->n_objectives, d = task->space->n;
    double least = INFINITY;
    for (size_t i = 0; i < prior->n; i++)
        if (prior->source[i] == source && prior->value[i * m] < least) {
            least = prior->value[i * m];
            space_decode(task->space, prior->unit + i * d, point);
        }
}

static const char *start(const struct sampler_task *task, uint64_t number,
                         struct rng *rng, struct arena *arena, double *point)
{
    double *unit = arena_doubles(arena, task->space->n);
    sobol_scrambled(task->seed, number, task->space->n, rng, unit);
    space_decode(task->space, unit, point);
    bool borrowed =
        task->prior && number < task->prior->n_sources && number < BORROWED;
    if (borrowed)
        borrow(task, number, point);
    if (tried(task->history, number, point))
        tried_random_other(task->history, number, rng, arena, point);
    return borrowed ? "start design: the best point of another study"
                    : "start design: a Sobol point";
}

// Is a unit point practically one of the process's, of this study?
static bool known(const struct gp *gp, size_t d, const double *unit)
{
    const struct matern_points *points = &gp->points;
    for (size_t i = 0; i < points->n; i++) {
        bool same = points->d == d || points->x[d * points->stride + i] == 0;
        for (size_t k = 0; k < d && same; k++) {
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
static bool take(const struct view *view, struct ascent_points found,
                 double *point)
{
    size_t d = view->task->space->n;
    for (size_t i = 0; i < found.n && i < RECHECKED; i++) {
        const double *unit = found.unit + i * d;
        bool old = false;
        for (size_t j = 0; j < view->now.n_outputs && !old; j++)
            old = known(view->gps[j], d, unit);
        space_decode(view->task->space, unit, point);
        if (!old && !tried(view->task->history, view->number, point))
            return true;
    }
    return false;
}

// The share of the results that a mean is better than, in percent.
static double standing(const struct view *view, double mean)
{
    const struct gp *gp = view->gps[0];
    size_t n = 0, worse = 0;
    for (size_t i = 0; i < gp->points.n; i++)
        if (view->now.trial[i] != SURROGATE_OTHER) {
            n++;
            worse += gp->y[i] > mean;
        }
    return 100 * (double)worse / (double)n;
}

static const char *explain(const struct view *view, const struct worth *worth,
                           const double *point, struct arena *arena)
{
    static const char *const kinds[] = {
        [WORTH_FEASIBILITY] = "probability to be feasible",
        [WORTH_IMPROVEMENT] = "expected improvement",
        [WORTH_OPTIMISM] = "upper confidence bound",
        [WORTH_VOLUME] = "expected hypervolume improvement",
        [WORTH_MIXTURE] = "optimism about a random mixture of objectives",
    };
    const struct gp *gp = view->gps[0];
    const char *kind = kinds[worth->kind];
    size_t pending = view->n_pending, results = gp->points.n - pending;
    if (view->n_front > 0)
        return arena_print(
            arena, "%s; %zu results, %zu pending; %zu points on the front",
            kind, results, pending, view->n_front);
    double *x = arena_zeros(arena, gp->points.d, sizeof *x);
    space_encode(view->task->space, point, x);
    double share = standing(view, gp_predict(gp, x, arena).mean);
    return arena_print(
        arena, "%s; %zu results, %zu pending; predicted better than %.0f %%",
        kind, results, pending, share);
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    if (!model->ready) {
        out->why = start(task, number, &rng, arena, out->point);
        return 0;
    }
    struct view view = look(task, &model->surrogate, number, arena);
    struct worth worth = aim(&view, &rng, arena);
    size_t best[2 * BEST], n_best = best_known(&view, &rng, best);
    struct ascent ascent = {.space = task->space,
                            .worth = &worth,
                            .gps = view.gps,
                            .n_best = n_best,
                            .best = copy_points(&view, n_best, best, arena),
                            .radius = radius(&view, &worth)};
    struct ascent_points found = ascent_find(&ascent, &rng, arena);
    out->why = NULL;
    if (take(&view, found, out->point))
        out->why = explain(&view, &worth, out->point, arena);
    else if (!tried_random_other(task->history, number, &rng, arena,
                                 out->point))
        space_decode(task->space, found.unit, out->point);
    return 0;
}

const struct sampler sampler_gp = {
    .name = "gp",
    .help = "Gaussian process: fewest trials where each is costly",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .several = true,
    .fit_length = fit_length,
    .fit = fit,
    .slow = slow,
    .model_free = model_free,
    .suggest = suggest,
};
