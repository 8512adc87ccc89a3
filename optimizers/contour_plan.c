// SPDX-License-Identifier: GPL-3.0-or-later
// contour_plan.c - what a study of a contour is after, and its history as the
// results of a contour

#include "contour_plan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "restriction.h"

struct contour_plan *contour_plan_new(void)
{
    struct contour_plan *plan = memory_resize(NULL, 1, sizeof *plan);
    *plan = (struct contour_plan){0};
    arena_init(&plan->arena);
    return plan;
}

void contour_plan_free(struct contour_plan *plan)
{
    if (!plan)
        return;
    arena_done(&plan->arena);
    free(plan);
}

int contour_plan_add_feature(struct contour_plan *plan, const char *text,
                             const struct space *space, struct error *err)
{
    size_t n = plan->n_features;
    if (n == CONTOUR_MAX_FEATURES)
        return error_set(err, ERROR_INVALID, "must be at most %d",
                         CONTOUR_MAX_FEATURES);
    if (expression_read(text, space, &plan->arena, &plan->feature[n], err))
        return -1;
    if (plan->feature[n].truth)
        return error_set(err, ERROR_INVALID, "must be a number, not a truth");
    plan->feature_text[n] = arena_copy(&plan->arena, text, strlen(text));
    plan->n_features++;
    return 0;
}

int contour_plan_domain(const struct contour_plan *plan,
                        const struct space *space, uint64_t seed,
                        struct arena *arena, struct contour_domain *domain,
                        struct error *err)
{
    const struct restrictions *all = space->restrictions;
    size_t n = all ? all->n : 0;
    struct expression *constraints =
        arena_zeros(arena, n + 1, sizeof *constraints);
    for (size_t i = 0; i < n; i++)
        constraints[i] = all->list[i].expression;
    *domain = (struct contour_domain){.space = space,
                                      .n_constraints = n,
                                      .constraints = constraints,
                                      .n_features = plan->n_features,
                                      .features = plan->feature};
    return contour_domain_init(domain, seed, arena, err);
}

struct contour_value contour_plan_value(const struct contour_plan *plan,
                                        double value, double error)
{
    static const struct contour_value none = {NAN, NAN};
    if (plan->target == CONTOUR_LN_MU_UP)
        return value > 0 ? contour_from_limit(value, error) : none;
    if (!(value >= 0))
        return none;
    double size = fmax(fmax(value, error), DBL_MIN); // NaN is no maximum
    return contour_from_cls(log(size), error / size, 1 - plan->cl);
}

// Trial `number` of the history, which has ended.
static void read(const struct contour_plan *plan, const struct history *history,
                 size_t number, struct contour_value *value,
                 struct contour_result *result)
{
    size_t m = history->n_objectives, c = history->n_constraints;
    bool invalid = history->state[number] == TRIAL_INFEASIBLE;
    bool told = history->state[number] == TRIAL_COMPLETE;
    *result = (struct contour_result){.point = history_point(history, number),
                                      .value = invalid ? NULL : value};
    for (size_t i = 0; i < m; i++)
        value[i] = contour_plan_value(
            plan, told ? history_values(history, number)[i] : (double)NAN,
            i < c ? history->constraint[number * c + i] : (double)NAN);
}

size_t contour_plan_results(const struct contour_plan *plan,
                            const struct history *history, size_t n,
                            struct arena *arena,
                            const struct contour_result **results)
{
    size_t m = history->n_objectives;
    n = n < CONTOUR_MOST_RESULTS ? n : CONTOUR_MOST_RESULTS;
    struct contour_result *list = arena_zeros(arena, n + 1, sizeof *list);
    struct contour_value *value = arena_zeros(arena, n * m + 1, sizeof *value);
    for (size_t i = 0; i < n; i++)
        read(plan, history, history->ended[i], value + i * m, &list[i]);
    *results = list;
    return n;
}
