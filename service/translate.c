// SPDX-License-Identifier: GPL-3.0-or-later
// translate.c - what a point of one search space is in another one

#include "translate.h"

#include <math.h>
#include <string.h>

// Finds the choice or the level that is wanted.
static int find_choice(const struct param *from, double x,
                       const struct param *to, double *result,
                       struct error *err)
{
    bool words = from->kind == PARAM_CATEGORICAL;
    double value = from->kind == PARAM_DISCRETE ? from->levels[(size_t)x] : x;
    for (size_t i = 0; i < to->n_choices; i++) {
        *result = (double)i;
        if (words ? strcmp(from->choices[(size_t)x], to->choices[i]) == 0
                  : to->levels[i] == value)
            return 0;
    }
    if (words)
        return error_set(err, ERROR_INVALID,
                         "'%.60s' has no choice %.60s any more", to->name,
                         from->choices[(size_t)x]);
    return error_set(err, ERROR_INVALID, "'%.60s' has no level %.15g", to->name,
                     value);
}

static int translate(const struct param *from, double x, const struct param *to,
                     double *result, struct error *err)
{
    bool words = from->kind == PARAM_CATEGORICAL;
    bool listed = words || from->kind == PARAM_DISCRETE;
    if (words != (to->kind == PARAM_CATEGORICAL) ||
        (from->kind == PARAM_BOOL) != (to->kind == PARAM_BOOL))
        return error_set(err, ERROR_INVALID, "'%.60s' is of another type",
                         to->name);
    // A study may have been widened since its definition was read.
    if (listed && (x < 0 || x >= (double)from->n_choices))
        return error_set(err, ERROR_INVALID, "'%.60s' has a new choice",
                         to->name);
    if (words || to->kind == PARAM_DISCRETE)
        return find_choice(from, x, to, result, err);
    double value = from->kind == PARAM_DISCRETE ? from->levels[(size_t)x] : x;
    if (param_check(to, value, err))
        return -1;
    *result =
        param_levels(to) ? param_value(to, param_nearest(to, value)) : value;
    return 0;
}

// The place of parameter k of `space` in `other`, or -1; most often the same.
static int find(const struct space *space, size_t k, const struct space *other)
{
    const char *name = space->params[k].name;
    if (k < other->n && strcmp(other->params[k].name, name) == 0)
        return (int)k;
    return space_find(other, name);
}

int translate_point(const struct space *from, const double *point,
                    const struct space *to, double *result, struct error *err)
{
    for (size_t k = 0; k < to->n; k++)
        result[k] = NAN;
    for (size_t j = 0; j < from->n; j++) {
        if (isnan(point[j]))
            continue;
        int k = find(from, j, to);
        if (k < 0)
            return error_set(err, ERROR_INVALID,
                             "'%.60s' is no parameter of the study",
                             from->params[j].name);
        if (translate(&from->params[j], point[j], &to->params[k], &result[k],
                      err))
            return -1;
    }
    return space_check(to, result, err);
}
