// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_auto.c - the sampler that suits the study
//
// A rule chooses another sampler, which then works with its default options. It
// looks at the space, the number of objectives, the budget and how many results
// there are, not at their values: the choice is a function of the task and of a
// number of results that is rounded down, so that a model and the suggestions
// made with it agree on it. No state is kept: any instance chooses the same.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

// What the rules ask about a study.
struct facts {
    size_t d;          // parameters with more than one value
    size_t categories; // values of categorical parameters, all together
    size_t largest;    // of one of them
    bool numeric;      // no categories beyond two, no conditions
    double cells, budget;
    size_t objectives, results;
};

enum { CANDIDATES = 4 };

// Candidates are tried in order: the first that is registered, serves as many
// objectives and accepts the space is it.
struct rule {
    const char *id, *reason;
    bool (*applies)(const struct facts *facts);
    const char *candidates[CANDIDATES];
};

// ---- rules ------------------------------------------------------------------

enum {
    FEW_CELLS = 64,        // are tried all, whatever the budget
    MOST_CELLS = 2000,     // are tried all if the budget allows
    MOST_CATEGORIES = 200, // a Gaussian process learns little from more
    LARGEST_CATEGORY = 50,
    LONG = 2000,           // a budget from which evolution pays
    MOST_MODELLED = 1000,  // results that a Gaussian process is good for
    MOST_PARAMETERS = 100, // that it is good for
    MOST_FRONT = 500,      // results of several objectives that it is good for
};

static bool is_small(const struct facts *f)
{
    return f->cells <= FEW_CELLS ||
           (f->cells <= MOST_CELLS && f->cells <= f->budget);
}

static bool has_front(const struct facts *f)
{
    return f->objectives > 1 && f->objectives <= 3 && f->results < MOST_FRONT &&
           f->d <= MOST_PARAMETERS;
}

static bool has_long_front(const struct facts *f)
{
    return f->objectives > 1;
}

static bool has_many_categories(const struct facts *f)
{
    return f->categories > MOST_CATEGORIES || f->largest > LARGEST_CATEGORY;
}

// The budget is what evolution needs, and enough is known to begin with.
static bool is_planned_long(const struct facts *f)
{
    double d = (double)f->d;
    return f->numeric && f->d > 1 && f->budget >= fmax(LONG, 50 * d * d) &&
           (double)f->results >= fmax(20 * d, 200);
}

static bool became_long(const struct facts *f)
{
    return f->numeric && f->d > 1 && f->results >= MOST_MODELLED &&
           f->results >= 20 * f->d;
}

static bool is_wide(const struct facts *f)
{
    return f->d > MOST_PARAMETERS;
}

static bool is_modelled(const struct facts *f)
{
    return f->results < MOST_MODELLED;
}

static bool always(const struct facts *f)
{
    (void)f;
    return true;
}

static const struct rule rules[] = {
    {"small", "few points, all are tried", is_small, {"grid"}},
    {"front",
     "several objectives, fewer than 500 results",
     has_front,
     {"gp", "nsga2", "tpe", "random"}},
    {"long-front",
     "several objectives",
     has_long_front,
     {"nsga2", "tpe", "random"}},
    {"categories", "many categories", has_many_categories, {"tpe"}},
    {"planned", "numeric, a large budget", is_planned_long, {"cmaes"}},
    {"long", "numeric, 1000 results or more", became_long, {"cmaes"}},
    {"wide", "more than 100 parameters", is_wide, {"tpe"}},
    {"model", "fewer than 1000 results", is_modelled, {"gp"}},
    {"many", "many results", always, {"tpe", "random"}},
};

// ---- facts ------------------------------------------------------------------

// The numbers of results at which the choice is made anew: all up to 16, then
// eight per doubling.
static size_t decided_at(size_t n)
{
    size_t step = 1;
    while (n / step >= 16)
        step *= 2;
    return n - n % step;
}

