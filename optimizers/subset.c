// SPDX-License-Identifier: GPL-3.0-or-later
// subset.c - the results that matter when there are too many for a model

#include "subset.h"

#include <math.h>
#include <stdlib.h>

#include "merit.h"

struct neighbour {
    double distance;
    uint32_t number;
};

static int by_distance(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static double squared_distance(const struct history *history, uint32_t number,
                               uint32_t other)
{
    const double *a = history_unit(history, number);
    const double *b = history_unit(history, other);
    double sum = 0;
    for (size_t k = 0; k < history->space->n; k++) {
        bool category = history->space->params[k].kind == PARAM_CATEGORICAL;
        double gap = a[k] - b[k];
        if (isnan(gap))
            sum += isnan(a[k]) && isnan(b[k]) ? 0 : 1;
        else
            sum += category ? gap != 0 : gap * gap;
    }
    return sum;
}

static struct merit *merits(const struct history *history, size_t n,
                            const uint32_t *number, struct arena *arena)
{
    struct merit *merit = arena_alloc(arena, n * sizeof *merit);
    for (size_t i = 0; i < n; i++)
        merit[i] = merit_of(history, number[i]);
    return merit;
}

size_t subset_select(const struct history *history, size_t most, size_t n,
                     uint32_t *number, struct arena *arena)
{
    if (n <= most)
        return n;
    size_t best = most / 6, near = most * 7 / 12, spread = most - best - near;
    size_t rest = n - best;
    struct merit *merit = merits(history, n, number, arena);
    merit_select(merit, n, best);
    struct neighbour *others = arena_alloc(arena, rest * sizeof *others);
    for (size_t i = 0; i < rest; i++) {
        others[i].number = merit[best + i].number;
        others[i].distance =
            squared_distance(history, others[i].number, merit[0].number);
    }
    qsort(others, rest, sizeof *others, by_distance);
    for (size_t i = 0; i < best; i++)
        number[i] = merit[i].number;
    for (size_t i = 0; i < near; i++)
        number[best + i] = others[i].number;
    for (size_t i = 0; i < spread; i++)
        number[best + near + i] =
            others[near + i * (rest - near) / spread].number;
    return most;
}
