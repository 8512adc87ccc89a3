// SPDX-License-Identifier: GPL-3.0-or-later
// contour_view.c - what a study of a contour knows, to be drawn

#include "contour_view.h"

#include <math.h>

static void count(const struct contour_study *study,
                  const struct history *history, struct contour_view *view)
{
    for (size_t i = 0; i < study->n; i++) {
        const struct contour_value *value = study->results[i].value;
        view->invalid += !value;
        view->points += value && !isnan(value->y);
    }
    view->pending = history->count[TRIAL_RUNNING];
}

static void judge(const struct definition *definition,
                  const struct contour_study *study,
                  const struct contour_model *model, struct contour_view *view,
                  struct arena *arena)
{
    const struct contour_settings *settings = &definition->contour->settings;
    size_t begun = study->n + view->pending;
    view->status = "running";
    if (model->converged) {
        view->status = "converged";
        view->detail =
            arena_print(arena, "stop_area %.6g reached", settings->stop_area);
    } else if (settings->max_points && begun >= settings->max_points) {
        view->status = "budget";
        view->detail =
            arena_print(arena, "max_points %zu reached", settings->max_points);
    }
}

static void look(const struct definition *definition,
                 const struct contour_field *field,
                 const struct contour_outlook *outlook, size_t c,
                 struct contour_view *view, struct arena *arena)
{
    struct contour_view_curve *curve = &view->curve[c];
    *curve = (struct contour_view_curve){.name = definition->objectives[c].name,
                                         .area = NAN};
    if (!field->curve[c].known)
        return;
    const struct contour_grid *grid = &view->grid;
    const struct contour_domain *domain = &view->domain;
    curve->area = contour_area(outlook, c);
    curve->converged = curve->area < definition->contour->settings.stop_area;
    curve->lines = contour_grid_lines(grid, domain, c, 0, arena);
    curve->inner = contour_grid_lines(grid, domain, c, -1, arena);
    curve->outer = contour_grid_lines(grid, domain, c, 1, arena);
}

// With the model of the results that the study of a contour has.
static int view_with(const struct definition *definition,
                     const struct contour_study *study,
                     const struct contour_model *model,
                     const struct contour_slice *slice, struct arena *arena,
                     struct contour_view *view, struct error *err)
{
    const struct contour_domain *domain = &view->domain;
    struct contour_field now = contour_field_look(
        &model->field, domain, study->results, study->n, NULL, 0, arena);
    struct contour_outlook outlook = contour_outlook(&now, domain, arena);
    if (contour_grid_read(&now, domain, slice, arena, &view->grid, err))
        return -1;
    view->n_curves = study->n_curves;
    for (size_t c = 0; c < view->n_curves; c++)
        look(definition, &now, &outlook, c, view, arena);
    judge(definition, study, model, view, arena);
    return 0;
}

int contour_view(const struct definition *definition,
                 const struct history *history,
                 const struct contour_slice *slice, struct arena *arena,
                 struct contour_view *view, struct error *err)
{
    const struct contour_plan *plan = definition->contour;
    *view = (struct contour_view){.n_curves = 0};
    if (contour_plan_domain(plan, &definition->space, definition->seed, arena,
                            &view->domain, err))
        return -1;
    struct contour_study study = {.domain = &view->domain,
                                  .settings = plan->settings,
                                  .seed = definition->seed,
                                  .n_curves = definition->n_objectives};
    study.n = contour_plan_results(plan, history, history->n_ended, arena,
                                   &study.results);
    count(&study, history, view);
    view->fitted = contour_fit_length(study.n);
    struct contour_model *model = contour_model_new(&study, view->fitted);
    int result = view_with(definition, &study, model, slice, arena, view, err);
    contour_model_free(model);
    return result;
}
