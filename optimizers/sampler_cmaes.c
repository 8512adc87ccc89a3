// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_cmaes.c - CMA-ES for workers that do not wait for each other
//
// cma.h learns from generations; trials come and go one by one. The results,
// in the order in which they ended, are dealt into generations of lambda, and
// the distribution after the last full one is sampled, each trial from its own
// stream. The state is replayed from the history, O(n d^2) for n results: the
// model holds it after a prefix of them, and a suggestion goes on from there.
//
// A result counts whichever distribution its trial was drawn from: its step is
// taken from the mean of now. That is sound while a generation is as large as
// the number of results that come in between a suggestion and its own result,
// so lambda follows that number (N. Hansen's lambda = max(lambda, workers)).
//
// A step is computed from the evaluated point, not from the raw sample, which
// is not stored: whether a sample had left the cube is drawn again, and a
// discrete value counts as the middle of its slot.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cma.h"
#include "memory.h"
#include "merit.h"
#include "normal.h"
#include "rng.h"
#include "slot.h"

enum { POPULATION, SIGMA, RESTARTS };

static const struct option options[] = {
    {"population", OPTION_INT, 0, 0, 10000,
     "results per generation, at least 4; 0: by parameters and workers"},
    {"sigma", OPTION_REAL, 0.3, 0.001, 1,
     "first standard deviation, as a share of each range"},
    {"restarts", OPTION_BOOL, 1, 0, 1,
     "begin again elsewhere, with twice the population, when converged"},
};

// A result of the generation at hand.
struct ranked {
    struct merit merit;
    double lag; // results between the suggestion and this one
};

// The state after `taken` results.
struct replay {
    const struct sampler_task *task;
    size_t n;     // parameters with more than one value
    size_t *axis; // [n] their indices
    struct cma *cma;
    size_t taken, base; // base: lambda without regard to workers
    size_t lambda, restarts;
    bool stopped;   // converged, and no restart is wanted
    size_t begun;   // results before this run of cma
    double workers; // as seen in the generations before
    struct ranked *result;
    size_t n_results, n_failed, capacity;
    struct arena *arena;
};

// ---- between the cube and the distribution ----------------------------------

// The smooth boundary of c-cmaes (boundary_transformation.c) and pycma, for
// [0, 1]: the identity in [below, 1 - above], parabolas that end flat at 0 and
// 1, and mirrors beyond.
static const double below = 0.05, above = 0.1;

static double fold(double y)
{
    double width = 1 + below + above, t = fabs(y + below);
    t = fmod(t, 2 * width);
    y = (t > width ? 2 * width - t : t) - below;
    if (y < below)
        return (y + below) * (y + below) / (4 * below);
    if (y > 1 - above)
        return 1 - (y - 1 - above) * (y - 1 - above) / (4 * above);
    return y;
}

static double unfold(double u)
{
    if (u < below)
        return -below + 2 * sqrt(below * u);
    if (u > 1 - above)
        return 1 + above - 2 * sqrt(above * (1 - u));
    return u;
}

static double clip(double u)
{
    return fmin(fmax(u, 0), 1);
}

static const struct param *param_of(const struct replay *r, size_t k)
{
    return &r->task->space->params[r->axis[k]];
}

static double to_unit(const struct param *param, double raw)
{
    double u = param_levels(param) ? raw : fold(raw);
    return isnan(u) ? 0.5 : clip(u);
}

// How much wider than the distribution a discrete parameter is drawn, so that
// from the middle of a slot others are still reached with probability
// 1 / (n lambda), the margin of Hamano, Saito, Nomura and Shirakawa, "CMA-ES
// with margin", GECCO 2022.
static double stretch(const struct replay *r, size_t k)
{
    const struct param *param = param_of(r, k);
    const struct cma *cma = r->cma;
    if (!param_levels(param))
        return 1;
    struct slot slot = slot_at(param, clip(cma->mean[k]));
    double margin = 1 / (double)(r->n * r->base + 1);
    double least = 0.5 * (slot.high - slot.low) / -normal_quantile(margin / 2);
    size_t stride = cma->separable ? 1 : r->n + 1;
    return fmax(1, least / (cma->sigma * sqrt(cma->covariance[k * stride])));
}

// ---- generations ------------------------------------------------------------

