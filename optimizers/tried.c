// SPDX-License-Identifier: GPL-3.0-or-later
// tried.c - was a point tried before?

#include "tried.h"

#include <math.h>

enum { DRAWS = 256 };

static bool continuous(const struct space *space, const double *point)
{
    for (size_t k = 0; k < space->n; k++)
        if (!isnan(point[k]) && param_levels(&space->params[k]) == 0)
            return true;
    return false;
}

static bool same(const double *a, const double *b, size_t d)
{
    for (size_t k = 0; k < d; k++)
        if (a[k] != b[k] && !(isnan(a[k]) && isnan(b[k])))
            return false;
    return true;
}

bool tried(const struct history *history, uint64_t number, const double *point)
{
    if (continuous(history->space, point))
        return false;
    for (size_t i = 0; i < history->n && i < number; i++) {
        if (history->state[i] == TRIAL_LOST ||
            history->state[i] == TRIAL_CANCELLED)
            continue;
        if (same(history_point(history, i), point, history->space->n))
            return true;
    }
    return false;
}

bool tried_random_other(const struct history *history, uint64_t number,
                        struct rng *rng, struct arena *arena, double *point)
{
    const struct space *space = history->space;
    double *unit = arena_doubles(arena, space->n);
    for (int i = 0; i < DRAWS; i++) {
        for (size_t k = 0; k < space->n; k++)
            unit[k] = rng_uniform(rng);
        space_decode(space, unit, point);
        if (!tried(history, number, point))
            return true;
    }
    return false;
}
