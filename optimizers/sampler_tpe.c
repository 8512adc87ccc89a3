// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_tpe.c - tree-structured Parzen estimator
//
// Splits the results into good and bad ones, learns a density of each (l and
// g, see parzen.h) and suggests, of some points drawn from l, the one of
// largest l / g. The set of components is the one recommended by S. Watanabe,
// "Tree-structured Parzen estimator: understanding its algorithm components and
// their roles for better empirical performance", arXiv:2304.11127:
//   split       the best min(ceil(gamma n), 25) of n results with a value are
//               good
//   weights     l: by the improvement over the best bad value; g: 1 each
//   bandwidths  see parzen.h; floor max(0.03, (n + 2)^-2) of the range, or
//               max(0.01, 1 / (n + 2)) where more than 8 parameters are active
//
// Before there are n_startup_trials results with a value it suggests
// scrambled Sobol points.
//
// Results are ordered as in merit.h; those without a value are always bad. The
// model holds l and g of a prefix of the results. A suggestion appends to g
// the pending trials (constant liar) and the results since then; when one of
// those is among the good, l is rebuilt from the best of both, which is cheap.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "merit.h"
#include "parzen.h"
#include "rng.h"
#include "sobol.h"
#include "tried.h"

enum {
    MAX_GOOD = 25,  // results in l
    MAX_BAD = 500,  // kernels in g
    KEPT_BAD = 250, // of these, the best ones always
};

enum { STARTUP, CANDIDATES, MULTIVARIATE, MAGIC_CLIP, GAMMA };

static const struct option options[] = {
    {"n_startup_trials", OPTION_INT, 10, 0, 1e6,
     "results with a value before the first model"},
    {"n_ei_candidates", OPTION_INT, 24, 1, 10000,
     "points drawn from the good density, of which the best is suggested"},
    {"multivariate", OPTION_BOOL, 1, 0, 1,
     "model all parameters together, not each alone"},
    {"consider_magic_clip", OPTION_BOOL, 1, 0, 1,
     "keep bandwidths above 1 to 3 % of the range, else above 0.1 %"},
    {"gamma", OPTION_REAL, 0.15, 0.001, 0.999,
     "share of the results that counts as good, up to 25 of them"},
};

struct model {
    struct arena arena;
    size_t n_ended;        // results that it has seen
    size_t n_good, n_best; // n_best: good ones and the best bad one, if any
    struct merit best[MAX_GOOD + 1];
    double floor_good, floor_bad;
    struct parzen *good, *bad; // NULL: too few results
};

// ---- model ------------------------------------------------------------------

static size_t good_count(double gamma, size_t n)
{
    size_t good = (size_t)ceil(gamma * (double)n);
    return good < MAX_GOOD ? good : MAX_GOOD;
}

// Weights of the good ones by their improvement over the best bad one; equal
// unless all of these are complete and differ.
static void improvements(const struct merit *best, size_t n_good, size_t n_best,
                         double *weight)
{
    double largest = 0;
    bool comparable = n_best > n_good && best[n_good].rank == MERIT_COMPLETE;
    for (size_t i = 0; i < n_good; i++) {
        // halved, so that the difference of finite numbers is finite
        weight[i] =
            comparable ? 0.5 * best[n_good].value - 0.5 * best[i].value : 0;
        largest = fmax(largest, weight[i]);
    }
    for (size_t i = 0; i < n_good; i++)
        weight[i] = largest > 0 ? fmax(weight[i] / largest, 1e-12) : 1;
}

static struct parzen *build_good(const struct sampler_task *task,
                                 const struct merit *best, size_t n_good,
                                 size_t n_best, double floor,
                                 struct arena *arena)
{
    const double *unit[MAX_GOOD];
    double weight[MAX_GOOD], sum = 0;
    improvements(best, n_good, n_best, weight);
    for (size_t i = 0; i < n_good; i++) {
        unit[i] = history_unit(task->history, best[i].number);
        sum += weight[i];
    }
    struct parzen_plan plan = {
        .space = task->space,
        .n = n_good,
        .unit = unit,
        .weight = weight,
        .prior_weight = n_good ? sum / (double)n_good : 1,
        .floor = floor,
    };
    return parzen_build(&plan, arena);
}

