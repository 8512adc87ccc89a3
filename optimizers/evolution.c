// SPDX-License-Identifier: GPL-3.0-or-later
// evolution.c - CMA-ES fed by trials that come and go one by one

#include "evolution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cma.h"
#include "epoch.h"
#include "merit.h"
#include "rng.h"
#include "warmstart.h"

// How many distributions are kept: samples of older ones are rare while lambda
// is no less than the number of workers.
enum { EPOCHS = 6 };

// A result of the generation at hand.
struct sample {
    struct merit merit;
    double lag;    // results between the suggestion and this one
    double ahead;  // trials that had been handed out before it, less results
    size_t row;    // of raw
    bool injected; // not drawn from a distribution of ours
};

// One descent, from a start to convergence.
struct run {
    size_t number, begun; // begun: after how many results
    size_t base;          // lambda without regard to workers
    size_t spent, most;   // results; most is 0 without a limit
    bool small;           // of BIPOP's second kind
};

struct evolution {
    struct evolution_rules rules;
    struct arena *arena;
    size_t n;
    size_t *axis;                 // [n] parameters with more than one value
    struct epoch *epochs[EPOCHS]; // latest first
    size_t n_epochs;
    struct run run;
    size_t first_base, large_base;   // of the first, of the last large run
    size_t small_spent, large_spent; // results of all runs of a kind
    bool stopped;                    // converged, and no restart is wanted
    bool started;                    // a sample of ours was seen
    size_t warmed;                   // results when it last began at the best
    size_t taken, lambda;
    double workers; // as seen in the generations before
    struct sample *samples;
    double *raw; // [capacity x n]
    size_t n_samples, n_failed, capacity;
};

// ---- distributions ----------------------------------------------------------

// Makes room for the next distribution, in the memory of the oldest one if it
// is ours; it is a copy of *from.
static struct epoch *push_epoch(struct evolution *e, const struct epoch *from)
{
    struct epoch *last = e->n_epochs == EPOCHS ? e->epochs[EPOCHS - 1] : NULL;
    if (last && last->owner == e->arena)
        epoch_assign(last, from);
    else
        last = epoch_copy(from, e->arena);
    e->n_epochs += e->n_epochs < EPOCHS;
    for (size_t i = e->n_epochs - 1; i > 0; i--)
        e->epochs[i] = e->epochs[i - 1];
    e->epochs[0] = last;
    last->begun = e->taken;
    return last;
}

static void keep_margins(const struct evolution *e,
                         const struct sampler_task *task)
{
    double margin = 1 / ((double)e->n * (double)e->lambda);
    epoch_keep_margins(e->epochs[0], task->space, fmin(margin, 0.2));
}

// Is trial `number` a sample of the distribution that it was drawn from? -1:
// that one is not kept any more.
static int recall(const struct evolution *e, const struct sampler_task *task,
                  uint32_t number, double *raw)
{
    size_t seen = task->history->seen[number], i = 0;
    while (i < e->n_epochs && e->epochs[i]->begun > seen)
        i++;
    if (i == e->n_epochs)
        return -1;
    return epoch_recall(e->epochs[i], task, number, raw);
}

// ---- runs -------------------------------------------------------------------

static void choose_lambda(struct evolution *e)
{
    e->lambda = e->run.base;
    if (e->rules.population == 0 && e->workers > (double)e->run.base)
        e->lambda = (size_t)e->workers;
}

// A distribution that was not learnt from the one before.
static void begin_at(struct evolution *e, const struct sampler_task *task,
                     struct cma *cma, struct arena *scratch)
{
    double *stretch = arena_doubles(scratch, e->n);
    for (size_t k = 0; k < e->n; k++)
        stretch[k] = 1;
    push_epoch(e,
               &(struct epoch){
                   .n = e->n, .axis = e->axis, .cma = cma, .stretch = stretch});
    keep_margins(e, task);
}

static void begin(struct evolution *e, const struct sampler_task *task,
                  double sigma)
{
    struct arena scratch;
    arena_init(&scratch);
    double *mean = arena_doubles(&scratch, e->n);
    struct rng rng = rng_at(task->seed, RNG_STUDY + e->run.number);
    for (size_t k = 0; k < e->n; k++)
        mean[k] = e->run.number ? rng_uniform(&rng) : 0.5;
    begin_at(e, task, cma_new(e->n, mean, sigma, &scratch), &scratch);
    arena_done(&scratch);
}

// Begins at the best points of the prior, or with n > 0 results known at those;
// false when they are too few.
static bool begin_at_best(struct evolution *e, const struct sampler_task *task,
                          size_t n)
{
    struct arena scratch;
    arena_init(&scratch);
    struct warmstart from = {.task = task, .n = e->n, .axis = e->axis};
    struct cma *cma = n ? warmstart_results(&from, n, &scratch)
                        : warmstart_prior(&from, &scratch);
    if (cma)
        begin_at(e, task, cma, &scratch);
    e->warmed = cma ? n : e->warmed;
    arena_done(&scratch);
    return cma != NULL;
}

