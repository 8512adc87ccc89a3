// SPDX-License-Identifier: GPL-3.0-or-later
// contour_sampler.c - the sampler of studies of an exclusion contour
//
// From a history to what contour.h asks for and back; the ideas are there.

#include "contour_sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contour_plan.h"
#include "memory.h"

struct model {
    struct arena arena;
    struct contour_domain domain;
    struct contour_model *contour; // NULL: points may lie nowhere
    struct error fault;            // why
    double area;                   // the largest of the curves
};

static struct contour_study study_of(const struct sampler_task *task,
                                     const struct contour_domain *domain,
                                     size_t n, struct arena *arena)
{
    struct contour_study study = {.domain = domain,
                                  .settings = task->contour->settings,
                                  .seed = task->seed,
                                  .n_curves = task->history->n_objectives};
    study.n = contour_plan_results(task->contour, task->history, n, arena,
                                   &study.results);
    return study;
}

// ---- model ------------------------------------------------------------------

static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    return contour_fit_length(
        n_ended < CONTOUR_MOST_RESULTS ? n_ended : CONTOUR_MOST_RESULTS);
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){0};
    arena_init(&model->arena);
    if (contour_plan_domain(task->contour, task->space, task->seed,
                            &model->arena, &model->domain, &model->fault))
        return model;
    struct arena scratch;
    arena_init(&scratch);
    struct contour_study study =
        study_of(task, &model->domain, n_ended, &scratch);
    model->contour = contour_model_new(&study, study.n);
    arena_done(&scratch);
    for (size_t c = 0; c < study.n_curves; c++)
        model->area = fmax(model->area, model->contour->area[c]);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    contour_model_free(model->contour);
    arena_done(&model->arena);
    free(model);
}

// Already the domain may take long to find, where little of it is allowed.
static bool slow(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    (void)n_ended;
    return true;
}

bool contour_sampler_converged(const struct model *model)
{
    return model->contour && model->contour->converged;
}

double contour_sampler_area(const struct model *model)
{
    return model->area;
}

// ---- suggestions ------------------------------------------------------------

static void add_pending(const struct sampler_task *task, uint64_t number,
                        struct contour_study *study, struct arena *arena)
{
    const struct history *history = task->history;
    size_t n = history->count[TRIAL_RUNNING], d = task->space->n;
    double *pending = arena_doubles(arena, n * d + 1);
    for (size_t i = 0; i < n && history->running[i] < number; i++)
        memcpy(pending + study->n_pending++ * d,
               history_point(history, history->running[i]),
               d * sizeof *pending);
    study->pending = pending;
}

static const char *explain(const struct contour_study *study,
                           const struct model *model, struct arena *arena)
{
    size_t begun = study->n + study->n_pending;
    if (begun < study->settings.initial)
        return arena_print(arena, "point %zu of an even design of %zu",
                           begun + 1, study->settings.initial);
    return arena_print(arena,
                       "where the contour is in doubt; %.2g %% of the area is "
                       "expected to be misclassified",
                       100 * model->area);
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    if (!model->contour)
        return error_set(err, ERROR_EXHAUSTED, "%s", model->fault.message);
    struct contour_study study =
        study_of(task, &model->domain, task->history->n_ended, arena);
    add_pending(task, number, &study, arena);
    switch (contour_next(&study, model->contour, number, arena, out->point)) {
    case CONTOUR_POINT:
        out->why = explain(&study, model, arena);
        return 0;
    case CONTOUR_WAIT:
        return error_set(err, ERROR_EXHAUSTED, "enough points are pending");
    case CONTOUR_CONVERGED:
        return error_set(err, ERROR_EXHAUSTED, "the contour is known");
    case CONTOUR_SPENT:
        return error_set(err, ERROR_EXHAUSTED, "max_points reached");
    case CONTOUR_EXHAUSTED:
        break;
    }
    return error_set(err, ERROR_EXHAUSTED, "all allowed points were tried");
}

const struct sampler contour_sampler = {
    .name = "contour",
    .help = "points along an exclusion contour",
    .several = true,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .slow = slow,
    .suggest = suggest,
};
