// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_nsga2.c - NSGA-II for workers that do not wait for each other
//
// K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, "A fast and elitist
// multiobjective genetic algorithm: NSGA-II", IEEE Trans. Evol. Comput. 6,
// 2002, in steady state (population.h): the results enter the population one by
// one, in the order in which they ended, and each suggestion is a child of the
// population at that moment. Which trial a result came from does not matter, so
// enqueued trials, late ones and those of another sampler are welcome.
//
// Two parents win tournaments of two by rank and crowding distance, and a child
// takes each coordinate from the first of them, crossed with the second's with
// probability 1/2 and then mutated with probability 1 / active parameters
// (variation.h). Parameters are gone through in order, so conditions are known
// when they are needed: an inactive parameter is NaN, one that neither parent
// had is random.
//
// Before there are enough results the points are scrambled Sobol points, every
// other one of the first few the best of other studies.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>

#include "even.h"
#include "memory.h"
#include "pareto.h"
#include "population.h"
#include "repair.h"
#include "restriction.h"
#include "tried.h"
#include "variation.h"

enum {
    TRIES = 32, // children made before a random point is taken
    MOVED = 16, // the one that is moved to where it is allowed
    LEAST = 20, // members
    MOST = 100,
};

enum { POPULATION, STARTUP, CROSSOVER, CROSSOVER_ETA, MUTATION, MUTATION_ETA };

static const struct option options[] = {
    {"population", OPTION_INT, 0, 0, 1000,
     "members; 0: the square root of the number of results, 20 to 100"},
    {"n_startup_trials", OPTION_INT, 20, 0, 1e6,
     "results before the first child"},
    {"crossover_prob", OPTION_REAL, 0.9, 0, 1,
     "children of two parents, the others have one"},
    {"crossover_eta", OPTION_REAL, 10, 0, 1000,
     "how close to the parents crossover stays"},
    {"mutation_prob", OPTION_REAL, 0, 0, 1,
     "of each parameter; 0: one of them on average"},
    {"mutation_eta", OPTION_REAL, 10, 0, 1000,
     "how close to the parent mutation stays"},
};

// The population after `taken` results, of which `usable` had entered.
struct replay {
    size_t taken, usable;
    struct population population;
};

struct model {
    struct arena arena;
    struct replay replay;
};

// Members after `usable` results: a small population is quick to move, a large
// one knows more of the front.
static size_t members(const double *values, size_t usable)
{
    if (values[POPULATION] > 0)
        return (size_t)fmax(values[POPULATION], 2);
    size_t root = (size_t)sqrt((double)usable);
    return root < LEAST ? LEAST : root > MOST ? MOST : root;
}

// ---- model ------------------------------------------------------------------

// Steps of 2^k from 4^(k + 2) results on: an ask takes in no more than the
// square root of the number of results.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    size_t step = 1;
    while (step * step * 16 <= n_ended)
        step *= 2;
    return n_ended - n_ended % step;
}

// Goes on to the first n_ended results, without those of trials from `number`
// on.
static void resume(struct replay *replay, const struct sampler_task *task,
                   size_t n_ended, uint64_t number)
{
    for (; replay->taken < n_ended; replay->taken++) {
        uint32_t next = task->history->ended[replay->taken];
        replay->population.mu = members(task->options, replay->usable);
        if (next < number)
            replay->usable +=
                population_enter(&replay->population, task->history, next);
    }
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){0};
    arena_init(&model->arena);
    struct replay *replay = &model->replay;
    size_t most = (size_t)fmax(task->options[POPULATION], MOST);
    if (before) {
        *replay = before->replay;
        replay->population =
            population_copy(&before->replay.population, &model->arena);
    } else {
        replay->population =
            population_make(task->history->n_objectives, most, &model->arena);
    }
    resume(replay, task, n_ended, UINT64_MAX);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

// ---- the first points -------------------------------------------------------

// The `place`-th best non-dominated result of a prior study, the ends of the
// front first; NULL: there are fewer.
static const double *prior_best(const struct sampler_task *task, size_t source,
                                size_t place, struct arena *arena)
{
    const struct prior *prior = task->prior;
    size_t m = task->history->n_objectives, n = 0;
    size_t *row = arena_alloc(arena, (prior->n + 1) * sizeof *row);
    double *value = arena_doubles(arena, prior->n * m + 1);
    for (size_t i = 0; i < prior->n; i++) {
        if (prior->source[i] != source)
            continue;
        for (size_t k = 0; k < m; k++)
            value[n * m + k] = prior->value[i * m + k];
        row[n++] = i;
    }
    struct pareto_set set = {.n = n, .m = m, .value = value};
    size_t *front = arena_alloc(arena, (n + 1) * sizeof *front);
    double *distance = arena_doubles(arena, n + 1);
    size_t size = pareto_front(&set, arena, front), best = 0;
    pareto_crowding(&set, front, size, arena, distance);
    if (place >= size)
        return NULL;
    for (size_t i = 0; i <= place; i++) {
        best = 0;
        for (size_t j = 1; j < size; j++)
            if (distance[j] > distance[best])
                best = j;
        if (i < place)
            distance[best] = -1;
    }
    return prior->unit + row[front[best]] * task->space->n;
}

