// SPDX-License-Identifier: GPL-3.0-or-later
// subset.c - the results that matter when there are too many for a model

#include "subset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "merit.h"
#include "pareto.h"

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

// Merits by rank of domination. What failed comes last.
static void rank(const struct history *history, size_t n, struct merit *merit,
                 struct arena *arena)
{
    size_t m = history->n_objectives;
    double *value = arena_doubles(arena, n * m);
    double *violation = arena_doubles(arena, n);
    uint32_t *rank = arena_alloc(arena, n * sizeof *rank);
    for (size_t i = 0; i < n; i++) {
        uint32_t number = merit[i].number;
        memcpy(value + i * m, history_values(history, number),
               m * sizeof *value);
        violation[i] = fmax(0, history_violation(history, number));
    }
    pareto_rank(&(struct pareto_set){n, m, value, violation}, arena, rank);
    for (size_t i = 0; i < n; i++) {
        bool none = isnan(value[i * m]);
        merit[i] = (struct merit){.number = merit[i].number,
                                  .rank = none ? MERIT_NONE : MERIT_COMPLETE,
                                  .step = -1,
                                  .value = rank[i]};
    }
}

static struct merit *merits(const struct history *history, size_t n,
                            const uint32_t *number, struct arena *arena)
{
    struct merit *merit = arena_alloc(arena, n * sizeof *merit);
    for (size_t i = 0; i < n; i++)
        merit[i] = merit_of(history, number[i]);
    if (history->n_objectives > 1)
        rank(history, n, merit, arena);
    return merit;
}

size_t subset_select(const struct history *history, size_t most, size_t n,
                     uint32_t *number, struct arena *arena)
{
    if (n <= most)
        return n;
    bool several = history->n_objectives > 1;
    size_t best = several ? most * 3 / 4 : most / 6;
    size_t near = several ? 0 : most * 7 / 12;
    size_t spread = most - best - near, rest = n - best;
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