static struct facts look_at(const struct sampler_task *task, size_t n_ended)
{
    struct facts f = {.cells = space_cells(task->space),
                      .numeric = true,
                      .budget = (double)task->max_trials,
                      .objectives = task->history->n_objectives,
                      .results = decided_at(n_ended)};
    for (size_t k = 0; k < task->space->n; k++) {
        const struct param *param = &task->space->params[k];
        size_t levels = param_levels(param);
        f.d += levels != 1;
        f.numeric &= param->n_conditions == 0;
        if (param->kind != PARAM_CATEGORICAL)
            continue;
        f.numeric &= levels <= 2;
        f.categories += levels;
        f.largest = levels > f.largest ? levels : f.largest;
    }
    return f;
}

// ---- the choice -------------------------------------------------------------

struct choice {
    const struct rule *rule;
    const struct sampler *sampler;
};

// The task of the chosen sampler, which has its defaults in
// options[OPTION_MAX].
static struct sampler_task task_of(const struct sampler *sampler,
                                   const struct sampler_task *task,
                                   double *options)
{
    struct sampler_task own = *task;
    option_defaults(sampler->options, sampler->n_options, options);
    own.options = options;
    return own;
}

static bool serves(const char *name, const struct facts *facts,
                   const struct space *space)
{
    const struct sampler *sampler = sampler_find(name);
    double options[OPTION_MAX];
    struct error err = {0};
    if (!sampler || (facts->objectives > 1 && !sampler->several))
        return false;
    option_defaults(sampler->options, sampler->n_options, options);
    return !sampler->check || sampler->check(space, options, &err) == 0;
}

static const struct sampler *candidate_of(const struct rule *rule,
                                          const struct facts *facts,
                                          const struct space *space)
{
    for (size_t i = 0; i < CANDIDATES && rule->candidates[i]; i++)
        if (serves(rule->candidates[i], facts, space))
            return sampler_find(rule->candidates[i]);
    return NULL;
}

// The first rule that applies and has a sampler that serves; the last one has.
static struct choice choose(const struct sampler_task *task, size_t n_ended)
{
    struct facts facts = look_at(task, n_ended);
    struct choice choice = {.rule = rules};
    for (;; choice.rule++) {
        if (choice.rule->applies(&facts))
            choice.sampler = candidate_of(choice.rule, &facts, task->space);
        if (choice.sampler)
            return choice;
    }
}

// ---- the sampler ------------------------------------------------------------

struct model {
    struct choice choice;
    struct model *model; // the chosen sampler's own, or NULL
};

// A model is never older than the choice.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    const struct sampler *sampler = choose(task, n_ended).sampler;
    double options[OPTION_MAX];
    struct sampler_task own = task_of(sampler, task, options);
    size_t decided = decided_at(n_ended), wanted = 0;
    if (sampler->fit_length)
        wanted = sampler->fit_length(&own, n_ended);
    return wanted > decided ? wanted : decided;
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){.choice = choose(task, n_ended)};
    const struct sampler *sampler = model->choice.sampler;
    double options[OPTION_MAX];
    struct sampler_task own = task_of(sampler, task, options);
    bool same = before && before->choice.sampler == sampler;
    if (sampler->fit_length)
        model->model = sampler->fit(&own, n_ended, same ? before->model : NULL);
    return model;
}

static void model_free(struct model *model)
{
    if (model && model->model)
        model->choice.sampler->model_free(model->model);
    free(model);
}

static bool slow(const struct sampler_task *task, size_t n_ended)
{
    const struct sampler *sampler = choose(task, n_ended).sampler;
    double options[OPTION_MAX];
    struct sampler_task own = task_of(sampler, task, options);
    return sampler->slow && sampler->slow(&own, n_ended);
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    const struct rule *rule = model->choice.rule;
    const struct sampler *sampler = model->choice.sampler;
    double options[OPTION_MAX];
    struct sampler_task own = task_of(sampler, task, options);
    out->why = NULL;
    if (sampler->suggest(&own, model->model, number, arena, out, err))
        return -1;
    out->why = arena_print(arena, "%s by rule %s, %s%s%.200s", sampler->name,
                           rule->id, rule->reason, out->why ? ": " : "",
                           out->why ? out->why : "");
    return 0;
}

const struct sampler sampler_auto = {
    .name = "auto",
    .help = "the sampler that suits the space, the budget and the results",
    .several = true,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .slow = slow,
    .suggest = suggest,
};