// IPOP (Auger and Hansen, CEC 2005): twice the population. BIPOP (Hansen, GECCO
// 2009 workshops): while runs with small populations have had fewer results
// than those, a run of a random size between the first and half the last large
// one, with a random smaller sigma, for at most half of what those had.
static void begin_next_run(struct evolution *e, const struct sampler_task *task)
{
    *(e->run.small ? &e->small_spent : &e->large_spent) += e->run.spent;
    bool small = e->rules.bipop && e->small_spent < e->large_spent;
    struct run run = {
        .number = e->run.number + 1, .begun = e->taken, .small = small};
    double sigma = e->rules.sigma;
    struct rng rng = rng_at(~task->seed, RNG_STUDY + run.number);
    if (small) {
        double first = (double)e->first_base;
        double share = pow(rng_uniform(&rng), 2);
        double ratio = fmax(1, 0.5 * (double)e->large_base / first);
        run.base = (size_t)(first * pow(ratio, share));
        run.most = e->large_spent / 2;
        sigma *= pow(10, -2 * rng_uniform(&rng));
    } else {
        run.base = e->large_base *= 2;
    }
    e->run = run;
    choose_lambda(e);
    begin(e, task, sigma);
}

// ---- generations ------------------------------------------------------------

static int by_lag(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->lag;
    double y = ((const struct sample *)b)->lag;
    return (x > y) - (x < y);
}

static int by_merit(const void *a, const void *b)
{
    return merit_compare(&((const struct sample *)a)->merit,
                         &((const struct sample *)b)->merit);
}

// How many workers there are, told from the samples at hand. The mean of the
// lags is workers - 1 where they ask again at once, in whatever order they end
// (Little's law); a straggler counts as four times the median. Where batches
// are asked for, it is half of that, but trials ahead are counted from 0 again
// with each batch. That number by itself says little, for it grows with every
// lost trial.
static double count_workers(struct evolution *e)
{
    double sum = 0, n = (double)e->n_samples, least = INFINITY, most = 0;
    qsort(e->samples, e->n_samples, sizeof *e->samples, by_lag);
    double median = e->samples[e->n_samples / 2].lag;
    for (size_t i = 0; i < e->n_samples; i++) {
        sum += fmin(e->samples[i].lag, 4 * median);
        least = fmin(least, e->samples[i].ahead);
        most = fmax(most, e->samples[i].ahead);
    }
    return 1 + fmax(sum / n, most - least);
}

static double value_of(const struct sample *sample)
{
    return sample->merit.rank == MERIT_COMPLETE ? sample->merit.value
                                                : INFINITY;
}

// The best lambda samples, ranked, become the next distribution.
static void learn(struct evolution *e, const struct sampler_task *task,
                  size_t lambda)
{
    struct epoch *next = push_epoch(e, e->epochs[0]);
    struct arena scratch;
    arena_init(&scratch);
    bool *injected = arena_zeros(&scratch, lambda, sizeof *injected);
    struct cma_generation generation = {
        .lambda = lambda,
        .steps = arena_doubles(&scratch, lambda * e->n),
        .injected = injected,
        .best = value_of(&e->samples[0]),
        .worst = value_of(&e->samples[lambda - 1]),
    };
    for (size_t i = 0; i < lambda; i++) {
        const double *raw = e->raw + e->samples[i].row * e->n;
        double *step = generation.steps + i * e->n;
        for (size_t k = 0; k < e->n; k++)
            step[k] = (raw[k] - next->cma->mean[k]) / next->cma->sigma;
        injected[i] = e->samples[i].injected;
    }
    cma_update(next->cma, &generation, &scratch);
    arena_done(&scratch);
    keep_margins(e, task);
}

// Generations end with lambda results that can be ranked; the failed ones among
// them are forgotten. With lambda failed ones they end too, and those come
// last.
static void end_generation(struct evolution *e, const struct sampler_task *task)
{
    size_t usable = e->n_samples - e->n_failed;
    size_t lambda = e->n_failed > usable ? e->n_samples : usable;
    e->workers = fmax(0.8 * e->workers, count_workers(e));
    qsort(e->samples, e->n_samples, sizeof *e->samples, by_merit);
    e->n_samples = e->n_failed = 0;
    choose_lambda(e);
    // Where others began, it is where they got to that counts; anew each time
    // that there are a tenth more of their results.
    if (!e->started && e->warmed > 0 && e->taken < e->warmed + e->warmed / 10)
        return;
    if (!e->started && begin_at_best(e, task, e->taken))
        return;
    if (usable > 0)
        learn(e, task, lambda);
    bool converged = cma_converged(e->epochs[0]->cma, lambda);
    if (!converged && (e->run.most == 0 || e->run.spent < e->run.most))
        return;
    if (e->rules.restarts)
        begin_next_run(e, task);
    else
        e->stopped = true;
}

