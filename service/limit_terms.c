// SPDX-License-Identifier: GPL-3.0-or-later
// limit_terms.c - what a study of kind limit is to find out, and on what terms

#include "limit_terms.h"

#include <math.h>
#include <stdlib.h>

// How far beyond the range a point may lie: six doublings and the random draws
// around a limit that is extrapolated (limit_reach.h, limit_allocate.h).
static const double reach = 1000;

const char *const limit_statistic_names[LIMIT_STATISTICS] = {
    "q", "qtilde", "t", "lep", "tev", "other"};
const char *const limit_curve_names[LIMIT_CURVES] = {"obs",  "exp-2", "exp-1",
                                                     "exp0", "exp+1", "exp+2"};
const char *const limit_errand_names[3] = {"obs", "sb", "b"};

void limit_terms_free(struct limit_terms *terms)
{
    if (!terms)
        return;
    free((double *)(uintptr_t)terms->plan.points);
    free(terms->poi);
    free(terms->context);
    free(terms);
}

struct limit_toys_rule limit_terms_rule(const struct limit_terms *terms)
{
    return (struct limit_toys_rule){.left = terms->left,
                                    .bounded = terms->statistic < LIMIT_LEP,
                                    .tolerance = LIMIT_TOLERANCE};
}

// The largest signal strength that may be ordered.
static double farthest(const struct limit_plan *plan)
{
    double most = fmax(plan->settings.high, plan->settings.hint);
    for (size_t i = 0; i < plan->n_points; i++)
        most = fmax(most, plan->points[i]);
    return reach * most;
}

int limit_terms_space(const struct limit_terms *terms, struct space *space,
                      struct error *err)
{
    static char *wants[] = {"\"obs\"", "\"sb\"", "\"b\""};
    static double toys[] = {LIMIT_ERRAND_SB, LIMIT_ERRAND_B};
    struct condition condition = {.parent = 1, .n = 2, .values = toys};
    const struct param params[] = {
        {.name = terms->poi,
         .kind = PARAM_FLOAT,
         .high = farthest(&terms->plan)},
        {.name = "want",
         .kind = PARAM_CATEGORICAL,
         .n_choices = 3,
         .choices = wants},
        {.name = "ntoys",
         .kind = PARAM_INT,
         .low = 1,
         .high = LIMIT_MAX_VALUES,
         .n_conditions = 1,
         .conditions = &condition},
    };
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        if (space_add(space, &params[i], err))
            return -1;
    return 0;
}

void limit_errand_write(const struct limit_errand *errand, double *point)
{
    point[0] = errand->mu;
    point[1] = errand->kind;
    point[2] = errand->kind == LIMIT_ERRAND_DATA ? NAN : (double)errand->ntoys;
}

struct limit_errand limit_errand_read(const double *point)
{
    enum limit_errand_kind kind = (enum limit_errand_kind)point[1];
    return (struct limit_errand){
        .kind = kind,
        .mu = point[0],
        .ntoys = kind == LIMIT_ERRAND_DATA ? 0 : (uint64_t)point[2]};
}
