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

enum { RETRY_S = 10 }; // when to come back for a point

// ---- what is told -----------------------------------------------------------

const char *kind_contour_word(enum contour_target target)
{
    return target == CONTOUR_LN_CLS ? "cls" : "mu_up";
}

const char *kind_contour_what(const struct told_curves *told)
{
    return told->invalid ? "invalid" : kind_contour_word(told->target);
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

int kind_contour_resolve(const struct live *live, const struct tell *tell,
                         struct message *message, struct error *err)
{
    const struct definition *definition = live->definition;
    const struct told_curves *told = tell->numbers.curves;
    if (tell->data || tell->toys)
        return error_set(err, ERROR_INVALID,
                         "%s is told in a study of kind limit, not contour",
                         tell->data ? "obs" : "toys");
    if (!told)
        return 0;
    if (told->invalid) {
        message->end.state = TRIAL_INFEASIBLE;
        message->end.error = told->invalid;
        return 0;
    }
    if (told->target != definition->contour->target)
        return error_set(err, ERROR_INVALID,
                         "%s is not what this study is told, but %s",
                         kind_contour_word(told->target),
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

const char *kind_contour_done(const struct live *live, char *detail)
{
    const struct contour_settings *settings =
        &live->definition->contour->settings;
    const struct model *model = ahead_model(live);
    if (model && contour_sampler_converged(model)) {
        snprintf(detail, BUDGET_DETAIL,
                 "stop_area %.6g reached: %.2g of the area is expected to be "
                 "misclassified",
                 settings->stop_area, contour_sampler_area(model));
        return "converged";
    }
    if (!settings->max_points || begun(live) < settings->max_points)
        return NULL;
    snprintf(detail, BUDGET_DETAIL,
             "max_points %zu reached: %zu were tried, %zu are running",
             settings->max_points, live->history.n_ended,
             live->history.count[TRIAL_RUNNING]);
    return "budget";
}

// ---- the next point ---------------------------------------------------------

static int wait_for_points(const struct live *live, struct ask *ask,
                           struct error *err)
{
    ask->reason = "waiting_for_points";
    ask->retry_after_s = RETRY_S;
    return error_set(err, ERROR_EXHAUSTED,
                     "min_unevaluated %zu: as many points are running",
                     live->definition->contour->settings.min_unevaluated);
}

int kind_contour_choose(struct live *live, struct ask *ask, struct arena *arena,
                        struct ahead_item *item, struct error *err)
{
    char detail[BUDGET_DETAIL];
    if (kind_contour_room(live) == 0)
        return wait_for_points(live, ask, err);
    if (ahead_suggest(live, arena, item, err) == 0)
        return 0;
    // There is a model now, which may say that it needs no more.
    const char *word = kind_contour_done(live, detail);
    if (!word || err->code != ERROR_EXHAUSTED)
        return -1;
    ask->reason = word;
    ask->retry_after_s = 0;
    error_clear(err);
    return error_set(err, ERROR_EXHAUSTED, "%s", detail);
}
