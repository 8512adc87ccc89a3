// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_gp.c - Bayesian optimisation with Gaussian processes
//
// The model is a Gaussian process for each output of a prefix of the results
// (surrogate.h). A suggestion appends the results since then with their values
// and the pending trials with the values that are believed there, and goes
// where a try is worth most (worth.h, ascent.h): two trials of three by
// expected improvement, the third by an upper confidence bound near the known
// points. When expected improvement leaps into the unknown, it leaps in two
// coordinates only.
//
// The first 10 trials are scrambled Sobol points, and so are those after them
// while fewer than three results are known.
// See optimizers/README.md, section gp.

#include "even.h"
#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aim.h"
#include "ascent.h"
#include "memory.h"
#include "restriction.h"
#include "rng.h"
#include "surrogate.h"
#include "tried.h"

enum {
    TOLD = 3,       // results, at least, from which a model is made
    BORROWED = 3,   // first points from other studies, one from each
    RECHECKED = 40, // found points that may turn out to be tried
    FREE = 2,       // coordinates that change in a leap
};

static const double least_noise = 1e-10, least_noise_deterministic = 1e-12;

enum { STARTUP, DETERMINISTIC };

static const struct option options[] = {
    {"n_startup_trials", OPTION_INT, NAN, 1, 1e6,
     "trials before those that a model suggests; unset: 10"},
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

// Trials before the first one that a model suggests.
static double startup(const struct sampler_task *task)
{
    double asked = task->options[STARTUP];
    if (!isnan(asked))
        return asked;
    return task->prior && task->prior->n ? 5 : 10;
}

// Results from which a model is made. With many workers the start is running
// for long before all of it is told, and what comes then should be better.
static double enough(const struct sampler_task *task)
{
    return fmin(TOLD, startup(task));
}

static bool slow(const struct sampler_task *task, size_t n_ended)
{
    return (double)n_ended >= enough(task);
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){0};
    arena_init(&model->arena);
    double usable = (double)surrogate_usable(task->history, n_ended);
    double noise = task->options[DETERMINISTIC] != 0 ? least_noise_deterministic
                                                     : least_noise;
    if (task->space->n > 0 && usable >= enough(task))
        model->ready = surrogate_fit(task, n_ended, noise, &model->arena,
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
    size_t bytes = task->space->n * sizeof *point;
    double *lent = arena_alloc(arena, bytes);
    even_point(task, number, rng, arena, point);
    bool borrowed =
        task->prior && number < task->prior->n_sources && number < BORROWED;
    memcpy(lent, point, bytes);
    if (borrowed)
        borrow(task, number, lent);
    borrowed = borrowed && restriction_allows(task->space, lent);
    if (borrowed)
        memcpy(point, lent, bytes);
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

// What a search for the next point works with.
struct search {
    const struct sampler_task *task;
    uint64_t number;
    const struct aim *aim;
    struct ascent ascent;
    struct rng *rng;
    struct arena *arena;
};

// Writes the best point found that is allowed and neither known nor tried.
static bool take(const struct search *s, struct ascent_points found,
                 double *point)
{
    const struct sampler_task *task = s->task;
    size_t d = task->space->n;
    size_t n = s->aim->worth.n_objectives + s->aim->worth.n_constraints;
    for (size_t i = 0; i < found.n && i < RECHECKED; i++) {
        const double *unit = found.unit + i * d;
        bool old = false;
        for (size_t j = 0; j < n && !old; j++)
            old = known(&s->aim->gps[j], d, unit);
        space_decode(task->space, unit, point);
        if (!old && tried_not(task->history, s->number, point))
            return true;
    }
    return false;
}

// Is the mean at a point worse than the best by more than a standard deviation?
// Then expected improvement chose it because little is known there.
static bool unlikely(const struct search *s, const double *unit)
{
    size_t d = s->task->space->n;
    if (s->aim->worth.kind != WORTH_IMPROVEMENT || d <= FREE)
        return false;
    const struct gp *gp = &s->aim->gps[0];
    double *x = arena_zeros(s->arena, gp->points.d, sizeof *x);
    memcpy(x, unit, d * sizeof *x);
    struct gp_prediction there = gp_predict(gp, x, s->arena);
    return there.mean - s->aim->worth.best > there.sd;
}

// Writes a new point that differs from the best one in few coordinates, drawn
// at random: what is least known of all are corners, far from all that is good.
static bool leap(const struct search *s, double *point)
{
    size_t d = s->task->space->n;
    bool *held = arena_alloc(s->arena, d * sizeof *held);
    size_t *order = arena_alloc(s->arena, d * sizeof *order);
    for (size_t k = 0; k < d; k++)
        order[k] = k;
    rng_shuffle(s->rng, order, d);
    for (size_t k = 0; k < d; k++)
        held[order[k]] = k >= FREE;
    struct ascent ascent = s->ascent;
    ascent.held = held;
    return take(s, ascent_find(&ascent, s->rng, s->arena), point);
}

// The share of the results that are worse than a mean, in percent.
static double standing(const struct surrogate *surrogate, double mean)
{
    const struct gp *gp = &surrogate->output->gp;
    size_t n = 0, worse = 0;
    for (size_t i = 0; i < gp->points.n; i++)
        if (surrogate->trial[i] != SURROGATE_OTHER) {
            n++;
            worse += gp->y[i] > mean;
        }
    return 100 * (double)worse / (double)n;
}

static const char *explain(const struct surrogate *surrogate,
                           const struct aim *aim, const struct space *space,
                           const double *point, struct arena *arena)
{
    static const char *const kinds[] = {
        [WORTH_FEASIBILITY] = "probability to be feasible",
        [WORTH_IMPROVEMENT] = "expected improvement",
        [WORTH_OPTIMISM] = "upper confidence bound",
        [WORTH_VOLUME] = "expected hypervolume improvement",
        [WORTH_MIXTURE] = "a random mixture of the objectives",
    };
    const char *text =
        arena_print(arena, "%s; %zu results, %zu pending",
                    kinds[aim->worth.kind], aim->n_results, aim->n_pending);
    if (aim->n_front > 0)
        return arena_print(arena, "%s; %zu points on the front", text,
                           aim->n_front);
    if (aim->worth.n_objectives == 0)
        return text;
    const struct gp *gp = &aim->gps[0];
    double *x = arena_zeros(arena, gp->points.d, sizeof *x);
    space_encode(space, point, x);
    double mean = gp_predict(gp, x, arena).mean;
    return arena_print(arena, "%s; predicted better than %.0f %%", text,
                       standing(surrogate, mean));
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    double first = startup(task);
    size_t begun = surrogate_begun(task->history, number, (size_t)ceil(first));
    if (!model->ready || (double)begun < first) {
        out->why = start(task, number, &rng, arena, out->point);
        return 0;
    }
    struct surrogate now =
        surrogate_look(&model->surrogate, task->history, number, arena);
    struct aim aim = aim_of(&now, task->history, number, &rng, arena);
    struct search search = {
        .task = task,
        .number = number,
        .aim = &aim,
        .ascent = {.space = task->space,
                   .worth = &aim.worth,
                   .gps = aim.gps,
                   .n_best = aim.n_best,
                   .best = aim.best,
                   .radius = aim.radius},
        .rng = &rng,
        .arena = arena,
    };
    struct ascent_points found = ascent_find(&search.ascent, &rng, arena);
    out->why = "all that the model proposes was tried: a random point";
    if ((unlikely(&search, found.unit) && leap(&search, out->point)) ||
        take(&search, found, out->point))
        out->why = explain(&now, &aim, task->space, out->point, arena);
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
