// SPDX-License-Identifier: GPL-3.0-or-later
// rows.c - points and what each of them weighs, on the way to a density

#include "rows.h"

struct rows rows_for(size_t n, struct arena *arena)
{
    return (struct rows){
        .unit = arena_alloc(arena, n * sizeof(const double *)),
        .weight = arena_doubles(arena, n),
    };
}

void rows_push(struct rows *rows, const double *unit, double weight)
{
    rows->unit[rows->n] = unit;
    rows->weight[rows->n++] = weight;
}

void rows_thin(struct rows *rows, size_t kept, size_t most, struct rng rng)
{
    if (rows->n <= most)
        return;
    double rest = (double)(rows->n - kept) / (double)(most - kept);
    for (size_t i = kept; i < most; i++) {
        size_t j = i + (size_t)rng_below(&rng, rows->n - i);
        const double *chosen = rows->unit[j];
        rows->unit[j] = rows->unit[i];
        rows->unit[i] = chosen;
        rows->weight[i] *= rest;
    }
    rows->n = most;
}

static struct parzen_plan plan(const struct rows *rows,
                               const struct space *space, double floor)
{
    return (struct parzen_plan){
        .space = space,
        .n = rows->n,
        .unit = rows->unit,
        .weight = rows->weight,
        .floor = floor,
        .wide = rows->wide,
    };
}

struct parzen *rows_density(const struct rows *rows, const struct space *space,
                            double prior_weight, double floor,
                            struct arena *arena)
{
    struct parzen_plan p = plan(rows, space, floor);
    p.prior_weight = prior_weight;
    return parzen_build(&p, arena);
}

struct parzen *rows_addition(const struct rows *rows, const struct parzen *base,
                             double floor, struct arena *arena)
{
    struct parzen_plan p = plan(rows, base->space, floor);
    p.around = base;
    return rows->n ? parzen_build(&p, arena) : NULL;
}
