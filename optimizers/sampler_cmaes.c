// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_cmaes.c - CMA-ES for workers that do not wait for each other
//
// The state (evolution.h) is replayed from the results, O(d^2) each. A model
// holds it after a prefix of them, and the next model goes on from there; a
// suggestion goes on through what came since, less than a generation.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>

#include "cma.h"
#include "evolution.h"
#include "memory.h"
#include "rng.h"

enum { POPULATION, SIGMA, RESTARTS, BIPOP };

static const struct option options[] = {
    {"population", OPTION_INT, 0, 0, 10000,
     "results per generation, at least 4; 0: by parameters and workers"},
    {"sigma", OPTION_REAL, 0.2, 0.001, 1,
     "first standard deviation, as a share of each range"},
    {"restarts", OPTION_BOOL, 1, 0, 1,
     "begin again elsewhere, with twice the population, when converged"},
    {"bipop", OPTION_BOOL, 0, 0, 1,
     "restarts with small populations as well, in turns"},
};

struct model {
    struct arena arena;
    struct evolution *evolution;
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

// Steps of the smallest generation.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    size_t d = task->space->n;
    return n_ended - n_ended % cma_lambda(d > 0 ? d : 1);
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    const double *values = task->options;
    struct evolution_rules rules = {.population = (size_t)values[POPULATION],
                                    .sigma = values[SIGMA],
                                    .restarts = values[RESTARTS] != 0,
                                    .bipop = values[BIPOP] != 0};
    if (rules.population > 0 && rules.population < 4)
        rules.population = 4;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    arena_init(&model->arena);
    model->evolution = before ? evolution_copy(before->evolution, &model->arena)
                              : evolution_new(task, &rules, &model->arena);
    while (evolution_taken(model->evolution) < n_ended)
        evolution_take(model->evolution, task, RNG_STUDY);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    struct evolution *now = evolution_resume(model->evolution, arena);
    while (evolution_taken(now) < task->history->n_ended)
        evolution_take(now, task, number);
    evolution_draw(now, task, number, out->point);
    out->why = evolution_explain(now, arena);
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
