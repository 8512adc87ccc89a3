// SPDX-License-Identifier: GPL-3.0-or-later
// limit_tell.c - what a worker tells of the data and of toys

#include "limit_tell.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

bool limit_statistic_read(const struct limit_toys_rule *rule, double *q)
{
    double value = rule->left ? -*q : *q;
    if (!isfinite(value) || (rule->bounded && value < -rule->tolerance))
        return false;
    *q = rule->bounded && value < 0 ? 0 : value + 0.0; // no negative zero
    return true;
}

struct limit_batch limit_batch_read(const struct told_toys *told, size_t column,
                                    const struct limit_toys_rule *rule,
                                    struct arena *arena)
{
    struct limit_batch batch = {.q = arena_doubles(arena, told->rows + 1),
                                .n_failed = told->n_failed};
    for (size_t i = 0; i < told->rows; i++) {
        double q = told->q[i * told->columns + column];
        bool negative = rule->bounded && (rule->left ? -q : q) < 0;
        if (!limit_statistic_read(rule, &q)) {
            batch.n_failed++;
            continue;
        }
        batch.n_negative += negative;
        batch.q[batch.n++] = q;
    }
    qsort(batch.q, batch.n, sizeof *batch.q, ascending);
    return batch;
}
