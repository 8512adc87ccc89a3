// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_threshold.c - stops a trial whose value leaves the allowed range
//
// The value of the first report of every interval is compared with `lower`
// and `upper`, whatever the other trials do.
//
// Users state the bounds in the sign of their objective. For a maximised one
// the caller converts a copy of the options with `negate` before `decide`:
// lower becomes -upper, upper becomes -lower.

#include "pruner.h"

#include <math.h>

#include "curve.h"

enum { LOWER, UPPER, WARMUP, INTERVAL };

static const struct option options_table[] = {
    {"lower", OPTION_REAL, NAN, -HUGE_VAL, HUGE_VAL,
     "a value below this stops the trial"},
    {"upper", OPTION_REAL, NAN, -HUGE_VAL, HUGE_VAL,
     "a value above this stops the trial"},
    {"n_warmup_steps", OPTION_INT, 0, 0, 1e15,
     "a trial is not stopped before this step"},
    {"interval_steps", OPTION_INT, 1, 1, 1e15,
     "a decision at the first report of every so many steps"},
    PRUNER_PATIENCE,
};

static int check(const double *options, struct error *err)
{
    if (isnan(options[LOWER]) && isnan(options[UPPER]))
        return error_set(err, ERROR_INVALID,
                         "the threshold pruner needs lower, upper or both");
    if (options[LOWER] > options[UPPER])
        return error_set(err, ERROR_INVALID,
                         "lower must not be above upper, not %g > %g",
                         options[LOWER], options[UPPER]);
    return 0;
}

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    const double *options = task->options;
    const struct series *own = &task->history->series[task->number];
    if (curve_nan(own, verdict))
        return;
    size_t at = curve_checkpoint(own, (int64_t)options[WARMUP],
                                 (int64_t)options[INTERVAL]);
    if (at == own->n)
        return;
    if (own->value[at] < options[LOWER])
        pruner_stop(verdict, own->step[at], own->value[at], "the bound",
                    options[LOWER], 0);
    else if (own->value[at] > options[UPPER])
        pruner_stop(verdict, own->step[at], own->value[at], "the bound",
                    options[UPPER], 0);
}

static void negate(double *options)
{
    double lower = options[LOWER];
    options[LOWER] = -options[UPPER];
    options[UPPER] = -lower;
}

const struct pruner pruner_threshold = {
    .name = "threshold",
    .help = "stops a trial whose value leaves the allowed range",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .check = check,
    .decide = decide,
    .negate = negate,
};