// Leaves the first KEPT_BAD of result[0..n) and a random choice of the others,
// MAX_BAD in all; returns the weight of each of the latter.
static double thin_out(struct merit *result, size_t n, struct rng rng)
{
    for (size_t i = KEPT_BAD; i < MAX_BAD; i++) {
        size_t j = i + (size_t)rng_below(&rng, n - i);
        struct merit chosen = result[j];
        result[j] = result[i];
        result[i] = chosen;
    }
    return (double)(n - KEPT_BAD) / (MAX_BAD - KEPT_BAD);
}

static struct parzen *build_bad(const struct sampler_task *task,
                                struct merit *result, size_t n, double floor,
                                struct arena *arena)
{
    double rest = 1;
    if (n > MAX_BAD) {
        rest = thin_out(result, n, rng_at(task->seed, RNG_STUDY + n));
        n = MAX_BAD;
    }
    const double **unit = arena_alloc(arena, (n + 1) * sizeof *unit);
    double *weight = arena_doubles(arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        unit[i] = history_unit(task->history, result[i].number);
        weight[i] = i < KEPT_BAD ? 1 : rest;
    }
    struct parzen_plan plan = {
        .space = task->space,
        .n = n,
        .unit = unit,
        .weight = weight,
        .prior_weight = 1,
        .floor = floor,
    };
    return parzen_build(&plan, arena);
}

// Least bandwidth among n observations.
static double least_width(bool magic_clip, double active, size_t n)
{
    double part = 1 / ((double)n + 2);
    if (!magic_clip)
        return 0.001;
    return active <= 8 ? fmax(0.03, part * part) : fmax(0.01, part);
}

// Mean number of active parameters.
static double mean_active(const struct sampler_task *task,
                          const struct merit *result, size_t n)
{
    size_t active = 0, d = task->space->n;
    for (size_t i = 0; i < n; i++) {
        const double *unit = history_unit(task->history, result[i].number);
        for (size_t k = 0; k < d; k++)
            active += isnan(unit[k]) ? 0 : 1;
    }
    return n ? (double)active / (double)n : (double)d;
}

// Learns from n results of which `usable` have a value.
static void learn(struct model *model, const struct sampler_task *task,
                  struct merit *result, size_t n, size_t usable)
{
    size_t ordered = MAX_GOOD + KEPT_BAD;
    merit_select(result, n, n < ordered ? n : ordered);
    model->n_good = good_count(task->options[GAMMA], usable);
    model->n_best = model->n_good < n ? model->n_good + 1 : n;
    for (size_t i = 0; i < model->n_best; i++)
        model->best[i] = result[i];
    bool clip = task->options[MAGIC_CLIP] != 0;
    double active = mean_active(task, result, n);
    size_t n_bad = n - model->n_good;
    model->floor_good = least_width(clip, active, model->n_good);
    model->floor_bad = least_width(clip, active, n_bad);
    model->good = build_good(task, model->best, model->n_good, model->n_best,
                             model->floor_good, &model->arena);
    model->bad = build_bad(task, result + model->n_good, n_bad,
                           model->floor_bad, &model->arena);
}

// Every result up to 63, then steps of 1/64 to 1/32 of the number of results,
// at most 64: a fit is cheap, and what came since is appended in `look`.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    size_t step = 1;
    while (n_ended / step >= 64 && step < 64)
        step *= 2;
    return n_ended / step * step;
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    struct merit *result = memory_resize(NULL, n_ended, sizeof *result);
    *model = (struct model){.n_ended = n_ended};
    arena_init(&model->arena);
    size_t usable = 0;
    for (size_t i = 0; i < n_ended; i++) {
        result[i] = merit_of(task->history, task->history->ended[i]);
        usable += result[i].rank <= MERIT_PRUNED;
    }
    if (usable > 0 && (double)usable >= task->options[STARTUP])
        learn(model, task, result, n_ended, usable);
    free(result);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

