// SPDX-License-Identifier: GPL-3.0-or-later
// lent.c - points of other studies, dealt to what is good and what is bad

#include "lent.h"

#include "elite.h"
#include "merit.h"
#include "rng.h"

// Writes the results of one study to result, the good ones first; returns their
// number.
static size_t results_of(const struct lent_plan *plan, uint32_t source,
                         struct arena *arena, struct merit *result)
{
    const struct prior *prior = plan->prior;
    size_t n = 0;
    for (size_t i = 0; i < prior->n; i++)
        if (prior->source[i] == source)
            result[n++] = (struct merit){.number = (uint32_t)i,
                                         .rank = MERIT_COMPLETE,
                                         .step = -1,
                                         .value = prior->value[i * plan->m]};
    struct outcomes of = {.m = plan->m, .value = prior->value};
    elite_select(&of, result, n, elite_count(plan->share, n), arena);
    return n;
}

void lent_deal(const struct lent_plan *plan, struct arena *arena,
               struct rows *good, struct rows *bad)
{
    const struct prior *prior = plan->prior;
    struct merit *result = arena_alloc(arena, prior->n * sizeof *result);
    for (uint32_t source = 0; source < prior->n_sources; source++) {
        size_t n = results_of(plan, source, arena, result);
        size_t n_good = elite_count(plan->share, n);
        size_t taken = 1 + LENT_GOOD / prior->n_sources;
        struct rows others = rows_for(n, arena);
        for (size_t i = 0; i < n; i++) {
            const double *unit = prior->unit + result[i].number * plan->d;
            if (i >= n_good)
                rows_push(&others, unit, plan->weight);
            else if (i < taken)
                rows_push(good, unit, plan->weight);
        }
        rows_thin(&others, 0, 1 + LENT_BAD / prior->n_sources,
                  rng_at(plan->seed, RNG_STUDY + source));
        for (size_t i = 0; i < others.n; i++)
            rows_push(bad, others.unit[i], others.weight[i]);
    }
}