// A point of another study for every other of the first half, or NULL.
static const double *prior_point(const struct sampler_task *task,
                                 uint64_t number, struct arena *arena)
{
    const struct prior *prior = task->prior;
    if (!prior || prior->n == 0 || number % 2 ||
        (double)number >= task->options[STARTUP] / 2)
        return NULL;
    uint64_t turn = number / 2;
    return prior_best(task, turn % prior->n_sources, turn / prior->n_sources,
                      arena);
}

static void start(const struct sampler_task *task, uint64_t number,
                  struct rng *rng, struct arena *arena, struct suggestion *out)
{
    const double *known = prior_point(task, number, arena);
    out->why = "the best of another study";
    if (known) {
        space_decode(task->space, known, out->point);
        if (tried_not(task->history, number, out->point))
            return;
    }
    out->why = "one of the first points, spread evenly";
    even_untried(task, number, rng, arena, out->point);
}

// ---- children ---------------------------------------------------------------

struct parents {
    const struct sampler_task *task;
    const struct population *population;
    uint32_t *rank;
    double *distance;
    size_t a, b; // the ones chosen
};

static size_t tournament(const struct parents *parents, struct rng *rng)
{
    size_t n = parents->population->n;
    size_t i = (size_t)rng_below(rng, n), j = (size_t)rng_below(rng, n);
    if (parents->rank[i] != parents->rank[j])
        return parents->rank[i] < parents->rank[j] ? i : j;
    return parents->distance[i] >= parents->distance[j] ? i : j;
}

static void choose(struct parents *parents, struct rng *rng)
{
    bool two = rng_uniform(rng) < parents->task->options[CROSSOVER];
    parents->a = parents->b = tournament(parents, rng);
    for (int i = 0; two && i < TRIES && parents->a == parents->b; i++)
        parents->b = tournament(parents, rng);
}

static const double *unit_of(const struct parents *parents, size_t i)
{
    return history_unit(parents->task->history, parents->population->number[i]);
}

static double mutation_rate(const struct parents *parents, const double *unit)
{
    const struct space *space = parents->task->space;
    double free = 0;
    for (size_t k = 0; k < space->n; k++)
        free += !isnan(unit[k]) && param_levels(&space->params[k]) != 1;
    double wanted = parents->task->options[MUTATION];
    return wanted > 0 ? wanted : 1 / fmax(free, 1);
}

// A coordinate between those of the parents, either of which may be missing.
static double inherit(const struct parents *parents, const struct param *param,
                      double a, double b, struct rng *rng)
{
    if (isnan(a) && isnan(b))
        return rng_uniform(rng);
    if (isnan(a) || isnan(b))
        return isnan(a) ? b : a;
    if (rng_below(rng, 2))
        return a;
    return variation_cross(param, a, b, parents->task->options[CROSSOVER_ETA],
                           rng);
}

static void make_child(const struct parents *parents, struct rng *rng,
                       double *point)
{
    const struct space *space = parents->task->space;
    const double *a = unit_of(parents, parents->a);
    const double *b = unit_of(parents, parents->b);
    double rate = mutation_rate(parents, a);
    for (size_t k = 0; k < space->n; k++) {
        const struct param *param = &space->params[k];
        point[k] = NAN;
        if (!space_active(space, point, k))
            continue;
        double u = inherit(parents, param, a[k], b[k], rng);
        if (rng_uniform(rng) < rate)
            u = variation_mutate(param, u, parents->task->options[MUTATION_ETA],
                                 rng);
        point[k] = param_decode(param, u);
    }
}

// Also continuous points would come again if nothing was crossed or mutated.
static bool known(const struct parents *parents, uint64_t number,
                  const double *point)
{
    const struct history *history = parents->task->history;
    const uint32_t *member = parents->population->number;
    const struct space *space = parents->task->space;
    return space_same(space, history_point(history, member[parents->a]),
                      point) ||
           space_same(space, history_point(history, member[parents->b]),
                      point) ||
           tried(history, number, point);
}

static void breed(struct parents *parents, uint64_t number, struct rng *rng,
                  struct arena *arena, struct suggestion *out)
{
    const uint32_t *member = parents->population->number;
    const struct space *space = parents->task->space;
    for (int i = 0; i < TRIES; i++) {
        choose(parents, rng);
        make_child(parents, rng, out->point);
        if (i == MOVED) // the others are too often forbidden
            repair_near(space, rng, arena, out->point);
        if (!restriction_allows(space, out->point) ||
            known(parents, number, out->point))
            continue;
        out->why = arena_print(arena, "a child of trials %u and %u",
                               member[parents->a], member[parents->b]);
        return;
    }
    out->why = "random: its children were all tried before or forbidden";
    tried_random_other(parents->task->history, number, rng, arena, out->point);
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    const struct history *history = task->history;
    struct rng rng = rng_at(task->seed, number);
    struct replay replay = model->replay;
    struct population *population = &replay.population;
    *population = population_copy(population, arena);
    resume(&replay, task, history->n_ended, number);
    if ((double)replay.usable < task->options[STARTUP] || population->n < 2) {
        start(task, number, &rng, arena, out);
        return 0;
    }
    struct parents parents = {
        .task = task,
        .population = population,
        .rank = arena_alloc(arena, population->n * sizeof *parents.rank),
        .distance = arena_doubles(arena, population->n),
    };
    population_order(population, arena, parents.rank, parents.distance);
    breed(&parents, number, &rng, arena, out);
    return 0;
}

const struct sampler sampler_nsga2 = {
    .name = "nsga2",
    .help = "NSGA-II: a genetic algorithm for several objectives, many trials",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .several = true,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .suggest = suggest,
};
