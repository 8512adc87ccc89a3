// SPDX-License-Identifier: GPL-3.0-or-later
// widen.c - may a space take the place of another while trials exist?

#include "widen.h"

#include <math.h>
#include <string.h>

// Do the choices begin with those that were there before?
static bool keeps_choices(const struct param *before, const struct param *after)
{
    if (after->n_choices < before->n_choices)
        return false;
    for (size_t i = 0; i < before->n_choices; i++) {
        if (before->choices &&
            strcmp(before->choices[i], after->choices[i]) != 0)
            return false;
        if (before->levels && before->levels[i] != after->levels[i])
            return false;
    }
    return true;
}

static bool keeps_range(const struct param *before, const struct param *after)
{
    if (after->low > before->low || after->high < before->high ||
        after->log != before->log || after->step != before->step)
        return false;
    if (before->step == 0)
        return true;
    double steps = (before->low - after->low) / before->step;
    return fabs(steps - round(steps)) < 1e-9;
}

static bool same_conditions(const struct param *before,
                            const struct param *after)
{
    if (before->n_conditions != after->n_conditions)
        return false;
    for (size_t i = 0; i < before->n_conditions; i++) {
        const struct condition *a = &before->conditions[i];
        const struct condition *b = &after->conditions[i];
        if (a->parent != b->parent || a->n != b->n ||
            memcmp(a->values, b->values, a->n * sizeof *a->values) != 0)
            return false;
    }
    return true;
}

int widen_check(const struct space *before, const struct space *after,
                struct error *err)
{
    for (size_t k = 0; k < before->n; k++) {
        const struct param *a = &before->params[k], *b = &after->params[k];
        if (k < after->n && strcmp(a->name, b->name) == 0 &&
            a->kind == b->kind && keeps_choices(a, b) && keeps_range(a, b) &&
            same_conditions(a, b))
            continue;
        return error_set(err, ERROR_INVALID,
                         "space.%.100s may only become wider: trials with its "
                         "values exist",
                         a->name);
    }
    if (after->n == before->n)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "space.%.100s cannot be added: trials without it exist",
                     after->params[before->n].name);
}
