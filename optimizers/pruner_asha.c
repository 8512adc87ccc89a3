// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_asha.c - asynchronous successive halving
//
// One ladder of rungs for all trials; see rung.h for the rule and its source.

#include "pruner.h"

#include <math.h>

#include "rung.h"

enum { MIN_RESOURCE, MAX_RESOURCE, FACTOR };

static const struct option options_table[] = {
    {"min_resource", OPTION_INT, 1, 1, 1e15, "step of the first decision"},
    {"max_resource", OPTION_INT, NAN, 1, 1e15,
     "last step of a full trial: no decision there or later"},
    {"reduction_factor", OPTION_REAL, 3, 1.5, 100,
     "one in so many trials goes on at each decision"},
    PRUNER_PATIENCE,
};

static int check(const double *options, struct error *err)
{
    if (options[MAX_RESOURCE] <= options[MIN_RESOURCE])
        return error_set(err, ERROR_INVALID,
                         "max_resource must be above min_resource, "
                         "not %g <= %g",
                         options[MAX_RESOURCE], options[MIN_RESOURCE]);
    return 0;
}

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    const double *options = task->options;
    double last = options[MAX_RESOURCE];
    struct rung_ladder ladder = {
        .first = options[MIN_RESOURCE],
        .factor = options[FACTOR],
        .last = isnan(last) ? INFINITY : last,
    };
    rung_decide(task, ladder, (struct curve_peers){0}, verdict);
}

const struct pruner pruner_asha = {
    .name = "asha",
    .help = "at steps 1, 3, 9, 27 ... only the best third goes on",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .check = check,
    .decide = decide,
};