// ---- what happened since the fit --------------------------------------------

// The two densities as one suggestion sees them.
struct view {
    const struct parzen *good, *bad;
    const struct parzen *extra; // more of the bad; NULL: none
};

// Lets the results since the fit compete for a place among model->best.
static void renew(const struct history *history, const struct model *model,
                  uint64_t number, struct merit *best)
{
    memcpy(best, model->best, sizeof model->best);
    for (size_t i = model->n_ended; i < history->n_ended; i++) {
        struct merit merit = merit_of(history, history->ended[i]);
        if (merit.number < number)
            merit_insert(best, model->n_best, &merit);
    }
}

// Writes the rows that g lacks: results since the fit and former good ones that
// are not good now, and the pending trials. Returns their number.
static size_t gather(const struct history *history, const struct model *model,
                     uint64_t number, const struct merit *best,
                     const double **unit)
{
    size_t n = 0;
    const struct merit *last = &best[model->n_good - 1];
    for (size_t i = 0; i < model->n_good; i++)
        if (merit_compare(&model->best[i], last) > 0)
            unit[n++] = history_unit(history, model->best[i].number);
    for (size_t i = model->n_ended; i < history->n_ended; i++) {
        struct merit r = merit_of(history, history->ended[i]);
        if (r.number < number && merit_compare(&r, last) > 0)
            unit[n++] = history_unit(history, r.number);
    }
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++)
        if (history->running[i] < number)
            unit[n++] = history_unit(history, history->running[i]);
    return n;
}

// Is the set of the good ones still the model's?
static bool unchanged(const struct model *model, const struct merit *best)
{
    for (size_t i = 0; i < model->n_good; i++)
        if (best[i].number != model->best[i].number)
            return false;
    return true;
}

static struct view look(const struct sampler_task *task,
                        const struct model *model, uint64_t number,
                        struct arena *arena)
{
    const struct history *history = task->history;
    struct view view = {.good = model->good, .bad = model->bad};
    struct merit best[MAX_GOOD + 1];
    renew(history, model, number, best);
    if (!unchanged(model, best))
        view.good = build_good(task, best, model->n_good, model->n_best,
                               model->floor_good, arena);
    size_t room = model->n_good + history->n_ended - model->n_ended +
                  history->count[TRIAL_RUNNING] + 1;
    const double **unit = arena_alloc(arena, room * sizeof *unit);
    size_t n = gather(history, model, number, best, unit);
    struct parzen_plan plan = {
        .space = task->space,
        .n = n,
        .unit = unit,
        .floor = model->floor_bad,
        .around = model->bad,
    };
    if (n)
        view.extra = parzen_build(&plan, arena);
    return view;
}

// ---- choosing ---------------------------------------------------------------

// Before there is a model: scrambled Sobol points.
static void start(const struct sampler_task *task, uint64_t number,
                  struct rng *rng, struct arena *arena, double *point)
{
    double *unit = arena_doubles(arena, task->space->n);
    sobol_scrambled(task->seed, number, task->space->n, rng, unit);
    space_decode(task->space, unit, point);
    if (tried(task->history, number, point))
        tried_random_other(task->history, number, rng, arena, point);
}

