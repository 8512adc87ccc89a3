// SPDX-License-Identifier: GPL-3.0-or-later
// contour.c - where a curve such as an exclusion contour runs, in few points

#include "contour.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { CONFIRMED = 5 }; // results that must not change the contour any more

size_t contour_fit_length(size_t n)
{
    size_t at = n < 50 ? n : 50;
    while (at >= 50 && at + at / 20 <= n)
        at += at / 20;
    return at;
}

// Is the area of each curve that is expected to be misclassified small enough?
static bool small(const struct contour_study *study,
                  const struct contour_outlook *outlook)
{
    for (size_t c = 0; c < study->n_curves; c++)
        if (!(contour_area(outlook, c) < study->settings.stop_area))
            return false;
    return true;
}

// Which part of the sample has two outlooks on different sides of a curve?
static double changed(const struct contour_outlook *a,
                      const struct contour_outlook *b, size_t c)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++)
        n += (a->curve[c][i].mean < 0) != (b->curve[c][i].mean < 0);
    return (double)n / (double)a->n;
}

// Few points can fit a smooth curve by chance, and a process then believes in
// it. So the results before the last ones must have said the same.
static bool settled(const struct contour_study *study, size_t n,
                    const struct contour_outlook *outlook)
{
    if (n < study->settings.initial + CONFIRMED || !small(study, outlook))
        return false;
    struct arena scratch;
    arena_init(&scratch);
    struct contour_field field;
    contour_field_fit(&field, study->domain, study->n_curves, study->results,
                      n - CONFIRMED, &scratch);
    struct contour_outlook before =
        contour_outlook(&field, study->domain, &scratch);
    bool same = true;
    for (size_t c = 0; c < study->n_curves && same; c++)
        same = before.curve[c] &&
               changed(outlook, &before, c) < study->settings.stop_area;
    arena_done(&scratch);
    return same;
}

struct contour_model *contour_model_new(const struct contour_study *study,
                                        size_t n)
{
    struct contour_model *model = memory_resize(NULL, 1, sizeof *model);
    arena_init(&model->arena);
    contour_field_fit(&model->field, study->domain, study->n_curves,
                      study->results, n, &model->arena);
    model->outlook =
        contour_outlook(&model->field, study->domain, &model->arena);
    for (size_t c = 0; c < study->n_curves; c++)
        model->area[c] = contour_area(&model->outlook, c);
    model->converged = settled(study, n, &model->outlook);
    return model;
}

void contour_model_free(struct contour_model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

// Writes the first point of the sample, from `number` on, that is not taken.
static bool even(const struct contour_domain *domain,
                 const struct contour_field *field, uint64_t number,
                 double *point)
{
    size_t n = domain->space->n, d = domain->d;
    for (size_t i = 0; i < domain->n; i++) {
        size_t at = (size_t)((number + i) % domain->n);
        if (contour_taken(field, d, domain->x + at * d))
            continue;
        memcpy(point, domain->point + at * n, n * sizeof *point);
        return true;
    }
    return false;
}

enum contour_action contour_next(const struct contour_study *study,
                                 const struct contour_model *model,
                                 uint64_t number, struct arena *arena,
                                 double *point)
{
    const struct contour_settings *settings = &study->settings;
    size_t begun = study->n + study->n_pending;
    if (model->converged)
        return CONTOUR_CONVERGED;
    if (settings->max_points && begun >= settings->max_points)
        return CONTOUR_SPENT;
    if (settings->min_unevaluated &&
        study->n_pending >= settings->min_unevaluated)
        return CONTOUR_WAIT;
    struct contour_field now =
        contour_field_look(&model->field, study->domain, study->results,
                           study->n, study->pending, study->n_pending, arena);
    struct rng rng = rng_at(study->seed, number);
    bool found = (begun >= settings->initial &&
                  contour_choose(&now, &model->outlook, study->domain, &rng,
                                 arena, point)) ||
                 even(study->domain, &now, number, point);
    return found ? CONTOUR_POINT : CONTOUR_EXHAUSTED;
}