static void begin(struct replay *r)
{
    double *mean = arena_doubles(r->arena, r->n);
    struct rng rng = rng_at(r->task->seed, RNG_STUDY + r->restarts);
    for (size_t k = 0; k < r->n; k++)
        mean[k] = r->restarts ? rng_uniform(&rng) : 0.5;
    r->cma = cma_new(r->n, mean, r->task->options[SIGMA], r->arena);
    r->begun = r->taken;
}

static int by_lag(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->lag;
    double y = ((const struct ranked *)b)->lag;
    return (x > y) - (x < y);
}

static int by_merit(const void *a, const void *b)
{
    return merit_compare(&((const struct ranked *)a)->merit,
                         &((const struct ranked *)b)->merit);
}

// The upper quartile of the lags: workers - 1 where they ask again at once
// and take equally long; 3/4 of a batch that is told in order.
static double upper_lag(struct replay *r)
{
    qsort(r->result, r->n_results, sizeof *r->result, by_lag);
    return r->result[r->n_results * 3 / 4].lag;
}

static void choose_lambda(struct replay *r)
{
    r->lambda = r->base;
    if (r->task->options[POPULATION] == 0 && r->workers > (double)r->base)
        r->lambda = (size_t)r->workers;
}

// A place of unit coordinate u that folds to it: one beyond the nearer edge has
// the same image. Which of the two the sample was at is not known: they are
// drawn with their odds under the distribution, else the mean of an optimum on
// the edge would be pushed inwards.
static double raw_of(double u, double mean, double deviation, double chance)
{
    double inside = unfold(u);
    double outside = (u < 0.5 ? -2 * below : 2 * (1 + above)) - inside;
    double a = (inside - mean) / deviation, b = (outside - mean) / deviation;
    return chance * (1 + exp(0.5 * (b * b - a * a))) < 1 ? outside : inside;
}

// Writes the step of a result.
static void write_step(const struct replay *r, uint32_t number,
                       const double *scale, double *step)
{
    const struct cma *cma = r->cma;
    const double *unit = history_unit(r->task->history, number);
    struct rng rng = rng_at(~r->task->seed, number); // not the sample's own
    for (size_t k = 0; k < r->n; k++) {
        size_t stride = cma->separable ? 1 : r->n + 1;
        double mean = cma->mean[k], raw = unit[r->axis[k]];
        double deviation = scale[k] * sqrt(cma->covariance[k * stride]);
        if (!param_levels(param_of(r, k)))
            raw = raw_of(raw, mean, deviation, rng_uniform(&rng));
        step[k] = (raw - mean) / scale[k];
    }
}

// Writes the steps of results[0..lambda).
static void write_steps(const struct replay *r, size_t lambda,
                        struct arena *scratch, double *steps)
{
    double *scale = arena_doubles(scratch, r->n);
    for (size_t k = 0; k < r->n; k++)
        scale[k] = r->cma->sigma * stretch(r, k);
    for (size_t i = 0; i < lambda; i++)
        write_step(r, r->result[i].merit.number, scale, steps + i * r->n);
}

static double value_of(const struct ranked *result)
{
    return result->merit.rank == MERIT_COMPLETE ? result->merit.value
                                                : INFINITY;
}

static void learn(struct replay *r)
{
    size_t usable = r->n_results - r->n_failed;
    size_t lambda = r->n_failed > usable ? r->n_results : usable;
    struct arena scratch;
    arena_init(&scratch);
    qsort(r->result, r->n_results, sizeof *r->result, by_merit);
    struct cma_generation generation = {
        .lambda = lambda,
        .steps = arena_doubles(&scratch, lambda * r->n),
        .best = value_of(&r->result[0]),
        .worst = value_of(&r->result[lambda - 1]),
    };
    write_steps(r, lambda, &scratch, generation.steps);
    cma_update(r->cma, &generation, &scratch);
    arena_done(&scratch);
    if (!cma_converged(r->cma, lambda))
        return;
    if (r->task->options[RESTARTS] == 0) {
        r->stopped = true;
        return;
    }
    r->restarts++;
    r->base *= 2;
    begin(r);
}

// Generations end with lambda results that can be ranked; the failed ones among
// them are forgotten. With lambda failed ones they end too, and those come
// last.
static void end_generation(struct replay *r)
{
    r->workers = fmax(0.8 * r->workers, 1 + upper_lag(r));
    if (r->n_failed < r->n_results)
        learn(r);
    r->n_results = r->n_failed = 0;
    choose_lambda(r);
}