// Draws the candidates from l and scores them by ln l - ln g, both restricted
// to the parameters at play in `good`.
static void draw(const struct view *view, size_t n, struct rng *rng,
                 struct arena *arena, double *unit, double *score)
{
    const struct space *space = view->good->space;
    double *point = arena_doubles(arena, space->n);
    bool conditions = false;
    for (size_t k = 0; k < space->n; k++)
        conditions = conditions || space->params[k].n_conditions;
    bool joint = view->good->to - view->good->from == space->n;
    for (size_t i = 0; i < n; i++) {
        double *row = unit + i * space->n;
        parzen_sample(view->good, rng, row);
        if (!conditions || !joint)
            continue;
        space_decode(space, row, point);
        space_encode(space, point, row);
    }
    double *bad = arena_doubles(arena, n);
    double *extra = arena_doubles(arena, n);
    parzen_log_density(view->good, unit, n, arena, score);
    parzen_log_density(view->bad, unit, n, arena, bad);
    if (view->extra)
        parzen_log_density(view->extra, unit, n, arena, extra);
    for (size_t i = 0; i < n; i++) {
        double g = bad[i];
        if (view->extra) {
            double more =
                extra[i] + log(view->extra->weights / view->bad->weights);
            g = fmax(g, more) + log1p(exp(-fabs(g - more)));
        }
        score[i] -= g;
    }
}

static size_t largest(const double *score, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (score[i] > score[best])
            best = i;
    return best;
}

// The best candidate that was not tried yet; false: there was none, and
// `point` is the best one.
static bool choose(const struct sampler_task *task, uint64_t number,
                   const double *unit, double *score, size_t n, double *point)
{
    size_t d = task->space->n;
    size_t best = largest(score, n);
    for (size_t i = 0; i < n; i++) {
        size_t next = largest(score, n);
        space_decode(task->space, unit + next * d, point);
        if (!tried(task->history, number, point))
            return true;
        score[next] = -HUGE_VAL;
    }
    space_decode(task->space, unit + best * d, point);
    return false;
}

static bool suggest_joint(const struct sampler_task *task,
                          const struct view *view, uint64_t number,
                          struct rng *rng, struct arena *arena, double *point)
{
    size_t n = (size_t)task->options[CANDIDATES];
    double *unit = arena_doubles(arena, n * task->space->n);
    double *score = arena_doubles(arena, n);
    draw(view, n, rng, arena, unit, score);
    return choose(task, number, unit, score, n, point);
}

// Each parameter's best candidate, whatever the others are.
static bool suggest_apart(const struct sampler_task *task,
                          const struct view *view, uint64_t number,
                          struct rng *rng, struct arena *arena, double *point)
{
    size_t n = (size_t)task->options[CANDIDATES], d = task->space->n;
    double *unit = arena_doubles(arena, n * d);
    double *score = arena_doubles(arena, n);
    double *chosen = arena_doubles(arena, d);
    for (size_t k = 0; k < d; k++) {
        struct parzen good = parzen_marginal(view->good, k);
        struct parzen bad = parzen_marginal(view->bad, k);
        struct parzen extra;
        struct view one = {.good = &good, .bad = &bad};
        if (view->extra) {
            extra = parzen_marginal(view->extra, k);
            one.extra = &extra;
        }
        draw(&one, n, rng, arena, unit, score);
        chosen[k] = unit[largest(score, n) * d + k];
    }
    space_decode(task->space, chosen, point);
    return !tried(task->history, number, point);
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    if (!model->good) {
        start(task, number, &rng, arena, out->point);
        return 0;
    }
    struct view view = look(task, model, number, arena);
    bool (*propose)(const struct sampler_task *, const struct view *, uint64_t,
                    struct rng *, struct arena *, double *) =
        task->options[MULTIVARIATE] != 0 ? suggest_joint : suggest_apart;
    if (propose(task, &view, number, &rng, arena, out->point))
        return 0;
    double *other = arena_doubles(arena, task->space->n);
    if (tried_random_other(task->history, number, &rng, arena, other))
        for (size_t k = 0; k < task->space->n; k++)
            out->point[k] = other[k];
    return 0;
}

const struct sampler sampler_tpe = {
    .name = "tpe",
    .help = "tree-structured Parzen estimator: a good default for any space",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .suggest = suggest,
};
