// SPDX-License-Identifier: GPL-3.0-or-later
// kind_contour.c - studies of kind contour: what is told, and when to stop

#include "kind_contour.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../optimizers/contour_sampler.h"
#include "live.h"
#include "trial_private.h"

// ---- what is told -----------------------------------------------------------

const char *kind_contour_word(enum contour_target target)
{
    return target == CONTOUR_LN_CLS ? "cls" : "mu_up";
}

static int find_curve(const struct definition *definition, const char *name)
{
    for (size_t i = 0; i < definition->n_objectives; i++)
        if (strcmp(definition->objectives[i].name, name) == 0)
            return (int)i;
    return -1;
}

// Writes n named numbers in the order of the curves; others stay as they are.
static int arrange(const struct definition *definition, const char *member,
                   const char *const *names, const double *numbers, size_t n,
                   double *out, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        int curve = find_curve(definition, names[i]);
        if (curve < 0)
            return error_set(err, ERROR_INVALID,
                             "%s.%.80s is not a curve of this study", member,
                             names[i]);
        out[curve] = numbers[i];
    }
    return 0;
}

static int take_values(const struct definition *definition,
                       const struct told_curves *told,
                       struct told_numbers *numbers, struct error *err)
{
    const char *member = kind_contour_word(told->target);
    size_t m = definition->n_objectives;
    for (size_t i = 0; i < m; i++)
        numbers->values[i] = NAN;
    if (arrange(definition, member, told->name, told->value, told->n,
                numbers->values, err))
        return -1;
    for (size_t i = 0; i < m; i++)
        if (isnan(numbers->values[i]))
            return error_set(err, ERROR_INVALID, "%s.%.80s is missing", member,
                             definition->objectives[i].name);
    numbers->n_values = m;
    return 0;
}

// A curve that is told no error is exact.
static int take_errors(const struct definition *definition,
                       const struct told_curves *told,
                       struct told_numbers *numbers, struct error *err)
{
    size_t m = definition->n_objectives;
    if (!told->n_errors)
        return 0;
    memset(numbers->constraints, 0, m * sizeof *numbers->constraints);
    numbers->n_constraints = m;
    numbers->named = false;
    return arrange(definition, "err", told->error_name, told->error,
                   told->n_errors, numbers->constraints, err);
}

int kind_contour_translate(const struct definition *definition,
                           const struct tell *tell, struct message *message,
                           struct error *err)
{
    const struct told_curves *told = tell->numbers.curves;
    if (!told)
        return 0;
    const char *word = kind_contour_word(told->target);
    if (definition->kind != STUDY_CONTOUR)
        return error_set(err, ERROR_INVALID,
                         "%s is for a study of kind contour",
                         told->invalid ? "invalid" : word);
    if (told->invalid) {
        message->end.state = TRIAL_INFEASIBLE;
        message->end.error = told->invalid;
        return 0;
    }
    if (told->target != definition->contour->target)
        return error_set(err, ERROR_INVALID,
                         "%s is not what this study is told, but %s", word,
                         kind_contour_word(definition->contour->target));
    return take_values(definition, told, &message->numbers, err) ||
                   take_errors(definition, told, &message->numbers, err)
               ? -1
               : 0;
}

int kind_contour_check(const struct definition *definition,
                       enum trial_state state, struct outcome *outcome,
                       struct error *err)
{
    bool limits = definition->contour->target == CONTOUR_LN_MU_UP;
    if (state == TRIAL_PRUNED)
        return error_set(err, ERROR_INVALID,
                         "state must be complete, failed or infeasible in a "
                         "study of kind contour, not pruned");
    if (state == TRIAL_INFEASIBLE)
        *outcome = outcome_none;
    for (size_t i = 0; outcome->values && i < definition->n_objectives; i++)
        if (outcome->values[i] < 0 || (limits && outcome->values[i] == 0))
            return error_set(err, ERROR_INVALID,
                             "the value of %.80s must be %s 0, not %g",
                             definition->objectives[i].name,
                             limits ? "above" : "at least", outcome->values[i]);
    for (size_t i = 0; outcome->constraints && i < definition->n_objectives;
         i++)
        if (outcome->constraints[i] < 0)
            return error_set(err, ERROR_INVALID,
                             "constraints.%.90s must be at least 0, not %g",
                             definition->outcome_constraints[i].name,
                             outcome->constraints[i]);
    return 0;
}

// ---- when to stop -----------------------------------------------------------

// Points that were tried or are being tried.
static size_t begun(const struct live *live)
{
    return live->history.n_ended + live->history.count[TRIAL_RUNNING];
}

size_t kind_contour_room(const struct live *live)
{
    const struct contour_settings *settings =
        &live->definition->contour->settings;
    size_t pending = live->history.count[TRIAL_RUNNING], room = SIZE_MAX;
    if (settings->max_points)
        room = settings->max_points > begun(live)
                   ? settings->max_points - begun(live)
                   : 0;
    if (settings->min_unevaluated) {
        size_t left = settings->min_unevaluated > pending
                          ? settings->min_unevaluated - pending
                          : 0;
        room = left < room ? left : room;
    }
    return room;
}

const char *kind_contour_closed(const struct live *live, bool *passes,
                                char *detail)
{
    const struct contour_settings *settings =
        &live->definition->contour->settings;
    const struct model *model = ahead_model(live);
    size_t pending = live->history.count[TRIAL_RUNNING];
    *passes = false;
    if (model && contour_sampler_converged(model)) {
        snprintf(detail, BUDGET_DETAIL,
                 "stop_area %.6g reached: %.2g of the area is expected to be "
                 "misclassified",
                 settings->stop_area, contour_sampler_area(model));
        return "converged";
    }
    if (settings->max_points && begun(live) >= settings->max_points) {
        snprintf(detail, BUDGET_DETAIL,
                 "max_points %zu reached: %zu were tried, %zu are running",
                 settings->max_points, live->history.n_ended, pending);
        return "budget";
    }
    if (!settings->min_unevaluated || pending < settings->min_unevaluated)
        return NULL;
    *passes = true;
    snprintf(detail, BUDGET_DETAIL,
             "min_unevaluated %zu: as many points are running",
             settings->min_unevaluated);
    return "waiting_for_points";
}