static void append(struct replay *r, struct ranked result)
{
    if (r->n_results == r->capacity) {
        struct ranked *old = r->result;
        r->capacity = r->capacity ? 2 * r->capacity : 32;
        r->result = arena_alloc(r->arena, r->capacity * sizeof *r->result);
        if (r->n_results)
            memcpy(r->result, old, r->n_results * sizeof *old);
    }
    r->result[r->n_results++] = result;
    r->n_failed += result.merit.rank == MERIT_NONE;
}

// Takes the next result of the history.
static void take(struct replay *r)
{
    const struct history *history = r->task->history;
    uint32_t number = history->ended[r->taken];
    double seen = history->seen[number], lag = (double)r->taken - seen;
    bool first = r->cma->generation == 0 && r->restarts == 0;
    r->taken++;
    // What was drawn around another mean says nothing about this one.
    if (r->stopped || (r->restarts && seen < (double)r->begun))
        return;
    if (first) // nothing is known yet but who was ahead when it was drawn
        lag = fmax(lag, (double)number - seen);
    append(r, (struct ranked){merit_of(history, number), fmax(lag, 0)});
    size_t usable = r->n_results - r->n_failed;
    if (usable < r->lambda && r->n_failed < r->lambda)
        return;
    if (first) {
        r->workers = 1 + upper_lag(r);
        choose_lambda(r);
    }
    if (usable >= r->lambda || r->n_failed >= r->lambda)
        end_generation(r);
}

// ---- the sampler ------------------------------------------------------------

struct model {
    struct arena arena;
    struct replay replay; // its task is gone
};

static int check(const struct space *space, const double *values,
                 struct error *err)
{
    (void)values;
    for (size_t k = 0; k < space->n; k++)
        if (space->params[k].n_conditions)
            return error_set(err, ERROR_INVALID,
                             "cmaes needs parameters without conditions, "
                             "'%.60s' has one; tpe takes any",
                             space->params[k].name);
    return 0;
}

// Steps of 2^k from 4^k results on: what a suggestion replays grows as the
// square root of the history.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    size_t step = 1;
    while (step * step * 4 <= n_ended)
        step *= 2;
    return n_ended - n_ended % step;
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){0};
    arena_init(&model->arena);
    struct replay *r = &model->replay;
    *r = (struct replay){.task = task, .arena = &model->arena};
    r->axis = arena_zeros(r->arena, task->space->n + 1, sizeof *r->axis);
    for (size_t k = 0; k < task->space->n; k++)
        if (param_levels(&task->space->params[k]) != 1)
            r->axis[r->n++] = k;
    double population = task->options[POPULATION];
    if (r->n > 0) {
        r->base =
            population > 0 ? (size_t)fmax(population, 4) : cma_lambda(r->n);
        choose_lambda(r);
        begin(r);
    }
    while (r->n > 0 && r->taken < n_ended)
        take(r);
    r->task = NULL;
    return model;
}

static void model_free(struct model *model)
{
    arena_done(&model->arena);
    free(model);
}

// The model's state, taken further in memory of `arena`.
static struct replay resume(const struct replay *from,
                            const struct sampler_task *task,
                            struct arena *arena)
{
    struct replay r = *from;
    r.task = task;
    r.arena = arena;
    r.cma = cma_copy(from->cma, arena);
    r.capacity = 0;
    r.n_results = r.n_failed = 0;
    for (size_t i = 0; i < from->n_results; i++)
        append(&r, from->result[i]);
    return r;
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    double *unit = arena_doubles(arena, task->space->n);
    for (size_t k = 0; k < task->space->n; k++)
        unit[k] = 0.5;
    if (model->replay.n > 0) {
        struct replay r = resume(&model->replay, task, arena);
        while (r.taken < task->history->n_ended)
            if (task->history->ended[r.taken] < number)
                take(&r);
            else
                r.taken++;
        struct rng rng = rng_at(task->seed, number);
        double *step = arena_doubles(arena, r.n);
        cma_step(r.cma, &rng, arena, step);
        for (size_t k = 0; k < r.n; k++)
            unit[r.axis[k]] = to_unit(
                param_of(&r, k),
                r.cma->mean[k] + r.cma->sigma * stretch(&r, k) * step[k]);
    }
    space_decode(task->space, unit, out->point);
    return 0;
}

const struct sampler sampler_cmaes = {
    .name = "cmaes",
    .help = "CMA-ES: follows valleys of continuous functions, many trials",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .check = check,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .suggest = suggest,
};
