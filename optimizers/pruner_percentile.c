// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_percentile.c - keeps the trials in the best percentile
//
// At the first report of every interval, a trial stops when its best value so
// far is worse than the percentile of the other trials' values at that step.
// The names and defaults of the options are Optuna's. Deviations from Optuna:
// all trials that reached the step are compared with, not only complete ones,
// so that the survivors do not raise the bar for each other and pruning does
// not wait for the first trials to end; n_startup_trials counts trials that
// reported anything; where a trial has no report at the step, its first one
// past it counts.

#include "pruner.h"

#include "curve.h"

enum { PERCENTILE, STARTUP, WARMUP, INTERVAL, MINIMUM };

static const struct option options_table[] = {
    {"percentile", OPTION_REAL, 25, 0, 100,
     "the best so many percent of the trials go on"},
    {"n_startup_trials", OPTION_INT, 5, 0, 1e9,
     "other trials that must have reported before any is stopped"},
    {"n_warmup_steps", OPTION_INT, 0, 0, 1e15,
     "a trial is not stopped before this step"},
    {"interval_steps", OPTION_INT, 1, 1, 1e15,
     "a decision at the first report of every so many steps"},
    {"n_min_trials", OPTION_INT, 1, 1, 1e9,
     "other trials that must have reached the step"},
    PRUNER_PATIENCE,
};

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    struct curve_rule rule = {
        .percentile = task->options[PERCENTILE],
        .n_startup_trials = task->options[STARTUP],
        .n_warmup_steps = task->options[WARMUP],
        .interval_steps = task->options[INTERVAL],
        .n_min_trials = task->options[MINIMUM],
        .name = "the percentile",
    };
    curve_compare(task, &rule, verdict);
}

const struct pruner pruner_percentile = {
    .name = "percentile",
    .help = "stops a trial outside the best percentile at the same step",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .decide = decide,
};