static void reserve(struct evolution *e, size_t capacity)
{
    struct sample *samples = e->samples;
    const double *raw = e->raw;
    if (capacity <= e->capacity)
        return;
    e->capacity = capacity;
    e->samples = arena_alloc(e->arena, capacity * sizeof *e->samples);
    e->raw = arena_doubles(e->arena, capacity * e->n);
    if (e->n_samples == 0)
        return;
    memcpy(e->samples, samples, e->n_samples * sizeof *samples);
    memcpy(e->raw, raw, e->n_samples * e->n * sizeof *raw);
}

static void append(struct evolution *e, const struct sampler_task *task,
                   uint32_t number, size_t place_ended)
{
    if (e->n_samples == e->capacity)
        reserve(e, 2 * e->capacity + 32);
    struct sample *sample = &e->samples[e->n_samples];
    size_t seen = task->history->seen[number];
    *sample = (struct sample){.merit = merit_of(task->history, number),
                              .row = e->n_samples};
    double *raw = e->raw + sample->row * e->n;
    int known = recall(e, task, number, raw);
    if (known != 1)
        epoch_place(e->epochs[0], task, number, raw);
    sample->injected = known == 0;
    sample->lag = fmax((double)place_ended - (double)seen, 0);
    sample->ahead = (double)number - (double)seen;
    e->started |= known == 1;
    e->n_samples++;
    e->n_failed += sample->merit.rank == MERIT_NONE;
    e->run.spent++;
}

static bool is_full(const struct evolution *e)
{
    return e->n_samples - e->n_failed >= e->lambda || e->n_failed >= e->lambda;
}

void evolution_take(struct evolution *e, const struct sampler_task *task,
                    uint64_t before)
{
    uint32_t number = task->history->ended[e->taken];
    size_t place_ended = e->taken++;
    // What was drawn around another mean says nothing about this one.
    if (e->n == 0 || number >= before || e->stopped ||
        (e->run.number && task->history->seen[number] < e->run.begun))
        return;
    append(e, task, number, place_ended);
    bool first = e->epochs[0]->cma->generation == 0 && e->run.number == 0;
    if (first && is_full(e)) {
        e->workers = count_workers(e);
        choose_lambda(e);
    }
    if (is_full(e))
        end_generation(e, task);
}

// ---- life -------------------------------------------------------------------

struct evolution *evolution_new(const struct sampler_task *task,
                                const struct evolution_rules *rules,
                                struct arena *arena)
{
    struct evolution *e = arena_zeros(arena, 1, sizeof *e);
    size_t *axis = arena_zeros(arena, task->space->n + 1, sizeof *axis);
    e->rules = *rules;
    e->arena = arena;
    e->axis = axis;
    for (size_t k = 0; k < task->space->n; k++)
        if (param_levels(&task->space->params[k]) != 1)
            axis[e->n++] = k;
    if (e->n == 0)
        return e;
    e->run.base = rules->population ? rules->population : cma_lambda(e->n);
    e->run.small = true; // as pycma counts
    e->first_base = e->large_base = e->run.base;
    choose_lambda(e);
    if (!task->prior || !begin_at_best(e, task, 0))
        begin(e, task, rules->sigma);
    return e;
}

struct evolution *evolution_resume(const struct evolution *from,
                                   struct arena *arena)
{
    struct evolution *e = arena_alloc(arena, sizeof *e);
    *e = *from;
    e->arena = arena;
    e->capacity = 0;
    if (e->n > 0)
        reserve(e, e->n_samples + e->lambda);
    return e;
}

struct evolution *evolution_copy(const struct evolution *from,
                                 struct arena *arena)
{
    struct evolution *e = evolution_resume(from, arena);
    for (size_t i = 0; i < e->n_epochs; i++)
        e->epochs[i] = epoch_copy(e->epochs[i], arena);
    size_t *axis = arena_zeros(arena, e->n + 1, sizeof *axis);
    e->axis = memcpy(axis, from->axis, e->n * sizeof *axis);
    return e;
}

size_t evolution_taken(const struct evolution *e)
{
    return e->taken;
}

void evolution_draw(const struct evolution *e, const struct sampler_task *task,
                    uint64_t number, double *point)
{
    double raw[SPACE_MAX_PARAMS], unit[SPACE_MAX_PARAMS];
    if (e->n > 0) {
        epoch_draw(e->epochs[0], task, number, raw, point);
        return;
    }
    for (size_t k = 0; k < task->space->n; k++)
        unit[k] = 0.5;
    space_decode(task->space, unit, point);
}

const char *evolution_explain(const struct evolution *e, struct arena *arena)
{
    if (e->n == 0)
        return "there is one point only";
    const struct cma *cma = e->epochs[0]->cma;
    if (e->stopped)
        return arena_print(arena, "converged after generation %zu",
                           cma->generation);
    return arena_print(arena,
                       "generation %zu of run %zu, sigma %.2g, %zu of %zu "
                       "results in",
                       cma->generation + 1, e->run.number + 1, cma->sigma,
                       e->n_samples - e->n_failed, e->lambda);
}
